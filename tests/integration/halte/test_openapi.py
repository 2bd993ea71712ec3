"""The interface does what its description says: no answer that is not described, whatever is sent to it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import httpx
import pytest

from halte.app import create_app
from halte.envelope import HEADERS
from halte.pages import NAMED, PAGES
from kernel.access.policies import routes_without_policy
from kernel.settings import Settings
from tests.support.running import SCRAPER, Running

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def test_every_route_has_a_policy() -> None:
    assert routes_without_policy(create_app(Settings())) == []


# Each edge of each description (50 cases for an operation) is tried once, by whom every route admits. A key enters
# fewer of them, and is refused elsewhere before its body is read: a few cases of each show its answers.
@pytest.mark.timeout(300, func_only=True)
@pytest.mark.parametrize("who, phases, examples", [("administrator", "coverage,fuzzing", 10), ("key", "fuzzing", 5)])
async def test_no_answer_is_undescribed(halte: Running, tmp_path: Path, who: str, phases: str, examples: int) -> None:
    region = halte.region
    if who == "administrator":
        await region.sign_in("admin")
        headers = [f"Cookie: {region.cookies['admin']}", f"Origin: {region.address}"]
    else:
        headers = [f"Authorization: Bearer {region.key}"]
    # What exists, so that not every answer is a 404.
    known = {"unit_id": region.women, "shelter_id": region.canal, "operator_id": region.operator}
    lines = [f'"path.{name}" = "{value}"' for name, value in known.items()]
    (tmp_path / "schemathesis.toml").write_text("\n".join(["[parameters]", *lines]))
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{region.address}/schema/openapi.json"),
        *("--checks", CHECKS, "--max-examples", str(examples), "--phases", phases),
        *("--seed", "1", "--generation-database", "none", "--no-color", "--continue-on-failure"),
        # Ending its own session would make every later answer a 401.
        *("--exclude-path", "/api/v1/sessions/current"),
    ]
    for header in headers:
        command += ["--header", header]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()


FILES = {*PAGES, *(f"/{name}" for name in NAMED)}


async def test_the_description_names_every_route(halte: Running) -> None:
    async with httpx.AsyncClient(base_url=halte.region.address) as client:
        described = (await client.get("/schema/openapi.json")).json()
    assert described["openapi"].startswith("3.1")
    routes = {
        (route.path, method.lower())
        for route in create_app(Settings()).routes
        for method in getattr(route, "methods", ())
        if not route.path.startswith(("/schema", "/assets")) and route.path not in FILES
    }
    named = {(path, method) for path, operations in described["paths"].items() for method in operations}
    missing = {(path.split("{")[0], method) for path, method in routes if method not in {"options", "head"}}
    assert missing == {(path.split("{")[0], method) for path, method in named}


@pytest.mark.parametrize(
    "method, path, status",
    [
        ("GET", "/healthz", 200),
        ("GET", "/watch", 200),
        ("GET", "/api/v1/totals", 200),
        ("GET", "/api/v1/board", 401),
        ("GET", "/nowhere", 404),
        ("GET", "/assets/nowhere.js", 404),
        ("DELETE", "/healthz", 405),
        ("OPTIONS", "/healthz", 204),
        ("POST", "/api/v1/sessions", 422),
        ("PUT", "/api/v1/reports/nonsense", 404),
        ("GET", "/schema", 200),
        ("GET", "/schema/nope", 404),
        ("GET", "/schema/nope.json", 404),
    ],
)
async def test_every_answer_has_the_headers_that_keep_browsers_from_guessing(
    halte: Running, method: str, path: str, status: int
) -> None:
    async with httpx.AsyncClient(base_url=halte.region.address) as client:
        answer = await client.request(method, path, json={} if method == "POST" else None)
    assert answer.status_code == status, answer.text
    for name, value in HEADERS.items():
        assert answer.headers.get_list(name) == [value]
    if status >= 400:
        assert answer.headers["content-type"].partition(";")[0] == "application/problem+json"
        assert answer.json()["status"] == status


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/", "/watch", "/schema/openapi.json"])
async def test_head_is_get_without_a_body(halte: Running, path: str) -> None:
    async with httpx.AsyncClient(base_url=halte.region.address) as client:
        got, headed = await client.get(path, headers=SCRAPER), await client.head(path, headers=SCRAPER)
        # The connection is not out of step: the next answer is whole.
        assert (await client.get("/healthz")).json() == {"status": "alive"}
    assert (headed.status_code, headed.content) == (200, b"")
    assert headed.headers["content-type"] == got.headers["content-type"]


async def test_head_opens_nothing_that_get_does_not(halte: Running) -> None:
    async with httpx.AsyncClient(base_url=halte.region.address) as client:
        for path, status in (("/api/v1/board", 401), ("/api/v1/reports", 405), ("/nowhere", 404)):
            answer = await client.head(path)
            assert (answer.status_code, answer.content) == (status, b"")
    async with halte.region.client("desk") as desk:
        assert (await desk.head("/board")).headers["etag"] == (await desk.get("/board")).headers["etag"]
