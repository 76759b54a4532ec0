"""Rate limits by tier: a rolling ten seconds, the day, and searches by the second."""

import math
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from app.sandbox.errors import ApiError, correlation_id

WINDOW_S = 10.0
TIERS = {
    "free": (100, 250_000),
    "starter": (100, 250_000),
    "professional": (190, 625_000),
    "enterprise": (190, 1_000_000),
    "oauth": (110, 0),
    "unlimited": (0, 0),
}
SEARCHES_PER_S = 5
ASSOCIATIONS = {"free": 100, "starter": 100, "oauth": 110}


@dataclass(slots=True)
class Budget:
    """The requests of a rolling window."""

    limit: int
    window_s: float
    taken: "deque[float]" = field(default_factory=deque)

    def take(self, now_s: float) -> bool:
        """Return False if the window is full."""
        while self.taken and self.taken[0] <= now_s - self.window_s:
            self.taken.popleft()
        if self.limit and len(self.taken) >= self.limit:
            return False
        self.taken.append(now_s)
        return True


class Limits:
    """What is left of an account's quota. Callers hold the CRM's lock."""

    def __init__(self, tier: str) -> None:
        self.set(tier)

    def set(self, tier: str, *, burst: int | None = None, daily: int | None = None) -> None:
        """Begin anew with the limits of a tier, or with others."""
        self.tier = tier
        tier_burst, tier_daily = TIERS[tier]
        self.burst = Budget(tier_burst if burst is None else burst, WINDOW_S)
        associations = ASSOCIATIONS.get(tier, 150) if tier_burst else 0
        self.associations = Budget(associations if burst is None else burst, WINDOW_S)
        self.searches = Budget(SEARCHES_PER_S if tier_burst else 0, 1.0)
        self.daily = tier_daily if daily is None else daily
        self.day = ""
        self.today = 0
        self.refused = 0

    def take(
        self, path: str, *, now: datetime, retry_after: bool, association_headers: bool
    ) -> dict[str, str]:
        """Return the headers of a request that is within the limits. Raises the 429."""
        now_s = now.timestamp()
        if self.day != now.strftime("%Y-%m-%d"):
            self.day, self.today = now.strftime("%Y-%m-%d"), 0
        if self.daily and self.today >= self.daily:
            raise self._over("DAILY", "daily", None)
        search = path.endswith("/search")
        associations = "/associations/" in path and "/v3/objects/" not in path
        budget = self.searches if search else self.associations if associations else self.burst
        if not budget.take(now_s):
            wait = budget.taken[0] + budget.window_s - now_s
            told = max(1, math.ceil(wait)) if retry_after else None
            if search:
                raise self._over("SECONDLY", "secondly", told)
            raise self._over("TEN_SECONDLY_ROLLING", "ten_secondly_rolling", told)
        self.today += 1
        if search or (associations and not association_headers) or not budget.limit:
            return {}
        headers = {
            "X-HubSpot-RateLimit-Max": str(budget.limit),
            "X-HubSpot-RateLimit-Remaining": str(budget.limit - len(budget.taken)),
            "X-HubSpot-RateLimit-Interval-Milliseconds": str(int(WINDOW_S * 1000)),
        }
        if self.daily:
            headers["X-HubSpot-RateLimit-Daily"] = str(self.daily)
            headers["X-HubSpot-RateLimit-Daily-Remaining"] = str(self.daily - self.today)
        return headers

    def _over(self, policy: str, word: str, wait_s: int | None) -> ApiError:
        self.refused += 1
        return ApiError(
            429,
            f"You have reached your {word} limit.",
            category="RATE_LIMITS",
            headers={"Retry-After": str(wait_s)} if wait_s else {},
            errorType="RATE_LIMIT",
            policyName=policy,
            requestId=correlation_id(),
        )
