"""Faults on demand: which call goes wrong, how, and whether it was carried out all the same."""

import pytest
import requests

from tests.sandbox.account import Account

CONTACTS = "/crm/v3/objects/contacts"
ANN = {"properties": {"email": "ann@example.org"}}


def _held(account: Account) -> int:
    return len(account.done("GET", CONTACTS, status=200)["results"])


def test_the_nth_call_fails_and_the_others_do_not(account: Account) -> None:
    account.control("faults", kind="status", status=502, after=1, times=1)
    statuses = [account.call("GET", CONTACTS).status_code for _ in range(4)]
    assert statuses == [200, 502, 200, 200]


def test_a_call_that_fails_is_not_carried_out(account: Account) -> None:
    account.control("faults", kind="status", status=500, method="POST")
    account.done("POST", CONTACTS, ANN, status=500)
    assert _held(account) == 0


def test_a_fault_can_be_about_one_method_and_path(account: Account) -> None:
    account.control("faults", kind="status", status=423, method="POST", path="notes$", times=0)
    account.done("POST", CONTACTS, ANN, status=201)
    account.done("GET", "/crm/v3/objects/notes", status=200)
    account.done("POST", "/crm/v3/objects/notes", {"properties": {}}, status=423)


def test_a_migrating_account_says_when_to_come_back(account: Account) -> None:
    account.control("faults", kind="status", status=477, retry_after_s=86400)
    answer = account.call("GET", CONTACTS)
    assert (answer.status_code, answer.headers["Retry-After"]) == (477, "86400")


def test_a_lost_answer_was_carried_out(account: Account) -> None:
    account.control("faults", kind="lost", method="POST")
    with pytest.raises(requests.ConnectionError):
        account.call("POST", CONTACTS, ANN)
    assert _held(account) == 1


def test_a_cut_answer_was_carried_out(account: Account) -> None:
    account.control("faults", kind="cut", method="POST")
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        account.call("POST", CONTACTS, ANN)
    assert _held(account) == 1


def test_a_slow_drip_is_whole_in_the_end(account: Account) -> None:
    account.control("faults", kind="drip", method="POST", delay_s=0.0001)
    assert account.call("POST", CONTACTS, ANN).json()["properties"]["email"] == "ann@example.org"


def test_a_partial_batch_writes_some_and_says_which_not(account: Account) -> None:
    account.control("faults", kind="partial", method="POST", path="batch/create")
    rows = [
        {"properties": {"email": f"c{n}@example.org"}, "objectWriteTraceId": str(n)}
        for n in range(6)
    ]
    said = account.done("POST", f"{CONTACTS}/batch/create", {"inputs": rows}, status=207)
    told = {row["objectWriteTraceId"] for row in said["results"]}
    failed = {each["context"]["objectWriteTraceId"][0] for each in said["errors"]}
    assert told
    assert failed
    assert told | failed == {str(n) for n in range(6)}
    assert _held(account) == len(told)


def test_chance_strikes_the_same_calls_for_the_same_seed(account: Account) -> None:
    runs = []
    for _ in range(2):
        account.control("reset")
        account.control("faults", kind="status", status=500, chance=0.5, times=0)
        runs.append([account.call("GET", CONTACTS).status_code for _ in range(30)])
    assert runs[0] == runs[1]
    assert set(runs[0]) == {200, 500}


def test_a_fault_that_makes_no_sense_is_refused(account: Account) -> None:
    said = account.done("POST", "/_sandbox/faults", {"kind": "mood"}, status=400)
    assert "kind is one of" in said["message"]
    account.done("POST", "/_sandbox/faults", {"kind": "status", "path": "["}, status=400)
    account.done("POST", "/_sandbox/faults", {"kind": "status", "colour": 1}, status=400)


def test_faults_can_be_taken_away(account: Account) -> None:
    account.control("faults", kind="status", status=500, times=0)
    account.done("GET", CONTACTS, status=500)
    account.done("DELETE", "/_sandbox/faults", status=204)
    account.done("GET", CONTACTS, status=200)
