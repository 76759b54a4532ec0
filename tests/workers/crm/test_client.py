"""The client: each thing that can go wrong has its own error, with the wait that belongs to it."""

import gzip
import socket
from dataclasses import replace
from urllib.parse import parse_qs

import orjson
import pytest

from tests.workers.crm.oddities import (
    Act,
    Oddity,
    answering,
    dripping,
    dripping_head,
    hanging_up,
)
from workers.crm.calls import Api, Call, CreateRow
from workers.crm.client import Client
from workers.crm.replies import Reply
from workers.errors import HooklineError, Refused, Retryable, Throttled, Unanswered, Unreachable
from workers.settings import Portal

READ = Api().read("contacts", "9001")
CREATE = Api().create_batch("notes", rows=[CreateRow(properties={"hs_note_body": "x"})])


def _portal(url: str) -> Portal:
    return Portal(
        name="main", base_url=url, token="secret", connect_timeout_s=2.0, read_timeout_s=0.5
    )


def _sent(url: str, call: Call = READ) -> Reply:
    client = Client(_portal(url))
    try:
        return client.send(call)
    finally:
        client.close()


def _error(act: Act, call: Call = READ) -> HooklineError:
    with Oddity(act) as server, pytest.raises(HooklineError) as caught:
        _sent(server.url, call)
    return caught.value


def _told(**body: object) -> bytes:
    return orjson.dumps({"status": "error", **body})


@pytest.mark.parametrize(
    ("status", "category"),
    [
        (400, "VALIDATION_ERROR"),
        (401, "INVALID_AUTHENTICATION"),
        (403, "MISSING_SCOPES"),
        (404, "OBJECT_NOT_FOUND"),
        (405, ""),
        (409, "CONFLICT"),
        (414, ""),
        (415, ""),
    ],
)
def test_what_the_crm_will_not_do_is_refused_with_its_status_and_category(
    status: int, category: str
) -> None:
    error = _error(answering(status, _told(message="no such thing", category=category)))
    assert isinstance(error, Refused)
    assert (error.status, error.category) == (status, category)
    assert "no such thing" in str(error)
    assert "GET /crm/v3/objects/contacts/9001" in str(error)


def test_a_refusal_may_be_a_page_for_people() -> None:
    error = _error(answering(404, b"<html>", headers={"Content-Type": "text/html"}))
    assert isinstance(error, Refused)
    assert error.body is None


def test_a_redirection_is_refused_and_takes_no_token_elsewhere() -> None:
    with Oddity(answering(200)) as other:
        error = _error(answering(302, b"", headers={"Location": other.url}))
        assert other.requests == []
    assert isinstance(error, Refused)


@pytest.mark.parametrize(
    ("policy", "headers", "wait_s"),
    [
        ("TEN_SECONDLY_ROLLING", {}, 10.0),
        ("TEN_SECONDLY_ROLLING", {"X-HubSpot-RateLimit-Interval-Milliseconds": "2500"}, 2.5),
        ("TEN_SECONDLY_ROLLING", {"Retry-After": "3"}, 3.0),
        ("SECONDLY", {}, 1.0),
        ("DAILY", {}, None),
        ("DAILY", {"Retry-After": "3600"}, 3600.0),
        ("", {}, 10.0),
    ],
)
def test_a_limit_says_which_it_was_and_how_long_to_wait(
    policy: str, headers: dict[str, str], wait_s: float | None
) -> None:
    error = _error(answering(429, _told(policyName=policy), headers=headers))
    assert isinstance(error, Throttled)
    assert (error.policy, error.retry_after_s) == (policy, wait_s)


@pytest.mark.parametrize(
    ("status", "headers", "wait_s"),
    [
        (423, {}, 2.0),
        (423, {"Retry-After": "1"}, 2.0),
        (423, {"Retry-After": "9"}, 9.0),
        (477, {"Retry-After": "86400"}, 86_400.0),
        (477, {}, None),
        (500, {}, None),
        (502, {}, None),
        (503, {"Retry-After": "5"}, 5.0),
        (504, {}, None),
        (521, {}, None),
        (524, {}, None),
    ],
)
def test_what_may_succeed_later_says_when_if_it_is_known(
    status: int, headers: dict[str, str], wait_s: float | None
) -> None:
    error = _error(answering(status, headers=headers))
    assert type(error) is Retryable
    assert error.retry_after_s == wait_s


@pytest.mark.parametrize("status", [408, 500, 502, 504, 520, 524])
def test_a_create_that_a_gateway_gave_up_on_may_have_been_done(status: int) -> None:
    assert not CREATE.repeat_safe
    assert isinstance(_error(answering(status), CREATE), Unanswered)
    assert type(_error(answering(status), READ)) is Retryable


@pytest.mark.parametrize("status", [423, 477, 503, 521, 522, 523, 525, 526])
def test_a_create_that_was_not_let_in_was_certainly_not_done(status: int) -> None:
    assert type(_error(answering(status), CREATE)) is Retryable


def test_a_refused_connection_means_that_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Unreachable):
        _sent(f"http://127.0.0.1:{port}")


def test_a_name_that_is_not_known_means_that_nothing_was_sent() -> None:
    with pytest.raises(Unreachable):
        _sent("http://nowhere.invalid")


def test_silence_leaves_it_open_whether_it_was_done() -> None:
    with Oddity(lambda _: server.wait()) as server, pytest.raises(Unanswered):
        _sent(server.url)


def test_a_connection_that_is_cut_before_the_answer_leaves_it_open() -> None:
    assert isinstance(_error(hanging_up), Unanswered)


def test_an_answer_that_breaks_off_leaves_it_open() -> None:
    assert isinstance(_error(answering(200, b'{"id":', length=500)), Unanswered)


def test_an_answer_that_breaks_off_between_chunks_leaves_it_open() -> None:
    def act(connection: socket.socket) -> None:
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head + b'6\r\n{"id":\r\n')

    assert isinstance(_error(act), Unanswered)


def test_an_answer_that_comes_drop_by_drop_is_not_waited_for_beyond_the_deadline() -> None:
    assert isinstance(_error(dripping(1_000_000)), Unanswered)


def test_a_head_that_comes_drop_by_drop_is_not_waited_for_beyond_the_deadline() -> None:
    assert isinstance(_error(dripping_head()), Unanswered)


def test_a_connection_is_used_again_with_a_deadline_of_its_own() -> None:
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    connections: list[socket.socket] = []

    def act(connection: socket.socket) -> None:
        connections.append(connection)
        connection.sendall(whole)
        while connection.recv(65_536):
            connection.sendall(whole)

    with Oddity(act) as server:
        client = Client(_portal(server.url))
        assert [client.send(READ).status for _ in range(20)] == [200] * 20
        client.close()
    assert len(connections) == 1


def test_an_answer_may_be_compressed() -> None:
    packed = gzip.compress(b'{"id": "9001"}')
    with Oddity(answering(200, packed, headers={"Content-Encoding": "gzip"})) as server:
        assert _sent(server.url).body == {"id": "9001"}
        assert b"gzip" in server.requests[0].partition(b"Accept-Encoding: ")[2].split(b"\r\n")[0]


def test_an_answer_that_claims_to_be_compressed_and_is_not_leaves_it_open() -> None:
    act = answering(200, b'{"id": "9001"}', headers={"Content-Encoding": "gzip"})
    assert isinstance(_error(act), Unanswered)


def test_whoever_asked_is_told_of_each_call_and_answer() -> None:
    told: list[object] = []
    with Oddity(answering(200)) as server:
        client = Client(
            _portal(server.url),
            before_send=told.append,
            after=lambda call, reply: told.append((call, reply.status)),
        )
        client.send(READ)
        client.close()
    assert told == [READ, (READ, 200)]


def test_what_is_raised_before_a_call_keeps_it_from_going_out() -> None:
    def stop(call: Call) -> None:
        raise Throttled(call.name, retry_after_s=1.0, policy="BUDGET")

    with Oddity(answering(200)) as server:
        client = Client(_portal(server.url), before_send=stop)
        with pytest.raises(Throttled):
            client.send(READ)
        client.close()
        assert server.requests == []


def test_a_handshake_that_fails_means_that_nothing_was_sent() -> None:
    with Oddity(hanging_up) as server, pytest.raises(Unreachable):
        _sent(server.url.replace("http:", "https:"))


@pytest.mark.parametrize("body", [b"<html>fine</html>", b'{"id": "1"', b"\xff\xfe", b"null", b"[]"])
def test_a_success_that_is_no_json_object_leaves_it_open(body: bytes) -> None:
    assert isinstance(_error(answering(200, body)), Unanswered)


def test_a_success_without_a_body_is_one_where_none_is_due() -> None:
    with Oddity(answering(204, b"")) as server:
        reply = _sent(server.url, Api().archive("contacts", "9001"))
    assert (reply.status, reply.body) == (204, None)


def test_a_success_without_the_body_that_is_due_leaves_it_open() -> None:
    assert isinstance(_error(answering(200, b"")), Unanswered)


def test_an_answer_carries_its_headers_in_lower_case() -> None:
    with Oddity(answering(200, b"{}", headers={"X-HubSpot-RateLimit-Max": "190"})) as server:
        reply = _sent(server.url)
    assert reply.headers["x-hubspot-ratelimit-max"] == "190"


def test_a_request_carries_the_token_and_its_query() -> None:
    call = replace(READ, query=(("properties", "email,phone"), ("idProperty", "email")))
    with Oddity(answering(200)) as server:
        _sent(server.url, call)
        head = server.requests[0].split(b"\r\n")
    assert head[0].startswith(b"GET /crm/v3/objects/contacts/9001?properties=email")
    assert b"Authorization: Bearer secret" in head


def test_a_form_is_sent_as_a_form() -> None:
    call = Api().token_from_refresh(client_id="a", client_secret="b", refresh_token="c d&e")
    with Oddity(answering(200)) as server:
        _sent(server.url, call)
        head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert b"application/x-www-form-urlencoded" in head
    assert parse_qs(body.decode())["refresh_token"] == ["c d&e"]


def test_a_form_carries_its_own_credentials_and_no_token() -> None:
    call = Api().token_from_refresh(client_id="a", client_secret="b", refresh_token="c")
    with Oddity(answering(200)) as server:
        _sent(server.url, call)
        assert b"authorization" not in server.requests[0].lower()


def test_a_proxy_of_the_machine_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with Oddity(answering(200)) as server:
        assert _sent(server.url).status == 200
