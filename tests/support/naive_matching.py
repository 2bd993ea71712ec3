"""Matching once more, in plain Python over the bodies that a desk is shown: slow, and written from docs/matching.md.

It shares codes with the real one and no rule, so that where the two agree neither can be wrong alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from orientation.matching.context import Context
from orientation.matching.reasons import Blocker
from orientation.model.household import Household, Member
from orientation.model.policy import OrientationPolicy

Body = Mapping[str, Any]
_EASE = [code.value for code in Blocker]
_FEATURES = {
    "step-free": lambda unit: unit["step_free"] is True,
    "pets": lambda unit: unit["pets"] is True,
    "medical-care": lambda unit: unit["medical_care"] is True,
    "tolerance": lambda unit: unit["tolerance"] in ("supervised", "open"),
    "families": lambda unit: "families" in unit["audience"],
    "minors": lambda unit: "minors" in unit["audience"],
}


@dataclass(slots=True)
class Verdict:
    unit: str
    blockers: set[str] = field(default_factory=set)
    asks: set[str] = field(default_factory=set)
    terms: dict[str, int] = field(default_factory=dict)

    @property
    def score(self) -> int:
        return sum(self.terms.values())


@dataclass(frozen=True, slots=True)
class Question:
    household: Household
    context: Context
    policy: OrientationPolicy
    now: datetime
    points: Mapping[str, tuple[float, float]]


def naive_verdicts(shelters: Sequence[Body], states: Mapping[str, Body], question: Question) -> list[Verdict]:
    """Judge every unit that is described and has a state."""
    pairs = [(shelter, unit) for shelter in shelters for unit in shelter["units"] if unit["id"] in states]
    rarity = _rarity(pairs, states, question)
    verdicts = []
    for shelter, unit in pairs:
        verdict = Verdict(unit["id"])
        _attributes(verdict, unit, question.household)
        _audience(verdict, set(unit["audience"]), question.household)
        _state(verdict, shelter, unit, states[unit["id"]], question)
        _terms(verdict, shelter, unit, states[unit["id"]], question, rarity)
        verdicts.append(verdict)
    return verdicts


def best_first(verdicts: Sequence[Verdict]) -> list[Verdict]:
    return sorted((one for one in verdicts if not one.blockers), key=lambda one: (-one.score, one.unit))


def near_first(verdicts: Sequence[Verdict]) -> list[Verdict]:
    near = [one for one in verdicts if len(one.blockers) == 1]
    return sorted(near, key=lambda one: (_EASE.index(min(one.blockers, key=_EASE.index)), -one.score, one.unit))


def _years(band: str) -> tuple[int, int]:
    if band == "60+":
        return 60, 120
    low, high = band.split("-")
    return int(low), int(high)


def _attributes(verdict: Verdict, unit: Body, household: Household) -> None:
    needs, size = household.needs, len(household.party)
    for name, code, needed in (
        ("step_free", "step-free", needs.step_free),
        ("pets", "pets", needs.pets > 0),
        ("medical_care", "medical-care", needs.medical_care),
    ):
        if needed and unit[name] is None:
            verdict.asks.add(code)
        elif needed and not unit[name]:
            verdict.blockers.add(code)
    if needs.tolerance is not None:
        good = {"supervised": ("supervised", "open"), "open": ("open",)}[needs.tolerance.value]
        if unit["tolerance"] is None:
            verdict.asks.add("tolerance")
        elif unit["tolerance"] not in good:
            verdict.blockers.add("tolerance")
    if unit["allotment"] == "room" and size > 1:
        if unit["room_size"] is None:
            verdict.asks.add("room-size")
        elif unit["room_size"] < size:
            verdict.blockers.add("room-too-small")
    if unit["party_max"] is not None and size > unit["party_max"]:
        verdict.blockers.add("party-too-large")
    if size < unit["party_min"]:
        verdict.blockers.add("party-too-small")
    _ages(verdict, unit, household)


def _ages(verdict: Verdict, unit: Body, household: Household) -> None:
    bands = [_years(member.age) for member in household.party]
    grown = [band for band in bands if band[0] >= 18]
    low = 0 if unit["age_min"] is None else unit["age_min"]
    high = 200 if unit["age_max"] is None else unit["age_max"]
    doubts = set()
    for youngest, oldest in grown or bands:
        inside = [low <= year <= high for year in range(youngest, oldest + 1)]
        # A limit that only some years of a band respect is a question; one that none does is an answer.
        doubts.add("no" if not (low <= oldest and youngest <= high) else "yes" if all(inside) else "ask")
    if "no" in doubts:
        verdict.blockers.add("age")
    elif "ask" in doubts:
        verdict.asks.add("age")


def _audience(verdict: Verdict, audience: set[str], household: Household) -> None:
    grown = [member for member in household.party if _years(member.age)[0] >= 18]
    children = len(grown) < len(household.party)
    relatives = any(member.relation in ("partner", "child", "parent", "sibling") for member in household.party[1:])
    if not grown:
        _minors(verdict, audience, relatives)
    elif "everyone" not in audience:
        _grown(verdict, audience, grown, children, relatives)


def _minors(verdict: Verdict, audience: set[str], relatives: bool) -> None:
    if "minors" in audience:
        return
    if "everyone" in audience:
        verdict.asks.add("minor-alone")
    elif "families" in audience and relatives:
        verdict.asks.add("family")
    else:
        verdict.blockers.add("minor-alone")


def _grown(verdict: Verdict, audience: set[str], grown: list[Member], children: bool, relatives: bool) -> None:
    wrong, unsure = _genders(audience, grown)
    by_gender = bool(audience & {"men", "women"})
    if "families" in audience and children:
        verdict.asks |= {"gender"} if wrong or unsure else set()
    elif children:
        if not by_gender:
            verdict.blockers.add("minors-only")
            return
        verdict.blockers |= {"children"} if "minors" not in audience else set()
        verdict.blockers |= {"gender"} if wrong else set()
        verdict.asks |= {"gender"} if unsure and not wrong else set()
    elif by_gender and not wrong:
        verdict.asks |= {"gender"} if unsure else set()
    elif "families" in audience and relatives:
        verdict.asks.add("family")
    elif wrong:
        verdict.blockers.add("gender")
    else:
        verdict.blockers.add("families-only" if "families" in audience else "minors-only")


def _genders(audience: set[str], grown: list[Member]) -> tuple[bool, bool]:
    wrong = unsure = False
    takes = {"man": "men" in audience, "woman": "women" in audience}
    for member in grown:
        if member.gender in takes:
            wrong |= not takes[member.gender] and any(takes.values())
        else:
            unsure |= any(takes.values()) and not all(takes.values())
    return wrong, unsure


def _state(verdict: Verdict, shelter: Body, unit: Body, state: Body, question: Question) -> None:
    household, context, now = question.household, question.context, question.now
    if state["status"] == "closed" or shelter["closed"]:
        verdict.blockers.add("closed")
    elif not state["holdable"]:
        verdict.blockers.add("awaiting-report" if state["status"] == "awaiting-report" else "unconfirmed")
    _places(verdict, unit, state, len(household.party))
    if state["intake"] == "paused" and (state["intake_until"] is None or _instant(state["intake_until"]) > now):
        verdict.blockers.add("intake-paused")
    if unit["expires_at"] is not None and _instant(unit["expires_at"]) <= now:
        verdict.blockers.add("expired")
    if unit["regime"] != context.regime:
        verdict.blockers.add("regime")
    if shelter["id"] in map(str, household.needs.away_from.shelters):
        verdict.blockers.add("away-shelter")
    if shelter["commune"] in household.needs.away_from.communes:
        verdict.blockers.add("away-commune")
    barred = {str(one) for bar in context.bars if bar.until > now for one in (bar.unit_id, bar.shelter_id)}
    if barred & {unit["id"], shelter["id"]}:
        verdict.blockers.add("barred")
    if context.regime == "night" and _too_late(shelter, now.astimezone(context.zone)):
        verdict.asks.add("intake-hours")


def _places(verdict: Verdict, unit: Body, state: Body, size: int) -> None:
    need = 1 if unit["allotment"] == "room" else size
    if state.get("masked"):
        # All that others are told: 0, 1-2, 3+. Where nothing may be held it is 0, and tells nothing.
        possible = {"0": {0}, "1-2": {1, 2}, "3+": set(range(3, 40))}[state["band"]]
        if not state["holdable"]:
            return
    elif state["status"] in ("closed", "awaiting-report") and not state["holdable"]:
        return
    else:
        possible = {max(0, state["free"] - state["held"])}
    enough = {left >= need for left in possible}
    if enough == {False}:
        verdict.blockers.add("no-places")
    elif enough == {True, False}:
        verdict.asks.add("places")


def _too_late(shelter: Body, here: datetime) -> bool:
    """Whether the house has closed its door in this night, which began at noon; not where it opens in the morning."""
    if shelter["intake_to"] is None:
        return False
    noon = (here - timedelta(hours=12)).replace(hour=12, minute=0, second=0, microsecond=0, tzinfo=None)

    def tonight(of_day: str) -> datetime:
        hour, minute = int(of_day[:2]), int(of_day[3:5])
        return noon + timedelta(days=hour < 12, hours=hour - 12, minutes=minute)

    opens = noon if shelter["intake_from"] is None else tonight(shelter["intake_from"])
    closes = tonight(shelter["intake_to"])
    return opens < closes <= here.replace(tzinfo=None)


def _terms(
    verdict: Verdict, shelter: Body, unit: Body, state: Body, question: Question, rarity: Mapping[str, int]
) -> None:
    weights, needs, size = question.policy.weights, question.household.needs, len(question.household.party)
    metres = _metres(shelter, question)
    if metres is not None:
        verdict.terms["distance"] = weights.distance * max(0, weights.reach_m - metres) // weights.reach_m
    if question.context.continues is not None and shelter["id"] == str(question.context.continues):
        verdict.terms["continuity"] = weights.continuity
    if set(needs.languages) & set(shelter["languages"]):
        verdict.terms["language"] = weights.language
    wishes = [needs.near == shelter["commune"], needs.together and size > 1 and unit["allotment"] == "room"]
    verdict.terms["preferences"] = weights.preference * sum(wishes)
    spare = max(0, unit["room_size"] - size) if unit["room_size"] is not None else 0
    lost = sum(lost for name, lost in rarity.items() if _FEATURES[name](unit))
    verdict.terms["thrift"] = -lost - weights.spare_place * spare
    for name, points in (("silent", weights.silent), ("stale", weights.stale), ("aging", weights.aging)):
        if state[f"{name}_at"] is not None and _instant(state[f"{name}_at"]) <= question.now:
            verdict.terms["age"] = -points
            break
    verdict.terms["asks"] = -weights.ask * len(verdict.asks)
    verdict.terms = {name: points for name, points in verdict.terms.items() if points}


def _rarity(pairs: Sequence[tuple[Body, Body]], states: Mapping[str, Body], question: Question) -> dict[str, int]:
    """Return what is lost for each feature that this household does not need."""
    needs = question.household.needs
    grown = [_years(member.age)[0] >= 18 for member in question.household.party]
    needed = {
        "step-free": needs.step_free,
        "pets": needs.pets > 0,
        "medical-care": needs.medical_care,
        "tolerance": needs.tolerance is not None,
        "families": any(grown) and not all(grown),
        "minors": not any(grown),
    }
    there = [
        unit
        for shelter, unit in pairs
        if unit["regime"] == question.context.regime
        and not (shelter["closed"] or states[unit["id"]]["status"] == "closed")
    ]
    return {
        name: question.policy.weights.thrift * (len(there) - sum(map(has, there))) // max(1, len(there))
        for name, has in _FEATURES.items()
        if not needed[name]
    }


def _metres(shelter: Body, question: Question) -> int | None:
    """Return how far a shelter is from where the household would be, on a map that is flat and in whole metres."""
    goal = question.points.get(question.household.needs.near or "")
    here = shelter["location"] if not shelter["secret"] else None
    here = here or question.points.get(shelter["commune"])
    if goal is None or here is None:
        return None
    latitude = sum(point[1] for point in question.points.values()) / len(question.points)
    narrow = math.cos(math.radians(latitude))
    east = round(here[0] * 111_195 * narrow) - round(goal[0] * 111_195 * narrow)
    north = round(here[1] * 111_195) - round(goal[1] * 111_195)
    return math.isqrt(east * east + north * north)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
