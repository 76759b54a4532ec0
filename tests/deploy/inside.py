"""Runs within the container of the tests: starts what a deploy file starts, and tells what came.

The order is read from standard input, as JSON, and the account is written to standard output. Only
the standard library is used, and the programs of the image.
"""

import http.client
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

TRIES = 240
PAUSE_S = 0.5
PUT = """
import json, sys
from kombu import Connection
with Connection(sys.argv[1]) as broker, broker.SimpleQueue(sys.argv[2]) as queue:
    queue.put(json.loads(sys.argv[3]))
"""


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process: the image's, and what the deploy file adds."""
    return {**os.environ, **more}


def eventually(condition: Callable[[], bool], what: str) -> None:
    """Wait until the condition holds; end if it does not within some minutes."""
    for _ in range(TRIES):
        if condition():
            return
        threading.Event().wait(PAUSE_S)
    sys.exit(f"did not happen: {what}")


def asked(path: str, headers: Mapping[str, str]) -> tuple[int, str]:
    """What web says; the status is 0 if it says nothing."""
    connection = http.client.HTTPConnection("127.0.0.1", 8787, timeout=30)
    try:
        connection.request("GET", path, headers=dict(headers))
        said = connection.getresponse()
        return said.status, said.read().decode()
    except OSError:
        return 0, ""
    finally:
        connection.close()


def well(probe: Mapping[str, Any], more: Mapping[str, str]) -> bool:
    """Whether a probe of a deploy file is content."""
    if "path" in probe:
        return asked(probe["path"], {})[0] == 200
    done = subprocess.run(probe["exec"], env=environment(more), capture_output=True, check=False)
    return done.returncode == 0


def refused(path: str) -> str:
    """Why nothing can be written there; "" if something can."""
    try:
        Path(path).touch(exist_ok=False)
    except OSError as error:
        return str(error.strerror)
    return ""


def called(words: Sequence[str], more: Mapping[str, str]) -> str:
    """What `hookline` says when it is called as by `docker exec` or `kubectl exec`."""
    done = subprocess.run(
        ["hookline", *words], env=environment(more), text=True, capture_output=True, check=False
    )
    if done.returncode:
        sys.exit(f"hookline {' '.join(words)}: {done.stdout}{done.stderr}")
    return done.stdout


def main() -> None:
    """Do what is ordered."""
    order = json.load(sys.stdin)
    web = next(each for each in order["services"] if each["name"] == "web")["environment"]
    for each in order["services"]:
        subprocess.Popen(
            each["command"],
            env=environment(each["environment"]),
            cwd=each.get("folder"),
            stdout=sys.stderr,
        )
    for each in order["services"]:
        for probe in each["probes"]:
            content = partial(well, probe, each["environment"])
            eventually(content, f"{each['name']}: {probe}")
    askers: list[dict[str, str]] = [{}, order["token"]]
    account: dict[str, Any] = {
        "home": os.environ.get("HOME"),
        "user": os.getuid(),
        "refused": {path: refused(path) for path in order["unwritable"]},
        "calls": [called(words, web) for words in order["calls"]],
        "metrics": [asked("/metrics", headers)[0] for headers in askers],
    }
    url, queue, message = order["message"]
    subprocess.run([sys.executable, "-c", PUT, url, queue, message], check=True)

    def handled() -> bool:
        _, text = asked("/metrics", order["token"])
        return f'state="done"}} {order["events"]:.1f}' in text

    eventually(handled, "every event is handled")
    json.dump(account, sys.stdout)


if __name__ == "__main__":
    main()
