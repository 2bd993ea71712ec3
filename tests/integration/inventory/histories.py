"""Random histories of a region: everything that can be done to it, over several nights, in batches."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from inventory.defining import CloseUnit, DefineOperator, DefineShelter, DefineUnit, Refresh, RemoveUnit
from inventory.holding import Ending, Hold
from inventory.lane.working import SYSTEM
from inventory.model.counting import Basis, Direction
from inventory.model.facts import Intake, OutOfService, OutReason
from inventory.model.unit import Operator, Regime, Shelter, Turnover, Unit
from inventory.moving import VoidMovement
from inventory.reporting import Line, Report, Reporter
from kernel.ids import new_id
from kernel.lane import Lane
from kernel.problems import Internal, Problem
from tests.integration.inventory.acting import at, end_of, hold_of, machine, move_of, set_clock, slugs
from tests.integration.inventory.conftest import PERSON, Place

MINUTE = timedelta(minutes=1)


@dataclass(slots=True)
class History:
    """Draws works; `told` counts what came of them by kind and outcome."""

    place: Place
    chance: random.Random
    units: list[Unit] = field(default_factory=list)
    reporters: list[Reporter] = field(default_factory=list)
    movements: list[UUID] = field(default_factory=list)
    holds: list[tuple[UUID, UUID]] = field(default_factory=list)
    granted: list[tuple[UUID, UUID]] = field(default_factory=list)
    requests: list[UUID] = field(default_factory=lambda: [new_id() for _ in range(4)])
    told: dict[tuple[str, str], int] = field(default_factory=dict)
    seen_at: Any = None

    async def begin(self, units: int = 6) -> None:
        await set_clock(self.place.pool, at("09:00"))
        self.reporters = [PERSON, PERSON, await machine(self.place), await machine(self.place, Basis.NET, 600)]
        for n in range(units):
            turnover = (Turnover.NIGHTLY, Turnover.CONTINUING)[n % 2]
            regime = (Regime.NIGHT, Regime.ADMISSION)[n // 2 % 2]
            unit = self.place.make_unit(turnover=turnover, regime=regime, name=f"Unit {n}")
            self.units.append(unit)
            await self.place.lane.submit(DefineUnit(unit, 20, SYSTEM))

    async def go_on(self, steps: int, lanes: tuple[Lane, ...] = ()) -> None:
        """Write `steps` batches, and let the time pass noon now and then."""
        nodes = lanes or (self.place.lane,)
        for step in range(steps):
            if self.chance.random() < 0.25:
                passed = timedelta(minutes=self.chance.choice((5, 45, 45, 400)))
                await set_clock(self.place.pool, await self.place.now() + passed)
            self.seen_at = await self.place.now()
            works = [self.draw() for _ in range(self.chance.randint(1, 8))]
            outcomes = await nodes[step % len(nodes)].submit_all(works, bulk=False)
            for work, outcome in zip(works, outcomes, strict=True):
                assert not isinstance(outcome, Internal), (work, outcome)
                self._note(work, outcome)

    def _note(self, work: Any, outcome: Any) -> None:
        if isinstance(work, Hold) and not isinstance(outcome, Problem):
            self.granted.append((work.id, work.unit_id))
        said = (
            [outcome.slug] if isinstance(outcome, Problem) else [one.outcome for one in getattr(outcome, "units", ())]
        )
        for word in said or slugs([outcome]):
            key = type(work).__name__, word
            self.told[key] = self.told.get(key, 0) + 1

    def draw(self) -> Any:
        draws: list[Callable[[], Any]] = [self._report] * 10 + [self._move] * 5 + [self._hold] * 6 + [self._end] * 5
        draws += [self._arrive] * 3 + [self._void] * 2 + [self._close, self._site, self._unit, self._turn]
        return self.chance.choice(draws)()

    def _any(self) -> Unit:
        return self.chance.choice(self.units)

    def _report(self) -> Report:
        chance, by = self.chance, self.chance.choice(self.reporters)
        lines = tuple(self._line(unit.id) for unit in chance.sample(self.units, chance.randint(1, 3)))
        observed = self.seen_at - chance.choice((0, 0, 1, 20, 300)) * MINUTE if chance.random() < 0.7 else None
        return Report(new_id(), by, self.place.shelter_id, lines, new_id().bytes, observed, None, None)

    def _line(self, unit_id: UUID) -> Line:
        chance = self.chance
        free = chance.choice((0, 2, 9, 9, 21))
        over_by = chance.choice((0, 0, 3)) if free == 0 else 0
        places = chance.randint(1, 3)
        out = (OutOfService(OutReason.REPAIR, places),) if chance.random() < 0.2 else None
        intake = Intake(chance.random() < 0.1) if chance.random() < 0.2 else None
        capacity = chance.choice((20, 25)) if chance.random() < 0.2 else None
        words = repr((free, over_by, out, intake, capacity)).encode()
        return Line(unit_id, free, over_by, out, intake, capacity, None, words)

    def _move(self) -> Any:
        id = new_id()
        self.movements.append(id)
        occurred = self.seen_at - self.chance.choice((0, 3, 60)) * MINUTE
        return move_of(
            self._any().id, self.chance.randint(1, 3), self.chance.choice(list(Direction)), id=id, occurred_at=occurred
        )

    def _hold(self) -> Any:
        id, request = new_id(), self.chance.choice([None, *self.requests])
        replaces = self._some_hold()[0] if self.chance.random() < 0.2 else None
        unit_id = self._any().id
        self.holds.append((id, unit_id))
        expires_at = self.seen_at + self.chance.choice((-1, 5, 30)) * MINUTE
        return hold_of(
            unit_id, self.chance.randint(1, 2), id=id, request_id=request, replaces=replaces,
            expires_at=expires_at,
        )  # fmt: skip

    def _end(self) -> Any:
        endings = [ending for ending in Ending if ending is not Ending.ARRIVED]
        return end_of(self._some_hold()[0], self.chance.choice(endings))

    def _some_hold(self) -> tuple[UUID, UUID]:
        """One that was granted lately, or one just drawn: it may be in the same batch, or refused."""
        holds = self.granted if self.chance.random() < 0.7 else self.holds
        return self.chance.choice(holds[-8:] or [(new_id(), self._any().id)])

    def _arrive(self) -> Any:
        """Somebody comes in on a hold, ended or not."""
        id, (hold_id, unit_id) = new_id(), self._some_hold()
        self.movements.append(id)
        return move_of(unit_id, id=id, hold_id=hold_id, occurred_at=self.seen_at - MINUTE)

    def _void(self) -> VoidMovement:
        return VoidMovement(self.chance.choice(self.movements or [new_id()]), SYSTEM)

    def _close(self) -> CloseUnit:
        return CloseUnit(self._any().id, SYSTEM, self.chance.random() < 0.3)

    def _site(self) -> DefineShelter | DefineOperator:
        place, chance = self.place, self.chance
        if chance.random() < 0.3:
            name = f"Operator {chance.randint(1, 3)}"
            return DefineOperator(Operator(id=place.operator_id, region_id=place.region_id, name=name), SYSTEM)
        shelter = Shelter(
            id=place.shelter_id, region_id=place.region_id, operator_id=place.operator_id, name="Invented House",
            commune="21004", invented=True, secret=chance.random() < 0.5, closed=chance.random() < 0.1,
            address="Somewhere 1",
        )  # fmt: skip
        return DefineShelter(shelter, SYSTEM)

    def _unit(self) -> DefineUnit | RemoveUnit:
        if self.chance.random() < 0.25:
            return RemoveUnit(self._any().id, SYSTEM)
        return DefineUnit(self._any(), self.chance.choice((20, 22)), SYSTEM)

    def _turn(self) -> Refresh:
        return Refresh(tuple(unit.id for unit in self.units))
