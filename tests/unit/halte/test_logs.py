"""Logs: a JSON object a line, of fields on the list, and of a fault no word that may quote a row (I9)."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from halte.logs import ALLOWED

ROOT = Path(__file__).parents[3]
_CALLS = {"debug", "info", "warning", "error", "exception", "critical"}
# Of structlog itself: it becomes the field `exception`.
_ITS_OWN = {"exc_info"}

_FAULT = """
import asyncpg, logging, structlog
from halte import logs

def deep():
    error = asyncpg.CheckViolationError("new row violates a check")
    error.detail = "Failing row contains (Ann Onymous, 0470 11 22 33)."
    raise error

logs.configure("info")
log = structlog.get_logger()
try:
    try:
        deep()
    except Exception as error:
        raise ExceptionGroup("two", [ValueError("first\\nAnn Onymous"), KeyError("second")]) from error
except Exception:
    log.exception("request.failed", path="/a", alias="Ann Onymous")
logging.getLogger("library").error("it has met %s", "Ann Onymous")
log.info("region.started", region="r")
"""


@pytest.fixture(scope="module")
def lines() -> list[str]:
    done = subprocess.run([sys.executable, "-c", _FAULT], capture_output=True, text=True, check=True, cwd=ROOT)
    return done.stderr.splitlines()


def test_each_event_is_one_line_of_listed_fields(lines: list[str]) -> None:
    read = [json.loads(line) for line in lines]
    assert [one["event"] for one in read] == ["request.failed", "library", "region.started"]
    assert all({"event", "level", "timestamp"} <= set(one) <= ALLOWED for one in read)


def test_a_fault_says_what_and_where_and_quotes_no_row(lines: list[str]) -> None:
    told = json.loads(lines[0])["exception"]
    for word in ("CheckViolationError: new row violates a check", "in deep", "ValueError: first", "KeyError: 'second'"):
        assert word in told
    assert "Ann Onymous" not in "\n".join(lines)
    assert "0470" not in "\n".join(lines)


def test_nothing_is_logged_that_would_be_left_out() -> None:
    """A field that is not on the list is dropped in silence: whoever wrote it would look for it in vain."""
    found = []
    for package in ("kernel", "inventory", "orientation", "halte"):
        for file in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and node.func.attr in _CALLS
                    and isinstance(node.func.value, ast.Name)
                    and node.func.value.id == "log"
                ):
                    names = {one.arg for one in node.keywords if one.arg} - _ITS_OWN
                    found += [f"{file.relative_to(ROOT)}:{node.lineno} {name}" for name in sorted(names - ALLOWED)]
    assert found == []
