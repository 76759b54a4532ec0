"""The default association of each pair of standard objects: HubSpot's published type ids."""

from functools import cache
from importlib import resources

import orjson

from workers.objects import TYPE_IDS


@cache
def _table() -> dict[str, dict[str, int]]:
    """Type ids by from-type and to-type; facts of HubSpot's association tables (March 2026)."""
    text = resources.files("workers").joinpath("default_links.json").read_bytes()
    table: dict[str, dict[str, int]] = orjson.loads(text)
    return table


def default_link(from_type: str, to_type: str) -> int | None:
    """Return the type id of the unlabelled association, None if it is not published.

    Custom objects have ids of their own in each portal: those are asked for.
    """
    from_id = TYPE_IDS.get(from_type, from_type)
    to_id = TYPE_IDS.get(to_type, to_type)
    return _table().get(from_id, {}).get(to_id)
