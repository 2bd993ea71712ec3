"""Every refusal of access has its words in three languages, with the same facts, and its place in the docs."""

from __future__ import annotations

import string
from pathlib import Path

import pytest

import kernel.access.problems
from kernel.problems import LANGUAGES, Problem, document, wording

DOCS = Path(__file__).parents[4] / "docs" / "problems.md"
KERNELS = sorted(
    slug
    for slug, problem in Problem.registry.items()
    if problem.__module__ in {"kernel.problems", kernel.access.problems.__name__}
)


def facts_of(language: str, slug: str) -> set[str]:
    parsed = string.Formatter().parse(wording(language)[slug]["detail"])
    return {field for _, field, _, _ in parsed if field}


@pytest.mark.parametrize("slug", KERNELS)
def test_said_in_every_language_with_the_same_facts(slug: str) -> None:
    for language in LANGUAGES:
        assert set(wording(language)[slug]) == {"title", "detail"}
        assert facts_of(language, slug) == facts_of("en", slug)


@pytest.mark.parametrize("slug", KERNELS)
def test_explained_in_the_docs_with_its_status(slug: str) -> None:
    _, _, section = DOCS.read_text("utf-8").partition(f"\n## {slug}\n")
    assert section.strip().startswith(f"{Problem.registry[slug].status}")


def test_a_401_says_how_to_identify_oneself() -> None:
    for problem in Problem.registry.values():
        if problem.status == 401:
            assert "WWW-Authenticate" in problem().headers, problem.slug


def test_the_refusals_fill_their_sentences() -> None:
    words = document(kernel.access.problems.TooManyAttempts(12), "nl")
    assert "12 s" in words["detail"]
    assert words["retry_after_s"] == 12
