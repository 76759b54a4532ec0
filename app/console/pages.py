"""The console's blueprints: its pages, and the stylesheet that a package ships."""

from datetime import datetime
from typing import Any

from flask import Blueprint, Flask, render_template, request
from werkzeug.exceptions import HTTPException

from app import __version__
from app.access import Role, current
from app.access.sessions import Sessions
from app.console import entry, home, people
from app.console.site import Runtime, Site
from workers.errors import Retryable

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
    people.add_pages(pages, site)
    pages.register_error_handler(HTTPException, _refused)
    pages.register_error_handler(Retryable, _down)
    pages.context_processor(lambda: _always(site))
    pages.add_app_template_filter(iso)
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


def _always(site: Site) -> dict[str, Any]:
    """Return what every page may use."""
    who = current()
    return {
        "who": who,
        "may": lambda role: who is not None and who.may(Role(role)),
        "version": __version__,
        "now": site.now(),
    }


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
