"""What the documentation promises to explain, it explains: problems in every language, and every setting."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from string import Formatter

import pytest

import halte.app  # noqa: F401  every package's problems are registered by importing the product
from kernel.problems import LANGUAGES, Problem, wording
from kernel.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"
# Tests make problems of their own.
SLUGS = sorted(slug for slug, problem in Problem.registry.items() if not problem.__module__.startswith("test"))


def _headings(page: str) -> list[str]:
    return re.findall(r"^## (.+)$", (DOCS / page).read_text("utf-8"), re.MULTILINE)


def test_every_problem_is_explained() -> None:
    explained = _headings("problems.md")
    assert len(explained) == len(set(explained))
    assert sorted(explained) == SLUGS


@pytest.mark.parametrize("slug", SLUGS)
def test_every_problem_names_its_status(slug: str) -> None:
    page = (DOCS / "problems.md").read_text("utf-8")
    _, _, below = page.partition(f"\n## {slug}\n\n")
    status = str(Problem.registry[slug].status)
    assert below.startswith((f"{status}.", f"{status},", "Only in a `bye`"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_problem_has_words(language: str) -> None:
    words = wording(language)
    assert sorted(words) == SLUGS
    for slug, entry in words.items():
        assert {"title", "detail"} <= set(entry) <= {"title", "detail", "discreet"}, slug
        assert not entry["title"].endswith("."), slug
        assert entry["detail"].endswith((".", "!")), slug


@pytest.mark.parametrize("slug", SLUGS)
def test_languages_name_the_same_facts(slug: str) -> None:
    named = [
        {name for _, name, _, _ in Formatter().parse(wording(language)[slug]["detail"]) if name}
        for language in LANGUAGES
    ]
    assert named[0] == named[1] == named[2]


def test_every_setting_is_explained() -> None:
    settings = [f"HALTE_{one.name.upper()}" for one in fields(Settings)]
    rows = re.findall(r"^\| `(HALTE_\w+)` \|", (DOCS / "settings.md").read_text("utf-8"), re.MULTILINE)
    beside = ["HALTE_POSTGRES_BIN", "HALTE_VALKEY_SERVER"]
    assert sorted(rows) == sorted(settings + beside)


@pytest.mark.parametrize("name", [one.name for one in fields(Settings)])
def test_defaults_are_the_real_ones(name: str) -> None:
    page = (DOCS / "settings.md").read_text("utf-8")
    row = re.search(rf"^\| `HALTE_{name.upper()}` \| ([^|]*) \|", page, re.MULTILINE)
    assert row is not None
    default = getattr(Settings(), name)
    shown = "none" if default in (None, ()) else f"`{str(default).lower() if isinstance(default, bool) else default}`"
    assert row[1] == shown
