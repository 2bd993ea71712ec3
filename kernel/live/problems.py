"""How a live connection may end. Told in a `bye` frame, then by the close code."""

from __future__ import annotations

from kernel.problems import Problem


class HelloMissing(Problem):
    """The screen did not say hello in time, or said something else first."""

    slug = "hello-missing"
    status = 408


class BadMessage(Problem):
    slug = "bad-message"
    status = 400


class BadAck(Problem):
    """It acknowledged what it was never sent."""

    slug = "bad-ack"
    status = 400


class Revoked(Problem):
    """The session or key was ended, or its rights changed, while the connection was open."""

    slug = "revoked"
    status = 403


class Restarting(Problem):
    slug = "restarting"
    status = 503


# Where the code is not 4000 plus the status.
_CLOSE_CODES = {Revoked: 4409, Restarting: 1012}


def close_code(problem: Problem) -> int:
    """Return the websocket close code: 1012 and 1013 tell the screen to come back by itself."""
    code = _CLOSE_CODES.get(type(problem))
    if code is not None:
        return code
    return 1013 if problem.status >= 500 else 4000 + problem.status
