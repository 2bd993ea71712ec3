"""The files of the screens: what keeps its name is asked for each time, and obeys a policy that allows our own only."""

from __future__ import annotations

from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from halte.pages import NAMED, PAGES, page_routes
from kernel.settings import Settings


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    for name in (*PAGES.values(), *NAMED):
        (tmp_path / name).write_text(f"this is {name}")
    return tmp_path


@pytest.mark.parametrize(
    "path, media_type, policy",
    [
        ("/shelter", "text/html", "worker-src 'self'"),
        ("/shelter", "text/html", "manifest-src 'self'"),
        ("/receipt", "text/html", "connect-src 'self'"),
        ("/sw.js", "text/javascript", "connect-src 'self'"),
        ("/manifest.webmanifest", "application/manifest+json", ""),
        ("/icon-192.png", "image/png", ""),
    ],
)
def test_what_has_no_hash_in_its_name_is_asked_for_each_time(
    dist: Path, path: str, media_type: str, policy: str
) -> None:
    with TestClient(Litestar(page_routes(Settings(), dist), openapi_config=None)) as client:
        answer = client.get(path)
    assert answer.status_code == 200
    assert answer.text == f"this is {PAGES.get(path, path[1:])}"
    assert answer.headers["content-type"].partition(";")[0] == media_type
    assert answer.headers["cache-control"] == "no-cache"
    said = answer.headers.get("content-security-policy", "")
    assert policy in said
    assert not policy or said.startswith("default-src 'none';")


def test_screens_that_are_not_built_are_said_to_be(tmp_path: Path) -> None:
    with TestClient(Litestar(page_routes(Settings(), tmp_path), openapi_config=None)) as client:
        assert client.get("/sw.js").status_code == 503
