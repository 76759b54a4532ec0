"""The layout holds, and each of its rules catches what it is there for."""

import shutil
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent


def _run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def _contracts(folder: Path) -> subprocess.CompletedProcess[str]:
    return _run(str(BIN / "lint-imports"), "--no-cache", cwd=folder)


def _bans(folder: Path, file: str) -> subprocess.CompletedProcess[str]:
    return _run(str(BIN / "ruff"), "check", "--no-cache", "--select", "TID251", file, cwd=folder)


@pytest.fixture
def copy(project: Path, tmp_path: Path) -> Path:
    """The project's code and rules, to break."""
    for package in ("app", "workers"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(project / package, tmp_path / package, ignore=ignored)
    shutil.copy(project / "pyproject.toml", tmp_path)
    return tmp_path


def _plant(folder: Path, file: str, line: str) -> None:
    path = folder / file
    before = path.read_text("utf-8") if path.exists() else '"""A new module."""\n'
    path.write_text(f"{before}\n{line}\n", "utf-8")


def test_every_contract_is_kept(project: Path) -> None:
    done = _contracts(project)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("file", "line", "rule"),
    [
        ("workers/translate.py", "import requests", "requests has one home"),
        ("app/ingest/views.py", "import redis", "redis has one home"),
        ("workers/receive.py", "import flask", "flask stays in the edge"),
        ("workers/sources/loading.py", "import yaml", "yaml has one home"),
        ("app/web.py", "from celery import Celery", "celery stays in its two modules"),
        ("workers/receive.py", "import kombu", "kombu stays with the queues and celery"),
        ("workers/plan/__init__.py", "import workers.store", "the pipeline imports downwards only"),
        ("workers/batch.py", "import app.web", "app may import workers; workers never imports app"),
        ("workers/plan/write.py", "import time", "pure modules stay pure"),
        ("workers/audit.py", "", "the pipeline imports downwards only"),  # has no place there
        (
            "app/sandbox/records.py",
            "import workers.events",
            "the sandbox imports nothing of the pipeline",
        ),
        ("app/sandbox/records.py", "import app.web", "the edge imports downwards only"),
    ],
)
def test_a_violation_is_caught(copy: Path, file: str, line: str, rule: str) -> None:
    _plant(copy, file, line)
    done = _contracts(copy)
    assert done.returncode == 1
    assert f"{rule} BROKEN" in done.stdout


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("workers/translate.py", "import requests"),
        ("app/ingest/views.py", "import redis"),
        ("app/web.py", "import os; os.getenv('HOME')"),
        ("workers/plan/__init__.py", "import time; time.sleep(1)"),
        ("workers/pipeline.py", "import datetime; datetime.datetime.now(datetime.UTC)"),
    ],
)
def test_a_banned_name_is_told_in_the_editor(copy: Path, file: str, line: str) -> None:
    assert _bans(copy, file).returncode == 0
    _plant(copy, file, line)
    done = _bans(copy, file)
    assert done.returncode == 1
    assert "TID251" in done.stdout


def test_the_sandbox_runs_without_the_rest_of_hookline(project: Path) -> None:
    program = "import sys, pkgutil, importlib, app.sandbox as s\n"
    program += "for m in pkgutil.iter_modules(s.__path__):\n"
    program += "    if m.name != '__main__': importlib.import_module(f'app.sandbox.{m.name}')\n"
    program += "print(*sys.modules)"
    done = _run(sys.executable, "-c", program, cwd=project)
    assert done.returncode == 0, done.stderr
    ours = {name for name in done.stdout.split() if name.split(".")[0] in {"app", "workers"}}
    assert {name for name in ours if not name.startswith("app.sandbox")} == {"app"}


def test_no_lock_or_setup_names_a_package_index(project: Path) -> None:
    for file in ("Makefile", ".ci/run", "pyproject.toml", *_names(project, "deploy/*")):
        text = (project / file).read_text("utf-8")
        assert "index-url" not in text.replace("--no-emit-index-url", ""), file
        assert "://pypi." not in text, file


def test_every_locked_package_has_a_hash(project: Path) -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (project / "deploy" / name).read_text("utf-8").replace("\\\n", " ")
        pinned = [line for line in text.splitlines() if line[:1].isalnum()]
        assert pinned
        assert all("==" in line and "--hash=sha256:" in line for line in pinned)


def test_nothing_is_imported_that_the_tests_alone_install(project: Path) -> None:
    """What `make run` installs is enough: the machine of a test has more."""
    names = {
        lock: {
            line.partition("==")[0].lower().replace("_", "-")
            for line in (project / "deploy" / lock).read_text("utf-8").splitlines()
            if line[:1].isalnum()
        }
        for lock in ("requirements.txt", "requirements-dev.txt")
    }
    extra = names["requirements-dev.txt"] - names["requirements.txt"]
    hidden = [
        module
        for module, owners in packages_distributions().items()
        if {owner.lower().replace("_", "-") for owner in owners} <= extra
    ]
    assert "pytest" in hidden
    program = (
        "import sys, pkgutil, importlib\n"
        f"sys.modules.update(dict.fromkeys({hidden!r}))\n"
        "import app, workers, kombu.transport.redis, granian.server\n"
        "for package in (app, workers):\n"
        "    for m in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "        if not m.name.endswith('__main__'): importlib.import_module(m.name)\n"
    )
    done = _run(sys.executable, "-c", program, cwd=project)
    assert done.returncode == 0, done.stderr


def _names(project: Path, pattern: str) -> list[str]:
    return [str(path.relative_to(project)) for path in project.glob(pattern) if path.is_file()]
