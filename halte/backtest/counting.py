"""Counting what became of a month, and the mean and range of that over several seeds."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from halte.backtest.asking import YOUTH, Asker
from halte.backtest.playing import Played
from orientation.model.counts import PartyGroup
from orientation.model.sharing import PlanRules, place_among

_NAMES = {
    PartyGroup.MAN: "men",
    PartyGroup.WOMAN: "women",
    PartyGroup.PERSON: "people who are neither",
    YOUTH: "youth",
    PartyGroup.ADULTS: "couples",
    PartyGroup.FAMILY: "families",
}
# Families are told apart by size as well: where rooms are scarce and people count, large ones may go before small ones.
_LARGE = 4
GROUPS = (*_NAMES.values(), "families of 2 or 3", "families of 4 or more")

Figures = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Spread:
    """Of several seeds."""

    mean: float
    least: float
    most: float


def figures(played: Played, rules: PlanRules) -> Figures:
    """Return all figures of one run by their names, in the order in which they are told."""
    placed = [one.waiting.asker for one in played.placed.values()]
    told: dict[str, float] = {
        "asked: households": len(played.askers),
        "placed: households": len(placed),
        "placed: people": _people(placed),
        "unmet: households": len(played.unmet),
        "still waiting when the month ends: households": len(played.waiting),
        "refused: evenings without a place": len(played.refusals),
        "empty place-nights (rooms count as one)": played.left_over,
        "families split": played.split,
        "moves": played.moves,
    }
    return told | _times(played) | _by_tier(played.askers, placed, rules) | _by_group(played, placed)


def spreads(runs: Sequence[Figures]) -> dict[str, Spread]:
    return {name: Spread(statistics.fmean(v := [run[name] for run in runs]), min(v), max(v)) for name in runs[0]}


def _people(askers: Iterable[Asker]) -> int:
    return sum(asker.household.party_size for asker in askers)


def _times(played: Played) -> dict[str, float]:
    """Tell how long those who got a place waited for it: that evening, and since they first asked."""
    placed = played.placed.values()
    minutes = sorted((one.at - one.waiting.asked_at).total_seconds() / 60 for one in placed)
    evenings = [one.waiting.asker.asks.index(one.waiting.asked_at) + 1 for one in placed]
    return {
        "minutes from that evening's call to a place: median": _quantile(minutes, 0.5),
        "minutes from that evening's call to a place: 90th percentile": _quantile(minutes, 0.9),
        "evenings asked, the last one included: mean": statistics.fmean(evenings) if evenings else 0.0,
        "placed on the first evening: % of those placed": _percent(evenings.count(1), len(evenings)),
    }


def _by_tier(askers: Sequence[Asker], placed: Sequence[Asker], rules: PlanRules) -> dict[str, float]:
    """Tell what share of each tier of a plan's rules got a place, whatever rule gave it."""

    def tier(asker: Asker) -> int:
        return place_among(rules.tiers, asker.household, turned_away=False)

    asked, served = Counter(map(tier, askers)), Counter(map(tier, placed))
    told = {f"tier {nth + 1}: % placed": _percent(served[nth], asked[nth]) for nth in range(len(rules.tiers))}
    last = len(rules.tiers)
    return told | {"in no tier: % placed": _percent(served[last], asked[last])}


def _by_group(played: Played, placed: Sequence[Asker]) -> dict[str, float]:
    asked, served, unmet, refused = (
        Counter(group for asker in some for group in _groups(asker))
        for some in (played.askers, placed, played.unmet, played.refusals)
    )
    told: dict[str, float] = {}
    for group in GROUPS:
        told[f"{group}: % placed"] = _percent(served[group], asked[group])
        told[f"{group}: unmet"] = unmet[group]
        told[f"{group}: refused evenings"] = refused[group]
    return told


def _groups(asker: Asker) -> Iterator[str]:
    """Yield the group of a household, and of a family that of its size."""
    yield _NAMES[asker.group]
    if asker.group == PartyGroup.FAMILY:
        yield "families of 4 or more" if asker.household.party_size >= _LARGE else "families of 2 or 3"


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0
