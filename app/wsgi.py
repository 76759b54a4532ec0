"""What a WSGI server serves: `app.wsgi:application`, made of the environment."""

import multiprocessing

from app.traced import traced
from app.web import create_app
from workers.logs import configure
from workers.runtime import Runtime
from workers.tether import tie

# A child that outlived a killed server would keep its port, and serve an old configuration.
if (server := multiprocessing.parent_process()) is not None and server.pid is not None:
    tie(server.pid)

configure()
runtime = Runtime.build()
application = traced(create_app(runtime), runtime.traces)
