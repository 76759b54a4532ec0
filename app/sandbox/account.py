"""The account itself: its details and use, what is activated in it, and its tokens."""

from datetime import timedelta

from flask import Blueprint, Response, request

from app.sandbox import asking
from app.sandbox.asking import answer, text
from app.sandbox.crm import PORTAL_ID, Crm
from app.sandbox.errors import ApiError
from app.sandbox.limits import Limits
from app.sandbox.values import iso


def blueprint(crm: Crm, limits: Limits) -> Blueprint:
    """Return the routes of the account, the object library and OAuth."""
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
        return answer(
            {
                "portalId": PORTAL_ID,
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

    @page.post("/oauth/v1/token")
    @page.post("/oauth/<version>/token")
    def token(version: str = "") -> Response:
        # The dated SDK sends JSON, and so its path takes it; everybody else sends a form.
        given = asking.body() if version and request.is_json else request.form.to_dict()
        grant = text(given.get("grant_type"))
        if grant not in ("authorization_code", "refresh_token"):
            raise ApiError(400, f"grant_type {grant!r} is not supported", category="BAD_GRANT_TYPE")
        own = text(given.get("code")) or text(given.get("refresh_token"))
        if not own or not given.get("client_id"):
            raise ApiError(
                400, "missing or invalid code or refresh token", category="BAD_AUTH_CODE"
            )
        serial = crm.random.randrange(10**9)
        return answer(
            {
                "access_token": f"access-{serial}",
                "refresh_token": text(given.get("refresh_token")) or f"refresh-{own}",
                "expires_in": 1800,
                "token_type": "bearer",
            }
        )

    @page.get("/oauth/v1/refresh-tokens/<own>")
    def refresh_token(own: str) -> Response:
        return answer({"token": own, "hub_id": PORTAL_ID, "client_id": "1", "scopes": []})

    @page.delete("/oauth/v1/refresh-tokens/<own>")
    def forget_token(own: str) -> Response:  # noqa: ARG001 (any token is well known here)
        return answer(None, 204)

    @page.get("/oauth/v1/access-tokens/<own>")
    def access_token(own: str) -> Response:
        return answer(
            {"token": own, "hub_id": PORTAL_ID, "expires_in": 1800, "scopes": [], "app_id": 1}
        )

    return page
