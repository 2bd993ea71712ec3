"""Placing by a draw: down the drawn order, each who waits is given the best that there is, while there is any.

Freed places follow the order, because each call begins at the top. Whoever is placed, is placed by `Place` like
anybody else (I2, I4), under an id that follows from the act and the request: an act that is sent again, or goes on
where it was cut off, places nobody twice (I10). Tries at secret shelters are rationed as a person's are (I11).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar
from uuid import UUID, uuid5

from inventory.lane.working import Working
from inventory.model.night import night_of
from inventory.problems import PlaceTaken, RequestHasHold, UnknownUnit
from inventory.region import Region
from inventory.schemas import hash_of
from kernel.access.problems import TooManyAttempts
from orientation.drawing.acting import DrawAct, DrawAnswer
from orientation.drawing.store import DrawRecord, Line, read_draws
from orientation.matching.ranking import Ranking
from orientation.matching.reasons import Ask, Blocker
from orientation.matching.results import Suggestion
from orientation.model.draw import Draw, DrawState
from orientation.model.placement import Placement
from orientation.model.request import RequestState
from orientation.placing import Place, PlacementAnswer
from orientation.problems import PartyTooLarge, RequestClosed, UnknownRequest
from orientation.rationing import note_in_vain, ration
from orientation.region import desk_of

_DONE = "placed"
_OURS = "SELECT id, request_id, unit_id FROM placement WHERE id = ANY($1::uuid[]) AND region_id = $2"
_FINISHED = "SELECT EXISTS (SELECT FROM sharing_event WHERE id = $1) AS finished, halte_now() AS now"
# A unit that is right, but for what may be otherwise in an hour.
_FOR_NOW = frozenset({Blocker.NO_PLACES, Blocker.UNCONFIRMED, Blocker.AWAITING_REPORT, Blocker.INTAKE_PAUSED})


class Left(StrEnum):
    """Why somebody has no place by this act."""

    NONE_FITS = "none-fits"
    NO_PLACE = "no-place"
    CLOSED = "closed"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Placed:
    request_id: UUID
    code: str | None
    unit_id: UUID
    placement_id: UUID


@dataclass(frozen=True, slots=True)
class NotPlaced:
    request_id: UUID
    code: str | None
    reason: Left


@dataclass(slots=True)
class Outcomes:
    placed: list[Placed] = field(default_factory=list)
    left: list[NotPlaced] = field(default_factory=list)
    repeated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginPlacing(DrawAct):
    verb: ClassVar[str] = "place"
    states: ClassVar[frozenset[DrawState]] = frozenset({DrawState.DRAWN})

    def change(self, _working: Working, _draw: Draw) -> Draw | None:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndPlacing(DrawAct):
    """Nothing more is placed by this act; whoever looks at the draw looks again."""

    verb: ClassVar[str] = _DONE
    states: ClassVar[frozenset[DrawState]] = frozenset({DrawState.DRAWN})

    def change(self, _working: Working, draw: Draw) -> Draw:
        return draw


async def place_drawn(region: Region, begin: BeginPlacing) -> Outcomes:
    """Go down the order once. An act that was finished before places nobody more, and says how things are now."""
    begun: DrawAnswer = await region.lane.submit(begin)
    (record,) = await read_draws(region.pool, region.id, [begin.draw_id])
    done_id = uuid5(begin.id, _DONE)
    finished = await _finished(region, record.draw, done_id)
    walk = _Walk(region, begin, finished=finished)
    await walk.down(record)
    if not finished:
        await region.lane.submit(
            EndPlacing(id=done_id, actor_id=begin.actor_id, draw_id=begin.draw_id, body_hash=begin.body_hash)
        )
    walk.outcomes.repeated = begun.repeated
    return walk.outcomes


async def _finished(region: Region, draw: Draw, done_id: UUID) -> bool:
    """Tell whether the act has come to its end: by itself, or by that of the night."""
    row = await region.pool.fetchrow(_FINISHED, done_id)
    return row is None or row["finished"] or night_of(row["now"], region.zone) != draw.night


class _Walk:
    """One way down the order. `full`: a unit that was refused for so many places is offered to nobody for as many."""

    def __init__(self, region: Region, begin: BeginPlacing, *, finished: bool) -> None:
        self.outcomes = Outcomes()
        self._region = region
        self._act = begin
        self._finished = finished
        self._full: dict[UUID, int] = {}
        self._rationed = False

    async def down(self, record: DrawRecord) -> None:
        ours = await self._ours(record.lines)
        for line in record.lines:
            if line.request_id is None:
                continue
            done = ours.get(line.request_id) or await self._offer(line.request_id, line.state)
            if isinstance(done, Left):
                self.outcomes.left.append(NotPlaced(line.request_id, line.code, done))
            else:
                self.outcomes.placed.append(Placed(line.request_id, line.code, *done))

    async def _ours(self, lines: Iterable[Line]) -> dict[UUID, tuple[UUID, UUID]]:
        """Return unit and placement of those whom this act has placed already."""
        ids = [self._placement_id(line.request_id) for line in lines if line.request_id is not None]
        rows = await self._region.pool.fetch(_OURS, ids, self._region.id)
        return {row["request_id"]: (row["unit_id"], row["id"]) for row in rows}

    def _placement_id(self, request_id: UUID) -> UUID:
        return uuid5(self._act.id, request_id.hex)

    async def _offer(self, request_id: UUID, state: str) -> tuple[UUID, UUID] | Left:
        """Return the unit and the placement, or why there is none."""
        if state != RequestState.WAITING:
            return Left.HELD if state == RequestState.HELD else Left.CLOSED
        try:
            found = await desk_of(self._region).suggesting.suggest(request_id)
            # Before anything is awaited: it is made of the board as it is now.
            lacking = _lacking(found.ranking)
            for suggestion in () if self._finished else self._worth_trying(found.ranking.suggestions):
                placement = await self._try(request_id, suggestion)
                if placement is not None:
                    return placement.unit_id, placement.id
        except (RequestClosed, UnknownRequest):
            return Left.CLOSED
        except RequestHasHold:
            return Left.HELD
        return lacking

    def _worth_trying(self, suggestions: Iterable[Suggestion]) -> Iterator[Suggestion]:
        for one in suggestions:
            # Where nobody knows whether there are places enough, a person asks: here it would be a guess at a secret.
            unsure = any(asked.code is Ask.PLACES for asked in one.asks)
            secret = one.band is not None
            if one.need < self._full.get(one.unit, one.need + 1) and not unsure and not (secret and self._rationed):
                yield one

    async def _try(self, request_id: UUID, suggestion: Suggestion) -> Placement | None:
        work = Place(
            id=self._placement_id(request_id),
            actor_id=self._act.actor_id,
            request_id=request_id,
            unit_id=suggestion.unit,
            # Without the unit: what the same act has placed meanwhile, wherever it was, is what it has placed.
            body_hash=hash_of((self._act.id, request_id)),
        )
        try:
            await ration(self._region, work.actor_id, [work])
            answer: PlacementAnswer = await self._region.lane.submit(work)
        except TooManyAttempts:
            self._rationed = True
            return None
        except PlaceTaken:
            self._full[suggestion.unit] = min(suggestion.need, self._full.get(suggestion.unit, suggestion.need))
            await note_in_vain(self._region, work.actor_id, [work])
            return None
        except (PartyTooLarge, UnknownUnit):  # it has just become another one
            return None
        return answer.placement


def _lacking(ranking: Ranking) -> Left:
    """Say what is in the way of whoever gets nothing: that it is full, or that nothing is for them."""
    nearest = ranking.near_misses(1)
    full = ranking.fits > 0 or any(one.blocker.code in _FOR_NOW for one in nearest)
    return Left.NO_PLACE if full else Left.NONE_FITS
