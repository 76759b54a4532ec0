"""Real receivers of webhooks, of mail and of traces, for whoever is told something."""

import gzip
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

ANSWERS = {b"QUIT": b"221 good bye\r\n", b"STARTTLS": b"502 not here\r\n"}


@dataclass
class Inbox:
    """What arrived at a receiver, and what it answers."""

    url: str = ""
    port: int = 0
    posts: list[dict[str, Any]] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)
    status: int = 200
    rude: bool = False  # breaks off instead of saying good-bye


@contextmanager
def webhooks() -> Iterator[Inbox]:
    """A real receiver of webhooks."""
    found = Inbox()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["Content-Type"] == "application/json"
            if found.status == 200:
                found.posts.append(json.loads(body))
            self.send_response(found.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found.url = f"http://127.0.0.1:{server.server_port}/services/T0/B0/secret-of-slack"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def mailbox() -> Iterator[Inbox]:
    """A real, small SMTP server."""
    found = Inbox()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        found.port = listener.getsockname()[1]

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    if not _session(connection, found):
                        return

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield found
        finally:
            with socket.create_connection(("127.0.0.1", found.port)) as last:
                last.sendall(b"STOP\r\n")
            thread.join()


def _session(connection: socket.socket, inbox: Inbox) -> bool:
    """Take one session's mails; return False if it was the last."""
    lines = connection.makefile("rb")
    connection.sendall(b"220 mail.example ESMTP\r\n")
    for line in lines:
        word = line.strip().split(b" ")[0].upper()
        if word == b"STOP":
            return False
        if word == b"DATA":
            connection.sendall(b"354 go on\r\n")
            raw = b""
            for part in lines:
                if part == b".\r\n":
                    break
                raw += part.removeprefix(b".") if part.startswith(b"..") else part
            parsed = message_from_bytes(raw, policy=policy.default)
            assert isinstance(parsed, EmailMessage)
            inbox.mails.append(parsed)
        if word == b"QUIT" and inbox.rude:
            break
        refused = inbox.status != 200 and word == b"RCPT"
        connection.sendall(b"550 no such box\r\n" if refused else ANSWERS.get(word, b"250 ok\r\n"))
        if word == b"QUIT":
            break
    return True


@dataclass
class Collector:
    """What arrived at an OTLP endpoint."""

    url: str = ""
    spans: list[Span] = field(default_factory=list)
    services: set[str] = field(default_factory=set)

    def take(self, body: bytes) -> None:
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            attributes = {
                each.key: each.value.string_value for each in resource.resource.attributes
            }
            self.services.add(attributes["service.name"])
            for scope in resource.scope_spans:
                self.spans += scope.spans

    def named(self, name: str) -> list[Span]:
        return [span for span in self.spans if span.name == name]

    def one(self, name: str) -> Span:
        (found,) = self.named(name)
        return found


@contextmanager
def collecting() -> Iterator[Collector]:
    found = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            packed = self.headers.get("Content-Encoding") == "gzip"
            assert self.path == "/v1/traces"
            found.take(gzip.decompress(raw) if packed else raw)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()
