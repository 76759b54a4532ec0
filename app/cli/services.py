"""The processes that Hookline is made of, each in the foreground: for whoever supervises them."""

import os
import sys
from contextlib import suppress
from pathlib import Path

import click

from app.cli.environment import environ
from app.cli.faults import tell
from app.cli.people import first_admin
from app.cli.ports import check_port
from workers.errors import Faults
from workers.pulse import Pulse

PROJECT = Path(__file__).parent.parent.parent
WEB_PORT = 8787
WEB_THREADS = 8  # one alone is faster by an eighth, and one slow sender would stop it
SANDBOX_PORT = 8788
STORE_PORT = 6399
HEADERS_S = 10  # for all headers of a request, the wait for the next one on a connection included
HEADERS_BYTES = 65_536
STOP_S = 10  # for requests under way; one that was just forked may not hear the signal at all


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=WEB_PORT, show_default=True, help="The port to listen on.")
@click.option("--workers", default=2, show_default=True, help="Processes that answer requests.")
@click.option("--threads", default=WEB_THREADS, show_default=True, help="Requests of a process.")
@click.option("--admin/--no-admin", default=True, help="Make the first user, if there is none.")
def web(host: str, port: int, workers: int, threads: int, *, admin: bool) -> None:
    """Serve the endpoints, /hooks/NAME, and the console.

    If there is no user yet, the first one is made, an admin, and a one-time password printed.
    """
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels
    from granian.server import Server

    from workers.runtime import Runtime

    check_port(port, "--port", host=host)
    runtime = Runtime.build(environ())  # its faults are told here, once
    runtime.fit()
    if admin:
        url = runtime.settings.external_url or f"http://{host}:{port}"
        tell(*first_admin(runtime.store, url=url.rstrip("/")))
    runtime.store.close()
    Server(
        "app.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,  # senders and proxies speak it; the other is more to defend
        http1_settings=HTTP1Settings(
            header_read_timeout=HEADERS_S * 1_000, max_buffer_size=HEADERS_BYTES
        ),
        workers=workers,
        blocking_threads=threads,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_S,
        log_level=LogLevels.warning,
        working_dir=PROJECT,
    ).serve()


@click.command()
@click.option("--threads", default=16, show_default=True, help="Portals written to at a time.")
@click.option("--tick/--no-tick", default=True, help="Look for what nobody rang for, each second.")
@click.option(
    "--pulse",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="A file to touch every 5 s: one that grows old is of a worker that hangs.",
)
def worker(threads: int, *, tick: bool, pulse: Path | None) -> None:
    """Write to the portals what the accepted events ask for.

    A service of systemd with WatchdogSec is told as often.
    """
    from workers import tasks
    from workers.celery import start_ticking

    if pulse is not None:
        with suppress(OSError):
            pulse.unlink()  # of the worker before this one
    runtime = tasks.runtime()
    runtime.fit()
    tell(*runtime.settings.warnings)
    if tick:
        start_ticking(tasks.app)
    tasks.show_pulse(_shown(Pulse(file=pulse, notify=environ().get("NOTIFY_SOCKET"))))
    tasks.app.worker_main(
        [
            *("worker", "--pool", "threads", "--concurrency", str(threads)),
            *("--loglevel", "warning", "--without-gossip", "--without-mingle"),
        ]
    )


def _shown(pulse: Pulse) -> Pulse:
    """Return what could be shown once. Raises Faults if it cannot."""
    try:
        pulse.show()
    except OSError as error:
        where = f"--pulse: {pulse.file}" if pulse.notify is None else f"pulse: {pulse.notify}"
        advice = "name a file in a folder that can be written"
        raise Faults([f"{where}: {error.strerror}; {advice}"]) from None
    return pulse


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--port", default=SANDBOX_PORT, show_default=True, help="The port to listen on.")
@click.argument("more", nargs=-1, type=click.UNPROCESSED, metavar="[SANDBOX OPTIONS]…")
def sandbox(port: int, more: tuple[str, ...]) -> None:
    """Serve a stand-in for HubSpot; `python -m app.sandbox --help` tells its further options."""
    check_port(port, "--port")
    program = [sys.executable, "-P", "-m", "app.sandbox", "--port", str(port), *more]
    os.execv(program[0], program)  # noqa: S606 (a program of our own, in this one's place)
