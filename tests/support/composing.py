"""compose.yaml as Compose reads it: variables put in, `$$` made one sign; and the Containerfile's instructions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).parents[2]
_VARIABLE = re.compile(r"\$\$|\$\{([A-Z_]+)(?:(:[?-])([^}]*))?\}")


class Missing(Exception):
    """A variable that has to be set, and what is said of it."""


def compose(variables: Mapping[str, str]) -> dict[str, Any]:
    read: dict[str, Any] = msgspec.yaml.decode((ROOT / "compose.yaml").read_bytes())
    return {name: _filled(value, variables) for name, value in read.items()}


def variables_named() -> set[str]:
    return {one[1] for one in _VARIABLE.finditer((ROOT / "compose.yaml").read_text("utf-8")) if one[1]}


def instructions() -> list[tuple[str, str]]:
    """Return the Containerfile's instructions in their order, as (word, rest)."""
    lines = (ROOT / "Containerfile").read_text("utf-8").replace("\\\n", " ").splitlines()
    split = (line.partition(" ") for line in lines if line and not line.startswith("#"))
    return [(word, rest) for word, _, rest in split]


def image_environment() -> dict[str, str]:
    """Return what ENV sets in the last stage."""
    last = max(place for place, (word, _) in enumerate(instructions()) if word == "FROM")
    pairs = (pair.partition("=")[::2] for word, rest in instructions()[last:] if word == "ENV" for pair in rest.split())
    return dict(pairs)


def _filled(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _filled(one, variables) for name, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, variables) for one in value]
    return _put_in(value, variables) if isinstance(value, str) else value


def _put_in(text: str, variables: Mapping[str, str]) -> str:
    def one(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        found = variables.get(match[1], "")
        if not found and match[2] == ":?":
            raise Missing(f"{match[1]}: {match[3]}")
        return found or (match[3] if match[2] == ":-" else "")

    return _VARIABLE.sub(one, text)
