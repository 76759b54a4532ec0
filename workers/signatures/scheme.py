"""What a scheme is: the settings of the verifier."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Kind(StrEnum):
    """What proves who sent it."""

    HMAC = "hmac"
    HASH = "hash"  # a plain digest with the secret among what is hashed
    ECDSA = "ecdsa"  # P-256 with SHA-256, in DER
    ED25519 = "ed25519"
    BASIC = "basic"
    BEARER = "bearer"
    TOKEN = "token"  # noqa: S105 (a secret word in a header or in the URL)
    NONE = "none"


class Format(StrEnum):
    """How signatures stand in their header."""

    BARE = "bare"
    PAIRS = "pairs"  # t=1,v1=aa,v1=bb
    LIST = "list"  # v1,aa v1,bb


class Encoding(StrEnum):
    """How a signature is written."""

    HEX = "hex"
    BASE64 = "base64"  # either alphabet, padded or not


class Key(StrEnum):
    """How a secret is written."""

    TEXT = "text"
    BASE64 = "base64"
    HEX = "hex"
    WHSEC = "whsec"  # Standard Webhooks: base64 after `whsec_`
    WHPK = "whpk"  # Standard Webhooks: an Ed25519 public key in base64 after `whpk_`
    SPKI = "spki"  # a public key as base64 DER, with or without the lines of PEM


class Unit(StrEnum):
    """How a time stamp is written."""

    S = "s"
    MS = "ms"
    ISO8601 = "iso8601"


class Token(StrEnum):
    """What a signature may cover."""

    BODY = "body"
    TIMESTAMP = "timestamp"
    ID = "id"
    METHOD = "method"
    URL = "url"
    SECRET = "secret"  # noqa: S105
    FORM = "form"  # name and value of each field, sorted and without separators
    FIRST_ELEMENT = "first_element"  # of a JSON array, as it was sent


class UrlForm(StrEnum):
    """The spellings of the URL that a sender may have signed."""

    AS_SENT = "as_sent"
    HUBSPOT = "hubspot"  # some of the percent-encoded characters decoded
    OTHER_PORT = "other_port"  # with the default port if it has none, and without it if it has


COVERING = frozenset({Token.BODY, Token.FORM, Token.FIRST_ELEMENT})
Template: TypeAlias = tuple[bytes | Token, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way in which a sender may prove itself."""

    name: str
    kind: Kind
    header: tuple[str, ...] = ()  # lower-case, the first that is there counts; `-#` is -1, -2, …
    format: Format = Format.BARE
    label: str = ""  # which entries of PAIRS or LIST are signatures
    prefix: str = ""
    encoding: Encoding = Encoding.HEX
    hash: str = "sha256"
    key: Key = Key.TEXT
    signs: Template = (Token.BODY,)
    timestamp_header: str = ""
    timestamp_label: str = ""
    timestamp_unit: Unit = Unit.S
    tolerance_s: int = 300
    future_s: int = 300
    id_header: str = ""
    url: tuple[UrlForm, ...] = (UrlForm.AS_SENT,)
    body_hash_query: str = ""  # a URL parameter: SHA-256 of the body, in place of {form}
    when_header: str = ""  # this way counts only if the header has the item `when_value`
    when_value: str = ""
    query: str = ""  # TOKEN: the URL parameter

    @property
    def timed(self) -> bool:
        """Whether a time stamp is part of it."""
        return bool(self.timestamp_header or self.timestamp_label)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """How one kind of sender proves itself: ways in the order of preference.

    The first way that the request makes use of decides alone, so that a request cannot choose a
    weaker one. Ways that read the same header under the same condition count as one.
    """

    name: str
    ways: tuple[Way, ...]

    @property
    def needs_secret(self) -> bool:
        """Whether nothing can be verified without a secret."""
        return all(way.kind is not Kind.NONE for way in self.ways)
