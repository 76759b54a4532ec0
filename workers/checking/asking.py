"""Asks a portal for what mappings need; what it does not tell is said in a line."""

from collections.abc import Callable, Iterable
from typing import TypeAlias, TypeVar

from workers.checking.needs import Needs, Pair
from workers.checking.portal import Described, ObjectType
from workers.crm import described, replies
from workers.crm.calls import Api, Call
from workers.crm.replies import Label, Reply
from workers.errors import HooklineError, Refused

UNAUTHORIZED, FORBIDDEN = 401, 403
T = TypeVar("T")
Ask: TypeAlias = Callable[[Call], Reply]


class _Stopped(Exception):
    """Raised when there is no sense in asking on; says why."""


def describe(wanted: Needs, *, portal: str, api: Api, ask: Ask) -> Described:
    """Return what the portal says; `refused` and `unasked` tell what it did not."""
    asking = _Asking(api, ask)
    try:
        types = {name: asking.object_type(name, wanted) for name in sorted(wanted.types)}
        labels = {pair: asking.labels(pair) for pair in sorted(wanted.pairs)}
        absent = frozenset(asking.absent)
        custom = asking.custom() if absent else ()
    except _Stopped as error:
        return Described(portal=portal, refused=str(error))
    return Described(
        portal=portal,
        types={name: each for name, each in types.items() if each is not None},
        absent=absent,
        custom=custom,
        labels={pair: each for pair, each in labels.items() if each is not None},
        unasked=tuple(asking.unasked),
    )


class _Asking:
    def __init__(self, api: Api, ask: Ask) -> None:
        self.api = api
        self.ask = ask
        self.absent: set[str] = set()
        self.unasked: list[str] = []

    def object_type(self, name: str, wanted: Needs) -> ObjectType | None:
        """Return the type as the portal has it, None if it has none such or does not tell."""
        found = self._asked(
            self.api.properties(name), described.properties, f"properties of {name}"
        )
        if found is None:
            return None
        schema = self._asked(self.api.schema(name), described.schema, f"required ones of {name}")
        pipelines = None
        if name in wanted.pipelines:
            call = self.api.pipelines(name)
            pipelines = self._asked(call, described.pipelines, f"pipelines of {name}")
        return ObjectType(
            name=name,
            properties={each.name: each for each in found if not each.archived},
            required=None if schema is None else schema.required,
            pipelines=pipelines,
        )

    def labels(self, pair: Pair) -> tuple[Label, ...] | None:
        """Return the association types of a pair, none if it cannot be associated."""
        if self.absent & {*pair}:
            return None
        what = f"association types of {pair[0]} and {pair[1]}"
        none: tuple[Label, ...] = ()
        return self._asked(self.api.labels(*pair), replies.labels, what, otherwise=none)

    def custom(self) -> tuple[str, ...]:
        """Return the names of the portal's custom objects, for whoever misspelt one."""
        found = self._asked(self.api.schemas(), described.schemas, "custom objects")
        return tuple(each.full_name for each in found or ())

    def _asked(
        self, call: Call, read: Callable[[Reply], T], what: str, *, otherwise: T | None = None
    ) -> T | None:
        """Return what an answer says; `otherwise` if there is no such thing, None if untold."""
        try:
            return read(self.ask(call))
        except Refused as error:
            if error.status == UNAUTHORIZED:
                raise _Stopped(
                    "refuses the token (401); give it one that is valid, then check again"
                ) from error
            if error.status == FORBIDDEN:
                scopes = ", ".join(sorted(_scopes(error.body)))
                need = f"the scope {scopes}" if scopes else "another scope"
                self.unasked.append(
                    f"does not tell the {what} (403); they are not checked: the token needs {need}"
                )
            elif call.name == "properties":
                self.absent.add(call.object_type)
            elif otherwise is not None:
                return otherwise
            return None
        except HooklineError as error:
            raise _Stopped(f"cannot be asked ({error}); check `base_url`, or try again") from error


def _scopes(body: object) -> Iterable[str]:
    """Return the scopes that a refusal says are missing."""
    errors = body.get("errors") if isinstance(body, dict) else None
    for each in errors if isinstance(errors, list) else ():
        context = each.get("context") if isinstance(each, dict) else None
        listed = context.get("requiredGranularScopes") if isinstance(context, dict) else None
        yield from (str(scope) for scope in listed or ())
