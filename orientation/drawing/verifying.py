"""Verifying: does a draw hold, from its exported file alone? No database, no settings, nothing of this installation."""

from __future__ import annotations

import msgspec

from orientation.drawing.algorithm import (
    Exact,
    FrozenList,
    Hash,
    Pseudonym,
    canonical,
    commitment,
    list_hash,
    order_of,
    seed_of,
)


class DrawFile(Exact, frozen=True):
    """All that is needed to draw again, and nothing about people. Commitments in the order in which they were made."""

    frozen: FrozenList = msgspec.field(name="list")
    list_hash: Hash
    commitments: tuple[Hash, Hash]
    secrets: tuple[Hash, Hash]
    seed: Hash
    order: list[Pseudonym]


class RefutedError(Exception):
    """Which check fails, as the end of a sentence."""


_decode = msgspec.json.Decoder(DrawFile).decode


def verify(content: bytes) -> DrawFile:
    """Return the draw that the file holds, or raise what is wrong with it. Every byte is looked at."""
    file = _read(content)
    _check_entries(file.frozen)
    _check(list_hash(file.frozen) == file.list_hash, "the list is not the one that was frozen: its hash is another one")
    for place, secret in enumerate(file.secrets):
        same = commitment(secret) == file.commitments[place]
        _check(same, f"secret {place + 1} is not the one that was committed to before the list was frozen")
    _check(file.commitments[0] != file.commitments[1], "both commitments are the same, so that one person made them")
    seed = seed_of(file.list_hash, file.commitments, file.secrets)
    _check(seed == file.seed, "the seed is not what follows from the list, the commitments and the secrets")
    _check(order_of(seed, file.frozen.entries) == file.order, "the order is not the one that the seed draws")
    return file


def _read(content: bytes) -> DrawFile:
    try:
        file = _decode(content)
        # What could be read in two ways (a member that stands twice, another spelling of a number) is not the file.
        same = canonical(file) == content
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise RefutedError(f"this is not the file of a draw: {error}") from None
    _check(same, "the file is not as it was exported: something was added, or written in another way")
    return file


def _check_entries(frozen: FrozenList) -> None:
    names = [entry.pseudonym for entry in frozen.entries]
    rules = frozen.policy.draw
    may_have = {1} | {rule.tickets for rule in rules.tickets}
    _check(names == sorted(set(names)), "somebody stands in the list twice, or it is not in the order of pseudonyms")
    for entry in frozen.entries:
        _check(entry.stratum <= len(rules.strata), f"{entry.pseudonym} has a stratum that the rules do not have")
        _check(entry.tickets in may_have, f"{entry.pseudonym} has as many tickets as the rules give to nobody")


def _check(holds: bool, otherwise: str) -> None:
    if not holds:
        raise RefutedError(otherwise)
