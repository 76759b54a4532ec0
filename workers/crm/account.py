"""Calls about the account: owners, what is activated, limits and usage, and access tokens."""

from workers.crm.call import Call
from workers.crm.paths import Paths


class AccountCalls:
    """What belongs to the portal rather than to an object type."""

    paths: Paths

    def owners(
        self,
        *,
        email: str | None = None,
        limit: int = 100,
        after: str | None = None,
        archived: bool = False,
    ) -> Call:
        """Read a page of the portal's owners, or the one with an e-mail address."""
        query = {
            "email": email,
            "limit": str(limit),
            "after": after,
            "archived": "true" if archived else None,
        }
        return self._about("owners", self.paths.to("owners"), **query)

    def owner(self, id: str, *, by: str = "id") -> Call:
        """Read an owner by its `id`, or by its `userId`."""
        query = {"idProperty": None if by == "id" else by}
        return self._about("owner", self.paths.to("owners", id), **query)

    def enablement(self) -> Call:
        """List which of the object types that need it are activated."""
        return self._about("object library", self.paths.to("library"))

    def enablement_of(self, object_type: str) -> Call:
        """Read whether an object type, given by its id, is activated."""
        return self._about("object library", self.paths.to("library", object_type))

    def account(self) -> Call:
        """Read the account's own details: its id, time zone, currency."""
        return self._about("account", self.paths.to("account", "details"))

    def usage(self) -> Call:
        """Read how much of the daily limit is used."""
        path = self.paths.to("account", "api-usage", "daily", "private-apps")
        return self._about("usage", path)

    def limit(self, *kind: str) -> Call:
        """Read a limit and how near it is: ("custom-properties",), ("associations", "labels")."""
        return self._about("limit", self.paths.to("limits", *kind))

    def token_from_code(
        self, *, client_id: str, client_secret: str, redirect_uri: str, code: str
    ) -> Call:
        """Exchange the code of a granted authorisation, once, for an access token."""
        return self._token(
            grant_type="authorization_code",
            client_id=client_id,
            client_secret=client_secret,
            redirect_uri=redirect_uri,
            code=code,
        )

    def token_from_refresh(self, *, client_id: str, client_secret: str, refresh_token: str) -> Call:
        """Ask for a new access token."""
        return self._token(
            grant_type="refresh_token",
            client_id=client_id,
            client_secret=client_secret,
            refresh_token=refresh_token,
        )

    def _token(self, **body: str) -> Call:
        return Call(
            name="token",
            method="POST",
            path=self.paths.to("token"),
            body=body,
            form=True,
            repeat_safe=body["grant_type"] == "refresh_token",
        )

    def _about(self, name: str, path: str, **query: str | None) -> Call:
        given = tuple((key, value) for key, value in query.items() if value is not None)
        return Call(name=name, method="GET", path=path, query=given)
