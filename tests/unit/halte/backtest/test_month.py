"""A tiny invented month under every rule: nobody is lost, nothing is given twice, the same seed is the same month."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner

from halte.backtest.assuming import Assumptions
from halte.backtest.board import Board
from halte.backtest.cli import main
from halte.backtest.deciding import Placed
from halte.backtest.playing import Played, Script, play
from halte.backtest.reading import Month, read_month
from halte.backtest.running import desks, script_of
from halte.replay.steps import NotThisFile
from inventory.bodies import UnitAbout
from orientation.model.counts import PartyGroup
from orientation.model.household import Composition, Gender
from orientation.model.policy import OrientationPolicy
from tests.support.intake import FIRST, calls_of, write_month

ASSUMED = Assumptions(every_min=180)
RULES = tuple(desks(ASSUMED))


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Month:
    folder = write_month(tmp_path_factory.mktemp("invented"))
    return read_month(folder, FIRST, None, 4, ASSUMED.family_room_spare)


@pytest.fixture(scope="module")
def script(month: Month) -> Script:
    return script_of(month, ASSUMED, 3)


def _played(month: Month, script: Script, rule: str) -> Played:
    return play(script, Board(month), desks(ASSUMED)[rule], OrientationPolicy())


@pytest.mark.parametrize("rule", RULES)
def test_whoever_asked_is_placed_or_unmet_or_still_waits(month: Month, script: Script, rule: str) -> None:
    played = _played(month, script, rule)
    became = [*played.placed, *(one.id for one in played.unmet), *(one.id for one in played.waiting)]
    assert sorted(became) == sorted(asker.id for asker in script.askers)
    assert played.placed
    assert played.unmet
    # An evening that somebody asked in ends with a place, or is a refusal.
    evenings = sum(_evenings(played, asker.id, len(asker.asks)) for asker in script.askers)
    assert evenings == len(played.placed) + len(played.refusals)


def _evenings(played: Played, asker: UUID, asks: int) -> int:
    placed = played.placed.get(asker)
    return asks if placed is None else placed.waiting.asker.asks.index(placed.waiting.asked_at) + 1


@pytest.mark.parametrize("rule", RULES)
def test_nothing_is_given_twice_and_nobody_where_there_is_no_room_for_them(
    month: Month, script: Script, rule: str
) -> None:
    played = _played(month, script, rule)
    # Transitional programmes are not for who asks tonight.
    units = {unit.id: unit for shelter in Board(month).shelters.values() for unit in shelter.units}
    assert all(evening.keys() == units.keys() for evening in script.evenings)
    assert "Programme 6" not in {unit.name for unit in units.values()}
    balance: Counter[UUID] = Counter()
    for nth, (day, evening) in enumerate(zip(month.evenings, script.evenings, strict=True)):
        tonight = [one for one in played.placed.values() if one.waiting.asked_at.date() == day]
        taken = Counter[UUID]()
        for one in tonight:
            taken[one.unit] += _needed(one, units[one.unit])
        for unit, standing in evening.items():
            # What the file left empty, and what its intake gave this evening and those before, but for what we gave.
            there = max(0, standing.left + standing.given + balance[unit])
            assert taken[unit] + played.empty[nth][unit] == there
            balance[unit] += standing.given - taken[unit]
    assert played.split == played.moves == 0


def _needed(one: Placed, unit: UnitAbout) -> int:
    """Return what a household takes, written down without a look at what the backtest thinks of it."""
    household = one.waiting.asker.household
    sector = {"1": "men", "2": "women", "3": "mixed", "4": "families", "5": "youth"}[unit.name.rsplit(maxsplit=1)[1]]
    genders = {member.gender for member in household.adults}
    family = household.composition is Composition.FAMILY
    assert family == (sector == "families")
    assert sector != "men" or Gender.WOMAN not in genders
    assert sector != "women" or Gender.MAN not in genders
    assert sector != "youth" or one.waiting.asker.group == "youth"
    assert one.at >= one.waiting.asked_at
    # Three people in a room on the mean, and one more finds room in it.
    assert household.party_size <= 4 or not family
    return 1 if family else household.party_size


def test_a_seed_is_a_month_and_another_seed_another(month: Month, script: Script) -> None:
    assert script_of(month, ASSUMED, 3) == script
    assert script_of(month, ASSUMED, 4) != script
    for rule in RULES:
        first, again = _played(month, script, rule), _played(month, script, rule)
        assert first.placed == again.placed
        assert first.empty == again.empty


def test_as_many_ask_as_there_were_calls_if_nobody_is_placed(tmp_path: Path) -> None:
    folder = write_month(tmp_path)
    month = read_month(folder, FIRST, None, 4, 1)
    script = script_of(month, Assumptions(again=0.3), 1)
    for nth, day in enumerate(month.evenings):
        calls = calls_of(folder, day - timedelta(weeks=5))
        # Those who follow up, or were served elsewhere, are not asking.
        called = calls["1A"] + calls["1D"] + calls["3A"] + calls["3B"]
        asking = [one for one in script.askers if one.first <= nth < one.first + len(one.asks)]
        new = {one.group == PartyGroup.FAMILY for one in asking if one.first == nth}
        # Of families or of the others more may come again than called that day; then nobody of them is new.
        assert len(asking) == called if new == {True, False} else len(asking) > called
        assert nth > 0 or new == {True, False}
        assert sum(one.given for one in script.evenings[nth].values()) <= calls["1A"]
    assert any(len(one.asks) > 1 for one in script.askers)


def test_calls_are_of_the_same_day_of_the_week_and_as_near_as_the_file_allows(month: Month) -> None:
    assert month.weeks_back == 5
    assert month.evenings == tuple(FIRST + timedelta(days=nth) for nth in range(1, 5))


@pytest.mark.parametrize(
    "lacking, words",
    [
        ("central-intake-wrapup-codes.csv", "has no file central-intake"),
        ("2024-snap-0110.csv", "has no file *snap*.csv"),
        ("shelter-system-flow-2018-2025.csv", "has no file shelter-system-flow"),
    ],
)
def test_a_file_that_lacks_is_told_in_a_sentence(tmp_path: Path, lacking: str, words: str) -> None:
    (write_month(tmp_path) / lacking).unlink()
    result = CliRunner().invoke(main, ["toronto", str(tmp_path), "--nights", "4"])
    assert (result.exit_code, words in result.output) == (1, True)


def test_a_month_that_the_files_do_not_tell_is_refused(tmp_path: Path) -> None:
    folder = write_month(tmp_path)
    for month, weeks_back in ((date(2024, 3, 1), None), (FIRST, 0)):
        with pytest.raises(NotThisFile):
            read_month(folder, month, weeks_back, None, 1)


def test_the_command_prints_one_table(tmp_path: Path) -> None:
    arguments = ["toronto", str(write_month(tmp_path)), "--nights", "2", "--seeds", "2", "--every", "240"]
    told = CliRunner().invoke(main, arguments, catch_exceptions=False).output
    rows = {line.split("|")[1].strip(): _cells(line) for line in told.splitlines() if line.startswith("|")}
    assert rows[""] == list(RULES)
    assert len(set(rows["asked: households"])) == 1
    assert set(rows["families split"]) == set(rows["moves"]) == {"0"}
    assert "A backtest, not a measurement" in told


def _cells(line: str) -> Sequence[str]:
    return [cell.strip() for cell in line.split("|")[2:-1]]
