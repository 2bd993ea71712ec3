"""The columns of one region, kept up to date by this node's mirror: a change writes its rows and no others."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import msgspec
import structlog

from inventory.bodies import ShelterBody, UnitAbout
from kernel.journal import Subject
from kernel.live.mirror import Change, Mirror
from orientation.matching.columns import Columns
from orientation.matching.seeing import Seen, State, see

log = structlog.get_logger(__name__)

_read_shelter = msgspec.json.Decoder(ShelterBody).decode
_read_state = msgspec.json.Decoder(State).decode


class MatchingBoard:
    """A unit has a row while it has a state and the shelter that it names says what it is, whichever came first."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self._points: dict[str, tuple[float, float]] = {}
        self._begin()
        mirror.listen(self._on_change)

    def place(self, points: dict[str, tuple[float, float]]) -> None:
        """Take over the region's map, where it is another one."""
        if points != self._points:
            self._points = points
            self.columns.place(points)

    def _begin(self) -> None:
        self.columns = Columns()
        self.columns.place(self._points)
        # A shelter, and what its units are.
        self._shelters: dict[UUID, tuple[ShelterBody, dict[UUID, UnitAbout]]] = {}
        units: list[Subject] = []
        for subject in self._mirror.subjects():
            if subject.kind == "shelter":
                self._take_shelter(subject)
            elif subject.kind == "unit" and not subject.gone:
                units.append(subject)
        self.columns.fill(seen for subject in units if (seen := self._see(subject)) is not None)

    def _on_change(self, change: Change) -> None:
        if change.renewed:
            self._begin()
        else:
            self._take(subject for id_ in change.before if (subject := self._mirror.get(id_)) is not None)

    def _take(self, subjects: Iterable[Subject]) -> None:
        touched: set[UUID] = set()
        for subject in subjects:
            if subject.kind == "shelter":
                touched |= self._take_shelter(subject)
            elif subject.kind == "unit":
                touched.add(subject.id)
        for unit_id in touched:
            self._write(unit_id)

    def _take_shelter(self, subject: Subject) -> set[UUID]:
        """Remember what a shelter's units are; return those for which that may be otherwise now."""
        _, before = self._shelters.pop(subject.id, (None, {}))
        if subject.gone:
            return set(before)
        try:
            body = _read_shelter(subject.body)
        except msgspec.MsgspecError as error:
            _refuse(subject, error)
            return set(before)
        units = {unit.id: unit for unit in body.units}
        self._shelters[subject.id] = body, units
        return {*before, *units}

    def _write(self, unit_id: UUID) -> None:
        subject = self._mirror.get(unit_id)
        seen = None if subject is None or subject.gone else self._see(subject)
        if seen is None:
            self.columns.drop(unit_id)
        else:
            self.columns.put(seen)

    def _see(self, subject: Subject) -> Seen | None:
        """Return a unit as the shelter that it names describes it; None while that one does not."""
        try:
            state = _read_state(subject.body)
            shelter, units = self._shelters.get(state.shelter, (None, {}))
            about = units.get(subject.id)
            return None if shelter is None or about is None else see(shelter, about, state)
        except (msgspec.MsgspecError, ValueError) as error:
            _refuse(subject, error)
            return None


def _refuse(subject: Subject, error: Exception) -> None:
    """As on the screens: what cannot be read is shown to nobody, and keeps nobody from the rest."""
    log.error(
        "matching.body_refused", kind=subject.kind, id=str(subject.id), seq=subject.seq, error=type(error).__name__
    )
