"""Telling: a fault as a sentence in somebody's language, from `words/<language>.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from inventory.importing.faults import Fault

_WORDS = Path(__file__).parent / "words"


@cache
def words(language: str) -> dict[str, str]:
    return tomllib.loads((_WORDS / f"{language}.toml").read_text("utf-8"))


def sentence(fault: Fault, language: str = "en") -> str:
    """Say what is wrong. A word without a sentence would be a fault of ours; a test holds that there is none."""
    return words(language)[fault.what].format_map(_Facts(fault.facts))


class _Facts(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "?"
