"""The portals: connection, scopes, quota, what is provisioned; stopping and going on."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from app.access import Role, named, note, require
from app.console.site import Site
from app.desk import portals as desks


def add_pages(pages: Blueprint, site: Site) -> None:
    """Add the list, one portal, and what can be done with it."""
    desk = site.desk

    @pages.get("/portals")
    @require(Role.VIEWER)
    def portals() -> str:
        return render_template(
            "portals.html", rows=desks.list_portals(desk, portals=site.portals()).portals
        )

    @pages.get("/portals/<name>")
    @require(Role.VIEWER)
    def portals_one(name: str) -> str:
        return render_template(
            "portal.html", portal=desks.portal_detail(desk, name, portals=site.portals())
        )

    @pages.post("/portals/<name>/look")
    @require(Role.OPERATOR)
    def portals_look(name: str) -> Response:
        desks.look(desk, name, portals=site.portals())
        note("look", on=name)
        flash("A worker is looking; load this page again in a moment.", "success")
        return redirect(url_for("console.portals_one", name=name))

    @pages.post("/portals/<name>/stop")
    @require(Role.OPERATOR)
    def portals_stop(name: str) -> Response:
        reason = request.form.get("reason", "")
        desks.stop(desk, name, by=named(), reason=reason, portals=site.portals())
        note("stop", on=name, reason=reason)
        return redirect(url_for("console.portals_one", name=name))

    @pages.post("/portals/<name>/go")
    @require(Role.OPERATOR)
    def portals_go(name: str) -> Response:
        desks.go(desk, name, portals=site.portals())
        note("go", on=name)
        return redirect(url_for("console.portals_one", name=name))
