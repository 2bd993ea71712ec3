"""Showing: a preview as JSON and in words, for whoever decides whether to apply it. Bounded, however large the file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from inventory.importing.faults import Fault
from inventory.importing.planning import Change
from inventory.importing.previewing import Preview
from inventory.importing.shaping import Shape
from inventory.importing.telling import sentence

LISTED_MAX = 200
_NOUNS = ("operator", "shelter", "unit")


class ShapeView(msgspec.Struct):
    """What was detected in the file, or as the mapping says."""

    encoding: str
    separator: str
    header_line: int
    columns: list[str]
    decimal: str | None
    dates: str | None


class ChangeView(msgspec.Struct, omit_defaults=True):
    noun: str
    ref: str
    id: UUID
    name: str
    what: list[str]
    line: int | None = None
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}


class FaultView(msgspec.Struct):
    """`line` is that of the file, the first being 1; null where it is about the file as a whole."""

    line: int | None
    what: str
    detail: str


class ImportView(msgspec.Struct):
    """`changes` and `problems` list at most 200; `totals` and `problem_count` count all of them."""

    digest: str
    applied: bool
    file: ShapeView
    rows: int
    left_out: int
    totals: dict[str, dict[str, int]]
    changes: list[ChangeView]
    problems: list[FaultView]
    problem_count: int


def view(shown: Preview, language: str, outcomes: Mapping[str, int] | None = None) -> ImportView:
    """Return a preview; with `outcomes`, what became of the counts when it was applied."""
    plan, gathered = shown.plan, shown.read.gathered
    totals = _totals(plan.changes, plan.unchanged)
    totals["count"] = {"new": len(plan.counts), "unchanged": plan.told_before, "older": plan.older}
    if plan.kept_open:
        totals["unit"]["kept-open"] = plan.kept_open
    if outcomes is not None:
        totals["outcome"] = dict(outcomes)
    return ImportView(
        digest=shown.digest,
        applied=outcomes is not None,
        file=shape_view(shown.read.shape),
        rows=gathered.rows,
        left_out=gathered.left_out,
        totals=totals,
        changes=[_change(one, plan.names) for one in plan.changes[:LISTED_MAX]],
        problems=fault_views(shown.faults, language),
        problem_count=shown.fault_count,
    )


def shape_view(shape: Shape) -> ShapeView:
    return ShapeView(
        shape.encoding, shape.separator, shape.header_line, list(shape.columns), shape.decimal, shape.dates
    )


def fault_views(faults: Sequence[Fault], language: str) -> list[FaultView]:
    return [FaultView(fault.line, fault.what, sentence(fault, language)) for fault in faults[:LISTED_MAX]]


def _totals(changes: Sequence[Change], unchanged: Mapping[str, int]) -> dict[str, dict[str, int]]:
    totals: dict[str, Counter[str]] = {noun: Counter() for noun in _NOUNS}
    for change in changes:
        totals[change.noun].update(change.what)
    for noun, number in unchanged.items():
        totals[noun]["unchanged"] = number
    return {noun: dict(sorted(counted.items())) for noun, counted in totals.items()}


def _change(change: Change, names: Mapping[UUID, str]) -> ChangeView:
    before, after = (
        {
            name.removesuffix("_id"): names.get(value, value) if isinstance(value, UUID) else value
            for name, value in one.items()
        }
        for one in (change.before, change.after)
    )
    return ChangeView(change.noun, change.ref, change.id, change.name, list(change.what), change.line, before, after)


def lines_of(shown: ImportView, samples: int = 5) -> Iterator[str]:
    """Yield a preview in English words: what was detected, what would change, samples of it, and what is wrong."""
    yield from shape_lines(shown.file)
    left_out = f", {shown.left_out} left out by [rows]" if shown.left_out else ""
    yield f"rows         {shown.rows}{left_out}"
    yield ""
    for noun, counted in shown.totals.items():
        told = ", ".join(f"{number} {what}" for what, number in counted.items() if number) or "none"
        yield f"{noun + 's':12} {told}"
    yield from _samples(shown.changes, samples)
    if shown.problem_count:
        yield ""
        yield f"{shown.problem_count} problem{'s' if shown.problem_count > 1 else ''}:"
        for one in shown.problems[:50]:
            yield f"  {f'line {one.line}' if one.line else 'file':10} {one.detail}"
        if shown.problem_count > len(shown.problems[:50]):
            yield f"  and {shown.problem_count - len(shown.problems[:50])} more"


def shape_lines(shape: ShapeView) -> Iterator[str]:
    separator = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar"}.get(shape.separator, shape.separator)
    yield f"encoding     {shape.encoding}"
    yield f"separator    {separator}"
    yield f"header       line {shape.header_line}, {len(shape.columns)} columns"
    yield f"decimal      {shape.decimal or 'undecided: both signs occur'}"
    yield f"dates        {shape.dates or 'undecided: day or month first'}"


def _samples(changes: Sequence[ChangeView], most: int) -> Iterator[str]:
    """Yield the first few of each kind of change: what is rare must not be lost behind what is many."""
    seen: Counter[tuple[str, tuple[str, ...]]] = Counter()
    for one in changes:
        kind = (one.noun, tuple(one.what))
        seen[kind] += 1
        if seen[kind] == 1:
            yield ""
            yield f"{one.noun}s {' and '.join(one.what)}:"
        if seen[kind] <= most:
            where = f"line {one.line}" if one.line else ""
            yield f"  {where:10} {one.ref}  {one.name}{_difference(one)}"
        elif seen[kind] == most + 1:
            yield "  …"


def _difference(one: ChangeView) -> str:
    if "new" in one.what or not one.after:
        return ""
    return "  " + "; ".join(f"{name}: {_word(one.before.get(name))} → {_word(one.after[name])}" for name in one.after)


def _word(value: Any) -> str:
    if value is None:
        return "unknown"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
