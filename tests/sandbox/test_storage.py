"""A file that follows the account: what was answered is in it, however the process ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import requests

TIMEOUT_S = 10.0
HEADERS = {"Authorization": "Bearer any"}


def _started(file: Path) -> tuple["subprocess.Popen[str]", str]:
    command = [sys.executable, "-m", "app.sandbox", "--port", "0", "--data", str(file)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = process.stdout.readline()
    assert said.startswith("sandbox ready at "), said
    return process, said.split()[-1]


def _ended(process: "subprocess.Popen[str]", number: int) -> int:
    os.kill(process.pid, number)
    with process:
        return process.wait(timeout=TIMEOUT_S)


def test_what_was_answered_outlives_a_kill(tmp_path: Path) -> None:
    file = tmp_path / "account.db"
    process, url = _started(file)
    definition = {
        "name": "order_no",
        "label": "Order",
        "type": "string",
        "fieldType": "text",
        "groupName": "contactinformation",
        "hasUniqueValue": True,
    }
    contacts = f"{url}/crm/v3/objects/contacts"
    made = []
    try:
        path = f"{url}/crm/v3/properties/contacts"
        requests.post(path, json=definition, headers=HEADERS, timeout=TIMEOUT_S)
        for number in range(3):
            body = {"properties": {"email": f"c{number}@example.org", "order_no": str(number)}}
            answer = requests.post(contacts, json=body, headers=HEADERS, timeout=TIMEOUT_S)
            made.append(answer.json()["id"])
        requests.delete(f"{contacts}/{made[2]}", headers=HEADERS, timeout=TIMEOUT_S)
    finally:
        _ended(process, signal.SIGKILL)
    process, url = _started(file)
    contacts = f"{url}/crm/v3/objects/contacts"
    try:
        for key, status in (("0", 200), ("1", 200), ("2", 404)):
            path = f"{contacts}/{key}?idProperty=order_no"
            assert requests.get(path, headers=HEADERS, timeout=TIMEOUT_S).status_code == status
        path = f"{contacts}?archived=true"
        rows = requests.get(path, headers=HEADERS, timeout=TIMEOUT_S).json()["results"]
        assert [row["id"] for row in rows] == made[2:]
        body = {"properties": {"email": "later@example.org"}}
        answer = requests.post(contacts, json=body, headers=HEADERS, timeout=TIMEOUT_S)
        assert int(answer.json()["id"]) > int(made[2])
    finally:
        assert _ended(process, signal.SIGTERM) == 0
