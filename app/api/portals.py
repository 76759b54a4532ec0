"""/api/v1/portals and /api/v1/endpoints: where events come in, and where they go."""

from typing import Any

from flask import request
from flask_smorest import Blueprint
from marshmallow import fields, validate

from app.access import named, note, require
from app.access.place import is_https
from app.api.asking import Asked, body
from app.api.problems import handle
from app.api.schemas import schema_of
from app.api.seen import seen_portals
from app.desk import Desk, portals
from app.desk.endpoints import EndpointPage, EndpointRow, endpoint_detail, list_endpoints
from app.desk.portals import PortalPage, PortalRow


class Why(Asked):
    """Why the writing is stopped."""

    reason = fields.String(load_default="", validate=validate.Length(max=portals.LONGEST_REASON))


def blueprint(desk: Desk) -> Blueprint:
    """Return the routes."""
    routes = Blueprint("portals", __name__, description="Portals and endpoints")
    handle(routes)

    @routes.get("/portals")
    @require("viewer")
    @routes.response(200, schema_of(PortalPage))
    def all_portals() -> PortalPage:
        """List the portals, with their quota and what the last look at each saw."""
        return portals.list_portals(desk, portals=seen_portals(desk))

    @routes.get("/portals/<string:portal>")
    @require("viewer")
    @routes.response(200, schema_of(PortalRow))
    def one_portal(portal: str) -> PortalRow:
        """Show a portal."""
        return portals.portal_detail(desk, portal, portals=seen_portals(desk))

    @routes.post("/portals/<string:portal>/look")
    @require("operator")
    @routes.response(202, schema_of(PortalRow))
    def look(portal: str) -> PortalRow:
        """Have a worker look at the portal: its account, its properties, and what is missing."""
        row = portals.look(desk, portal, portals=seen_portals(desk))
        note("look", on=portal)
        return row

    @routes.post("/portals/<string:portal>/stop")
    @require("operator")
    @body(routes, Why)
    @routes.response(200, schema_of(PortalRow))
    def stop(asked: dict[str, Any], portal: str) -> PortalRow:
        """Stop the writing to the portal; events are still accepted, and wait."""
        row = portals.stop(
            desk,
            portal,
            by=named(),
            reason=asked["reason"],
            portals=seen_portals(desk),
        )
        note("stop", on=portal, reason=asked["reason"])
        return row

    @routes.post("/portals/<string:portal>/go")
    @require("operator")
    @routes.response(200, schema_of(PortalRow))
    def go(portal: str) -> PortalRow:
        """Let the writing go on."""
        row = portals.go(desk, portal, portals=seen_portals(desk))
        note("go", on=portal)
        return row

    @routes.get("/endpoints")
    @require("viewer")
    @routes.response(200, schema_of(EndpointPage))
    def endpoints() -> EndpointPage:
        """List the endpoints: the URL to paste, and whether events arrive and verify."""
        return list_endpoints(desk, outside=_outside(desk), portals=seen_portals(desk))

    @routes.get("/endpoints/<string:name>")
    @require("viewer")
    @routes.response(200, schema_of(EndpointRow))
    def endpoint(name: str) -> EndpointRow:
        """Show an endpoint with its last events, and the last that were turned away."""
        return endpoint_detail(desk, name, outside=_outside(desk), portals=seen_portals(desk))

    return routes


def _outside(desk: Desk) -> str:
    """Return what senders put before /hooks."""
    if desk.settings.external_url is not None:
        return desk.settings.external_url.rstrip("/")
    scheme = "https" if is_https(request.environ, desk.settings) else "http"
    return f"{scheme}://{request.host}"
