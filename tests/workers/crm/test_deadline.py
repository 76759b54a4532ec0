"""The deadline of an answer holds over plain sockets and TLS, and not a read longer."""

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from workers.crm.deadline import DeadlineResponse

WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of localhost with its key, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


@contextmanager
def _serving(certificate: Path | None, answer: bytes, *, drips: bool) -> Iterator[int]:
    """Serve one connection on the port that is given; `drips` goes on a byte at a time."""
    stopped = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            connection = context.wrap_socket(connection, server_side=True)
        with connection:
            try:
                while connection.recv(65_536):
                    connection.sendall(answer)
                    while drips and not stopped.wait(0.02):
                        connection.sendall(b" ")
            except OSError:
                return  # the client has gone

    thread = threading.Thread(target=serve)
    thread.start()
    with listener:
        yield int(listener.getsockname()[1])
    stopped.set()
    thread.join()


def _connected(
    certificate: Path | None, port: int, *, timeout_s: float
) -> http.client.HTTPConnection:
    connection: http.client.HTTPConnection
    if certificate is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)
    else:
        context = ssl.create_default_context(cafile=certificate)
        connection = http.client.HTTPSConnection(
            "localhost", port, timeout=timeout_s, context=context
        )
    connection.response_class = DeadlineResponse
    return connection


@pytest.mark.parametrize("secure", [False, True])
def test_a_connection_serves_one_answer_after_another(certificate: Path, *, secure: bool) -> None:
    trusted = certificate if secure else None
    with (
        _serving(trusted, WHOLE, drips=False) as port,
        closing(_connected(trusted, port, timeout_s=10)) as connection,
    ):
        for _ in range(3):
            connection.request("GET", "/")
            with connection.getresponse() as response:
                assert (response.status, response.read()) == (200, b"{}")


@pytest.mark.parametrize("secure", [False, True])
def test_an_answer_that_drips_is_given_up_at_the_deadline(
    certificate: Path, *, secure: bool
) -> None:
    trusted = certificate if secure else None
    promised = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
    with (
        _serving(trusted, promised, drips=True) as port,
        closing(_connected(trusted, port, timeout_s=0.5)) as connection,
    ):
        connection.request("GET", "/")
        with connection.getresponse() as response, pytest.raises(TimeoutError):
            response.read()
