"""The object API, one record at a time: list, read, create, update, archive, merge, forget."""

from urllib.parse import urlencode

from flask import Blueprint, Response, request

from app.sandbox import asking, batches, merging
from app.sandbox.asking import answer, cursor, names, number, required, text
from app.sandbox.batches import Body
from app.sandbox.crm import Crm
from app.sandbox.errors import ApiError
from app.sandbox.shapes import shown
from app.sandbox.unique import EMAIL

PAGE, MOST, MOST_WITH_HISTORY = 10, 100, 50


def blueprint(crm: Crm) -> Blueprint:
    """Return the routes below /crm/v3/objects/TYPE and its dated forms."""
    page = Blueprint("records", __name__)

    @page.get("/<name>")
    def listed(name: str) -> Response:
        kind = crm.kind(name)
        history = names("propertiesWithHistory")
        limit = number("limit", default=PAGE, most=MOST_WITH_HISTORY if history else MOST)
        results: list[Body] = []
        paging: Body = {}
        for record in crm.all(kind, archived=asking.flag("archived"), after=cursor()):
            if len(results) == limit:
                link = f"{request.base_url}?{_query(after=record.id)}"
                paging = {"paging": {"next": {"after": record.id, "link": link}}}
                break
            results.append(
                shown(
                    crm,
                    kind,
                    record,
                    properties=names("properties"),
                    history=history,
                    associations=names("associations"),
                )
            )
        return answer({"results": results, **paging})

    @page.post("/<name>")
    def create(name: str) -> Response:
        kind = crm.kind(name)
        write = batches.create(crm, kind, asking.body())
        return answer(shown(crm, kind, batches.done(crm, kind, write), echo=True), 201)

    @page.get("/<name>/<record_id>")
    def read(name: str, record_id: str) -> Response:
        kind = crm.kind(name)
        record = crm.get(kind, record_id, by=_by(), archived=asking.flag("archived"))
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
        values = batches.properties_of(asking.body())
        if not values:
            raise ApiError(400, "No properties found to update, please provide at least one.")
        record = crm.get(kind, record_id, by=_by())
        write = batches.update(crm, kind, record, values)
        return answer(shown(crm, kind, batches.done(crm, kind, write), echo=True))

    @page.delete("/<name>/<record_id>")
    def archive(name: str, record_id: str) -> Response:
        kind = crm.kind(name)
        record = crm.find(kind, record_id)
        if record is not None:
            crm.archive(kind, record)
        elif not record_id.isdigit():
            crm.get(kind, record_id)
        return answer(None, 204)

    @page.post("/<name>/merge")
    def merge(name: str) -> Response:
        kind = crm.kind(name)
        found = asking.body()
        primary = crm.get(kind, text(required(found, "primaryObjectId")))
        other = crm.get(kind, text(required(found, "objectIdToMerge")))
        if primary is other:
            raise ApiError(400, "A record cannot be merged with itself.")
        return answer(shown(crm, kind, merging.merge(crm, kind, primary, other), echo=True))

    @page.post("/<name>/gdpr-delete")
    def gdpr_delete(name: str) -> Response:
        kind = crm.kind(name)
        found = asking.body()
        key = text(required(found, "objectId"))
        by = text(found.get("idProperty")) or None
        record = crm.find(kind, key, by=by) or crm.find(kind, key, by=by, archived=True)
        if record is not None:
            merging.forget(crm, kind, record)
        elif by == EMAIL:
            crm.blocked.add(key.strip().lower())
        return answer(None, 204)

    return page


def _by() -> str | None:
    """Return the property that the id in the path is a value of, None for the record's id."""
    by = request.args.get("idProperty") or None
    if by == "hs_object_id":
        raise ApiError(400, "hs_object_id is not a unique property; leave idProperty out.")
    return by


def _query(*, after: str) -> str:
    """Return the query of the next page: this one's, lists and all, from another place."""
    kept = [(k, v) for k, v in request.args.items(multi=True) if k != "after"]
    return urlencode([*kept, ("after", after)])
