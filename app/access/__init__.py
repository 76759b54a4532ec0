"""Who may do what here: log-in, sessions, API tokens, roles, and the trail of what was done."""

from app.access.guard import public, require, visible
from app.access.protection import protect
from app.access.trail import note
from app.access.who import Who, current, named
from workers.store.people import Role

__all__ = [
    "Role",
    "Who",
    "current",
    "named",
    "note",
    "protect",
    "public",
    "require",
    "visible",
]
