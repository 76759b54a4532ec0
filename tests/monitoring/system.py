"""A whole system within the test: the sandbox, a store, the runtime of a process, an endpoint."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from app.sandbox.server import Server
from app.sandbox.web import Options
from workers import sources
from workers.runtime import Runtime
from workers.settings import Endpoint, Portal, Settings
from workers.store import Store
from workers.traces import traces

PORTAL = "acme"
TOKEN = {"X-Token": "s"}
MAPPING = """\
source: shop
verify: {scheme: token, header: X-Token}
event: {id: "{{ body.id }}", type: "{{ body.type }}"}
on:
  saved:
    - upsert: contact
      object: contacts
      key: {email: "{{ body.email }}"}
      set: {firstname: "{{ body.firstname }}"}
  broken:
    - upsert: contact
      object: contacts
      key: {email: "{{ body.email }}"}
      set: {firstname: "{{ body.firstname + 1 }}"}
"""


def body(number: int, *, type: str = "saved") -> dict[str, object]:
    """What the shop sends."""
    email = f"c{number}@x.example"
    return {"id": f"e{number}", "type": type, "email": email, "firstname": "A"}


@contextmanager
def system(
    redis_url: str, folder: Path, *, otlp_endpoint: str | None = None, **settings: object
) -> Iterator[Runtime]:
    """A portal in the sandbox, the endpoint `shop`, and what a process works with."""
    (folder / "shop.yaml").write_text(MAPPING, "utf-8")
    with Server(Options(tier="professional")) as sandbox:
        found = Settings(
            store_url=redis_url,
            broker_url="memory://",
            portals={PORTAL: Portal(name=PORTAL, base_url=sandbox.url, token="t")},
            endpoints={"shop": Endpoint(name="shop", source="shop", portal=PORTAL, secrets=("s",))},
            sources_dirs=(folder,),
            otlp_endpoint=otlp_endpoint,
        )
        found = replace(found, **settings)  # type: ignore[arg-type]
        store = Store.of(found)
        runtime = Runtime(
            settings=found,
            store=store,
            sources={"shop": sources.load("shop", search=(folder,))},
            celery=None,
            traces=traces(otlp_endpoint),
        )
        try:
            yield runtime
        finally:
            if runtime.traces is not None:
                runtime.traces.close()
            store.close()
