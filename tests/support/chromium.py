"""Find a Chromium: named, the system's, or Playwright's own. Debian's serves where Playwright's download is closed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# MapLibre needs WebGL, which headless Chromium draws in software; its sandbox refuses root.
CHROMIUM_ARGUMENTS = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--no-sandbox"]


def find_chromium() -> Path | None:
    if named := os.environ.get("HALTE_CHROMIUM"):
        return Path(named)
    for name in _NAMES:
        if found := shutil.which(name):
            return Path(found)
    return _playwrights_own()


def chromium_or_skip() -> Path:
    """Skip without a browser, and say so; fail where one is required, as in CI."""
    if found := find_chromium():
        return found
    return missing_here("No Chromium: install your system's, or run `.venv/bin/playwright install chromium`.")


def missing_here(what: str) -> NoReturn:
    """Skip for want of something that the screens' tests need, and say so; fail where they are required, as in CI."""
    if os.environ.get("HALTE_E2E") == "require":
        pytest.fail(what + " HALTE_E2E=require forbids to skip.")
    pytest.skip(what)


def _playwrights_own() -> Path | None:
    named = os.environ.get("PLAYWRIGHT_BROWSERS_PATH", "")
    cache = Path(named) if named not in {"", "0"} else Path.home() / ".cache" / "ms-playwright"
    return next(iter(sorted(cache.glob("chromium-*/chrome-linux*/chrome"), reverse=True)), None)
