"""The object API: records one by one and in batches."""

from collections.abc import Sequence
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from app.sandbox import asking, batches
from app.sandbox.asking import answer, inputs, mapping, names, number, required, text
from app.sandbox.batches import Body
from app.sandbox.crm import Crm, Record
from app.sandbox.errors import ApiError
from app.sandbox.shapes import envelope, shown


def blueprint(crm: Crm) -> Blueprint:
    """Return the routes below /crm/v3/objects/TYPE and its dated forms."""
    page = Blueprint("records", __name__)

    @page.get("/<name>")
    def listed(name: str) -> Response:
        kind = crm.kind(name)
        history = names("propertiesWithHistory")
        limit = number("limit", default=10, most=50 if history else 100)
        after = request.args.get("after", "")
        rows = crm.all(kind, archived=asking.flag("archived"))
        if after:
            rows = [r for r in rows if int(r.id) >= int(after)]
        results = [
            shown(
                crm,
                kind,
                record,
                properties=names("properties"),
                history=history,
                associations=names("associations"),
            )
            for record in rows[:limit]
        ]
        body: Body = {"results": results}
        if len(rows) > limit:
            following = rows[limit].id
            query = {**request.args.to_dict(), "after": following}
            link = f"{request.base_url}?{urlencode(query)}"
            body["paging"] = {"next": {"after": following, "link": link}}
        return answer(body)

    @page.post("/<name>")
    def create(name: str) -> Response:
        kind = crm.kind(name)
        found = asking.body()
        required(found, "properties")
        record = batches.create_one(crm, kind, found)
        return answer(shown(crm, kind, record, echo=True), 201)

    @page.get("/<name>/<record_id>")
    def read(name: str, record_id: str) -> Response:
        kind = crm.kind(name)
        by = request.args.get("idProperty") or None
        if by == "hs_object_id":
            raise ApiError(400, "hs_object_id is not a unique property; leave idProperty out.")
        record = crm.get(kind, record_id, by=by, archived=asking.flag("archived"))
        return answer(
            shown(
                crm,
                kind,
                record,
                properties=names("properties"),
                history=names("propertiesWithHistory"),
                associations=names("associations"),
            )
        )

    @page.patch("/<name>/<record_id>")
    def update(name: str, record_id: str) -> Response:
        kind = crm.kind(name)
        values = mapping(required(asking.body(), "properties"))
        if not values:
            raise ApiError(400, "No properties found to update, please provide at least one.")
        record = crm.get(kind, record_id, by=request.args.get("idProperty") or None)
        batches.update_one(crm, kind, record, values)
        return answer(shown(crm, kind, record, echo=True))

    @page.delete("/<name>/<record_id>")
    def archive(name: str, record_id: str) -> Response:
        kind = crm.kind(name)
        record = crm.find(kind, record_id)
        if record is not None:
            crm.archive(kind, record)
        elif not record_id.isdigit():
            crm.get(kind, record_id)
        return answer(None, 204)

    @page.post("/<name>/batch/create")
    def batch_create(name: str) -> Response:
        kind = crm.kind(name)
        done = batches.run(
            crm,
            kind,
            inputs(asking.body()),
            lambda each: (batches.create_one(crm, kind, each), None),
            check=lambda listed: batches.check_creates(crm, kind, listed),
            created=201,
            verb="create",
        )
        return answer(done.body, done.status)

    @page.post("/<name>/batch/read")
    def batch_read(name: str) -> Response:
        kind = crm.kind(name)
        found = asking.body()
        started = crm.now()
        history = [text(each) for each in _listed(found.get("propertiesWithHistory"))]
        listed = inputs(found, most=50 if history else 100)
        by = text(found.get("idProperty") or request.args.get("idProperty")) or None
        keys = [text(each.get("id")) for each in listed]
        batches.refuse_duplicates([key.lower() for key in keys])
        results: list[Body] = []
        absent: list[str] = []
        for key in keys:
            record = crm.find(kind, key, by=by, archived=asking.flag("archived"))
            if record is None:
                absent.append(key)
                continue
            wanted = [text(each) for each in _listed(found.get("properties"))]
            results.append(shown(crm, kind, record, properties=wanted, history=history))
        errors = [batches.missing(kind, absent)] if absent else []
        return answer(envelope(crm, results, errors, started=started), 207 if errors else 200)

    @page.post("/<name>/batch/update")
    def batch_update(name: str) -> Response:
        return _batch_update(crm, name)

    @page.post("/<name>/batch/upsert")
    def batch_upsert(name: str) -> Response:
        return _batch_upsert(crm, name)

    @page.post("/<name>/batch/archive")
    def batch_archive(name: str) -> Response:
        kind = crm.kind(name)
        for each in inputs(asking.body()):
            record = crm.find(kind, text(each.get("id")))
            if record is not None:
                crm.archive(kind, record)
        return answer(None, 204)

    @page.post("/<name>/merge")
    def merge(name: str) -> Response:
        kind = crm.kind(name)
        found = asking.body()
        primary = crm.get(kind, text(required(found, "primaryObjectId")))
        other = crm.get(kind, text(required(found, "objectIdToMerge")))
        if primary is other:
            raise ApiError(400, "A record cannot be merged with itself.")
        return answer(shown(crm, kind, crm.merge(kind, primary, other), echo=True))

    @page.post("/<name>/gdpr-delete")
    def gdpr_delete(name: str) -> Response:
        kind = crm.kind(name)
        found = asking.body()
        key = text(required(found, "objectId"))
        by = text(found.get("idProperty")) or None
        record = crm.find(kind, key, by=by)
        if record is not None:
            email = record.properties.get("email")
            crm.archive(kind, record)
            del crm.records[kind.id][record.id]
            if email:
                crm.blocked.add(email)
        elif by == "email":
            crm.blocked.add(key.lower())
        return answer(None, 204)

    return page


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else []


def _batch_update(crm: Crm, name: str) -> Response:
    kind = crm.kind(name)
    listed = inputs(asking.body())
    started = crm.now()
    keys = [(text(e.get("id")), text(e.get("idProperty")) or None) for e in listed]
    batches.refuse_duplicates([key.lower() for key, _ in keys])
    if crm.switches.batch_update_by_email == "reject" and any(by == "email" for _, by in keys):
        raise ApiError(400, "idProperty email is not supported in batch update.")
    records = {index: crm.find(kind, key, by=by) for index, (key, by) in enumerate(keys)}
    there: list[Body] = []
    of: dict[int, Record] = {}
    for index, each in enumerate(listed):
        record = records[index]
        if record is not None:
            of[id(each)] = record
            there.append(each)
    absent = [key for index, (key, _) in enumerate(keys) if records[index] is None]
    errors = [batches.missing(kind, absent)] if absent else []
    if not there:
        return answer(envelope(crm, [], errors, started=started), 207)
    done = batches.run(
        crm,
        kind,
        there,
        lambda each: (
            batches.update_one(crm, kind, of[id(each)], mapping(each.get("properties"))),
            None,
        ),
        check=lambda part: batches.check_updates(
            crm, kind, [(of[id(each)], mapping(each.get("properties"))) for each in part]
        ),
        created=200,
        verb="update",
    )
    if errors:
        known = _listed(done.body.get("errors"))
        done.body["errors"] = [*known, *errors]
        done.body["numErrors"] = len(known) + 1
        done.status = 207
    return answer(done.body, done.status)


def _batch_upsert(crm: Crm, name: str) -> Response:
    kind = crm.kind(name)
    listed = inputs(asking.body())
    prepared: dict[int, tuple[str, str, Body]] = {}
    for each in listed:
        by = text(each.get("idProperty"))
        key = text(required(each, "id"))
        if not by:
            raise ApiError(400, "idProperty must be a unique property for an upsert.")
        crm.find(kind, key, by=by)  # raises for a property that is not unique
        prepared[id(each)] = (key, by, {by: key, **mapping(each.get("properties"))})
    batches.refuse_duplicates([p[0].strip().lower() for p in prepared.values()])

    def write(each: Body) -> tuple[Record, bool | None]:
        key, by, values = prepared[id(each)]
        record = crm.find(kind, key, by=by)
        if record is None:
            return batches.create_one(crm, kind, {"properties": values}), True
        # A contact found by a secondary address keeps its own.
        values = {n: v for n, v in values.items() if n != by}
        return batches.update_one(crm, kind, record, values), False

    done = batches.run(
        crm,
        kind,
        listed,
        write,
        check=lambda part: batches.check_updates(
            crm,
            kind,
            [(crm.find(kind, p[0], by=p[1]), p[2]) for p in (prepared[id(e)] for e in part)],
        ),
        created=200,
        verb="upsert",
    )
    return answer(done.body, done.status)
