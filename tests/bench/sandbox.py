"""What the sandbox itself takes, so that it is known not to be what is measured."""

import argparse

import requests

from tests.bench.rig import rig
from tests.bench.tables import Table, percentile

BATCH = 100
ROUNDS = 50


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing can be chosen."""


def run(options: argparse.Namespace) -> None:  # noqa: ARG001
    """Print the table."""
    table = Table(
        title=f"The sandbox's own time for a batch upsert of {BATCH} contacts",
        head=("", "p50 ms", "p95 ms"),
    )
    with rig() as found, requests.Session() as session:
        session.headers["Authorization"] = "Bearer bench"
        for name in ("new records", "the same again"):
            own_ms = [_upsert(session, found.sandbox, number) for number in range(ROUNDS)]
            table.add(name, f"{percentile(own_ms, 0.5):.1f}", f"{percentile(own_ms, 0.95):.1f}")
    table.show()


def _upsert(session: requests.Session, url: str, number: int) -> float:
    """Send one batch; return what the sandbox says that it took."""
    emails = [f"visitor{number * BATCH + each}@own.example" for each in range(BATCH)]
    inputs = [
        {
            "id": email,
            "idProperty": "email",
            "properties": {"email": email, "firstname": f"Visitor {number}"},
        }
        for email in emails
    ]
    said = session.post(f"{url}/crm/v3/objects/contacts/batch/upsert", json={"inputs": inputs})
    assert said.status_code in (200, 201), said.text
    return float(said.headers["X-Sandbox-Own-Ms"])
