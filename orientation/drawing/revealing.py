"""Freezing and revealing: the list as it stands, and the order that nobody could have known before both secrets."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import msgspec

from inventory.lane.loading import Touches
from inventory.lane.working import Working
from orientation.drawing.acting import DrawAct
from orientation.drawing.algorithm import (
    FORMAT,
    DrawRulesUsed,
    Entry,
    FrozenList,
    PolicyUsed,
    canonical,
    commitment,
    list_hash,
    order_of,
    pseudonym,
    seed_of,
)
from orientation.drawing.committing import PEOPLE
from orientation.drawing.verifying import DrawFile
from orientation.lane.records import records_of
from orientation.model.counts import group_of
from orientation.model.draw import Commitment, Draw, DrawEntry, DrawState, Waiting
from orientation.model.sharing import DrawRules, draw_as_data, place_among, tickets_of
from orientation.problems import CommitmentMissing, NobodyWaits, NotCommitted, SecretWrong

_KEY_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze(DrawAct):
    """Whoever of the audience waits now is drawn for; whoever comes later comes after them."""

    verb: ClassVar[str] = "freeze"
    states: ClassVar[frozenset[DrawState]] = frozenset({DrawState.OPEN})

    def touch(self, touches: Touches) -> None:
        DrawAct.touch(self, touches)
        touches.queues.add(self.draw_id)

    def change(self, working: Working, draw: Draw) -> Draw:
        records = records_of(working)
        if len(draw.commitments) < PEOPLE:
            raise CommitmentMissing(draw=str(draw.id), made=len(draw.commitments))
        waiting = [one for one in records.queue if group_of(one.household) is draw.audience]
        if not waiting:
            raise NobodyWaits(draw=str(draw.id), audience=draw.audience)
        policy = records.policy
        frozen = replace(
            draw,
            state=DrawState.FROZEN,
            frozen_at=working.now,
            policy_version=policy.version,
            policy_hash=policy.hash,
            rules=canonical(draw_as_data(policy.draw)).decode(),
            size=len(waiting),
            key=secrets.token_bytes(_KEY_BYTES),
        )
        lines = _lines(frozen, waiting, policy.draw)
        records.draw_entries.update(((draw.id, line.place), line) for line in lines)
        return replace(frozen, list_hash=bytes.fromhex(list_hash(frozen_list(frozen, lines))))


def _lines(draw: Draw, waiting: Iterable[Waiting], rules: DrawRules) -> list[DrawEntry]:
    """Return the list in the order of its pseudonyms: it tells nothing of who asked first."""
    named = {pseudonym(draw.key or b"", one.request_id): one for one in waiting}
    return [
        DrawEntry(
            draw.id,
            place,
            name,
            place_among(rules.strata, one.household, turned_away=one.turned_away),
            tickets_of(rules, one.household, turned_away=one.turned_away),
            one.request_id,
        )
        for place, (name, one) in enumerate(sorted(named.items()))
    ]


def _entries(lines: Iterable[DrawEntry]) -> list[Entry]:
    return [Entry(line.pseudonym, line.stratum, line.tickets) for line in lines]


def frozen_list(draw: Draw, lines: Iterable[DrawEntry]) -> FrozenList:
    """Return the list as its hash is made of it; `lines` in the list's order."""
    if draw.frozen_at is None or draw.policy_version is None or draw.policy_hash is None or draw.rules is None:
        raise ValueError(f"draw {draw.id} is not frozen")
    rules = msgspec.json.decode(draw.rules, type=DrawRulesUsed)
    policy = PolicyUsed(draw.policy_version, draw.policy_hash, rules)
    return FrozenList(FORMAT, draw.id, draw.night, draw.audience.value, draw.frozen_at, policy, _entries(lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reveal(DrawAct):
    """Tell what one has committed to. With the second secret it is drawn, in the same act."""

    verb: ClassVar[str] = "reveal"
    states: ClassVar[frozenset[DrawState]] = frozenset({DrawState.FROZEN})
    secret: str

    def change(self, working: Working, draw: Draw) -> Draw:
        mine = next((one for one in draw.commitments if one.by == self.actor_id), None)
        if mine is None:
            raise NotCommitted(draw=str(draw.id))
        if commitment(self.secret) != mine.commitment:
            raise SecretWrong(draw=str(draw.id))
        told = tuple(replace(one, secret=self.secret) if one is mine else one for one in draw.commitments)
        secret_texts = [one.secret for one in told if one.secret is not None]
        if len(secret_texts) < PEOPLE:
            return replace(draw, commitments=told)
        return _draw(working, replace(draw, commitments=told), secret_texts)


def _draw(working: Working, draw: Draw, secret_texts: Sequence[str]) -> Draw:
    records = records_of(working)
    lines = records.lists[draw.id]
    seed = seed_of((draw.list_hash or b"").hex(), [one.commitment for one in draw.commitments], secret_texts)
    positions = {name: position for position, name in enumerate(order_of(seed, _entries(lines)))}
    records.draw_entries.update(
        ((draw.id, line.place), replace(line, position=positions[line.pseudonym])) for line in lines
    )
    return replace(draw, state=DrawState.DRAWN, seed=bytes.fromhex(seed), drawn_at=working.now)


def export(draw: Draw, lines: Sequence[DrawEntry]) -> DrawFile:
    """Return the file of a draw that is drawn: all that it takes to draw again, and nothing of anybody."""
    first, second = draw.commitments
    drawn = sorted(lines, key=lambda line: -1 if line.position is None else line.position)
    return DrawFile(
        frozen=frozen_list(draw, sorted(lines, key=lambda line: line.place)),
        list_hash=(draw.list_hash or b"").hex(),
        commitments=(first.commitment, second.commitment),
        secrets=(_told(first), _told(second)),
        seed=(draw.seed or b"").hex(),
        order=[line.pseudonym for line in drawn],
    )


def _told(one: Commitment) -> str:
    return one.secret or ""
