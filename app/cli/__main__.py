"""`python -m app.cli` is `hookline`."""

from app.cli import main

main(prog_name="hookline")
