"""What a newcomer sees: one command, three events, and where they went."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.conftest import System

pytestmark = pytest.mark.journey


def _record_of(event: dict[str, Any], object_type: str) -> str:
    """TYPE/ID of the event's record of a type."""
    found = [str(each).split(" ")[1] for each in event["records"]]
    return next(each for each in found if each.startswith(f"{object_type}/"))


def test_three_signed_events_become_records_associations_and_pins(system: System) -> None:
    with system.running():
        told = system.output.read_text()
        assert re.search(r"^3 events, \d+ CRM calls$", told, re.MULTILINE)
        contact = system.record(
            "contacts/zoe@acme.example?idProperty=email"
            "&properties=firstname,shopify_customer_id,stripe_customer_id,hs_pinned_engagement_id"
        )
        assert contact["properties"]["stripe_customer_id"] == "cus_A1"
        assert contact["properties"]["shopify_customer_id"] == "acme.myshopify.example/7001"
        events = {each["endpoint"]: each for each in system.events()}
        assert {each["state"] for each in events.values()} == {"done"}
        note = _record_of(events["shopify"], "notes")
        assert contact["properties"]["hs_pinned_engagement_id"] == note.removeprefix("notes/")

        deal = _record_of(events["stripe"], "deals")
        properties = "dealname,amount,stripe_invoice_id,hs_pinned_engagement_id"
        found = system.record(f"{deal}?properties={properties}")["properties"]
        assert (found["stripe_invoice_id"], found["amount"]) == ("in_A2", "1290")
        receipt = _record_of(events["stripe"], "notes")
        assert found["hs_pinned_engagement_id"] == receipt.removeprefix("notes/")
        assert contact["id"] in system.linked(deal, "contacts")

        where = _record_of(events["github"], "tickets")
        ticket = system.record(f"{where}?properties=subject,hs_pinned_engagement_id")["properties"]
        assert ticket["subject"] == "Export <fails>"
        opened = _record_of(events["github"], "notes")
        assert ticket["hs_pinned_engagement_id"] == opened.removeprefix("notes/")


def test_the_command_line_that_is_shown_works(system: System) -> None:
    with system.running():
        told = system.output.read_text()
        assert "curl -i" in told
        line = next(line for line in told.splitlines() if line.strip().startswith("curl -i"))
        done = system.shell(line)
        assert "202 Accepted" in done


def test_a_plan_is_what_is_then_sent(system: System) -> None:
    with system.running("--no-first"):
        plan = system.planned("github/issues.opened")
        shown = system.settled(system.send("github", "--same"))
        made = [(call["method"], call["path"]) for call in shown["calls"].values()]
        assert made == [(call["method"], call["path"]) for call in plan["calls"]]
        bodies = [call["body"] for call in shown["calls"].values()]
        assert [_without_ids(body) for body in bodies] == [
            _without_ids(call["body"]) for call in plan["calls"]
        ]


def _without_ids(body: object) -> object:
    """A body but for what only the CRM, or the event's own id, could tell."""
    match body:
        case dict():
            kept = {k: v for k, v in body.items() if k not in ("id", "objectWriteTraceId")}
            volatile = ("hookline_key", "hs_pinned_engagement_id")
            return {k: _without_ids(v) for k, v in kept.items() if k not in volatile}
        case list():
            return [_without_ids(each) for each in body]
        case _:
            return body


def test_the_demo_ends_well_and_keeps_what_it_did(system: System) -> None:
    done = system.call("run", "--demo", *system.ports)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^3 events, \d+ CRM calls$", done.stdout, re.MULTILINE)
    with system.running("--no-first"):
        assert [each["state"] for each in system.events()] == ["done"] * 3


def test_everything_that_stands_in_the_way_is_told_at_once(system: System, tmp_path: Path) -> None:
    other = System(tmp_path, Path(system.environ["PYTHONPATH"]), {})
    with system.running("--no-first"):
        done = system.call("run", *system.ports)
        assert done.returncode == 1
        assert done.stderr.splitlines() == [
            f"hookline: port {port} is in use; stop what uses it, or choose another: "
            f"{option} {port + 100}"
            for port, option in (
                (system.web, "--port"),
                (system.sandbox, "--sandbox-port"),
                (system.store, "--store-port"),
            )
        ]
        done = other.call("run", *other.ports)  # in the same folder
        assert done.returncode == 1
        assert "is in use by another Hookline (its store is process" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_folder_that_cannot_be_written_is_told_in_a_line(system: System, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = system.call("run", *system.ports, "--data", "file")
    assert done.returncode == 1
    assert done.stderr == (
        f"hookline: {tmp_path}/file: cannot be written (Not a directory); run it in another "
        "folder, or name one: --data DIR\n"
    )


def test_a_real_portal_gets_no_sample_events(system: System, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(
        "store: ${REDIS_URL:-redis://127.0.0.1:6399/0}\n"
        'portals:\n  real: {base_url: "http://127.0.0.1:9", token: t}\n'
        "endpoints:\n  stripe: {source: stripe, portal: real, secret: s}\n"
    )
    system.environ["HOOKLINE_CONFIG"] = "c.yaml"
    with system.running():
        assert "no sample events" in system.output.read_text()
        assert system.events() == []
