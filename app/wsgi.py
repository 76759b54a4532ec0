"""What a WSGI server serves: `app.wsgi:application`, made of the environment."""

from app.web import create_app
from workers.logs import configure
from workers.runtime import Runtime

configure()
application = create_app(Runtime.build())
