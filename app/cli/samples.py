"""Sample events of each source: real deliveries, signed anew for an endpoint of ours."""

import json
import re
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from app.cli.moments import moved
from workers.errors import Faults, MappingError, Permanent
from workers.settings import Endpoint
from workers.settings.fields import nearest
from workers.signatures import Request, address, sign
from workers.sources import Source, arrivals

PROJECT = Path(__file__).parent.parent.parent
SUFFIX = ".sample.json"
FIRST = {"stripe": "invoice.paid", "github": "issues.opened", "shopify": "customers-create"}
FORMS = ({"headers", "body"}, {"headers", "raw"})
JSON = {"content-type": "application/json"}
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A delivery without its signature; `body` is JSON, or the text as it is.

    With `event`, what was kept of a delivery: one event, whose id, type and time were read already.
    """

    headers: Mapping[str, str]
    body: object
    event: Mapping[str, str] | None = None

    def content(self) -> bytes:
        """Return the body as it is sent."""
        if isinstance(self.body, str):
            return self.body.encode()
        return json.dumps(self.body, ensure_ascii=False).encode()

    def fresh(self, source: Source, *, now: datetime) -> "Sample":
        """Return the same as an event of its own that happens now, as far as that can be told.

        New are UUIDs in headers, and the `id` of a body that has one as text.
        """
        headers = {
            name: str(uuid.uuid4()) if _UUID.fullmatch(value) else value
            for name, value in self.headers.items()
        }
        body = self.body
        if isinstance(body, dict) and isinstance(body.get("id"), str):
            body = {**body, "id": f"{body['id']}_{uuid.uuid4().hex[:8]}"}
        if not isinstance(body, str):
            around = self._time(source, now)
            headers = {k: str(moved(v, around=around, to=now)) for k, v in headers.items()}
            body = moved(body, around=around, to=now)
        return replace(self, headers=headers, body=body)

    def _time(self, source: Source, now: datetime) -> datetime:
        """Return when the sample's event happened."""
        try:
            found = arrivals(
                source, endpoint="", headers=dict(self.headers), body=self.body, received=now
            )
        except MappingError:
            return now
        return found[0].time or now if found else now


def folder() -> Path:
    """Return where the samples lie: in the project, or where it was installed to."""
    path = PROJECT / "tests" / "sources"
    return path if path.is_dir() else Path(sys.prefix) / "share" / "hookline" / "samples"


def types(source: str) -> list[str]:
    """Return the names of the samples of a source."""
    return sorted(p.name.removesuffix(SUFFIX) for p in (folder() / source).glob(f"*{SUFFIX}"))


def sample(source: str, type: str | None = None) -> Sample:
    """Return a sample of a source; of a type, or the one to begin with."""
    known = types(source)
    if not known:
        raise Faults([f"{source}: no sample of this source is shipped; `hookline send FILE`"])
    wanted = (type or FIRST.get(source) or known[0]).replace("/", "-")
    if wanted not in known:
        raise Faults([f"{source}: there is no sample {wanted!r}; {nearest(wanted, known)}"])
    return read(folder() / source / f"{wanted}{SUFFIX}")


def read(path: Path) -> Sample:
    """Return the sample in a file: one of ours, or a payload alone. Raises Permanent."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Permanent(f"{path}: cannot be read ({error}); check the path") from error
    return parse(text, name=str(path))


def parse(text: str, *, name: str) -> Sample:
    """Return the sample in a text: one of ours, or a payload alone. Raises Permanent."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise Permanent(f"{name}: is not JSON ({error}); check the file") from error
    if isinstance(found, dict) and name.endswith(SUFFIX) and found.keys() & {"body", "raw"}:
        found = {"headers": JSON, **found}  # by its name a sample, though it says no headers
    if isinstance(found, dict) and found.keys() - {"event"} in FORMS:
        return Sample(
            headers=found["headers"],
            body=found.get("body", found.get("raw")),
            event=found.get("event"),
        )
    return Sample(headers=JSON, body=found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A request that a sender would make."""

    url: str
    headers: Mapping[str, str]
    body: bytes


def delivery(
    each: Sample, *, endpoint: Endpoint, source: Source, base_url: str, now: datetime
) -> Delivery:
    """Return the genuinely signed delivery of a sample to an endpoint. Raises Permanent."""
    if each.event is not None:
        raise Permanent(
            "the sample is an event that was kept, not a delivery, so it cannot be sent; look at "
            "it with `hookline plan`"
        )
    if not endpoint.secrets:
        raise Permanent(
            f"endpoint {endpoint.name}: has no secret, so nothing can be signed; set its variable"
        )
    secret = endpoint.secrets[0]
    request = Request.of(
        url=f"{base_url}/hooks/{endpoint.name}", headers=each.headers, body=each.content()
    )
    url = address(source.scheme, request, secret=secret)
    request = replace(request, url=url)
    signed = sign(source.scheme, request, secret=secret, now=now)
    return Delivery(url=url, headers={**each.headers, **signed}, body=request.body)
