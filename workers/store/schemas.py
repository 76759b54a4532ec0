"""What a portal said of its schema, for an hour.

hl:{portal}:schema   hash: what was learned of the portal's properties and labels; expires
"""

from collections.abc import Mapping

from workers.knowledge import Definition, LabelKey, Uniqueness
from workers.store.connection import Connection, our_errors
from workers.store.keys import portal_key

SCHEMA_S = 3600


class Schemas(Connection):
    """The properties and association labels of each portal, as far as they were asked for."""

    def schema(
        self, portal: str
    ) -> tuple[dict[Definition, Uniqueness], dict[LabelKey, tuple[str, int] | None]]:
        """Return what is known of the portal's properties and association labels."""
        with our_errors():
            found = self.redis.hgetall(portal_key(portal, "schema"))
        definitions: dict[Definition, Uniqueness] = {}
        labels: dict[LabelKey, tuple[str, int] | None] = {}
        for name, value in found.items():
            kind, *rest = name.decode().split("\x1f")
            if kind == "property":
                definitions[rest[0], rest[1]] = Uniqueness(value.decode())
            else:
                category, _, type_id = value.decode().partition("|")
                labels[rest[0], rest[1], rest[2]] = (category, int(type_id)) if type_id else None
        return definitions, labels

    def learn_schema(
        self,
        portal: str,
        *,
        definitions: Mapping[Definition, Uniqueness],
        labels: Mapping[LabelKey, tuple[str, int] | None],
    ) -> None:
        """Remember, for an hour, what the portal said of its schema."""
        rows = {"\x1f".join(("property", *key)): value.value for key, value in definitions.items()}
        rows |= {
            "\x1f".join(("label", *key)): "" if label is None else f"{label[0]}|{label[1]}"
            for key, label in labels.items()
        }
        if not rows:
            return
        key = portal_key(portal, "schema")
        with our_errors():
            pipe = self.redis.pipeline(transaction=False)
            pipe.hset(key, mapping=rows)
            pipe.expire(key, SCHEMA_S, nx=True)
            pipe.execute()

    def forget_schema(self, portal: str) -> None:
        """Ask the portal anew, since its properties were changed."""
        with our_errors():
            self.redis.delete(portal_key(portal, "schema"))
