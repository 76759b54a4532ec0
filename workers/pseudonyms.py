"""Puts made-up people in the place of real ones, the same for the same, valid in form. Pure.

E-mail addresses, telephone numbers and tokens are known by their form, wherever they stand; names,
addresses and secrets by what their field is called, and names then wherever they stand as well.
What names an object (`id`, `customer_id`, …) stays. Text that says who somebody is in words of its
own cannot be known: look at what comes out before showing it to anybody.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from workers.filters.addresses import FREE_MAIL

EMAIL = re.compile(r"[^\s@<>()\[\],;:\"'/?=&]+@[^\s@<>()\[\],;:\"'/?=&]+\.[^\W\d_]{2,}")
PHONE = re.compile(r"\+\d[\d ().\-/]{5,18}\d")
TOKEN = re.compile(
    r"eyJ[\w-]{8,}\.[\w.-]+|[A-Za-z]{2,8}_(?:live|test)_\w{8,}|whsec_\S+|\b[\w-]{40,}"
)
SPLIT = re.compile(r"[^a-z0-9]+")
MACHINE = re.compile(r"[a-z][a-z0-9_.:-]*")

PEOPLE = frozenset({
    *("author", "assignee", "billing", "buyer", "client", "contact", "customer", "details", "from"),
    *("invitee", "lead", "member", "owner", "person", "profile", "recipient", "requester"),
    *("sender", "shipping", "signer", "subscriber", "user", "traits"),
})  # fmt: skip
NAMES = frozenset({
    *("fname", "first", "firstname", "fullname", "displayname", "givenname", "familyname"),
    *("last", "lastname", "lname", "login", "middlename", "nickname", "realname", "screenname"),
    *("surname", "username", "profilename", "recipientname", "holder"),
})  # fmt: skip
PHONES = frozenset(
    {"cell", "fax", "mobile", "mobilephone", "msisdn", "phone", "phonenumber", "tel"}
)
PLACES = frozenset({
    *("address", "address1", "address2", "addr1", "addr2", "city", "ip", "ipaddress", "latitude"),
    *("line1", "line2", "longitude", "postalcode", "postcode", "street", "street1", "zip"),
    *("birthday", "dob", "dateofbirth", "lat", "lng"),
})  # fmt: skip
SECRETS = frozenset({
    *("apikey", "auth", "authorization", "cookie", "hmac", "jwt", "password", "passwd", "secret"),
    *("session", "signature", "token"),
})  # fmt: skip
_CONSONANTS, _VOWELS = "bdfgklmnprstv", "aeiou"
MOST_WORDS = 2_000


def pseudonymous(value: object, *, key: str) -> object:
    """Return `value` (JSON) with what tells of people replaced.

    With the same `key`, which should be a secret, the same becomes the same again.
    """
    masking = _Masking(key=key.encode())
    masking.learn(value, "", ())
    return masking.masked(value, "", ())


@dataclass(slots=True, kw_only=True)
class _Masking:
    key: bytes
    names: dict[str, str] = field(default_factory=dict)  # casefolded → what stands for it
    _known: "re.Pattern[str] | None" = None

    def learn(self, value: object, name: str, around: tuple[str, ...]) -> None:
        """Note every name that stands where names stand."""
        for each, kind in _leaves(value, name, around):
            if kind == "name" and not EMAIL.search(each):
                for word in (each, *each.split()):
                    if len(word) > 1 and len(self.names) < MOST_WORDS:
                        self.names[word.casefold()] = self._name(word)
        words = sorted(self.names, key=len, reverse=True)
        if words:
            listed = "|".join(map(re.escape, words))
            self._known = re.compile(rf"(?<!\w)(?:{listed})(?!\w)", re.IGNORECASE)

    def masked(self, value: object, name: str, around: tuple[str, ...]) -> object:
        """Return a value that stands under `name`, with the fields `around` it, masked."""
        match value:
            case Mapping():
                siblings = tuple(map(str, value))
                return {
                    key: self.masked(each, _called(str(key), value, name), siblings)
                    for key, each in value.items()
                }
            case list() | tuple():
                return [self.masked(each, name, around) for each in value]
            case str():
                return self._text(value, _kind(name, value, around))
            case bool() | None:
                return value
            case int() | float() if _kind(name, str(value), around) in ("phone", "place"):
                return int(self._shape(str(value))) if isinstance(value, int) else 0.0
            case _:
                return value

    def _text(self, text: str, kind: str) -> str:
        if not text.strip():
            return text
        if kind == "secret":
            return self._shape(text)
        text = EMAIL.sub(lambda found: self._email(found[0]), text)
        match kind:
            case "id":
                return text
            case "phone":
                return text if "@" in text else self._phone(text)
            case "place":
                return text if "@" in text else self._shape(text)
            case "name" if "@" not in text:
                return self.names.get(text.casefold()) or self._name(text)
            case _:
                text = TOKEN.sub(lambda found: self._shape(found[0]), text)
                text = PHONE.sub(lambda found: self._phone(found[0]), text)
                return self._without_names(text)

    def _without_names(self, text: str) -> str:
        """Return a text with the names that are known replaced; words of machines stay."""
        if self._known is None or (MACHINE.fullmatch(text) and text not in self.names):
            return text
        return self._known.sub(lambda found: self.names[found[0].casefold()], text)

    # What stands for what

    def _email(self, address: str) -> str:
        local, _, host = address.lower().rpartition("@")
        return f"p-{self._digest('email', f'{local}@{host}')[:10]}@{self._host(host)}"

    def _host(self, host: str) -> str:
        """Return a domain; one that serves the public stays, as it says nothing of anybody."""
        return host if host in FREE_MAIL else f"d-{self._digest('host', host)[:8]}.example"

    def _phone(self, number: str) -> str:
        """Return the number with its last digits changed, so that its country stays."""
        digits = [n for n, each in enumerate(number) if each.isdigit()]
        return self._replaced(number, digits[3:] if len(digits) > 6 else digits)

    def _shape(self, text: str) -> str:
        """Return other letters for letters and other digits for digits."""
        return self._replaced(text, range(len(text)))

    def _replaced(self, text: str, places: "range | list[int]") -> str:
        stream = self._stream("shape", text)
        found = list(text)
        for place in places:
            found[place] = _other(found[place], next(stream))
        return "".join(found)

    def _name(self, name: str) -> str:
        """Return a made-up name of as many words."""
        return " ".join(self._word(word) for word in name.split())

    def _word(self, word: str) -> str:
        stream = self._stream("name", word.casefold())
        letters = [next(stream) for _ in range(6)]
        made = "".join(
            (_VOWELS if n % 2 else _CONSONANTS)[each % (5 if n % 2 else 13)]
            for n, each in enumerate(letters)
        )
        made = made if made != word.casefold() else made[::-1]
        return made.capitalize()

    def _digest(self, kind: str, text: str) -> str:
        return hmac.new(self.key, f"{kind}\x1f{text}".encode(), hashlib.sha256).hexdigest()

    def _stream(self, kind: str, text: str) -> Iterator[int]:
        block = 0
        while True:
            yield from bytes.fromhex(self._digest(f"{kind}{block}", text))
            block += 1


def _other(letter: str, number: int) -> str:
    """Return another character of the same sort."""
    if letter.isdigit():
        return str((int(letter) + 1 + number % 9) % 10) if letter.isascii() else "0"
    if letter.isalpha():
        first = ord("A" if letter.isupper() else "a")
        place = (ord(letter) - first) if letter.isascii() else 0
        return chr(first + (place + 1 + number % 25) % 26)
    return letter


def _leaves(value: object, name: str, around: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Give each text with what its place says of it."""
    match value:
        case Mapping():
            siblings = tuple(map(str, value))
            for key, each in value.items():
                yield from _leaves(each, _called(str(key), value, name), siblings)
        case list() | tuple():
            for each in value:
                yield from _leaves(each, name, around)
        case str():
            yield value, _kind(name, value, around)
        case _:
            return


def _called(key: str, inside: Mapping[object, object], name: str) -> str:
    """Return a dotted name for what stands under `key`; of {name: city, value: …} it is city."""
    if key in ("value", "values", "answer"):
        for told in ("name", "key", "field", "title"):
            named = inside.get(told)
            if isinstance(named, str):
                return named
    return f"{name}.{key}" if name else key


def _kind(name: str, value: str, around: tuple[str, ...]) -> str:
    """Return what stands under a dotted name: name, phone, place, secret, id, or "" for text."""
    *above, own = name.split(".") if name else [""]
    words = [word for word in SPLIT.split(_snake(own)) if word]
    joined = "".join(words)
    tests: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("secret", lambda: bool(SECRETS & {*words, joined})),
        ("id", lambda: joined in ("id", "gid", "uuid") or words[-1:] == ["id"]),
        ("phone", lambda: bool(PHONES & {*words, joined})),
        ("name", lambda: joined in NAMES or (words[-1:] == ["name"] and joined != "name"
                                             and bool(NAMES & {joined, "".join(words[-2:])}))),
        ("name", lambda: joined == "name" and _of_a_person(above, around, value)),
        ("place", lambda: bool(PLACES & {joined, *words[-1:]})),
    )  # fmt: skip
    return next((kind for kind, holds in tests if holds()), "")


def _of_a_person(above: list[str], around: tuple[str, ...], value: str) -> bool:
    """Return whether a field `name` is somebody's, rather than that of a thing."""
    beside = {"".join(SPLIT.split(_snake(each))) for each in around}
    if beside & {"email", "emailaddress", "phone", "firstname", "lastname"}:
        return True
    parent = {word for word in SPLIT.split(_snake(above[-1])) if word} if above else set()
    return bool(parent & PEOPLE) or not MACHINE.fullmatch(value)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
