"""Refusals and documentation speak the glossary's words, as the screens do, and name people as people."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kernel.problems import wording

# What the glossary calls otherwise: a unit is unité and afdeling, a board tableau and bord, a report relevé and opgave,
# a hold retenue and reservering, a shelter centre and opvangcentrum, a place place and (opvang)plaats.
_OTHERWISE = {
    "en": (r"homeless(?!ness)", r"\b(bed|slot)s?\b", r"\bwards?\b", r"\bdashboard", r"\bbooking", r"\breservation"),
    "fr": (
        r"\bSDF\b", r"sans[- ]abri", r"\blits?\b", r"bénéficiaire", r"\bentités?\b", r"tableaux? de bord",
        r"(?<!sans )\brapports?\b", r"déclaration", r"\bréserv", r"\borganisation", r"\b(le|un|ce) lieu\b",
    ),
    "nl": (
        r"dakloz", r"thuisloz", r"\bbed(den)?\b", r"cliënt", r"\beenhe(id|den)\b", r"\bunits?\b", r"dashboard",
        r"\brapport", r"\bmelding", r"\baangifte", r"\bboeking", r"\bopvang\b", r"\borganisatie", r"\bopvangplaats",
    ),
}  # fmt: skip

# What is written for readers, in English. CONTRIBUTING.md is not among them: it says which words are not to be used.
_HOUSE = Path(__file__).parents[2]
_PAGES = sorted(
    page.relative_to(_HOUSE).as_posix()
    for pattern in ("README.md", "CHANGELOG.md", "publiccode.yml", "docs/**/*.md", "docs/*.yaml")
    for page in _HOUSE.glob(pattern)
)
_NEVER_WRITTEN = (
    *_OTHERWISE["en"], r"\bvagrants?\b", r"\brough sleepers?\b", r"\bbeneficiar", r"\bclients? of the shelter",
    r"\bSDF\b", r"sans[- ]abri", r"dakloz", r"thuisloz",
)  # fmt: skip

# The word that a problem is about, wherever its sentence puts it.
_HELD = {
    "unknown-unit": (r"\bunit\b", r"\bunité\b", r"\bafdeling\b"),
    "unknown-shelter": (r"\bshelter\b", r"\bcentre\b", r"\bopvangcentrum\b"),
    "unknown-operator": (r"\boperator\b", r"\bopérateur\b", r"\boperator\b"),
    "unknown-hold": (r"\bhold\b", r"\bretenue\b", r"\breservering\b"),
    "hold-ended": (r"\bhold\b", r"\bretenue\b", r"\breservering\b"),
    "wrong-night": (r"\breport\b", r"\brelevé\b", r"\bopgave\b"),
    "repeated-unit": (r"\bunit\b", r"\bunité\b", r"\bafdeling\b"),
    "request-has-hold": (r"\brequest\b", r"\bdemande\b", r"\baanvraag\b"),
    "not-ready": (r"\bboard\b", r"\btableau\b", r"\bbord\b"),
}


def _sentences(language: str) -> list[tuple[str, str]]:
    return [(slug, text) for slug, entry in wording(language).items() for text in entry.values()]


@pytest.mark.parametrize("language, word", [(one, word) for one, words in _OTHERWISE.items() for word in words])
def test_another_word_than_the_glossarys_is_not_used(language: str, word: str) -> None:
    assert [one for one in _sentences(language) if re.search(word, one[1], re.IGNORECASE)] == []


@pytest.mark.parametrize("slug", _HELD)
@pytest.mark.parametrize("place, language", list(enumerate(("en", "fr", "nl"))))
def test_a_problem_names_what_it_is_about(slug: str, place: int, language: str) -> None:
    entry = wording(language)[slug]
    assert re.search(_HELD[slug][place], f"{entry['title']} {entry['detail']}", re.IGNORECASE), entry


@pytest.mark.parametrize("page", _PAGES)
def test_what_is_written_for_readers_names_people_as_people(page: str) -> None:
    # What stands between backticks is quoted: the columns of others' files are named as they are.
    text = re.sub(r"```.*?```|`[^`\n]*`", "", (_HOUSE / page).read_text("utf-8"), flags=re.DOTALL)
    found = [line for line in text.splitlines() for word in _NEVER_WRITTEN if re.search(word, line, re.IGNORECASE)]
    assert found == []
