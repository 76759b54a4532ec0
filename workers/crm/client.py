"""Sends calls: the only module that speaks HTTP to the CRM."""

import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import orjson
import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, NewConnectionError

from workers.crm.call import Call
from workers.crm.credential import Credential, Given
from workers.crm.deadline import DeadlineResponse
from workers.crm.replies import Reply
from workers.crm.verdict import judged
from workers.errors import HooklineError, Refused, Unanswered, Unreachable
from workers.settings import Portal

UNAUTHORIZED = 401
CHUNK_BYTES = 65_536
ANSWER_BYTES = 64_000_000  # far more than 100 records can be; what is longer is no answer


def _version() -> str:
    try:
        return version("hookline")
    except PackageNotFoundError:  # run from a folder that was not installed
        return "0"


class Client:
    """One portal's client: pooled connections, a deadline for every call, no retries of its own.

    Safe to share between threads. `credential` says what is shown with a call; the portal's token,
    if none is given. A call that is answered 401 was not carried out: it is sent once more if the
    credential has another token by then. `before_send` and `after` are told of each call as it goes
    out and each answer that is not an error; what `before_send` raises keeps the call from going
    out. `timed` is told of each request that went out: its status, 0 without an answer, how many
    seconds it took, and the error that it ended with.
    """

    def __init__(
        self,
        portal: Portal,
        *,
        credential: Credential | None = None,
        before_send: Callable[[Call], object] | None = None,
        after: Callable[[Call, Reply], object] | None = None,
        timed: Callable[[Call, int, float, HooklineError | None], object] | None = None,
    ) -> None:
        self._base = portal.base_url.rstrip("/")
        self._credential = credential or Given(portal.token)
        self._timeout_s = (portal.connect_timeout_s, portal.read_timeout_s)
        self._before_send = before_send
        self._after = after
        self._timed = timed
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy or a netrc of the machine's is not the portal's
        adapter = _Adapter(pool_connections=1, pool_maxsize=portal.threads, max_retries=0)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)
        self._session.headers.update(
            {"User-Agent": f"hookline/{_version()}", "Accept": "application/json"}
        )

    def send(self, call: Call) -> Reply:
        """Return the CRM's answer of 2xx.

        Raises Refused for what will not be done, Throttled when a limit was reached, Unanswered
        when the request may have been carried out and no whole answer came, and Retryable when it
        was not, or may be sent again whatever became of it.
        """
        if self._before_send is not None:
            self._before_send(call)
        token = "" if call.form else self._credential.shown()
        try:
            reply = self._sent(call, token)
        except Refused as error:
            if call.form or error.status != UNAUTHORIZED or not self._credential.refused(token):
                raise
            reply = self._sent(call, self._credential.shown())
        if self._after is not None:
            self._after(call, reply)
        return reply

    def ready(self) -> None:
        """Return if there is a token to show. Raises Refused and Retryable as `send` would."""
        self._credential.shown()

    def _sent(self, call: Call, token: str) -> Reply:
        began = time.monotonic()
        status = 0
        failure: HooklineError | None = None
        try:
            response = self._request(call, token)
            with response:
                status = response.status_code
                text = _whole(response, call)
                headers = {name.lower(): value for name, value in response.headers.items()}
            return judged(call, status=status, text=text, headers=headers)
        except HooklineError as error:
            failure = error
            raise
        finally:
            if self._timed is not None:
                self._timed(call, status, time.monotonic() - began, failure)

    def _request(self, call: Call, token: str) -> requests.Response:
        headers = {} if call.form else {"Authorization": f"Bearer {token}"}
        data: bytes | dict[str, str] | None = None
        if call.form and isinstance(call.body, dict):
            data = {str(name): str(value) for name, value in call.body.items()}
        elif call.body is not None:
            data = orjson.dumps(call.body)
            headers["Content-Type"] = "application/json"
        try:
            return self._session.request(
                call.method,
                self._base + call.path,
                params=list(call.query),
                data=data,
                headers=headers,
                timeout=self._timeout_s,
                allow_redirects=False,
                stream=True,
            )
        except requests.RequestException as error:
            raise _unsent(call, error) from error

    def close(self) -> None:
        """Close the pooled connections."""
        self._session.close()


def _whole(response: requests.Response, call: Call) -> bytes:
    """Return the whole body. Raises Unanswered if it breaks off, drips too long or never ends."""
    parts: list[bytes] = []
    size = 0
    try:
        for part in response.iter_content(CHUNK_BYTES):
            parts.append(part)
            size += len(part)
            if size > ANSWER_BYTES:
                break
    except requests.RequestException as error:
        what = f"{_name(call)}: {response.status_code}, and the answer broke off"
        raise Unanswered(f"{what} ({_cause(error)})") from error
    if size > ANSWER_BYTES:
        raise Unanswered(f"{_name(call)}: an answer of more than {ANSWER_BYTES} bytes")
    return b"".join(parts)


def _unsent(call: Call, error: requests.RequestException) -> HooklineError:
    """Return what it means that no answer began."""
    nested = error.args[0] if error.args else None
    if isinstance(getattr(nested, "reason", None), NewConnectionError):
        return Unreachable(f"{_name(call)}: could not connect ({_cause(error)})")
    if isinstance(error, requests.Timeout):
        return Unanswered(f"{_name(call)}: no answer in time")
    return Unanswered(f"{_name(call)}: the connection broke before an answer ({_cause(error)})")


def _name(call: Call) -> str:
    return f"{call.method} {call.path}"


def _cause(error: BaseException) -> str:
    """Return the innermost reason in a few words, without the addresses of objects."""
    reason = getattr(error.args[0] if error.args else None, "reason", None) or error
    while isinstance(reason.__cause__ or reason.__context__, HTTPError | OSError):
        reason = reason.__cause__ or reason.__context__
    words = getattr(reason, "strerror", None) or type(reason).__name__
    return str(words)


class _Connects(HTTPConnection):
    """A connection that tells failing to connect from failing afterwards."""

    response_class = DeadlineResponse

    def connect(self) -> None:
        try:
            super().connect()
        except (OSError, HTTPError) as error:
            raise NewConnectionError(self, str(error)) from error


class _ConnectsSecurely(HTTPSConnection):
    """The same, with TLS: an untrusted certificate, too, is found before anything is sent."""

    response_class = DeadlineResponse

    def connect(self) -> None:
        try:
            super().connect()
        except (OSError, HTTPError) as error:
            raise NewConnectionError(self, str(error)) from error


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connects


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _ConnectsSecurely


class _Adapter(HTTPAdapter):
    """Pools of our own connections."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
