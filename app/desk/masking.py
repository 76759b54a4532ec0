"""What of a payload is not shown to everybody: the values of fields whose names give them away."""

import fnmatch
from collections.abc import Mapping, Sequence
from functools import lru_cache

HIDDEN = "•••"
USUAL = (
    *("*password*", "*secret*", "*token*", "*api_key*", "authorization", "cookie"),
    *("*card_number*", "cvc", "iban", "*account_number*", "ssn"),
)


def masked(value: object, names: Sequence[str]) -> object:
    """Return `value` with everything hidden that stands under a name like one of `names`.

    The names are patterns of whole words (`*token*`), in any case; what is empty stays so.
    """
    match value:
        case Mapping():
            return {
                key: _hidden(each)
                if _secret(str(key).lower(), tuple(names))
                else masked(each, names)
                for key, each in value.items()
            }
        case list() | tuple():
            return [masked(each, names) for each in value]
        case _:
            return value


def _hidden(value: object) -> object:
    match value:
        case None | "":
            return value
        case Mapping():
            return {key: _hidden(each) for key, each in value.items()}
        case list() | tuple():
            return [_hidden(each) for each in value]
        case _:
            return HIDDEN


@lru_cache(maxsize=10_000)
def _secret(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern.lower()) for pattern in patterns)
