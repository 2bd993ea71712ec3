"""The backtest on the city's own files: a few nights wherever tests are run, the whole month with `make long`."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from halte.backtest.cli import main

TORONTO = "toronto-shelters"


def _rows(folder: Path, *options: str) -> dict[str, list[float]]:
    result = CliRunner().invoke(main, ["toronto", str(folder), "--seeds", "1", *options], catch_exceptions=False)
    lines = [line.split("|")[1:-1] for line in result.output.splitlines() if line.startswith("| ")]
    return {name.strip(): [float(cell.replace(",", "")) for cell in cells] for name, *cells in lines[1:]}


def test_two_nights_of_the_real_files(shared_data: Path) -> None:
    rows = _rows(shared_data / TORONTO, "--nights", "2", "--every", "120")
    _balanced(rows)
    # What the file left empty on the first night, and ten referrals a night, are given by every rule but for a rest.
    assert all(40 <= placed <= 120 for placed in rows["placed: households"])


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("month", ["2024-01", "2024-02"])
def test_a_real_month(shared_data: Path, month: str) -> None:
    rows = _rows(shared_data / TORONTO, "--month", month)
    _balanced(rows)
    # Places are what is scarce: no rule makes more of them, and none of these leaves any to speak of.
    households = rows["placed: households"]
    assert max(households) <= 1.05 * min(households)
    assert max(rows["empty place-nights (rooms count as one)"]) <= 30


def _balanced(rows: dict[str, list[float]]) -> None:
    names = ("placed: households", "unmet: households", "still waiting when the month ends: households")
    became = zip(*(rows[name] for name in names), strict=True)
    assert [sum(parts) for parts in became] == rows["asked: households"]
    assert len(set(rows["asked: households"])) == 1
    assert rows["families split"] == rows["moves"] == [0] * 5
