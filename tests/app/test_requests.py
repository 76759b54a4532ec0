"""The URL as its sender saw it, whatever stands between."""

import pytest

from app.ingest.requests import url_of

ENVIRON = {
    "wsgi.url_scheme": "http",
    "SERVER_NAME": "10.0.0.7",
    "HTTP_HOST": "inside:8000",
    "SCRIPT_NAME": "",
    "PATH_INFO": "/hooks/twilio",
    "QUERY_STRING": "a=%2Fb%20c&d=",
    "HTTP_X_FORWARDED_PROTO": "gopher, https",
    "HTTP_X_FORWARDED_HOST": "evil.example, hooks.example.com",
}


def test_the_query_stays_as_it_was_sent() -> None:
    assert url_of(ENVIRON) == "http://inside:8000/hooks/twilio?a=%2Fb%20c&d="


def test_the_configured_url_stands_before_the_path() -> None:
    for external in ("https://hooks.example.com/in", "https://hooks.example.com/in/"):
        url = url_of(ENVIRON, external_url=external, trusted_proxies=1)
        assert url == "https://hooks.example.com/in/hooks/twilio?a=%2Fb%20c&d="


@pytest.mark.parametrize(
    ("proxies", "expected"),
    [
        (0, "http://inside:8000"),
        (1, "https://hooks.example.com"),
        (2, "gopher://evil.example"),
        (3, "http://inside:8000"),
    ],
)
def test_only_what_trusted_proxies_added_counts(proxies: int, expected: str) -> None:
    assert url_of(ENVIRON, trusted_proxies=proxies) == f"{expected}/hooks/twilio?a=%2Fb%20c&d="


def test_without_a_query_there_is_no_question_mark() -> None:
    assert url_of({**ENVIRON, "QUERY_STRING": ""}, external_url="https://h").endswith("/twilio")


def test_a_path_is_encoded_as_a_client_would() -> None:
    path = "/hooks/a b/é".encode().decode("latin-1")
    assert url_of({**ENVIRON, "PATH_INFO": path, "QUERY_STRING": ""}, external_url="https://h") == (
        "https://h/hooks/a%20b/%C3%A9"
    )
