"""What is sealed opens with its key alone, as what it was, and as it was."""

import base64
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.test_settings import ENDPOINT, PORTAL, _faults, _loaded
from workers.errors import Locked
from workers.sealing import HEAD_BYTES, Seal, Spoiled, key_of, name_of

OLD, NEW, OTHER = (bytes([n, 0xFF, 0xFE, 7]) * 8 for n in (1, 2, 3))
OAUTH = """\
portals:
  acme:
    oauth: {client_id: app-1, client_secret: "${TOKEN}", scopes: [crm.objects.contacts.write]}
"""
KEY = base64.b64encode(NEW).decode()


@given(st.binary(max_size=2_000), st.text(max_size=40))
def test_what_was_sealed_opens_as_it_was(plain: bytes, what: str) -> None:
    seal = Seal([NEW])
    data = seal.sealed(plain, what=what)
    assert seal.opened(data, what=what) == plain
    assert len(data) == len(plain) + HEAD_BYTES + 16
    assert seal.sealed(plain, what=what) != data


@given(st.binary(min_size=1, max_size=200), st.data())
def test_what_was_changed_or_cut_is_known(plain: bytes, data: st.DataObject) -> None:
    seal = Seal([NEW])
    sealed = bytearray(seal.sealed(plain, what="a"))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises((Spoiled, Locked)):
        seal.opened(bytes(sealed), what="a")
    with pytest.raises((Spoiled, Locked)):
        seal.opened(bytes(sealed[:place]), what="a")


def test_what_was_sealed_as_one_thing_opens_as_no_other() -> None:
    seal = Seal([NEW])
    with pytest.raises(Spoiled):
        seal.opened(seal.sealed(b"x", what="token of acme"), what="token of emea")


def test_the_first_key_seals_and_all_of_them_open() -> None:
    old = Seal([OLD]).sealed(b"x", what="a")
    both = Seal([NEW, OLD])
    assert both.opened(old, what="a") == b"x"
    assert Seal([NEW]).opened(both.sealed(b"y", what="a"), what="a") == b"y"


def test_a_key_that_is_missing_is_named_and_nothing_of_it_told() -> None:
    data = Seal([OLD]).sealed(b"x", what="the body of e")
    with pytest.raises(Locked, match=rf"the body of e .*{name_of(OLD)}.*secret_key") as missing:
        Seal([OTHER]).opened(data, what="the body of e")
    assert OLD.hex() not in str(missing.value)


def test_what_openssl_makes_is_a_key() -> None:
    made = subprocess.run(["openssl", "rand", "-base64", "32"], capture_output=True, check=True)
    assert len(key_of(made.stdout.decode())) == 32


@pytest.mark.parametrize("text", [NEW.hex(), KEY, base64.urlsafe_b64encode(NEW).decode()])
def test_a_key_is_written_in_hex_or_base64(text: str) -> None:
    assert key_of(text) == NEW


@pytest.mark.parametrize("text", ["", "secret", "ää", KEY[:-4], NEW.hex()[:-2], KEY + "!"])
def test_what_is_no_key_is_refused_with_what_to_do(text: str) -> None:
    with pytest.raises(ValueError, match="openssl rand -base64 32"):
        key_of(text)


# Rotation without a restart


def test_a_key_that_is_rotated_in_its_file_seals_next_and_the_old_one_opens(
    tmp_path: Path,
) -> None:
    file = tmp_path / "key"
    file.write_text(OLD.hex())
    seal, other = Seal([OLD], files=[file]), Seal([OLD], files=[file])
    old = seal.sealed(b"x", what="a")
    (tmp_path / "next").write_text(f"{NEW.hex()}\n{OLD.hex()}\n")
    (tmp_path / "next").replace(file)
    new = seal.sealed(b"y", what="a")
    assert Seal([NEW]).opened(new, what="a") == b"y"
    assert (seal.opened(old, what="a"), other.opened(new, what="a")) == (b"x", b"y")
    file.write_text(NEW.hex())
    with pytest.raises(Locked, match=name_of(OLD)):
        seal.opened(old, what="a")


@pytest.mark.parametrize("text", ["", "no key at all", "deadbeef"])
def test_a_file_that_holds_no_key_leaves_those_that_were(tmp_path: Path, text: str) -> None:
    file = tmp_path / "key"
    file.write_text(OLD.hex())
    seal = Seal([OLD], files=[file])
    file.write_text(text)
    assert seal.opened(seal.sealed(b"x", what="a"), what="a") == b"x"
    file.unlink()
    assert Seal([OLD]).opened(seal.sealed(b"x", what="a"), what="a") == b"x"
    file.write_text(NEW.hex())
    assert Seal([NEW]).opened(seal.sealed(b"x", what="a"), what="a") == b"x"


# The configuration


def test_keys_come_from_the_setting_or_else_from_the_environment(tmp_path: Path) -> None:

    told = "secret_key: ['${NEWER}', '${OLDER}']\n"
    found = _loaded(tmp_path, told + OAUTH + ENDPOINT, NEWER=KEY, OLDER=OLD.hex())
    assert found.secret_keys == (NEW, OLD)
    found = _loaded(tmp_path, OAUTH + ENDPOINT, HOOKLINE_SECRET_KEY=f"{KEY}\n{OLD.hex()}\n")
    assert found.secret_keys == (NEW, OLD)
    assert found.portals["acme"].token == ""
    assert found.portals["acme"].calls_per_window == 110
    assert KEY not in repr(found)


def test_without_a_key_nothing_starts_that_needs_one(tmp_path: Path) -> None:
    faults = _faults(tmp_path, "encrypt_bodies: true\n" + OAUTH + ENDPOINT)
    assert len(faults) == 2
    assert all("HOOKLINE_SECRET_KEY" in each for each in faults)
    assert "encrypt_bodies" in faults[0]
    assert "portals.acme.oauth" in faults[1]


def test_a_wrong_key_is_told_of_and_not_told(tmp_path: Path) -> None:
    faults = _faults(tmp_path, PORTAL + ENDPOINT, HOOKLINE_SECRET_KEY=f"{KEY},not-a-real-key")
    assert len(faults) == 1
    assert "number 2" in faults[0]
    assert "not-a-real-key" not in faults[0]


def test_a_portal_has_a_token_or_an_app_and_an_app_says_what_it_asks_for(tmp_path: Path) -> None:
    text = OAUTH.replace(", scopes: [crm.objects.contacts.write]", "")
    faults = _faults(tmp_path, text + "    token: t\n" + ENDPOINT, HOOKLINE_SECRET_KEY=KEY)
    assert [each.partition(": ")[2][:28] for each in faults] == [
        "portals.acme.oauth.scopes: i",
        "portals.acme.token: there is",
    ]
