"""What a WSGI server serves: `app.wsgi:application`, made of the environment."""

from app.traced import traced
from app.web import create_app
from workers.logs import configure
from workers.runtime import Runtime

configure()
runtime = Runtime.build()
application = traced(create_app(runtime), runtime.traces)
