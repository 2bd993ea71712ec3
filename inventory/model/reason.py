"""A reason in somebody's own words: kept for ever beside what they did, so it must not be about a person (I9)."""

from __future__ import annotations

import re
import unicodedata

# Dates, years and times of day are what reasons are full of; they are no numbers of anybody.
_TIMES = re.compile(
    r"(?<!\d)(?:\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{4}|\d{1,2}[:hu]\d{2}|20\d\d)(?!\d)(?![./-]?\d)"
)
# Eight digits and more, however they are grouped: a telephone or a register number.
_NUMBER = re.compile(r"(?:\d[\s./()+\-–]{0,3}){8,}")
_MAIL = re.compile(r"\S@\S")


def reaches_somebody(reason: str) -> bool:
    """Tell whether it holds what looks like a telephone number, a register number or an e-mail address."""
    plain = unicodedata.normalize("NFKC", reason)
    return _MAIL.search(plain) is not None or _NUMBER.search(_TIMES.sub(" ~ ", plain)) is not None


def unreadable(reason: str) -> bool:
    """Tell whether it holds signs that no screen shows, or only those."""
    return not reason.strip() or any(unicodedata.category(sign) in _UNSEEN for sign in reason)


_UNSEEN = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
