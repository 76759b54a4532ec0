"""Tables for a person to read, whole also where there is no terminal."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

WIDE = 160  # where nobody's window decides


def show(columns: Sequence[str], rows: Iterable[Sequence[str]], *, whole: str) -> None:
    """Print a table; the column `whole` is never shortened, since it is there to be copied."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        right = column == "calls"
        table.add_column(
            column,
            justify="right" if right else "left",
            no_wrap=right or column == whole,
            overflow="fold",
        )
    for row in rows:
        table.add_row(*row)
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = WIDE
    console.print(table)
