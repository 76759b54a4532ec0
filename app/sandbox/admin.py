"""The sandbox's own controls, below /_sandbox: for tests and for whoever looks."""

from datetime import timedelta

from flask import Blueprint, Response

from app.sandbox import asking
from app.sandbox.access import Access, Token
from app.sandbox.asking import answer, text
from app.sandbox.calls import LONGEST, Log
from app.sandbox.consents import Consents
from app.sandbox.crm import PORTAL_ID, Crm
from app.sandbox.errors import ApiError
from app.sandbox.faults import Faults
from app.sandbox.limits import TIERS, Limits
from app.sandbox.model import Record
from app.sandbox.snapshots import Snapshot
from app.sandbox.switches import LENIENT, STRICT
from app.sandbox.values import iso


def blueprint(
    crm: Crm, *, limits: Limits, faults: Faults, access: Access, consents: Consents, log: Log
) -> Blueprint:
    """Return the control routes."""
    page = Blueprint("admin", __name__, url_prefix="/_sandbox")
    kept: dict[str, Snapshot] = {}

    @page.get("/ready")
    def ready() -> Response:
        return answer({"ready": True})

    @page.post("/reset")
    def reset() -> Response:
        crm.reset()
        crm.clock_shift = timedelta()
        faults.clear()
        access.tokens.clear()
        consents.reset(PORTAL_ID)
        log.clear()
        limits.set(limits.tier)
        return answer(None, 204)

    @page.post("/snapshot/<name>")
    def snapshot(name: str) -> Response:
        kept[name] = Snapshot(crm)
        return answer({"bytes": kept[name].size_bytes})

    @page.post("/restore/<name>")
    def restore(name: str) -> Response:
        if name not in kept:
            raise ApiError(404, f"There is no snapshot {name}.")
        kept[name].put_back(crm)
        return answer(None, 204)

    @page.get("/clock")
    def clock() -> Response:
        return answer({"now": iso(crm.now()), "shiftSeconds": crm.clock_shift.total_seconds()})

    @page.post("/clock")
    def move_clock() -> Response:
        crm.clock_shift += timedelta(seconds=_seconds(asking.body().get("by_s"), "by_s"))
        return clock()

    @page.get("/switches")
    def switches() -> Response:
        names = type(crm.switches).__dataclass_fields__
        return answer({name: getattr(crm.switches, name) for name in names})

    @page.post("/switches")
    def switch() -> Response:
        found = asking.body()
        preset = found.pop("preset", None)
        if preset is not None:
            crm.switches = LENIENT if preset == "lenient" else STRICT
        try:
            crm.switches = crm.switches.changed(**found)
        except ValueError as error:
            raise ApiError(400, str(error)) from None
        return switches()

    @page.post("/tier")
    def tier() -> Response:
        found = asking.body()
        name = text(found.get("tier")) or limits.tier
        if name not in TIERS:
            raise ApiError(400, f"tier is one of {', '.join(TIERS)}")
        burst, daily = found.get("burst"), found.get("daily")
        limits.set(
            name,
            burst=burst if isinstance(burst, int) else None,
            daily=daily if isinstance(daily, int) else None,
        )
        return answer({"tier": name, "refused": limits.refused})

    @page.get("/limits")
    def refused() -> Response:
        return answer({"tier": limits.tier, "refused": limits.refused, "today": limits.today})

    @page.post("/faults")
    def add_fault() -> Response:
        try:
            rule = faults.add(asking.body())
        except ValueError as error:
            raise ApiError(400, str(error)) from None
        return answer({"kind": rule.kind, "rules": len(faults.rules)}, 201)

    @page.get("/faults")
    def listed() -> Response:
        rows = [
            {"kind": r.kind, "path": r.path, "seen": r.seen, "struck": r.struck}
            for r in faults.rules
        ]
        return answer({"faults": rows})

    @page.delete("/faults")
    def clear_faults() -> Response:
        faults.clear()
        return answer(None, 204)

    @page.post("/latency")
    def latency() -> Response:
        found = asking.body()
        found["delay_s"] = found.pop("latency_s", found.get("delay_s", 0))
        try:
            faults.slow(found)
        except ValueError as error:
            raise ApiError(400, str(error)) from None
        return answer(None, 204)

    @page.post("/tokens")
    def token() -> Response:
        found = asking.body()
        expires_s = found.get("expires_s")
        access.grant(
            text(asking.required(found, "token")),
            Token(
                scopes=frozenset(asking.words(found["scopes"])) if "scopes" in found else None,
                expires=None
                if expires_s is None
                else crm.now() + timedelta(seconds=_seconds(expires_s, "expires_s")),
            ),
        )
        return answer(None, 204)

    @page.post("/activate/<name>")
    def activate(name: str) -> Response:
        kind = next((k for k in crm.types.values() if name in (k.id, k.name)), None)
        if kind is None or not kind.activatable:
            raise ApiError(404, f"{name} is not a type that is activated.")
        crm.active.add(kind.id)
        return answer(None, 204)

    @page.post("/restore/<name>/<record_id>")
    def restore_record(name: str, record_id: str) -> Response:
        kind = crm.kind(name)
        crm.restore(kind, crm.get(kind, record_id, archived=True))
        return answer(None, 204)

    @page.get("/calls")
    def calls() -> Response:
        return answer(log.report(last=asking.number("last", default=100, most=LONGEST)))

    @page.delete("/calls")
    def clear_calls() -> Response:
        log.clear()
        return answer(None, 204)

    @page.get("/calls/count")
    def count() -> Response:
        return answer({"total": log.total})

    @page.get("/records")
    def records() -> Response:
        return answer(
            {
                crm.types[type_id].name: [_shown(crm, record) for record in table.values()]
                for type_id, table in crm.records.items()
            }
        )

    return page


def _shown(crm: Crm, record: Record) -> dict[str, object]:
    """Return all there is to know of a record, in a form to compare with another's."""
    return {
        "id": record.id,
        "properties": record.properties,
        "archived": record.archived is not None,
        "associations": [
            {"to": crm.types[to_type].name, "id": to_id, "types": [list(key) for key in types]}
            for (to_type, to_id), types in record.links.items()
        ],
    }


def _seconds(value: object, name: str) -> float:
    try:
        return float(text(value))
    except ValueError:
        raise ApiError(400, f"{name}: {value!r} is not a number of seconds") from None
