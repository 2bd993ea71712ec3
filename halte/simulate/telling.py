"""Telling: what a shelter's people say by phone of one unit's night, standing, interrupted, in their own rhythm."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from halte.simulate.happening import Event, Moved, Reported, Said, Scene, Voice, Voided, name
from halte.simulate.housing import Habit, House, Room
from halte.simulate.staying import Stay, Step, between, moment, noon
from inventory.model.counting import Direction
from inventory.model.facts import Intake
from inventory.model.unit import Regime

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)


class Teller:
    """One unit's people in one night. `chance` is theirs, so that no other unit's night depends on what they say."""

    def __init__(
        self, house: House, room: Room, stay: Stay, night: date, zone: ZoneInfo, chance: random.Random
    ) -> None:
        self._house = house
        self._room = room
        self._stay = stay
        self._night = night
        self._zone = zone
        self._chance = chance
        self._noon = noon(night, zone)
        self._nth = 0
        self._last: tuple[int, int] | None = None

    def tell(self, *, slips: bool, taps_wrong: bool, again: datetime | None = None) -> Iterator[Event]:
        """Yield what they say, in order of time. `again`: when they count again, having been closed by day."""
        if self._room.surge:
            yield from self._surge()
        elif self._room.nightly:
            yield from self._nightly(slips=slips, taps_wrong=taps_wrong, again=again)
        elif self._house.regime is Regime.NIGHT:
            yield from self._lasting(taps_wrong=taps_wrong)
        else:
            yield from self._admission()

    def pause(self) -> Iterator[Event]:
        """The door is shut for a while: nobody counts for it, and no number becomes fresh."""
        begins = between(self._chance, self._noon + 7.6 * _HOUR, self._noon + 8.6 * _HOUR)
        ends = begins + timedelta(minutes=self._chance.randint(40, 100))
        yield self._state(begins, Scene.PAUSE, Intake(paused=True, until=ends))
        yield self._state(ends + self._chance.randint(1, 9) * _MINUTE, Scene.RESUME, Intake())

    def _state(self, at: datetime, scene: Scene, intake: Intake) -> Reported:
        return self._report(at, scene, Said(unit=self._room.id, intake=intake))

    def _nightly(self, *, slips: bool, taps_wrong: bool, again: datetime | None) -> Iterator[Event]:
        keen = self._house.habit is Habit.KEEN
        opens = self._at(self._house.shelter.intake_from or time(18))
        counts = self._first_counts(opens, keen=keen, again=again)
        counts += self._rounds(max(opens, counts[-1]), keen=keen)
        if self._stay.mended_at is not None and self._stay.mended_at > counts[0]:
            counts.append(self._stay.mended_at)
        counts = sorted({count for count in counts if count >= counts[0]})
        yield from self._alternate(counts, self._told_steps(counts[0]), slips=slips, taps_wrong=taps_wrong)

    def _first_counts(self, opens: datetime, *, keen: bool, again: datetime | None) -> list[datetime]:
        """Say how many there will be tonight: some as soon as it is noon, most before the doors open."""
        before = opens - self._chance.randint(3, 40) * _MINUTE
        early = between(self._chance, self._noon + 12 * _MINUTE, self._noon + 100 * _MINUTE)
        if again is not None:
            return [early, again]
        if keen and opens >= self._noon + 6 * _HOUR:
            # Late doors: whoever looks at the board at six must not think that they were forgotten.
            return [early, between(self._chance, self._noon + 4.4 * _HOUR, self._noon + 5.4 * _HOUR), before]
        return [early, before] if keen or self._chance.random() < 0.4 else [before]

    def _rounds(self, after: datetime, *, keen: bool) -> list[datetime]:
        """Yield when they go round and count; whoever notes everybody at the door does it less often."""
        rounds, ends = [], self._noon + 12.9 * _HOUR
        pace = (50, 105) if keen else (25, 80)
        at = after + self._chance.randint(15, 40) * _MINUTE
        while at < ends:
            rounds.append(at + timedelta(seconds=self._chance.randint(0, 59)))
            at += self._chance.randint(*pace) * _MINUTE
        if self._chance.random() < 0.4:
            rounds.append(between(self._chance, self._noon + 18 * _HOUR, self._noon + 20.5 * _HOUR))
        return rounds

    def _told_steps(self, after: datetime) -> list[Step]:
        return [step for step in self._stay.steps if step.at > after] if self._house.habit is Habit.KEEN else []

    def _alternate(
        self, counts: list[datetime], steps: list[Step], *, slips: bool, taps_wrong: bool
    ) -> Iterator[Event]:
        slip = self._chance.randrange(len(counts)) if slips else -1
        tap = self._chance.randrange(len(steps)) if taps_wrong and steps else -1
        marks: list[tuple[datetime, int, Step | None, bool]] = [(at, 0, None, n == slip) for n, at in enumerate(counts)]
        marks += [(step.at, 1, step, n == tap) for n, step in enumerate(steps)]
        for at, _, step, wrong in sorted(marks, key=lambda mark: mark[:2]):
            if step is None:
                yield from self._slip(at) if wrong else (self._count(at),)
            else:
                yield from self._move(step, wrong=wrong)

    def _count(self, at: datetime, scene: Scene | None = None) -> Reported:
        rest, out = self._stay.rest(at), self._stay.out_at(at)
        value = (max(0, rest), max(0, -rest))
        same, self._last = value == self._last, value
        if scene is None and value[1]:
            scene = Scene.OVERFULL
        elif scene is None and at == self._stay.mended_at:
            scene = Scene.BACK_IN_SERVICE
        elif scene is None and out and self._nth == 0:
            scene = Scene.OUT_OF_SERVICE
        said = Said(unit=self._room.id, free=value[0], over_by=value[1], out=out)
        return self._report(at, scene or (Scene.NOTHING_CHANGED if same else Scene.COUNT), said)

    def _slip(self, at: datetime) -> Iterator[Event]:
        """A finger slips, and more are free than there are; it is seen a few minutes later."""
        self._last = None
        wrong = self._room.capacity + self._chance.randint(1, 5)
        yield self._report(at, Scene.SLIP, Said(unit=self._room.id, free=wrong, out=self._stay.out_at(at)))
        yield self._count(at + timedelta(seconds=self._chance.randint(150, 400)), Scene.SLIP)

    def _move(self, step: Step, *, wrong: bool) -> Iterator[Event]:
        if wrong:
            tapped = self._moved(step.at - timedelta(seconds=20), Scene.WRONG_TAP, Direction.IN, 1)
            yield tapped
            after = tapped.at + timedelta(seconds=self._chance.randint(4, 12))
            yield Voided(
                at=after, scene=Scene.WRONG_TAP, shelter=self._house.id, unit=self._room.id, movement=tapped.id
            )
        if step.taken < 0:
            late = self._room.nightly and step.at < self._noon + 2 * _HOUR
            yield self._moved(step.at, Scene.LATE_EXIT if late else Scene.DEPARTURE, Direction.OUT, -step.taken)
        elif self._chance.random() < 0.06:
            yield from self._counted_first(step)
        else:
            yield self._moved(step.at, Scene.WALK_IN if step.walk_in else Scene.ARRIVAL, Direction.IN, step.taken)

    def _counted_first(self, step: Step) -> Iterator[Event]:
        """Somebody counts just after they came, and notes them afterwards: the count has them already."""
        count = self._count(step.at + timedelta(seconds=self._chance.randint(20, 50)))
        yield count
        noted = count.at + timedelta(seconds=self._chance.randint(60, 240))
        yield self._moved(noted, Scene.ALREADY_COUNTED, Direction.IN, step.taken, count)

    def _moved(
        self, at: datetime, scene: Scene, direction: Direction, places: int, counted_in: Reported | None = None
    ) -> Moved:
        self._nth += 1
        self._last = None
        return Moved(
            at=at,
            scene=scene,
            shelter=self._house.id,
            id=name(self._room.id, self._night, "move", self._nth),
            unit=self._room.id,
            direction=direction,
            places=places,
            occurred_at=at,
            counted_in=counted_in.id if counted_in else None,
        )

    def _report(self, at: datetime, scene: Scene, said: Said) -> Reported:
        self._nth += 1
        return Reported(
            at=at,
            scene=scene,
            shelter=self._house.id,
            id=name(self._room.id, self._night, "report", self._nth),
            observed_at=at,
            voice=Voice.PHONE,
            lines=(said,),
        )

    def _surge(self) -> Iterator[Event]:
        """It opens when somebody is there to open it, and the first count is what opens it."""
        first = between(self._chance, self._at(time(17, 50)), self._at(time(19, 20)))
        yield self._count(first, Scene.SURGE)
        for at in self._rounds(max(first, self._at(time(19, 30))), keen=False):
            if at < self._noon + 21 * _HOUR:
                yield self._count(at)

    def _lasting(self, *, taps_wrong: bool) -> Iterator[Event]:
        """Where people stay: around tea, in the evening, and sometimes late."""
        hours = [(2.0, 6.0), (6.5, 8.5), (9.0, 11.0)]
        counts = [between(self._chance, self._noon + a * _HOUR, self._noon + b * _HOUR) for a, b in hours]
        keep = 3 if self._house.habit is Habit.KEEN else self._chance.choice((1, 2, 2, 3))
        counts = sorted(self._chance.sample(counts, keep))
        yield from self._alternate(counts, self._told_steps(counts[0]), slips=False, taps_wrong=taps_wrong)

    def _admission(self) -> Iterator[Event]:
        """Who chooses whom it admits counts once a day, in office hours, and not every day."""
        if self._chance.random() < 0.6:
            yield self._count(between(self._chance, self._noon + _HOUR, self._noon + 6 * _HOUR))
        if self._chance.random() < 0.25:
            yield self._count(between(self._chance, self._noon + 21 * _HOUR, self._noon + 23.8 * _HOUR))

    def _at(self, clock: time) -> datetime:
        return moment(self._night, clock, self._zone)
