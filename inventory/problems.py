"""The refusals of the inventory, each with its own slug (docs/problems.md)."""

from __future__ import annotations

from kernel.journal import Subject
from kernel.problems import Problem


class UnknownUnit(Problem):
    slug = "unknown-unit"
    status = 404


class UnknownShelter(Problem):
    slug = "unknown-shelter"
    status = 404


class UnknownOperator(Problem):
    slug = "unknown-operator"
    status = 404


class UnknownMovement(Problem):
    slug = "unknown-movement"
    status = 404


class UnknownHold(Problem):
    slug = "unknown-hold"
    status = 404


class NotYourShelter(Problem):
    slug = "not-your-shelter"
    status = 403


class ChangedMeanwhile(Problem):
    """The unit moved since the number that was shown; `subjects` are the states as they are now."""

    slug = "changed-meanwhile"
    status = 409
    subjects: tuple[Subject, ...] = ()


class ObservedAfterSent(Problem):
    """A report says it was true after it was sent: that clock cannot be corrected."""

    slug = "observed-after-sent"
    status = 422


class AbsurdCount(Problem):
    slug = "absurd-count"
    status = 422


class WrongNight(Problem):
    slug = "wrong-night"
    status = 422


class RepeatedUnit(Problem):
    """One report names a unit twice."""

    slug = "repeated-unit"
    status = 422


class PlaceTaken(Problem):
    slug = "place-taken"
    status = 409


class RequestHasHold(Problem):
    """A request has at most one open hold (I4)."""

    slug = "request-has-hold"
    status = 409


class HoldEnded(Problem):
    """The hold has ended already, otherwise than asked (I3)."""

    slug = "hold-ended"
    status = 409


class UnitHasHolds(Problem):
    """A unit is not taken off the board while people hold places in it."""

    slug = "unit-has-holds"
    status = 409


class PolicyChanged(Problem):
    """Somebody else changed the rules meanwhile; `version` and `policy` are those of now."""

    slug = "policy-changed"
    status = 409


class PolicyUnsound(Problem):
    """A rule that cannot be meant: `field`, and the `least` and `most` it may be."""

    slug = "policy-unsound"
    status = 422


class ReasonRefused(Problem):
    """A reason that names somebody, or how to reach them, has no place in a record that is kept for ever (I9)."""

    slug = "reason-refused"
    status = 422


class UnknownSurge(Problem):
    slug = "unknown-surge"
    status = 404


class SurgeEnded(Problem):
    """The surge runs no more: its end cannot be moved, and a new one is another surge."""

    slug = "surge-ended"
    status = 409


class UnitInSurge(Problem):
    """A unit is in one surge at a time; `surge` is the one that runs in it."""

    slug = "unit-in-surge"
    status = 409


class NotASurgeUnit(Problem):
    slug = "not-a-surge-unit"
    status = 422


class SurgeWithoutUnits(Problem):
    """Nothing that was named has a surge unit that is not in a surge already."""

    slug = "surge-without-units"
    status = 422


class SurgeTooLarge(Problem):
    slug = "surge-too-large"
    status = 422


class UntilRefused(Problem):
    """The end of a surge lies after `after`, and no later than `latest`."""

    slug = "until-refused"
    status = 422


class DemoOnly(Problem):
    """The clock may be set in a demonstration only (I12)."""

    slug = "demo-only"
    status = 403


class NotReady(Problem):
    """The node does not follow this region's board yet."""

    slug = "not-ready"
    status = 503

    def __init__(self, *, region: str, retry_after_s: int = 2) -> None:
        super().__init__(headers={"Retry-After": str(retry_after_s)}, region=region, retry_after_s=retry_after_s)
