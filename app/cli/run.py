"""`hookline run`: everything on this machine, started in order, watched, stopped in order."""

import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import click

from app.cli import demo
from app.cli.environment import command, environ, plain
from app.cli.faults import tell
from app.cli.people import first_admin
from app.cli.ports import check_ports, free_port
from app.cli.processes import Service, Supervisor, launcher
from app.cli.provisioning import provide
from app.cli.services import SANDBOX_PORT, STORE_PORT, WEB_PORT
from app.cli.wire import answers
from workers import settings
from workers.errors import Faults, Permanent
from workers.outcomes import EventState
from workers.runtime import Runtime
from workers.settings import Settings
from workers.store.embedded import EmbeddedStore

LOCAL = "127.0.0.1"
FREE = "0 is any free one."


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where everything is."""

    host: str
    web: int
    sandbox: int
    store: int
    data: Path
    environ: Mapping[str, str]
    settings: Settings
    embedded: bool
    sandboxed: bool

    @property
    def web_url(self) -> str:
        """Where we ourselves find the door."""
        return f"http://{LOCAL if self.host == '0.0.0.0' else self.host}:{self.web}"  # noqa: S104

    @property
    def sandbox_url(self) -> str:
        """Where the sandbox is."""
        return f"http://{LOCAL}:{self.sandbox}"

    @property
    def logs(self) -> Path:
        """Where the processes write what they have to say."""
        return self.data / "log"


@click.command()
@click.option("--host", default=LOCAL, show_default=True, help="The address of the endpoints.")
@click.option("--port", default=WEB_PORT, show_default=True, help=f"Of the endpoints. {FREE}")
@click.option("--sandbox-port", default=SANDBOX_PORT, show_default=True, help=f"Its port. {FREE}")
@click.option("--store-port", default=STORE_PORT, show_default=True, help=f"Its port. {FREE}")
@click.option("--data", type=click.Path(path_type=Path), help="The data folder.  [.hookline]")
@click.option("--web-workers", default=2, show_default=True, help="Processes of the web server.")
@click.option("--threads", default=4, show_default=True, help="Portals written to at a time.")
@click.option("--first/--no-first", default=True, help="Send three sample events to begin with.")
@click.option("--demo", "only_demo", is_flag=True, help="End after the three sample events.")
def run(
    *,
    host: str,
    port: int,
    sandbox_port: int,
    store_port: int,
    data: Path | None,
    web_workers: int,
    threads: int,
    first: bool,
    only_demo: bool,
) -> None:
    """Run everything on this machine: store, sandbox, web server and worker.

    Shows what becomes of three sample events, then serves until Ctrl-C, which stops everything in
    order and loses nothing. With REDIS_URL that store is used, and none is started; without a
    portal at the sandbox's URL (SANDBOX_URL in the configuration) there is no sandbox either, and
    no sample is sent.
    """
    layout = _layout(
        host,
        web=port or free_port(),
        sandbox=sandbox_port or free_port(),
        store=store_port or free_port(),
        data=data,
    )
    tell(*layout.settings.warnings)
    supervisor = Supervisor(
        services=_services(layout, web_workers=web_workers, threads=threads), say=tell
    )
    with _told_to_stop(supervisor.stopping):
        click.echo("starting …")
        if not supervisor.start():
            return
        try:
            well = _serve(layout, supervisor, first=first or only_demo, only_demo=only_demo)
        finally:
            click.echo("stopping …")
            supervisor.stop()
            click.echo(f"stopped; what was accepted is kept in {layout.data}")
    if not well:
        raise SystemExit(1)


def _layout(host: str, *, web: int, sandbox: int, store: int, data: Path | None) -> Layout:
    """Return where everything will be. Raises Faults if it cannot be there."""
    given = environ()
    sandbox_url = f"http://{LOCAL}:{sandbox}"
    before = settings.load({"SANDBOX_URL": sandbox_url, **given})
    embedded = before.embedded
    env = {"SANDBOX_URL": sandbox_url, **given}
    if embedded:
        env["REDIS_URL"] = f"redis://{LOCAL}:{store}/0"
    if "HOOKLINE_CONFIG" in env:
        env["HOOKLINE_CONFIG"] = str(Path(env["HOOKLINE_CONFIG"]).absolute())
    found = settings.load(env)
    if embedded and found.store_url != env["REDIS_URL"]:
        raise Faults(
            [
                "store: names a server, and `hookline run` starts one of its own; write "
                "`store: ${REDIS_URL:-redis://127.0.0.1:6399/0}`, or `embedded: false`"
            ]
        )
    sandboxed = any(each.base_url == sandbox_url for each in found.portals.values())
    wanted = [(web, "--port")]
    wanted += [(sandbox, "--sandbox-port")] if sandboxed else []
    wanted += [(store, "--store-port")] if embedded else []
    check_ports(wanted)
    folder = (data or found.data_dir).absolute()
    layout = Layout(
        host=host,
        web=web,
        sandbox=sandbox,
        store=store,
        data=folder,
        environ=env,
        settings=found,
        embedded=embedded,
        sandboxed=sandboxed,
    )
    try:
        layout.logs.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        what = f"{folder}: cannot be written ({error.strerror})"
        raise Permanent(f"{what}; run it in another folder, or name one: --data DIR") from error
    return layout


def _services(layout: Layout, *, web_workers: int, threads: int) -> list[Service]:
    """Return the services in the order in which they start; they stop in the opposite one."""

    def service(name: str, *args: str, url: str, given: Mapping[str, str]) -> Service:
        log = layout.logs / f"{name}.log"
        start = launcher(command(*args), environ=given, log=log)
        return Service(name=name, start=start, ready=lambda: answers(url), log=log)

    given = layout.environ
    found: list[Service] = []
    if layout.embedded:
        folder = layout.data / "store"
        found.append(
            Service(
                name="store",
                start=lambda: (
                    EmbeddedStore.start(
                        folder, port=layout.store, appendfsync=layout.settings.appendfsync
                    ).process
                ),
                ready=lambda: True,
                log=folder / "store.log",
                keeper=True,
            )
        )
    if layout.sandboxed:
        found.append(
            service(
                *("sandbox", "sandbox", "--port", str(layout.sandbox)),
                *("--data", str(layout.data / "sandbox.sqlite")),
                url=f"{layout.sandbox_url}/_sandbox/ready",
                given=plain(layout.environ),
            )
        )
    ready = f"{layout.web_url}/readyz"  # which asks for a sign of the worker as well
    found.append(service("worker", "worker", "--threads", str(threads), url=ready, given=given))
    found.append(
        service(
            *("web", "web", "--host", layout.host, "--port", str(layout.web)),
            *("--workers", str(web_workers), "--no-admin"),  # its log is no place for a password
            url=ready,
            given=given,
        )
    )
    return found


@contextmanager
def _told_to_stop(stopping: threading.Event) -> Iterator[None]:
    """Let Ctrl-C and the like set `stopping`; a second one interrupts."""

    def told(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        if stopping.is_set():
            raise KeyboardInterrupt
        stopping.set()

    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {each: signal.signal(each, told) for each in signals}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _serve(layout: Layout, supervisor: Supervisor, *, first: bool, only_demo: bool) -> bool:
    """Show the first events, then watch until told to stop; False if an event did not get done."""
    runtime = Runtime.build(layout.environ)
    well = True
    try:
        _say_where(layout)
        _provide(layout, runtime)
        if first:
            well = _show_first(layout, runtime, supervisor.stopping)
        if only_demo:
            return well
        _say_what_next(layout, runtime)
    finally:
        runtime.store.close()
    supervisor.watch()
    return True


def _provide(layout: Layout, runtime: Runtime) -> None:
    """Give the sandbox the properties that the mappings need; a real portal is not touched."""
    for name, portal in layout.settings.portals.items():
        if portal.base_url == layout.sandbox_url:
            made = provide(runtime, name, say=lambda _: None)
            if made:
                click.echo(f"  made {made} properties in the sandbox, for the mappings")


def _show_first(layout: Layout, runtime: Runtime, stopping: threading.Event) -> bool:
    names = demo.endpoints(runtime, sandbox_url=layout.sandbox_url)
    if not names:
        click.echo("no sample events: stripe, github or shopify do not write to the sandbox")
        return True
    click.echo(f"\nsending {len(names)} signed sample events …\n")
    found = demo.send_first(runtime, names, url=layout.web_url, stopping=stopping)
    demo.show(found)
    return all(each.state is EventState.DONE for each in found)


def _say_where(layout: Layout) -> None:
    store = layout.environ.get("REDIS_URL", "") if layout.embedded else "the one of REDIS_URL"
    click.echo(f"  store    {store}")
    if layout.sandboxed:
        click.echo(f"  sandbox  {layout.sandbox_url}")
    click.echo(f"  web      {layout.web_url}")
    click.echo(f"  logs     {layout.logs}")


def _say_what_next(layout: Layout, runtime: Runtime) -> None:
    for told in first_admin(runtime.store, url=layout.web_url):
        click.echo(f"\n{told}")
    click.echo("\nlook:")
    click.echo(f"  {layout.web_url}/  the console")
    click.echo(f"  {layout.web_url}/readyz  what waits, in each portal")
    if layout.sandboxed:
        click.echo(f"  {layout.sandbox_url}/  the sandbox's records")
    elsewhere = "" if layout.store == STORE_PORT else f"REDIS_URL={layout.environ['REDIS_URL']} "
    ours = Path(".venv/bin/hookline")
    click.echo(f"  {elsewhere}{ours if ours.exists() else 'hookline'} events list")
    line = demo.curl(runtime, url=layout.web_url)
    if line:
        click.echo(f"\ntry:\n  {line}")
    click.echo("\nserving; Ctrl-C stops")
