"""What /readyz makes of a board and a journal: a number only where both count alike."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest

from halte.health import _standing
from kernel.journal import Head

HERE, OTHER = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize(
    "board, journal, lag",
    [
        (Head(HERE, 5), Head(HERE, 8), 3),
        (Head(HERE, 8), Head(HERE, 8), 0),
        (Head(HERE, 9), Head(HERE, 8), 0),
        (Head(OTHER, 900), Head(HERE, 8), None),
        (Head(OTHER, 5), Head(HERE, 8), None),
        (None, Head(HERE, 8), None),
        (Head(HERE, 5), None, None),
    ],
)
def test_lag(board: Head | None, journal: Head | None, lag: int | None) -> None:
    mirror = SimpleNamespace(head=board, source="redis")
    region = SimpleNamespace(live=SimpleNamespace(mirror=mirror), lane=SimpleNamespace(running=False, depth=4))
    standing = _standing(cast("Any", region), journal)
    assert (standing.live, standing.lag) == ("redis", lag)
    assert (standing.lane.running, standing.lane.queued) == (False, 4)
