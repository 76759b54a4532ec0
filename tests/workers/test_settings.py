"""The configuration is read whole, and every fault in it is told at once."""

import re
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest

from workers.errors import SettingsError
from workers.settings import Endpoint, Notices, Portal, Settings, Sync, load
from workers.settings import shipped as shipped_file
from workers.settings.openid import OpenId
from workers.sources import shipped

PORTAL = """\
portals:
  acme:
    token: ${TOKEN}
"""
ENDPOINT = """\
endpoints:
  shop:
    source: shopify
    portal: acme
    secret: ${SECRET}
"""
ENVIRON = {"TOKEN": "pat-1", "SECRET": "shh"}


def _file(folder: Path, text: str) -> dict[str, str]:
    path = folder / "hookline.yaml"
    path.write_text(text, "utf-8")
    return {**ENVIRON, "HOOKLINE_CONFIG": str(path)}


def _faults(folder: Path, text: str, **environ: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(_file(folder, text) | environ)
    place = f"{folder}/hookline.yaml:"
    return [fault.removeprefix(place) for fault in caught.value.faults]


def _loaded(folder: Path, text: str = PORTAL + ENDPOINT, **environ: str) -> Settings:
    return load(_file(folder, text) | environ)


def test_what_is_shipped_serves_the_sandbox_without_any_variable() -> None:
    settings = load({})
    assert settings.portals["sandbox"].base_url == "http://127.0.0.1:8788"
    assert set(settings.endpoints) == {"stripe", "github", "shopify"}
    assert all(each.secrets for each in settings.endpoints.values())
    assert settings.embedded
    assert not settings.warnings


def test_the_shipped_file_follows_the_environment() -> None:
    settings = load({"REDIS_URL": "redis://db:6379/3", "SANDBOX_URL": "http://127.0.0.1:9/"})
    assert settings.store_url == settings.broker_url == "redis://db:6379/3"
    assert settings.portals["sandbox"].base_url == "http://127.0.0.1:9"
    assert not settings.embedded


def test_every_setting_stands_in_the_shipped_file_with_its_default() -> None:
    text = shipped_file().read_text("utf-8")
    told = dict(re.findall(r"^# (\w+): (\S+)", text.partition("# The rest")[2], re.MULTILINE))
    parts = (Settings, Sync, OpenId, Notices, Portal, Endpoint)
    wanted = {name: value for each in parts for name, value in _defaults(each).items()}
    wanted["sources"] = wanted.pop("sources_dirs")
    wanted["results"] = wanted.pop("results_url")
    wanted["secret_key"] = wanted.pop("secret_keys") or None
    wanted["base_url"] = "https://api.hubapi.com"
    shown = ("secrets", "others", "choice", "warnings", "token_file", "secret_key_files")
    for name in shown:  # above; or not to be written
        del wanted[name]
    assert told.keys() == wanted.keys()
    for name, default in wanted.items():
        written = "~" if default is None else str(default)
        written = written.lower() if isinstance(default, bool) else written
        assert told[name].replace("_", "") == written.replace("_", ""), name


def _defaults(of: type[Any]) -> dict[str, object]:
    return {
        each.name: [] if each.default == () else each.default
        for each in fields(of)
        if each.default is not MISSING
    }


def test_a_minimal_file_has_the_defaults(tmp_path: Path) -> None:
    settings = _loaded(tmp_path)
    assert settings.portals["acme"].base_url == "https://api.hubapi.com"
    assert settings.portals["acme"].token == "pat-1"
    assert settings.endpoints["shop"].secrets == ("shh",)
    assert settings.keep_handled_s == 7 * 86_400


def test_every_number_has_its_own_value(tmp_path: Path) -> None:
    text = PORTAL + "    window_s: 1.5\n    calls_per_day: 250_000\n" + ENDPOINT
    settings = _loaded(tmp_path, "max_body_bytes: ${LIMIT}\ndedupe_s: 5\n" + text, LIMIT="2000")
    assert (settings.max_body_bytes, settings.dedupe_s) == (2000, 5)
    assert settings.portals["acme"].window_s == 1.5
    assert settings.portals["acme"].calls_per_day == 250_000


def test_secrets_are_in_no_representation(tmp_path: Path) -> None:
    shown = repr(_loaded(tmp_path, "store: redis://:pass@db/0\n" + PORTAL + ENDPOINT))
    assert "pat-1" not in shown
    assert "shh" not in shown
    assert "pass" not in shown


# Variables


def test_a_variable_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from a file\n")
    environ = _file(tmp_path, PORTAL + ENDPOINT) | {"SECRET_FILE": str(tmp_path / "secret")}
    del environ["SECRET"]
    assert load(environ).endpoints["shop"].secrets == ("from a file",)


def test_a_folder_may_hold_all_secrets_each_in_a_file_of_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    for name in ("SECRET", "TOKEN"):
        (folder / name).write_text(f"{name} from the folder\n")
    environ = _file(tmp_path, PORTAL + ENDPOINT) | {"HOOKLINE_SECRETS": str(folder)}
    del environ["SECRET"]
    settings = load(environ)
    assert settings.endpoints["shop"].secrets == ("SECRET from the folder",)
    assert settings.portals["acme"].token == ENVIRON["TOKEN"]  # what is set comes first
    assert settings.portals["acme"].token_file is None
    del environ["TOKEN"]
    assert load(environ).portals["acme"].token_file == folder / "TOKEN"


def test_a_secret_that_is_not_in_the_folder_is_not_set(tmp_path: Path) -> None:
    text = PORTAL.replace("TOKEN", "KEY") + ENDPOINT
    (fault,) = _faults(tmp_path, text, HOOKLINE_SECRETS=str(tmp_path))
    assert fault.startswith("3: portals.acme.token: KEY is not set; set it, or KEY_FILE")


def test_a_secret_in_the_folder_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "KEY").mkdir()
    text = PORTAL.replace("TOKEN", "KEY") + ENDPOINT
    assert _faults(tmp_path, text, HOOKLINE_SECRETS=str(tmp_path)) == [
        f"3: portals.acme.token: HOOKLINE_SECRETS: {tmp_path}/KEY cannot be read (Is a directory); "
        "check the path"
    ]


def test_a_variable_from_two_places_is_a_fault(tmp_path: Path) -> None:
    assert _faults(tmp_path, PORTAL + ENDPOINT, TOKEN_FILE="/nowhere") == [
        "3: portals.acme.token: TOKEN and TOKEN_FILE are both set; unset one of them"
    ]


def test_a_file_of_a_variable_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    faults = _faults(tmp_path, PORTAL.replace("TOKEN", "KEY") + ENDPOINT, KEY_FILE="/nowhere")
    assert faults == [
        "3: portals.acme.token: KEY_FILE: /nowhere cannot be read (No such file or directory); "
        "check the path"
    ]


def test_a_default_is_taken_for_what_is_not_set_or_empty(tmp_path: Path) -> None:
    text = PORTAL.replace("${TOKEN}", "${EMPTY:-one}-${NONE:-two}") + ENDPOINT
    assert _loaded(tmp_path, text, EMPTY="").portals["acme"].token == "one-two"


def test_two_dollars_keep_a_variable_from_being_one(tmp_path: Path) -> None:
    text = PORTAL.replace("${TOKEN}", "$${TOKEN}$") + ENDPOINT
    assert _loaded(tmp_path, text).portals["acme"].token == "${TOKEN}$"


def test_a_value_that_looks_like_a_variable_is_not_filled_again(tmp_path: Path) -> None:
    assert _loaded(tmp_path, TOKEN="${SECRET}").portals["acme"].token == "${SECRET}"


def test_a_missing_secret_is_a_warning_since_its_endpoint_answers_503(tmp_path: Path) -> None:
    settings = _loaded(tmp_path, PORTAL + ENDPOINT.replace("SECRET", "OTHER"))
    assert settings.endpoints["shop"].secrets == ()
    assert settings.warnings == (
        f"{tmp_path}/hookline.yaml:8: endpoints.shop.secret: OTHER is not set; set it, or "
        "OTHER_FILE to a file that holds it; until then this endpoint answers 503",
    )


def test_of_two_secrets_the_one_that_is_set_is_enough(tmp_path: Path) -> None:
    two = ENDPOINT.replace("secret: ${SECRET}", "secrets: ['${SECRET}', '${OLD:-}', '${GONE}']")
    assert _loaded(tmp_path, PORTAL + two).endpoints["shop"].secrets == ("shh",)


# Faults


def test_every_fault_is_told_at_once_in_the_order_of_the_lines(tmp_path: Path) -> None:
    faults = _faults(
        tmp_path,
        """\
store: http://db
max_boddy_bytes: 5
dedupe_s: soon
portals:
  acme:
    base_url: localhost
    token: ${MISSING}
    threads: 500
    api: v5
endpoints:
  shop:
    source: shopfy
    portal: akme
    enabled: maybe
    mapping: gone.yaml
  "no good":
    portal: acme
""",
    )
    assert faults == [
        "1: store: http://… is not a URL of redis or rediss or unix; write it like "
        "redis://HOST:PORT",
        "2: max_boddy_bytes: is not known here; did you mean 'max_body_bytes'?",
        "3: dedupe_s: 'soon' is not a whole number; write it like 604800",
        "6: portals.acme.base_url: 'localhost' is not a URL of https or http; write it like "
        "https://HOST:PORT",
        "7: portals.acme.token: MISSING is not set; set it, or MISSING_FILE to a file that holds "
        "it",
        "8: portals.acme.threads: 500 is out of range; write a number from 1 to 64",
        "9: portals.acme.api: 'v5' is no family of paths; write classic, or a date like 2026-03",
        "12: endpoints.shop.source: there is no source 'shopfy'; did you mean 'shopify'?",
        "13: endpoints.shop.portal: there is no portal 'akme'; did you mean 'acme'?",
        "14: endpoints.shop.enabled: 'maybe' is neither; write true or false",
        f"15: endpoints.shop.mapping: {tmp_path}/gone.yaml is no file; check the path",
        "16: endpoints.no good: is no name; use up to 64 letters, digits, - and _",
        "16: endpoints.no good.source: is missing; write which kind of sender this is",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param("", "1: is nothing; write `name: value` lines below it", id="empty"),
        pytest.param("- a\n", "1: is a list; write `name: value` lines below it", id="list"),
        pytest.param(PORTAL, "1: endpoints: there are none; add one,", id="no endpoints"),
        pytest.param(ENDPOINT, "1: portals: there are none; add one,", id="no portals"),
        pytest.param(PORTAL + "endpoints: 5\n", "4: endpoints: is a number; write", id="number"),
        pytest.param(PORTAL + ENDPOINT + "  x:\n", "9: endpoints.x: is empty; add", id="empty one"),
        pytest.param(
            PORTAL + "    base_url: https://h:99999\n" + ENDPOINT,
            "4: portals.acme.base_url: its host or port is not valid (a port is a number up to "
            "65535); write it like https://HOST:PORT",
            id="port",
        ),
        pytest.param(
            PORTAL.replace("${TOKEN}", "${TO KEN}") + ENDPOINT,
            "3: portals.acme.token: ${TO KEN} is no variable; write it like ${NAME} or "
            "${NAME:-default}",
            id="no variable",
        ),
        pytest.param(
            PORTAL.replace("${TOKEN}", "${GONE:-}") + ENDPOINT,
            "3: portals.acme.token: is empty; add `token: ${HUBSPOT_TOKEN}`",
            id="empty token",
        ),
        pytest.param(
            PORTAL.replace("${TOKEN}", "[a]") + ENDPOINT,
            "3: portals.acme.token: is a list; write one value",
            id="list for a value",
        ),
        pytest.param("portals: {a: {\n", "2: is not YAML: ", id="no YAML"),
        pytest.param(PORTAL + PORTAL + ENDPOINT, "4: 'portals' stands here twice", id="twice"),
        pytest.param("sources: none\n" + PORTAL + ENDPOINT, "1: sources: ", id="no folder"),
    ],
)
def test_a_fault_names_its_line_and_what_to_do(tmp_path: Path, text: str, fault: str) -> None:
    assert any(fault in each for each in _faults(tmp_path, text))


def test_a_fault_in_a_url_does_not_tell_its_password(tmp_path: Path) -> None:
    faults = _faults(tmp_path, "store: amqp://me:hidden@db\n" + PORTAL + ENDPOINT)
    assert not any("hidden" in each for each in faults)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"HOOKLINE_CONFIG: .*gone.yaml: cannot be read"):
        load({"HOOKLINE_CONFIG": str(tmp_path / "gone.yaml")})


def test_a_token_that_would_travel_in_the_clear_is_warned_of(tmp_path: Path) -> None:
    text = PORTAL + "    base_url: http://crm.example\n" + ENDPOINT
    assert "travels in the clear" in _loaded(tmp_path, text).warnings[0]


# Sources


def test_every_shipped_source_is_known(tmp_path: Path) -> None:
    for name in shipped():
        settings = _loaded(tmp_path, PORTAL + ENDPOINT.replace("shopify", name))
        assert settings.endpoints["shop"].source == name


def test_sources_of_ones_own_lie_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "till.yaml").write_text("")
    text = "sources: [own]\n" + PORTAL + ENDPOINT.replace("shopify", "till")
    settings = _loaded(tmp_path, text)
    assert settings.endpoints["shop"].source == "till"
    assert settings.sources_dirs == (tmp_path / "own",)
