"""Who is told on the live streams of requests, placements, draws and plans: the desk, and staff of placements (I11).

All four kinds are reserved: a board, whoever looks at it, knows nothing of them nor of their changes. Their bodies
name ids and a version (I9); what they are about is asked for over HTTP by whoever may know.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from inventory.model import audience as inventory
from inventory.model.audience import Audience
from kernel.live.shelves import Lens, Reserve

# The circle of all who work for the whole region. Every other circle is a shelter's id.
_DESK = "desk"
REQUEST, PLACEMENT, DRAW, PLAN = "request", "placement", "draw", "plan"


@dataclass(frozen=True, slots=True)
class Insider:
    """Sees the board as `board` does, and of what is reserved what concerns one of its circles."""

    board: Audience
    circles: frozenset[UUID | str]


DESK = Insider(Audience(), frozenset({_DESK}))


def staff_of(shelters: frozenset[UUID]) -> Insider:
    """Return who sees these shelters and nothing else, and who is coming there."""
    return Insider(Audience(own=shelters, only_own=True), shelters)


class _Coming(msgspec.Struct, frozen=True):
    """The part of a placement's body that decides who is told."""

    shelter: UUID


_coming = msgspec.json.Decoder(_Coming).decode


def _circles(kind: str, body: bytes) -> tuple[Hashable, ...]:
    return (_DESK, _coming(body).shelter) if kind == PLACEMENT else (_DESK,)


def _insight(audience: Any) -> tuple[frozenset[Any], tuple[str, ...]]:
    if not isinstance(audience, Insider):
        return frozenset(), ()
    return audience.circles, (REQUEST, PLACEMENT, DRAW, PLAN) if _DESK in audience.circles else (PLACEMENT,)


def _sight(audience: Audience | Insider) -> tuple[frozenset[UUID], bool]:
    return inventory.sight(audience.board if isinstance(audience, Insider) else audience)


LENS = Lens(inventory.judge, _sight, Reserve(frozenset({REQUEST, PLACEMENT, DRAW, PLAN}), _circles, _insight))
