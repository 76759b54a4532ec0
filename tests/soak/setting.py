"""What runs in the soak: two portals, three kinds of senders, and times of retention of seconds.

Whatever is kept for days is kept here for less than a minute, so that as much goes as comes.
"""

import json

from tests.chaos.system import MAPPING
from workers.signatures import parse

LATE_S = 8.0  # that an event is held back before it is delivered, at most
KEPT_S = 60  # every time of retention, the shortest there may be: longer than anything is late
LEASE_S = 2.0
PORTALS = ("acme", "emea")
ENDPOINTS = {"shop": ("acme",), "forms": ("emea",), "both": PORTALS}
SECRETS = {"shop": "the-shops", "forms": "the-forms", "both": "whsec_bm90LWEtc2VjcmV0LWF0LWFsbA=="}
_SCHEMES = {
    "shop": {"scheme": "hmac", "header": "X-Signature", "hash": "sha256", "encoding": "hex"},
    "forms": {"scheme": "bearer"},
    "both": {"scheme": "standard_webhooks"},
}
SCHEMES = {name: parse(each, place=str, faults=[]) for name, each in _SCHEMES.items()}
_EACH = {"forms": '  each: "{{ body.events }}"\n'}
_SOURCE = """\
source: {name}
verify: {verify}
event:
  id: "{{{{ body.id }}}}"
  type: "{{{{ body.type }}}}"
  time: "{{{{ body.at | from_unix }}}}"
{each}ignore: [ping]
{mapping}  seen:
    - upsert: contact
      object: contacts
      key: {{email: "{{{{ body.email }}}}"}}
      set: {{lastname: "{{{{ body.id }}}}"}}
"""
_PORTAL = """\
    token: t
    calls_per_window: 100
    connect_timeout_s: 1
    read_timeout_s: 2
"""
CONFIG = f"""\
store: ${{REDIS_URL}}
sources: .
lease_s: {LEASE_S}
slice_s: 2
retry_first_s: 0.2
retry_ceiling_s: 2
dedupe_s: {KEPT_S}
keep_handled_s: {KEPT_S}
keep_dead_s: {KEPT_S}
keep_clocks_s: {KEPT_S}
portals:
  acme:
    base_url: ${{SANDBOX_URL}}
{_PORTAL}
  emea:
    base_url: ${{EMEA_URL}}
{_PORTAL}
endpoints:
  shop: {{source: shop, portals: [acme], secret: {SECRETS["shop"]}}}
  forms: {{source: forms, portals: [emea], secret: {SECRETS["forms"]}}}
  both: {{source: both, portals: [acme, emea], secret: {SECRETS["both"]}}}
"""
FILES = {
    "config.yaml": CONFIG,
    **{
        f"{name}.yaml": _SOURCE.format(
            name=name, verify=json.dumps(verify), each=_EACH.get(name, ""), mapping=MAPPING
        )
        for name, verify in _SCHEMES.items()
    },
}
