"""The web application: blueprints only."""

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from app import access, health, oauth
from app.api import add_api
from app.console.pages import add_console
from app.desk import Desk, Runtime
from app.ingest import views as ingest
from app.ingest.problems import Told, problem
from app.metrics import blueprint as metrics
from workers.logs import log


def create_app(runtime: Runtime) -> Flask:
    """Return the application that works with `runtime`. Raises SourceError if a source is wrong."""
    app = Flask(__name__, static_folder=None)
    app.url_map.strict_slashes = False  # a redirect counts as a failure with most senders
    app.url_map.merge_slashes = False
    access.protect(app, runtime)
    app.register_blueprint(ingest.blueprint(runtime))
    app.register_blueprint(health.blueprint(runtime))
    app.register_blueprint(metrics(runtime))
    app.register_blueprint(oauth.blueprint(runtime))
    add_console(app, runtime)
    add_api(app, Desk(runtime=runtime))
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(Exception, _broken)
    return app


def _refused(error: HTTPException) -> Response:
    """Say what Flask refuses by itself in the words of everything else."""
    status = error.code or 500
    told = problem(status, title=error.name, detail=error.description or "", reason="http")
    allow = dict(error.get_headers()).get("Allow")
    return _response(told, {"Allow": allow} if allow else {})


def _broken(error: Exception) -> Response:
    """Say that this is our fault; what it was is in the log alone."""
    log.exception("request failed", error=type(error).__name__)
    told = problem(500, detail="Something is wrong here, not with the request.", reason="bug")
    return _response(told, {})


def _response(told: Told, headers: dict[str, str]) -> Response:
    return Response(told.body, told.status, {**told.headers, **headers}, content_type=told.type)
