"""`halte draw verify FILE`: whoever has the file of a draw can draw again, on any machine."""

from __future__ import annotations

from pathlib import Path

import click

from orientation.drawing.verifying import RefutedError, verify


@click.group()
def draw() -> None:
    """The draw for places of which there are too few."""


@draw.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def verify_file(file: Path) -> None:
    """Draw again from an exported FILE, and say whether it comes out the same.

    Needs nothing but the file. Ends with 1 if anything in it is not as it was.
    """
    try:
        drawn = verify(file.read_bytes())
    except RefutedError as error:
        raise click.ClickException(f"The draw does not hold: {error}.") from None
    frozen = drawn.frozen
    click.echo(
        f"The draw holds: {len(drawn.order)} entries for {frozen.audience} on the night of {frozen.night}; "
        f"the list ({drawn.list_hash}), both commitments, the seed and the order follow from each other."
    )
