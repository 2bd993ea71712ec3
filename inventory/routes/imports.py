"""POST /imports: a CSV file and its mapping, shown as what they would change, and applied when it is sent again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import structlog
from litestar import Request, Response, post
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.exceptions import ClientException
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import Body, FromQuery, QueryParameter

from inventory.importing.faults import Unusable
from inventory.importing.mapping import MAPPING_MAX_BYTES
from inventory.importing.previewing import Asked, Preview, apply, check_digest, preview
from inventory.importing.problems import ImportChanged, ImportHasProblems, ImportRefused, ImportUnusable
from inventory.importing.showing import ImportView, view
from inventory.importing.telling import sentence
from inventory.routes.answering import ApiRequest, answer, region_of
from inventory.routes.refusals import BODY, WHO, WRITE
from inventory.schemas import check_instant
from kernel.access.model import Role
from kernel.access.policies import allow
from kernel.access.schemas import refusals
from kernel.problems import InvalidBody, InvalidParameter, negotiate
from kernel.refusing import answer_http_exception, answer_unexpected, respond

log = structlog.get_logger(__name__)

# A list of 5,000 units has 2 MB. Larger files are for `halte import`, which streams them from the disk.
IMPORT_MAX_BYTES = 20 * 1024 * 1024
_FORM_MAX_BYTES = IMPORT_MAX_BYTES + MAPPING_MAX_BYTES + 16 * 1024

_REFUSALS = (ImportChanged, ImportHasProblems, ImportRefused, ImportUnusable)


@dataclass
class ImportForm:
    """Two parts, each with a file name: the CSV file, and the mapping as TOML."""

    file: UploadFile
    mapping: UploadFile


def _not_text(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    if type(error) not in {UnicodeDecodeError, LookupError}:
        # Only the name of an encoding that does not exist is a LookupError and nothing more; a KeyError is our fault.
        return answer_unexpected(request, error)
    return respond(request, InvalidBody(where="file", why="send both parts as files, with a file name"))


def _no_form(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Refuse a body that is no form at all; anything else that Litestar refuses has its name already."""
    if type(error) is not ClientException:
        return answer_http_exception(request, error)
    return respond(request, InvalidBody(where="body", why="multipart/form-data with two files: `file` and `mapping`"))


@post(
    "/imports",
    status_code=200,
    opt={"policy": allow(Role.ADMINISTRATOR)},
    request_max_body_size=_FORM_MAX_BYTES,
    exception_handlers={UnicodeDecodeError: _not_text, LookupError: _not_text, ClientException: _no_form},
    responses={200: ResponseSpec(ImportView, generate_examples=False)} | refusals(*WHO, *BODY, *WRITE, *_REFUSALS),
    summary="Preview what a CSV file would change; with the preview's digest, apply it",
)
async def post_import(
    request: ApiRequest,
    data: Annotated[ImportForm, Body(media_type=RequestEncodingType.MULTI_PART, multipart_form_part_limit=8)],
    apply_digest: Annotated[str | None, QueryParameter(name="apply", max_length=64)] = None,
    skip_bad_rows: FromQuery[bool] = False,
    observed_at: FromQuery[datetime | None] = None,
) -> Response[bytes]:
    language = negotiate(request.headers.get("accept-language"))
    region = await region_of(request)
    asked = Asked(data.file.file, await _mapping(data), IMPORT_MAX_BYTES, _instant(observed_at))  # type: ignore[arg-type]  # a file in all but name
    try:
        shown = await preview(region.pool, region.id, region.zone, asked, request.user.id)
    except Unusable as unusable:
        fault = unusable.fault
        raise ImportUnusable(what=fault.what, line=fault.line, why=sentence(fault, language)) from None
    if apply_digest is None:
        return answer(view(shown, language))
    _check(shown, apply_digest, language, skip_bad_rows=skip_bad_rows)
    outcomes = await apply(region.lane, shown)
    log.info(
        "import.applied", actor_id=str(request.user.id), source=str(shown.plan.source), items=shown.read.gathered.rows
    )
    return answer(view(shown, language, outcomes))


async def _mapping(form: ImportForm) -> bytes:
    text = await form.mapping.read(MAPPING_MAX_BYTES + 1)
    return bytes(text)


def _instant(observed_at: datetime | None) -> datetime | None:
    check_instant("observed_at", observed_at)
    if observed_at is not None and observed_at.tzinfo is None:
        raise InvalidParameter(where="observed_at", why="an instant with an offset, like 2026-01-15T20:00:00+01:00")
    return observed_at


def _check(shown: Preview, digest: str, language: str, *, skip_bad_rows: bool) -> None:
    """Refuse what was not shown, and what has rows that nobody has said may be left out."""
    told = view(shown, language)
    try:
        check_digest(shown, digest)
    except ImportChanged:
        raise ImportChanged(preview=told) from None
    if shown.fault_count and not skip_bad_rows:
        raise ImportHasProblems(problem_count=shown.fault_count, problems=told.problems)
