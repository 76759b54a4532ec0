"""Forgetting a person: what would go is shown first; for admins."""

from flask import Blueprint, render_template, request

from app.access import Role, note, require
from app.console.site import Site
from app.desk import persons as desks
from app.desk.persons import PersonPage
from app.desk.refusals import Misasked


def add_pages(pages: Blueprint, site: Site) -> None:
    """Add the page. The address is in forms alone: in no URL, no message, not in the trail."""
    desk = site.desk

    @pages.get("/persons")
    @require(Role.ADMIN)
    def persons() -> str:
        return _page()

    @pages.post("/persons/look")
    @require(Role.ADMIN)
    def persons_look() -> str | tuple[str, int]:
        email = request.form.get("email", "")
        try:
            return _page(desks.look(desk, email, portals=site.portals()), email=email)
        except Misasked as error:
            return _page(fault=str(error), email=email), 422

    @pages.post("/persons/forget")
    @require(Role.ADMIN)
    def persons_forget() -> str | tuple[str, int]:
        email = request.form.get("email", "")
        try:
            gone = desks.forget(
                desk,
                email,
                portals=site.portals(),
                keep_crm=request.form.get("crm") == "keep",
            )
        except Misasked as error:
            return _page(fault=str(error), email=email), 422
        for on, detail in desks.deeds(gone):
            note("forget", on=on, **detail)
        return _page(gone)

    def _page(found: PersonPage | None = None, *, email: str = "", fault: str = "") -> str:
        return render_template(
            "persons.html", found=found, email=email, faults=[fault] if fault else []
        )
