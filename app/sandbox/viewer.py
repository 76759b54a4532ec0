"""A page that shows the account as a person would see it: records, pins on top, and the calls."""

from flask import Blueprint, render_template

from app.sandbox.calls import Log
from app.sandbox.catalogue import ACTIVITIES, PIN
from app.sandbox.crm import Crm
from app.sandbox.model import Record
from app.sandbox.values import iso

NAMES = ("email", "dealname", "subject", "name", "hs_title", "hs_name", "hs_order_name")
BODIES = (
    *("hs_note_body", "hs_task_subject", "hs_call_title", "hs_meeting_title"),
    *("hs_email_subject", "hs_communication_body", "hs_postal_mail_body"),
)


def blueprint(crm: Crm, log: Log) -> Blueprint:
    """Return the pages of the viewer."""
    page = Blueprint("viewer", __name__, template_folder="templates")

    def title(record: Record) -> str:
        names = (*NAMES, *BODIES)
        return next((record.properties[n] for n in names if record.properties.get(n)), record.id)

    @page.get("/")
    def home() -> str:
        tables = [
            (kind, [(r, title(r)) for r in crm.all(kind)])
            for kind in crm.types.values()
            if crm.records.get(kind.id)
        ]
        return render_template("sandbox.html", tables=tables, calls=list(log.entries)[-30:][::-1])

    @page.get("/_sandbox/view/<name>/<record_id>")
    def one(name: str, record_id: str) -> str:
        kind = crm.kind(name)
        record = crm.get(kind, record_id)
        pinned = record.properties.get(PIN, "")
        activities, others = [], []
        for (to_type, to_id), types in record.links.items():
            other = crm.records.get(to_type, {}).get(to_id)
            if other is None or other.archived is not None:
                continue
            to_kind = crm.types[to_type]
            if to_type in ACTIVITIES:
                activities.append((to_id == pinned, to_kind, other, title(other)))
            else:
                known = crm.link_types.between(kind.id, to_type)
                labels = [link.label for key in types if (link := known.get(key)) and link.label]
                others.append((to_kind, other, title(other), labels))
        activities.sort(key=lambda row: (not row[0], -int(row[2].id)))
        history = {
            name: [(value, iso(at)) for value, at in versions]
            for name, versions in record.history.items()
        }
        return render_template(
            "record.html", kind=kind, record=record, title=title(record),
            activities=activities, others=others, history=history,
        )  # fmt: skip

    return page
