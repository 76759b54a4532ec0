"""The shipped proxy in front of a real web server: nginx as `nginx.conf` has it, on this machine.

Of the copy that is run here only paths and ports are others, and the time-outs shorter.
"""

import json
import os
import re
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from pathlib import Path

import pytest

from app.access import tokens
from app.cli.environment import command
from app.cli.ports import free_port
from app.cli.processes import launcher
from app.cli.services import WEB_THREADS
from app.cli.wire import answers, ask
from tests.deploy.shipped import SHIPPED, tool
from tests.journeys.conftest import OURS, eventually
from tests.senders import SENDERS, Outgoing
from tests.store_servers.certificates import Authority
from workers import settings as configuration
from workers.store import Store
from workers.store.embedded import EmbeddedStore
from workers.store.people import Role

HOST = "hooks.example.com"
NOBODY = 65_534
SECRET = "the twilio token of the tests"
CONFIG = f"""\
trusted_proxies: 1
portals:
  acme: {{base_url: "http://127.0.0.1:9", token: t}}
endpoints:
  twilio: {{source: twilio, portal: acme, secret: {SECRET}}}
"""
MAIN = """\
pid {folder}/pid;
worker_processes 1;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/hookline.conf;
}}
"""
BODY_HEAD = f"POST /hooks/twilio HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 500\r\n\r\n".encode()
SLOW_HEAD = f"POST /hooks/twilio HTTP/1.1\r\nHost: {HOST}\r\nX-Slow: ".encode()
MANY = 60  # several times the threads of the web server
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """nginx, the web server behind it, and that one's store."""

    tls: int
    plain: int
    web: int
    log: Path
    store: Store
    trust: ssl.SSLContext

    def ask(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        source: str = "127.0.0.1",
    ) -> tuple[HTTPResponse, bytes]:
        """The answer to a request over TLS, from that address of this machine."""
        asking = HTTPSConnection(
            "127.0.0.1", self.tls, context=self.trust, timeout=30, source_address=(source, 0)
        )
        with closing(asking):
            asking.request(method, path, body=body, headers={"Host": HOST, **(headers or {})})
            said = asking.getresponse()
            return said, said.read()

    def deliver(self, *, url: str = f"https://{HOST}/hooks/twilio", **headers: str) -> int:
        """Send what Twilio would, signed by its own library for that URL; return the status."""
        body = f"SmsSid=SM{os.urandom(16).hex()}&SmsStatus=delivered&MessageStatus=delivered"
        request = Outgoing(url=url, body=body.encode(), now=datetime.now(UTC), kind=FORM)
        signed = SENDERS["twilio"].sign(SECRET, request)
        said, _ = self.ask(
            "POST",
            "/hooks/twilio",
            headers={"Content-Type": FORM, **signed.headers, **headers},
            body=request.body,
        )
        return said.status

    def hold(self, stack: ExitStack, beginning: bytes, *, source: str) -> ssl.SSLSocket:
        """A connection on which a request has begun, and does not go on."""
        plain = socket.create_connection(
            ("127.0.0.1", self.tls), timeout=30, source_address=(source, 0)
        )
        held = stack.enter_context(self.trust.wrap_socket(plain, server_hostname="127.0.0.1"))
        held.sendall(beginning)
        return held


def rewritten(text: str, changes: Mapping[str, str]) -> str:
    """The text with each of these in it, once, replaced."""
    for old, new in changes.items():
        assert text.count(old) == 1, f"{old!r} is not once in nginx.conf"
        text = text.replace(old, new)
    return text


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that a plain user may enter, unlike pytest's own when root runs the tests."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


@pytest.fixture(scope="module")
def proxy(folder: Path, project: Path) -> Iterator[Proxy]:
    nginx = tool("nginx", "nginx-light")
    tls, plain, web = free_port(), free_port(), free_port()
    authority = Authority(folder)
    pair = authority.signed("hooks")
    pair.key.chmod(0o644)
    changes = {
        "listen 443 ssl;": f"listen 127.0.0.1:{tls} ssl;",
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "    server 127.0.0.1:8787 ": f"    server 127.0.0.1:{web} ",
        "/etc/ssl/hookline/fullchain.pem": str(pair.certificate),
        "/etc/ssl/hookline/privkey.pem": str(pair.key),
        "client_header_timeout 10s;": "client_header_timeout 2s;",
        "client_body_timeout 10s;": "client_body_timeout 2s;",
    }
    text = (SHIPPED / "nginx.conf").read_text("utf-8")
    (folder / "hookline.conf").write_text(rewritten(text, changes), "utf-8")
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder), "utf-8")
    (folder / "config.yaml").write_text(CONFIG, "utf-8")
    log = folder / "web.log"
    with ExitStack() as stack:
        server = stack.enter_context(EmbeddedStore.start(folder / "store", appendfsync="no"))
        environ = {name: value for name, value in os.environ.items() if name not in OURS}
        environ |= {
            "HOOKLINE_CONFIG": str(folder / "config.yaml"),
            "REDIS_URL": server.url,
            "PYTHONPATH": str(project),
        }
        started = launcher(
            command("web", "--no-admin", "--port", str(web), "--workers", "1"),
            environ=environ,
            log=log,
        )()
        stack.callback(started.wait, 30)
        stack.callback(started.terminate)
        arguments = [nginx, "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")]
        user = None
        if os.geteuid() == 0:
            user = NOBODY
            os.chown(folder, NOBODY, NOBODY)
        checked = subprocess.run([*arguments, "-t"], user=user, capture_output=True, check=False)
        assert checked.returncode == 0, checked.stderr.decode()
        assert b"[warn]" not in checked.stderr
        errors = stack.enter_context((folder / "error.log").open("wb"))
        running = subprocess.Popen([*arguments, "-g", "daemon off;"], user=user, stderr=errors)
        stack.callback(running.wait, 30)
        stack.callback(running.terminate)
        eventually(lambda: answers(f"http://127.0.0.1:{web}/healthz"), what="web serves")
        eventually(lambda: _open(plain), what="nginx serves")
        store = stack.enter_context(closing(Store.of(configuration.load(environ))))
        trust = ssl.create_default_context(cafile=authority.file)
        yield Proxy(tls=tls, plain=plain, web=web, log=log, store=store, trust=trust)


def _open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


def ended(held: ssl.SSLSocket) -> str:
    """How nginx ends a connection: what it says, as one line."""
    with closing(held):
        try:
            said = held.recv(4096)
        except (ConnectionResetError, ssl.SSLError):
            said = b""
    return said.partition(b"\r\n")[0].decode()


def test_without_tls_senders_are_sent_where_it_is(proxy: Proxy) -> None:
    asking = HTTPConnection("127.0.0.1", proxy.plain, timeout=30)
    with closing(asking):
        asking.request("POST", "/hooks/twilio?a=1", body=b"x", headers={"Host": HOST})
        said = asking.getresponse()
        assert (said.status, said.headers["Location"]) == (308, f"https://{HOST}/hooks/twilio?a=1")


def test_old_forms_of_tls_are_not_spoken(proxy: Proxy) -> None:
    said, _ = proxy.ask("GET", "/healthz")
    assert said.status == 200
    old = ssl.create_default_context(cafile=None)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with (
        socket.create_connection(("127.0.0.1", proxy.tls), timeout=30) as plain,
        pytest.raises(ssl.SSLError),
    ):
        old.wrap_socket(plain)


def test_a_signature_that_covers_the_url_holds_behind_the_proxy(proxy: Proxy) -> None:
    assert proxy.deliver() == 200
    assert proxy.deliver(url=f"http://{HOST}/hooks/twilio") == 401  # https is what was called


def test_what_a_sender_says_of_itself_is_not_believed(proxy: Proxy) -> None:
    forged = {"X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example"}
    assert proxy.deliver(**forged) == 200
    assert proxy.deliver(url="http://evil.example/hooks/twilio", **forged) == 401


def test_the_address_that_is_remembered_is_the_clients_own(proxy: Proxy) -> None:
    _, text = tokens.issue(
        proxy.store, label="t", role=Role.OPERATOR, days=1, maker="", now=datetime.now(UTC)
    )
    said, told = proxy.ask(
        "POST",
        "/api/v1/portals/acme/stop",
        headers={
            "Authorization": f"Bearer {text}",
            "Content-Type": "application/json",
            "X-Forwarded-For": "203.0.113.7",
        },
        body=b'{"reason": "a test"}',
        source="127.0.0.2",
    )
    assert said.status == 200, told
    assert proxy.store.deeds(limit=1).deeds[0].place == "127.0.0.2"


def test_cookies_are_for_https_alone(proxy: Proxy) -> None:
    said, _ = proxy.ask("GET", "/login")
    cookies = said.headers.get_all("Set-Cookie") or []
    assert cookies
    assert all("Secure" in each for each in cookies)


def test_metrics_are_not_shown_to_the_outside(proxy: Proxy) -> None:
    assert proxy.ask("GET", "/metrics")[0].status == 404
    assert ask(f"http://127.0.0.1:{proxy.web}/metrics").status == 200


def test_a_body_that_is_too_large_ends_at_the_proxy(proxy: Proxy) -> None:
    said, text = proxy.ask("POST", "/hooks/twilio", body=b"x" * 1_100_000)
    assert (said.status, b"nginx" in text) == (413, True)
    assert b" 413" not in proxy.log.read_bytes()
    said, text = proxy.ask("POST", "/hooks/twilio", body=b"x" * 1_000_001)
    assert said.status == 413  # in the web server's own words
    assert json.loads(text)["status"] == 413


@pytest.mark.parametrize("beginning", [SLOW_HEAD, BODY_HEAD], ids=["headers", "bodies"])
def test_slow_requests_hold_nobody_up_and_are_ended(proxy: Proxy, beginning: bytes) -> None:
    assert MANY > 2 * WEB_THREADS
    with ExitStack() as stack:
        held = [proxy.hold(stack, beginning, source="127.0.0.3") for _ in range(MANY)]
        assert proxy.deliver() == 200
        assert {ended(each) for each in held} <= {"", "HTTP/1.1 408 Request Time-out"}


def test_headers_that_trickle_are_ended(proxy: Proxy) -> None:
    with ExitStack() as stack:
        held = proxy.hold(stack, SLOW_HEAD, source="127.0.0.3")
        held.settimeout(0.2)
        for _ in range(150):  # far longer than the time-out
            try:
                held.sendall(b"a")
                if held.recv(100) == b"":
                    return
            except TimeoutError:
                continue
            except (OSError, ssl.SSLError):
                return
    pytest.fail("nginx did not end it")


def test_bodies_that_trickle_hold_nobody_up_and_one_address_has_only_so_many(proxy: Proxy) -> None:
    found = re.search(r"limit_conn hookline_senders (\d+);", (SHIPPED / "nginx.conf").read_text())
    assert found is not None
    most = int(found[1])
    with ExitStack() as stack:
        held = [proxy.hold(stack, BODY_HEAD, source="127.0.0.4") for _ in range(most)]

        def refused() -> bool:
            for each in held:
                each.sendall(b"x")  # sooner than the time-out, so that none is ended
            with ExitStack() as one:
                more = proxy.hold(one, BODY_HEAD, source="127.0.0.4")
                more.settimeout(0.5)
                try:
                    return b" 503 " in more.recv(100)
                except TimeoutError:
                    return False

        eventually(refused, what="one more is refused")
        assert proxy.deliver() == 200
        for each in held:
            each.sendall(b"x")
