"""Decoding: which encoding a file is in, told from all of its bytes, and its lines as text, each within a bound.

Tried in an order, not guessed by likelihood: a byte order mark, strict UTF-8, else Windows-1252. docs/decisions/0009.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Generator
from typing import BinaryIO

from inventory.importing.faults import Unusable

# Longer than any row that people write; the csv module takes no longer cell either.
LINE_MAX = 131_072
BYTES_MAX = 512 * 1024 * 1024
_PIECE = 1024 * 1024
# What people send by mistake under the name of a CSV file.
_OTHER_FILES = (
    (b"PK\x03\x04", "zip/xlsx/ods"),
    (b"\xd0\xcf\x11\xe0", "xls/doc"),
    (b"\x1f\x8b", "gzip"),
    (b"%PDF", "pdf"),
    (b"\x89PNG", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF8", "gif"),
    (b"PAR1", "parquet"),
    (b"SQLite format", "sqlite"),
)
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# A byte order mark is no part of the text.
_CODECS = {"utf-8": "utf-8-sig"}
# Python has these among the encodings of texts; no spreadsheet writes them, and some take long to read.
_NO_FILES = {"idna", "punycode", "unicode-escape", "raw-unicode-escape"}
REPLACED = "\ufffd"
# Its number, and its text; None where it is too long to be a row.
Line = tuple[int, str | None]


def detect_encoding(file: BinaryIO) -> str:
    """Return the encoding of the file. Reads all of it: one accent far down decides."""
    file.seek(0)
    head = file.read(4096)
    if not head.strip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"):
        raise Unusable("empty-file")
    for magic, kind in _OTHER_FILES:
        if head.startswith(magic):
            raise Unusable("not-text", kind=kind)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if head.count(0) > len(head) // 4:
        # Every character of a western text has a NUL in UTF-16: before it or behind it.
        return "utf-16-be" if head[0] == 0 else "utf-16-le"
    return _utf8_or_older(file)


def _utf8_or_older(file: BinaryIO) -> str:
    """Tell UTF-8 from one byte per character. A few broken characters in a text full of good ones are broken."""
    good = broken = 0
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    file.seek(0)
    while piece := file.read(_PIECE):
        text = decoder.decode(piece)
        if not text.isascii():
            replaced = text.count(REPLACED)
            broken += replaced
            good += len(text) - len(text.encode("ascii", "ignore")) - replaced
    return "utf-8" if not broken or good > broken else "cp1252"


def size_of(file: BinaryIO) -> int:
    return file.seek(0, io.SEEK_END)


def known_encoding(name: str) -> str:
    """Return Python's name of a text encoding that somebody wrote down."""
    try:
        info = codecs.lookup(name)
        "é".encode(info.name)
    except (LookupError, ValueError, TypeError):
        info = None
    if info is None or info.name in _NO_FILES:
        raise Unusable("unknown-encoding", encoding=name[:40])
    return info.name


def lines_of(file: BinaryIO, encoding: str) -> Generator[Line, None, None]:
    """Yield each line with its number, however lines end; None instead of one that is too long to be a row.

    What cannot be decoded comes as U+FFFD: it spoils its row only. Never holds more than one line.
    """
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=_CODECS.get(encoding, encoding), errors="replace", newline=None)
    try:
        number = 0
        while line := text.readline(LINE_MAX + 1):
            number += 1
            if len(line) > LINE_MAX and not line.endswith("\n"):
                while (rest := text.readline(LINE_MAX)) and not rest.endswith("\n"):
                    pass
                yield number, None
            else:
                yield number, line
    except UnicodeError:
        # Of what has no single wrong sign, but is no text of this encoding from the start.
        raise Unusable("not-this-encoding", encoding=encoding) from None
    finally:
        text.detach()
