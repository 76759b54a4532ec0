"""State: snapshots, reset, and a file that outlives the process."""

from pathlib import Path

from app.sandbox.server import Server
from app.sandbox.web import Options
from tests.sandbox.account import Account


def test_a_snapshot_can_be_gone_back_to(account: Account) -> None:
    contact = account.contact()
    note = account.note(contact)
    account.control("snapshot/before")
    account.contact("later@example.org")
    account.done("DELETE", f"/crm/v3/objects/contacts/{contact}", status=204)
    account.control("restore/before")
    rows = account.done("GET", "/crm/v3/objects/contacts", status=200)["results"]
    assert [row["id"] for row in rows] == [contact]
    found = account.read("contacts", contact, associations="notes")
    assert {row["id"] for row in found["associations"]["notes"]["results"]} == {note}
    account.contact("later@example.org")


def test_a_snapshot_that_was_not_taken_is_not_found(account: Account) -> None:
    account.done("POST", "/_sandbox/restore/never", status=404)


def test_a_reset_forgets_everything(account: Account) -> None:
    account.contact()
    account.control("faults", kind="status", times=0)
    account.control("clock", by_s=1_000)
    account.control("reset")
    assert account.done("GET", "/crm/v3/objects/contacts", status=200)["results"] == []
    assert account.done("GET", "/_sandbox/clock", status=200)["shiftSeconds"] == 0


def test_a_file_keeps_the_records_from_one_process_to_the_next(tmp_path: Path) -> None:
    options = Options(tier="unlimited", data=tmp_path / "sandbox.db")
    with Server(options) as server:
        account = Account(server)
        contact = account.contact()
        note = account.note(contact)
        account.close()
    with Server(options) as server:
        account = Account(server)
        found = account.read("contacts", contact, "email", associations="notes")
        assert found["properties"]["email"] == "ann@example.org"
        assert {row["id"] for row in found["associations"]["notes"]["results"]} == {note}
        assert account.contact("b@example.org") not in (contact, note)
        account.close()


def test_two_accounts_of_one_seed_give_the_same_ids() -> None:
    ids = []
    for _ in range(2):
        with Server(Options(tier="unlimited", seed=7)) as server:
            account = Account(server)
            ids.append([account.contact(f"c{n}@example.org") for n in range(5)])
            account.close()
    assert ids[0] == ids[1]
