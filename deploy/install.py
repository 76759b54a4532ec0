"""Sets up `.venv`: `venv` makes it, `run` and `dev` install what their locks pin.

Runs on a bare Python. Says one line when there is something to wait for, and one when it fails.
"""

import fcntl
import importlib.util
import os
import subprocess
import sys
import sysconfig
import venv
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCKS = {"run": "requirements.txt", "dev": "requirements-dev.txt"}
SCRIPT = """\
#!/bin/sh
exec "$(dirname "$(readlink -f "$0")")/python" -P -m app.cli "$@"
"""


def main(verb):
    """Do what `verb` says; return an exit code."""
    try:
        VENV.mkdir(exist_ok=True)
        with alone():
            if verb == "venv":
                make_venv()
            else:
                install(verb)
    except OSError as error:
        where = error.filename or VENV
        say(f"{where}: {error.strerror}; make the folder writable, or clone into another one")
        return 1
    except subprocess.CalledProcessError:
        say("the packages were not installed (see above); check the network, and run make again")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


@contextmanager
def alone():
    """Let no other set-up of this folder run at the same time."""
    with (VENV / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another set-up of this folder")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def make_venv():
    """Make `.venv`, with the project itself importable and `hookline` in its bin folder."""
    if not (VENV / "bin" / "python").exists():
        version = ".".join(map(str, sys.version_info[:3]))
        say(f"making .venv with Python {version}")
        venv.EnvBuilder(with_pip=True, symlinks=True, clear=False).create(VENV)


def install(name):
    """Install exactly what the lock `name` pins, each file checked against its hash."""
    lock = ROOT / "deploy" / LOCKS[name]
    count = sum(1 for line in lock.read_text("utf-8").splitlines() if line[:1].isalnum())
    say(f"installing {count} packages into .venv (once; a minute or so)")
    if importlib.util.find_spec("pip") is None:  # making the venv was interrupted
        subprocess.run([sys.executable, "-m", "ensurepip"], check=True, capture_output=True)
    pip = [sys.executable, "-m", "pip", "install", "-qq", "--no-input", "--no-deps"]
    pip += ["--disable-pip-version-check", "--no-warn-script-location", "--require-hashes"]
    subprocess.run([*pip, "--requirement", str(lock)], cwd=ROOT, check=True)
    link()
    (VENV / f"{name}.stamp").write_text("")


def link():
    """Make the project importable, by a path relative to `.venv`: the clone may be moved."""
    packages = Path(sysconfig.get_path("purelib"))
    (packages / "hookline.pth").write_text(os.path.relpath(ROOT, packages) + "\n", "utf-8")
    script = VENV / "bin" / "hookline"
    script.write_text(SCRIPT, "utf-8")
    script.chmod(0o755)


def say(line):
    """Print one line, on the side that does not disturb what is piped."""
    sys.stderr.write(f"hookline: {line}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
