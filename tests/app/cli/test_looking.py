"""What the command line says about things, without anything running."""

import json
from pathlib import Path

import pytest

from tests.app.cli.conftest import Hookline

LEAD = {"id": "l-1", "type": "lead", "email": "zoe@acme.example", "name": "Zoe Lind"}


def test_help_tells_every_command_with_a_sentence(hookline: Hookline) -> None:
    done = hookline("--help")
    assert done.returncode == 0
    for name in ("run", "web", "worker", "sandbox", "send", "plan", "check", "events", "provision"):
        assert f"\n  {name} " in done.stdout
        assert hookline(name, "--help").returncode == 0


def test_the_version_is_told(hookline: Hookline) -> None:
    assert hookline("--version").stdout.startswith("hookline 0.")


def test_what_is_wrongly_called_ends_with_2_and_says_how(hookline: Hookline) -> None:
    done = hookline("plan", "stripe/nothing-like-it", "--jsn")
    assert done.returncode == 2
    assert "Did you mean '--json'?" in done.stderr


# plan


def test_a_plan_is_the_exact_calls(hookline: Hookline) -> None:
    done = hookline("plan", "stripe/invoice.paid", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [(call["method"], call["path"]) for call in found["calls"]] == [
        ("POST", "/crm/v3/objects/contacts/batch/upsert"),
        ("POST", "/crm/v3/objects/deals/batch/upsert"),
        ("POST", "/crm/v3/objects/notes/batch/create"),
        ("POST", "/crm/v4/associations/deals/contacts/batch/associate/default"),
        ("POST", "/crm/v3/objects/deals/batch/update"),
    ]
    assert found["events"][0]["type"] == "invoice.paid"
    pinned = found["calls"][4]["body"]["inputs"][0]["properties"]
    assert pinned == {"hs_pinned_engagement_id": "9003"}


def test_a_plan_for_a_person_says_what_is_what(hookline: Hookline) -> None:
    done = hookline("plan", "shopify/customers-create")
    assert done.returncode == 0, done.stderr
    assert "# customers/create (" in done.stdout
    assert "# call 1 of " in done.stdout
    assert "POST /crm/v3/objects/contacts/batch/upsert" in done.stdout


def test_a_payload_from_standard_input_is_planned_for_a_source(hookline: Hookline) -> None:
    done = hookline("plan", "-", "--source", "hmac", "--json", given=json.dumps(LEAD))
    assert done.returncode == 0, done.stderr
    upsert = json.loads(done.stdout)["calls"][0]
    assert upsert["body"]["inputs"][0]["properties"]["firstname"] == "Zoe"


def test_headers_may_be_added(hookline: Hookline, tmp_path: Path) -> None:
    (tmp_path / "issue.json").write_text(
        json.dumps({"action": "opened", "issue": {"number": 1}, "repository": {"full_name": "a/b"}})
    )
    headers = ("-H", "X-GitHub-Event: issues", "-H", "X-GitHub-Delivery: 1")
    done = hookline("plan", "issue.json", "-e", "github", *headers, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["events"][0]["type"] == "issues.opened"


def test_an_event_that_asks_for_nothing_says_why(hookline: Hookline) -> None:
    done = hookline("plan", "github/ping", "--json")
    found = json.loads(done.stdout)
    assert found["calls"] == []
    assert "ignores 'ping'" in found["events"][0]["ignored"]


def test_an_expression_that_fails_names_file_and_line(hookline: Hookline, tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(
        "on:\n  lead:\n    - upsert: c\n      object: contacts\n"
        "      key: {email: '{{ body.email | from_unix }}'}\n"
    )
    done = hookline("plan", "-", "-s", "hmac", "-m", "m.yaml", given=json.dumps(LEAD))
    assert done.returncode == 1
    assert done.stderr.startswith("hookline: ")
    assert "m.yaml:5" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("args", "given", "code", "told"),
    [
        (("plan", "-"), "{}", 2, "add --endpoint NAME or --source NAME"),
        (("plan", "-", "-e", "strip"), "{}", 1, "no endpoint 'strip'; did you mean 'stripe'?"),
        (("plan", "-", "-s", "strip"), "{}", 1, "did you mean 'stripe'?"),
        (("plan", "-", "-e", "stripe"), "{", 1, "standard input: is not JSON"),
        (("plan", "gone.json", "-e", "stripe"), "", 1, "gone.json: cannot be read"),
        (("plan", "-", "-e", "stripe", "-H", "X"), "{}", 2, "write it like 'X-GitHub-Event: "),
        (("plan", "-", "-e", "stripe"), "{}", 1, "type: is missing"),
        (("send", "strip"), "", 1, "no endpoint 'strip'; did you mean 'stripe'?"),
        (("send", "stripe", "-t", "invoice.payed"), "", 1, "did you mean 'invoice.paid'?"),
        (
            ("send", "stripe", "--url", "http://127.0.0.1:9"),
            "",
            1,
            "no answer ([Errno 111] Connection refused); start it with `hookline run`",
        ),
        (("provision", "akme"), "", 1, "there is no portal 'akme'; known are: sandbox"),
        (("events", "list", "-p", "akme"), "", 1, "there is no portal 'akme'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_what_cannot_be_done_is_one_clear_line(
    hookline: Hookline, args: tuple[str, ...], given: str, code: int, told: str
) -> None:
    done = hookline(*args, given=given)
    assert done.returncode == code
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_the_samples_of_an_endpoint_are_listed(hookline: Hookline) -> None:
    listed = hookline("send", "stripe", "--list").stdout.split()
    assert "invoice.paid" in listed


# check


def test_what_is_shipped_has_no_faults(hookline: Hookline) -> None:
    done = hookline("check", "all")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "no faults: 1 portal, 3 endpoints\n"


def test_every_fault_of_configuration_and_mappings_is_told_at_once(
    hookline: Hookline, tmp_path: Path
) -> None:
    (tmp_path / "c.yaml").write_text(
        "portals:\n  acme: {token: t}\n"
        "endpoints:\n  pay: {source: stripe, portal: acme, secret: s, mapping: m.yaml}\n"
        "  hub: {source: github, portal: acme, secret: '${GONE}'}\n"
        "  any: {source: open.yaml, portal: acme}\n"
        "  bare: {source: shopify, portal: acme}\n"
    )
    (tmp_path / "m.yaml").write_text(
        "on:\n  invoice.paid:\n    - upsrt: c\n    - pin: nothing\n      to: c\n"
    )
    (tmp_path / "open.yaml").write_text(
        "source: open\nverify: {scheme: none}\nevent: {id: '{{ body.id }}', type: t}\n"
        "default:\n  - upsert: c\n    object: contacts\n    key: {email: '{{ body.email }}'}\n"
    )
    done = hookline("check", environ={"HOOKLINE_CONFIG": "c.yaml"})
    assert done.returncode == 1
    assert "m.yaml:3: " in done.stderr
    assert "m.yaml:4: " in done.stderr
    assert "warning: c.yaml:5: endpoints.hub.secret: GONE is not set" in done.stdout
    assert "warning: endpoint any: takes events from anybody" in done.stdout
    assert "warning: endpoint bare: has no secret, so it answers 503" in done.stdout


def test_faults_come_as_json_where_a_program_asks(hookline: Hookline, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("portals: 5\n")
    done = hookline("check", "--json", environ={"HOOKLINE_CONFIG": "c.yaml"})
    assert done.returncode == 1
    assert len(json.loads(done.stdout)["faults"]) == 2


@pytest.mark.parametrize("command", ["web", "worker", "run"])
def test_a_process_does_not_start_with_a_faulty_configuration(
    hookline: Hookline, tmp_path: Path, command: str
) -> None:
    (tmp_path / "c.yaml").write_text("portals: 5\nendpoints: 6\n")
    done = hookline(command, environ={"HOOKLINE_CONFIG": "c.yaml"})
    assert done.returncode == 1
    assert done.stderr == (
        "hookline: c.yaml:1: portals: is a number; write `name: value` lines below it\n"
        "hookline: c.yaml:2: endpoints: is a number; write `name: value` lines below it\n"
    )
