"""Our client beside its builders, as the tests use it."""

from dataclasses import dataclass

from workers.crm.calls import Api, Call
from workers.crm.client import Client
from workers.crm.replies import Reply, Row, record
from workers.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """One portal, in one family of paths."""

    api: Api
    client: Client

    def send(self, call: Call) -> Reply:
        """Return the reply; raise what the client does."""
        return self.client.send(call)

    def refused(self, call: Call) -> Refused:
        """Return the refusal that `call` is expected to meet."""
        try:
            reply = self.client.send(call)
        except Refused as error:
            return error
        raise AssertionError(f"{call.name} was not refused: {reply.status} {reply.body!r}")

    def made(self, object_type: str, **properties: str) -> Row:
        """Create a record."""
        return record(self.send(self.api.create(object_type, properties=properties)))

    def read(self, object_type: str, id: str, *properties: str) -> Row:
        """Read a record by its id."""
        return record(self.send(self.api.read(object_type, id, properties=properties)))
