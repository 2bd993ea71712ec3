"""The story of a unit: which of all the reports about it stands (I8).

A function of the set of kept lines alone, in whatever order they came. A line that comes in order is
told on top of what is known; one that does not is told anew together with those it came too late for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol, TypeVar
from uuid import UUID

from inventory.model.counting import Count, Spoke, Stated
from inventory.model.facts import Intake, OutOfService

T = TypeVar("T")

_NIGHTS_KEPT = 4


class Outcome(StrEnum):
    """What became of one unit's line in a report."""

    APPLIED = "applied"
    # It is of the night that has not begun: at noon it will be the count.
    COMING = "coming"
    SUPERSEDED = "superseded"
    PINNED = "pinned"
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True)
class Said:
    """One kept line of a report about a unit. Without a count it states facts only.

    `pin` is the rule that was in force when it came, `pinned` what was judged of it last; `settled`: it
    is too old to be judged anew.
    """

    report_id: UUID
    nth: int
    at: datetime
    spoke: Spoke
    source_id: UUID
    night: date
    pin: timedelta
    count: Count | None
    out_of_service: tuple[OutOfService, ...] | None = None
    intake: Intake | None = None
    pinned: bool = False
    settled: bool = False

    @property
    def rank(self) -> tuple[datetime, UUID]:
        return self.at, self.report_id


@dataclass(frozen=True, slots=True)
class Spoken:
    """When a person last spoke of the unit, and of which night."""

    at: datetime
    night: date


@dataclass(frozen=True, slots=True)
class Run:
    """Since when a source has been saying its present number, and when it spoke last."""

    value: tuple[int, int] | None
    since: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """What all reports together come to. `coming` is the count of a night that has not begun."""

    count: Count | None = None
    coming: Count | None = None
    person: Spoken | None = None
    out_of_service: Stated[tuple[OutOfService, ...]] | None = None
    intake: Stated[Intake] | None = None

    def of_night(self, night: date) -> Count | None:
        """Return the count that stands in `night`."""
        return self.coming if self.coming is not None and self.coming.night <= night else self.count

    def turned(self, night: date) -> Told:
        """Return what is told once `night` has begun."""
        if self.coming is None or self.coming.night > night:
            return self
        return replace(self, count=self.coming, coming=None)

    def before(self, since: datetime) -> Told:
        """Return what was told before `since`, which lines that are not older cannot change."""
        return Told(
            _older(self.count, since),
            _older(self.coming, since),
            _older(self.person, since),
            _older(self.out_of_service, since),
            _older(self.intake, since),
        )


class _Dated(Protocol):
    @property
    def at(self) -> datetime: ...


D = TypeVar("D", bound=_Dated)


def _older(one: D | None, since: datetime) -> D | None:
    return one if one is not None and one.at < since else None


class Story:
    """Takes lines by ascending time (and id), and says what they come to.

    `base` is what is known of older lines, `runs` of how long their sources had been saying the same;
    `reopened`, when the unit was opened again: whoever spoke before that cannot pin what is said after it.
    """

    def __init__(
        self, base: Told, runs: Mapping[UUID, Run], reopened: Sequence[datetime] = (), about: UUID | None = None
    ) -> None:
        self.runs = dict(runs)
        # Whether the line of report `about` is pinned, and the lines of which that is judged otherwise now.
        self.pinned = False
        self.changed: list[Said] = []
        self._about = about
        self._reopened = reopened
        self._best = {one.night: one for one in (base.count, base.coming) if one is not None}
        self._person = base.person
        self._out_of_service = base.out_of_service
        self._intake = base.intake
        self._instant: list[Said] = []

    def hear(self, said: Said) -> None:
        if self._instant and said.at != self._instant[0].at:
            self._end_instant()
        self._instant.append(said)

    def told(self, night: date) -> Told:
        """Return what stands in `night` and what is coming after it."""
        self._end_instant()
        now = [one for one in self._best if one <= night]
        later = [one for one in self._best if one > night]
        return Told(
            self._best[max(now)] if now else None,
            self._best[max(later)] if later else None,
            self._person,
            self._out_of_service,
            self._intake,
        )

    def _end_instant(self) -> None:
        """Take what was said of one instant: a source's last word about it corrects its others, whatever their ids."""
        last = {said.source_id: said.nth for said in sorted(self._instant, key=lambda s: s.nth)}
        said_of = [(said.spoke is Spoke.FEED and said.nth != last[said.source_id], said) for said in self._instant]
        outs: list[Stated[tuple[OutOfService, ...]]] = []
        intakes: list[Stated[Intake]] = []
        for corrected, said in sorted(said_of, key=lambda pair: (not pair[0], pair[1].report_id)):
            if self._take(said, corrected=corrected):
                continue
            if said.out_of_service is not None:
                outs.append(Stated(said.out_of_service, said.at, said.report_id))
            if said.intake is not None:
                intakes.append(Stated(said.intake, said.at, said.report_id))
        self._out_of_service = _later(self._out_of_service, outs)
        self._intake = _later(self._intake, intakes)
        self._instant.clear()

    def _take(self, said: Said, *, corrected: bool) -> bool:
        """Take one line's count; return whether the line is pinned."""
        if said.spoke is Spoke.PERSON and (self._person is None or said.at >= self._person.at):
            self._person = Spoken(said.at, said.night)
        pinned = False
        if not corrected:
            run = self._extend_run(said)
            pinned = said.pinned if said.settled else _is_pinned(said, run, self._person, self._reopened)
            if said.count is not None and not pinned:
                self._keep(said.count)
        if said.report_id == self._about:
            self.pinned = pinned
        elif said.pinned != pinned:
            self.changed.append(replace(said, pinned=pinned))
        return pinned

    def _extend_run(self, said: Said) -> Run:
        run = self.runs.get(said.source_id)
        if run is not None and said.at < run.at:
            return run  # far too late to be told anew; what was said since stands
        value, since = (run.value, run.since) if run is not None else (None, said.at)
        if said.count is not None and said.count.value != value:
            value, since = said.count.value, said.at
        run = self.runs[said.source_id] = Run(value, since, said.at)
        return run

    def _keep(self, count: Count) -> None:
        best = self._best.get(count.night)
        if best is None or best.rank < count.rank:
            self._best[count.night] = count
        while len(self._best) > _NIGHTS_KEPT:
            del self._best[min(self._best)]


def _is_pinned(said: Said, run: Run, person: Spoken | None, reopened: Sequence[datetime]) -> bool:
    """Tell whether a feed only goes on saying what it said before a person looked, a short while ago.

    A person has seen the places with their own eyes. Their word holds against that for `pin`, but
    not in a night of which they did not speak, and not in a unit that was opened again since.
    """
    if said.spoke is Spoke.PERSON or person is None:
        return False
    return (
        person.at <= said.at <= person.at + said.pin
        and run.since <= person.at
        and said.night <= person.night
        and not any(person.at < one < said.at for one in reopened)
    )


def _later(current: Stated[T] | None, stated: Sequence[Stated[T]]) -> Stated[T] | None:
    """Return the last of several statements of one instant, or what stood if that is newer."""
    if not stated:
        return current
    last = stated[-1]
    return last if current is None or current.rank < last.rank else current


def tell(
    base: Told,
    runs: Mapping[UUID, Run],
    lines: Iterable[Said],
    reopened: Sequence[datetime] = (),
    about: UUID | None = None,
) -> Story:
    """Return the story of `lines` on top of what is known of older ones."""
    story = Story(base, runs, reopened, about)
    for said in sorted(lines, key=lambda one: one.rank):
        story.hear(said)
    return story


@dataclass(slots=True)
class Front:
    """How far a unit's story has been told. What does not come from beyond it comes out of order."""

    newest: datetime | None
    person: Spoken | None
    sources: dict[UUID, datetime]

    @classmethod
    def of(cls, told: Told, runs: Mapping[UUID, Run]) -> Front:
        registers = (told.count, told.coming, told.person, told.out_of_service, told.intake)
        instants = [one.at for one in registers if one is not None]
        sources = {source_id: run.at for source_id, run in runs.items()}
        return cls(max(instants, default=None), told.person, sources)

    def advance(self, source_id: UUID, spoke: Spoke, at: datetime, night: date) -> bool:
        """Go on to a line; return whether it came in order, and so changes nothing that was judged before it."""
        person, last = self.person, self.sources.get(source_id)
        if spoke is Spoke.FEED:
            in_order = (last is None or at > last) and (person is None or at > person.at)
            self.sources[source_id] = at if last is None else max(at, last)
        else:
            in_order = (self.newest is None or at > self.newest) and (person is None or night >= person.night)
            self.person = Spoken(at, night) if person is None or at > person.at else person
        self.newest = at if self.newest is None else max(at, self.newest)
        return in_order
