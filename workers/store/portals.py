"""What is remembered of a portal itself: whose account it is, and whether a person stopped it.

hl:{portal}:account   string: JSON, what the CRM said of the account; never expires
hl:{portal}:survey    string: JSON, what the last look at it saw; never expires
hl:{portal}:looking   string: a look was asked for; expires, so that a lost one can be asked again
hl:{portal}:stop      string: JSON, who stopped the writing, when and why; until it is taken back
"""

from dataclasses import dataclass
from datetime import datetime

import orjson

from workers.stamps import microseconds, moment
from workers.store.connection import Connection, our_errors
from workers.store.keys import portal_key

LOOKING_S = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The account behind a portal, as it was when it was looked at."""

    id: str
    type: str
    time_zone: str
    currency: str
    ui_domain: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A person's word that nothing is to be written."""

    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What a look at a portal saw."""

    at: datetime
    account: Account | None
    daily_limit: int | None
    daily_used: int | None
    refused: str  # why nothing could be asked
    unasked: tuple[str, ...]  # what could not be asked, and why: scopes that are missing
    faults: tuple[str, ...]  # what the mappings ask and the portal will refuse
    warnings: tuple[str, ...]
    present: tuple[str, ...]  # "contacts.email": properties that the mappings need
    missing: tuple[str, ...]


class Portals(Connection):
    """The portals."""

    def begin_look(self, portal: str) -> bool:
        """Return True if no look at the portal is on its way already."""
        with our_errors():
            return bool(self.redis.set(portal_key(portal, "looking"), "1", nx=True, ex=LOOKING_S))

    def looking(self, portal: str) -> bool:
        """Return True while a look is on its way."""
        with our_errors():
            return bool(self.redis.exists(portal_key(portal, "looking")))

    def keep_survey(self, portal: str, survey: Survey) -> None:
        """Remember what a look saw; whose account it is stays known if this look was not told."""
        if survey.account is not None:
            self.keep_account(portal, survey.account)
        row = [
            microseconds(survey.at),
            survey.daily_limit,
            survey.daily_used,
            survey.refused,
            survey.unasked,
            survey.faults,
            survey.warnings,
            survey.present,
            survey.missing,
        ]
        with our_errors():
            self.redis.set(portal_key(portal, "survey"), orjson.dumps(row))
            self.redis.delete(portal_key(portal, "looking"))

    def survey(self, portal: str) -> Survey | None:
        """Return what the last look saw, None if nobody looked yet."""
        with our_errors():
            kept = self.redis.get(portal_key(portal, "survey"))
        if kept is None:
            return None
        at_us, daily_limit, daily_used, refused, *lines = orjson.loads(kept)
        unasked, faults, warnings, present, missing = map(tuple, lines)
        return Survey(
            at=moment(at_us),
            account=self.account(portal),
            daily_limit=daily_limit,
            daily_used=daily_used,
            refused=refused,
            unasked=unasked,
            faults=faults,
            warnings=warnings,
            present=present,
            missing=missing,
        )

    def keep_account(self, portal: str, account: Account) -> None:
        """Remember whose account it is."""
        row = [
            account.id,
            account.type,
            account.time_zone,
            account.currency,
            account.ui_domain,
            microseconds(account.at),
        ]
        with our_errors():
            self.redis.set(portal_key(portal, "account"), orjson.dumps(row))

    def account(self, portal: str) -> Account | None:
        """Return whose account it is, None if nobody looked yet."""
        with our_errors():
            kept = self.redis.get(portal_key(portal, "account"))
        if kept is None:
            return None
        id, type_, time_zone, currency, ui_domain, at_us = orjson.loads(kept)
        return Account(
            id=id,
            type=type_,
            time_zone=time_zone,
            currency=currency,
            ui_domain=ui_domain,
            at=moment(at_us),
        )

    def stop(self, portal: str, *, by: str, reason: str, now: datetime) -> None:
        """Let nothing be written to the portal until `go`; the turn under way is ended first."""
        with our_errors():
            row = orjson.dumps([by, reason, microseconds(now)])
            self.redis.set(portal_key(portal, "stop"), row)

    def go(self, portal: str) -> bool:
        """Take a stop back; False if there was none."""
        with our_errors():
            return bool(self.redis.delete(portal_key(portal, "stop")))

    def stopped(self, portal: str) -> Stop | None:
        """Return who stopped the portal, None if nobody did."""
        with our_errors():
            kept = self.redis.get(portal_key(portal, "stop"))
        if kept is None:
            return None
        by, reason, at_us = orjson.loads(kept)
        return Stop(by=by, reason=reason, at=moment(at_us))
