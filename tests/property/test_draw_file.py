"""Whatever is changed in the file of a draw, it holds no more."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orientation.drawing.algorithm import (
    FORMAT,
    DrawRulesUsed,
    Entry,
    FrozenList,
    PolicyUsed,
    TicketRule,
    canonical,
    commitment,
    list_hash,
    order_of,
    seed_of,
)
from orientation.drawing.verifying import DrawFile, RefutedError, verify

_RULES = DrawRulesUsed([{"urgency": ["pregnant"], "parties": [], "turned_away": False}], [TicketRule({}, 2)])


def _drawn(entries: list[Entry], secrets: tuple[str, str] = ("11" * 32, "22" * 32)) -> DrawFile:
    frozen = FrozenList(
        FORMAT,
        UUID(int=1),
        date(2026, 1, 15),
        "man",
        datetime(2026, 1, 15, 17, tzinfo=UTC),
        PolicyUsed(3, "90f2a1c4d57b8e60", _RULES),
        sorted(entries, key=lambda one: one.pseudonym),
    )
    commitments = commitment(secrets[0]), commitment(secrets[1])
    hash_of_list = list_hash(frozen)
    seed = seed_of(hash_of_list, commitments, secrets)
    return DrawFile(frozen, hash_of_list, commitments, secrets, seed, order_of(seed, frozen.entries))


_ENTRIES = [Entry(f"{number * 7919:032x}", number % 2, 1 + number % 3 // 2) for number in range(5)]
_FILE = _drawn(_ENTRIES)
_hex = st.text("0123456789abcdef", min_size=64, max_size=64)
_entries = st.lists(
    st.builds(Entry, st.text("0123456789abcdef", min_size=32, max_size=32), st.integers(0, 1), st.integers(1, 2)),
    max_size=8,
    unique_by=lambda one: one.pseudonym,
)


@given(_entries, _hex, _hex)
def test_what_was_drawn_holds(entries: list[Entry], first: str, second: str) -> None:
    if first != second:
        assert len(verify(canonical(_drawn(entries, (first, second)))).order) == len(entries)


def test_no_bit_of_the_file_can_be_another_one() -> None:
    content = canonical(_FILE)
    assert verify(content) == _FILE
    for place in range(len(content)):
        for bit in range(8):
            changed = bytearray(content)
            changed[place] ^= 1 << bit
            with pytest.raises(RefutedError):
                verify(bytes(changed))


@given(st.integers(0, len(canonical(_FILE))), st.binary(min_size=1, max_size=3), st.integers(0, 3))
def test_nothing_can_be_added_or_left_out(place: int, added: bytes, less: int) -> None:
    content = canonical(_FILE)
    changed = content[:place] + added + content[place + less :]
    if changed != content:
        with pytest.raises(RefutedError):
            verify(changed)


def _with_list(**changes: Any) -> DrawFile:
    return msgspec.structs.replace(_FILE, frozen=msgspec.structs.replace(_FILE.frozen, **changes))


# Each in the form of a file, and each with what is said of it.
_FORGED = {
    "another hour": (_with_list(frozen_at=datetime(2026, 1, 15, 18, tzinfo=UTC)), "the list is not"),
    "another draw": (_with_list(draw=UUID(int=2)), "the list is not"),
    "one left out": (_with_list(entries=_FILE.frozen.entries[1:]), "the list is not"),
    "one twice": (_with_list(entries=[*_FILE.frozen.entries, _FILE.frozen.entries[-1]]), "twice"),
    "no such stratum": (_with_list(entries=[Entry("0" * 32, 2, 1), *_FILE.frozen.entries[1:]]), "stratum"),
    "no such tickets": (_with_list(entries=[Entry("0" * 32, 0, 7), *_FILE.frozen.entries[1:]]), "tickets"),
    "other commitments": (_drawn(_ENTRIES, ("33" * 32, "22" * 32)).commitments, "secret 1"),
    "another secret": (("11" * 32, "23" * 32), "secret 2"),
    "another seed": ("0" * 64, "the seed"),
    "another order": (_FILE.order[::-1], "the order"),
}
_MEMBERS = {
    "other commitments": "commitments",
    "another secret": "secrets",
    "another seed": "seed",
    "another order": "order",
}


@pytest.mark.parametrize("forged", _FORGED)
def test_it_is_said_what_is_wrong(forged: str) -> None:
    changed, said = _FORGED[forged]
    if forged in _MEMBERS:
        changed = msgspec.structs.replace(_FILE, **{_MEMBERS[forged]: changed})
    with pytest.raises(RefutedError, match=said):
        verify(canonical(changed))


def test_one_person_cannot_be_two() -> None:
    with pytest.raises(RefutedError, match="one person"):
        verify(canonical(_drawn(_ENTRIES, ("11" * 32, "11" * 32))))


@pytest.mark.parametrize("content", [b"", b"null", b"[]", b"{", b"\xff", b"[" * 100_000, b'{"list":1}'])
def test_what_is_no_draw_is_told_so(content: bytes) -> None:
    with pytest.raises(RefutedError, match="not the file of a draw"):
        verify(content)
