"""The console's blueprints: its pages, and the stylesheet that a package ships."""

import json
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Flask, render_template, request, url_for
from werkzeug.exceptions import HTTPException

from app import __version__
from app.access import Role, current
from app.access.sessions import Sessions
from app.console import (
    endpoints,
    entry,
    events,
    home,
    letters,
    mappings,
    people,
    persons,
    portals,
    records,
)
from app.console.site import Site
from app.desk import Runtime
from app.desk.refusals import Impossible, Misasked, Missing
from workers.errors import Permanent, Retryable

REFUSALS = {Missing: 404, Misasked: 400, Impossible: 409}
ASSETS_S = 86_400  # their URLs change with the version


def add_console(app: Flask, runtime: Runtime) -> None:
    """Serve the console at `/`. The app is protected already: see `app.access.protect`."""
    site = Site(runtime=runtime)
    sessions: Sessions = app.extensions["hookline.sessions"]
    pages = Blueprint(
        "console",
        __name__,
        template_folder="templates",
        static_folder="static",
        static_url_path="/static/console",
    )
    entry.add_pages(pages, site, sessions)
    home.add_pages(pages, site)
    events.add_pages(pages, site)
    letters.add_pages(pages, site)
    records.add_pages(pages, site)
    mappings.add_pages(pages, site)
    endpoints.add_pages(pages, site)
    portals.add_pages(pages, site)
    people.add_pages(pages, site)
    persons.add_pages(pages, site)
    pages.register_error_handler(HTTPException, _refused)
    pages.register_error_handler(Retryable, _down)
    pages.context_processor(lambda: _always(site))
    for refusal, status in REFUSALS.items():
        pages.register_error_handler(refusal, _not_done(status))
    pages.add_app_template_filter(iso)
    pages.add_app_template_filter(pretty)
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = ASSETS_S
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.register_blueprint(pages)
    app.register_blueprint(
        Blueprint(
            "bootstrap",
            "flask_bootstrap",
            static_folder="static/bootstrap5/css",
            static_url_path="/static/bootstrap",
        )
    )


def iso(moment: datetime) -> str:
    """Return a moment as <time datetime> wants it."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def pretty(value: object) -> str:
    """Return a payload as a person reads it."""
    if isinstance(value, str):
        return value
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def _not_done(status: int) -> Callable[[Permanent], tuple[str, int]]:
    title = HTTPStatus(status).phrase
    return lambda error: (render_template("error.html", title=title, told=str(error)), status)


def _always(site: Site) -> dict[str, Any]:
    """Return what every page may use."""
    who = current()
    return {
        "who": who,
        "may": lambda role: who is not None and who.may(Role(role)),
        "version": __version__,
        "now": site.now(),
        "events_url": _events_url,
    }


def _events_url(**filters: str) -> str:
    """Return the URL of the list with these filters; one has the name of an argument of url_for."""
    return f"{url_for('console.events')}?{urlencode(filters)}"


def _refused(error: HTTPException) -> tuple[str, int]:
    """Say in a page what is wrong with a request."""
    status = error.code or 500
    told = error.description or ""
    if "CSRF" in told:
        told = "This form is too old. Go back, load the page anew, and send it again."
    if request.headers.get("X-Fragment"):
        return told, status
    return render_template("error.html", title=error.name, told=told), status


def _down(error: Retryable) -> tuple[str, int, dict[str, str]]:
    told = f"{error}. Try again in a few seconds."
    page = render_template("error.html", title="Not at the moment", told=told)
    return page, 503, {"Retry-After": "5"}
