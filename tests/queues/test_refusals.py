"""What a consumer says when it cannot begin, and what it never says."""

import pytest

from app.cli.ports import free_port
from tests.queues.conftest import ENDPOINT, Place
from tests.queues.rabbit import Rabbit


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("redis://h", "q", "--endpoint", "queud"), "there is no 'queud'; did you mean 'queued'?"),
        (("redis://h", "q", "--endpoint", "off"), "off is switched off"),
        (("localhost", "q", "--endpoint", ENDPOINT), "write it like amqp://"),
        (("foo://h", "q", "--endpoint", ENDPOINT), "foo:// is no broker that kombu knows"),
        (("sqs://h", "q", "--endpoint", ENDPOINT), "install kombu[sqs]"),
        (("amqp://u:se%zzcret@h:po", "q", "--endpoint", ENDPOINT), "URL: cannot be read"),
        (("${NO_SUCH}", "q", "--endpoint", ENDPOINT), "NO_SUCH is not set"),
    ],
)
def test_what_cannot_be_is_told_at_once(place: Place, args: tuple[str, ...], told: str) -> None:
    done = place.consume(*args)
    assert done.returncode == 1
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert "cret" not in done.stderr


def test_a_broker_that_is_not_there_is_given_up_by_a_run_that_should_end(place: Place) -> None:
    url = f"amqp://user:s3cret@127.0.0.1:{free_port()}/v"
    done = place.consume(url, "q", "--endpoint", ENDPOINT, "--until-empty")
    assert done.returncode == 1
    assert "hookline: broker: " in done.stderr
    assert "broker gone" in done.stderr
    assert "s3cret" not in done.stderr + done.stdout


def test_a_broker_that_refuses_the_credentials_is_told_at_once(
    place: Place, rabbit: Rabbit
) -> None:
    url = rabbit.url.replace("guest:guest", "guest:s3cret")
    done = place.consume(url, "q", "--endpoint", ENDPOINT)
    assert done.returncode == 1
    assert "AccessRefused" in done.stderr
    assert "s3cret" not in done.stderr + done.stdout
