"""`hookline schema`: the JSON Schema of source files, for editors."""

import json
from pathlib import Path

import click

from workers.sources import json_schema

FILE = "hookline.schema.json"  # as it lies beside the sources


def comment(schema: str = FILE) -> str:
    """Return the line by which editors with a YAML language server find a file's schema."""
    return f"# yaml-language-server: $schema={schema}"


def written() -> str:
    """Return the schema as it is written."""
    return json.dumps(json_schema(), indent=2) + "\n"


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
def schema(file: Path | None) -> None:
    """Print the JSON Schema of source and mapping files, or write it to FILE.

    Editors complete and underline with it. Most find it by a file's first line:

        # yaml-language-server: $schema=hookline.schema.json
    """
    if file is None:
        click.echo(written(), nl=False)
        return
    file.write_text(written(), "utf-8")
    click.echo(f"{file}: written; let each source begin with {comment(file.name)}")
