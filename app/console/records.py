"""The records: for each property the event that wrote it, and the history of its writers."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug import Response

from app.access import Role, require
from app.console.site import Site
from app.desk.records import record_detail
from app.desk.refusals import Misasked, Missing

LONGEST = 200
TYPES = ("contacts", "companies", "deals", "tickets", "notes")


def add_pages(pages: Blueprint, site: Site) -> None:
    """Add the search, and the page of one record."""

    @pages.get("/records")
    @require(Role.VIEWER)
    def records() -> str | Response:
        asked = {name: value.strip()[:LONGEST] for name, value in request.args.items()}
        if not asked.get("record"):
            return _search(asked)
        try:
            found = record_detail(
                site.desk,
                asked.get("portal") or site.portals()[0],
                asked.get("type") or TYPES[0],
                asked["record"],
                by=asked.get("by") or None,
                portals=site.portals(),
            )
        except (Missing, Misasked) as error:
            return _search(asked, told=str(error))
        return redirect(
            url_for("console.records_one", portal=found.portal, type=found.object_type, id=found.id)
        )

    @pages.get("/records/<portal>/<type>/<id>")
    @require(Role.VIEWER)
    def records_one(portal: str, type: str, id: str) -> str:
        return render_template(
            "record.html", record=record_detail(site.desk, portal, type, id, portals=site.portals())
        )

    def _search(asked: dict[str, str], *, told: str = "") -> str:
        return render_template(
            "records.html", asked=asked, told=told, portals=site.portals(), types=TYPES
        )
