"""From one version of the phone's page to the next: whole, at the next opening, and never a mix of two."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from halte.pages import DIST
from tests.support.chromium import missing_here
from tests.support.screens import PHONE, Screens

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

# The word of which the two versions differ stands in a dictionary that the page fetches when it is asked for Dutch.
_WORD, _NEXT_WORD = "Mijn afdelingen", "Onze afdelingen"
_INSTALLED = """async (version) => {
    for (let n = 0; n < 300; n++) {
        const cache = await caches.has("halte " + version) && await caches.open("halte " + version);
        const registration = await navigator.serviceWorker.getRegistration("/shelter");
        if (cache && await cache.match("/shelter") && registration?.active && !registration.installing) return true;
        await new Promise((done) => setTimeout(done, 100));
    }
    return false;
}"""
_UPDATE = """async () => {
    const registration = await navigator.serviceWorker.getRegistration("/shelter");
    await registration.update();
    const next = registration.installing;
    if (!next) return null;
    const over = () => ["activated", "redundant"].includes(next.state);
    if (!over()) await new Promise((done) => { next.onstatechange = () => over() && done(); });
    return next.state;
}"""
_LOADED = """() => performance.getEntriesByType("resource").map((one) => new URL(one.name).pathname)
    .filter((path) => path.startsWith("/assets/") && path.endsWith(".js"))"""


@dataclass(slots=True)
class Handing:
    """Hands out a folder as `halte run` does the screens; which one, can be changed while a page is open."""

    folder: Path
    address: str = ""

    def version(self) -> str:
        return hashlib.sha256((self.folder / "shelter.html").read_bytes()).hexdigest()


@pytest.fixture
def handing() -> Iterator[Handing]:
    if not (DIST / "sw.js").is_file():
        missing_here("The screens are not built: run `make screens`.")
    handing = Handing(DIST)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, handing))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    handing.address = f"http://localhost:{server.server_address[1]}"
    yield handing
    server.shutdown()
    server.server_close()


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, handing: Handing, *args: object) -> None:
        self._handing = handing
        super().__init__(*args)  # type: ignore[arg-type]

    def translate_path(self, path: str) -> str:
        name = "shelter.html" if path == "/shelter" else path.partition("?")[0].lstrip("/")
        return str(self._handing.folder / name)

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: a test's output is its own."""


def next_version(folder: Path) -> Path:
    """Build the version that differs in one word: as in a build, every name of which the content changed is new."""
    assets = folder / "assets"
    assets.mkdir(parents=True)
    worker = (DIST / "sw.js").read_text()
    files: list[str] = json.loads(re.findall(r"const FILES = (.*);", worker)[0])
    scripts = [Path(one).name for one in files if one.endswith(".js")]

    def renamed(text: str) -> str:
        for name in scripts:
            text = text.replace(name, f"{name.removesuffix('.js')}-2.js")
        return text.replace(_WORD, _NEXT_WORD)

    for name in (Path(one).name for one in files):
        if name in scripts:
            (assets / renamed(name)).write_text(renamed((DIST / "assets" / name).read_text()))
        else:
            shutil.copy(DIST / "assets" / name, assets / name)
    page = renamed((DIST / "shelter.html").read_text())
    (folder / "shelter.html").write_text(page)
    old, new = (hashlib.sha256(text.encode()).hexdigest() for text in ((DIST / "shelter.html").read_text(), page))
    assert old in worker
    assert _NEXT_WORD in "".join(one.read_text() for one in assets.glob("*-2.js"))
    (folder / "sw.js").write_text(renamed(worker).replace(old, new))
    return folder


async def installed(handing: Handing, screens: Screens) -> Page:
    page = await screens.open(f"{handing.address}/shelter", PHONE)
    await expect(page.get_by_role("heading", name="My units")).to_be_visible()
    assert await page.evaluate(_INSTALLED, handing.version())
    return page


async def test_the_open_page_goes_on_and_the_next_opening_is_new(
    handing: Handing, screens: Screens, tmp_path: Path
) -> None:
    page = await installed(handing, screens)
    handing.folder = next_version(tmp_path / "next")
    assert await page.evaluate(_UPDATE) == "activated"
    assert await page.evaluate(_INSTALLED, handing.version())
    # Its dictionary of Dutch was not asked for so far, and no server has it any more.
    await page.get_by_role("button", name="NL, Nederlands").tap()
    await expect(page.get_by_role("heading", name=_WORD)).to_be_visible()
    assert not [path for path in await page.evaluate(_LOADED) if "-2.js" in path]
    await page.reload()
    await page.get_by_role("button", name="NL, Nederlands").tap()
    await expect(page.get_by_role("heading", name=_NEXT_WORD)).to_be_visible()
    loaded = await page.evaluate(_LOADED)
    assert loaded
    assert not [path for path in loaded if "-2.js" not in path]
    await page.context.set_offline(True)
    await page.reload()
    await expect(page.get_by_role("heading", name=re.compile("units|afdelingen"))).to_be_visible()


async def test_a_worker_refuses_a_page_that_is_not_its_own(handing: Handing, screens: Screens, tmp_path: Path) -> None:
    """While servers are renewed one after the other, one hands out the new worker and another the old page."""
    page = await installed(handing, screens)
    before, mixed = handing.version(), next_version(tmp_path / "mixed")
    shutil.copy(DIST / "shelter.html", mixed / "shelter.html")
    handing.folder = mixed
    assert await page.evaluate(_UPDATE) == "redundant"
    await page.context.set_offline(True)
    await page.reload()
    await expect(page.get_by_role("heading", name="My units")).to_be_visible()
    assert f"halte {before}" in await page.evaluate("() => caches.keys()")
    assert not [path for path in await page.evaluate(_LOADED) if "-2.js" in path]


async def test_a_network_that_goes_away_meanwhile_is_asked_again(handing: Handing, screens: Screens) -> None:
    """The page is kept as soon as there is a network again, and not only when it is opened the next time."""
    screens.beforehand = "window.requestIdleCallback = (work) => { window.idle = work; };"
    page = await screens.open(f"{handing.address}/shelter", PHONE)
    await expect(page.get_by_role("heading", name="My units")).to_be_visible()
    await page.context.set_offline(True)
    async with page.expect_console_message(lambda said: "fetching the script" in said.text):
        await page.evaluate("() => window.idle()")
    await page.context.set_offline(False)
    assert await page.evaluate(_INSTALLED, handing.version())
