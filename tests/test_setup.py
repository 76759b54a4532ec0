"""Set-up says in one line what it lacks, and installs nothing twice."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

MODERN = 'exec "$REAL" "$@"'
OLD = 'case "$2" in *version_info*) exit 1;; esac; exec "$REAL" "$@"'
BARE = 'case "$2" in *ensurepip*) exit 1;; esac; exec "$REAL" "$@"'


def _folder(path: Path, **pythons: str) -> Path:
    """A folder of programs: `sh`, and these Pythons."""
    path.mkdir()
    for name, script in pythons.items():
        program = path / name.replace("_", ".")
        program.write_text(f'#!/bin/sh\nREAL="{sys.executable}"\n{script}\n')
        program.chmod(0o755)
    return path


def _found(project: Path, path: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", str(project / "deploy" / "python.sh")],
        env={"PATH": str(path), **environ},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("pythons", "chosen"),
    [
        ({"python3": MODERN}, "python3"),
        ({"python3": OLD, "python3_12": MODERN}, "python3.12"),
        ({"python3": BARE, "python3_11": MODERN}, "python3.11"),
        ({"python": MODERN}, "python"),
        ({"python3": "exit 127", "python3_13": MODERN}, "python3.13"),  # a shim without a Python
    ],
    ids=["the usual one", "an old one", "one without venv", "only python", "a shim"],
)
def test_a_python_that_suits_is_found(
    project: Path, tmp_path: Path, pythons: dict[str, str], chosen: str
) -> None:
    done = _found(project, _folder(tmp_path / "bin", **pythons))
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{chosen}\n", "")


@pytest.mark.parametrize(
    ("pythons", "environ", "told"),
    [
        ({}, {}, "no Python 3.11 or newer was found; install one, or name it: make PYTHON="),
        ({"python3": OLD}, {}, "no Python 3.11 or newer was found"),
        ({"python3": MODERN, "old": OLD}, {"PYTHON": "old"}, "PYTHON=old is not Python 3.11"),
        ({"python3": BARE}, {}, "has no venv module; install it (Debian and Ubuntu: apt-get"),
    ],
    ids=["none", "only an old one", "the wrong one named", "without venv"],
)
def test_what_is_missing_is_told_in_one_line(
    project: Path, tmp_path: Path, pythons: dict[str, str], environ: dict[str, str], told: str
) -> None:
    done = _found(project, _folder(tmp_path / "bin", **pythons), **environ)
    assert done.returncode == 1
    assert told in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_folder_that_cannot_be_written_is_told_in_one_line(project: Path, tmp_path: Path) -> None:
    (tmp_path / "deploy").mkdir()
    shutil.copy(project / "deploy" / "install.py", tmp_path / "deploy")
    (tmp_path / ".venv").write_text("in the way")
    done = subprocess.run(
        [sys.executable, str(tmp_path / "deploy" / "install.py"), "venv"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == (
        f"hookline: {tmp_path}/.venv: File exists; make the folder writable, or clone into "
        "another one\n"
    )


def test_what_is_set_up_is_not_set_up_again(project: Path, tmp_path: Path) -> None:
    """Make goes by the stamps: nothing is done while they are newer than the locks."""
    for name in ("Makefile", "deploy/install.py", "deploy/python.sh", "deploy/requirements.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(project / name, tmp_path / name)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(Path(sys.executable).resolve())
    hookline = tmp_path / ".venv" / "bin" / "hookline"
    hookline.write_text("#!/bin/sh\necho ran $@\n")
    hookline.chmod(0o755)
    (tmp_path / ".venv" / "run.stamp").write_text("")
    done = subprocess.run(
        ["make", "demo"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("ran run --demo\n", "")
