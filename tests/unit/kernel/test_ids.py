"""Ids of ours stand in the order in which they were made, whatever becomes of the machine's clock."""

from __future__ import annotations

import time

import pytest

from kernel.ids import new_id


def test_ids_are_of_version_7_and_of_now() -> None:
    made = new_id()
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert abs((made.int >> 80) / 1_000 - time.time()) < 5


def test_a_clock_that_is_set_back_does_not_put_ids_back(monkeypatch: pytest.MonkeyPatch) -> None:
    before = new_id()
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    time.sleep(0.002)
    assert new_id() > before
