"""`hookline test`: samples beside the plans that they should lead to."""

import json
from pathlib import Path

import click

from app.cli import expectations, homes, samples
from app.cli.environment import environ
from app.cli.expectations import Compared
from app.cli.faults import tell
from app.cli.homes import Home
from workers import settings
from workers.errors import Faults, Permanent


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option("--write", is_flag=True, help="Write what the samples lead to as what is expected.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
def test(paths: tuple[Path, ...], *, write: bool, as_json: bool) -> None:
    """Tell which samples lead to other calls than those that are written beside them.

    PATHS are samples (NAME.sample.json) or folders of them; without any, those beside the
    configuration's own sources and mappings. A folder is called like the source or mapping file
    beside it, like an endpoint, or like a source. Nothing is sent.

    Ends with 1 if a plan differs, or is written nowhere yet: look at it, then add --write.
    """
    configured = settings.load(environ())
    listed = homes.found(paths or homes.folders(configured))
    if not listed:
        raise Faults(["there are no samples to test; `hookline new source NAME` makes some"])
    results = _Results(write=write)
    known: dict[Path, Home | None] = {}
    for sample in listed:
        folder = sample.parent
        try:
            if folder not in known:
                known[folder] = None
                known[folder] = homes.home(folder, configured)
            home = known[folder]
            if home is not None:
                each = expectations.compared(sample, home.source, endpoint=home.endpoint)
                results.take(each)
        except Faults as error:
            results.faults += error.faults
        except Permanent as error:
            results.faults.append(f"{sample}: {error}")
    results.faults += _left_over(listed)
    results.tell(as_json=as_json)


class _Results:
    def __init__(self, *, write: bool) -> None:
        self.write = write
        self.rows: list[tuple[str, Compared]] = []
        self.faults: list[str] = []

    def take(self, each: Compared) -> None:
        """Note how a sample does; write its plan if that is asked for."""
        if each.same:
            state = "same"
        elif self.write:
            expectations.write(each)
            state = "written"
        else:
            state = "new" if each.expected is None else "differs"
        self.rows.append((state, each))

    def count(self, state: str) -> int:
        return sum(each == state for each, _ in self.rows)

    def tell(self, *, as_json: bool) -> None:
        """Say how all did; end with 1 if one did otherwise."""
        if as_json:
            rows = [
                {"sample": str(each.sample), "state": state, "differences": _lines(state, each)}
                for state, each in self.rows
            ]
            click.echo(json.dumps({"samples": rows, "faults": self.faults}, indent=2))
        else:
            for state, each in self.rows:
                self._row(state, each)
            tell(*self.faults)
            click.echo(self._summary())
        if self.faults or self.count("differs") or self.count("new"):
            raise SystemExit(1)

    def _row(self, state: str, each: Compared) -> None:
        name = click.style(str(each.sample), bold=state != "same")
        match state:
            case "same":
                click.echo(f"same     {name}")
            case "written":
                click.echo(f"written  {name}")
            case "new":
                click.echo(f"new      {name}: no plan is written beside it; look at it with")
                click.echo(f"         `hookline plan {each.sample}`, then add --write")
            case _:
                click.echo(f"differs  {name}")
                for line in each.differences():
                    colour = {"+": "green", "-": "red"}.get(line[:1])
                    click.echo("         " + click.style(line, fg=colour))

    def _summary(self) -> str:
        told = {"same": "as expected", "written": "written", "differs": "otherwise"}
        told["new"] = "without an expectation"
        parts = [f"{self.count(each)} {word}" for each, word in told.items() if self.count(each)]
        return f"{len(self.rows)} samples: {', '.join(parts) or 'none'}"


def _lines(state: str, each: Compared) -> list[str]:
    return list(each.differences()) if state == "differs" else []


def _left_over(listed: list[Path]) -> list[str]:
    """Return a fault for each plan whose sample is gone."""
    plans = {path for each in {s.parent for s in listed} for path in each.glob("*.plan.json")}
    gone = sorted(plans - {expectations.expectation(each) for each in listed})
    return [
        f"{path}: there is no {path.name.removesuffix(expectations.SUFFIX)}{samples.SUFFIX} beside "
        "it; add one, or remove the plan"
        for path in gone
        if not path.with_name(path.name.removesuffix(expectations.SUFFIX) + samples.SUFFIX).exists()
    ]
