"""What senders send: mixed, now and then twice, late, or of no use; the same for the same seed."""

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

from tests.soak.setting import ENDPOINTS, LATE_S, SCHEMES, SECRETS
from workers.signatures import Request, sign

CONTACTS = 2_000  # of each portal; every fifth event is about one of the first of them
HOT = 20
ARRAY = 4  # events in one delivery of `forms`, at most
KINDS = {
    "seen": 0.5,  # writes to the contact, and makes nothing
    "visited": 0.3,
    "bought": 0.13,
    "ping": 0.05,
    "nobody": 0.01,
    "refused": 0.01,
}
STATES = {"ping": "ignored", "nobody": "dead", "refused": "dead"}  # the others are done
SHARES = {"shop": 0.6, "forms": 0.25, "both": 0.15}
LATE = 0.1
TWICE = 0.05
FORGED = 0.01
FALSE = dict.fromkeys(SECRETS, "whsec_c29tZWJvZHkgZWxzZSdz")

Body = dict[str, object]


@dataclass(slots=True, kw_only=True)
class Delivery:
    """One request: the events in it, when it was due, and what became of it."""

    endpoint: str
    bodies: list[Body]
    kinds: list[str]
    due: float  # by the clock of the day, as everything here
    again: bool = False  # it is sent a second time
    forged: bool = False  # its signature is wrong
    tries: int = 0
    answered: float = 0.0
    status: int = 0
    text: bytes = field(default=b"", repr=False)

    @property
    def portals(self) -> tuple[str, ...]:
        """Where its events go."""
        return ENDPOINTS[self.endpoint]

    def headers(self) -> Mapping[str, str]:
        """Return what its sender puts into the header, signed anew."""
        secret = FALSE[self.endpoint] if self.forged else SECRETS[self.endpoint]
        request = Request.of(url=f"/hooks/{self.endpoint}", body=self.text)
        now = datetime.now(UTC)
        signed = sign(SCHEMES[self.endpoint], request, secret=secret, now=now, id="the same")
        return {"Content-Type": "application/json", **signed}


class Mix:
    """Deliveries, one after the other."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(f"deliveries {seed}")  # noqa: S311 (repeatable, not secret)
        self._number = count()

    def next(self, due: float) -> Delivery:
        """Return the next delivery, whose events happen when it is due, or a little before."""
        chance = self._chance
        endpoint = _one_of(SHARES, chance)
        events = chance.randint(1, ARRAY) if endpoint == "forms" else 1
        kinds = [_one_of(KINDS, chance) for _ in range(events)]
        late = chance.uniform(0, LATE_S) if chance.random() < LATE else 0.0
        bodies = [self._body(kind, due - late) for kind in kinds]
        whole = {"events": bodies} if endpoint == "forms" else bodies[0]
        return Delivery(
            endpoint=endpoint,
            bodies=bodies,
            kinds=kinds,
            due=due,
            forged=chance.random() < FORGED,
            text=json.dumps(whole).encode(),
        )

    def again_after_s(self) -> float | None:
        """Return after how long the same delivery is sent once more; None: it is not."""
        if self._chance.random() >= TWICE:
            return None
        return self._chance.uniform(0, LATE_S)

    def _body(self, kind: str, at: float) -> Body:
        chance = self._chance
        contact = chance.randrange(HOT if chance.random() < 0.2 else CONTACTS)
        body: Body = {
            "id": f"e{next(self._number)}",
            "type": {"nobody": "visited", "refused": "bought"}.get(kind, kind),
            "email": f"c{contact}@x.example",
            "at": round(at, 3),
        }
        if kind == "nobody":
            del body["email"]
        if kind == "refused":
            body["stage"] = "no such stage"
        return body


def _one_of(shares: Mapping[str, float], chance: random.Random) -> str:
    return chance.choices(list(shares), list(shares.values()))[0]
