#!/bin/sh
# Prints a Python that Hookline runs on: 3.11 or newer, able to make a virtual environment.
# PYTHON=/path/to/python is taken at its word. Says what to do if there is none.

suits='import sys; sys.exit(sys.version_info < (3, 11))'
complete='import ensurepip, venv'
incomplete=''

for name in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
    "$name" -c "$suits" >/dev/null 2>&1 || continue
    if "$name" -c "$complete" >/dev/null 2>&1; then
        echo "$name"
        exit 0
    fi
    incomplete=${incomplete:-$name}
done

if [ -n "$incomplete" ]; then
    version=$("$incomplete" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    echo "hookline: $incomplete ($version) has no venv module; install it" \
        "(Debian and Ubuntu: apt-get install python$version-venv) and run make again" >&2
elif [ -n "$PYTHON" ]; then
    echo "hookline: PYTHON=$PYTHON is not Python 3.11 or newer; point it at one that is" >&2
else
    echo "hookline: no Python 3.11 or newer was found; install one, or name it:" \
        "make PYTHON=/path/to/python3" >&2
fi
exit 1
