"""A transaction for each report through SQLAlchemy: the product's reads, rules and rows, Core for what is written."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import ARRAY, JSON, Uuid, bindparam, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from inventory import tables
from inventory.lane.flushing import feed_rows, hot_row
from inventory.lane.loading import Touches
from inventory.lane.reading import READ, decode
from inventory.lane.working import Working
from inventory.model.state import Moment
from inventory.reporting import Report
from kernel.ids import new_id
from kernel.journal import Entry, Range, Subject
from kernel.lane import Written
from kernel.postgres import BOUNDS, sqlalchemy_url
from kernel.tables import journal, region, subject
from tests.bench.baselines.alone import COUNTER, POOL, SEQUENCE, AloneLane

_NUMBERS = re.compile(r"\$(\d)::uuid(\[\])?|\$(\d)")
_READ = text(_NUMBERS.sub(lambda m: f"CAST(:p{m[1]} AS uuid[])" if m[2] else f":p{m[1] or m[3]}", READ)).bindparams(
    *(bindparam(f"p{n}", type_=Uuid() if n == 3 else ARRAY(Uuid())) for n in range(1, 7))
)
# What is not said is NULL, as the product writes it, and not a JSON null.
for _table in (tables.report_unit, tables.unit_state):
    for _column in _table.columns:
        if isinstance(_column.type, JSON):
            _column.type.none_as_null = True


class SqlalchemyLane(AloneLane):
    _engine: AsyncEngine | None = None

    async def _write_alone(self, work: Report) -> tuple[Written, Range | None]:
        if self._engine is None:
            self._engine = create_async_engine(
                sqlalchemy_url(self._settings.database_url or ""),
                pool_size=POOL, max_overflow=0, connect_args={"server_settings": BOUNDS},
                json_serializer=lambda value: msgspec.json.encode(value).decode(),  # without blanks, as the lane's
            )  # fmt: skip
        async with self._engine.begin() as connection:
            working = await self._load(connection, work)
            answers: Any = [work.apply(working)]
            self._rules.settle(working)
            await _flush(connection, working)
            changes = await self._number(connection, working)
        return Written(answers, working.entries, working.now), changes

    @property
    def _rules(self) -> Any:
        return self._writer

    async def _load(self, connection: AsyncConnection, work: Report) -> Working:
        touches = Touches()
        work.touch(touches)
        units, state = sorted(touches.units), tables.unit_state.c
        locking = select(state.unit_id).where(state.unit_id.in_(units)).order_by(state.unit_id).with_for_update()
        await connection.execute(locking)
        (actor, shelter), *_ = touches.grants
        named = {"p1": [actor], "p2": [shelter], "p3": self._region_id, "p4": units}
        reads = named | {"p5": list(touches.feeds), "p6": list(touches.reports)}
        found = decode((await connection.execute(_READ, reads)).scalar_one())
        moment = Moment(found.now, self._rules._zone, await self._rules._in_force(connection, found.policy))
        working = Working(self._region_id, moment)
        # Nothing moved and nothing is held here: it has no more to ask for.
        await self._rules.load(None, touches, (), found, working)
        return working

    async def _number(self, connection: AsyncConnection, working: Working) -> Range | None:
        if not working.entries:
            return None
        (entry,) = working.entries
        counted = update(region).where(region.c.id == self._region_id).values(seq=region.c.seq + 1)
        drawn = select(func.nextval(SEQUENCE), region.c.epoch).where(region.c.id == self._region_id)
        numbering: Any = counted.returning(region.c.seq, region.c.epoch) if COUNTER else drawn
        seq, epoch = (await connection.execute(numbering)).one()
        visible_seq = (await connection.execute(_stamp(), _stamped(entry, self._region_id, seq))).scalar_one()
        await connection.execute(insert(journal), _journalled(entry, self._region_id, seq, visible_seq, working))
        numbered = Subject(entry.kind, entry.id, seq, visible_seq, entry.gone, entry.body)
        return Range(self._region_id, epoch, seq - 1, seq, (numbered,))


async def _flush(connection: AsyncConnection, working: Working) -> None:
    # Nothing comes late here, or is voided: there is nothing to judge anew.
    assert (working.pinned, working.voided) == ({}, [])
    for table in (tables.report, tables.report_unit, tables.capacity_change):
        for row in working.inserts.get(table, ()):
            await connection.execute(insert(table), _bound(row))
    for row in feed_rows(working):
        await connection.execute(_feed(), _bound(row))
    for live in working.units.values():
        if live.dirty:
            row = _bound(hot_row(working, live))
            key = {"of_unit": row.pop("unit_id"), "held_before": live.held_before}
            done = await connection.execute(_hot(), row | key)
            assert done.rowcount == 1


def _bound(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as SQLAlchemy takes it, which encodes JSON itself."""
    json = ("coming", "persons", "out_of_service", "intake")
    return row | {name: msgspec.json.decode(row[name]) for name in json if row.get(name) is not None}


@cache
def _hot() -> Any:
    state = tables.unit_state.c
    found = (state.unit_id == bindparam("of_unit")) & (state.held == bindparam("held_before"))
    return update(tables.unit_state).where(found)


@cache
def _feed() -> Any:
    new = upsert(tables.feed)
    kept = {c.name: new.excluded[c.name] for c in tables.feed.columns if not c.primary_key}
    return new.on_conflict_do_update(index_elements=["unit_id", "key_id"], set_=kept)


@cache
def _stamp() -> Any:
    new = upsert(subject)
    seen = func.greatest(subject.c.visible_seq, new.excluded.visible_seq)
    kept = {"seq": new.excluded.seq, "visible_seq": seen, "gone": new.excluded.gone}
    return new.on_conflict_do_update(index_elements=["id"], set_=kept).returning(subject.c.visible_seq)


def _stamped(entry: Entry, region_id: Any, seq: int) -> dict[str, Any]:
    shown = {"seq": seq, "visible_seq": seq if entry.visible else 0, "gone": entry.gone}
    return {"id": entry.id, "region_id": region_id, "kind": entry.kind} | shown


def _journalled(entry: Entry, region_id: Any, seq: int, visible_seq: int, working: Working) -> dict[str, Any]:
    causes = msgspec.to_builtins(entry.causes)
    return {
        "region_id": region_id, "seq": seq, "batch": new_id(), "at": working.now, "kind": entry.kind,
        "subject_id": entry.id, "visible_seq": visible_seq, "gone": entry.gone, "causes": causes,
        "body": msgspec.json.decode(entry.body),
    }  # fmt: skip
