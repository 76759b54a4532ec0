"""The ways from each form of the store to the next; `workers.store.versions` walks them.

2   Dead and unknown events stand in groups of like reasons; before, in none. Whether there may be
    intents is noted. (An open one was "", and is still read. The lists of a record's events begin
    with what is handled from now on.)
"""

from collections.abc import Iterator

from workers.store.browsing import Browsing
from workers.store.connection import our_errors
from workers.store.groups import ENDED, gist, group_id, group_key
from workers.store.intents import Intents
from workers.store.keys import portal_key
from workers.store.versions import Migration

BATCH = 500


class Carried(Browsing, Intents):
    """What a migration works with."""


def into_groups(store: Carried, portal: str) -> Iterator[int]:
    """Let every dead or unknown event join the group of its reason."""
    for state in ENDED:
        ended = portal_key(portal, state.value)
        cursor = 0
        while True:
            with our_errors():
                cursor, found = store.redis.zscan(ended, cursor, count=BATCH)
            members = [member.decode() for member, _ in found]
            groups = store.groups_of(portal, members)
            reasons = store.reasons(
                portal,
                [member for member, group in zip(members, groups, strict=True) if not group],
            )
            calls = [
                (
                    [
                        ended,
                        group_key(portal, state, group_id(reason)),
                        portal_key(portal, "groups"),
                        portal_key(portal, "kept", member),
                    ],
                    [member, group_id(reason), gist(reason)],
                )
                for member, reason in reasons.items()
            ]
            yield sum(store.scripts("regroup", calls))
            if not cursor:
                break


def to_2(store: Carried, portal: str) -> Iterator[int]:
    """Carry a portal over from the first form."""
    store.expect_intents(portal)
    yield from into_groups(store, portal)


MIGRATIONS = (Migration(to=2, least=1, carry=to_2),)
