"""Reading assignment instances as others publish them, alone or in a zip archive.

- OR-Library's assignment files: `n`, and n × n costs; or `i j cost` of each pair, where not everybody may take all.
- Generalised assignment: `agents jobs`, a table of costs, a table of sizes, capacities; or a number of such in a row,
  which is given first.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path

import numpy as np

from orientation.assigning.assignment import Assignment, Numbers, dense

# The largest published ones have 80 × 1,600 pairs, in 1 MB.
_MAX_BYTES = 64 * 1024 * 1024


class NotAnInstanceError(ValueError):
    """The file is none of these; the message says what was expected and what is there."""


def read_instances(path: Path, *, most: bool = False) -> list[Assignment]:
    """Read what the file holds; with `most`, costs are gains, and come in with their sign turned."""
    numbers = _numbers(path)
    whole = (len(numbers) > 0 and _square(numbers)) or (len(numbers) > 0 and _sparse(numbers))
    found = [whole] if whole else _generalised(numbers)
    if not found:
        raise NotAnInstanceError(
            f"{path} is no assignment instance. Expected are `n` and n × n costs, `n` and `i j cost` of each pair, or "
            "`agents jobs`, a table of costs, one of sizes, and the capacities. "
            f"It holds {len(numbers):,} numbers{_beginning(numbers)}."
        )
    return [_cheapest(_turned(one) if most else one) for one in found]


def _square(numbers: Numbers) -> Assignment | None:
    count = _count(numbers, 0)
    if count is None or len(numbers) != 1 + count * count:
        return None
    table = numbers[1:].reshape(count, count)
    # Its rows are people and its columns jobs; who takes what is the same either way round.
    return dense(table.T, np.ones((count, count)), np.ones(count))


def _sparse(numbers: Numbers) -> Assignment | None:
    count = _count(numbers, 0)
    if count is None or len(numbers) < 4 or (len(numbers) - 1) % 3:
        return None
    ends = numbers[1:].reshape(-1, 3)[:, :2]
    if not ((ends >= 1) & (ends <= count) & (ends == np.rint(ends))).all():
        return None
    pairs = ends.astype(np.int64) - 1
    return Assignment(
        pairs[:, 0], pairs[:, 1], numbers[3::3].copy(), np.ones(len(pairs)), np.ones(count), np.full(count, np.inf)
    )


def _generalised(numbers: Numbers) -> list[Assignment]:
    """Read one, or as many as the first number says; nothing where the numbers do not come out even."""
    one = _table(numbers, 0)
    if one is not None and one[1] == len(numbers):
        return [one[0]]
    found: list[Assignment] = []
    at, count = 1, _count(numbers, 0) or 0
    while len(found) < count and (one := _table(numbers, at)) is not None:
        found.append(one[0])
        at = one[1]
    return found if len(found) == count and at == len(numbers) else []


def _table(numbers: Numbers, at: int) -> tuple[Assignment, int] | None:
    agents, jobs = _count(numbers, at), _count(numbers, at + 1)
    if agents is None or jobs is None:
        return None
    costs, sizes, end = at + 2, at + 2 + agents * jobs, at + 2 + (2 * jobs + 1) * agents
    if end > len(numbers) or (numbers[sizes:end] < 0).any():
        return None
    capacities = end - agents
    cost, size = numbers[costs:sizes].reshape(agents, jobs), numbers[sizes:capacities].reshape(agents, jobs)
    return dense(cost, size, numbers[capacities:end]), end


def _turned(one: Assignment) -> Assignment:
    return Assignment(one.job, one.agent, -one.cost, one.size, one.capacity, one.left_out)


def _cheapest(one: Assignment) -> Assignment:
    """Of a pair that the file names twice, keep the better one."""
    pair = one.job * one.agents + one.agent
    order = np.lexsort((one.cost, pair))
    kept = np.sort(order[np.unique(pair[order], return_index=True)[1]])
    if len(kept) == one.pairs:
        return one
    return Assignment(one.job[kept], one.agent[kept], one.cost[kept], one.size[kept], one.capacity, one.left_out)


def _count(numbers: Numbers, at: int) -> int | None:
    if at >= len(numbers) or not 1 <= numbers[at] <= len(numbers) or numbers[at] != np.rint(numbers[at]):
        return None
    return int(numbers[at])


def _beginning(numbers: Numbers) -> str:
    return f", beginning with {' '.join(f'{one:g}' for one in numbers[:4])}" if len(numbers) else ""


def _numbers(path: Path) -> Numbers:
    words = _content(path).decode("ascii", "replace").split()
    try:
        numbers = np.array(words, dtype=float)
    except ValueError:
        word = next(word for word in words if not _is_number(word))
        raise NotAnInstanceError(f"{path} holds something that is no number: {word[:40]!r}.") from None
    if not np.isfinite(numbers).all():
        raise NotAnInstanceError(f"{path} holds a number that is too large, or none.")
    return numbers


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _content(path: Path) -> bytes:
    if path.stat().st_size > _MAX_BYTES:
        raise NotAnInstanceError(f"{path} is larger than 64 MB.")
    content = path.read_bytes()
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return content
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [one for one in archive.infolist() if not one.is_dir()]
            if len(members) != 1 or members[0].file_size > _MAX_BYTES:
                raise NotAnInstanceError(f"{path} must hold one file of at most 64 MB, and holds {len(members)} files.")
            return archive.read(members[0])
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError) as error:
        raise NotAnInstanceError(f"{path} is an archive that cannot be read: {error}.") from None
