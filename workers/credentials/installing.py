"""Letting an app into an account: where the browser goes, and what it brings back."""

import secrets
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

from workers.credentials.exchange import Exchange, Misconfigured, NotGranted
from workers.credentials.granted import renew_after_s, sealed
from workers.crm import tenant
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
        **({"optional_scope": " ".join(app.optional_scopes)} if app.optional_scopes else {}),
        "state": state,
    }
    joint = "&" if "?" in app.authorize_url else "?"
    # A space is %20, as HubSpot itself writes it.
    return f"{app.authorize_url}{joint}{urlencode(query, quote_via=quote)}"


def install(
    portal: Portal, *, store: Store, code: str, redirect_uri: str, by: str, now: datetime
) -> Grant:
    """Keep what the account granted, and let the portal's writing go on.

    Raises NotInstalled, and Retryable while HubSpot cannot be asked. The portal stays whose it was:
    an account that is another than at the first install is refused, and so is one that did not
    grant each of the scopes that are not optional.
    """
    if portal.oauth is None or store.seal is None:
        raise NotInstalled(f"portal {portal.name}: has no `oauth`, or there is no `secret_key`")
    with Exchange(portal) as exchange:
        try:
            token = exchange.granted(code, redirect_uri=redirect_uri)
            account = exchange.account(token)
        except NotGranted as error:
            told = f"portal {portal.name}: HubSpot does not take the code ({error}); begin anew"
            raise NotInstalled(told) from None
        except Misconfigured as error:
            raise NotInstalled(
                f"portal {portal.name}: HubSpot does not take the app ({error}); check `client_id` "
                "and `client_secret`, and begin anew"
            ) from None
        except Refused as error:
            raise NotInstalled(f"portal {portal.name}: {error}; begin anew") from None
    hub = account.portal_id
    if not hub or (token.hub_id and token.hub_id != hub):
        raise NotInstalled(f"portal {portal.name}: HubSpot does not say which account it is")
    _same(portal.name, store, hub)
    lacking = missing(portal.oauth.scopes, token.scopes)
    if lacking:
        raise NotInstalled(
            f"portal {portal.name}: account {hub} did not grant {', '.join(lacking)}; begin anew "
            "as somebody who may, or ask for less under `scopes`"
        )
    refresh, access = sealed(
        store.seal, portal.name, refresh=token.refresh_token, access=token.access_token
    )
    grant = Grant(
        install=secrets.token_hex(8),
        hub=hub,
        scopes=token.scopes or portal.oauth.scopes,
        by=by,
        at=now,
        expires=now + timedelta(seconds=token.expires_in_s),
        renew=now + timedelta(seconds=renew_after_s(token.expires_in_s)),
        refresh=refresh,
        access=access,
    )
    store.keep_grant(portal.name, grant)
    store.keep_account(portal.name, _row(account, now))
    store.hasten(portal.name, now=now)
    store.resume(portal.name)
    return grant


def missing(wanted: tuple[str, ...], granted: tuple[str, ...]) -> tuple[str, ...]:
    """Return the scopes that are wanted and were not granted; none where it is not known."""
    return tuple(each for each in wanted if each not in granted) if granted else ()


def _row(account: tenant.Account, now: datetime) -> Account:
    return Account(
        id=account.portal_id,
        type=account.type,
        time_zone=account.time_zone,
        currency=account.currency,
        ui_domain=account.ui_domain,
        at=now,
    )


def _same(portal: str, store: Store, hub: str) -> None:
    """Raise NotInstalled if the portal has been another account so far."""
    grant, account = store.grant(portal), store.account(portal)
    known = grant.hub if grant is not None else "" if account is None else account.id
    if known and hub != known:
        raise NotInstalled(
            f"portal {portal} is account {known}, and account {hub} was chosen; begin anew and "
            f"choose {known}. Should it be another from now on, `hookline connect {portal} "
            "--forget` first"
        )
