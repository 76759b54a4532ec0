"""The account itself: its details and use, and what is activated in it."""

from datetime import timedelta

from flask import Blueprint, Response, request

from app.sandbox.access import Access
from app.sandbox.asking import answer
from app.sandbox.crm import PORTAL_ID, Crm
from app.sandbox.limits import Limits
from app.sandbox.values import iso


def blueprint(crm: Crm, limits: Limits, access: Access) -> Blueprint:
    """Return the routes of the account and the object library."""
    page = Blueprint("account", __name__)

    @page.get("/account-info/<version>/api-usage/daily/private-apps")
    def usage(version: str) -> Response:  # noqa: ARG001 (any version answers alike)
        now = crm.now()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        row = {
            "name": "private-apps-api-calls-daily",
            "usageLimit": limits.daily,
            "currentUsage": limits.today,
            "collectedAt": iso(now),
            "fetchStatus": "SUCCESS",
            "resetsAt": iso(midnight),
        }
        return answer({"results": [row]})

    @page.get("/account-info/<version>/details")
    def details(version: str) -> Response:  # noqa: ARG001 (any version answers alike)
        token = access.shown(request.headers.get("Authorization", ""))
        return answer(
            {
                "portalId": (token.hub_id if token else None) or PORTAL_ID,
                "accountType": "DEVELOPER_TEST",
                "timeZone": "UTC",
                "companyCurrency": "EUR",
                "additionalCurrencies": [],
                "utcOffset": "+00:00",
                "utcOffsetMilliseconds": 0,
                "uiDomain": "app.hubspot.example",
                "dataHostingLocation": "eu1",
            }
        )

    def enabled() -> dict[str, bool]:
        return {k.id: k.id in crm.active for k in crm.types.values() if k.activatable}

    @page.get("/crm/v3/object-library/enablement")
    @page.get("/crm/object-library/<version>/enablement")
    def enablement(version: str = "") -> Response:  # noqa: ARG001
        return answer({"enablementByObjectTypeId": enabled()})

    @page.get("/crm/v3/object-library/enablement/<type_id>")
    @page.get("/crm/object-library/<version>/enablement/<type_id>")
    def enablement_of(type_id: str, version: str = "") -> Response:  # noqa: ARG001
        return answer({"enablement": enabled().get(type_id, True)})

    return page
