"""Faults: what is wrong with a file, a mapping or one row of a file, in a word that `words/` turns into a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that cannot be meant. `line` is the line of the file, 1 being the first; None where it is about all."""

    line: int | None
    what: str
    facts: Mapping[str, Any] = field(default_factory=dict)


class Unusable(Exception):
    """The file or the mapping as a whole cannot be used."""

    def __init__(self, what: str, line: int | None = None, **facts: Any) -> None:
        super().__init__(what)
        self.fault = Fault(line, what, facts)

    def __str__(self) -> str:
        where = f" in line {self.fault.line}" if self.fault.line else ""
        return f"{self.fault.what}{where} {dict(self.fault.facts)}"
