"""The refusals of an import, each with its own slug (docs/problems.md)."""

from __future__ import annotations

from kernel.problems import Problem


class ImportUnusable(Problem):
    """The file or the mapping as a whole cannot be used; `why` says it in the caller's language."""

    slug = "import-unusable"
    status = 422


class ImportHasProblems(Problem):
    """Some rows cannot be meant, and nobody has said that they may be left out."""

    slug = "import-has-problems"
    status = 422


class ImportChanged(Problem):
    """The region is not any more what the preview was made on."""

    slug = "import-changed"
    status = 409


class ImportRefused(Problem):
    """One row was refused in the midst of the transaction: nothing was written."""

    slug = "import-refused"
    status = 409
