"""`hookline check` compares the mappings with what a portal has, where it is asked to."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.sandbox.server import Server
from app.sandbox.web import Options
from tests.app.cli.conftest import Hookline

TOKEN = "any-token"
CONFIG = """\
portals:
  acme: {{token: {token}, base_url: {url}}}
  spare: {{token: t, base_url: 'http://127.0.0.1:9'}}
endpoints:
  shop: {{source: hmac, portal: acme, secret: s, mapping: shop.yaml}}
"""
MAPPING = """\
on:
  order:
    - upsert: contact
      object: contacts
      key: {email: "{{ body.email }}"}
      set:
        frstname: Zoe
        lifecyclestage: custumer
    - associate: [contact, {object: companies, id: "{{ body.company }}"}]
      label: Byer
"""


@pytest.fixture
def crm() -> Iterator[str]:
    with Server(Options(tier="unlimited")) as server:
        yield server.url


def _configured(
    folder: Path, url: str, *, token: str = TOKEN, mapping: str = MAPPING
) -> dict[str, str]:
    (folder / "c.yaml").write_text(CONFIG.format(url=url, token=token))
    (folder / "shop.yaml").write_text(mapping)
    return {"HOOKLINE_CONFIG": "c.yaml"}


def test_without_a_portal_nothing_is_asked(hookline: Hookline, tmp_path: Path) -> None:
    environ = _configured(tmp_path, "http://127.0.0.1:9")
    done = hookline("check", environ=environ)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("portal", ["acme", "all"])
def test_with_one_every_fault_is_told_at_once(
    hookline: Hookline, tmp_path: Path, crm: str, portal: str
) -> None:
    done = hookline("check", "--portal", portal, environ=_configured(tmp_path, crm))
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "hookline: shop.yaml:7: portal acme has no property contacts.frstname; "
        "did you mean 'firstname'?",
        "hookline: shop.yaml:8: contacts.lifecyclestage: 'custumer' is none of its options; "
        "did you mean 'customer'?",
        "hookline: shop.yaml:9: there is no label 'Byer' from contacts to companies; "
        "use one of Billing Contact, Primary",
    ]
    assert done.stdout == "3 faults, 0 warnings\n"


def test_further_files_are_compared_with_it_too(
    hookline: Hookline, tmp_path: Path, crm: str
) -> None:
    environ = _configured(tmp_path, crm)
    done = hookline("check", "github", "-p", "spare", "-p", "acme", "--json", environ=environ)
    found = json.loads(done.stdout)
    assert any(each.startswith("sources/github.yaml:23: portal acme") for each in found["faults"])
    assert any(each.startswith("portal spare: ") for each in found["faults"])


def test_a_portal_that_refuses_the_token_is_one_line_beside_the_rest(
    hookline: Hookline, tmp_path: Path, crm: str
) -> None:
    mapping = MAPPING + "default: [{find: contact, key: {email: a@b.example}, when: '{{ 0 }}'}]\n"
    environ = _configured(tmp_path, crm, token="expired", mapping=mapping)
    done = hookline("check", "--portal", "acme", environ=environ)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "hookline: shop.yaml:11: `when` is never true, so 'contact' never runs; "
        "correct the condition, or remove the step",
        "hookline: portal acme: refuses the token (401); give it one that is valid, "
        "then check again",
    ]


def test_a_portal_that_there_is_not_is_told(hookline: Hookline, tmp_path: Path) -> None:
    environ = _configured(tmp_path, "http://127.0.0.1:9")
    done = hookline("check", "--portal", "akme", environ=environ)
    assert done.returncode == 1
    assert "there is no portal 'akme'; did you mean 'acme'?" in done.stderr


@pytest.mark.parametrize(
    ("source", "secret", "told"),
    [
        ("standard_webhooks", "not base64!", "write `whsec_` and what follows it, in base64"),
        ("basic", "nobody", "write USER:PASSWORD"),
        ("sendgrid", "not-a-key", "write the sender's public key, in base64 or PEM"),
        ("github", "anything", None),
    ],
)
def test_a_secret_that_its_scheme_cannot_use_is_warned_of(
    hookline: Hookline, tmp_path: Path, source: str, secret: str, told: str | None
) -> None:
    config = "portals: {acme: {token: t}}\nendpoints:\n"
    config += f"  it: {{source: {source}, portal: acme, secrets: ['{secret}']}}\n"
    (tmp_path / "c.yaml").write_text(config)
    done = hookline("check", environ={"HOOKLINE_CONFIG": "c.yaml"})
    assert done.returncode == 0, done.stderr
    assert ("warning: endpoint it: secret 1 is none that " in done.stdout) is (told is not None)
    assert told is None or told in done.stdout
    assert secret not in done.stdout
