"""A person is told once when something begins to need one, and once when it is over."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.receivers import mailbox, webhooks
from tests.workers.store import parts
from workers.errors import SettingsError
from workers.notices import look_around
from workers.notices.conditions import Condition, Reading, conditions
from workers.notices.watch import Notice, Turned, Watched, step
from workers.outcomes import EventState
from workers.settings import Notices, Portal, Settings, Smtp, Target, load
from workers.store import Store

START = datetime(2026, 9, 21, 14, 0, tzinfo=UTC)
PORTAL = parts.PORTAL
LIMITS = Notices(targets=())
UNAUTHORIZED = "POST /crm/v3/objects/contacts/batch/upsert: 401 the token was revoked"
THROTTLED = "POST /crm/v3/objects/contacts/batch/upsert: 429 You have reached your ten_secondly"


# What needs a person


def named(reading: Reading, limits: Notices = LIMITS) -> dict[str, str]:
    return {each.name: each.summary for each in conditions(reading, limits)}


def test_a_portal_that_stands_well_needs_nobody() -> None:
    assert named(Reading(portal=PORTAL, oldest_age_s=12.0)) == {}


@pytest.mark.parametrize(
    ("reading", "said"),
    [
        (Reading(portal="p", dead=1), {"dead": "has 1 dead letter"}),
        (Reading(portal="p", dead=1_200), {"dead": "has 1,200 dead letters"}),
        (
            Reading(portal="p", unknown=2),
            {"unknown": "has 2 events whose effect nobody knows"},
        ),
        (Reading(portal="p", oldest_age_s=400), {"backlog": "has events that wait for 6 min"}),
        (Reading(portal="p", oldest_age_s=90_000), {"backlog": "has events that wait for 1 d 1 h"}),
        (
            Reading(portal="p", pause=UNAUTHORIZED),
            {"disconnected": "refuses our token (401); its events wait"},
        ),
        (Reading(portal="p", pause=THROTTLED), {"throttled": "is throttled; its events wait"}),
        (
            Reading(portal="p", pause="POST /x: could not connect (refused)"),
            {"unreachable": "cannot be reached; its events wait"},
        ),
        (Reading(portal="p", pause="an operator said so"), {}),
    ],
)
def test_what_needs_a_person_is_said(reading: Reading, said: dict[str, str]) -> None:
    assert named(reading) == said


def test_a_limit_itself_is_within_the_limit() -> None:
    limits = replace(LIMITS, dead=3, unknown=3, backlog_age_s=60)
    assert named(Reading(portal="p", dead=3, unknown=3, oldest_age_s=60), limits) == {}
    assert len(named(Reading(portal="p", dead=4, unknown=4, oldest_age_s=61), limits)) == 3


# When it is told


def dead(value: float = 1, *, after_s: float = 0.0) -> Condition:
    return Condition(
        portal=PORTAL, name="dead", summary=f"has {value} dead", value=value, after_s=after_s
    )


def history(
    looks: Sequence[Sequence[Condition]], *, every_s: float = 10, quiet_s: float = 60
) -> list[list[Notice]]:
    """What is told at each look around."""
    watched: dict[str, Watched] = {}
    found = []
    for number, holding in enumerate(looks):
        now = START + timedelta(seconds=number * every_s)
        watched, told = step(watched, holding, quiet_s=quiet_s, now=now)
        found.append(told)
    return found


def turns(looks: Sequence[Sequence[Condition]], **more: float) -> list[str]:
    told = history(looks, **more)
    return [f"{n}: {each.turned}" for n, notices in enumerate(told) for each in notices]


def test_a_condition_is_told_once_however_long_it_holds() -> None:
    assert turns([[dead(n)] for n in range(1, 100)]) == ["0: began"]


def test_its_end_is_told_when_it_was_quiet_for_long_enough() -> None:
    told = history([[dead()], *[[]] * 10])
    assert [len(each) for each in told] == [1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]
    assert told[6][0].turned is Turned.ENDED
    assert told[6][0].at == START


def test_what_comes_and_goes_is_one_condition() -> None:
    looks = [[dead()] if n % 4 == 0 else [] for n in range(40)]
    assert turns([*looks, *[[]] * 10]) == ["0: began", "42: ended"]


def test_what_comes_back_after_its_end_is_told_anew() -> None:
    assert turns([[dead()], *[[]] * 7, [dead()]]) == ["0: began", "6: ended", "8: began"]


def test_what_may_last_for_a_while_is_told_when_it_lasts() -> None:
    throttled = dead(after_s=30)
    assert turns([[throttled]] * 10) == ["3: began"]
    assert turns([[throttled], *[[]] * 10]) == []  # too short to be told, so its end is not either


def test_of_a_time_when_nobody_looked_it_is_not_known_that_it_held() -> None:
    assert turns([[dead(after_s=3_600)]] * 3, every_s=1_800) == []


@given(st.lists(st.booleans(), max_size=60), st.integers(min_value=1, max_value=100))
def test_begins_and_ends_take_turns_whatever_happens(holds: list[bool], quiet_s: int) -> None:
    looks = [[dead()] if each else [] for each in [*holds, *[False] * 11]]
    told = [each.turned for notices in history(looks, quiet_s=quiet_s) for each in notices]
    assert told == [Turned.BEGAN, Turned.ENDED] * (len(told) // 2)
    assert bool(told) is any(holds)


# To whom


@pytest.fixture
def store(redis_url: str) -> Iterator[Store]:
    found = parts.opened(redis_url)
    yield found
    found.close()


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Watchman:
    """Looks around, as often as a test says."""

    store: Store
    settings: Settings
    clock: Clock = field(default_factory=Clock)

    def look(self, *, later_s: float = 0.0) -> list[Notice]:
        self.clock.now += timedelta(seconds=later_s)
        self.store.redis.delete(
            "hl:notices:round"
        )  # the next look is not due yet, for a real clock
        return look_around(self.store, self.settings, clock=self.clock)


def watchman(store: Store, *targets: Target, smtp: Smtp | None = None) -> Watchman:
    return Watchman(
        store=store,
        settings=Settings(
            store_url="",
            broker_url="",
            portals={PORTAL: Portal(name=PORTAL, base_url="http://127.0.0.1:9", token="t")},
            endpoints={},
            external_url="https://hooks.example.com",
            notices=Notices(targets=targets, smtp=smtp),
        ),
    )


def bury(store: Store, *numbers: int) -> None:
    """Let events end as dead letters."""
    parts.accept(store, numbers)
    fence = store.lease(PORTAL, owner="w", lease_s=60)
    parts.settle(store, parts.take(store), fence=fence, state=EventState.DEAD, reason="x")


def raise_them(store: Store) -> None:
    """Let no dead letter be left."""
    store.redis.delete(f"hl:{{{PORTAL}}}:dead")


def test_slack_is_told_once_and_again_when_it_is_over(store: Store) -> None:
    with webhooks() as inbox:
        man = watchman(store, Target(url=inbox.url))
        man.look()
        bury(store, 1, 2)
        for _ in range(3):
            man.look(later_s=10)
        assert [each["text"] for each in inbox.posts] == [
            "*Hookline*\n🔴 acme has 2 dead letters\nhttps://hooks.example.com"
        ]
        raise_them(store)
        man.look(later_s=10)
        assert len(inbox.posts) == 1
        man.look(later_s=300)
        assert inbox.posts[1]["text"].startswith("*Hookline*\n🟢 acme: over since ")
        man.look(later_s=300)
        assert len(inbox.posts) == 2


def test_a_revoked_token_is_told_at_once_and_a_limit_only_when_it_lasts(store: Store) -> None:
    with webhooks() as inbox:
        man = watchman(store, Target(url=inbox.url, format="json"))
        until = man.clock() + timedelta(hours=1)
        store.pause(PORTAL, until=until, reason=UNAUTHORIZED)
        man.look()
        (post,) = inbox.posts
        (notice,) = post["notices"]
        assert (notice["condition"], notice["turned"]) == ("disconnected", "began")
        assert notice["summary"] == "acme refuses our token (401); its events wait"
        store.resume(PORTAL)
        store.pause(PORTAL, until=until, reason=THROTTLED)
        for _ in range(5):
            man.look(later_s=50)
        assert len(inbox.posts) == 1
        for _ in range(3):
            man.look(later_s=50)
        told = [n for post in inbox.posts[1:] for n in post["notices"]]
        assert {(n["condition"], n["turned"]) for n in told} == {
            ("throttled", "began"),
            ("disconnected", "ended"),
        }


def test_what_a_person_stopped_is_no_trouble(store: Store) -> None:
    man = watchman(store, Target(url="http://127.0.0.1:1"))
    store.stop(PORTAL, by="zoe", reason="it could not connect", now=man.clock())
    looks = [man.look(), *(man.look(later_s=50) for _ in range(12))]
    assert not any(looks)


@pytest.mark.parametrize("rude", [False, True])
def test_a_mail_says_what_it_is_about_in_its_subject(store: Store, *, rude: bool) -> None:
    with mailbox() as inbox:
        inbox.rude = rude
        smtp = Smtp(host="127.0.0.1", port=inbox.port, sender="hook@acme.example", security="none")
        man = watchman(store, Target(mail="oncall@acme.example"), smtp=smtp)
        bury(store, 1)
        man.look()
        man.look(later_s=10)
        (mail,) = inbox.mails
        assert mail["Subject"] == "Hookline: acme has 1 dead letter"
        assert (mail["From"], mail["To"]) == ("hook@acme.example", "oncall@acme.example")
        assert mail["Auto-Submitted"] == "auto-generated"
        assert "acme has 1 dead letter (since 2" in mail.get_content()
        raise_them(store)
        man.look(later_s=400)
        assert "over since" in inbox.mails[1]["Subject"]


def test_a_target_that_fails_is_told_later_and_the_others_are_told_now(store: Store) -> None:
    with webhooks() as good, webhooks() as bad, mailbox() as worse:
        bad.status, worse.status = 500, 550
        smtp = Smtp(host="127.0.0.1", port=worse.port, sender="h@acme.example", security="none")
        targets = [Target(url=bad.url), Target(mail="x@acme.example"), Target(url=good.url)]
        man = watchman(store, *targets, smtp=smtp)
        bury(store, 1)
        man.look()
        assert (len(good.posts), len(bad.posts), len(worse.mails)) == (1, 0, 0)
        bad.status = worse.status = 200
        man.look(later_s=5)
        assert (len(bad.posts), len(worse.mails)) == (0, 0)  # not due yet
        man.look(later_s=5)
        assert (len(good.posts), len(bad.posts), len(worse.mails)) == (1, 1, 1)
        man.look(later_s=1_000)
        assert (len(good.posts), len(bad.posts), len(worse.mails)) == (1, 1, 1)


def test_a_mail_is_not_sent_in_the_clear_where_it_should_not_be(store: Store) -> None:
    with mailbox() as inbox:
        smtp = Smtp(host="127.0.0.1", port=inbox.port, sender="h@acme.example")
        man = watchman(store, Target(mail="x@acme.example"), smtp=smtp)
        bury(store, 1)
        man.look()
        assert not inbox.mails


def test_what_was_not_brought_names_no_secret(
    store: Store, capfd: pytest.CaptureFixture[str]
) -> None:
    with webhooks() as inbox:
        inbox.status = 404
        man = watchman(store, Target(url=inbox.url))
        bury(store, 1)
        man.look()
        said = "".join(capfd.readouterr())
        assert "127.0.0.1: answered 404" in said
        assert "secret-of-slack" not in said + repr(man.settings)


def test_one_process_looks_around_at_a_time(redis_url: str, store: Store) -> None:
    with webhooks() as inbox:
        others = [watchman(parts.opened(redis_url), Target(url=inbox.url)) for _ in range(4)]
        bury(store, 1)
        together = threading.Barrier(len(others))

        def look(man: Watchman) -> None:
            together.wait()
            look_around(man.store, man.settings, clock=man.clock)

        threads = [Thread(target=look, args=(man,)) for man in others]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for man in others:
            man.store.close()
        assert len(inbox.posts) == 1


def test_without_anybody_to_tell_nothing_is_looked_at(store: Store) -> None:
    man = watchman(store)
    man.settings = replace(man.settings, notices=None)
    bury(store, 1)
    assert man.look() == []
    assert not store.redis.exists("hl:notices")


# In the configuration

FILE = """\
portals: {acme: {token: t}}
endpoints: {shop: {source: github, portal: acme, secret: s}}
notices:
"""


def loaded(folder: Path, text: str, **environ: str) -> Settings:
    path = folder / "hookline.yaml"
    path.write_text(FILE + text, "utf-8")
    return load({"HOOKLINE_CONFIG": str(path), **environ})


def test_whom_to_tell_is_configured(tmp_path: Path) -> None:
    settings = loaded(
        tmp_path,
        """\
  to:
    - url: ${SLACK}
    - {url: "https://ops.example/hook", format: json}
    - mail: oncall@acme.example
  smtp: {host: mail.example, sender: h@acme.example, user: u, password: p}
  dead: 10
""",
        SLACK="https://hooks.slack.example/x",
    )
    assert settings.notices == Notices(
        targets=(
            Target(url="https://hooks.slack.example/x"),
            Target(url="https://ops.example/hook", format="json"),
            Target(mail="oncall@acme.example"),
        ),
        smtp=Smtp(host="mail.example", port=587, sender="h@acme.example", user="u", password="p"),
        dead=10,
    )


def test_every_fault_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        loaded(
            tmp_path,
            """\
  to:
    - mail: nobody
    - {format: loud}
    - {url: "ftp://x"}
  dead: many
""",
        )
    told = [fault.partition("hookline.yaml:")[2] for fault in caught.value.faults]
    assert told == [
        "3: notices.smtp: is missing; mail needs a server: write `smtp: {host: …, sender: …}`",
        "5: notices.to.mail: is no address; write it like name@example.com",
        "6: notices.to: names neither or both; write `to:` and below it lines like `- url: …` or "
        "`- mail: …`",
        "6: notices.to.format: 'loud' is not known; known are: json, slack",
        "7: notices.to.url: ftp://… is not a URL of https or http; write it like https://HOST:PORT",
        "8: notices.dead: 'many' is not a whole number; write it like 0",
    ]
