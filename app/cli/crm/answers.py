"""The CRM's answers as tables for a person."""

import json
from collections.abc import Iterable, Mapping, Sequence

import click

from app.cli.tables import show

NESTED = ("properties", "propertiesWithHistory", "associations")


def told(body: object, *, columns: Sequence[str] = ()) -> None:
    """Print an answer: a table of its results, or all about its one record."""
    if isinstance(body, dict) and isinstance(body.get("results"), list):
        _listed([each for each in body["results"] if isinstance(each, dict)], columns)
    elif isinstance(body, dict):
        _alone(body)
    else:
        click.echo(_cell(body))


def _listed(results: Sequence[Mapping[str, object]], columns: Sequence[str]) -> None:
    if not results:
        click.echo("none")
        return
    flat = [_flat(each) for each in results]
    seen = list(dict.fromkeys(name for each in flat for name in each))
    chosen = list(dict.fromkeys(("id", *columns))) if columns else seen
    chosen = [name for name in chosen if name in seen]
    rows = [[_cell(each.get(name)) for name in chosen] for each in flat]
    show(chosen, rows, whole=chosen[0] if chosen else "")


def _flat(item: Mapping[str, object]) -> dict[str, object]:
    """Return what an item says in one row: its properties among the rest."""
    if "properties" not in item or not isinstance(item["properties"], dict):
        return dict(item)
    rest = {name: item[name] for name in ("new", "archived") if item.get(name) is True}
    return {"id": item.get("id"), **item["properties"], **rest}


def _alone(body: Mapping[str, object]) -> None:
    properties = body.get("properties")
    held = properties if isinstance(properties, dict) else {}
    plain = {name: value for name, value in body.items() if name not in NESTED}
    show(("name", "value"), _rows({**plain, **held}), whole="name")
    history = body.get("propertiesWithHistory")
    if isinstance(history, dict):
        click.echo()
        show(("property", "since", "value", "by"), _versions(history), whole="since")
    linked = body.get("associations")
    if isinstance(linked, dict):
        click.echo()
        show(("associated", "id", "types"), _links(linked), whole="id")


def _rows(values: Mapping[str, object]) -> Iterable[tuple[str, str]]:
    for name, value in values.items():
        yield name, _cell(value)


def _versions(history: Mapping[str, object]) -> Iterable[tuple[str, str, str, str]]:
    for name, versions in history.items():
        for each in versions if isinstance(versions, list) else []:
            yield (
                name,
                _cell(each.get("timestamp")),
                _cell(each.get("value")),
                _cell(each.get("sourceType")),
            )


def _links(linked: Mapping[str, object]) -> Iterable[tuple[str, str, str]]:
    for name, page in linked.items():
        types: dict[str, list[str]] = {}
        for each in page.get("results", []) if isinstance(page, dict) else []:
            types.setdefault(str(each.get("id")), []).append(str(each.get("type")))
        for id, listed in types.items():
            yield name, id, ", ".join(listed)


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case str() | int() | float():
            return str(value)
        case _:
            return json.dumps(value, ensure_ascii=False)
