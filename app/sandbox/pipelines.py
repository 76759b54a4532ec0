"""Pipelines and their stages, and the routes to them."""

from collections.abc import Mapping

from flask import Blueprint, Response

from app.sandbox import asking
from app.sandbox.asking import answer, mapping, required, text
from app.sandbox.catalogue import ObjectType
from app.sandbox.crm import STAGE_PROPERTIES, Crm
from app.sandbox.errors import ApiError
from app.sandbox.values import iso

Body = dict[str, object]


def _taken(crm: Crm, kind: ObjectType, stage_id: str) -> bool:
    return any(stage_id in stages for stages in crm.stage_ids(kind.id).values())


def _stage(crm: Crm, kind: ObjectType, found: Mapping[str, object], *, number: int) -> Body:
    """Return the stage that a body defines. Raises ApiError."""
    stage_id = text(found.get("stageId")) or crm.next_id()
    if _taken(crm, kind, stage_id):
        raise ApiError(
            409,
            f"A stage with the id {stage_id} is in another pipeline.",
            category="CONFLICT",
            subCategory="PipelineError.STAGE_ID_EXISTS_IN_ANOTHER_PIPELINE",
        )
    return {
        "id": stage_id,
        "label": text(required(found, "label")),
        "displayOrder": found.get("displayOrder", number),
        "metadata": {n: text(v) for n, v in mapping(found.get("metadata")).items()},
        "createdAt": iso(crm.now()),
        "updatedAt": iso(crm.now()),
        "archived": False,
    }


def _pipeline(crm: Crm, kind: ObjectType, found: Mapping[str, object], *, own_id: str) -> Body:
    """Return the pipeline that a body defines. Raises ApiError."""
    label = text(required(found, "label"))
    listed = required(found, "stages")
    stages = [
        _stage(crm, kind, mapping(each), number=number)
        for number, each in enumerate(listed if isinstance(listed, list) else [])
    ]
    return {
        "id": own_id,
        "label": label,
        "displayOrder": found.get("displayOrder", 0),
        "stages": stages,
        "createdAt": iso(crm.now()),
        "updatedAt": iso(crm.now()),
        "archived": False,
    }


def _change(crm: Crm, body: Body, found: Mapping[str, object]) -> Body:
    """Set what a body names of a pipeline or stage."""
    for name in ("label", "displayOrder"):
        if name in found:
            body[name] = found[name]
    if "metadata" in found and "metadata" in body:
        body["metadata"] = {n: text(v) for n, v in mapping(found["metadata"]).items()}
    body["updatedAt"] = iso(crm.now())
    return body


def _refuse_used(crm: Crm, kind: ObjectType, stages: list[str]) -> None:
    """Raise the refusal to delete stages that records are in."""
    _, name = STAGE_PROPERTIES.get(kind.id, STAGE_PROPERTIES["0-5"])
    used = [r.id for r in crm.all(kind) if r.properties.get(name) in stages]
    if used:
        raise ApiError(
            400,
            f"The stage cannot be deleted: {len(used)} records are in it.",
            context={"stageId": stages, "objectIds": used[:10]},
            errors=[{"message": "The stage is in use.", "code": "STAGE_ID_IN_USE"}],
            subCategory="PipelineError.STAGE_ID_IN_USE",
        )


def pipelines(crm: Crm) -> Blueprint:
    """Return the routes below /crm/v3/pipelines and its dated forms."""
    page = Blueprint("pipelines", __name__)

    def one(name: str, own_id: str) -> tuple[ObjectType, Body]:
        kind = crm.kind(name)
        found = crm.pipelines.get(kind.id, {}).get(own_id)
        if found is None:
            raise ApiError(404, f"There is no pipeline {own_id}", category="OBJECT_NOT_FOUND")
        return kind, found

    @page.get("/<name>")
    def listed(name: str) -> Response:
        return answer({"results": list(crm.pipelines.get(crm.kind(name).id, {}).values())})

    @page.post("/<name>")
    def create(name: str) -> Response:
        kind, found = crm.kind(name), asking.body()
        own_id = text(found.get("pipelineId")) or crm.next_id()
        if own_id in crm.pipelines.get(kind.id, {}):
            raise ApiError(409, f"There is a pipeline {own_id}.", category="CONFLICT")
        made = _pipeline(crm, kind, found, own_id=own_id)
        crm.pipelines.setdefault(kind.id, {})[own_id] = made
        return answer(made, 201)

    @page.get("/<name>/<own_id>")
    def read(name: str, own_id: str) -> Response:
        return answer(one(name, own_id)[1])

    @page.put("/<name>/<own_id>")
    def replace(name: str, own_id: str) -> Response:
        kind, before = one(name, own_id)
        del crm.pipelines[kind.id][own_id]
        try:
            after = _pipeline(crm, kind, asking.body(), own_id=own_id)
        except ApiError:
            crm.pipelines[kind.id][own_id] = before
            raise
        crm.pipelines[kind.id][own_id] = after
        return answer(after)

    @page.patch("/<name>/<own_id>")
    def update(name: str, own_id: str) -> Response:
        return answer(_change(crm, one(name, own_id)[1], asking.body()))

    @page.delete("/<name>/<own_id>")
    def delete(name: str, own_id: str) -> Response:
        kind, _ = one(name, own_id)
        _refuse_used(crm, kind, list(crm.stage_ids(kind.id)[own_id]))
        del crm.pipelines[kind.id][own_id]
        return answer(None, 204)

    _stages(crm, page)
    return page


def _stages(crm: Crm, page: Blueprint) -> None:
    """Add the routes of a pipeline's stages."""

    def of(name: str, own_id: str) -> tuple[ObjectType, list[Body]]:
        kind = crm.kind(name)
        found = crm.pipelines.get(kind.id, {}).get(own_id)
        if found is None:
            raise ApiError(404, f"There is no pipeline {own_id}", category="OBJECT_NOT_FOUND")
        stages = found["stages"]
        return kind, stages if isinstance(stages, list) else []

    def one(name: str, own_id: str, stage_id: str) -> Body:
        for stage in of(name, own_id)[1]:
            if stage["id"] == stage_id:
                return stage
        raise ApiError(404, f"There is no stage {stage_id}", category="OBJECT_NOT_FOUND")

    @page.get("/<name>/<own_id>/stages")
    def listed_stages(name: str, own_id: str) -> Response:
        return answer({"results": of(name, own_id)[1]})

    @page.post("/<name>/<own_id>/stages")
    def create_stage(name: str, own_id: str) -> Response:
        kind, stages = of(name, own_id)
        made = _stage(crm, kind, asking.body(), number=len(stages))
        stages.append(made)
        return answer(made, 201)

    @page.get("/<name>/<own_id>/stages/<stage_id>")
    def read_stage(name: str, own_id: str, stage_id: str) -> Response:
        return answer(one(name, own_id, stage_id))

    @page.patch("/<name>/<own_id>/stages/<stage_id>")
    @page.put("/<name>/<own_id>/stages/<stage_id>")
    def update_stage(name: str, own_id: str, stage_id: str) -> Response:
        return answer(_change(crm, one(name, own_id, stage_id), asking.body()))

    @page.delete("/<name>/<own_id>/stages/<stage_id>")
    def delete_stage(name: str, own_id: str, stage_id: str) -> Response:
        kind, stages = of(name, own_id)
        gone = one(name, own_id, stage_id)
        _refuse_used(crm, kind, [stage_id])
        stages.remove(gone)
        return answer(None, 204)
