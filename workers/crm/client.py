"""Sends calls: the only module that speaks HTTP to the CRM."""

import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

import orjson
import requests
from requests.adapters import HTTPAdapter

from workers.crm.calls import Call
from workers.crm.replies import Reply
from workers.errors import Refused, Retryable, Throttled, Unanswered
from workers.settings import Portal

CHUNK_BYTES = 65_536
LOCKED_WAIT_S = 2.0  # HubSpot's own minimum after a 423
SECONDLY_WAIT_S = 1.0


def _version() -> str:
    try:
        return version("hookline")
    except PackageNotFoundError:
        return "0"


class Client:
    """One portal's client: pooled connections, a time-out on every call, no retries of its own.

    Safe to share between threads.
    """

    def __init__(self, portal: Portal, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._portal = portal
        self._monotonic = monotonic
        self._base = portal.base_url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy or a netrc of the machine's is not the portal's
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=portal.threads, max_retries=0)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)
        self._session.headers.update(
            {
                "Authorization": f"Bearer {portal.token}",
                "User-Agent": f"hookline/{_version()}",
                "Accept": "application/json",
            }
        )

    def send(self, call: Call) -> Reply:
        """Return the CRM's answer of 2xx.

        Raises Refused for what will not be done, Throttled when a limit was reached, Unanswered
        when the request may have been carried out and no whole answer came, and Retryable when it
        was certainly not.
        """
        what = f"{call.method} {call.path}"
        deadline = self._monotonic() + self._portal.read_timeout_s
        headers = {}
        data: bytes | list[tuple[str, str]] | None = None
        if call.form and isinstance(call.body, dict):
            data = [(str(name), str(value)) for name, value in call.body.items()]
        elif call.body is not None:
            data = orjson.dumps(call.body)
            headers["Content-Type"] = "application/json"
        try:
            response = self._session.request(
                call.method,
                self._base + call.path,
                params=list(call.query),
                data=data,
                headers=headers,
                timeout=(self._portal.connect_timeout_s, self._portal.read_timeout_s),
                allow_redirects=False,
                stream=True,
            )
        except requests.ConnectTimeout as error:
            raise Retryable(f"{what}: could not connect in time") from error
        except requests.ConnectionError as error:
            if _never_connected(error):
                raise Retryable(f"{what}: could not connect") from error
            raise Unanswered(f"{what}: the connection broke before an answer") from error
        except requests.RequestException as error:
            raise Unanswered(f"{what}: no answer ({type(error).__name__})") from error
        with response:
            text = self._body(response, what=what, deadline=deadline)
        lowered = {name.lower(): value for name, value in response.headers.items()}
        return _judged(call, response.status_code, text, lowered)

    def _body(self, response: requests.Response, *, what: str, deadline: float) -> bytes:
        """Return the whole body, though it may come drop by drop: not beyond the deadline."""
        parts: list[bytes] = []
        try:
            for part in response.iter_content(CHUNK_BYTES):
                parts.append(part)
                if self._monotonic() > deadline:
                    raise Unanswered(f"{what}: the answer did not end in time")
        except requests.RequestException as error:
            raise Unanswered(f"{what}: the answer broke off ({type(error).__name__})") from error
        return b"".join(parts)

    def close(self) -> None:
        """Close the pooled connections."""
        self._session.close()


def _never_connected(error: requests.ConnectionError) -> bool:
    """Return True if no connection was made, so that the request certainly did not leave."""
    text = str(error)
    return any(word in text for word in ("NewConnectionError", "NameResolution", "refused"))


def _judged(call: Call, status: int, text: bytes, headers: dict[str, str]) -> Reply:
    what = f"{call.method} {call.path}"
    try:
        body: object = orjson.loads(text) if text else None
    except orjson.JSONDecodeError as error:
        if status < 300:
            raise Unanswered(f"{what}: {status} with an answer that is not JSON") from error
        body = None
    if status < 300:
        return Reply(status=status, body=body, headers=headers)
    said = body if isinstance(body, dict) else {}
    message = f"{what}: {status} {said.get('message', '')}".strip()
    told_s = _retry_after_s(headers)
    if status == 429:
        policy = str(said.get("policyName", ""))
        if told_s is None:
            told_s = _policy_wait_s(policy, headers)
        raise Throttled(message, retry_after_s=told_s, policy=policy)
    if status == 423:
        raise Retryable(message, retry_after_s=max(LOCKED_WAIT_S, told_s or 0.0))
    if status in (408, 477) or status >= 500:
        unsure = status in (408, 502, 504, 520, 522, 524) and not call.repeat_safe
        if unsure:
            raise Unanswered(message, retry_after_s=told_s)
        raise Retryable(message, retry_after_s=told_s)
    raise Refused(message, status=status, category=str(said.get("category", "")), body=body)


def _retry_after_s(headers: dict[str, str]) -> float | None:
    value = headers.get("retry-after", "")
    return float(value) if value.replace(".", "", 1).isdigit() else None


def _policy_wait_s(policy: str, headers: dict[str, str]) -> float | None:
    if policy == "DAILY":
        return None
    if policy == "SECONDLY":
        return SECONDLY_WAIT_S
    interval = headers.get("x-hubspot-ratelimit-interval-milliseconds", "10000")
    return int(interval) / 1000 if interval.isdigit() else 10.0
