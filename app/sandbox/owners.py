"""The people of the account who own records."""

from flask import Blueprint, Response, request

from app.sandbox.asking import answer
from app.sandbox.crm import Crm
from app.sandbox.errors import ApiError

OWNERS = (
    {"id": "17", "type": "PERSON", "email": "sales@us.example", "firstName": "Sales",
     "lastName": "Desk", "userId": 9, "teams": []},
    {"id": "18", "type": "PERSON", "email": "support@us.example", "firstName": "Support",
     "lastName": "Desk", "userId": 10, "teams": []},
)  # fmt: skip


def blueprint(_: Crm) -> Blueprint:
    """Return the routes of owners."""
    page = Blueprint("owners", __name__)
    moments = {"createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z"}

    @page.get("")
    @page.get("/")
    def listed() -> Response:
        email = request.args.get("email", "")
        found = [o for o in OWNERS if not email or o["email"] == email]
        return answer({"results": [{**o, **moments, "archived": False} for o in found]})

    @page.get("/<owner_id>")
    def read(owner_id: str) -> Response:
        by = "userId" if request.args.get("idProperty") == "userId" else "id"
        for owner in OWNERS:
            if str(owner[by]) == owner_id:
                return answer({**owner, **moments, "archived": False})
        raise ApiError(404, "resource not found", category=None)

    return page
