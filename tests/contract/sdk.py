"""HubSpot's own SDKs behind one set of verbs, each used as its manual says.

`hubspot-api-client` speaks the classic paths, `hubspot-sdk` the dated ones. Both take and give
models of their own; here everything is the JSON that those stand for, as the SDK understood it:
what an SDK drops or fails to read is missing here too.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

Json = Any
Kinds = tuple[str, str]  # two object types
Pair = tuple[str, str, str, str]  # from type, from id, to type, to id


class SdkError(Exception):
    """What an SDK raised for an answer: its status and body."""

    def __init__(self, status: int, body: object) -> None:
        self.status = status
        self.body: Json = _parsed(body)
        super().__init__(f"{status} {body!r}")


def _parsed(body: object) -> object:
    if isinstance(body, bytes | str):
        try:
            return json.loads(body)
        except ValueError:
            return body
    return body


class Sdk(Protocol):
    """The verbs that both SDKs have; all of them raise SdkError."""

    def create(self, kind: str, properties: Mapping[str, str], links: Sequence[Json] = ()) -> Json:
        """Create a record."""

    def read(self, kind: str, id: str, **options: object) -> Json:
        """Read a record."""

    def list(self, kind: str, **options: object) -> Json:
        """Read a page of records."""

    def update(self, kind: str, id: str, properties: Mapping[str, str], **options: object) -> Json:
        """Set properties."""

    def archive(self, kind: str, id: str) -> None:
        """Archive a record."""

    def batch(self, kind: str, verb: str, inputs: Sequence[Json], **options: object) -> Json:
        """Create, read, update, upsert or archive several records."""

    def search(self, kind: str, **body: object) -> Json:
        """Search."""

    def merge(self, primary_id: str, merged_id: str) -> Json:
        """Merge two contacts."""

    def gdpr_delete(self, **body: str) -> None:
        """Delete a contact for good."""

    def associate(self, pair: Pair, types: Sequence[Json]) -> Json:
        """Set the labels of a pair."""

    def associate_default(self, pair: Pair) -> Json:
        """Associate a pair without a label."""

    def dissociate(self, pair: Pair) -> None:
        """Take all associations of a pair away."""

    def associated(self, kind: str, id: str, to: str) -> Json:
        """Read what a record is associated with."""

    def associations(self, kinds: Kinds, verb: str, inputs: Sequence[Json]) -> Json:
        """Create, create_default, read, archive or archive_labels in a batch."""

    def labels(self, kinds: Kinds) -> Json:
        """List the association types of two object types."""

    def create_label(self, kinds: Kinds, *, label: str, name: str, inverse: str) -> Json:
        """Define a label."""

    def delete_label(self, kinds: Kinds, type_id: int) -> None:
        """Delete a label."""

    def property(self, kind: str, name: str) -> Json:
        """Read a definition."""

    def properties(self, kind: str) -> Json:
        """List definitions."""

    def create_property(self, kind: str, body: Json) -> Json:
        """Define a property."""

    def update_property(self, kind: str, name: str, body: Json) -> Json:
        """Change a definition."""

    def archive_property(self, kind: str, name: str) -> None:
        """Archive a definition."""

    def groups(self, kind: str) -> Json:
        """List the groups of properties."""

    def create_group(self, kind: str, *, name: str, label: str) -> Json:
        """Define a group of properties."""

    def pipelines(self, kind: str) -> Json:
        """List pipelines."""

    def create_pipeline(self, kind: str, body: Json) -> Json:
        """Create a pipeline."""

    def archive_pipeline(self, kind: str, id: str) -> None:
        """Delete a pipeline."""

    def create_stage(self, kind: str, pipeline_id: str, body: Json) -> Json:
        """Create a stage."""

    def archive_stage(self, kind: str, pipeline_id: str, id: str) -> None:
        """Delete a stage."""

    def owners(self) -> Json:
        """Read a page of owners."""

    def owner(self, id: str) -> Json:
        """Read an owner."""

    def schemas(self) -> Json:
        """List the schemas of custom objects."""

    def schema(self, kind: str) -> Json:
        """Read a schema."""

    def create_schema(self, body: Json) -> Json:
        """Define a custom object."""

    def archive_schema(self, kind: str) -> None:
        """Archive a schema."""

    def enablement(self) -> Json:
        """List which object types are activated."""

    def account(self) -> Json:
        """Read the account's details."""

    def token(self, **form: str) -> Json:
        """Exchange a code, or refresh a token."""
