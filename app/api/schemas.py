"""The schema of an answer, made of the dataclass that it shows: the two cannot drift apart."""

import dataclasses
import types
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from marshmallow import Schema, fields

PLAIN: Mapping[Any, Callable[..., fields.Field[Any]]] = {
    str: fields.String,
    int: fields.Integer,
    float: fields.Float,
    bool: fields.Boolean,
    datetime: fields.AwareDateTime,
    object: fields.Raw,
}


@cache
def schema_of(kind: type) -> type[Schema]:
    """Return the schema that dumps the dataclass `kind`."""
    if not dataclasses.is_dataclass(kind):
        raise TypeError(f"{kind.__name__} is no dataclass")
    hints = get_type_hints(kind)
    made: dict[str, Any] = {
        each.name: _field(hints[each.name]) for each in dataclasses.fields(kind)
    }
    made["__doc__"] = kind.__doc__
    return type(kind.__name__, (Schema,), made)


def _field(hint: Any, *, optional: bool = False) -> fields.Field[Any]:
    options: dict[str, Any] = {"required": True, "allow_none": optional or hint is object}
    if hint in PLAIN:
        return PLAIN[hint](**options)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        (kind,) = (each for each in arguments if each is not type(None))
        return _field(kind, optional=True)
    if origin in (tuple, list, Sequence):
        return fields.List(_field(arguments[0]), **options)
    if origin in (dict, Mapping):
        return fields.Dict(keys=fields.String(), values=_field(arguments[1]), **options)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return fields.Enum(hint, by_value=True, **options)
    return fields.Nested(schema_of(hint), **options)
