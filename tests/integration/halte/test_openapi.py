"""The interface does what its description says: no answer that is not described, whatever is sent to it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import httpx
import pytest

from halte.app import create_app
from kernel.access.policies import routes_without_policy
from kernel.settings import Settings
from tests.support.running import Running

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def test_every_route_has_a_policy() -> None:
    assert routes_without_policy(create_app(Settings())) == []


@pytest.mark.timeout(150)
@pytest.mark.parametrize("who, examples", [("administrator", 20), ("key", 5)])
async def test_no_answer_is_undescribed(halte: Running, tmp_path: Path, who: str, examples: int) -> None:
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
        *("--checks", CHECKS, "--max-examples", str(examples), "--phases", "examples,coverage,fuzzing"),
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


async def test_the_description_names_every_route(halte: Running) -> None:
    async with httpx.AsyncClient(base_url=halte.region.address) as client:
        described = (await client.get("/schema/openapi.json")).json()
    assert described["openapi"].startswith("3.1")
    routes = {
        (route.path, method.lower())
        for route in create_app(Settings()).routes
        for method in getattr(route, "methods", ())
        if not route.path.startswith(("/schema", "/assets")) and route.path not in {"/", "/watch", "/shelter"}
    }
    named = {(path, method) for path, operations in described["paths"].items() for method in operations}
    missing = {(path.split("{")[0], method) for path, method in routes if method not in {"options", "head"}}
    assert missing == {(path.split("{")[0], method) for path, method in named}
