"""/api/v1/persons: what the store has of a person, and forgetting it; for admins."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import fields, validate

from app.access import note, require
from app.api.asking import NAME, Asked, body
from app.api.problems import handle
from app.api.schemas import schema_of
from app.api.seen import seen_portals
from app.desk import Desk, persons
from app.desk.persons import PersonPage


class Somebody(Asked):
    """A person, by the address that the contact has; it is in the body, where no log sees it."""

    email = fields.String(required=True, validate=validate.Length(3, persons.LONGEST))
    portal = fields.String(
        validate=NAME, metadata={"description": "this one alone; without it, all"}
    )


class Forgotten(Somebody):
    """A person to forget."""

    keep_crm = fields.Boolean(
        load_default=False, metadata={"description": "do not ask for the CRM's GDPR delete"}
    )


def blueprint(desk: Desk) -> Blueprint:
    """Return the routes."""
    routes = Blueprint("persons", __name__, description="Whom the store knows, and forgetting him")
    handle(routes)

    @routes.post("/persons/look")
    @require("admin")
    @body(routes, Somebody)
    @routes.response(200, schema_of(PersonPage))
    def look(asked: dict[str, Any]) -> PersonPage:
        """Tell what of a person would go; changes nothing."""
        portals = seen_portals(desk, asked.get("portal"))
        return persons.look(desk, asked["email"], portals=portals)

    @routes.post("/persons/forget")
    @require("admin")
    @body(routes, Forgotten)
    @routes.response(200, schema_of(PersonPage))
    def forget(asked: dict[str, Any]) -> PersonPage:
        """Erase a person: events, calls, clocks, identities; and by the CRM's GDPR delete.

        It cannot be undone. What could not be done is among `faults`; to say it again does no harm.
        """
        portals = seen_portals(desk, asked.get("portal"))
        gone = persons.forget(desk, asked["email"], portals=portals, keep_crm=asked["keep_crm"])
        for on, detail in persons.deeds(gone):
            note("forget", on=on, **detail)
        return gone

    return routes
