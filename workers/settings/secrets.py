"""Reads the keys by which secrets, and bodies if asked for, are sealed in the store."""

from collections.abc import Mapping
from pathlib import Path

from workers.sealing import keys_of
from workers.settings.fields import Fields
from workers.settings.model import Portal
from workers.settings.variables import Unset, file_of, filled

VARIABLE = "HOOKLINE_SECRET_KEY"
GIVE = f"set {VARIABLE}, or write `secret_key: ${{{VARIABLE}}}`"


def secret_keys(top: Fields) -> tuple[bytes, ...]:
    """Return the keys, the newest first: of the setting, else of the environment.

    One text may hold several, with commas, spaces or new lines between them.
    """
    node = top.get("secret_key")
    if node is None:
        try:
            texts = [filled(f"${{{VARIABLE}:-}}", top.notes.environ)]
        except Unset as error:
            top.fault(top.node, "secret_key", str(error))
            return ()
    else:
        texts = top.texts("secret_key")
    keys, faults = keys_of(" ".join(texts))
    for fault in faults:
        top.fault(node or top.node, "secret_key", fault)
    return keys


def secret_key_files(top: Fields) -> tuple[Path, ...]:
    """Return the files that hold the keys, none if a key is not in one."""
    node = top.get("secret_key")
    texts = [f"${{{VARIABLE}}}"]
    if node is not None:
        texts = [each.text for each in node.elements or (node,)]
    files = [file_of(text, top.notes.environ) for text in texts]
    found = tuple(file for file in files if file is not None)
    return found if len(found) == len(files) else ()


def needs_keys(
    top: Fields, keys: tuple[bytes, ...], *, encrypted: bool, portals: Mapping[str, Portal]
) -> None:
    """Fault what is to be sealed where there is no key."""
    if keys:
        return
    if encrypted:
        node = top.node.items["encrypt_bodies"]
        top.fault(node, "encrypt_bodies", f"needs a key; {GIVE}")
    listed = top.node.items.get("portals")
    for name, portal in portals.items():
        if portal.oauth is not None and listed is not None:
            node = listed.items[name].items["oauth"]
            told = f"needs a key, by which what it is granted is sealed; {GIVE}"
            top.fault(node, f"portals.{name}.oauth", told)
