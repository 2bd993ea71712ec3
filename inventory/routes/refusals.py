"""The refusals that whole families of operations share, for OpenAPI."""

from __future__ import annotations

from kernel.access.problems import (
    Forbidden,
    KeyRefused,
    LoginRequired,
    OriginRefused,
    SessionEnded,
    VerbMissing,
)
from kernel.problems import (
    BodyTooLarge,
    Busy,
    Internal,
    InvalidBody,
    InvalidParameter,
    MalformedJson,
    NotFound,
    OutcomeUnknown,
)

WHO = (Forbidden, KeyRefused, LoginRequired, NotFound, OriginRefused, SessionEnded, VerbMissing, Busy, Internal)
BODY = (BodyTooLarge, InvalidBody, MalformedJson, InvalidParameter)
WRITE = (Busy, OutcomeUnknown)
