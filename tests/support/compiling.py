"""Programs in C that tests bring along (load clients, plainer servers, a disk that fails), built where needed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


def compiled(source: Path, target: Path, *more: str) -> Path:
    """Build `target`, and return it; where there is no compiler the test is skipped, and says so."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip(f"no C compiler on this machine for {source.name}")
    subprocess.run([compiler, "-O2", "-o", target, source, *more], check=True)
    return target
