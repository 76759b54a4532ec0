"""`python -m app.sandbox`: a sandbox alone, until it is told to stop."""

import argparse
import gc
import signal
import sys
import threading
from pathlib import Path

from app.sandbox.limits import TIERS
from app.sandbox.server import Server
from app.sandbox.web import PRESETS, Options


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; return the exit status."""
    parser = argparse.ArgumentParser(prog="app.sandbox", description="A stand-in for HubSpot.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8788)
    parser.add_argument("--tier", choices=sorted(TIERS), default="professional")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", type=Path, help="a SQLite file that keeps the records")
    preset = parser.add_mutually_exclusive_group()
    preset.add_argument("--strict", dest="preset", action="store_const", const="strict")
    preset.add_argument("--lenient", dest="preset", action="store_const", const="lenient")
    asked = parser.parse_args(arguments)
    options = Options(
        tier=asked.tier,
        seed=asked.seed,
        switches=PRESETS[asked.preset or "strict"],
        data=asked.data,
    )
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)  # records stay: to walk them again and again finds nothing
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        server = Server(options, host=asked.host, port=asked.port)
    except (OSError, SystemExit):  # werkzeug exits when it cannot listen
        sys.stderr.write(
            f"sandbox: port {asked.port} of {asked.host} is in use; choose another with --port\n"
        )
        return 1
    with server:
        sys.stdout.write(f"sandbox ready at {server.url}\n")
        sys.stdout.flush()
        stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
