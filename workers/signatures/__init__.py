"""Who sent this? One verifier for every signature scheme; each scheme is settings of it.

    scheme = parse({"scheme": "stripe", "tolerance_s": 300}, place=place, faults=faults)
    verdict = verify(scheme, request, secrets=endpoint.secrets, now=now)

`presets` holds the schemes that have a name, as data; any of their settings may be changed.
"""

from workers.signatures.keys import usable
from workers.signatures.parsing import Place, parse
from workers.signatures.request import Request
from workers.signatures.scheme import Kind, Scheme, Way
from workers.signatures.signing import address, sign
from workers.signatures.verdict import Reason, Verdict
from workers.signatures.verifying import verify

__all__ = [
    "Kind",
    "Place",
    "Reason",
    "Request",
    "Scheme",
    "Verdict",
    "Way",
    "address",
    "parse",
    "sign",
    "usable",
    "verify",
]
