"""The object API, up to a hundred records at a time."""

from datetime import datetime

from flask import Blueprint, Response, request

from app.sandbox import asking, batches
from app.sandbox.asking import answer, inputs, required, text, words
from app.sandbox.batches import Answer, Body, Claims, Write
from app.sandbox.catalogue import ObjectType
from app.sandbox.crm import Crm
from app.sandbox.errors import ApiError, missing
from app.sandbox.shapes import envelope, shown
from app.sandbox.unique import EMAIL

MOST, MOST_WITH_HISTORY = 100, 50


def blueprint(crm: Crm) -> Blueprint:
    """Return the routes below /crm/v3/objects/TYPE/batch and its dated forms."""
    page = Blueprint("record batches", __name__)

    @page.post("/<name>/batch/create")
    def create(name: str) -> Response:
        kind = crm.kind(name)
        started = crm.now()
        listed = inputs(asking.body())

        def prepare(each: Body, claimed: Claims | None) -> Write:
            return batches.create(crm, kind, each, claimed)

        spoiled = asking.spoiled(len(listed))
        found = batches.run(crm, kind, listed, prepare, verb="create", spoiled=spoiled)
        body = envelope(crm, found.results, found.errors, started=started)
        return answer(body, 207 if found.errors else 201)

    @page.post("/<name>/batch/read")
    def read(name: str) -> Response:
        kind = crm.kind(name)
        found = asking.body()
        started = crm.now()
        history = words(found.get("propertiesWithHistory"))
        most = MOST_WITH_HISTORY if history else MOST
        what = "inputs with property histories" if history else "inputs"
        listed = inputs(found, most=most, what=what)
        by = text(found.get("idProperty") or request.args.get("idProperty")) or None
        keys = [text(required(each, "id")) for each in listed]
        batches.refuse_duplicates([_folded(key, by) for key in keys])
        wanted = words(found.get("properties"))
        results: list[Body] = []
        absent: list[str] = []
        for key in keys:
            record = crm.find(kind, key, by=by, archived=asking.flag("archived"))
            if record is None:
                absent.append(key)
            else:
                results.append(shown(crm, kind, record, properties=wanted, history=history))
        errors = [missing(kind.singular.upper(), absent).row(None)] if absent else []
        body = envelope(crm, results, errors, started=started)
        return answer(body, 207 if errors else 200)

    @page.post("/<name>/batch/update")
    def update(name: str) -> Response:
        return _update(crm, crm.kind(name))

    @page.post("/<name>/batch/upsert")
    def upsert(name: str) -> Response:
        return _upsert(crm, crm.kind(name))

    @page.post("/<name>/batch/archive")
    def archive(name: str) -> Response:
        kind = crm.kind(name)
        keys = [text(required(each, "id")) for each in inputs(asking.body())]
        batches.refuse_duplicates(keys)
        for key in keys:
            record = crm.find(kind, key)
            if record is not None:
                crm.archive(kind, record)
        return answer(None, 204)

    return page


def _folded(key: str, by: str | None) -> str:
    return key.strip().lower() if by == EMAIL else key


def _update(crm: Crm, kind: ObjectType) -> Response:
    started = crm.now()
    listed = inputs(asking.body())
    keys = [(text(required(each, "id")), text(each.get("idProperty")) or None) for each in listed]
    if crm.switches.batch_update_by_email == "reject" and any(by == EMAIL for _, by in keys):
        raise ApiError(400, "idProperty email is not supported in batch update.")
    batches.refuse_duplicates([_folded(key, by) for key, by in keys])
    records = [crm.find(kind, key, by=by) for key, by in keys]
    batches.refuse_duplicates([record.id for record in records if record is not None])
    absent = [key for (key, _), record in zip(keys, records, strict=True) if record is None]
    of = {id(each): record for each, record in zip(listed, records, strict=True) if record}

    def prepare(each: Body, claimed: Claims | None) -> Write:
        given = batches.properties_of(each)
        return batches.update(crm, kind, of[id(each)], given, claimed)

    there = [each for each in listed if id(each) in of]
    spoiled = asking.spoiled(len(there))
    found = batches.run(crm, kind, there, prepare, verb="update", spoiled=spoiled)
    return _answered(crm, kind, found, absent, started=started)


def _upsert(crm: Crm, kind: ObjectType) -> Response:
    started = crm.now()
    listed = inputs(asking.body())
    keys: list[tuple[str, str]] = []
    for each in listed:
        by = text(each.get("idProperty"))
        if not by:
            raise ApiError(400, "idProperty must be a unique property for an upsert.")
        key = text(required(each, "id"))
        crm.find(kind, key, by=by)  # raises for a property that is not unique
        keys.append((key, by))
    batches.refuse_duplicates([_folded(key, by) for key, by in keys])
    of = {id(each): key for each, key in zip(listed, keys, strict=True)}

    def prepare(each: Body, claimed: Claims | None) -> Write:
        key, by = of[id(each)]
        given = {by: key, **batches.properties_of(each)}
        record = crm.find(kind, key, by=by)
        if record is None:
            return batches.create(crm, kind, {"properties": given}, claimed)
        # A contact found by a secondary address keeps its own.
        given = {name: value for name, value in given.items() if name != by}
        return batches.update(crm, kind, record, given, claimed)

    spoiled = asking.spoiled(len(listed))
    found = batches.run(crm, kind, listed, prepare, verb="upsert", spoiled=spoiled)
    return _answered(crm, kind, found, [], started=started)


def _answered(
    crm: Crm, kind: ObjectType, found: Answer, absent: list[str], *, started: datetime
) -> Response:
    """Return the answer of a batch, with one error for the ids that are not there."""
    if absent:
        found.errors.append(missing(kind.singular.upper(), absent).row(None))
    body = envelope(crm, found.results, found.errors, started=started)
    return answer(body, 207 if found.errors else 200)
