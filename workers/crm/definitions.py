"""Calls about what records are made of: properties, their groups, and object schemas."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from workers.crm.call import Call
from workers.crm.paths import Paths


class DefinitionCalls:
    """A definition that was just made may take a second to be usable."""

    paths: Paths

    # Properties

    def property(self, object_type: str, name: str) -> Call:
        """Read the definition of a property."""
        return self._defined("property", "GET", "properties", object_type, name)

    def properties(self, object_type: str, *, archived: bool = False) -> Call:
        """List the definitions of all properties."""
        call = self._defined("properties", "GET", "properties", object_type)
        return replace(call, query=(("archived", "true"),)) if archived else call

    def create_property(self, object_type: str, body: Mapping[str, object]) -> Call:
        """Define a property: `name`, `label`, `type`, `fieldType`, `groupName` at least."""
        return _creating(
            self._defined("create property", "POST", "properties", object_type, body=body)
        )

    def update_property(self, object_type: str, name: str, body: Mapping[str, object]) -> Call:
        """Change a definition; `options` replace all options."""
        return self._defined("update property", "PATCH", "properties", object_type, name, body=body)

    def archive_property(self, object_type: str, name: str) -> Call:
        """Archive a definition that is not in use."""
        return _silent(self._defined("archive property", "DELETE", "properties", object_type, name))

    def create_property_batch(
        self, object_type: str, *, bodies: Sequence[Mapping[str, object]]
    ) -> Call:
        """Define several properties."""
        return _creating(self._properties_batch("create", object_type, list(bodies)))

    def read_property_batch(
        self, object_type: str, *, names: Sequence[str], archived: bool = False
    ) -> Call:
        """Read several definitions."""
        inputs = [{"name": name} for name in names]
        return self._properties_batch("read", object_type, inputs, archived=archived)

    def archive_property_batch(self, object_type: str, *, names: Sequence[str]) -> Call:
        """Archive several definitions."""
        inputs = [{"name": name} for name in names]
        return _silent(self._properties_batch("archive", object_type, inputs))

    def _properties_batch(
        self, verb: str, object_type: str, inputs: Sequence[object], **more: object
    ) -> Call:
        body = {**more, "inputs": inputs}
        name = f"properties batch {verb}"
        call = self._defined(name, "POST", "properties", object_type, "batch", verb, body=body)
        return replace(call, inputs=len(inputs))

    # Groups of properties

    def property_groups(self, object_type: str) -> Call:
        """List the groups of properties."""
        return self._defined("property groups", "GET", "properties", object_type, "groups")

    def property_group(self, object_type: str, name: str) -> Call:
        """Read a group of properties."""
        return self._defined("property group", "GET", "properties", object_type, "groups", name)

    def create_property_group(self, object_type: str, body: Mapping[str, object]) -> Call:
        """Define a group of properties: `name` and `label`."""
        return _creating(
            self._defined(
                "create property group", "POST", "properties", object_type, "groups", body=body
            )
        )

    def update_property_group(
        self, object_type: str, name: str, body: Mapping[str, object]
    ) -> Call:
        """Change a group of properties."""
        return self._defined(
            "update property group", "PATCH", "properties", object_type, "groups", name, body=body
        )

    def archive_property_group(self, object_type: str, name: str) -> Call:
        """Archive a group of properties."""
        return _silent(
            self._defined(
                "archive property group", "DELETE", "properties", object_type, "groups", name
            )
        )

    # Schemas

    def schemas(self, *, archived: bool = False) -> Call:
        """List the schemas of the portal's custom objects."""
        call = self._defined("schemas", "GET", "schemas", "")
        return replace(call, query=(("archived", "true"),)) if archived else call

    def schema(self, object_type: str) -> Call:
        """Read the schema of an object type."""
        return self._defined("schema", "GET", "schemas", object_type)

    def create_schema(self, body: Mapping[str, object]) -> Call:
        """Define a custom object: name, labels, properties, required ones, associated objects."""
        return _creating(self._defined("create schema", "POST", "schemas", "", body=body))

    def update_schema(self, object_type: str, body: Mapping[str, object]) -> Call:
        """Change the labels, required or searchable properties of a custom object."""
        return self._defined("update schema", "PATCH", "schemas", object_type, body=body)

    def archive_schema(self, object_type: str) -> Call:
        """Archive the schema of a custom object that has no records left."""
        return _silent(self._defined("archive schema", "DELETE", "schemas", object_type))

    def create_schema_association(self, object_type: str, body: Mapping[str, object]) -> Call:
        """Let a custom object be associated: `fromObjectTypeId`, `toObjectTypeId`, `name`."""
        return _creating(
            self._defined(
                "create schema association",
                "POST",
                "schemas",
                object_type,
                "associations",
                body=body,
            )
        )

    def archive_schema_association(self, object_type: str, identifier: str) -> Call:
        """Take such a definition away."""
        return _silent(
            self._defined(
                "archive schema association",
                "DELETE",
                "schemas",
                object_type,
                "associations",
                identifier,
            )
        )

    def _defined(
        self,
        name: str,
        method: str,
        part: str,
        object_type: str,
        *more: str,
        body: Mapping[str, object] | None = None,
    ) -> Call:
        segments = (object_type, *more) if object_type or more else ()
        return Call(
            name=name,
            object_type=object_type,
            method=method,
            path=self.paths.to(part, *segments),
            body=None if body is None else dict(body),
        )


def _creating(call: Call) -> Call:
    return replace(call, repeat_safe=False)


def _silent(call: Call) -> Call:
    return replace(call, silent=True)
