"""Every fault that is found anywhere has a sentence in three languages, and a line in docs/importing.md."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from inventory.importing.faults import Fault
from inventory.importing.telling import sentence, words
from kernel.problems import LANGUAGES
from tests.unit.test_wording import _OTHERWISE

ROOT = Path(__file__).parents[4]
_RAISED = re.compile(r'(?:Unusable|Unfit)\(\s*f?"([^"]+)"|Fault\(\s*[\w.]+,\s*"([^"]+)"')


def found_in_the_code() -> set[str]:
    found = set()
    for path in (ROOT / "inventory/importing").glob("*.py"):
        for match in _RAISED.finditer(path.read_text("utf-8")):
            word = match[1] or match[2]
            found |= {word.replace("{noun}", noun) for noun in ("operator", "shelter")}
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_fault_has_a_sentence_and_no_sentence_is_left_over(language: str) -> None:
    assert set(words(language)) == found_in_the_code()
    assert all(text.endswith((".", "?")) for text in words(language).values())


@pytest.mark.parametrize("what", sorted(words("en")))
def test_languages_name_the_same_facts(what: str) -> None:
    named = [{name for _, name, _, _ in Formatter().parse(words(one)[what]) if name} for one in LANGUAGES]
    assert named[0] == named[1] == named[2]


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_speak_the_glossary(language: str) -> None:
    # The mapping's own words are English in every language.
    texts = [re.sub(r"\[\w+\]|\{\w+\}", "", text) for text in words(language).values()]
    otherwise = _OTHERWISE[language]
    assert [text for text in texts for word in otherwise if re.search(word, text, re.IGNORECASE)] == []


def test_a_sentence_is_filled_with_its_facts_whatever_stands_in_them() -> None:
    fault = Fault(3, "not-a-number", {"column": "{free}", "field": "shelter.latitude", "value": "%s {0}"})
    assert sentence(fault) == 'Column "{free}" (shelter.latitude): "%s {0}" is not a number.'
    assert sentence(fault, "fr") == "Colonne « {free} » (shelter.latitude) : « %s {0} » n'est pas un nombre."
