"""The account in a SQLite file: every write is in it before it is answered."""

import sqlite3
from pathlib import Path

from app.sandbox.crm import Crm
from app.sandbox.snapshots import packed, put_back, state, unpacked

_TABLES = """
CREATE TABLE IF NOT EXISTS record (type TEXT, id TEXT, data BLOB, PRIMARY KEY (type, id))
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, data BLOB) WITHOUT ROWID;
"""


class File:
    """A SQLite file that follows an account. Callers hold the CRM's lock."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, check_same_thread=False)
        # Outlives the death of the process, not a power cut: a sandbox need not wait for the disk.
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;" + _TABLES)
        self._saved: dict[str, bytes] = {}

    def load(self, crm: Crm) -> None:
        """Make the CRM what the file holds, if it holds anything."""
        kept = dict(self._db.execute("SELECT name, data FROM state"))
        if kept:
            rows = self._db.execute("SELECT data FROM record ORDER BY CAST(id AS INTEGER)")
            put_back(crm, kept, [unpacked(data) for (data,) in rows])
            crm.replaced = False
            crm.touched.clear()
            self._saved = kept

    def save(self, crm: Crm, *, records_only: bool) -> None:
        """Write what has changed, all of it or, after a crash, none."""
        whole = crm.replaced
        now = state(crm, ids_only=records_only and not whole)
        changed = {name: text for name, text in now.items() if self._saved.get(name) != text}
        if not (whole or crm.touched or changed):
            return
        keys = [*crm.touched]
        if whole:
            keys = [(type_id, each) for type_id, table in crm.records.items() for each in table]
        held = [(key, crm.records.get(key[0], {}).get(key[1])) for key in keys]
        with self._db:
            if whole:
                self._db.execute("DELETE FROM record")
            self._db.executemany(
                "INSERT OR REPLACE INTO record VALUES (?, ?, ?)",
                [(*key, packed(record)) for key, record in held if record is not None],
            )
            self._db.executemany(
                "DELETE FROM record WHERE type = ? AND id = ?",
                [key for key, record in held if record is None],
            )
            self._db.executemany("INSERT OR REPLACE INTO state VALUES (?, ?)", [*changed.items()])
        self._saved.update(changed)
        crm.touched.clear()
        crm.replaced = False

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()
