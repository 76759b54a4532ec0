"""Creates that the CRM would make twice: noted before they are sent, and what came of them.

hl:{portal}:intent:KEY   string: "@FENCE@MICROSECONDS" while its answer is open, then the record id
hl:{portal}:intended     string: there may be intents; outlives them. A portal that never had any,
                         since it keeps apart what has one key, is not asked for each create
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from workers.errors import LeaseLost
from workers.stamps import microseconds, moment
from workers.store.connection import Connection, our_errors
from workers.store.keys import portal_key
from workers.store.retention import Keep


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A create as far as we know: the record that it made, or since when its answer is open."""

    made: str = ""
    since: datetime | None = None

    def may_still_come(self, *, now: datetime, answer_s: float) -> bool:
        """Return True if the CRM may yet act on it: it was sent less than `answer_s` ago."""
        return self.since is not None and (now - self.since).total_seconds() < answer_s


class Intents(Connection):
    """The creates on their way."""

    keep: Keep

    def intents(self, portal: str, operation_keys: Sequence[str]) -> dict[str, Intent]:
        """Return the intents that are kept, by operation key."""
        if not operation_keys:
            return {}
        with our_errors():
            if not self.redis.exists(portal_key(portal, "intended")):
                return {}
            values = self.redis.mget([portal_key(portal, "intent", key) for key in operation_keys])
        return {
            key: _intent(value.decode())
            for key, value in zip(operation_keys, values, strict=True)
            if value is not None
        }

    def intend(self, portal: str, keys: Sequence[str], *, fence: int, now: datetime) -> None:
        """Note that these creates are about to be sent. Raises LeaseLost."""
        names = [portal_key(portal, "intent", key) for key in keys]
        value = f"@{fence}@{microseconds(now)}"
        done = self.script(
            "intend",
            keys=[portal_key(portal, "fence"), portal_key(portal, "intended"), *names],
            args=[fence, value, self.keep.dead_s],
            synced=True,
        )
        if not done:
            raise LeaseLost(f"portal {portal}: number {fence} is no longer the newest")

    def resolve_intents(self, portal: str, made: Mapping[str, str | None], *, fence: int) -> None:
        """Note what each create of the holder `fence` made; None for one that did not happen.

        It is a fact, so a holder whose lease ran out meanwhile may still tell it: but of its own
        creates alone.
        """
        if not made:
            return
        self.script(
            "resolve",
            keys=[portal_key(portal, "intent", key) for key in made],
            args=[f"@{fence}@", self.keep.dead_s, *(each or "" for each in made.values())],
        )

    def answer_intents(self, portal: str, made: Mapping[str, str | None]) -> None:
        """Take a person's word for what creates made; None for one that made nothing."""
        self.expect_intents(portal)
        with our_errors():
            for key, record_id in made.items():
                name = portal_key(portal, "intent", key)
                if record_id is None:
                    self.redis.delete(name)
                else:
                    self.redis.set(name, record_id, ex=self.keep.dead_s)

    def expect_intents(self, portal: str) -> None:
        """Have every create's intent looked for from now on: there may be some."""
        with our_errors():
            self.redis.set(portal_key(portal, "intended"), "1", ex=2 * self.keep.dead_s)


def _intent(value: str) -> Intent:
    if not value.startswith("@"):
        return Intent(made=value)
    return Intent(since=moment(int(value.rpartition("@")[2])))
