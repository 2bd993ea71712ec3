"""Refusing: turns whatever goes wrong in a request into one RFC 9457 document in the caller's language."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, SerializationException, ValidationException
from litestar.types import ExceptionHandlersMap, HTTPScope

from kernel.blaming import Sent, blame
from kernel.problems import (
    BodyTooLarge,
    Internal,
    InvalidBody,
    InvalidParameter,
    MalformedJson,
    MethodNotAllowed,
    NotFound,
    Problem,
    UnsupportedMediaType,
    document,
    negotiate,
)

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"

# What Litestar says of a client that went away before its body was read. Nobody hears the answer, and no fault is ours.
_HUNG_UP = "client disconnected prematurely"

_BY_STATUS: dict[int, type[Problem]] = {
    HTTPStatus.NOT_FOUND: NotFound,
    HTTPStatus.METHOD_NOT_ALLOWED: MethodNotAllowed,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: BodyTooLarge,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: UnsupportedMediaType,
}


def respond(request: Request[Any, Any, Any], problem: Problem) -> Response[bytes]:
    """Build the answer of a problem: its document, its headers, never cached."""
    body, headers = _said(problem, request.headers.get("accept-language"), request.url.path)
    return Response(body, status_code=problem.status, media_type=MEDIA_TYPE, headers=headers)


def refusal(scope: HTTPScope, problem: Problem) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Return the same answer as status, raw headers and body, for whoever stands before the framework."""
    spoken = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"accept-language"), None)
    body, headers = _said(problem, spoken, scope["path"])
    headers |= {"Content-Type": MEDIA_TYPE, "Content-Length": str(len(body))}
    return problem.status, [(name.lower().encode(), value.encode()) for name, value in headers.items()], body


def _said(problem: Problem, accept_language: str | None, path: str) -> tuple[bytes, dict[str, str]]:
    language = negotiate(accept_language)
    body = msgspec.json.encode(document(problem, language, instance=path))
    headers = {"Cache-Control": "no-store", "Content-Language": language, "Vary": "Accept-Language"}
    return body, headers | problem.headers


def answer_problem(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    return respond(request, error if isinstance(error, Problem) else Internal())


def answer_http_exception(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Name what Litestar itself refuses: routing, parameters, bodies."""
    problem = _named(error) if isinstance(error, HTTPException) else Internal()
    if isinstance(error, HTTPException):
        allowed = {name.lower(): value for name, value in (error.headers or {}).items()}.get("allow")
        if allowed:
            problem.headers["Allow"] = allowed
    return respond(request, problem)


def answer_unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """A fault of ours: logged with its traceback, told without it.

    A Postgres that went away is none: beside a write or after it, whoever sends the same id again finds out (I1).
    """
    away = blame(error, Sent.COMMIT)
    if away is not None:
        log.warning("request.postgres_away", path=request.scope["path_template"], error=type(error).__name__)
        return respond(request, away)
    # The route and not the path, in which a receipt may stand.
    log.error("request.failed", path=request.scope["path_template"], method=request.method, exc_info=error)
    return respond(request, Internal())


def _named(error: HTTPException) -> Problem:
    if isinstance(error, ValidationException):
        return _invalid(error)
    if isinstance(error.__cause__, SerializationException | msgspec.DecodeError):
        return MalformedJson()
    named = _BY_STATUS.get(error.status_code)
    if named is not None:
        return named()
    if error.status_code == HTTPStatus.BAD_REQUEST:
        return MalformedJson()
    if error.detail == _HUNG_UP:
        return Internal()
    log.error("request.unnamed_refusal", status=error.status_code, detail=error.detail)
    return Internal()


def _invalid(error: ValidationException) -> Problem:
    extra = error.extra if isinstance(error.extra, list) else []
    first = extra[0] if extra and isinstance(extra[0], dict) else {}
    where, why = str(first.get("key", "")), str(first.get("message", error.detail))
    if first.get("source") in {"query", "path", "header", "cookie"}:
        return InvalidParameter(where=where, why=why)
    return InvalidBody(where=where.removeprefix("data.") or "body", why=why)


EXCEPTION_HANDLERS: ExceptionHandlersMap = {
    Problem: answer_problem,
    HTTPException: answer_http_exception,
    Exception: answer_unexpected,
}
