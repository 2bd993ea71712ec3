"""The draw as arithmetic: a list, two commitments, a seed, an order. docs/distribution.md says the same in words.

Whole numbers, SHA-256 and plain text, so that it comes out the same on any machine and in any language.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from hashlib import sha256
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec

FORMAT: Final = "halte-draw-1"
_PSEUDONYM_BYTES = 16

Hash = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Pseudonym = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]
Whole = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
# More than any policy gives, and few enough that a file which somebody made up is drawn in no time.
_Tickets = Annotated[int, msgspec.Meta(ge=1, le=1_000)]


class Exact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Has these members and no others."""


class Entry(Exact, frozen=True):
    """A household in the list. Lower strata are drawn first; among those of one, each ticket is worth the same."""

    pseudonym: Pseudonym
    stratum: Whole
    tickets: _Tickets


class TicketRule(Exact, frozen=True):
    match: dict[str, Any]
    tickets: _Tickets


class DrawRulesUsed(Exact, frozen=True):
    strata: list[dict[str, Any]]
    tickets: list[TicketRule]


class PolicyUsed(Exact, frozen=True):
    """`hash` is that of the whole policy, of which `draw` is the part that made strata and tickets."""

    version: Whole
    hash: str
    draw: DrawRulesUsed


class FrozenList(Exact, frozen=True):
    """Who is drawn for, and by which rules: nothing in here can be changed without another hash.

    Entries are in the order of their pseudonyms, so that it tells nothing of who asked first.
    """

    format: Literal["halte-draw-1"]
    draw: UUID
    night: date
    audience: str
    frozen_at: Annotated[datetime, msgspec.Meta(tz=True)]
    policy: PolicyUsed
    entries: list[Entry]


def canonical(value: object) -> bytes:
    """Return JSON with its members sorted and no space in between (RFC 8785; all of it is ASCII and whole numbers)."""
    return msgspec.json.encode(value, order="sorted")


def pseudonym(key: bytes, request_id: UUID) -> str:
    """Return what stands in the list for a request; without the key of this draw nobody can say for which."""
    return hmac.digest(key, request_id.bytes, "sha256")[:_PSEUDONYM_BYTES].hex()


def list_hash(frozen: FrozenList) -> str:
    return sha256(canonical(frozen)).hexdigest()


def commitment(secret: str) -> str:
    """Return what somebody makes known beforehand of a secret that they tell afterwards; both in hexadecimal."""
    return sha256(bytes.fromhex(secret)).hexdigest()


def seed_of(hash_of_list: str, commitments: Sequence[str], secrets: Sequence[str]) -> str:
    """Return what nobody could know before the list was frozen and both secrets told."""
    lines = [f"{FORMAT} seed", hash_of_list, *commitments, *secrets]
    return sha256("\n".join(lines).encode()).hexdigest()


def order_of(seed: str, entries: Iterable[Entry]) -> list[str]:
    """Return the pseudonyms in the drawn order: stratum by stratum, and in each as if all tickets were drawn
    one after the other, of which the first of each household counts.
    """
    return [one.pseudonym for one in sorted(entries, key=lambda one: (one.stratum, _best(seed, one), one.pseudonym))]


def _best(seed: str, entry: Entry) -> bytes:
    """The least of as many random numbers as there are tickets: twice the tickets, twice the chance to be first."""
    drawn = f"{seed} {entry.pseudonym} "
    return min(sha256(f"{drawn}{ticket}".encode()).digest() for ticket in range(1, entry.tickets + 1))
