"""How the command line says what is wrong: a line for each fault, and no traceback."""

import sys
from typing import Any

import click

from workers.errors import Faults, HooklineError, Retryable, Unfit


class Cli(click.Group):
    """A group whose commands may raise our own errors."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error that was foreseen is told in a line and ends with 1."""
        try:
            return super().invoke(ctx)
        except Faults as error:
            tell(*error.faults)
        except Unfit as error:  # trying again would not help
            tell(str(error))
        except Retryable as error:
            tell(f"{error}; try again")
        except HooklineError as error:
            tell(str(error))
        except BrokenPipeError:  # whoever read our output has seen enough
            sys.stdout = None
        raise SystemExit(1)


def tell(*lines: str) -> None:
    """Print what is wrong where it does not mix with what was asked for."""
    for line in lines:
        click.echo(f"hookline: {line}", err=True)
