"""`halte draw verify FILE` on a machine that has nothing else: a sentence, and 1 where something is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from halte.cli import main
from tests.unit.orientation.drawing.test_draw_algorithm import example, line


def _verify(path: Path, content: bytes) -> Result:
    path.write_bytes(content)
    # Settings that nobody could start with are not even looked at.
    return CliRunner().invoke(main, ["draw", "verify", str(path)], env={"HALTE_PORT": "none", "DATABASE_URL": "x://"})


def test_it_says_that_it_holds(tmp_path: Path) -> None:
    told = _verify(tmp_path / "draw.json", line(example()))
    assert told.exit_code == 0, told.output
    assert told.output.startswith("The draw holds: 4 entries for man on the night of 2026-01-15")


@pytest.mark.parametrize(
    "member, value, said",
    [("order", example()["order"][::-1], "the order is not"), ("seed", None, "not the file of a draw")],
)
def test_it_says_what_does_not(tmp_path: Path, member: str, value: object, said: str) -> None:
    told = _verify(tmp_path / "draw.json", line(example() | {member: value}))
    assert told.exit_code == 1
    assert told.output.startswith("Error: The draw does not hold: ")
    assert said in told.output
    assert told.output.count("\n") == 1
