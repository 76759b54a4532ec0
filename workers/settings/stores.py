"""Where events are kept, over TLS or not, and on how many servers before the sender is told."""

from pathlib import Path

from workers.settings.addresses import SAFE, Address, with_options
from workers.settings.fields import Fields
from workers.settings.model import Sync
from workers.settings.parts import numbers

STORE = "redis://127.0.0.1:6399/0"
SINGLE = ("redis", "rediss", "unix")
DISK_S = 2.0  # in which a replica surely tells of its disk
SYNC_LIMITS = {"replicas": (0, 10), "timeout_s": (0.01, 5)}
FILES = {"ca": "ssl_ca_certs", "certificate": "ssl_certfile", "key": "ssl_keyfile"}


def store_url(top: Fields, given: str | None) -> str:
    """Return the URL of the store, with the files of `store_tls` among its options."""
    url = top.text("store", given or STORE) or STORE
    node = top.get("store") or top.node
    scheme = url.partition("://")[0]
    if "+" in scheme:
        try:
            Address.of(url)
        except ValueError as error:
            top.fault(node, "store", str(error))
            return STORE
    else:
        url = top.url("store", given or STORE, SINGLE) or STORE
    files = _files(top)
    if files and scheme not in SAFE:
        known = ", ".join(f"{each}://" for each in SAFE)
        told = f"goes with a store by TLS, and it is {scheme}://; write one of {known}"
        top.fault(top.node.items["store_tls"], "store_tls", told)
        return url
    return with_options(url, files) if files else url


def _files(top: Fields) -> dict[str, str]:
    """Return the options that name the files of `store_tls`, which must be there."""
    entry = top.inner("store_tls")
    if entry is None:
        return {}
    found: dict[str, str] = {}
    for name, option in FILES.items():
        path = entry.text(name)
        if path is None:
            continue
        found[option] = path
        if not Path(path).is_file():
            entry.fault(entry.node.items[name], name, f"{path} is no file; check the path")
    if "ssl_keyfile" in found and "ssl_certfile" not in found:
        entry.fault(entry.node.items["key"], "key", "goes with a certificate; write it as well")
    entry.close()
    return found


def broker_url(top: Fields, given: str | None, *, store: str) -> str:
    """Return the URL of Celery's broker: the store's, where it can be one."""
    url = top.text("broker", given) if top.get("broker") or given else None
    chosen = url or store
    scheme = chosen.partition("://")[0]
    node = top.get("broker") or top.get("store") or top.node
    if scheme.endswith("+sentinel"):
        try:
            Address.of(chosen)
        except ValueError as error:
            top.fault(node, "broker", str(error))
    elif scheme.endswith("+cluster"):
        told = (
            "Celery cannot use a cluster as its broker; write `broker:` with a redis://, "
            "redis+sentinel:// or amqp:// of its own: it needs to keep nothing"
        )
        top.fault(node, "broker", told)
    elif url is not None and ";" not in url:  # kombu's own way to write several
        return top.url("broker", given, ()) or store
    return chosen


def store_sync(top: Fields) -> Sync | None:
    """Return how many servers must have an event; None: the primary is enough."""
    entry = top.inner("store_sync")
    if entry is None:
        return None
    found = Sync(disk=entry.truth("disk", default=False), **numbers(entry, Sync, SYNC_LIMITS))
    entry.close()
    if found.disk and found.replicas and found.timeout_s < DISK_S:
        told = f"is too short: replicas tell of their disks once a second; write {DISK_S:g} or more"
        entry.fault(entry.node.items.get("timeout_s", entry.node), "timeout_s", told)
    if not found.replicas and not found.disk:
        entry.fault(
            entry.node, "replicas", "0 without disk waits for nothing; leave store_sync out"
        )
    return found
