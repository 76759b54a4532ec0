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

STORE_TIMEOUT_S = 3.0  # senders wait for little longer: better they hear 503 than nothing

configure()
runtime = Runtime.build(store_timeout_s=STORE_TIMEOUT_S)
application = traced(create_app(runtime), runtime.traces)
