"""Which units are counted as silent, stuck or overcommitted, as the board goes on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from inventory.troubles import Counts, Troubles
from kernel.journal import Head, Range, Subject
from kernel.live.mirror import Mirror

NOW = datetime(2026, 11, 26, 20, tzinfo=UTC)
REGION, EPOCH = UUID(int=1), UUID(int=2)


def unit(
    number: int, seq: int, silent_at: datetime | None, *flags: str, status: str = "open", gone: bool = False
) -> Subject:
    body = msgspec.json.encode({"id": UUID(int=number), "status": status, "silent_at": silent_at, "flags": flags})
    return Subject("unit", UUID(int=number), seq, seq, gone, body)


def test_each_kind_is_counted_and_what_is_closed_or_gone_is_not() -> None:
    later, before = NOW + timedelta(seconds=1), NOW - timedelta(hours=2)
    mirror = Mirror(REGION)
    troubles = Troubles(mirror)
    assert troubles.count(NOW) == Counts()
    mirror.replace(
        Head(EPOCH, 7),
        [
            unit(11, 1, later),
            unit(12, 2, before, "stuck", "clock-skew"),
            unit(13, 3, None, status="awaiting-report"),
            unit(14, 4, later, "overcommitted", "stuck"),
            unit(15, 5, before, "overcommitted", status="closed"),
            unit(16, 6, before, gone=True),
            Subject("shelter", UUID(int=17), 7, 7, False, b"{}"),
        ],
    )
    assert troubles.count(NOW) == Counts(units=4, silent=2, stuck=2, overcommitted=1)
    # Time alone makes the first silent, and a report makes the second well.
    assert troubles.count(later) == Counts(units=4, silent=4, stuck=2, overcommitted=1)
    news = (unit(12, 8, later), unit(14, 9, None, gone=True))
    mirror.apply(Range(REGION, EPOCH, 7, 9, news))
    assert troubles.count(NOW) == Counts(units=3, silent=1)
