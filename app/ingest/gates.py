"""What the door knows of each endpoint, made once at start."""

from collections.abc import Mapping
from dataclasses import dataclass

from workers.answers import Answer, Handshake, Proof, parse_answer, parse_handshakes
from workers.errors import SourceError
from workers.settings import Endpoint
from workers.signatures import Kind, Place, Scheme
from workers.sources import Source

DELIVERIES = ("POST", "PUT", "PATCH")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One endpoint: who may come in, and what is said to them."""

    endpoint: Endpoint
    source: Source
    scheme: Scheme
    handshakes: tuple[Handshake, ...]
    answer: Answer | None

    @property
    def allow(self) -> str:
        """The methods that mean something here."""
        return ", ".join(dict.fromkeys((*DELIVERIES, *(each.method for each in self.handshakes))))

    @property
    def challenge(self) -> Mapping[str, str]:
        """What a 401 has to add, so that the sender shows its credentials."""
        kinds = {way.kind for way in self.scheme.ways}
        for kind in (Kind.BASIC, Kind.BEARER):
            if kind in kinds:
                return {"WWW-Authenticate": f'{kind.value.capitalize()} realm="hookline"'}
        return {}

    def posted(self, *, signed: bool) -> tuple[Handshake, ...]:
        """Return the handshakes that arrive like an event, signed or not."""
        return tuple(
            each
            for each in self.handshakes
            if each.method == "POST" and (each.proof is Proof.SIGNATURE) is signed
        )


def gates(endpoints: Mapping[str, Endpoint], sources: Mapping[str, Source]) -> dict[str, Gate]:
    """Return the gate of each endpoint. Raises SourceError with every fault of their sources."""
    faults: list[str] = []
    found = {name: _gate(each, sources[name], faults) for name, each in endpoints.items()}
    if faults:
        raise SourceError(list(dict.fromkeys(faults)))
    return found


def _gate(endpoint: Endpoint, source: Source, faults: list[str]) -> Gate:
    def place(section: str) -> Place:
        return lambda field: f"{source.file}: {section}.{field}"

    return Gate(
        endpoint=endpoint,
        source=source,
        scheme=source.scheme,
        handshakes=parse_handshakes(source.handshake, place=place("handshake"), faults=faults),
        answer=parse_answer(source.answer, place=place("answer"), faults=faults),
    )
