"""Finding source files by name or path, and what they make together with a mapping's file."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from workers import documents
from workers.errors import Faults as FaultsFound
from workers.errors import SourceError
from workers.expressions import nearest
from workers.settings import Endpoint, Written
from workers.sources.compiling import compiled
from workers.sources.model import Source

SHIPPED = Path(__file__).parent


def shipped() -> list[str]:
    """Return the names of the sources that come with Hookline."""
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def load(
    name_or_path: str | Path,
    *,
    mapping: Path | None = None,
    search: Sequence[Path] = (),
    portals: Sequence[str] = (),
    choice: Written | None = None,
) -> Source:
    """Return the source of that name, looked for in `search` and then among the shipped ones.

    What `mapping` says of `on`, `default`, `ignore` and `vars` takes the place of the file's own.
    `portals` are those of the endpoint it is read for, `choice` what chooses among them. Raises
    SourceError with every fault of both files, and of the choice.
    """
    path = _find(str(name_or_path), search)
    try:
        own = documents.read(path, name=_shown(path))
        other = documents.read(mapping, name=str(mapping)) if mapping is not None else None
    except FaultsFound as error:
        raise SourceError(error.faults) from error
    return compiled(own, other, portals=portals, choice=choice)


def load_text(endpoint: Endpoint, text: str, *, search: Sequence[Path] = ()) -> Source:
    """Return an endpoint's source as it would be if `text` were what its mapping's file says.

    The text may be a whole source file, with its own `verify` and `event`, or a mapping alone.
    Raises SourceError with every fault.
    """
    path = _find(endpoint.source, search)
    try:
        node = documents.parse(text, name=_shown(file_of(endpoint, search=search)))
        whole = isinstance(node.value, Mapping) and {"event", "verify"} & node.items.keys()
        own = node if whole else documents.read(path, name=_shown(path))
    except FaultsFound as error:
        raise SourceError(error.faults) from error
    other = None if whole else node
    return compiled(own, other, portals=endpoint.portals, choice=endpoint.choice)


def file_of(endpoint: Endpoint, *, search: Sequence[Path] = ()) -> Path:
    """Return the file that an endpoint's mapping is in. Raises SourceError if there is none."""
    return endpoint.mapping or _find(endpoint.source, search)


def load_for(
    endpoint: Endpoint, *, mapping: Path | None = None, search: Sequence[Path] = ()
) -> Source:
    """Return the source of an endpoint: with its mapping (or another one) and its portals."""
    return load(
        endpoint.source,
        mapping=mapping or endpoint.mapping,
        search=search,
        portals=endpoint.portals,
        choice=endpoint.choice,
    )


def _find(name: str, search: Sequence[Path]) -> Path:
    if name.endswith((".yaml", ".yml")) or "/" in name:
        return Path(name)
    for folder in (*search, SHIPPED):
        if (folder / f"{name}.yaml").is_file():
            return folder / f"{name}.yaml"
    names = {*shipped(), *(path.stem for folder in search for path in folder.glob("*.yaml"))}
    raise SourceError([f"{name}: there is no such source; {nearest(name, names)}"])


def _shown(path: Path) -> str:
    return f"sources/{path.name}" if path.parent == SHIPPED else str(path)
