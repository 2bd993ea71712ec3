"""The refusals of orientation, each with its own slug (docs/problems.md)."""

from __future__ import annotations

from kernel.problems import Problem


class UnknownRequest(Problem):
    slug = "unknown-request"
    status = 404


class UnknownPlacement(Problem):
    slug = "unknown-placement"
    status = 404


class UnknownReceipt(Problem):
    """There is none such, or what it was for has been erased: told apart by nothing."""

    slug = "unknown-receipt"
    status = 404


class TooOften(Problem):
    """Receipts were looked at too often from there, for now."""

    slug = "too-often"
    status = 429

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(headers={"Retry-After": str(retry_after_s)}, retry_after_s=retry_after_s)


class ContactRefused(Problem):
    """What was to be kept sealed looks like a national register number, or an alias like a way to reach somebody."""

    slug = "contact-refused"
    status = 422


class NoContactKept(Problem):
    """This installation has no key to seal a contact with, and keeps none in the clear."""

    slug = "no-contact-kept"
    status = 409


class RequestChanged(Problem):
    """Somebody else changed it since the version that was looked at; `request` is what it is now."""

    slug = "request-changed"
    status = 409


class CannotPause(Problem):
    """Only a request for admission that waits is paused, until an instant that is still to come."""

    slug = "cannot-pause"
    status = 422


class RequestClosed(Problem):
    """Nothing more is held for it: it has its outcome."""

    slug = "request-closed"
    status = 409


class PartyTooLarge(Problem):
    """No allotment of the unit takes a party of that size."""

    slug = "party-too-large"
    status = 409


class PlacementMovedOn(Problem):
    """It is past that: `state`, and `ending` where it has ended, say how it stands."""

    slug = "placement-moved-on"
    status = 409


class AlreadyExtended(Problem):
    """A placement is given more time once."""

    slug = "already-extended"
    status = 409


class NotTheHolder(Problem):
    """Where a secret shelter is, only whoever follows a placement there is told (I11)."""

    slug = "not-the-holder"
    status = 403


class UnknownColleague(Problem):
    """Nobody at this region's desk has that account."""

    slug = "unknown-colleague"
    status = 422


class PartyHeld(Problem):
    """Places are held for as many as they were: more or fewer of them need another hold."""

    slug = "party-held"
    status = 409


class UnknownDraw(Problem):
    slug = "unknown-draw"
    status = 404


class DrawExists(Problem):
    """Tonight has a draw of that audience already, named in `draw`."""

    slug = "draw-exists"
    status = 409


class DrawMovedOn(Problem):
    """It is past that, or not there yet: `state` says how it stands. A draw ends with its `night`."""

    slug = "draw-moved-on"
    status = 409


class CommitmentMade(Problem):
    """Two people commit, each once, to secrets of their own."""

    slug = "commitment-made"
    status = 409


class CommitmentMissing(Problem):
    """A list is frozen when two have committed."""

    slug = "commitment-missing"
    status = 409


class NotCommitted(Problem):
    """A secret is told by whoever committed to it."""

    slug = "not-committed"
    status = 403


class SecretWrong(Problem):
    """The secret is another one than was committed to."""

    slug = "secret-wrong"
    status = 422


class NobodyWaits(Problem):
    """There is nobody to draw for."""

    slug = "nobody-waits"
    status = 409
