"""Every code of matching is explained in docs/matching.md, in its own chapter, and nothing else is."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path

import pytest

from orientation.matching.reasons import ASK, BLOCKER, Ask, Blocker, Change, Term

PAGE = (Path(__file__).parents[3] / "docs" / "matching.md").read_text("utf-8")


@pytest.mark.parametrize("heading, codes", [("Blockers", Blocker), ("Asks", Ask), ("Changes", Change), ("Terms", Term)])
def test_every_code_is_explained(heading: str, codes: type[StrEnum]) -> None:
    _, _, chapter = PAGE.partition(f"\n## {heading}\n")
    rows = re.findall(r"^\| (`.+?) \|", chapter.partition("\n## ")[0], re.MULTILINE)
    explained = [code for row in rows for code in re.findall(r"`([a-z-]+)`", row)]
    assert sorted(explained) == sorted(codes)


def test_each_code_has_a_bit_of_its_own_in_a_mask_of_32() -> None:
    for places in (BLOCKER, ASK):
        assert sorted(places.values()) == [1 << place for place in range(len(places))]
        assert max(places.values()) < 1 << 31
