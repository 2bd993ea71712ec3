"""`halte verify` finds nothing in what the lane has written, and every kind of damage done by hand."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import cast
from uuid import UUID

import pytest
from click import Command
from click.testing import CliRunner, Result
from redis.asyncio import Redis

from halte.verifying import verify
from inventory.cli import rebuild
from inventory.defining import DefineShelter, DefineUnit, Refresh, RemoveUnit
from inventory.differences import Verification
from inventory.holding import Ending
from inventory.lane.working import SYSTEM
from inventory.lane.writer import InventoryWriter
from inventory.model.counting import Basis
from inventory.model.freshness import Ageing
from inventory.model.policy import Policy
from inventory.model.unit import Shelter, Turnover
from inventory.rebuilding import RedisLeadsError, rebuild_region, renew_epoch
from inventory.verifying import verify_region
from kernel.ids import new_id
from kernel.lane import Lane
from kernel.live.board import LiveBoard
from kernel.live.mirror import Mirror
from kernel.live.publishing import Publisher
from kernel.live.purging import Purger
from kernel.live.relay import Relay
from kernel.live.truth import Truth
from kernel.redis import RedisLinks, open_redis
from kernel.settings import Settings
from tests.integration.inventory.acting import BRUSSELS, at, end_of, held, machine, move_of, node, rule, set_clock
from tests.integration.inventory.conftest import Place
from tests.integration.inventory.histories import History
from tests.support import marks


@pytest.fixture
async def links(settings: Settings) -> AsyncIterator[RedisLinks]:
    links = open_redis(settings, "test")
    assert links is not None
    yield links
    await links.close()


def lines(found: Verification) -> list[str]:
    return [str(difference) for difference in found.differences]


@pytest.mark.parametrize("seed", range(3))
async def test_a_varied_history_is_clean(place: Place, settings: Settings, links: RedisLinks, seed: int) -> None:
    history = History(place, random.Random(seed))
    await history.begin()
    async with node(settings, place.region_id) as other:
        await history.go_on(120, (place.lane, other))
    done = await rebuild_region(place.pool, links, place.region_id, 1.0)
    found = await verify_region(place.pool, links, place.region_id)
    assert lines(found) == []
    assert found.redis == f"0 behind at {done.seq}"
    assert (found.seq, found.entries, found.units, found.shelters) == (done.seq, done.seq, 6, 1)
    assert found.reports > 50
    assert found.holds >= 5, history.told


EVENTS = {
    *("report applied", "report superseded", "report pinned", "report repeated", "late arrival"),
    *("movement", "void", "hold", "arrived", "lapsed", "no-show", "declined", "cancelled"),
    *("noon", "define", "remove", "close", "reopen"),
}
_TOLD = """
SELECT c->>'verb' AS event FROM journal, json_array_elements(causes) c
UNION SELECT 'report ' || outcome FROM report_unit
UNION SELECT 'late arrival' FROM hold_end WHERE late
"""


async def test_the_histories_tell_every_kind_of_event(place: Place) -> None:
    """A history without holds or pins would be clean for nothing."""
    told: set[str] = set()
    for seed in range(10, 30):
        history = History(place, random.Random(seed))
        await history.begin(3)
        await history.go_on(60)
        told |= {row["event"] for row in await place.pool.fetch(_TOLD)}
        if told >= EVENTS:
            break
    assert told >= EVENTS
    unit, key = await place.unit(), await machine(place)
    for _ in range(14):
        await place.report(unit, 4, by=key)
    assert (await place.state(unit))["stuck_by"] is not None
    assert lines(await verify_region(place.pool, None, place.region_id)) == []


async def test_a_live_system_is_clean_while_it_writes(place: Place, settings: Settings, links: RedisLinks) -> None:
    """Neither snapshots nor the lag of Redis look like damage to somebody who reads beside the writers."""
    board, mirror = LiveBoard(links, place.region_id, 1.0), Mirror(place.region_id)
    truth = Truth(place.pool, place.region_id)
    publisher = Publisher(truth, board, mirror, 1.0)
    relay = Relay(truth, board, mirror, publisher, 0.05)
    lane = Lane(place.pool, place.region_id, InventoryWriter(place.region_id, BRUSSELS), publisher.publish, settings)
    lane.start()
    loops = [asyncio.create_task(publisher.run(board)), asyncio.create_task(relay.run())]
    history = History(place, random.Random(77))
    await history.begin()
    writing = asyncio.create_task(history.go_on(400, (lane,)))
    looks = 0
    while not writing.done():
        found = await verify_region(place.pool, links, place.region_id)
        assert lines(found) == []
        looks += 1
    await writing
    assert looks > 3
    found = await verify_region(place.pool, links, place.region_id)
    assert (lines(found), found.redis) == ([], f"0 behind at {found.seq}")
    await lane.stop()
    for loop in loops:
        loop.cancel()


@dataclass(slots=True)
class Story:
    """A small history in which every table has something to break."""

    place: Place
    unit: UUID
    key: UUID
    hold: UUID
    ended: UUID

    async def damage(self, statement: str, *arguments: object) -> None:
        self.place.broken = True
        await self.place.pool.execute(statement, *arguments)

    async def verify(self, links: RedisLinks | None = None) -> Verification:
        return await verify_region(self.place.pool, links, self.place.region_id)


@pytest.fixture
async def story(place: Place, links: RedisLinks) -> Story:
    await set_clock(place.pool, at("20:00"))
    unit, key = await place.unit(turnover=Turnover.NIGHTLY), await machine(place, Basis.NET)
    now = await place.now()
    await place.report(unit, 9, at=now - timedelta(hours=1))
    await place.report(unit, 8, by=key, at=now - timedelta(minutes=20))
    await place.report(unit, 7, at=now - timedelta(minutes=10))
    await place.lane.submit(move_of(unit, 2, occurred_at=now - timedelta(minutes=5)))
    ended = await held(place, unit)
    await place.lane.submit(end_of(ended, Ending.DECLINED))
    hold = await held(place, unit, 2, request_id=new_id())
    await rebuild_region(place.pool, links, place.region_id, 1.0)
    return Story(place, unit, key.id, hold, ended)


DAMAGES = [
    ("UPDATE unit_state SET held = held + 1", "unit_state.held"),
    ("UPDATE unit_state SET free = free + 1", "unit_state.free"),
    ("UPDATE unit_state SET status = 'closed'", "unit_state.status"),
    ("UPDATE unit_state SET closed = true", "unit_state.closed"),
    ("UPDATE unit_state SET night = night - 1", "unit body.night"),
    ("UPDATE unit_state SET reopened_at = now()", "unit_state.reopened_at"),
    ("UPDATE unit_state SET stuck_by = unit_id", "unit_state.stuck_by"),
    ("UPDATE unit_state SET reports = reports - 1", "unit_state.reports"),
    ("UPDATE unit_state SET capacity = 12", "unit_state.capacity"),
    ("UPDATE unit_state SET count_at = count_at + interval '1 hour'", "unit_state.count_at"),
    ("UPDATE unit_state SET count_prior_seq = 1000", "unit_state.count_prior_seq"),
    ("UPDATE unit_state SET intake = '{\"paused\":true,\"until\":null}', intake_at = now()", "unit_state.intake"),
    ("DELETE FROM unit_state", "unit_state"),
    ("UPDATE report_unit SET free = 3 WHERE nth = 3", "unit_state.count_free"),
    ("UPDATE report_unit SET pinned = NOT pinned WHERE nth = 3", "pinned"),
    ("UPDATE report SET at = at - interval '2 hours'", "at"),
    ("DELETE FROM report_unit WHERE nth = 1", "nth"),
    ("DELETE FROM report_unit WHERE nth = 3", "unit_state.reports"),
    ("UPDATE movement SET voided_at = now()", "unit_state.free"),
    ("DELETE FROM movement", "unit_state.free"),
    ("UPDATE feed SET free = free + 1", "feed"),
    ("DELETE FROM feed", "feed"),
    ("DELETE FROM capacity_change", "capacity_change"),
    ("UPDATE unit SET regime = 'admission'", "shelter body.units"),
    ("UPDATE unit SET regime = 'admission'", "unit body.aging_at"),
    ("UPDATE unit SET removed = true", "subject.gone"),
    ("UPDATE shelter SET secret = true", "unit body.secret"),
    ("UPDATE shelter SET name = 'Other'", "shelter body.name"),
    ("UPDATE operator SET name = 'Other'", "shelter body.operator"),
    ("UPDATE hold SET state = 'lapsed', ended_at = now() WHERE state = 'held'", "hold_end"),
    ("UPDATE hold SET state = 'lapsed' WHERE state = 'declined'", "hold.state"),
    ("UPDATE hold SET ended_at = NULL WHERE state = 'declined'", "hold ended_at"),
    ("UPDATE hold SET places = 1 WHERE state = 'held'", "unit_state.held"),
    ("UPDATE hold SET state = 'held', ended_at = NULL", "hold_end of an open hold"),
    ("DELETE FROM hold_end", "hold_end"),
    ("INSERT INTO hold_end SELECT hold_id, hold_id, 'arrived', true, NULL, at, actor_id, '' FROM hold_end", "hold_end"),
    ("DELETE FROM journal WHERE seq = 3", "journal"),
    ("DELETE FROM journal WHERE seq = 1", "journal first seq"),
    ("DELETE FROM journal WHERE seq = (SELECT max(seq) FROM journal)", "journal last seq"),
    ("UPDATE region SET seq = seq + 1", "journal last seq"),
    ("UPDATE region SET seq = seq - 1", "journal last seq"),
    ("UPDATE journal SET visible_seq = seq + 1 WHERE seq = 3", "journal visible_seq"),
    ("UPDATE journal SET body = jsonb_set(body::jsonb, '{free}', '99')::json WHERE kind = 'unit'", "unit body.free"),
    ("UPDATE journal SET body = (body::text || ' ')::json WHERE kind = 'unit'", "unit body"),
    ("UPDATE journal SET gone = true", "subject (seq, visible_seq, gone)"),
    ("UPDATE subject SET seq = seq - 1 WHERE kind = 'unit'", "subject (seq, visible_seq, gone)"),
    ("UPDATE subject SET visible_seq = 0 WHERE kind = 'unit'", "subject (seq, visible_seq, gone)"),
    ("DELETE FROM subject WHERE kind = 'unit'", "subject"),
    ("UPDATE subject SET id = gen_random_uuid() WHERE kind = 'shelter'", "subject"),
]  # fmt: skip


@pytest.mark.parametrize("damage, what", DAMAGES)
async def test_damage_in_the_tables_is_found(story: Story, damage: str, what: str) -> None:
    assert lines(await story.verify()) == []
    await story.damage(damage)
    found = await story.verify()
    names = {difference.what for difference in found.differences}
    assert any(name == what or what in name.split() for name in names), lines(found)


async def test_a_difference_names_the_region_the_unit_and_both_values(story: Story) -> None:
    await story.damage("UPDATE unit_state SET free = 9")
    assert lines(await story.verify()) == [f"brussels  unit_state.free  {story.unit}  expected 5  found 9"]


async def test_two_open_holds_of_one_request_are_found(story: Story) -> None:
    await story.damage("DROP INDEX uq_hold_request_open")
    await story.damage(
        "INSERT INTO hold SELECT gen_random_uuid(), region_id, unit_id, request_id, places, state, held_at, "
        "expires_at, ended_at, actor_id, body_hash FROM hold WHERE id = $1",
        story.hold,
    )
    assert "open holds of a request" in {one.what for one in (await story.verify()).differences}


async def test_a_state_is_measured_by_the_rules_it_was_folded_by(story: Story) -> None:
    """It keeps the instants of older rules until it is folded anew; and says by which it was, or is found out."""
    await rule(story.place.lane, Policy(stuck_after=3, night=Ageing(60, 120, 180)))
    assert lines(await story.verify()) == []
    await story.damage("UPDATE unit_state SET policy = 1 WHERE unit_id = $1", story.unit)
    assert {one.what for one in (await story.verify()).differences} == {
        "unit body.aging_at", "unit body.stale_at", "unit body.silent_at",
    }  # fmt: skip


async def test_a_broken_database_does_not_fill_the_memory(story: Story) -> None:
    await story.damage(
        "INSERT INTO journal SELECT region_id, seq + 5000, batch, at, kind, subject_id, visible_seq, gone, causes, "
        "body FROM journal WHERE seq = 1"
    )
    found = await story.verify()
    assert len(found.differences) == 1_000
    assert found.omitted > 3_900


async def _change_state(redis: Redis, board: str, unit: UUID) -> None:
    field = f"unit:{unit}"
    value = cast("bytes", await redis.hget(board, field))
    await redis.hset(board, field, value.replace(b'"free":5', b'"free":6'))


async def _lose_state(redis: Redis, board: str, unit: UUID) -> None:
    await redis.hdel(board, f"unit:{unit}")


async def _add_state(redis: Redis, board: str, _: UUID) -> None:
    await redis.hset(board, f"unit:{new_id()}", "1|1|0|{}")


async def _lead(redis: Redis, board: str, _: UUID) -> None:
    await redis.hincrby(board.replace(":board", ":head"), "seq", 5)


async def _other_epoch(redis: Redis, board: str, _: UUID) -> None:
    await redis.hset(board.replace(":board", ":head"), "epoch", str(new_id()))


async def _no_board(redis: Redis, board: str, _: UUID) -> None:
    await redis.delete(board)


async def _nonsense(redis: Redis, board: str, _: UUID) -> None:
    await redis.hset(board, "nonsense", "nonsense")


REDIS_DAMAGES = [
    (_change_state, "redis unit"),
    (_lose_state, "redis unit"),
    (_add_state, "redis unit"),
    (_lead, "redis seq"),
    (_other_epoch, "redis epoch"),
    (_no_board, "redis board"),
    (_nonsense, "redis board"),
]


@pytest.mark.parametrize("damage, what", REDIS_DAMAGES)
async def test_damage_in_redis_is_found_and_mended_by_rebuild(
    story: Story, links: RedisLinks, damage: Callable[[Redis, str, UUID], Awaitable[None]], what: str
) -> None:
    assert lines(await story.verify(links)) == []
    region_id = story.place.region_id
    await damage(links.quick, f"halte:{{{region_id}}}:board", story.unit)
    assert [one.what for one in (await story.verify(links)).differences] == [what]
    if damage is _lead:
        with pytest.raises(RedisLeadsError):
            await rebuild_region(story.place.pool, links, region_id, 1.0)
        await renew_epoch(story.place.pool, region_id)
    await rebuild_region(story.place.pool, links, region_id, 1.0)
    assert lines(await story.verify(links)) == []


async def test_what_is_purged_is_no_difference_and_what_is_lost_is_one(story: Story, links: RedisLinks) -> None:
    """Whether Redis knows longer than Postgres that a placement is gone, or Postgres longer than Redis."""
    pool, region_id, asked, placed = story.place.pool, story.place.region_id, new_id(), new_id()
    coming = partial(marks.placement, placed, shelter=story.place.shelter_id, unit=story.unit, asked=asked)
    await marks.write(pool, region_id, marks.request(asked, 1), coming(version=1))
    await marks.write(pool, region_id, coming(version=2, gone=True))
    await marks.write(pool, region_id, marks.request(asked, 2))
    await rebuild_region(pool, links, region_id, 1.0)
    board = LiveBoard(links, region_id, 1.0)
    (tombstone,) = await board.tombstones(["placement"])
    await Purger(Truth(pool, region_id), None, Mirror(region_id), ["placement"]).purge(timedelta(0))
    assert await pool.fetchval("SELECT count(*) FROM subject WHERE id = $1", placed) == 0
    assert lines(await story.verify(links)) == []
    await board.purge([tombstone])
    assert await board.tombstones(["placement"]) == []
    assert lines(await story.verify(links)) == []
    await marks.write(pool, region_id, coming(version=3, gone=True))
    await rebuild_region(pool, links, region_id, 1.0)
    await board.purge(await board.tombstones(["placement"]))
    assert lines(await story.verify(links)) == []
    await links.quick.hdel(f"halte:{{{region_id}}}:board", f"request:{asked}")
    assert [one.what for one in (await story.verify(links)).differences] == ["redis request"]
    await story.damage("DELETE FROM subject WHERE id = $1", asked)
    assert "subject" in [one.what for one in (await story.verify(links)).differences]


async def test_a_redis_that_lags_is_compared_at_its_own_seq(story: Story, links: RedisLinks) -> None:
    await story.place.report(story.unit, 3)
    await story.place.unit()
    found = await story.verify(links)
    assert lines(found) == []
    assert found.redis == f"3 behind at {found.seq - 3}"
    await _change_state(links.quick, f"halte:{{{story.place.region_id}}}:board", story.unit)
    assert [one.what for one in (await story.verify(links)).differences] == ["redis unit"]


async def test_a_redis_that_does_not_answer_is_no_difference(story: Story) -> None:
    nobody = open_redis(Settings(redis_url="redis://127.0.0.1:1/0"), "test")
    assert nobody is not None
    found = await story.verify(nobody)
    assert lines(found) == []
    assert "does not answer" in found.redis
    await nobody.close()


async def test_a_unit_removed_and_put_back_in_one_batch_is_on_the_board(story: Story) -> None:
    place = story.place
    unit = place.make_unit()
    await place.lane.submit(DefineUnit(unit, 5, SYSTEM))
    await place.lane.submit_all([RemoveUnit(unit.id, SYSTEM), DefineUnit(unit, 5, SYSTEM)])
    assert lines(await story.verify()) == []


async def test_noon_and_a_shelter_that_opens_again_are_clean(story: Story) -> None:
    place = story.place
    shelter = Shelter(
        id=place.shelter_id, region_id=place.region_id, operator_id=place.operator_id, name="Again", commune="21004"
    )
    closed = Shelter(
        id=place.shelter_id, region_id=place.region_id, operator_id=place.operator_id, name="Again", commune="21004",
        closed=True,
    )  # fmt: skip
    await place.lane.submit(DefineShelter(closed, SYSTEM))
    await set_clock(place.pool, await place.now() + timedelta(hours=17))
    assert lines(await story.verify()) == []
    await place.lane.submit(DefineShelter(shelter, SYSTEM))
    await place.lane.submit(Refresh((story.unit,)))
    assert (await place.state(story.unit))["status"] == "awaiting-report"
    assert lines(await story.verify()) == []


async def _halte(settings: Settings, command: Command, *arguments: str) -> Result:
    """Run a command as the command line does, with a loop of its own."""
    return await asyncio.to_thread(CliRunner().invoke, command, arguments, obj=settings)


async def test_the_command_says_clean_or_what_differs(story: Story, settings: Settings) -> None:
    clean = await _halte(settings, verify)
    assert (clean.exit_code, clean.output.count("\n")) == (0, 1)
    assert clean.output.startswith("brussels: clean at seq ")
    assert "1 units, 1 shelters, 3 report lines, 2 holds; Redis: 0 behind" in clean.output
    await story.damage("UPDATE unit_state SET free = 9")
    found = await _halte(settings, verify, "--region", "brussels")
    assert found.exit_code == 1
    assert found.output.splitlines()[0] == f"brussels  unit_state.free  {story.unit}  expected 5  found 9"
    assert found.output.splitlines()[1].startswith("brussels: 1 differences at seq ")


async def test_the_commands_say_in_a_sentence_what_is_wrong(story: Story, settings: Settings) -> None:
    for command in (verify, rebuild):
        unknown = await _halte(settings, command, "--region", "atlantis")
        assert (unknown.exit_code, unknown.output) == (1, "Error: No region 'atlantis'. Known: brussels.\n")
        nowhere = await _halte(replace(settings, database_url="postgresql://x@127.0.0.1:1/x"), command)
        assert nowhere.exit_code == 1
        assert nowhere.output.startswith("Error: A server does not answer: ")
    alone = await _halte(replace(settings, redis_url=None), rebuild)
    assert (alone.exit_code, alone.output) == (1, "Error: No Redis: set REDIS_URL.\n")
    assert "Redis: not configured" in (await _halte(replace(settings, redis_url=None), verify)).output
    assert lines(await story.verify()) == []


async def test_rebuild_replaces_a_lost_board_and_a_new_epoch_one_that_leads(
    story: Story, links: RedisLinks, settings: Settings
) -> None:
    await links.quick.flushall()
    seq = (await story.verify()).seq
    rebuilt = await _halte(settings, rebuild)
    assert rebuilt.output.startswith(f"brussels: rebuilt at seq {seq}, 2 subjects, epoch ")
    assert lines(await story.verify(links)) == []
    await _lead(links.quick, f"halte:{{{story.place.region_id}}}:board", story.unit)
    refused = await _halte(settings, rebuild)
    assert refused.output == f"Error: Redis is at {seq + 5}, Postgres at {seq}: numbers were lost. Use --new-epoch.\n"
    renewed = await _halte(settings, rebuild, "--new-epoch", "--region", "brussels")
    assert (renewed.exit_code, renewed.output.count("\n")) == (0, 2)
    assert lines(await story.verify(links)) == []
