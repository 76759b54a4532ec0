"""The whole state as bytes: to go back to it, or to find it again after a restart."""

import pickle
import sqlite3
from pathlib import Path

from app.sandbox.crm import Crm

FIELDS = (
    *("types", "records", "unique", "merged", "blocked", "active", "labels", "groups"),
    *("pipelines", "_next_id", "clock_shift"),
)


def taken(crm: Crm) -> bytes:
    """Return the state."""
    with crm.lock:
        return pickle.dumps({name: getattr(crm, name) for name in FIELDS})


def put_back(crm: Crm, state: bytes) -> None:
    """Make the CRM what it was."""
    found = pickle.loads(state)  # noqa: S301 (our own bytes, never from a request)
    with crm.lock:
        for name in FIELDS:
            setattr(crm, name, found[name])
        crm.learned_labels()


class File:
    """A SQLite file that holds the state, written whole: small, and never half."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._open() as db:
            db.execute("CREATE TABLE IF NOT EXISTS state (id INTEGER PRIMARY KEY, data BLOB)")

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path)

    def load(self, crm: Crm) -> bool:
        """Return True, and put the state back, if the file holds one."""
        with self._open() as db:
            row = db.execute("SELECT data FROM state WHERE id = 1").fetchone()
        if row is None:
            return False
        put_back(crm, row[0])
        return True

    def save(self, crm: Crm) -> None:
        """Write the state."""
        state = taken(crm)
        with self._open() as db:
            db.execute("INSERT OR REPLACE INTO state (id, data) VALUES (1, ?)", (state,))
