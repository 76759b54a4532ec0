"""The first page: what comes in, what goes out, what waits."""

from flask import Blueprint, render_template

from app.access import Role, require, visible
from app.console.site import Site


def add_pages(pages: Blueprint, site: Site) -> None:
    """Add the first page, and the part of it that updates by itself."""

    @pages.get("/")
    @require(Role.VIEWER)
    def home() -> str:
        return render_template("home.html", **_figures())

    def _figures() -> dict[str, object]:
        now = site.now()
        names = visible(site.settings.portals)
        return {"portals": {name: site.store.backlog(name, now=now) for name in names}}
