"""Where the embedded servers' data lies in tests, and how they are always ended."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from halte.embedded import Binaries, Embedded
from tests.support.embedded import StartEmbedded, servers_below
from tests.support.replaying import free_port, open_site, site
from tests.support.running import halte

__all__ = ["free_port", "halte", "open_site", "site"]


@contextmanager
def _open_folder() -> Iterator[Path]:
    """Another user may pass through: pytest's tmp_path lies below a folder with mode 0700."""
    path = Path(tempfile.mkdtemp(prefix="halte-test-", dir="/tmp"))
    path.chmod(0o711)
    yield path
    for orphan in servers_below(path):  # of a test that failed half-way
        orphan.kill()
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    with _open_folder() as path:
        yield path


@pytest.fixture(scope="session")
def initialised() -> Iterator[Path]:
    """A data directory after its first start: copying it is several times quicker than making another."""
    with _open_folder() as path:
        embedded = Embedded(path / "data")
        embedded.start()
        embedded.stop()
        yield path / "data"


@pytest.fixture
def embedded_at(open_folder: Path, initialised: Path) -> Iterator[StartEmbedded]:
    """Make Embedded objects that are stopped after the test, whatever it did."""
    made: list[Embedded] = []

    def make(
        name: str = "data",
        *,
        run_as: str | None = None,
        binaries: Binaries | None = None,
        fresh: bool = False,
    ) -> Embedded:
        if not fresh and not (open_folder / name).exists():
            subprocess.run(["cp", "-a", initialised, open_folder / name], check=True)
        made.append(Embedded(open_folder / name, run_as, binaries))
        return made[-1]

    yield make
    for embedded in made:
        embedded.stop()


@pytest.fixture
def as_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root: only root can run the servers as somebody else")
