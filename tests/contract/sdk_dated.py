"""`hubspot-sdk` 0.1: typed parameters, answers as models, the dated paths."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import hubspot_sdk

from tests.contract.sdk import Json, Kinds, Pair, SdkError

BATCH = {"read": "get", "archive": "delete"}
ASSOCIATIONS = {"read": "get", "archive": "delete", "archive_labels": "delete_labels"}


class DatedSdk:
    """The verbs of `tests.contract.sdk.Sdk`."""

    def __init__(self, url: str, *, token: str) -> None:
        # Its own retries would make three of each conflict: one is enough to look at.
        self._hubspot: Any = hubspot_sdk.HubSpot(access_token=token, base_url=url, max_retries=0)
        self._crm = self._hubspot.crm
        self._objects = self._crm.objects.custom

    def close(self) -> None:
        self._hubspot.close()

    def _do(self, call: Callable[..., Any], *args: object, **options: object) -> Json:
        try:
            model = call(*args, **options)
        except hubspot_sdk.APIStatusError as error:
            raise SdkError(error.status_code, error.body) from error
        # Its models call some ids texts that HubSpot's own examples show as numbers.
        return model.to_dict(mode="json", warnings=False) if hasattr(model, "to_dict") else model

    def create(self, kind: str, properties: Mapping[str, str], links: Sequence[Json] = ()) -> Json:
        return self._do(
            self._objects.create, kind, properties=dict(properties), associations=list(links)
        )

    def read(self, kind: str, id: str, **options: object) -> Json:
        return self._do(self._objects.get, id, object_type=kind, **_options(options))

    def list(self, kind: str, **options: object) -> Json:
        return self._do(self._objects.list, kind, **_options(options))

    def update(self, kind: str, id: str, properties: Mapping[str, str], **options: object) -> Json:
        return self._do(
            self._objects.update,
            id,
            object_type=kind,
            properties=dict(properties),
            **_options(options),
        )

    def archive(self, kind: str, id: str) -> None:
        self._do(self._objects.delete, id, object_type=kind)

    def batch(self, kind: str, verb: str, inputs: Sequence[Json], **options: object) -> Json:
        given = _options(options)
        if verb == "read":
            given = {"properties": [], "properties_with_history": []} | given
        call = getattr(self._objects.batch, BATCH.get(verb, verb))
        return self._do(call, kind, inputs=list(inputs), **given)

    def search(self, kind: str, **body: object) -> Json:
        needed = {"after": "0", "filterGroups": [], "limit": 10, "properties": [], "sorts": []}
        return self._do(self._objects.search, kind, **_snaked(needed | body))

    def merge(self, primary_id: str, merged_id: str) -> Json:
        return self._do(
            self._crm.objects.contacts.merge,
            primary_object_id=primary_id,
            object_id_to_merge=merged_id,
        )

    def gdpr_delete(self, **body: str) -> None:
        self._do(self._crm.objects.contacts.gdpr_delete, **_snaked(body))

    def associate(self, pair: Pair, types: Sequence[Json]) -> Json:
        kind, id, to_kind, to_id = pair
        return self._do(
            self._crm.associations.update_labels,
            to_id,
            object_type=kind,
            object_id=id,
            to_object_type=to_kind,
            body=list(types),
        )

    def associate_default(self, pair: Pair) -> Json:
        kind, id, to_kind, to_id = pair
        return self._do(
            self._crm.associations.create,
            to_id,
            from_object_type=kind,
            from_object_id=id,
            to_object_type=to_kind,
        )

    def dissociate(self, pair: Pair) -> None:
        kind, id, to_kind, to_id = pair
        self._do(
            self._crm.associations.delete,
            to_id,
            object_type=kind,
            object_id=id,
            to_object_type=to_kind,
        )

    def associated(self, kind: str, id: str, to: str) -> Json:
        return self._do(self._crm.associations.list, to, object_type=kind, object_id=id)

    def associations(self, kinds: Kinds, verb: str, inputs: Sequence[Json]) -> Json:
        from_kind, to_kind = kinds
        call = getattr(self._crm.associations.batch, ASSOCIATIONS.get(verb, verb))
        return self._do(call, to_kind, from_object_type=from_kind, inputs=list(inputs))

    def labels(self, kinds: Kinds) -> Json:
        from_kind, to_kind = kinds
        labels = self._crm.associations_schema.labels
        return self._do(labels.list_labels, to_kind, from_object_type=from_kind)

    def create_label(self, kinds: Kinds, *, label: str, name: str, inverse: str) -> Json:
        from_kind, to_kind = kinds
        return self._do(
            self._crm.associations_schema.labels.create_label,
            to_kind,
            from_object_type=from_kind,
            label=label,
            name=name,
            inverse_label=inverse,
        )

    def delete_label(self, kinds: Kinds, type_id: int) -> None:
        from_kind, to_kind = kinds
        self._do(
            self._crm.associations_schema.labels.delete_label,
            type_id,
            from_object_type=from_kind,
            to_object_type=to_kind,
        )

    def property(self, kind: str, name: str) -> Json:
        return self._do(self._crm.properties.get, name, object_type=kind)

    def properties(self, kind: str) -> Json:
        return self._do(self._crm.properties.list, kind)

    def create_property(self, kind: str, body: Json) -> Json:
        return self._do(self._crm.properties.create, kind, **_snaked(body))

    def update_property(self, kind: str, name: str, body: Json) -> Json:
        return self._do(self._crm.properties.update, name, object_type=kind, **_snaked(body))

    def archive_property(self, kind: str, name: str) -> None:
        self._do(self._crm.properties.delete, name, object_type=kind)

    def groups(self, kind: str) -> Json:
        return self._do(self._crm.properties.groups.list, kind)

    def create_group(self, kind: str, *, name: str, label: str) -> Json:
        return self._do(self._crm.properties.groups.create, kind, name=name, label=label)

    def pipelines(self, kind: str) -> Json:
        return self._do(self._crm.pipelines.list, kind)

    def create_pipeline(self, kind: str, body: Json) -> Json:
        return self._do(self._crm.pipelines.create, kind, **_snaked(body))

    def archive_pipeline(self, kind: str, id: str) -> None:
        self._do(self._crm.pipelines.delete, id, object_type=kind)

    def create_stage(self, kind: str, pipeline_id: str, body: Json) -> Json:
        return self._do(
            self._crm.pipelines.create_stage, pipeline_id, object_type=kind, **_snaked(body)
        )

    def archive_stage(self, kind: str, pipeline_id: str, id: str) -> None:
        self._do(self._crm.pipelines.delete_stage, id, object_type=kind, pipeline_id=pipeline_id)

    def owners(self) -> Json:
        return self._do(self._crm.owners.list)

    def owner(self, id: str) -> Json:
        return self._do(self._crm.owners.get, int(id))

    def schemas(self) -> Json:
        return self._do(self._crm.object_schemas.list)

    def schema(self, kind: str) -> Json:
        return self._do(self._crm.object_schemas.get, kind)

    def create_schema(self, body: Json) -> Json:
        needed = {
            "allowsSensitiveProperties": False,
            "searchableProperties": [],
            "secondaryDisplayProperties": [],
        }
        return self._do(self._crm.object_schemas.create, **_snaked(needed | body))

    def archive_schema(self, kind: str) -> None:
        self._do(self._crm.object_schemas.delete, kind)

    def enablement(self) -> Json:
        return self._do(self._crm.object_library.enablement.get_all)

    def account(self) -> Json:
        return self._do(self._hubspot.account.get)

    def token(self, **form: str) -> Json:
        return self._do(self._hubspot.auth.oauth.create_token, **form)


def _options(options: Mapping[str, object]) -> dict[str, object]:
    names = {"history": "properties_with_history", "key_property": "id_property"}
    return {names.get(name, name): value for name, value in options.items()}


def _snaked(body: Mapping[str, object]) -> dict[str, Any]:
    """Return a body as arguments in the SDK's own spelling; what is nested it takes as it is."""
    return {
        "".join(f"_{c.lower()}" if c.isupper() else c for c in name): value
        for name, value in body.items()
    }
