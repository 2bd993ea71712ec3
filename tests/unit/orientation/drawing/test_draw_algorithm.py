"""The draw is fair, it is the one in the documentation, and nothing links two of them."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from hashlib import sha256
from itertools import permutations
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from orientation.drawing.algorithm import Entry, order_of, pseudonym
from orientation.drawing.verifying import verify

_DRAWS = 100_000
_DOCS = Path(__file__).parents[4] / "docs" / "distribution.md"
_NAMES = [f"{number:032x}" for number in range(5)]


def _seeds(label: str) -> Sequence[str]:
    """Always the same ones: what is found in them is found again."""
    return [sha256(f"{label} {number}".encode()).hexdigest() for number in range(_DRAWS)]


def _unevenness(entries: Sequence[Entry]) -> float:
    """Chi-square over who comes at which place. For a fair draw of n it has (n - 1)² degrees of freedom."""
    count, expected = len(entries), _DRAWS / len(entries)
    places = Counter((place, name) for seed in _seeds("places") for place, name in enumerate(order_of(seed, entries)))
    cells = [(places[place, entry.pseudonym] - expected) ** 2 / expected for place in range(count) for entry in entries]
    return sum(cells) * (count - 1) / count


def test_everybody_comes_equally_often_at_every_place() -> None:
    # 0.001 of fair draws would be above; one ticket more for one of five is far beyond it.
    assert _unevenness([Entry(name, 0, 1) for name in _NAMES]) < 39.25
    assert _unevenness([Entry(name, 0, 2 if name == _NAMES[0] else 1) for name in _NAMES]) > 10_000


def test_tickets_are_drawn_one_after_the_other() -> None:
    entries = [Entry(name, 0, tickets) for name, tickets in zip(_NAMES, (1, 2, 3, 5), strict=False)]
    tickets = {entry.pseudonym: entry.tickets for entry in entries}
    found = Counter(tuple(order_of(seed, entries)) for seed in _seeds("tickets"))
    chi_square = 0.0
    for order in permutations(tickets):
        chance, left = Fraction(1), sum(tickets.values())
        for name in order:
            chance *= Fraction(tickets[name], left)
            left -= tickets[name]
        expected = float(chance * _DRAWS)
        chi_square += (found[order] - expected) ** 2 / expected
    # 23 degrees of freedom, 0.001.
    assert chi_square < 49.73


def test_a_stratum_is_drawn_before_the_next_whatever_the_tickets() -> None:
    entries = [Entry(_NAMES[0], 1, 20), Entry(_NAMES[1], 0, 1), Entry(_NAMES[2], 2, 20), Entry(_NAMES[3], 0, 1)]
    for seed in _seeds("strata")[:200]:
        order = order_of(seed, entries)
        assert (set(order[:2]), order[2:]) == ({_NAMES[1], _NAMES[3]}, [_NAMES[0], _NAMES[2]])


def test_nothing_links_two_draws() -> None:
    request = UUID(int=7)
    first, second = pseudonym(b"a" * 32, request), pseudonym(b"b" * 32, request)
    assert first != second
    assert pseudonym(b"a" * 32, UUID(int=8)) != first
    assert pseudonym(b"a" * 32, request) == first


def example() -> dict[str, Any]:
    """The example of the documentation, with what is said there of each step."""
    page = _DOCS.read_text("utf-8")
    blocks = re.findall(r"<!-- vector -->\n+```json\n(.+?)\n```", page, re.DOTALL)
    vector: dict[str, Any] = json.loads(blocks[0])
    return vector


def line(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def test_the_example_of_the_documentation_holds() -> None:
    vector = example()
    assert verify(line(vector)).order == vector["order"]


def test_whoever_writes_it_anew_from_the_documentation_gets_the_same() -> None:
    vector = example()

    def sha(text: bytes) -> str:
        return sha256(text).hexdigest()

    assert sha(line(vector["list"])) == vector["list_hash"]
    assert [sha(bytes.fromhex(secret)) for secret in vector["secrets"]] == vector["commitments"]
    lines = ["halte-draw-1 seed", vector["list_hash"], *vector["commitments"], *vector["secrets"]]
    assert sha("\n".join(lines).encode()) == vector["seed"]
    keys = {
        entry["pseudonym"]: (
            entry["stratum"],
            min(
                sha(f"{vector['seed']} {entry['pseudonym']} {ticket}".encode())
                for ticket in range(1, entry["tickets"] + 1)
            ),
        )
        for entry in vector["list"]["entries"]
    }
    assert sorted(keys, key=lambda name: keys[name]) == vector["order"]
    page = _DOCS.read_text("utf-8")
    for name in vector["order"]:
        # The keys stand there too, so that whoever gets another order sees where they part.
        assert f"`{name}` | {keys[name][0]} | `{keys[name][1]}`" in page


@pytest.mark.parametrize("tickets", [1, 20])
def test_the_order_of_the_list_does_not_matter(tickets: int) -> None:
    entries = [Entry(name, 0, tickets) for name in _NAMES]
    for seed in _seeds("lists")[:50]:
        assert order_of(seed, entries) == order_of(seed, entries[::-1])
