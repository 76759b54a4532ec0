"""`hookline backfill`: a file of past events, through the same path as those that arrive."""

import hashlib
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from app.cli.backfill.files import File, Kind, opened
from app.cli.backfill.loading import Loading, Rejects
from app.cli.backfill.rows import Reader
from app.cli.environment import environ
from app.cli.plan import header
from workers import store
from workers.errors import Faults
from workers.filters.times import as_time
from workers.runtime import Runtime
from workers.settings import Endpoint
from workers.settings.fields import nearest

PIECE_BYTES = 1_048_576
STDIN = "-"


def _moment(_: click.Context, __: click.Parameter, text: str | None) -> datetime | None:
    try:
        return None if text is None else as_time(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command()
@click.argument("file")
@click.option("-e", "--endpoint", required=True, help="Whose events they are: an endpoint's name.")
@click.option("-t", "--event", metavar="TYPE", help="The type of all of them; a row is its body.")
@click.option("--id", "id_", metavar="FIELD", help="Where a row's id is. [else: made of the row]")
@click.option("--time", metavar="FIELD", help="Where it says when the event happened.")
@click.option(
    "--at", metavar="TIME", callback=_moment,
    help="The time of rows that have none. [else: the file's own]",
)  # fmt: skip
@click.option("-H", "--header", "headers", multiple=True, metavar="'NAME: VALUE'", help="A header.")
@click.option("--format", "kind", type=click.Choice([*Kind]), help="What FILE is, if not as told.")
@click.option("--encoding", default="utf-8", show_default=True, help="Of a CSV file.")
@click.option(
    "--rejected", type=click.Path(path_type=Path, dir_okay=False),
    help="Where rejected rows go. [else: FILE.rejected.jsonl]",
)  # fmt: skip
@click.option("--again", is_flag=True, help="Begin anew, though it was begun or done already.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
def backfill(
    file: str,
    *,
    endpoint: str,
    event: str | None,
    id_: str | None,
    time: str | None,
    at: datetime | None,
    headers: tuple[str, ...],
    kind: Kind | None,
    encoding: str,
    rejected: Path | None,
    again: bool,
    as_json: bool,
) -> None:
    """Take in past events: each row of FILE, as if its sender had posted it.

    FILE has JSON lines, a JSON array or CSV with a header, also as gzip; `-` reads it from
    standard input. A row is what the sender would post to the endpoint, or {"headers": …,
    "body": …}; with --event it is an event's body alone.

    Live events go first. The times of events decide as ever, so nothing old wins over what is
    newer. It may be stopped and started again: it goes on where it was, and no event is taken
    twice. While too much waits already, it waits as well.
    """
    runtime = Runtime.build(environ())
    reader = Reader(
        endpoint=_endpoint(runtime, endpoint),
        source=runtime.sources[endpoint],
        max_bytes=runtime.settings.max_body_bytes,
        event=event,
        id=id_,
        time=time,
        at=at or _own_time(file),
        headers=dict(header(each) for each in headers),
    )
    asked = [endpoint, event, id_, time, at.isoformat() if at else None, *headers, kind, encoding]
    name = _name(file, asked)
    begun = None
    if name and not again:
        begun = runtime.store.progress(reader.endpoint.portal, name)
    if begun is not None and begun.ended:
        _tell(begun, rejected=None, as_json=as_json, note="it was all taken in before; see --again")
        return
    place = rejected or Path("backfill" if file == STDIN else file)
    rejects = Rejects(
        rejected or place.with_name(f"{place.name}.rejected.jsonl"), anew=begun is None
    )
    before = begun or store.Progress()
    with opened(file, kind=kind, encoding=encoding) as found, _bar(found) as tell:
        loading = Loading(
            runtime=runtime,
            reader=reader,
            name=name,
            rejects=rejects,
            wait=threading.Event().wait,
            tell=tell,
            progress=before,
        )
        try:
            done = loading.load(found.rows(after=before.rows))
        except KeyboardInterrupt:
            raise Faults([f"{file}: stopped; the same command goes on where it was"]) from None
    _tell(done, rejected=rejects.path, as_json=as_json)
    if done.rejected:
        raise SystemExit(1)


def _endpoint(runtime: Runtime, name: str) -> Endpoint:
    found = runtime.settings.endpoints.get(name)
    if found is None:
        what = f"there is no endpoint {name!r}; {nearest(name, runtime.settings.endpoints)}"
        raise Faults([what])
    return found


def _own_time(file: str) -> datetime | None:
    """Return when the file was written: what it says was so then, and may have changed since."""
    if file == STDIN or not Path(file).is_file():
        return None
    return datetime.fromtimestamp(Path(file).stat().st_mtime, tz=UTC)


def _name(file: str, asked: list[str | None]) -> str:
    """Return what names this backfill: what the file holds, and how it is read."""
    if file == STDIN or not Path(file).is_file():
        return ""
    digest = hashlib.sha256(json.dumps(asked).encode())
    with Path(file).open("rb") as content:
        while piece := content.read(PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()[:40]


@contextmanager
def _bar(file: File) -> Iterator["_Tell"]:
    """Show how far it is where a person looks on."""
    console = Console(stderr=True, highlight=False)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not sys.stderr.isatty()) as progress:
        yield _Tell(progress, file)


class _Tell:
    """Moves the bar."""

    def __init__(self, progress: Progress, file: File) -> None:
        self.progress = progress
        self.file = file
        self.task = progress.add_task("reading", total=file.size)

    def __call__(self, done: store.Progress, waits_for: str) -> None:
        told = f"{done.accepted:,} taken in" + (f"; waits: {waits_for}" if waits_for else "")
        self.progress.update(self.task, completed=self.file.position(), description=told)


def _tell(done: store.Progress, *, rejected: Path | None, as_json: bool, note: str = "") -> None:
    if as_json:
        click.echo(json.dumps({**asdict(done), "note": note}))
        return
    click.echo(f"events: {done.accepted:,} taken in, {done.duplicates:,} known already")
    if done.rejected:
        where = f"; see {rejected}" if rejected is not None else ""
        click.echo(f"rows rejected: {done.rejected:,}{where}")
    if note:
        click.echo(note)
