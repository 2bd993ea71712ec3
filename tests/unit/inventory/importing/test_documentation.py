"""docs/importing.md keeps its word: its examples import as they stand, and no field and no message is left out."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from inventory.importing import mapping as mapping_module
from inventory.importing.telling import words
from inventory.importing.values import READERS
from tests.unit.inventory.importing.test_planning import known_after, planned

PAGE = (Path(__file__).parents[4] / "docs/importing.md").read_text("utf-8")


def example(heading: str) -> tuple[str, str]:
    """Return the file and the mapping of one example."""
    _, _, below = PAGE.partition(f"\n## {heading}\n")
    below = below.partition("\n## ")[0]
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", below, re.MULTILINE | re.DOTALL)
    (file, *_) = [text for kind, text in blocks if kind == ""]
    (mapping,) = [text for kind, text in blocks if kind == "toml"]
    return file, mapping


def test_the_belgian_spreadsheet_and_the_hourly_counts_after_it() -> None:
    file, mapping = example("A Belgian spreadsheet")
    result, faults = planned(file.encode("cp1252"), mapping)
    assert faults == []
    assert sorted(one.noun for one in result.changes) == ["operator"] * 2 + ["shelter"] * 2 + ["unit"] * 3
    shelters = {
        step.work.shelter.name: step.work.shelter for step in result.definitions if hasattr(step.work, "shelter")
    }
    tilleul = shelters["Le Tilleul"]
    assert (tilleul.address, tilleul.latitude, tilleul.commune) == ("rue Haute, 12", 50.8331, "21009")
    assert (shelters["Maison Claire"].secret, shelters["Maison Claire"].address) == (True, None)
    assert [step.work.observed_at for step in result.counts] == [
        datetime(2026, 1, 15, 19, 30, tzinfo=UTC),
        datetime(2026, 1, 15, 19, 35, tzinfo=UTC),
    ]
    file, mapping = example("Counts alone, every hour")
    counts, faults = planned(file, mapping, known_after(result))
    assert faults == []
    assert [one.what for one in counts.changes if one.noun == "unit"] == [("vanished",)]
    lines = [step.work.lines[0] for step in counts.counts]
    assert [(line.free, line.over_by) for line in lines] == [(2, 0), (0, 2)]
    assert [line.out_of_service[0].places if line.out_of_service else 0 for line in lines] == [0, 1]


def test_the_citys_daily_open_data() -> None:
    result, faults = planned(*example("A city's daily open data"))
    assert faults == []
    assert sorted(one.noun for one in result.changes) == ["operator", "shelter", "unit", "unit"]
    assert [(step.work.lines[0].free, step.work.night.isoformat()) for step in result.counts] == [
        (0, "2026-01-15"), (1, "2026-01-15"),
    ]  # fmt: skip
    assert {step.work.observed_at for step in result.counts} == {datetime(2026, 1, 16, 9, tzinfo=UTC)}


@pytest.mark.parametrize("noun", ["operator", "shelter", "unit", "count"])
def test_every_field_is_explained(noun: str) -> None:
    _, _, below = PAGE.partition(f"\n## [{noun}]\n")
    rows = "".join(line for line in below.partition("\n## ")[0].splitlines() if line.startswith("|"))
    table = getattr(mapping_module, f"{noun.title()}Table")
    assert {name for name in table.__struct_fields__ if f"`{name}" not in rows} == set()
    assert set(READERS[noun]) <= set(table.__struct_fields__)


def test_every_word_of_the_file_table_is_explained() -> None:
    for name in (*mapping_module.FileTable.__struct_fields__, *mapping_module.Field.__struct_fields__):
        assert f"`{name}" in PAGE or f"{name} =" in PAGE, name


def test_every_message_is_explained() -> None:
    below = PAGE.partition("\n# Messages\n")[2]
    assert set(re.findall(r"`([a-z-]+)`", "".join(re.findall(r"^\| (`.*?) \|", below, re.MULTILINE)))) == set(
        words("en")
    )
