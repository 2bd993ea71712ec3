"""What a household may leave beside coded facts: what to call it, and how to reach it. Only ever kept sealed (I9)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

ALIAS_MAX = 40
CONTACT_MAX = 80
# Numbers of one telephone are written with and without their country: what is left is the same.
_TAIL = 9
_DIGITS_MIN, _DIGITS_MAX = 8, 15
_NUMBER = re.compile(r"\+?[0-9 ()/.\-]+", re.ASCII)
_MAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
# A national register number has eleven digits, of which the last two follow from the others.
_REGISTER_DIGITS, _CHECK, _CENTURY = 11, 97, 2 * 10**9


@dataclass(frozen=True, slots=True)
class Contact:
    """In the clear, on its way to be sealed or to be shown. Its repr says nothing."""

    alias: str | None = field(default=None, repr=False)
    contact: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SealedContact:
    """As it is kept. `twin` is the same for the same contact within a night."""

    key_id: str
    alias: bytes | None = field(repr=False)
    contact: bytes | None = field(repr=False)
    twin: bytes | None = field(repr=False)


def register_number(text: str) -> bool:
    """Tell whether the digits of a text are a national register number, by their check digits."""
    digits = _digits(text)
    if len(digits) != _REGISTER_DIGITS:
        return False
    number, check = int(digits[:9]), int(digits[9:])
    return any(_CHECK - one % _CHECK == check for one in (number, number + _CENTURY))


def international(text: str) -> bool:
    """Tell whether a telephone number is written with its country: no register number is, whatever its digits."""
    return unicodedata.normalize("NFKC", text).strip().startswith(("+", "00"))


def full_name(alias: str) -> bool:
    """Tell whether it looks like a first name and a family name. A word to be called by needs no second one."""
    return len([word for word in alias.split() if word[:1].isupper()]) > 1


def reachable(text: str) -> bool:
    """Tell whether somebody could be telephoned or written to so."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if _MAIL.fullmatch(plain):
        return True
    return _NUMBER.fullmatch(plain) is not None and _DIGITS_MIN <= len(_digits(plain)) <= _DIGITS_MAX


def normalised(contact: str) -> str:
    """Return what is the same however a telephone number or an address was written."""
    plain = unicodedata.normalize("NFKC", contact).strip().casefold()
    return plain if "@" in plain else _digits(plain)[-_TAIL:]


def _digits(text: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFKC", text) if sign.isascii() and sign.isdigit())
