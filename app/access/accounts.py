"""Users: made, changed, removed, and let in or not."""

import re
from dataclasses import dataclass, replace
from datetime import datetime

from app.access import passwords
from workers.errors import Faults
from workers.store import Store
from workers.store.people import Role, User

NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")
FIRST = "admin"

TRIES_WINDOW_S = 900
TRIES_HERE = 5  # of one name from one address
TRIES_FROM = 30  # of any names from one address
TRIES_OF = 50  # of one name from anywhere: many machines guess together


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why nobody was let in: the one who asks is not told whether there is such a user."""

    wait_s: int = 0  # more than 0: too many tries, and none was made


def name_of(text: str) -> str:
    """Return a user's name as it is kept. Raises Faults if it is none."""
    name = text.strip().lower()
    if not NAME.fullmatch(name):
        raise Faults([f"{text[:80]!r} is no user name; use up to 64 letters, digits and . _ @ + -"])
    return name


def add(store: Store, name: str, *, role: Role, now: datetime) -> str:
    """Make a user and return its one-time password. Raises Faults if there is one."""
    password = passwords.one_time()
    user = User(
        name=name_of(name),
        role=role,
        password=passwords.hashed(password),
        must_change=True,
        created=now,
    )
    if not store.add_user(user):
        raise Faults([f"{user.name}: there is a user of that name; take another name"])
    return password


def add_first(store: Store, *, now: datetime) -> str | None:
    """Make the first admin and return its one-time password; None if anybody is there already."""
    if store.has_users():
        return None
    try:
        return add(store, FIRST, role=Role.ADMIN, now=now)
    except Faults:  # another process was faster
        return None


def reset(store: Store, name: str) -> str:
    """Give a user a new one-time password and return it; ends his sessions. Raises Faults."""
    password = passwords.one_time()
    user = _known(store, name)
    store.change_user(replace(user, password=passwords.hashed(password), must_change=True))
    return password


def set_password(store: Store, name: str, password: str) -> User:
    """Give a user the password that he chose; ends his sessions. Raises Faults if it is weak."""
    user = _known(store, name)
    fault = passwords.fault_of(password, name=user.name)
    if fault:
        raise Faults([fault])
    user = replace(user, password=passwords.hashed(password), must_change=False)
    store.change_user(user)
    return user


def set_role(store: Store, name: str, role: Role) -> None:
    """Let a user do more or less. Raises Faults if nobody would be left to let others in."""
    user = _known(store, name)
    if user.role is Role.ADMIN and role is not Role.ADMIN:
        _keep_an_admin(store, user.name)
    store.change_user(replace(user, role=role))


def remove(store: Store, name: str) -> None:
    """Remove a user. Raises Faults if nobody would be left to let others in."""
    user = _known(store, name)
    if user.role is Role.ADMIN:
        _keep_an_admin(store, user.name)
    store.remove_user(user.name)


def enter(store: Store, name: str, password: str, *, address: str) -> User | Refusal:
    """Return the user whose name and password these are; the try is counted before it is made."""
    name = name.strip().lower()[:64]
    here, anywhere = f"user {name} from {address}", f"user {name}"
    names = [here, f"from {address}", anywhere]
    limits = (TRIES_HERE, TRIES_FROM, TRIES_OF)
    counted = store.count_tries(names, window_s=TRIES_WINDOW_S)
    waits = [
        wait_s for (tries, wait_s), limit in zip(counted, limits, strict=True) if tries > limit
    ]
    if waits:
        return Refusal(wait_s=max(1, *waits))
    user = store.user(name) if NAME.fullmatch(name) else None
    if not passwords.matches(user.password if user else None, password) or user is None:
        return Refusal()
    store.forget_tries([here])
    return user


def _known(store: Store, name: str) -> User:
    user = store.user(name_of(name))
    if user is None:
        raise Faults([f"{name}: there is no such user; `hookline user list` tells who there is"])
    return user


def _keep_an_admin(store: Store, name: str) -> None:
    others = [u for u in store.users() if u.role is Role.ADMIN and u.name != name]
    if not others:
        raise Faults([f"{name}: is the only admin; make another one first"])
