"""Whose samples lie in a folder: the source, with its mapping, that a folder's name means."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from app.cli import samples
from workers import documents
from workers.errors import Faults
from workers.settings import Endpoint, Settings
from workers.sources import Source, load, load_for

YAML = (".yaml", ".yml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """What the samples of a folder are translated with."""

    source: Source
    endpoint: str


def home(folder: Path, configured: Settings) -> Home:
    """Return what the samples of `folder` are for. Raises Faults.

    A folder is called like the file beside it (or in it), a source or a mapping that says
    `source:`; else like an endpoint of the configuration; else like a source.
    """
    folder = folder.absolute()
    name = folder.name
    search = (*configured.sources_dirs, folder.parent)
    for beside in (*_files(folder.parent, name), *_files(folder, name)):
        return Home(source=_read(beside, configured, search=search), endpoint=name)
    if name in configured.endpoints:
        return Home(source=load_for(configured.endpoints[name], search=search), endpoint=name)
    return Home(source=load(name, search=search), endpoint=name)


def folders(configured: Settings) -> list[Path]:
    """Return the folders of samples that the configuration leads to."""
    mappings = (e.mapping for e in configured.endpoints.values() if e.mapping is not None)
    return list(dict.fromkeys([*configured.sources_dirs, *(each.parent for each in mappings)]))


def place(endpoint: Endpoint, configured: Settings) -> Path:
    """Return the folder where samples of an endpoint belong, which need not be there yet."""
    if endpoint.mapping is not None:
        return endpoint.mapping.with_suffix("")
    if endpoint.source.endswith(YAML):
        return Path(endpoint.source).with_suffix("")
    for each in configured.sources_dirs:
        if any(_files(each, endpoint.source)):
            return each / endpoint.source
    return next(iter(configured.sources_dirs), Path("samples")) / endpoint.name


def found(paths: Iterable[Path]) -> list[Path]:
    """Return the samples in folders and below, and those that are named. Raises Faults."""
    listed: dict[Path, None] = {}
    faults: list[str] = []
    for path in paths:
        if path.is_dir():
            listed.update(dict.fromkeys(sorted(path.rglob(f"*{samples.SUFFIX}"))))
        elif path.name.endswith(samples.SUFFIX) and path.is_file():
            listed[path] = None
        else:
            faults.append(f"{path}: is neither a folder nor a *{samples.SUFFIX}; check the path")
    if faults:
        raise Faults(faults)
    return list(listed)


def _files(folder: Path, name: str) -> Iterator[Path]:
    for suffix in YAML:
        path = folder / f"{name}{suffix}"
        if path.is_file():
            yield path


def _read(file: Path, configured: Settings, *, search: tuple[Path, ...]) -> Source:
    """Return the source in a file; for a mapping, its source with it."""
    items = documents.read(file).items
    if "event" in items or "verify" in items:
        return load(str(file), search=search)
    for endpoint in configured.endpoints.values():
        if endpoint.mapping is not None and endpoint.mapping.resolve() == file.resolve():
            return load_for(endpoint, search=search)
    stated = items.get("source")
    if stated is None:
        what = "does not say whose mapping it is, and no endpoint has it; add `source: NAME`"
        raise Faults([f"{file}: {what}"])
    return load(stated.text, mapping=file, search=search)
