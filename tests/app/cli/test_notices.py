"""Whoever configured notices can see that they arrive."""

from pathlib import Path

from tests.app.cli.conftest import Hookline
from tests.workers.receivers import mailbox, webhooks

FILE = """\
portals: {acme: {token: t}}
endpoints: {shop: {source: github, portal: acme, secret: s}}
"""


def configured(folder: Path, more: str) -> dict[str, str]:
    path = folder / "hookline.yaml"
    path.write_text(FILE + more, "utf-8")
    return {"HOOKLINE_CONFIG": str(path)}


def test_everybody_who_is_named_gets_the_test(hookline: Hookline, tmp_path: Path) -> None:
    with webhooks() as slack, mailbox() as mail:
        smtp = f"{{host: 127.0.0.1, port: {mail.port}, sender: h@x.example, security: none}}"
        to = f"[{{url: '{slack.url}'}}, {{mail: a@x.example}}]"
        environ = configured(tmp_path, f"notices: {{smtp: {smtp}, to: {to}}}\n")
        done = hookline("notify", environ=environ)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == "webhook 1 (slack): brought\na@x.example: brought\n"
        assert "sends a test" in slack.posts[0]["text"]
        assert "sends a test" in mail.mails[0]["Subject"]


def test_who_does_not_take_it_is_named_without_its_secret(
    hookline: Hookline, tmp_path: Path
) -> None:
    with webhooks() as slack:
        slack.status = 403
        environ = configured(tmp_path, f"notices: {{to: {{url: '{slack.url}'}}}}\n")
        done = hookline("notify", environ=environ)
        assert done.returncode == 1
        assert done.stderr == "hookline: webhook 1 (slack): not brought: 127.0.0.1: answered 403\n"


def test_without_anybody_it_is_said_how_to_name_one(hookline: Hookline, tmp_path: Path) -> None:
    done = hookline("notify", environ=configured(tmp_path, ""))
    assert done.returncode == 1
    assert "write `notices:` into the configuration" in done.stderr
