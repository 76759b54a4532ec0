"""Wiring: one Runtime for each process, made of the environment."""

import gc
import os
import random
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from workers import measures
from workers import settings as configuration
from workers import sources as definitions
from workers.celery import application, ring, send_chore, send_look
from workers.chores import carry_on
from workers.credentials import credential_of
from workers.crm.calls import Api, Call
from workers.crm.client import Client
from workers.crm.replies import Reply
from workers.drain import Ended, Hold, drain
from workers.errors import Faults, Locked, Refused, Retryable, SourceError, StoreDown, Unfit
from workers.events import Event
from workers.forgetting import Recollection, Search
from workers.knowledge import Knowledge
from workers.logs import log
from workers.metering import Meter
from workers.notices import look_around
from workers.permit import Permit
from workers.pipeline import WIDE_WAIT_S
from workers.plan.jobs import Job
from workers.plan.requirements import creates
from workers.reasons import reason_of
from workers.results import UNAUTHORIZED_S
from workers.sending import Sender
from workers.settings import Settings
from workers.sources import Source
from workers.store import TIMEOUT_S, Store
from workers.store.chores import Chore
from workers.store.clock import StoreClock
from workers.survey import survey
from workers.traces import Traces, traces
from workers.translate import translate
from workers.verdicts import Patience
from workers.writer import Writer

CARRIED_S = 600.0  # for another process to carry the store over to this version
QUIET_S = 60.0  # longer than a turn takes
LOOK_S = 0.1
BEGUN_S = 10.0  # until the store is through with what it writes already
SETTLES_S = 15.0  # in which the CRM ends what it began when nobody listens any more


def now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(slots=True, kw_only=True)
class Runtime:
    """What a process works with. Tests make their own, with another clock."""

    settings: Settings
    store: Store
    sources: Mapping[str, Source]  # by endpoint
    celery: Any
    clock: Callable[[], datetime] = now
    monotonic: Callable[[], float] = time.monotonic
    random: Callable[[], float] = random.random
    stopping: threading.Event = field(default_factory=threading.Event)
    traces: Traces | None = None
    _clients: dict[str, Client] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _noted: int | None = None  # the minute of which it noted how the portals stand

    @classmethod
    def build(
        cls, environ: Mapping[str, str] | None = None, *, store_timeout_s: float = TIMEOUT_S
    ) -> "Runtime":
        """Return the runtime that the environment asks for. Raises Faults with all of them."""
        settings = configuration.load(os.environ if environ is None else environ)
        store = Store.of(settings, timeout_s=store_timeout_s)
        store.keep_counting()
        store.keep_signing()
        return cls(
            settings=settings,
            store=store,
            sources=load_sources(settings),
            celery=application(settings.broker_url),
            traces=traces(settings.otlp_endpoint),
            clock=StoreClock(store, own=now),
        )

    def fit(self) -> None:
        """Carry what an older version kept over to this one, or wait until another process did.

        Raises Unfit if this version may not work on the store, and Faults without the key of what
        is sealed there. One that cannot be reached yet is asked again before it is first written
        to.
        """
        try:
            self.store.fit(wait=self.stopping.wait, patience_s=CARRIED_S)
            self.store.prove_key(keep_s=self.settings.keep_dead_s)
        except Locked as error:
            raise Faults([str(error)]) from None
        except Unfit:
            raise
        except StoreDown as error:
            log.warning("store not looked at", reason=str(error))

    def ring(self, portal: str) -> None:
        """Ask for a drain of `portal`. A bell that cannot be rung is rung by the next tick."""
        try:
            ring(self.celery, portal, after=self.store.last_fence(portal))
        except Exception as error:  # noqa: BLE001 (any broker's client; the event is safe already)
            log.warning("bell not rung", portal=portal, reason=type(error).__name__)

    def client(self, portal: str) -> Client:
        """Return the process's client of a portal: its connections are pooled."""
        with self._lock:
            client = self._clients.get(portal)
            if client is None:
                meter = Meter(tally=self.store.tally, portal=portal)
                config = self.settings.portals[portal]
                client = self._clients[portal] = Client(
                    config,
                    credential=credential_of(
                        config, store=self.store, clock=self.clock, wait=self.stopping.wait
                    ),
                    after=meter.answered,
                    timed=meter.timed,
                )
            return client

    def ask(self, portal: str, call: Call) -> Reply:
        """Return the answer to a call outside any turn; it counts against the portal's quota."""
        permit = Permit(
            portal=self.settings.portals[portal],
            store=self.store,
            check=lambda: None,
            wait=self.stopping.wait,
        )
        permit(call)
        try:
            return self.client(portal).send(call)
        finally:
            permit.spent(call)

    def drain(self, portal: str, *, after: int | None = None) -> Ended:
        """Drain `portal` if nobody else does; ring again if the time slice was too short.

        What was rung for `after` a writer is left alone if there was a later one: that has looked
        since, and rung for what it left. Otherwise every tick that finds all workers busy would add
        to the queue, and who rings behind it would wait ever longer.
        """
        config = self.settings.portals[portal]
        if config.paused:
            return Ended.PAUSED
        if after is not None and self.store.last_fence(portal) > after:
            self.store.tally.count(measures.DRAINS, portal, Ended.TAKEN.name.lower())
            return Ended.TAKEN
        hold = Hold(
            store=self.store,
            portal=portal,
            owner=f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}",
            lease_s=self.settings.lease_s,
            monotonic=self.monotonic,
        )
        with hold:
            if not hold.fence:
                self.store.tally.count(measures.DRAINS, portal, Ended.TAKEN.name.lower())
                return Ended.TAKEN
            if not self._lets_in(portal, hold):
                return Ended.PAUSED
            ended = drain(
                self._writer(config, hold),
                hold,
                limit=self.settings.turn_events,
                slice_s=self.settings.slice_s,
                stop=self.stopping.is_set,
            )
        self.store.tally.count(measures.DRAINS, portal, ended.name.lower())
        if ended is Ended.SLICE and self.store.set_bell(portal):
            self.ring(portal)
        return ended

    def _lets_in(self, portal: str, hold: Hold) -> bool:
        """Return True if there is a token to show; else the portal is paused, and nothing taken.

        So no event is counted as tried, or grows too old, while a person has to do something.
        """
        try:
            self.client(portal).ready()
        except StoreDown:
            raise
        except (Refused, Retryable) as error:
            wait_s = UNAUTHORIZED_S if isinstance(error, Refused) else error.retry_after_s
            until = self.clock() + timedelta(seconds=wait_s or WIDE_WAIT_S)
            self.store.pause(portal, until=until, reason=str(error))
            self.store.tally.count(measures.PAUSES, portal, reason_of(str(error)).value)
            self.store.release(portal, owner=hold.owner, even_if_rung=True)
            return False
        return True

    def _writer(self, config: configuration.Portal, hold: Hold) -> Writer:
        permit = Permit(portal=config, store=self.store, check=hold.check, wait=self.stopping.wait)
        sender = Sender(
            api=Api(config.api),
            crm=self.client(config.name),
            threads=config.threads,
            clock=self.clock,
            permit=permit,
            learn=permit.learn,
            spent=permit.spent,
            name=f"{hold.fence}",
        )
        return Writer(
            portal=config.name,
            store=self.store,
            sender=sender,
            sources=self.sources,
            patience=Patience(
                first_s=self.settings.retry_first_s,
                ceiling_s=self.settings.retry_ceiling_s,
                give_up_s=self.settings.give_up_s,
            ),
            clock=self.clock,
            random=self.random,
            one_of_a_kind=config.duplicates == "dead",
            answer_s=config.connect_timeout_s + config.read_timeout_s + SETTLES_S,
            trace=partial(self.traces.turn, config.name) if self.traces else None,
        )

    def tick(self) -> list[str]:
        """Ring for every portal that has work and no writer; return which.

        Once a minute how each stands is noted as well, and what a person asked for is gone on with.
        """
        moment = self.clock()
        self.store.seen_worker(now=moment)
        self._note_minute(moment)
        rung: list[str] = []
        for name in self.store.unsettled(list(self.settings.portals)):
            config = self.settings.portals[name]
            if config.paused or self.store.paused(name, now=moment) is not None:
                continue
            if self.store.leased(name) or not self.store.has_work(name, now=moment):
                continue
            if self.store.set_tick(name):
                self.ring(name)
                rung.append(name)
        look_around(self.store, self.settings, clock=self.clock)
        return rung

    def _note_minute(self, moment: datetime) -> None:
        """Note how each portal stands, unless this process has done so in this minute."""
        minute = int(moment.timestamp()) // 60
        if minute == self._noted:
            return
        for name in self.settings.portals:
            if self.store.note_minute(name, now=moment):
                for chore in self.store.chores_left(name):
                    self.send_chore(name, chore)
                if self._ends_soon(name, moment):
                    self.ring(name)
        self._noted = minute

    def _ends_soon(self, portal: str, moment: datetime) -> bool:
        """Return True if what shows itself to the portal is to be renewed, though nothing waits.

        So the keys by which it is sealed can go, and a grant that was taken back is known of.
        """
        if self.settings.portals[portal].oauth is None:
            return False
        grant = self.store.grant(portal)
        return grant is not None and not grant.revoked and grant.renew <= moment

    def send_chore(self, portal: str, id: str) -> None:
        """Ask for a chore to be done; one that cannot be sent is sent by a later tick."""
        try:
            send_chore(self.celery, portal, id)
        except Exception as error:  # noqa: BLE001 (any broker's client; the chore is kept already)
            log.warning("chore not sent", portal=portal, reason=type(error).__name__)

    def send_look(self, portal: str) -> None:
        """Ask for a look at a portal, unless one is on its way."""
        if not self.store.begin_look(portal):
            return
        try:
            send_look(self.celery, portal)
        except Exception as error:  # noqa: BLE001 (any broker's client; a person can ask again)
            log.warning("look not sent", portal=portal, reason=type(error).__name__)

    def look(self, portal: str) -> None:
        """Look at a portal, and keep what is seen."""
        config = self.settings.portals[portal]
        sources = [
            self.sources[name]
            for name, endpoint in self.settings.endpoints.items()
            if portal in endpoint.portals
        ]
        ask = partial(self.ask, portal)
        self.store.keep_survey(portal, survey(config, sources, ask=ask, now=self.clock()))

    def carry_on(self, portal: str, id: str) -> Chore | None:
        """Do what is left of a chore, and ring for its portal; None if another has it in hand."""
        chore = carry_on(
            self.store,
            portal,
            id,
            owner=uuid.uuid4().hex,
            clock=self.clock,
            stop=self.stopping.is_set,
        )
        if chore is not None:
            log.info("chore", portal=portal, id=id, progress=chore.progress.value, done=chore.done)
            self.ring(portal)
        return chore

    def unanswered(self, event: Event) -> list[str]:
        """Return the keys of the event's creates whose answers were lost."""
        job = Job(event=event, changes=translate(event, self.sources[event.endpoint]))
        keys = creates([job], Knowledge(definitions=self.store.schema(event.portal)[0]))
        intents = self.store.intents(event.portal, keys)
        return [key for key, intent in intents.items() if not intent.made]

    def recollect(self, portal: str, email: str) -> Recollection:
        """Return what the store has of a person in a portal."""
        return self._search(portal, email).recollection()

    def forget(self, portal: str, email: str, *, owe: str = "") -> Recollection:
        """Take a person out of the store, and return what that was; nobody writes meanwhile.

        If a name is given for the person, the contacts are owed under it before anything goes.
        Raises Retryable if a writer does not let go of the portal.
        """
        search = self._search(portal, email)
        with self._quiet(portal) as hold:
            found = search.recollection()
            if owe:
                contacts = {*found.contacts, *self.store.owed(portal, owe)}
                self.store.owe(portal, owe, sorted(contacts))
            search.erase(found, fence=hold.fence, check=hold.check)
        self.ring(portal)
        return found

    def rewrite_files(self) -> bool:
        """Have the store's files written anew, without what is gone; False if that is not begun.

        Raises StoreDown where the store's user may not ask for it.
        """
        for _ in range(int(BEGUN_S / LOOK_S)):
            if self.store.rewrite_files():
                return True
            if self.stopping.wait(LOOK_S):
                break
        return False

    def _search(self, portal: str, email: str) -> Search:
        return Search(store=self.store, sources=self.sources, portal=portal, email=email)

    @contextmanager
    def _quiet(self, portal: str) -> Iterator[Hold]:
        """Hold the portal's lease; who writes is asked to let go, by a pause, at the next turn."""
        asked = self.store.paused(portal, now=self.clock()) is None
        if asked:
            until = self.clock() + timedelta(seconds=QUIET_S)
            self.store.pause(portal, until=until, reason="a person is being forgotten")
        hold = Hold(
            store=self.store,
            portal=portal,
            owner=f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}",
            lease_s=self.settings.lease_s,
            monotonic=self.monotonic,
        )
        try:
            for _ in range(int(QUIET_S / LOOK_S)):
                with hold:
                    if hold.fence:
                        yield hold
                        return
                self.stopping.wait(LOOK_S)
            raise Retryable(f"portal {portal}: a writer does not let go of it")
        finally:
            if hold.fence:
                self.store.release(portal, owner=hold.owner, even_if_rung=True)
            if asked:
                self.store.resume(portal)

    def trim(self) -> int:
        """Drop what is handled and older than its time of retention; return how many went.

        What older versions wrote beside this one is carried over as well, once they are gone. Once
        a day the store's files are written anew, so that what was dropped leaves the disk as well.
        """
        self.store.sweep()
        self._prove_key()
        gone = sum(
            self.store.trim(name, now=self.clock(), keep_s=self.settings.keep_handled_s)
            for name in self.settings.portals
        )
        if self.store.daily_rewriting():
            try:
                self.rewrite_files()
            except StoreDown as error:
                log.warning("store's file not written anew", reason=str(error))
        return gone

    def _prove_key(self) -> None:
        """Say of what is sealed now that it is, for those that begin later."""
        try:
            self.store.prove_key(keep_s=self.settings.keep_dead_s)
        except Locked as error:
            log.warning("what is sealed cannot be opened", reason=str(error))


def calm_collector() -> None:
    """Look for garbage less often: a turn makes many objects that all live until it ends.

    Reference counts free them; the collector would only walk them, again and again.
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


def load_sources(settings: Settings) -> dict[str, Source]:
    """Return the source of each endpoint. Raises SourceError with the faults of all files."""
    found: dict[str, Source] = {}
    faults: list[str] = []
    for name, endpoint in settings.endpoints.items():
        try:
            found[name] = definitions.load_for(endpoint, search=settings.sources_dirs)
        except Faults as error:
            faults += error.faults
    if faults:
        raise SourceError(list(dict.fromkeys(faults)))
    return found
