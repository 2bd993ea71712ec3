"""Sketching: a mapping to start from, for a file that nobody has mapped yet. Guesses by the names of columns only.

Whatever is guessed is shown with samples and is there to be edited; nothing is imported on the strength of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import BinaryIO

from inventory.importing.reading import Row, read_rows
from inventory.importing.shaping import Shape, detect
from inventory.importing.values import shown

_SAMPLE_ROWS = 200
_SAMPLES = 3

# Words of a column's name, in the order in which they are tried; the first column that fits is taken.
_GUESSES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "operator": {
        "id": (r"(operator|organi[sz]ation|opérateur|asbl|vzw).*(id|nr|no|num|code|ref)\b",),
        "name": (r"operator|organi[sz]ation|opérateur|organisatie|asbl|vzw|association|vereniging",),
    },
    "shelter": {
        "id": (r"(shelter|location|site|centre|center|centrum|huis|maison).*(id|nr|no|num|code|ref)\b",),
        "name": (r"(shelter|location|site|centre|center|centrum|huis|maison|nom_installation)",),
        "commune": (r"commune|nis|ins|gemeente|city|ville|town|municipality",),
        "secret": (r"secret|confidential|confidentiel|geheim",),
        "address": (r"address|adresse|adres|rue|straat|street",),
        "latitude": (r"^lat",),
        "longitude": (r"^(lon|lng)",),
        "phone": (r"phone|tél|tel",),
    },
    "unit": {
        "id": (r"(unit|program|unité|afdeling|permis|service).*(id|nr|no|num|code|ref)?\b", r"^(id|réf|ref|code|nr)"),
        "name": (r"(unit|program|unité|afdeling|service).*(name|nom|naam)", r"^(name|nom|naam|libellé)\b"),
        "audience": (r"audience|sector|public|doelgroep|gender|sexe|for whom",),
        "capacity": (r"capacity|capacité|capaciteit|places|plaatsen|maximum|fonctionnelles|total",),
    },
    "count": {
        "free": (r"free|libre|vrij|available|disponible|beschikbaar|unoccupied|vacant",),
        "occupied": (r"occup|bezet|taken|présent",),
        "out_of_service": (r"out of service|unavailable|hors service|buiten",),
        "observed_at": (r"observed|updated|mise.à.jour|relevé|date|heure|datum|time|moment",),
    },
}
_NEEDED = {("unit", "id"), ("unit", "name"), ("unit", "audience"), ("unit", "capacity"), ("shelter", "id")}
_NEEDED |= {("shelter", "name"), ("shelter", "commune"), ("operator", "id"), ("operator", "name")}


def sketch(file: BinaryIO, source: str) -> str:
    """Return a mapping for this file, as TOML with what was detected and samples of each column in its comments."""
    shape = detect(file)
    samples = _samples(file, shape)
    return "\n".join([*_head(shape, samples, source), *_tables(shape.columns), ""])


def _samples(file: BinaryIO, shape: Shape) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {name: [] for name in shape.columns if name}
    for row in islice(read_rows(file, shape), _SAMPLE_ROWS):
        if isinstance(row, Row):
            for name, cell in row.cells.items():
                if cell and len(found[name]) < _SAMPLES and shown(cell) not in found[name]:
                    found[name].append(shown(cell))
    return found


def _head(shape: Shape, samples: Mapping[str, Sequence[str]], source: str) -> Iterator[str]:
    yield "# A mapping to start from: check each line, fill in the ?, delete what you do not want to import."
    yield "# The reference, with examples: docs/importing.md"
    yield "#"
    yield "# The file's columns, with samples:"
    for name, cells in samples.items():
        yield f"#   {name}: {' | '.join(cells) or '(blank)'}"
    yield ""
    yield "# Names this file: ids of two sources are kept apart. Never change it, or everything is new."
    yield f"source = {_quoted(source)}"
    yield ""
    yield "# Detected. Take the # away to say it yourself."
    yield "[file]"
    told = {"encoding": shape.encoding, "separator": shape.separator, "decimal": shape.decimal, "dates": shape.dates}
    for name, value in told.items():
        yield f"# {name} = {_quoted(value) if value else '?  # could not be decided: say it'}"
    yield f"# header_line = {shape.header_line}"
    yield '# timezone = "Europe/Brussels"  # of times in the file; without it, the region\'s'


def _tables(columns: Sequence[str]) -> Iterator[str]:
    left = [name for name in columns if name]
    for noun, guesses in _GUESSES.items():
        found = {field: _take(left, patterns) for field, patterns in guesses.items()}
        lines = [f"[{noun}]", *_lines(noun, found)]
        if noun == "count" and not (found["free"] or found["occupied"]):
            # A file of shelters alone has no counts, and a table of counts without a number would be refused.
            lines = [line if line.startswith("#") else f"# {line}" for line in lines]
        yield ""
        yield from lines


def _lines(noun: str, found: Mapping[str, str | None]) -> Iterator[str]:
    for field, column in found.items():
        if field == "occupied" and column is not None and found["free"] is not None:
            yield f"# occupied = {_quoted(column)}  # instead of free: free is capacity less occupied"
        elif column is not None:
            yield f"{field} = {_quoted(column)}{'' if field == 'id' else _hint(field)}"
        elif (noun, field) in _NEEDED:
            yield f'{field} = "?"{_hint(field)}'
        else:
            yield f'# {field} = "?"{_hint(field)}'
    if noun == "unit":
        yield '# allotment = { column = "?", values = { "?" = "room" } }  # or all are places'
        yield '# regime = { constant = "night" }        # or "admission"'
        yield '# turnover = { constant = "nightly" }    # or "continuing": nobody has to leave at noon'
        yield '# absent = "close"                       # close units that the file does not name any more'


def _take(left: list[str], patterns: Iterable[str]) -> str | None:
    for pattern in patterns:
        for name in left:
            if re.search(pattern, name.replace("_", " "), re.IGNORECASE):
                left.remove(name)
                return name
    return None


def _hint(field: str) -> str:
    return {
        "id": "  # where the file has no number of its own for these: the column of the name",
        "audience": '  # men, women, families, minors, everyone; else: { column = …, values = { Hommes = ["men"] } }',
        "commune": "  # a NIS code, or a code of your own; translate names with values",
        "observed_at": '  # when it was counted: date and time, in one column or ["Date", "Hour"]',
    }.get(field, "")


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t") + '"'
