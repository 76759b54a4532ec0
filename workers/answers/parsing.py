"""Handshakes and answers as a file writes them → values, with every fault noted at once."""

import difflib
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from workers.answers.model import METHODS, PRESETS, Answer, Handshake, Proof

Place: TypeAlias = Callable[[str], str]


def parse_handshakes(
    spec: Mapping[str, object], *, place: Place, faults: list[str]
) -> tuple[Handshake, ...]:
    """Return the handshakes of a source; what is wrong with them is added to `faults`."""
    found: list[Handshake] = []
    for name, given in spec.items():
        own = {} if given is None else given
        preset = PRESETS.get(name, {})
        where = place(name)
        if not isinstance(own, Mapping):
            faults.append(f"{where}: {name} is {own!r}; write its settings as a mapping, or {{}}")
            continue
        if not preset and "method" not in own:
            near = difflib.get_close_matches(name, PRESETS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are: {', '.join(PRESETS)}"
            faults.append(f"{where}: there is no handshake {name!r}; {hint}, or set its `method`")
            continue
        problems = [f"{where}: {name}: {what}" for what in _problems({**preset, **own})]
        faults += problems
        if not problems:
            found.append(Handshake(name=name, **_typed({**preset, **own})))
    return tuple(found)


def _problems(settings: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    for name, value in settings.items():
        if name not in Handshake.__dataclass_fields__ or name == "name":
            known = [each for each in Handshake.__dataclass_fields__ if each != "name"]
            found.append(f"has no {name!r}; it must be one of: {', '.join(known)}")
        elif name in ("query", "body", "reply", "consent"):
            if not isinstance(value, Mapping):
                found.append(f"{name} is {value!r}; write it as a mapping")
        elif not isinstance(value, str):
            found.append(f"{name} is {value!r}; write text")
    if settings.get("method") not in METHODS:
        found.append(f"method is {settings.get('method')!r}; use one of: {', '.join(METHODS)}")
    if settings.get("proof", "none") not in set(Proof):
        found.append(f"proof is {settings.get('proof')!r}; use one of: {', '.join(Proof)}")
    if settings.get("proof") == Proof.TOKEN and not settings.get("token"):
        found.append("which parameter holds the token is not said; set `token`")
    if settings.get("proof") == Proof.SIGNATURE and settings.get("method") != "POST":
        found.append("only what is posted is signed; set `method: POST`, or another `proof`")
    if settings.get("method") == "POST" and not settings.get("body"):
        found.append("an event would look the same; say in `body` what is different")
    if not str(settings.get("echo") or "query.").startswith(("query.", "body.")):
        found.append(f"echo is {settings['echo']!r}; write query.NAME or body.PATH")
    return found


def _typed(settings: Mapping[str, Any]) -> dict[str, Any]:
    typed: dict[str, Any] = {
        name: {str(key): str(each) for key, each in value.items()}
        if isinstance(value, Mapping)
        else value
        for name, value in settings.items()
    }
    return {**typed, "proof": Proof(typed.get("proof", "none"))}


def parse_answer(spec: Mapping[str, object], *, place: Place, faults: list[str]) -> Answer | None:
    """Return what the source's senders want to hear, None if anything in the 2xx will do."""
    if not spec:
        return None
    before = len(faults)
    faults += (
        f"{place(name)}: answer has no {name!r}; it must be one of: status, body, type"
        for name in spec
        if name not in ("status", "body", "type")
    )
    status, body, type_ = spec.get("status", 200), spec.get("body"), spec.get("type", "text/plain")
    if status not in range(200, 300):
        faults.append(f"{place('status')}: status is {status!r}; use one from 200 to 299")
    if not isinstance(body, str | None):
        faults.append(f"{place('body')}: body is {body!r}; put it in quotes")
    if not isinstance(type_, str) or not re.fullmatch(r"[\w.+-]+/[\w.+-]+", type_, re.ASCII):
        faults.append(f"{place('type')}: type is {type_!r}; write it like text/plain")
    if len(faults) > before:
        return None
    return Answer(status=int(str(status)), body=str(body or ""), type=str(type_))
