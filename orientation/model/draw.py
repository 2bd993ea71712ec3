"""A draw: a reproducible lottery among those of one audience who wait, one a night and audience."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from orientation.model.counts import PartyGroup
from orientation.model.household import Household


class DrawState(StrEnum):
    """Commitments come while it is open; once it is frozen the list stands, and the secrets may be revealed."""

    OPEN = "open"
    FROZEN = "frozen"
    DRAWN = "drawn"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class Commitment:
    """What somebody has bound themselves to before the list was known: the SHA-256 of `secret`, revealed after it."""

    by: UUID
    at: datetime
    commitment: str
    secret: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """`version` moves with every change. `rules` is the JSON of what was in force at the freeze.

    `key` makes the pseudonyms; without it, after the night, nothing links them to requests but the entries themselves.
    """

    id: UUID
    region_id: UUID
    night: date
    audience: PartyGroup
    made_at: datetime
    actor_id: UUID
    version: int = 0
    state: DrawState = DrawState.OPEN
    commitments: tuple[Commitment, ...] = ()
    policy_version: int | None = None
    policy_hash: str | None = None
    rules: str | None = None
    size: int = 0
    key: bytes | None = None
    list_hash: bytes | None = None
    seed: bytes | None = None
    why: str | None = None
    frozen_at: datetime | None = None
    drawn_at: datetime | None = None
    # Abandoned, or its night is over.
    ended_at: datetime | None = None
    # Off the screens.
    gone: bool = False


@dataclass(frozen=True, slots=True)
class DrawEntry:
    """A line of the frozen list, in its order; `position` in the drawn order. The request is erased before the line."""

    draw_id: UUID
    place: int
    pseudonym: str
    stratum: int
    tickets: int
    request_id: UUID | None = None
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A household that waits for tonight, as a freeze finds it."""

    request_id: UUID
    household: Household
    turned_away: bool
