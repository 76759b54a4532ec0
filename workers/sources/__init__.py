"""Sources: one YAML file for each kind of sender; those shipped lie beside this module.

A file says how its sender signs (`verify`), where an event's id, type and time are (`event`), and
what the CRM is asked for each type (`on`):

    source: shop
    verify: {scheme: hmac, header: X-Shop-Signature}
    event:
      id: "{{ body.id }}"                        # a list of parts becomes a hash of them
      type: "{{ body.type }}"
      time: "{{ body.at | from_iso }}"           # without it: when it arrived
      each: "{{ body.events }}"                  # one delivery, many events: `body` is each of them
      body: "{{ body.payload | from_json }}"     # what the event's body is, if not what arrived
    vars: {stage: closedwon}                     # an endpoint's own mapping may change them
    on:
      order.paid, order.sent: […]                # exact types, or a beginning: order.*
    default: […]                                 # every other type
    ignore: [ping, {when: "{{ body.test }}", because: a test}]

An endpoint may bring a mapping file of its own: `source`, `vars`, `on`, `default`, `ignore`.

Steps, in the order of the file; each may have `when`, `portal` (a name, or several: it runs in
those alone), and `each` (then `item` and `index`):

    upsert: contact        object, key: {property: value}, set
    create: lead           object, set
    update: contact        set; an earlier step, or with object and key or id
    archive: contact       the same
    find: company          object, key; not there is no fault
    associate: [deal, contact]        label, or type (and category)
    dissociate: [deal, contact]       the same
    log: note              activity (notes if not said), on: [contact, deal], set
    pin: note              to: contact
    unpin: contact

* A step is called what stands behind its verb, and later steps refer to it by that. Instead of a
  name, {object: deals, id: …} or {object: deals, key: {…}} names a record in place.
* A step whose `when` is false is left out, and so is what refers to it; `log` goes on the records
  that remain. A key without a value is a fault of the event; with `optional: true` the step is
  left out instead.
* Steps over the same `each` mean the same element; a step without one means all of them.
* A property whose value is missing, null or empty in the payload is left out. `null` in the file,
  or `| or_clear` on a null of the payload, clears it. `set_all` takes a mapping from the payload.
* Values: true and false; plain decimals; times in UTC; lists joined by ";".
* In properties that HubSpot shows as HTML (hs_note_body and every hs_…_body or hs_…_html of an
  activity) a payload's values are escaped, unless `| safe_html` says that they are HTML, and what
  is longer than HubSpot takes is cut. Elsewhere `| truncate_to` cuts.
* Expressions are Jinja2 without its ways out; they know body, headers, event (id, type, time,
  endpoint, source), portal, received, vars, and the filters of `workers.filters`.
* An endpoint's `portal` may be an expression too (without `portal`, of course), which names one or
  more of its `portals`; see `workers.sources.portals`.
"""

from workers.sources.arrivals import arrivals
from workers.sources.loading import file_of, load, load_for, load_text, shipped
from workers.sources.model import Reading, Source, Step, Verb
from workers.sources.schema import json_schema

__all__ = [
    "Reading",
    "Source",
    "Step",
    "Verb",
    "arrivals",
    "file_of",
    "json_schema",
    "load",
    "load_for",
    "load_text",
    "shipped",
]
