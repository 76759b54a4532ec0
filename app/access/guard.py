"""What stands before each view: who is this, and is the role enough?"""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import Response, abort

from app.access import refusals
from app.access.who import current
from workers.store.people import Role

P = ParamSpec("P")
T = TypeVar("T")
View = TypeVar("View", bound=Callable[..., object])


def public(view: View) -> View:
    """Let strangers see a view: what is not marked wants at least a log-in."""
    view.hookline_public = True  # type: ignore[attr-defined]
    return view


def require(role: Role | str) -> Callable[[Callable[P, T]], Callable[P, T | Response]]:
    """Let only those call a view who have `role`, by session or by token; else 401 or 403."""
    least = Role(role)

    def guarded(view: Callable[P, T]) -> Callable[P, T | Response]:
        @wraps(view)
        def guard(*args: P.args, **kwargs: P.kwargs) -> T | Response:
            refused = refusal(least)
            return view(*args, **kwargs) if refused is None else refused

        guard.hookline_role = least  # type: ignore[attr-defined]
        return guard

    return guarded


def refusal(least: Role) -> Response | None:
    """Return how whoever asks is sent elsewhere; None if he may. Aborts with 403 if he may not."""
    who = current()
    if who is None:
        return refusals.unknown()
    if who.must_change:
        return refusals.unchanged()
    if not who.role.covers(least):
        what = "This token" if who.is_token else who.name
        abort(403, f"{what} has the role {who.role.value}; this takes the role {least.value}.")
    return None


def visible(portals: Iterable[str]) -> list[str]:
    """Return those portals that whoever asks may know of."""
    who = current()
    return [portal for portal in portals if who is not None and who.sees(portal)]
