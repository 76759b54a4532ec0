"""Another system's Celery application: it knows the name of a task, and nothing of ours.

Run as a program of its own: BROKER RESULTS CALLS, the last a JSON list of the tasks' arguments.
Prints a JSON list of what each returned, or of the errors' texts.
"""

import json
import sys

from celery import Celery


def main(broker: str, results: str, calls: str) -> None:
    app = Celery(broker=broker, backend=results or None)
    sent = [
        app.send_task("hookline.accept", queue="hookline.accept", kwargs=each)
        for each in json.loads(calls)
    ]
    if results:
        found = [each.get(timeout=60, propagate=False) for each in sent]
        told = [
            each if isinstance(each, list) else f"{type(each).__name__}: {each}" for each in found
        ]
        sys.stdout.write(json.dumps({"told": told, "states": [each.state for each in sent]}))
    assert not [name for name in sys.modules if name.split(".")[0] in ("app", "workers")]


if __name__ == "__main__":
    main(*sys.argv[1:])
