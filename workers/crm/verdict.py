"""A whole answer → a reply, or the error that says what to do next. Pure."""

from collections.abc import Mapping

import orjson

from workers.crm.call import Call
from workers.crm.quota import policy_of, policy_wait_s, retry_after_s
from workers.crm.rows import Reply
from workers.crm.shapes import mapping, text
from workers.errors import Refused, Retryable, Throttled, Unanswered

LOCKED_WAIT_S = 2.0  # HubSpot's own minimum after a 423
MESSAGE_CHARACTERS = 1_000  # of a message kept; a refused option lists all that are allowed
REQUEST_TIMEOUT, LOCKED, TOO_MANY, MIGRATING = 408, 423, 429, 477
# Answered before the request reached what would have carried it out.
NOT_REACHED = frozenset({503, 521, 522, 523, 525, 526})


def judged(call: Call, *, status: int, text: bytes, headers: Mapping[str, str]) -> Reply:
    """Return the reply, if it is one of success and whole.

    Raises Refused, Throttled, Retryable or Unanswered, each with what the answer says of it.
    """
    body = _parsed(text)
    if 200 <= status < 300:
        if text and not isinstance(body, dict):
            raise Unanswered(f"{_name(call)}: {status} with an answer that is not a JSON object")
        if not text and status != 204 and not call.silent:
            raise Unanswered(f"{_name(call)}: {status} with an empty answer")
        return Reply(status=status, body=body, headers=headers)
    raise _failure(call, status, body, headers)


def _failure(
    call: Call, status: int, body: object, headers: Mapping[str, str]
) -> Refused | Retryable:
    said = mapping(body)
    message = f"{_name(call)}: {status} {text(said.get('message'))[:MESSAGE_CHARACTERS]}".rstrip()
    told_s = retry_after_s(headers)
    if status == TOO_MANY:
        policy = policy_of(said)
        wait_s = told_s
        if wait_s is None:
            wait_s = policy_wait_s(policy, headers, meter=call.meter)
        return Throttled(message, retry_after_s=wait_s, policy=policy)
    if status == LOCKED:
        return Retryable(message, retry_after_s=max(LOCKED_WAIT_S, told_s or 0.0))
    if status == MIGRATING or status in NOT_REACHED:
        return Retryable(message, retry_after_s=told_s)
    if status == REQUEST_TIMEOUT or status >= 500:
        if not call.repeat_safe:  # it may have been carried out before something broke
            return Unanswered(message, retry_after_s=told_s)
        return Retryable(message, retry_after_s=told_s)
    return Refused(message, status=status, category=text(said.get("category")), body=body)


def _parsed(text: bytes) -> object:
    if not text:
        return None
    try:
        parsed: object = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return parsed


def _name(call: Call) -> str:
    return f"{call.method} {call.path}"
