"""A clerk who knows nothing of the program: every word goes into a list, and the whole list is added up when asked.

Written from docs and DESIGN's rules alone; of the inventory only its words are used (works and their enumerations).
Nothing is kept that could be reckoned: which report stands, what is free, who holds how much, all of it anew each time.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from inventory.defining import CloseUnit, Refresh
from inventory.holding import EndHold, Hold
from inventory.model.counting import Basis, Direction
from inventory.moving import Move, VoidMovement
from inventory.reporting import Line, Report
from inventory.surging import ActivateSurge, ChangeSurge
from tests.support.books import Book, Came, Kept, Word

ZONE = ZoneInfo("Europe/Brussels")
LONGEST_SURGE = timedelta(days=14)
STUCK_AFTER = 3
_AGES_H = (2, 6, 24)


class Refused(Exception):
    """The slug of a refusal; nothing has been written."""


def night_of(instant: datetime) -> date:
    local = instant.astimezone(ZONE)
    return local.date() - timedelta(days=int(local.hour < 12))


def noon_of(night: date) -> datetime:
    return datetime.combine(night, time(12), ZONE)


class Clerk:
    """The region's books."""

    def __init__(self, shelter: UUID, friends: set[UUID]) -> None:
        self.shelter = shelter
        self.friends = friends
        self.units: dict[UUID, Book] = {}
        self.reports: dict[UUID, tuple[bytes, dict[UUID, str]]] = {}
        self.moves: dict[UUID, Came] = {}
        self.holds: dict[UUID, Kept] = {}
        self.ends: dict[UUID, tuple[bytes, str]] = {}
        self.surges: dict[UUID, tuple[datetime, datetime | None, tuple[UUID, ...]]] = {}
        self.surge_acts: dict[UUID, tuple[UUID, bytes]] = {}
        self.now = datetime.min.replace(tzinfo=UTC)

    # -- what a unit shows

    def shows(self, unit: Book) -> dict[str, Any]:
        tonight = night_of(self.now)
        count, coming = unit.stands(tonight)
        out, intake = unit.fact("out_of_service"), unit.fact("intake")
        out_of_service = () if out is None else out.line.out_of_service or ()
        status = self.status(unit, count)
        rest = self.rest(unit, status, count, sum(one.places for one in out_of_service))
        held = sum(k.work.places for k in self.holds.values() if k.work.unit_id == unit.id and k.state == "held")
        raised = {
            "above-capacity": rest > unit.capacity,
            "over-capacity": rest < 0,
            "overcommitted": held > max(rest, 0),
            "stuck": unit.stuck_by is not None,
        }
        return {
            "status": status,
            "holdable": status == "open",
            "free": max(rest, 0),
            "over_by": max(-rest, 0),
            "held": held,
            "capacity": unit.capacity,
            "out_of_service": [(one.reason.value, one.places) for one in out_of_service],
            "intake": "paused" if intake is not None and intake.line.intake and intake.line.intake.paused else "open",
            "night": tonight.isoformat(),
            "ages": None if count is None else [count.at + timedelta(hours=h) for h in (0, *_AGES_H)],
            "confirmed_by": None if count is None else count.by.spoke.value,
            "count_report": None if count is None else str(count.report),
            "coming": None if coming is None else (coming.night.isoformat(), coming.line.free, coming.at),
            "flags": [flag for flag, up in raised.items() if up],
        }

    def status(self, unit: Book, count: Word | None) -> str:
        if unit.closed:
            return "closed"
        if count is None or (unit.reopened and count.at < max(unit.reopened)):
            return "awaiting-report"
        return "unconfirmed" if unit.nightly and count.night < night_of(self.now) else "open"

    def rest(self, unit: Book, status: str, count: Word | None, out: int) -> int:
        moved = [m for m in self.moves.values() if m.work.unit_id == unit.id and not m.void]
        if status == "unconfirmed":
            noon = noon_of(night_of(self.now))
            came = sum(m.work.places for m in moved if m.at >= noon and m.work.direction is Direction.IN)
            return max(0, unit.capacity - out) - came
        if count is None or count.value is None:
            return 0
        rest = count.value[0] - count.value[1]
        if count.by.basis is Basis.NET:
            rest += self.known_to(unit, count.at - timedelta(seconds=count.by.settle_lag_s))
        for one in moved:
            if self.counts(unit, one, count):
                rest += one.work.places if one.work.direction is Direction.OUT else -one.work.places
        return rest

    def counts(self, unit: Book, one: Came, count: Word, *, named: bool = True) -> bool:
        """Whether a movement came after a count, and so is not in it yet."""
        if named and one.work.counted_in == count.report:
            return False
        at = unit.counted_at(one.work.counted_in) if named else None
        known_at = one.at if at is None else min(one.at, at)
        lag = timedelta(seconds=count.by.settle_lag_s)
        return known_at > count.at - lag and not (unit.nightly and one.at < noon_of(count.night))

    def known_to(self, unit: Book, at: datetime) -> int:
        """Places of holds that stood then: who came in on one stood in it until they came."""
        known = 0
        for kept in self.holds.values():
            end = kept.closed_at
            came = self.moves.get(kept.by_movement) if kept.by_movement is not None else None
            if end is not None and came is not None and not came.void:
                end = min(end, came.at)
            if kept.work.unit_id == unit.id and kept.since <= at and (end is None or end > at):
                known += kept.work.places
        return known

    # -- a batch

    def begin(self, now: datetime) -> None:
        """Time has passed: what had an end is over."""
        self.now = now
        for unit in self.units.values():
            if unit.ends is not None and unit.ends <= now:
                unit.closed = True

    def take(self, work: Any) -> Any:
        """Write one work down; return what came of it, or the slug of its refusal."""
        try:
            return self._HANDS[type(work)](self, work)
        except Refused as refused:
            return str(refused)

    def settle(self, touched: set[UUID], seqs: dict[UUID, int]) -> None:
        """The batch is written: note what each of its units shows now, and under which number."""
        for unit_id in touched:
            unit = self.units[unit_id]
            if (shown := self.base(unit)) != unit.shown_last:
                unit.moved_at.append(unit.seq)
                unit.shown_last = shown
            unit.seq = seqs[unit_id]

    def base(self, unit: Book) -> Any:
        """What a person's next report is based on."""
        shows = self.shows(unit)
        return tuple(shows[name] for name in ("status", "free", "over_by", "capacity", "out_of_service"))

    def unit(self, unit_id: UUID) -> Book:
        if unit_id not in self.units:
            raise Refused("unknown-unit")
        return self.units[unit_id]

    def authorise(self, actor: UUID) -> None:
        if actor not in self.friends:
            raise Refused("not-your-shelter")

    def report(self, work: Report) -> Any:
        self.authorise(work.reporter.id)
        if work.id in self.reports:
            words, outcomes = self.reports[work.id]
            if words != work.body_hash:
                raise Refused("id-reused")
            return True, outcomes
        at = min(self.now, work.observed_at or self.now)
        own = night_of(at)
        night = work.night or own
        if abs((night - own).days) > 1:
            raise Refused("wrong-night")
        for line in work.lines:
            self._may_say(work, line, at, night)
        outcomes = {line.unit_id: self._say(work, line, at, night) for line in work.lines}
        self.reports[work.id] = (work.body_hash, outcomes)
        return False, outcomes

    def _may_say(self, work: Report, line: Line, at: datetime, night: date) -> None:
        unit = self.unit(line.unit_id)
        most = max(20, 3 * (unit.capacity if line.capacity is None else line.capacity))
        if max(line.free or 0, line.over_by) > most or (line.free and line.over_by):
            raise Refused("absurd-count")
        if line.base_seq is None or self._is_again(unit, work, line):
            return
        moved = any(seq >= line.base_seq for seq in unit.moved_at) or self.base(unit) != unit.shown_last
        if not moved:
            return
        word = Word(work.id, len(unit.words) + 1, work.reporter, at, night, line)
        unit.words.append(word)
        applied = self._outcome(unit, word, line) == "applied"
        unit.words.pop()
        unit.found = (None, [])
        if applied:
            raise Refused("changed-meanwhile")

    @staticmethod
    def _is_again(unit: Book, work: Report, line: Line) -> bool:
        last = unit.last_words.get(work.reporter.id)
        return last is not None and last[1] == line.body_hash

    def _say(self, work: Report, line: Line, at: datetime, night: date) -> str:
        unit, by = self.unit(line.unit_id), work.reporter
        again = self._is_again(unit, work, line)
        word = Word(work.id, len(unit.words) + 1, by, at, night, line, again)
        last = unit.last_words.get(by.id)
        unit.words.append(word)
        if again and last is not None:
            unit.last_words[by.id] = (last[0], last[1], last[2] + 1)
            if last[2] + 2 >= STUCK_AFTER and unit.stuck_by is None:
                unit.stuck_by = by.id
            return "repeated"
        outcome = self._outcome(unit, word, line)
        if line.capacity is not None and self._capacity_stands(unit, word):
            unit.capacity, unit.capacity_rank = line.capacity, word.rank
        if word.feed and (last is None or at >= last[0]):
            unit.last_words[by.id] = (at, line.body_hash, 0)
        if not word.feed or unit.stuck_by == by.id:
            unit.stuck_by = None
        return outcome

    @staticmethod
    def _capacity_stands(unit: Book, word: Word) -> bool:
        last = unit.last_words.get(word.by.id)
        corrects = last is not None and last[0] == word.at == unit.capacity_rank[0]
        return corrects or word.rank > unit.capacity_rank

    def _outcome(self, unit: Book, word: Word, line: Line) -> str:
        if unit.pinned(word):
            return "pinned"
        count, coming = unit.stands(night_of(self.now))
        if word is coming:
            return "coming"
        stands = [count] if word.value is not None else [unit.fact("out_of_service"), unit.fact("intake")]
        if word.value is None and line.capacity is not None and self._capacity_stands(unit, word):
            return "applied"
        return "applied" if any(one is word for one in stands) else "superseded"

    def hold(self, work: Hold) -> Any:
        if work.id in self.holds:
            kept = self.holds[work.id]
            self.authorise(work.actor_id)
            if kept.work.body_hash != work.body_hash:
                raise Refused("id-reused")
            return kept.state
        unit = self.unit(work.unit_id)
        self.authorise(work.actor_id)
        replaced = self._replaced(work)
        if work.request_id is not None and any(
            k.state == "held" and k.work.request_id == work.request_id and k is not replaced
            for k in self.holds.values()
        ):
            raise Refused("request-has-hold")
        shows = self.shows(unit)
        back = replaced.work.places if replaced is not None and replaced.work.unit_id == unit.id else 0
        if not shows["holdable"] or shows["intake"] == "paused" or shows["free"] - shows["held"] + back < work.places:
            raise Refused("place-taken")
        if replaced is not None:
            replaced.state, replaced.closed_at = "cancelled", self.now
        self.holds[work.id] = Kept(work, self.now)
        return "held"

    def _replaced(self, work: Hold) -> Kept | None:
        if work.replaces is None:
            return None
        kept = self.holds.get(work.replaces)
        if kept is None or kept.work.request_id != work.request_id:
            raise Refused("unknown-hold")
        if kept.state != "held":
            raise Refused("hold-ended")
        return kept

    def end(self, work: EndHold) -> Any:
        kept = self.holds.get(work.hold_id)
        if kept is None:
            raise Refused("unknown-hold")
        self.authorise(work.actor_id)
        if work.id in self.ends:
            words, outcome = self.ends[work.id]
            if words != work.body_hash:
                raise Refused("id-reused")
            return outcome
        if kept.state != "held" or (work.ending == "lapsed" and kept.work.expires_at > self.now):
            raise Refused("hold-ended")
        kept.state, kept.closed_at = work.ending.value, self.now
        self.ends[work.id] = (work.body_hash, work.ending.value)
        return work.ending.value

    def move(self, work: Move) -> Any:
        if work.id in self.moves:
            self.authorise(work.actor_id)
            if self.moves[work.id].work.body_hash != work.body_hash:
                raise Refused("id-reused")
            return self.moves[work.id].outcome
        unit = self.unit(work.unit_id)
        self.authorise(work.actor_id)
        kept = None
        if work.hold_id is not None and work.direction is Direction.IN:
            kept = self.holds.get(work.hold_id)
            if kept is None or kept.work.unit_id != unit.id:
                raise Refused("unknown-hold")
            if kept.state not in {"held", "lapsed", "no-show"}:
                raise Refused("hold-ended")
        came = Came(work, min(self.now, work.occurred_at or self.now), "")
        came.outcome = self._moved(unit, came)
        self.moves[work.id] = came
        if kept is not None:
            self._arrive(kept, came)
        return came.outcome

    def _moved(self, unit: Book, came: Came) -> str:
        count, _ = unit.stands(night_of(self.now))
        if came.work.direction is Direction.OUT and self.status(unit, count) == "unconfirmed":
            return "earlier"
        if count is None or self.counts(unit, came, count):
            return "counted"
        return "included" if self.counts(unit, came, count, named=False) else "earlier"

    def _arrive(self, kept: Kept, came: Came) -> None:
        """The world outranks the clock: whoever is inside needs no other place."""
        late = kept.state != "held"
        kept.state, kept.by_movement = "arrived", came.work.id
        kept.closed_at = kept.closed_at or self.now
        for other in self.holds.values():
            if late and other.state == "held" and None is not other.work.request_id == kept.work.request_id:
                other.state, other.closed_at = "cancelled", self.now

    def void(self, work: VoidMovement) -> Any:
        if work.movement_id not in self.moves:
            raise Refused("unknown-movement")
        self.authorise(work.actor_id)
        self.moves[work.movement_id].void = True
        return "voided"

    def close(self, work: CloseUnit) -> Any:
        unit = self.unit(work.unit_id)
        self.authorise(work.actor_id)
        if unit.closed != work.closed:
            unit.closed = work.closed
            if not work.closed:
                unit.reopened.append(self.now)
        return "closed"

    def refresh(self, _work: Refresh) -> Any:
        return "refreshed"

    def surge(self, work: ActivateSurge) -> Any:
        if self._was_done(work.said.id, work.said.id, work.said.body_hash):
            return True
        until = work.until or self.now
        if not self.now < until <= self.now + LONGEST_SURGE:
            raise Refused("until-refused")
        for unit_id in work.unit_ids:
            if not self.unit(unit_id).surge:
                raise Refused("not-a-surge-unit")
            if any(unit_id in ids and self.runs(surge) for surge, (_, _, ids) in self.surges.items()):
                raise Refused("unit-in-surge")
        for unit in map(self.unit, work.unit_ids):
            unit.ends = until
            if unit.closed:
                unit.closed = False
                unit.reopened.append(self.now)
        self.surges[work.said.id] = (until, None, work.unit_ids)
        self.surge_acts[work.said.id] = (work.said.id, work.said.body_hash)
        return False

    def change_surge(self, work: ChangeSurge) -> Any:
        if work.surge_id not in self.surges:
            raise Refused("unknown-surge")
        if self._was_done(work.said.id, work.surge_id, work.said.body_hash):
            return True
        if not self.runs(work.surge_id):
            raise Refused("surge-ended")
        until, _, ids = self.surges[work.surge_id]
        if work.until is not None and not until < work.until <= self.now + LONGEST_SURGE:
            raise Refused("until-refused")
        self.surges[work.surge_id] = (work.until or until, None if work.until else self.now, ids)
        for unit in map(self.unit, ids):
            unit.ends = work.until or self.now
            unit.closed = unit.closed or work.until is None
        self.surge_acts[work.said.id] = (work.surge_id, work.said.body_hash)
        return False

    def _was_done(self, act: UUID, surge: UUID, words: bytes) -> bool:
        if act in self.surge_acts and self.surge_acts[act] != (surge, words):
            raise Refused("id-reused")
        return act in self.surge_acts

    def runs(self, surge: UUID) -> bool:
        until, ended, _ = self.surges[surge]
        return ended is None and until > self.now

    _HANDS: dict[type, Callable[[Clerk, Any], Any]] = {  # noqa: RUF012
        Report: report, Hold: hold, EndHold: end, Move: move, VoidMovement: void, CloseUnit: close, Refresh: refresh,
        ActivateSurge: surge, ChangeSurge: change_surge,
    }  # fmt: skip
