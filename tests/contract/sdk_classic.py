"""`hubspot-api-client` 12: an area for each part of the API, bodies as dicts, classic paths."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import hubspot

from tests.contract.sdk import Json, Kinds, Pair, SdkError

OPTIONS = {
    "history": "properties_with_history",
    "key_property": "id_property",
}


class ClassicSdk:
    """The verbs of `tests.contract.sdk.Sdk`."""

    def __init__(self, url: str, *, token: str) -> None:
        self._hubspot: Any = hubspot.HubSpot(access_token=token, host=url, base_url=url)
        self._areas: dict[str, Any] = {}

    def _area(self, path: str) -> Any:
        """Return one area, made once: each has connections of its own."""
        if path not in self._areas:
            area = self._hubspot
            for name in path.split("."):
                area = getattr(area, name)
            self._areas[path] = area
        return self._areas[path]

    def close(self) -> None:
        for area in self._areas.values():
            area.api_client.rest_client.pool_manager.clear()

    def _do(self, area: str, verb: str, *args: object, **options: object) -> Json:
        found = self._area(area)
        call: Callable[..., object] = getattr(found, verb)
        try:
            model = call(*args, **options)
        except Exception as error:
            if not hasattr(error, "status"):
                raise
            raise SdkError(error.status, getattr(error, "body", None)) from error
        return found.api_client.sanitize_for_serialization(model)

    def create(self, kind: str, properties: Mapping[str, str], links: Sequence[Json] = ()) -> Json:
        body = {"properties": dict(properties), "associations": list(links)}
        return self._do("crm.objects.basic_api", "create", kind, body)

    def read(self, kind: str, id: str, **options: object) -> Json:
        return self._do("crm.objects.basic_api", "get_by_id", kind, id, **_options(options))

    def list(self, kind: str, **options: object) -> Json:
        return self._do("crm.objects.basic_api", "get_page", kind, **_options(options))

    def update(self, kind: str, id: str, properties: Mapping[str, str], **options: object) -> Json:
        body = {"properties": dict(properties)}
        return self._do("crm.objects.basic_api", "update", kind, id, body, **_options(options))

    def archive(self, kind: str, id: str) -> None:
        self._do("crm.objects.basic_api", "archive", kind, id)

    def batch(self, kind: str, verb: str, inputs: Sequence[Json], **options: object) -> Json:
        names = {"history": "propertiesWithHistory", "key_property": "idProperty"}
        body = {names.get(name, name): value for name, value in options.items()}
        if verb == "read":
            body = {"properties": [], "propertiesWithHistory": []} | body
        query = {"archived": body.pop("archived")} if "archived" in body else {}
        body["inputs"] = list(inputs)
        return self._do("crm.objects.batch_api", verb, kind, body, **query)

    def search(self, kind: str, **body: object) -> Json:
        return self._do("crm.objects.search_api", "do_search", kind, body)

    def merge(self, primary_id: str, merged_id: str) -> Json:
        body = {"primaryObjectId": primary_id, "objectIdToMerge": merged_id}
        return self._do("crm.contacts.basic_api", "merge", body)

    def gdpr_delete(self, **body: str) -> None:
        self._do("crm.contacts.basic_api", "purge", body)

    def associate(self, pair: Pair, types: Sequence[Json]) -> Json:
        return self._do("crm.associations.v4.basic_api", "create", *pair, list(types))

    def associate_default(self, pair: Pair) -> Json:
        return self._do("crm.associations.v4.basic_api", "create_default", *pair)

    def dissociate(self, pair: Pair) -> None:
        self._do("crm.associations.v4.basic_api", "archive", *pair)

    def associated(self, kind: str, id: str, to: str) -> Json:
        return self._do("crm.associations.v4.basic_api", "get_page", kind, id, to)

    def associations(self, kinds: Kinds, verb: str, inputs: Sequence[Json]) -> Json:
        verb = "get_page" if verb == "read" else verb
        return self._do("crm.associations.v4.batch_api", verb, *kinds, {"inputs": list(inputs)})

    def labels(self, kinds: Kinds) -> Json:
        return self._do("crm.associations.v4.schema.definitions_api", "get_all", *kinds)

    def create_label(self, kinds: Kinds, *, label: str, name: str, inverse: str) -> Json:
        body = {"label": label, "name": name, "inverseLabel": inverse}
        return self._do("crm.associations.v4.schema.definitions_api", "create", *kinds, body)

    def delete_label(self, kinds: Kinds, type_id: int) -> None:
        self._do("crm.associations.v4.schema.definitions_api", "remove", *kinds, type_id)

    def property(self, kind: str, name: str) -> Json:
        return self._do("crm.properties.core_api", "get_by_name", kind, name)

    def properties(self, kind: str) -> Json:
        return self._do("crm.properties.core_api", "get_all", kind)

    def create_property(self, kind: str, body: Json) -> Json:
        return self._do("crm.properties.core_api", "create", kind, body)

    def update_property(self, kind: str, name: str, body: Json) -> Json:
        return self._do("crm.properties.core_api", "update", kind, name, body)

    def archive_property(self, kind: str, name: str) -> None:
        self._do("crm.properties.core_api", "archive", kind, name)

    def groups(self, kind: str) -> Json:
        return self._do("crm.properties.groups_api", "get_all", kind)

    def create_group(self, kind: str, *, name: str, label: str) -> Json:
        return self._do("crm.properties.groups_api", "create", kind, {"name": name, "label": label})

    def pipelines(self, kind: str) -> Json:
        return self._do("crm.pipelines.pipelines_api", "get_all", kind)

    def create_pipeline(self, kind: str, body: Json) -> Json:
        return self._do("crm.pipelines.pipelines_api", "create", kind, body)

    def archive_pipeline(self, kind: str, id: str) -> None:
        self._do("crm.pipelines.pipelines_api", "archive", kind, id)

    def create_stage(self, kind: str, pipeline_id: str, body: Json) -> Json:
        return self._do("crm.pipelines.pipeline_stages_api", "create", kind, pipeline_id, body)

    def archive_stage(self, kind: str, pipeline_id: str, id: str) -> None:
        self._do("crm.pipelines.pipeline_stages_api", "archive", kind, pipeline_id, id)

    def owners(self) -> Json:
        return self._do("crm.owners.owners_api", "get_page")

    def owner(self, id: str) -> Json:
        return self._do("crm.owners.owners_api", "get_by_id", int(id))

    def schemas(self) -> Json:
        return self._do("crm.schemas.core_api", "get_all")

    def schema(self, kind: str) -> Json:
        return self._do("crm.schemas.core_api", "get_by_id", kind)

    def create_schema(self, body: Json) -> Json:
        return self._do("crm.schemas.core_api", "create", body)

    def archive_schema(self, kind: str) -> None:
        self._do("crm.schemas.core_api", "archive", kind)

    def enablement(self) -> Json:
        return self._request("/crm/v3/object-library/enablement")

    def account(self) -> Json:
        return self._request("/account-info/v3/details")

    def _request(self, path: str) -> Json:
        """Return the answer to what the SDK has no area for, by its own way out."""
        response = self._hubspot.api_request({"path": path})
        if response.status_code != 200:
            raise SdkError(response.status_code, response.text)
        return response.json()

    def token(self, **form: str) -> Json:
        return self._do("oauth.tokens_api", "create", **form)


def _options(options: Mapping[str, object]) -> dict[str, object]:
    return {OPTIONS.get(name, name): value for name, value in options.items()}
