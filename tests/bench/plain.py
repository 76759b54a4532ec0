"""What Hookline is compared with: a Celery task for each event, which makes its calls one by one.

It has the same number of threads, connections that stay open, and no durability to pay for.
"""

import os
import threading
from typing import Any

import orjson
import requests
from celery import Celery

TASK = "bench.plain"
_local = threading.local()


def application(broker_url: str) -> Any:
    """Return the Celery application."""
    app = Celery("plain", broker=broker_url)
    app.conf.update(
        task_ignore_result=True,
        task_default_queue="plain",
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
    )
    return app


def _session() -> requests.Session:
    session: requests.Session | None = getattr(_local, "session", None)
    if session is None:
        session = _local.session = requests.Session()
        session.trust_env = False
        session.headers["Authorization"] = "Bearer bench"
    return session


def handle(body: str) -> None:
    """Upsert the contact, log the note on it, pin the note: three calls."""
    event = orjson.loads(body)
    base = os.environ["BENCH_SANDBOX"]
    contact = {"email": event["email"], "firstname": event["name"]}
    said = _call(
        "POST",
        f"{base}/crm/v3/objects/contacts/batch/upsert",
        {"inputs": [{"id": event["email"], "idProperty": "email", "properties": contact}]},
    )
    contact_id = said["results"][0]["id"]
    link = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 202}
    note = _call(
        "POST",
        f"{base}/crm/v3/objects/notes",
        {
            "properties": {
                "hs_note_body": f"Visit {event['id']}",
                "hs_timestamp": "2026-09-21T14:30:00Z",
            },
            "associations": [{"to": {"id": contact_id}, "types": [link]}],
        },
    )
    _call(
        "PATCH",
        f"{base}/crm/v3/objects/contacts/{contact_id}",
        {"properties": {"hs_pinned_engagement_id": note["id"]}},
    )


def _call(method: str, url: str, body: object) -> Any:
    response = _session().request(
        method, url, data=orjson.dumps(body), headers={"Content-Type": "application/json"}
    )
    response.raise_for_status()
    return response.json()


if "REDIS_URL" in os.environ:  # as the worker imports it
    app = application(os.environ["REDIS_URL"])
    app.task(name=TASK)(handle)
