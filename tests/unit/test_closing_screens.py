"""A browser that does not close a device fails nobody's test, and is told of; what a page said still fails it."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest
from playwright.async_api import Browser, BrowserContext

from tests.support.screens import Screens


class _Device:
    """Stands for a browser's context, of which nothing but closing is asked."""

    def __init__(self, *, hangs: bool = False) -> None:
        self.hangs = hangs
        self.closed = False

    async def close(self) -> None:
        if self.hangs:
            await asyncio.Event().wait()
        self.closed = True


def _screens(*devices: _Device) -> Screens:
    screens = Screens(cast("Browser", None))
    screens._contexts += [cast("BrowserContext", device) for device in devices]
    return screens


async def test_the_others_are_closed_beside_one_that_hangs() -> None:
    one, hung, other = _Device(), _Device(hangs=True), _Device()
    with pytest.warns(UserWarning, match="did not close 1 of 3"):
        await _screens(one, hung, other).close(within_s=0.05)
    assert (one.closed, other.closed) == (True, True)


async def test_what_a_page_complained_of_fails_in_any_case() -> None:
    screens = _screens(_Device(hangs=True))
    screens.complaints.append("Uncaught TypeError")
    with pytest.warns(UserWarning, match="did not close"), pytest.raises(pytest.fail.Exception, match="Uncaught"):
        await screens.close(within_s=0.05)
