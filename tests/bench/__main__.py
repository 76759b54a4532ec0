"""What Hookline costs: every measurement, or those that are named.

python -m tests.bench [NAME …] [--long] [--profile]
"""

import argparse
import os
import sys
import time

from tests.bench import (
    backlog,
    door,
    durability,
    growth,
    idle,
    memory,
    pages,
    quota,
    replication,
    sandbox,
    schemes,
    sealing,
    translate,
    waiting,
    watched,
)
from tests.bench.model import report as model
from tests.bench.tables import machine, say

PARTS = {
    "door": door,
    "durability": durability,
    "replication": replication,
    "backlog": backlog,
    "idle": idle,
    "quota": quota,
    "growth": growth,
    "model": model,
    "memory": memory,
    "waiting": waiting,
    "pages": pages,
    "sandbox": sandbox,
    "schemes": schemes,
    "sealing": sealing,
    "translate": translate,
    "watched": watched,
}
BUSY = 0.5  # load from which others take their part of what is measured
BY_NAME = ("growth", "model", "schemes", "translate")  # these are run only if they are named
UNASKED = [name for name in PARTS if name not in BY_NAME]


def main(arguments: list[str] | None = None) -> int:
    """Run what is asked for; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(PARTS))
    parser.add_argument(
        "--long",
        action="store_true",
        help="30,000 within quota; 1M waiting, 1M to page through; more of growth",
    )
    parser.add_argument("--profile", action="store_true", help="the functions that take longest")
    for part in PARTS.values():
        part.add_arguments(parser)
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in PARTS]
    if unknown:
        parser.error(f"there is no {', '.join(unknown)}; choose from {', '.join(PARTS)}")
    say(machine())
    busy = os.getloadavg()[0]
    if busy > BUSY:
        say(f"\nThe machine is busy (load {busy:.1f}): rates and ratios are worse than they are.")
    began = time.monotonic()
    for name in options.names or UNASKED:
        PARTS[name].run(options)
    took_s = time.monotonic() - began
    say(f"\n{took_s:.0f} s in all; load {os.getloadavg()[0]:.1f}, our own included")
    return 0


if __name__ == "__main__":
    sys.exit(main())
