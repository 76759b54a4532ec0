"""Letting an app into an account: where the browser goes, and what it brings back."""

import secrets
from datetime import datetime, timedelta
from urllib.parse import urlencode

from workers.credentials.exchange import Exchange, NotGranted
from workers.credentials.granted import renew_after_s, sealed
from workers.errors import Permanent, Refused
from workers.settings import Portal
from workers.settings.oauth import OAuth
from workers.store import Account, Store
from workers.store.grants import Grant


class NotInstalled(Permanent):
    """Raised when an install comes to nothing; the text may be shown to whoever tried."""


def consent_url(app: OAuth, *, redirect_uri: str, state: str) -> str:
    """Return the page on which somebody of the account is asked."""
    query = {
        "client_id": app.client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(app.scopes),
        "state": state,
    }
    joint = "&" if "?" in app.authorize_url else "?"
    return f"{app.authorize_url}{joint}{urlencode(query)}"


def install(
    portal: Portal, *, store: Store, code: str, redirect_uri: str, by: str, now: datetime
) -> Grant:
    """Keep what the account granted, and let the portal's writing go on.

    Raises NotInstalled, and Retryable while HubSpot cannot be asked. The portal stays whose it was:
    an account that is another than at the first install is refused.
    """
    if portal.oauth is None or store.seal is None:
        raise NotInstalled(f"portal {portal.name}: has no `oauth`, or there is no `secret_key`")
    with Exchange(portal) as exchange:
        try:
            token = exchange.granted(code, redirect_uri=redirect_uri)
            account = exchange.account(token)
        except (NotGranted, Refused) as error:
            raise NotInstalled(f"portal {portal.name}: {error}; begin anew") from None
    known = _known(portal.name, store)
    if known and account.portal_id != known:
        raise NotInstalled(
            f"portal {portal.name} is account {known}, and account {account.portal_id} was chosen; "
            f"begin anew and choose {known}. Should it be another from now on, "
            f"`hookline connect {portal.name} --forget` first"
        )
    refresh, access = sealed(
        store.seal, portal.name, refresh=token.refresh_token, access=token.access_token
    )
    grant = Grant(
        install=secrets.token_hex(8),
        hub=account.portal_id,
        scopes=portal.oauth.scopes,
        by=by,
        at=now,
        expires=now + timedelta(seconds=token.expires_in_s),
        renew=now + timedelta(seconds=renew_after_s(token.expires_in_s)),
        refresh=refresh,
        access=access,
    )
    store.keep_grant(portal.name, grant)
    store.keep_account(
        portal.name,
        Account(
            id=account.portal_id,
            type=account.type,
            time_zone=account.time_zone,
            currency=account.currency,
            ui_domain=account.ui_domain,
            at=now,
        ),
    )
    store.resume(portal.name)
    return grant


def _known(portal: str, store: Store) -> str:
    """Return the id of the account that the portal has been so far, "" if none is known."""
    grant = store.grant(portal)
    if grant is not None:
        return grant.hub
    account = store.account(portal)
    return "" if account is None else account.id
