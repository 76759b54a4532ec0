"""A token in a file is read again when the file is another, and when its token is refused."""

import os
from pathlib import Path

from tests.workers.test_settings import ENDPOINT, PORTAL
from workers import settings as configuration
from workers.credentials.files import FromFile


def test_what_is_written_in_place_or_put_in_its_stead_is_shown_next(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("one\n")
    token = FromFile(file, token="one")
    assert token.shown() == "one"
    file.write_text("other\n")
    assert token.shown() == "other"
    (tmp_path / "next").write_text("third\n")
    (tmp_path / "next").replace(file)
    assert token.shown() == "third"


def test_a_link_that_leads_elsewhere_is_followed(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_text(name)
    link = tmp_path / "token"
    link.symlink_to("one")
    token = FromFile(link, token="one")
    assert token.shown() == "one"
    (tmp_path / "again").symlink_to("two")
    (tmp_path / "again").replace(link)
    assert token.shown() == "two"


def test_a_file_that_is_empty_or_gone_leaves_the_token_that_was(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("one")
    token = FromFile(file, token="one")
    assert token.shown() == "one"
    file.write_text("")
    assert token.shown() == "one"
    file.unlink()
    assert token.shown() == "one"
    assert not token.refused("one")
    file.write_bytes(b"\xff\xfe")
    assert token.shown() == "one"
    file.write_text("two")
    assert token.refused("one")
    assert token.shown() == "two"


def test_a_change_that_leaves_no_trace_in_the_folder_is_found_after_a_401(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("aaa")
    token = FromFile(file, token="aaa")
    assert token.shown() == "aaa"
    before = file.stat()
    file.write_text("bbb")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert token.refused("aaa")
    assert token.shown() == "bbb"
    assert not token.refused("bbb")


def test_the_settings_know_the_file_of_a_token_that_is_one_variable(tmp_path: Path) -> None:
    held = tmp_path / "held"
    held.write_text("pat-1\n")
    config = tmp_path / "hookline.yaml"
    for written, file in (("${TOKEN}", held), ("x${TOKEN}", None), ("${TOKEN:-y}", held)):
        config.write_text(PORTAL.replace("${TOKEN}", written) + ENDPOINT)
        environ = {"HOOKLINE_CONFIG": str(config), "TOKEN_FILE": str(held), "SECRET": "shh"}
        portal = configuration.load(environ).portals["acme"]
        assert portal.token_file == file
        assert portal.token.endswith("pat-1")
