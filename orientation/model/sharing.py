"""How scarce places are shared out: who comes first, by which points a plan weighs, and how a draw is stratified.

Rules as data, which a region sets (model/policy.py). Nothing here ranks people by a hidden sum: a tier is a list of
facts that anybody can read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field

from orientation.model.counts import PartyGroup, group_of
from orientation.model.household import Household, Urgency

# More tiers than this nobody could explain, and more tickets would be a tier.
MATCHES_MAX = 8
_TICKETS_MAX = 20
_POINTS_MAX = 1_000
# A reserve of more would hide the region from itself.
_RESERVE_MAX_PERCENT = 50


@dataclass(frozen=True, slots=True)
class Match:
    """Whom a rule means: one of each list that is not empty, and who was turned away the night before where asked.

    One that names nothing means everybody.
    """

    urgency: tuple[Urgency, ...] = ()
    parties: tuple[PartyGroup, ...] = ()
    turned_away: bool = False

    def means(self, household: Household, *, turned_away: bool) -> bool:
        if self.urgency and not set(self.urgency).intersection(household.urgency):
            return False
        if self.parties and group_of(household) not in self.parties:
            return False
        return turned_away or not self.turned_away


@dataclass(frozen=True, slots=True)
class Tickets:
    """So many tickets in a draw for those who are meant; everybody has one."""

    match: Match
    tickets: int


_TIERS = (
    Match(urgency=(Urgency.MINOR, Urgency.PREGNANT, Urgency.VIOLENCE)),
    Match(urgency=(Urgency.STREET_TONIGHT, Urgency.COLD, Urgency.LEAVING_HOSPITAL)),
)


@dataclass(frozen=True, slots=True)
class PlanRules:
    """How the queue of a night is distributed. Who is in no tier comes after all of them.

    `stability` is for staying where the plan before proposed, `drawn` at most for coming first in a draw, `balance`
    is lost for the last place of a shelter that is full, and less the emptier it is. `floors` are percents of each
    group that should be placed, and `floor_points` what is lost for each person below that.
    """

    tiers: tuple[Match, ...] = _TIERS
    stability: int = 80
    drawn: int = 200
    balance: int = 10
    reserve_percent: int = 0
    floors: Mapping[PartyGroup, int] = field(default_factory=dict)
    floor_points: int = 100


@dataclass(frozen=True, slots=True)
class DrawRules:
    """One stratum is drawn after the other; who is in none comes last. `tickets`: the most that a rule gives counts."""

    strata: tuple[Match, ...] = ()
    tickets: tuple[Tickets, ...] = (Tickets(Match(turned_away=True), 2),)


def place_among(matches: tuple[Match, ...], household: Household, *, turned_away: bool) -> int:
    """Return which of these is the first that means a household; one after the last where none does."""
    for place, match in enumerate(matches):
        if match.means(household, turned_away=turned_away):
            return place
    return len(matches)


def tickets_of(rules: DrawRules, household: Household, *, turned_away: bool) -> int:
    return max((one.tickets for one in rules.tickets if one.match.means(household, turned_away=turned_away)), default=1)


def bounds_of(plan: PlanRules, draw: DrawRules) -> Iterator[tuple[str, int, int, int]]:
    """Yield each number of these rules with its name, the least and the most that it may be."""
    yield "plan.tiers", len(plan.tiers), 0, MATCHES_MAX
    yield "draw.strata", len(draw.strata), 0, MATCHES_MAX
    yield "draw.tickets", len(draw.tickets), 0, MATCHES_MAX
    for name in ("stability", "drawn", "balance", "floor_points"):
        yield f"plan.{name}", getattr(plan, name), 0, _POINTS_MAX
    yield "plan.reserve_percent", plan.reserve_percent, 0, _RESERVE_MAX_PERCENT
    for group, percent in plan.floors.items():
        yield f"plan.floors.{group}", percent, 0, 100
    for place, one in enumerate(draw.tickets):
        yield f"draw.tickets[{place}].tickets", one.tickets, 1, _TICKETS_MAX


def plan_as_data(rules: PlanRules) -> dict[str, object]:
    """Return them as the JSON of a policy has them: the same rules give the same text."""
    return asdict(rules) | {"tiers": [asdict(one) for one in rules.tiers], "floors": dict(rules.floors)}


def draw_as_data(rules: DrawRules) -> dict[str, object]:
    return {"strata": [asdict(one) for one in rules.strata], "tickets": [asdict(one) for one in rules.tickets]}
