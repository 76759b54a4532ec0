"""The mappings: their text with what is wrong, a tester, and the rehearsal over past events."""

from datetime import timedelta

from flask import Blueprint, render_template, request

from app.access import Role, require
from app.console.site import Site
from app.desk import mappings as desks
from app.desk.refusals import Misasked, Missing
from app.desk.trials import Sample

LONGEST = 200_000
DAYS = (1, 7, 30)


def add_pages(pages: Blueprint, site: Site) -> None:
    """Add the list, and one mapping with its tester."""
    desk = site.desk

    @pages.get("/mappings")
    @require(Role.VIEWER)
    def mappings() -> str:
        return render_template(
            "mappings.html", rows=desks.list_mappings(desk, portals=site.portals()).mappings
        )

    @pages.get("/mappings/<name>")
    @require(Role.VIEWER)
    def mappings_one(name: str) -> str:
        found = desks.mapping_detail(desk, name, portals=site.portals())
        return render_template(
            "mapping.html", mapping=found, event=request.args.get("event", ""), days=DAYS
        )

    @pages.post("/mappings/<name>/try")
    @require(Role.OPERATOR)
    def mappings_try(name: str) -> str:
        """Answer with the part of the page that tells what the text would do; nothing is sent."""
        form = request.form
        text = form.get("text", "")[:LONGEST].replace("\r\n", "\n")
        try:
            if form.get("do") == "rehearse":
                since = timedelta(days=_days(form.get("days", "")))
                rehearsed = desks.rehearsal(desk, name, text, since=since, portals=site.portals())
                return render_template("rehearsed.html", rehearsed=rehearsed)
            checks = desks.check_mapping(desk, name, text, portals=site.portals())
            event, payload = form.get("event", "").strip(), form.get("payload", "").strip()
            trial = None
            if not checks.faults and (event or payload):
                sample = Sample(event=event or None, payload="" if event else payload[:LONGEST])
                trial = desks.preview(desk, name, sample, text=text, portals=site.portals())
        except (Missing, Misasked) as error:
            return render_template("tried.html", told=str(error))
        return render_template("tried.html", checks=checks, trial=trial)


def _days(text: str) -> int:
    if text not in map(str, DAYS):
        raise Misasked(f"days: {text[:20]!r} cannot be chosen")
    return int(text)
