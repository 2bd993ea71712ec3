"""Published optima of assignment instances: what each is called, where it lies, and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from orientation.assigning.assignment import Assignment
from orientation.assigning.files import read_instances


@dataclass(frozen=True, slots=True)
class Published:
    """The best there is lies from `low` to `high`; they are the same where it is proven."""

    name: str
    path: Path
    most: bool
    low: float
    high: float

    @property
    def known(self) -> float:
        """The best value that anybody found."""
        return self.low if self.most else self.high

    def read(self) -> Assignment:
        return read_instances(self.path, most=self.most)[0]


def published(data: Path) -> dict[str, Published]:
    """All that are here, by name; the same file stands for two where both directions were published."""
    folder = data / "assignment"
    found = {}
    for line in (folder / "orlib" / "assignopt.txt").read_text("ascii").splitlines()[1:]:
        if words := line.split():
            path = folder / "orlib" / f"{words[0]}.txt"
            found[words[0]] = Published(words[0], path, most=False, low=float(words[1]), high=float(words[1]))
    for line in (folder / "gap" / "bounds.txt").read_text("ascii").splitlines():
        name, low, high = line.split()
        path = folder / "gap" / f"{name.rpartition('_')[0]}.zip"
        if path.exists():
            found[name] = Published(name, path, name.endswith("_Max"), float(low), float(high))
    return found
