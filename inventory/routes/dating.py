"""Dating: a demonstration shows another time than the real one, which is all that people's devices know.

What a device dates by the real clock is put onto the shown one, so that nobody is told that their clock is wrong
because the evening is invented. Where the database's clock is the real one (I12), nothing is changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from inventory.model.counting import SKEW_MAX
from inventory.routes.answering import ApiRequest


@dataclass(frozen=True, slots=True)
class Dated:
    """When something was seen, and when it was sent, by the clock that decides here."""

    client_at: datetime | None
    sent_at: datetime | None


def dated(request: ApiRequest, client_at: datetime | None, sent_at: datetime | None, received_at: datetime) -> Dated:
    """Return the client's times, moved onto a demonstration's clock where they are plainly of the real one."""
    persons = request.user.kind != "key"
    if sent_at is None or not (persons and request.app.state.settings.demo):
        return Dated(client_at, sent_at)
    if not is_of_the_real_clock(sent_at, received_at, datetime.now(UTC)):
        return Dated(client_at, sent_at)
    return Dated(None if client_at is None else client_at + (received_at - sent_at), received_at)


def is_of_the_real_clock(sent_at: datetime, shown: datetime, real: datetime) -> bool:
    """Tell whether a device lives in the real time while another one is shown."""
    return abs(shown - sent_at) > SKEW_MAX >= abs(real - sent_at)
