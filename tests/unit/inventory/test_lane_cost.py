"""What the lane asks of every work costs next to nothing: its batches have no time for more."""

from __future__ import annotations

import sys
from typing import Any

from inventory.defining import Refresh
from inventory.importing.applying import Import
from inventory.lane.writer import WholeWork
from kernel.ids import new_id


def test_whether_a_work_is_whole_its_class_tells() -> None:
    """A protocol that is checked at runtime takes some dozens of calls for each answer, a tenth of a millisecond."""
    single, whole = Refresh(()), Import(new_id(), ())
    assert not isinstance(single, WholeWork)
    calls = 0

    def count(_frame: object, event: str, _arg: Any) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        answers = isinstance(single, WholeWork), isinstance(whole, WholeWork)
    finally:
        sys.setprofile(before)
    assert answers == (False, True)
    assert calls <= 4
