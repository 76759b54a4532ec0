"""Who may: users, their sessions, API tokens, and tries at the door.

Of passwords, tokens and sessions only hashes are kept. All keys share the hash tag {access}:

    hl:{access}:users          hash: name -> user, as JSON; never expires
    hl:{access}:tokens         hash: id -> token, as JSON; never expires
    hl:{access}:used           hash: token id -> when it was used last (µs), to the minute
    hl:{access}:session:HASH   string: [user, begun, ends]; expires with the session
    hl:{access}:sessions:NAME  set: the hashes of a user's sessions; expires with the last begun
    hl:{access}:errand:HASH    string: a browser at an OpenID provider; lives ten minutes
    hl:{access}:word:HASH      string: what the next page of a session is to tell; lives a minute
    hl:{access}:tries:HASH     string: how many tries in the present window; expires with it
    hl:{access}:key            string: what forms are signed with; made once
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import orjson

from workers.stamps import microseconds, moment
from workers.store.audit import TAG, Audit
from workers.store.connection import our_errors

USED_EVERY_US = 60_000_000  # how exactly a token's last use is known


class Role(StrEnum):
    """What one may do; each may do what those before it may."""

    VIEWER = "viewer"  # look
    OPERATOR = "operator"  # replay, resolve, discard, pause
    ADMIN = "admin"  # users, tokens, the audit trail, secrets

    def covers(self, other: "Role") -> bool:
        """Return True if whoever has this role may do what `other` may."""
        order = list(Role)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person who logs in."""

    name: str
    role: Role
    password: str = field(repr=False)  # its hash, which says how it was made; "" lets nobody in
    must_change: bool  # the password is for one time
    created: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What a program shows instead of a password; it can do no more than its maker can now."""

    id: str
    label: str
    role: Role
    portal: str | None  # the only one that it sees; None: all
    digest: str = field(repr=False)
    maker: str  # the user who made it; "" for one of the command line
    created: datetime
    expires: datetime
    used: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A log-in that holds still."""

    user: str
    begun: datetime
    ends: datetime


def digest_of(secret: str) -> str:
    """Return the hash by which a random secret is kept; a fast one, since it cannot be guessed."""
    return hashlib.sha256(secret.encode()).hexdigest()


class People(Audit):
    """Everybody who may, and what they did."""

    # Users

    def users(self) -> list[User]:
        """Return every user, by name."""
        with our_errors():
            found = self.redis.hgetall(f"{TAG}:users")
        return sorted(
            (_user(name.decode(), text) for name, text in found.items()), key=lambda u: u.name
        )

    def user(self, name: str) -> User | None:
        """Return one user."""
        with our_errors():
            text = self.redis.hget(f"{TAG}:users", name)
        return None if text is None else _user(name, text)

    def has_users(self) -> bool:
        """Return True if anybody can log in, or could."""
        with our_errors():
            return bool(self.redis.exists(f"{TAG}:users"))

    def add_user(self, user: User) -> bool:
        """Keep a new user; False if there is one of that name."""
        with our_errors():
            return bool(self.redis.hsetnx(f"{TAG}:users", user.name, _user_text(user)))

    def change_user(self, user: User) -> None:
        """Keep a user as it is now, and end every session that it had."""
        with our_errors():
            self.redis.hset(f"{TAG}:users", user.name, _user_text(user))
        self.end_sessions(user.name)

    def remove_user(self, name: str) -> bool:
        """Forget a user, and end what it had begun: its sessions and the tokens that it made."""
        with our_errors():
            gone = bool(self.redis.hdel(f"{TAG}:users", name))
        self.end_sessions(name)
        for token in self.tokens():
            if token.maker == name:
                self.revoke(token.id)
        return gone

    # Sessions

    def begin_session(self, id: str, session: Session, *, now: datetime) -> None:
        """Keep a session under the hash of its id, until it ends."""
        digest = digest_of(id)
        life_s = max(1, int((session.ends - now).total_seconds()))
        text = orjson.dumps([session.user, microseconds(session.begun), microseconds(session.ends)])
        of_user = f"{TAG}:sessions:{session.user}"
        with our_errors():
            pipe = self.redis.pipeline(transaction=True)
            pipe.set(f"{TAG}:session:{digest}", text, ex=life_s)
            pipe.sadd(of_user, digest)
            pipe.expire(of_user, life_s)
            pipe.execute()

    def session(self, id: str, *, now: datetime) -> tuple[Session, User] | None:
        """Return the session of this id with its user as he is now; None if it is over."""
        with our_errors():
            text = self.redis.get(f"{TAG}:session:{digest_of(id)}")
        if text is None:
            return None
        name, begun_us, ends_us = orjson.loads(text)
        session = Session(user=name, begun=moment(begun_us), ends=moment(ends_us))
        user = self.user(name) if session.ends > now else None
        return None if user is None else (session, user)

    def keep_errand(self, id: str, row: Sequence[str]) -> None:
        """Remember, for ten minutes, a browser that was sent to an OpenID provider."""
        with our_errors():
            self.redis.set(f"{TAG}:errand:{digest_of(id)}", orjson.dumps(row), ex=600)

    def take_errand(self, id: str) -> list[str] | None:
        """Return what was remembered of a browser, once; None if nothing is."""
        with our_errors():
            text = self.redis.getdel(f"{TAG}:errand:{digest_of(id)}")
        return None if text is None else [str(each) for each in orjson.loads(text)]

    def leave_word(self, id: str, words: Sequence[Sequence[str]]) -> None:
        """Keep, for a minute, what the next page of a session is to tell."""
        with our_errors():
            self.redis.set(f"{TAG}:word:{digest_of(id)}", orjson.dumps(words), ex=60)

    def take_word(self, id: str) -> list[tuple[str, str]]:
        """Return what was left to be told, once."""
        with our_errors():
            text = self.redis.getdel(f"{TAG}:word:{digest_of(id)}")
        return [] if text is None else [(kind, words) for kind, words in orjson.loads(text)]

    def end_session(self, id: str) -> None:
        """End one session."""
        with our_errors():
            self.redis.delete(f"{TAG}:session:{digest_of(id)}")

    def end_sessions(self, user: str) -> None:
        """End every session of a user."""
        key = f"{TAG}:sessions:{user}"
        with our_errors():
            digests = [digest.decode() for digest in self.redis.smembers(key)]
            self.redis.delete(key, *(f"{TAG}:session:{digest}" for digest in digests))

    # Tokens

    def add_token(self, token: Token) -> None:
        """Keep a token."""
        text = orjson.dumps(
            [
                token.label,
                token.role.value,
                token.portal,
                token.digest,
                token.maker,
                microseconds(token.created),
                microseconds(token.expires),
            ]
        )
        with our_errors():
            self.redis.hset(f"{TAG}:tokens", token.id, text)

    def tokens(self) -> list[Token]:
        """Return every token, the newest first, those that have expired among them."""
        with our_errors():
            found = self.redis.hgetall(f"{TAG}:tokens")
            used = self.redis.hgetall(f"{TAG}:used")
        tokens = [_token(id.decode(), text, used.get(id)) for id, text in found.items()]
        return sorted(tokens, key=lambda token: token.created, reverse=True)

    def token(self, id: str) -> Token | None:
        """Return one token."""
        with our_errors():
            text = self.redis.hget(f"{TAG}:tokens", id)
            used = self.redis.hget(f"{TAG}:used", id)
        return None if text is None else _token(id, text, used)

    def use_token(self, token: Token, *, now: datetime) -> None:
        """Remember that a token was used, to the minute."""
        before = 0 if token.used is None else microseconds(token.used)
        if microseconds(now) - before >= USED_EVERY_US:
            with our_errors():
                self.redis.hset(f"{TAG}:used", token.id, microseconds(now))

    def revoke(self, id: str) -> bool:
        """Forget a token; False if there is none of this id."""
        with our_errors():
            gone = bool(self.redis.hdel(f"{TAG}:tokens", id))
            self.redis.hdel(f"{TAG}:used", id)
        return gone

    # Tries

    def count_tries(self, names: Sequence[str], *, window_s: int) -> list[tuple[int, int]]:
        """Count one more try under each name; return how many, and for how long they count."""
        with our_errors():
            pipe = self.redis.pipeline(transaction=True)
            for name in names:
                key = _tries_key(name)
                pipe.incr(key)
                pipe.expire(key, window_s, nx=True)
                pipe.ttl(key)
            found = pipe.execute()
        return [(int(found[i]), int(found[i + 2])) for i in range(0, len(found), 3)]

    def forget_tries(self, names: Sequence[str]) -> None:
        """Count from nothing again."""
        with our_errors():
            self.redis.delete(*(_tries_key(name) for name in names))

    # Forms

    def signing_key(self) -> str:
        """Return what every process signs its forms with."""
        key = f"{TAG}:key"
        with our_errors():
            found = self.redis.get(key)
            if found is None:
                self.redis.set(key, secrets.token_urlsafe(32), nx=True)
                found = self.redis.get(key)
        return str(found.decode())


def _tries_key(name: str) -> str:
    digest = hashlib.blake2s(name.encode(), digest_size=16).hexdigest()
    return f"{TAG}:tries:{digest}"


def _user_text(user: User) -> bytes:
    return orjson.dumps(
        [user.role.value, user.password, user.must_change, microseconds(user.created)]
    )


def _user(name: str, text: bytes) -> User:
    role, password, must_change, created_us = orjson.loads(text)
    return User(
        name=name,
        role=Role(role),
        password=password,
        must_change=must_change,
        created=moment(created_us),
    )


def _token(id: str, text: bytes, used: bytes | None) -> Token:
    label, role, portal, digest, maker, created_us, expires_us = orjson.loads(text)
    return Token(
        id=id,
        label=label,
        role=Role(role),
        portal=portal,
        digest=digest,
        maker=maker,
        created=moment(created_us),
        expires=moment(expires_us),
        used=None if used is None else moment(int(used)),
    )
