"""The files of a new source: a definition with comments, and two samples."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from string import Template
from typing import Any

from app.cli.schema import comment

ID = '"{{ body.id }}" # the sender\'s own id: the same when a delivery is tried again'


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """How a kind of sender proves itself, as a source file says it."""

    verify: str
    about: str
    id: str = ID
    headers: Mapping[str, str] | None = None  # those of its deliveries that are read
    secret: str = "a-secret-of-both-sides"  # noqa: S105 (an example)


SIGNINGS = {
    "hmac": Signing(
        verify="{scheme: hmac, header: X-Signature, hash: sha256, encoding: hex}",
        about="which header has the signature, and how it is written",
    ),
    "standard_webhooks": Signing(
        verify="{scheme: standard_webhooks, tolerance_s: 300}",
        about="nothing to change: the scheme is a standard",
        id='"{{ headers.webhook_id }}" # stays when a delivery is tried again',
        headers={"webhook-id": "msg_%d"},
        secret="whsec_BASE64",  # noqa: S106 (an example)
    ),
    "basic": Signing(
        verify="{scheme: basic}",
        about="nothing to change: the secret is USER:PASSWORD",
        secret="USER:PASSWORD",  # noqa: S106 (an example)
    ),
    "bearer": Signing(
        verify="{scheme: bearer}",
        about="nothing to change: the secret comes as `Authorization: Bearer …`",
    ),
    "token": Signing(
        verify="{scheme: token, query: token}",
        about="the name of the part of the URL that has the secret: ?token=…",
    ),
}

_DEFINITION = Template("""\
$comment
# How $name signs, where things are in what it sends, and what the CRM is asked for.
# `hookline check $file` names every fault; `hookline test $folder` compares the samples.
about: Events of $name; say here what they become.
source: $name

# $signing.
verify: $verify

# Where an event's id, type and time are. `body` is what arrived, `headers` its headers.
event:
  id: $id
  type: "{{ body.type }}"
  time: "{{ body.created_at | from_iso }}"

# What each type asks for, step by step. A value that is missing leaves its property out.
on:
  contact.created, contact.updated:
    - upsert: contact
      object: contacts
      key: {email: "{{ body.contact.email }}"}
      set:
        firstname: "{{ body.contact.name | first_name }}"
        lastname: "{{ body.contact.name | last_name }}"
        phone: "{{ body.contact.phone | phone }}"

  order.paid:
    - upsert: buyer
      object: contacts
      key: {email: "{{ body.contact.email }}"}
    - log: receipt # a note on the contact's timeline, once for each event
      on: [buyer]
      set:
        hs_note_body: "Order {{ body.order.number }}, {{ body.order.total }} kronor"
    - pin: receipt
      to: buyer
      when: "{{ body.order.total >= 1000 }}"

# Types that are known and mean nothing here; any other is told of as unknown.
ignore: [ping]
""")

_CONTACT = {"email": "zoe@acme.example", "name": "Zoe Lind"}
_BODIES: Mapping[str, Mapping[str, Any]] = {
    "contact.created": {
        "id": "evt_1",
        "type": "contact.created",
        "created_at": "2026-09-21T14:13:20Z",
        "contact": {**_CONTACT, "phone": "+46 70 174 06 05"},
    },
    "order.paid": {
        "id": "evt_2",
        "type": "order.paid",
        "created_at": "2026-09-21T14:20:00Z",
        "contact": _CONTACT,
        "order": {"number": "1001", "total": 1290},
    },
}


def definition(name: str, signing: Signing, *, folder: str) -> str:
    """Return the YAML of a new source, whose samples lie in `folder`."""
    return _DEFINITION.substitute(
        comment=comment(),
        name=name,
        file=f"{folder}.yaml",
        folder=folder,
        signing=f"How it proves itself: {signing.about}",
        verify=signing.verify,
        id=signing.id,
    )


def samples(signing: Signing) -> dict[str, str]:
    """Return the samples of a new source, by name: deliveries without their signatures."""
    found: dict[str, str] = {}
    for number, (name, body) in enumerate(_BODIES.items(), 1):
        headers = {"content-type": "application/json"}
        headers |= {key: each % number for key, each in (signing.headers or {}).items()}
        sample = {"headers": headers, "body": body}
        found[name] = json.dumps(sample, indent=2, ensure_ascii=False) + "\n"
    return found
