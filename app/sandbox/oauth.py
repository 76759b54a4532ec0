"""OAuth: the page of consent, the token endpoint, what is told of tokens; and its controls."""

from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as Answer

from app.sandbox import asking
from app.sandbox.asking import answer, text
from app.sandbox.consents import App, Consents
from app.sandbox.crm import PORTAL_ID, Crm
from app.sandbox.errors import ApiError


def blueprint(crm: Crm, consents: Consents) -> Blueprint:
    """Return the routes of OAuth."""
    page = Blueprint("oauth", __name__)

    @page.get("/oauth/authorize")
    def authorize() -> Answer:
        """Consent at once, as somebody would who is asked on a page."""
        asked = request.args
        missing = [each for each in ("client_id", "redirect_uri", "scope") if not asked.get(each)]
        if missing:
            raise ApiError(400, f"{', '.join(missing)} is missing")
        back = asked["redirect_uri"]
        brought = consents.consent(
            asked["client_id"],
            redirect=back,
            scopes=tuple(f"{asked['scope']} {asked.get('optional_scope', '')}".split()),
            now=crm.now(),
        )
        if "state" in asked:
            brought["state"] = asked["state"]
        return redirect(f"{back}{'&' if '?' in back else '?'}{urlencode(brought)}", 302)

    @page.post("/oauth/v1/token")
    @page.post("/oauth/<version>/token")
    def token(version: str = "") -> Response:
        # The dated SDK sends JSON, and so its path takes it; everybody else sends a form.
        given = asking.body() if version and request.is_json else request.form.to_dict()
        plain = {name: text(value) for name, value in given.items()}
        return answer(consents.token(plain, now=crm.now()))

    @page.post("/oauth/<version>/introspect")
    @page.post("/oauth/<version>/token/introspect")
    def introspect(version: str) -> Response:  # noqa: ARG001 (the same in each)
        own = request.form.get("token", "")
        kind = "refresh_token" if own in consents.refresh else "access_token"
        kind = request.form.get("token_type_hint") or kind
        told = _of_refresh(own) if kind == "refresh_token" else _of_access(own)
        return answer({"active": True, "token_use": kind, **told})

    @page.post("/oauth/<version>/token/revoke")
    def revoke(version: str) -> Response:  # noqa: ARG001
        consents.revoke(request.form.get("token", ""))
        return answer(None, 204)

    @page.get("/oauth/v1/refresh-tokens/<own>")
    def refresh_token(own: str) -> Response:
        return answer(_of_refresh(own))

    @page.delete("/oauth/v1/refresh-tokens/<own>")
    def forget_token(own: str) -> Response:
        consents.revoke(own)
        return answer(None, 204)

    @page.get("/oauth/v1/access-tokens/<own>")
    def access_token(own: str) -> Response:
        return answer(_of_access(own))

    def _of_refresh(own: str) -> dict[str, object]:
        grant = consents.refresh.get(own)
        return {
            "token": own,
            "token_type": "bearer",
            "hub_id": grant.hub_id if grant else PORTAL_ID,
            "client_id": grant.client_id if grant else "1",
            "user": consents.user,
            "user_id": 1,
            "scopes": list(grant.scopes) if grant else [],
        }

    def _of_access(own: str) -> dict[str, object]:
        found = consents.access.tokens.get(own)
        left_s = consents.token_s
        if found is not None and found.expires is not None:
            left_s = (found.expires - crm.now()).total_seconds()
            if left_s <= 0:
                raise ApiError(404, "The access token has expired", category="EXPIRED")
        return {
            "token": own,
            "token_type": "access",
            "hub_id": (found.hub_id if found else None) or PORTAL_ID,
            "user": consents.user,
            "user_id": 1,
            "expires_in": int(left_s),
            "scopes": sorted((found.scopes if found else None) or ()),
            "app_id": 1,
        }

    return page


def controls(crm: Crm, consents: Consents) -> Blueprint:
    """Return the controls of OAuth, below /_sandbox/oauth."""
    page = Blueprint("oauth-controls", __name__, url_prefix="/_sandbox/oauth")

    @page.post("/apps")
    def app() -> Response:
        found = asking.body()
        made = App(
            client_id=text(asking.required(found, "client_id")),
            client_secret=text(asking.required(found, "client_secret")),
            redirects=tuple(asking.words(found.get("redirects", []))),
        )
        consents.apps[made.client_id] = made
        return answer(None, 204)

    @page.post("/settings")
    def settings() -> Response:
        """Set how long tokens live, whose account consents, and to what."""
        found = asking.body()
        if "token_s" in found:
            consents.token_s = float(asking.number_of(found["token_s"], "token_s"))
        if "hub_id" in found:
            consents.hub_id = asking.number_of(found["hub_id"], "hub_id")
        if "denied" in found:
            consents.denied = found["denied"] is True
        if "rotates" in found:
            consents.rotates = found["rotates"] is True
        if "withheld" in found:
            consents.withheld = frozenset(asking.words(found["withheld"]))
        return answer(
            {
                "token_s": consents.token_s,
                "hub_id": consents.hub_id,
                "denied": consents.denied,
                "grants": len(consents.refresh),
            }
        )

    @page.post("/uninstall")
    def uninstall() -> Response:
        return answer({"ended": consents.uninstall(now=crm.now())})

    return page
