"""The refusals of access. A 401 always says how one may identify oneself (RFC 9110)."""

from __future__ import annotations

from kernel.problems import Problem

_HOW = {"WWW-Authenticate": 'Bearer realm="halte"'}
COOKIE = "__Host-halte"
# The same attributes as when it was set: a browser ignores a __Host- cookie without them, even to delete it.
FORGET_COOKIE = f"{COOKIE}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax"


class LoginRequired(Problem):
    slug = "login-required"
    status = 401

    def __init__(self) -> None:
        super().__init__(headers=_HOW)


class SessionEnded(Problem):
    """The cookie names no live session: ended, revoked, idle too long, too old, or made up.

    The browser is told to forget it, so that a page open to the public can be read again.
    """

    slug = "session-ended"
    status = 401

    def __init__(self) -> None:
        super().__init__(headers=_HOW | {"Set-Cookie": FORGET_COOKIE})


class LoginFailed(Problem):
    """Unknown login, disabled account or wrong password: told apart by nothing, time included."""

    slug = "login-failed"
    status = 401

    def __init__(self) -> None:
        super().__init__(headers=_HOW)


class KeyRefused(Problem):
    slug = "key-refused"
    status = 401

    def __init__(self) -> None:
        super().__init__(headers=_HOW)


class TicketRefused(Problem):
    slug = "ticket-refused"
    status = 401

    def __init__(self) -> None:
        super().__init__(headers=_HOW)


class TicketsUnavailable(Problem):
    """Redis is away, and a ticket that only one node knows would be refused by the others."""

    slug = "tickets-unavailable"
    status = 503

    def __init__(self, retry_after_s: int = 2) -> None:
        super().__init__(headers={"Retry-After": str(retry_after_s)}, retry_after_s=retry_after_s)


class TooManyAttempts(Problem):
    slug = "too-many-attempts"
    status = 429

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(headers={"Retry-After": str(retry_after_s)}, retry_after_s=retry_after_s)


class Forbidden(Problem):
    slug = "forbidden"
    status = 403


class VerbMissing(Problem):
    """The machine key is good, but was not given the `verb` that this takes."""

    slug = "verb-missing"
    status = 403


class OriginRefused(Problem):
    """A page of another site tried to act with somebody's cookie."""

    slug = "origin-refused"
    status = 403


class LoginTaken(Problem):
    slug = "login-taken"
    status = 409


class LastAdministrator(Problem):
    slug = "last-administrator"
    status = 409


class PasswordTooWeak(Problem):
    """`shortest` and `longest` are the bounds in characters."""

    slug = "password-too-weak"
    status = 422
