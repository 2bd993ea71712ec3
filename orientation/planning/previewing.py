"""Previewing: what other rules would have done on one night. Who is placed who was not, and the reverse.

Both plans are made here, by the rules in force and by the proposed ones, of the same case as if nobody had a place yet:
what was held that night was held by other rules still, or by none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

import msgspec

from orientation.model.counts import PartyGroup, group_of
from orientation.model.policy import OrientationPolicy
from orientation.model.sharing import place_among
from orientation.planning.case import Case, Seeker, without_holds


class Made(Protocol):
    """What a preview looks at of a plan."""

    @property
    def choice(self) -> Mapping[UUID, UUID | None]: ...

    @property
    def gap(self) -> float: ...


Planning = Callable[[Case, OrientationPolicy], Made]


class PreviewLine(msgspec.Struct, frozen=True):
    """A household that is placed by one of the two and not by the other. `tier_base` is by the rules in force."""

    request: UUID
    code: str
    group: str
    tier: int
    tier_base: int
    party_size: int


class PreviewGroup(msgspec.Struct, frozen=True):
    """`placed` and `placed_base` are people: by the proposed rules, and by those in force."""

    group: str
    households: int
    people: int
    placed: int
    placed_base: int


class PreviewNight(msgspec.Struct, frozen=True):
    """`gained` and `lost` count households, `gains` and `losers` name them; `gap` is the greater of the two plans'."""

    night: date
    case_at: datetime
    households: int
    people: int
    placed: int
    placed_base: int
    gained: int
    lost: int
    gains: list[PreviewLine]
    losers: list[PreviewLine]
    groups: list[PreviewGroup]
    gap: float


def preview(case: Case, base: OrientationPolicy, proposed: OrientationPolicy, plan: Planning) -> PreviewNight:
    case = without_holds(case)
    before = plan(case, base)
    # Rules that plan alike are one plan: of two equal ones a clock could decide which is found.
    after = before if base.plans_like(proposed) else plan(case, proposed)
    placed_before, placed_after = _placed(case, before), _placed(case, after)
    gains, losers = _without(placed_after, placed_before), _without(placed_before, placed_after)
    return PreviewNight(
        night=case.night,
        case_at=case.now,
        households=len(case.seekers),
        people=_people(case.seekers),
        placed=_people(placed_after),
        placed_base=_people(placed_before),
        gained=len(gains),
        lost=len(losers),
        gains=_lines(gains, base, proposed),
        losers=_lines(losers, base, proposed),
        groups=_groups(case.seekers, placed_after, placed_before),
        gap=max(before.gap, after.gap),
    )


def _placed(case: Case, made: Made) -> list[Seeker]:
    return [seeker for seeker in case.seekers if made.choice[seeker.request] is not None]


def _without(seekers: list[Seeker], others: list[Seeker]) -> list[Seeker]:
    known = {other.request for other in others}
    return [seeker for seeker in seekers if seeker.request not in known]


def _people(seekers: Iterable[Seeker]) -> int:
    return sum(seeker.household.party_size for seeker in seekers)


def _lines(seekers: list[Seeker], base: OrientationPolicy, proposed: OrientationPolicy) -> list[PreviewLine]:
    """Return them by tier, and in each in the order of asking."""
    lines = [
        PreviewLine(
            seeker.request, seeker.code, group_of(seeker.household), _tier(proposed, seeker), _tier(base, seeker),
            seeker.household.party_size,
        )
        for seeker in seekers
    ]  # fmt: skip
    return sorted(lines, key=lambda line: line.tier)


def _tier(policy: OrientationPolicy, seeker: Seeker) -> int:
    return place_among(policy.plan.tiers, seeker.household, turned_away=seeker.turned_away)


def _groups(seekers: Iterable[Seeker], after: Iterable[Seeker], before: Iterable[Seeker]) -> list[PreviewGroup]:
    everybody, placed, placed_base = _by_group(seekers), _by_group(after), _by_group(before)
    return [
        PreviewGroup(group, len(they), _people(they), _people(placed[group]), _people(placed_base[group]))
        for group, they in everybody.items()
        if they
    ]


def _by_group(seekers: Iterable[Seeker]) -> dict[PartyGroup, list[Seeker]]:
    found: dict[PartyGroup, list[Seeker]] = {group: [] for group in PartyGroup}
    for seeker in seekers:
        found[group_of(seeker.household)].append(seeker)
    return found
