"""Named errors, mapped once to RFC 9457 problem documents.

Every refusal the system can utter is a subclass of Problem with a stable slug. Its words stand in
`kernel/wording/<language>.toml`, one entry per slug: what happened, and what to do about it.
`docs/problems.md` lists all of them; a test fails when a slug is missing in either place.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Self

LANGUAGES = ("en", "fr", "nl")
_WORDING = Path(__file__).parent / "wording"


class Problem(Exception):
    """A refusal with a name. `facts` become members of the document and fill its sentences."""

    slug: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    registry: ClassVar[dict[str, type[Problem]]] = {}

    def __init_subclass__(cls) -> None:
        known = Problem.registry.setdefault(cls.slug, cls)
        if known is not cls and known.__qualname__ != cls.__qualname__:
            raise TypeError(f"two problems share the slug {cls.slug}: {known.__name__}, {cls.__name__}")

    def __init__(self, *, headers: Mapping[str, str] | None = None, **facts: Any) -> None:
        super().__init__(self.slug)
        self.facts = facts
        self.discreet = False
        self.headers = dict(headers or {})

    def without(self, *names: str) -> Self:
        """Leave out facts that this reader may not learn; the sentence for such readers does not need them (I11)."""
        for name in names:
            self.facts.pop(name, None)
        self.discreet = True
        return self

    def __str__(self) -> str:
        return f"{self.slug} {self.facts}" if self.facts else self.slug


class Internal(Problem):
    slug = "internal"
    status = 500


class InvalidBody(Problem):
    """The body is not what the operation takes; `where` and `why` say which part."""

    slug = "invalid-body"
    status = 422


class MalformedJson(Problem):
    slug = "malformed-json"
    status = 400


class BodyTooLarge(Problem):
    slug = "body-too-large"
    status = 413


class InvalidParameter(Problem):
    """A path, query or header parameter is missing or of the wrong form."""

    slug = "invalid-parameter"
    status = 400


class NotFound(Problem):
    slug = "not-found"
    status = 404


class MethodNotAllowed(Problem):
    slug = "method-not-allowed"
    status = 405


class UnsupportedMediaType(Problem):
    slug = "unsupported-media-type"
    status = 415


class Busy(Problem):
    """The lane's queue is full: nothing was written, the same id may be sent again."""

    slug = "busy"
    status = 503

    def __init__(self, retry_after_s: int = 1) -> None:
        super().__init__(headers={"Retry-After": str(retry_after_s)}, retry_after_s=retry_after_s)


class OutcomeUnknown(Problem):
    """The connection to Postgres broke during a write (I1): the client repeats it with the same id."""

    slug = "outcome-unknown"
    status = 503

    def __init__(self, retry_after_s: int = 1) -> None:
        super().__init__(headers={"Retry-After": str(retry_after_s)}, retry_after_s=retry_after_s)


class IdReused(Problem):
    """The same id came with another body (I10)."""

    slug = "id-reused"
    status = 422


@cache
def wording(language: str) -> dict[str, dict[str, str]]:
    """Return slug -> {title, detail} of one language, and `discreet` where a reader may not learn the facts."""
    return tomllib.loads((_WORDING / f"{language}.toml").read_text("utf-8"))


def negotiate(accept_language: str | None) -> str:
    """Pick the first known language of an Accept-Language header; English where there is none."""
    offers: list[tuple[float, int, str]] = []
    for place, part in enumerate((accept_language or "").split(",")[:20]):
        tag, _, weight = part.strip().partition(";q=")
        language = tag.strip().lower().split("-")[0]
        try:
            quality = float(weight) if weight else 1.0
        except ValueError:
            quality = 0.0
        if language in LANGUAGES and quality > 0:
            offers.append((-quality, place, language))
    return min(offers)[2] if offers else "en"


class _Facts(dict[str, Any]):
    """Lets a sentence name a fact that this occurrence does not carry."""

    def __missing__(self, key: str) -> str:
        return "?"


def document(problem: Problem, language: str = "en", instance: str | None = None) -> dict[str, Any]:
    """Build the RFC 9457 document: type, title, status, detail, instance, then the facts."""
    words = wording(language).get(problem.slug) or wording("en")["internal"]
    body: dict[str, Any] = {
        "type": f"/docs/problems#{problem.slug}",
        "slug": problem.slug,
        "title": words["title"],
        "status": problem.status,
        "detail": words["discreet" if problem.discreet else "detail"].format_map(_Facts(problem.facts)),
    }
    if instance is not None:
        body["instance"] = instance
    return body | {key: value for key, value in problem.facts.items() if key not in body}
