"""The door as it is served, for what only a server can show."""

from tests.app.conftest import door, door_store

__all__ = ["door", "door_store"]
