"""The board in Redis: the fold of the tables at a seq (I6). It may lag, never lead.

Adapter only: every method asks once, bounded, and raises what kernel.redis.REDIS_AWAY names.
Ranges are applied by apply.lua, whole boards put in place by swap.lua, so that a reader never
sees a board between two seqs, and a late or repeated call changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import RedisError

from kernel.ids import new_id
from kernel.journal import Head, Range, Subject
from kernel.redis import BLOCK_S, RedisLinks

_HERE = Path(__file__).parent
_APPLY = (_HERE / "apply.lua").read_text("utf-8")
_SWAP = (_HERE / "swap.lua").read_text("utf-8")
_PURGE = (_HERE / "purge.lua").read_text("utf-8")

_LOAD_CHUNK = 500
# A rebuild that dies half-way leaves its key behind no longer than this.
_LOAD_EXPIRES_S = 60
_WAKES_AT_ONCE = 64
_META = (b"epoch", b"after", b"to")


@dataclass(frozen=True, slots=True)
class Applied:
    """Redis is at `seq`, which is no less than the range's `to`."""

    seq: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Redis is at `seq`: whoever applies must bring what lies between first."""

    seq: int


@dataclass(frozen=True, slots=True)
class Absent:
    """Redis holds no board of this epoch: only a rebuild helps."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A whole board at one seq, and where the wake stream stood at that moment."""

    head: Head
    subjects: tuple[Subject, ...]
    position: bytes


@dataclass(frozen=True, slots=True)
class Wake:
    """One entry of the wake stream. `change` is None when the board must be read again to know.

    `forced`: a board was put in place that may differ under the same numbers.
    """

    position: bytes
    head: Head
    change: Range | None
    forced: bool = False


class LiveBoard:
    """One region's board."""

    def __init__(self, links: RedisLinks, region_id: UUID, timeout_s: float) -> None:
        self._redis = links.board
        self._patient = links.patient
        self._region_id = region_id
        self._timeout_s = timeout_s
        # Braces: on a cluster all keys of a region live together, as the scripts need.
        prefix = f"halte:{{{region_id}}}"
        self._board, self._head, self._wake = f"{prefix}:board", f"{prefix}:head", f"{prefix}:wake"
        self._apply = self._redis.register_script(_APPLY)
        self._swap = self._redis.register_script(_SWAP)
        self._purge = self._redis.register_script(_PURGE)

    async def head(self) -> Head | None:
        """Return how far Redis is; None where it holds no usable board."""
        async with asyncio.timeout(self._timeout_s):
            (epoch, seq), exists = await _ask(
                self._redis, ("HMGET", self._head, "epoch", "seq"), ("EXISTS", self._board)
            )
        return _head(epoch, seq, bool(exists))

    async def apply(self, change: Range) -> Applied | Gap | Absent:
        """Apply a range; what Redis already has of it is skipped."""
        arguments: list[Any] = [str(change.epoch), change.after, change.to]
        for subject in change.subjects:
            arguments += pack(subject)
        async with asyncio.timeout(self._timeout_s):
            outcome, seq = await self._apply(keys=[self._board, self._head, self._wake], args=arguments)
        if outcome == b"applied":
            return Applied(seq)
        return Gap(seq) if outcome == b"gap" else Absent()

    async def rebuild(self, head: Head, subjects: Sequence[Subject], *, force: bool = False) -> bool:
        """Load a whole board beside the present one and put it in its place.

        False: Redis was already as far (`force` replaces a board of the same seq too), or was
        emptied meanwhile.
        """
        loaded = f"{self._board}:{new_id().hex}"
        for start in range(0, len(subjects), _LOAD_CHUNK):
            states = chain.from_iterable(map(pack, subjects[start : start + _LOAD_CHUNK]))
            async with asyncio.timeout(self._timeout_s):
                await _ask(self._redis, ("HSET", loaded, *states), ("EXPIRE", loaded, _LOAD_EXPIRES_S))
        async with asyncio.timeout(self._timeout_s):
            outcome = await self._swap(
                keys=[self._board, self._head, self._wake, loaded],
                args=[str(head.epoch), head.seq, len(subjects), int(force)],
            )
        return bool(outcome == b"swapped")

    async def tombstones(self, kinds: Sequence[str]) -> list[Subject]:
        """Return what is gone of these kinds."""
        found: dict[bytes, bytes] = {}
        for kind in kinds:
            cursor: int | None = None
            while cursor != 0:
                async with asyncio.timeout(self._timeout_s):
                    answer: Any = await self._redis.hscan(self._board, cursor or 0, f"{kind}:*", _LOAD_CHUNK)
                cursor, some = answer
                found |= some
        try:
            return [subject for field, value in found.items() if (subject := unpack(field, value)).gone]
        except ValueError as error:
            raise RedisError("the board holds something that is not ours") from error

    async def purge(self, tombstones: Sequence[Subject]) -> None:
        """Drop these where they still stand so."""
        for start in range(0, len(tombstones), _LOAD_CHUNK):
            some = tombstones[start : start + _LOAD_CHUNK]
            arguments: list[Any] = []
            for subject in some:
                arguments += f"{subject.kind}:{subject.id}", subject.seq
            async with asyncio.timeout(self._timeout_s):
                await self._purge(keys=[self._board], args=arguments)

    async def read(self) -> Reading | None:
        """Return the whole board, tombstones included; None where there is no usable one."""
        async with asyncio.timeout(2 * BLOCK_S):
            (epoch, seq), states, last = await _ask(
                self._patient,
                ("HMGET", self._head, "epoch", "seq"),
                ("HGETALL", self._board),
                ("XREVRANGE", self._wake, "+", "-", "COUNT", 1),
            )
        head = _head(epoch, seq, bool(states))
        if head is None:
            return None
        try:
            subjects = sorted((unpack(field, value) for field, value in states.items()), key=_by_seq)
        except ValueError:
            return None
        return Reading(head, tuple(subjects), last[0][0] if last else b"0-0")

    async def follow(self, position: bytes) -> list[Wake]:
        """Wait for entries after `position`, at most BLOCK_S; an empty list means that none came."""
        async with asyncio.timeout(2 * BLOCK_S):
            answer: Any = await self._patient.xread(
                {self._wake: position}, count=_WAKES_AT_ONCE, block=int(BLOCK_S * 1_000)
            )
        if not answer:
            return []
        ((_, batches),) = answer.items()
        try:
            return [self._wake_of(entry, fields) for batch in batches for entry, fields in batch]
        except (KeyError, ValueError) as error:
            raise RedisError("the wake stream holds something that is not ours") from error

    def _wake_of(self, position: bytes, fields: Mapping[bytes, bytes]) -> Wake:
        head = Head(UUID(fields[b"epoch"].decode()), int(fields[b"to"]))
        if not fields[b"after"]:
            return Wake(position, head, None, b"forced" in fields)
        subjects = sorted((unpack(*pair) for pair in fields.items() if pair[0] not in _META), key=_by_seq)
        after = int(fields[b"after"])
        return Wake(position, head, Range(self._region_id, head.epoch, after, head.seq, tuple(subjects)))


async def _ask(redis: Redis, *commands: tuple[Any, ...]) -> list[Any]:
    """Send several commands in one message, answered at one moment (MULTI)."""
    pipeline: Any = redis.pipeline(transaction=True)
    async with pipeline:
        for command in commands:
            pipeline.execute_command(*command)
        answers: list[Any] = await pipeline.execute()
    return answers


def pack(subject: Subject) -> tuple[str, bytes]:
    """Write a subject as a field and a value of the board."""
    stamp = f"{subject.seq}|{subject.visible_seq}|{int(subject.gone)}|".encode()
    return f"{subject.kind}:{subject.id}", stamp + subject.body


def unpack(field: bytes, value: bytes) -> Subject:
    """Read a subject back; ValueError where it was never one."""
    kind, _, id_ = field.decode().partition(":")
    seq, visible_seq, gone, body = value.split(b"|", 3)
    return Subject(kind, UUID(id_), int(seq), int(visible_seq), gone == b"1", body)


def _head(epoch: bytes | None, seq: bytes | None, board_exists: bool) -> Head | None:
    try:
        head = Head(UUID((epoch or b"").decode()), int(seq or b""))
    except ValueError:
        return None
    # Every number of the journal belongs to a subject: a board that has a seq and no states was lost.
    return head if board_exists or head.seq == 0 else None


def _by_seq(subject: Subject) -> int:
    return subject.seq
