"""The endpoints: the URL to paste, what to set at the vendor, and whether its events arrive."""

from flask import Blueprint, render_template

from app.access import Role, require
from app.console.site import Site
from app.console.vendors import setting_up
from app.desk.endpoints import endpoint_detail, list_endpoints


def add_pages(pages: Blueprint, site: Site) -> None:
    """Add the list, and the page of one endpoint."""

    @pages.get("/endpoints")
    @require(Role.VIEWER)
    def endpoints() -> str:
        found = list_endpoints(site.desk, outside=site.outside(), portals=site.portals())
        return render_template("endpoints.html", rows=found.endpoints)

    @pages.get("/endpoints/<name>")
    @require(Role.VIEWER)
    def endpoints_one(name: str) -> str:
        row = endpoint_detail(site.desk, name, outside=site.outside(), portals=site.portals())
        return render_template("endpoint.html", row=row, steps=setting_up(row.source))
