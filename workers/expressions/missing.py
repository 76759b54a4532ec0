"""Values that JSON has not: what is missing, and the wish to clear."""

import jinja2


class Missing(jinja2.Undefined):
    """Nothing: false, empty, equal to `none`, and neither more nor less than anything."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return other is None or isinstance(other, Missing)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(None)

    def _never(self, _: object) -> bool:
        return False

    __lt__ = __le__ = __gt__ = __ge__ = _never  # type: ignore[assignment]


MISSING = Missing()
NULL = Missing()  # the payload says null


class Clear(str):
    """The wish that a property be emptied."""

    __slots__ = ()


CLEAR = Clear()


class Headers(dict[str, str]):
    """Headers by name in any case; `x_github_event` is X-GitHub-Event."""

    def __missing__(self, name: str) -> object:
        plain = name.lower().replace("_", "-")
        return self.get(plain, MISSING)
