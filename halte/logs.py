"""Logs: one JSON object a line, and only fields on the list: what is not listed cannot leak (I9)."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterator
from types import TracebackType

import structlog
from structlog.typing import EventDict, WrappedLogger

# Ids of things (an account's is opaque), names of states, sizes and durations. Never a body, a header, a
# login or an address of a person or a shelter; `address` is a server's own.
ALLOWED = frozenset(
    {
        "event", "level", "timestamp", "exception", "error", "region", "task", "owner", "items", "problem",
        "path", "method", "status", "handler", "apart_s", "sweeps", "seq", "after", "to", "epoch", "reason",
        "server", "pid", "port", "address", "version", "units", "shelters", "live", "waited_s", "slug", "code",
        "connections", "source", "detail", "elapsed_s", "actor_id", "shelter",
        "sent", "before", "now", "subjects", "kind", "id", "ids", "seen_seq",
    }
)  # fmt: skip


def _keep_allowed(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {name: value for name, value in event.items() if name in ALLOWED}


def _tell(exc_info: tuple[type[BaseException], BaseException, TracebackType | None]) -> str:
    """Tell where it happened and what it was; of each message the first line alone: those below may quote a row."""
    return "\n".join(_lines(exc_info[1], set()))


def _lines(error: BaseException, told: set[int]) -> Iterator[str]:
    told.add(id(error))
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None and id(cause) not in told:
        yield from _lines(cause, told)
        yield "which led to:"
    for frame in traceback.extract_tb(error.__traceback__):
        yield f"  {frame.filename}:{frame.lineno} in {frame.name}"
    yield f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
    for one in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        yield from _lines(one, told)


class _Libraries(logging.Handler):
    """What libraries log through the standard library: their words without the values they put in, no traceback."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        facts = {"detail": str(record.msg)} | ({"error": error} if error else {})
        structlog.get_logger(record.name).log(record.levelno, record.name, **facts)


def configure(level: str, *, pretty: bool = False) -> None:
    """Set up structlog for the process; `pretty` is for a person at a terminal."""
    renderer = structlog.dev.ConsoleRenderer(colors=False) if pretty else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(_tell),
            _keep_allowed,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    threshold = max(logging.WARNING, logging.getLevelNamesMapping()[level.upper()])
    logging.basicConfig(handlers=[_Libraries()], level=threshold, force=True)
