"""Answers and bodies in the clerk's words, so that they can be held against the books."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from kernel.problems import Problem


def said_of(answer: Any) -> Any:
    """What came of a work, in the clerk's words."""
    if isinstance(answer, Problem):
        return answer.slug
    if hasattr(answer, "units"):
        return answer.repeated, {one.unit_id: one.outcome for one in answer.units}
    for name in ("outcome", "state", "repeated"):
        if hasattr(answer, name):
            return getattr(answer, name)
    return "refreshed" if answer.__class__ is int else "closed"


def subjects_of(answer: Any) -> Iterator[Any]:
    if isinstance(answer, Problem):
        return
    for one in getattr(answer, "units", (answer,)):
        if getattr(one, "subject", None) is not None:
            yield one.subject


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def shown_of(body: str) -> dict[str, Any]:
    """A unit's body, in the clerk's words."""
    unit = msgspec.json.decode(body)
    ages = [unit[name] for name in ("confirmed_at", "aging_at", "stale_at", "silent_at")]
    coming = unit["coming"]
    return {
        "ages": None if ages[0] is None else [_instant(age) for age in ages],
        "out_of_service": [(one["reason"], one["places"]) for one in unit["out_of_service"]],
        "coming": None if coming is None else (coming["night"], coming["free"], _instant(coming["at"])),
    } | {
        name: unit[name]
        for name in (
            "status", "holdable", "free", "over_by", "held", "capacity", "intake", "night", "confirmed_by",
            "count_report", "flags",
        )
    }  # fmt: skip
