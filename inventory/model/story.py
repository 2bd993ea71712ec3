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

# Tonight, the one before it and the one after it: of other nights no report may speak.
_NIGHTS_KEPT = 3


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
    is too old to be judged anew. `far`: it came so late that it judges nobody, and nobody judges it.
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
    far: bool = False

    @property
    def rank(self) -> tuple[datetime, UUID]:
        return self.at, self.report_id


@dataclass(frozen=True, slots=True)
class Spoken:
    """When a person last spoke of the unit in a night."""

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
    """What all reports together come to. `coming` is the count of a night that has not begun, `persons` who spoke
    last of each night, `fed_until` how far feeds have spoken.
    """

    count: Count | None = None
    coming: Count | None = None
    persons: tuple[Spoken, ...] = ()
    out_of_service: Stated[tuple[OutOfService, ...]] | None = None
    intake: Stated[Intake] | None = None
    fed_until: datetime | None = None

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
            tuple(one for one in self.persons if one.at < since),
            _older(self.out_of_service, since),
            _older(self.intake, since),
            self.fed_until if self.fed_until is not None and self.fed_until < since else None,
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
        self._persons = {one.night: one for one in base.persons}
        self._out_of_service = base.out_of_service
        self._intake = base.intake
        self._fed_until = base.fed_until
        self._instant: list[Said] = []

    def hear(self, said: Said) -> None:
        if self._instant and said.at != self._instant[0].at:
            self.end()
        self._instant.append(said)
        if said.spoke is Spoke.FEED and (self._fed_until is None or said.at > self._fed_until):
            self._fed_until = said.at

    def told(self, night: date) -> Told:
        """Return what stands in `night` and what is coming after it."""
        self.end()
        now = [one for one in self._best if one <= night]
        later = [one for one in self._best if one > night]
        return Told(
            self._best[max(now)] if now else None,
            self._best[max(later)] if later else None,
            tuple(self._persons[one] for one in sorted(self._persons)),
            self._out_of_service,
            self._intake,
            self._fed_until,
        )

    def end(self) -> None:
        """Take what was said of the last instant: a source's last count of it corrects its others, whatever the ids."""
        counts = [said for said in self._instant if said.spoke is Spoke.FEED and said.count is not None]
        last = {said.source_id: said.nth for said in sorted(counts, key=lambda s: s.nth)}
        said_of = [(said in counts and said.nth != last[said.source_id], said) for said in self._instant]
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
        """Take one line's count, unless it was corrected; return whether the line is pinned."""
        person = self._persons.get(said.night)
        pinned = said.pinned
        if not said.far:
            if said.spoke is Spoke.PERSON and (person is None or said.at >= person.at):
                _keep(self._persons, Spoken(said.at, said.night))
            run = self._run_with(said)
            if not corrected:
                self.runs[said.source_id] = run
            if not said.settled:
                pinned = _is_pinned(said, run, person, self._reopened)
        if said.count is not None and not (pinned or corrected):
            best = self._best.get(said.night)
            if best is None or best.rank < said.count.rank:
                _keep(self._best, said.count)
        if said.report_id == self._about:
            self.pinned = pinned
        elif said.pinned != pinned:
            self.changed.append(replace(said, pinned=pinned))
        return pinned

    def _run_with(self, said: Said) -> Run:
        run = self.runs.get(said.source_id)
        value, since = (run.value, run.since) if run is not None else (None, said.at)
        if said.count is not None and said.count.value != value:
            value, since = said.count.value, said.at
        return Run(value, since, said.at)


class _Nightly(Protocol):
    @property
    def night(self) -> date: ...


N = TypeVar("N", bound=_Nightly)


def _keep(of_nights: dict[date, N], one: N) -> None:
    """Keep one of its night, and forget the nights that are over."""
    of_nights[one.night] = one
    while len(of_nights) > _NIGHTS_KEPT:
        del of_nights[min(of_nights)]


def _is_pinned(said: Said, run: Run, person: Spoken | None, reopened: Sequence[datetime]) -> bool:
    """Tell whether a feed only goes on saying what it said before a person looked, a short while ago.

    `person` spoke last of the same night. They have seen the places with their own eyes: their word holds
    against that for `pin`, but not in a unit that was opened again since.
    """
    if said.spoke is Spoke.PERSON or person is None or run.value is None:
        return False
    return (
        person.at <= said.at <= person.at + said.pin
        and run.since <= person.at
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
    """How far a unit's story has been told. A feed's line may be judged by its feed's others and by the person before
    it; a person's judges the feeds' lines after it, and of two persons the registers alone tell who stands.
    """

    fed_until: datetime | None
    persons: dict[date, datetime]
    sources: dict[UUID, datetime]

    @classmethod
    def of(cls, told: Told, runs: Mapping[UUID, Run]) -> Front:
        return cls(
            told.fed_until,
            {one.night: one.at for one in told.persons},
            {source_id: run.at for source_id, run in runs.items()},
        )

    def advance(self, source_id: UUID, spoke: Spoke, at: datetime, night: date) -> bool:
        """Go on to a line; return whether it came in order, and so changes nothing that was judged before it."""
        person, last = self.persons.get(night), self.sources.get(source_id)
        if spoke is Spoke.PERSON:
            self.persons[night] = at if person is None else max(at, person)
            return self.fed_until is None or at > self.fed_until
        self.sources[source_id] = at if last is None else max(at, last)
        self.fed_until = at if self.fed_until is None else max(at, self.fed_until)
        return (last is None or at > last) and (person is None or at > person)
