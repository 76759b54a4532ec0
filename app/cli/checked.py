"""What `hookline check` looks at, and what it finds there."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from workers import checking
from workers.asking import asking
from workers.crm.calls import Api
from workers.errors import Faults
from workers.runtime import now
from workers.settings import Portal, Settings
from workers.signatures import Kind, Way, usable
from workers.signatures.scheme import Key
from workers.sources import Source, load, load_for


@dataclass(slots=True)
class Checked:
    """What was looked at so far, and what was found."""

    faults: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    of_endpoints: dict[str, Source] = field(default_factory=dict)
    of_files: list[Source] = field(default_factory=list)

    def endpoints(self, found: Settings) -> None:
        """Load the source of each endpoint, and look at its secrets."""
        for name, endpoint in found.endpoints.items():
            try:
                source = load_for(endpoint, search=found.sources_dirs)
            except Faults as error:
                self.faults += error.faults
                continue
            self.of_endpoints[name] = source
            self.warnings += _secrets(found, name, source)

    def file(self, file: str, *, search: Sequence[Path]) -> None:
        """Load a file that no endpoint need have."""
        try:
            self.of_files.append(load(file, search=search))
        except Faults as error:
            self.faults += error.faults

    def by_themselves(self) -> None:
        """Look for what no event can reach."""
        for source in (*self.of_endpoints.values(), *self.of_files):
            self.faults += map(str, checking.unreachable(source))

    def against(self, portal: Portal, found: Settings) -> None:
        """Compare with what a portal has: the endpoints that write to it, and the files."""
        sources = [
            source
            for name, source in self.of_endpoints.items()
            if portal.name in found.endpoints[name].portals
        ]
        sources += self.of_files
        with asking(portal, found, clock=now) as crm:
            described = checking.describe(
                checking.needs(sources, portal=portal.name),
                portal=portal.name,
                api=Api(portal.api),
                ask=crm.send,
            )
        if described.refused:
            self.faults.append(f"portal {portal.name}: {described.refused}")
        self.warnings += (f"portal {portal.name}: {each}" for each in described.unasked)
        for source in sources:
            for each in checking.judge(source, described):
                (self.faults if each.certain else self.warnings).append(str(each))


def _secrets(found: Settings, name: str, source: Source) -> list[str]:
    """Return a warning if an endpoint cannot verify anybody, or need not."""
    endpoint, scheme = found.endpoints[name], source.scheme
    needs = any(way.kind is not Kind.NONE for way in scheme.ways)
    told = any(f"endpoints.{name}.secret" in each for each in found.warnings)
    if not needs:
        return [f"endpoint {name}: takes events from anybody; give its source `verify`"]
    if not endpoint.secrets:
        what = f"endpoint {name}: has no secret, so it answers 503; add `secret`"
        return [] if told else [what]
    wrong = [n for n, each in enumerate(endpoint.secrets, 1) if not usable(scheme, each)]
    of = f" of {len(endpoint.secrets)}" if len(endpoint.secrets) > 1 else ""
    ways = dict.fromkeys(_written(way) for way in scheme.ways if way.kind is not Kind.NONE)
    advice = f"write {' or '.join(ways)}"
    return [
        f"endpoint {name}: secret {n}{of} is none that {scheme.name} can verify with; {advice}"
        for n in wrong
    ]


def _written(way: Way) -> str:
    """Return how a secret of this way is written."""
    match way.kind:
        case Kind.BASIC:
            return "USER:PASSWORD"
        case Kind.BEARER | Kind.TOKEN:
            return "a word that nobody can guess"
        case Kind.NONE:
            return "nothing"
        case Kind.HMAC | Kind.HASH | Kind.ECDSA | Kind.ED25519:
            return _KEYS[way.key]


_KEYS = {
    Key.TEXT: "the text that the sender shows",
    Key.BASE64: "it in base64",
    Key.HEX: "it in hex digits",
    Key.WHSEC: "`whsec_` and what follows it, in base64",
    Key.WHPK: "`whpk_` and what follows it, in base64",
    Key.SPKI: "the sender's public key, in base64 or PEM",
}
