"""Nothing grows past what one reads in one go: modules, functions, components, the Makefile."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULE_MAX_LINES = 400
TEST_MODULE_MAX_LINES = 500
FUNCTION_MAX_LINES = 70
COMPONENT_MAX_LINES = 200
MAKEFILE_MAX_LINES = 60
SCRIPT_SUFFIXES = {".py", ".ts", ".js", ".mjs", ".lua", ".sql"}
# Written by a tool from the OpenAPI document; nobody reads or edits it.
GENERATED = ("frontend/src/api/generated",)


def project_files() -> list[Path]:
    """What git tracks or would track: ignored files are not ours to measure."""
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    paths = (Path(name) for name in listed.stdout.split("\0") if name and not name.startswith(GENERATED))
    return [path for path in paths if (ROOT / path).is_file()]


def lines_of(path: Path) -> int:
    return len((ROOT / path).read_text(encoding="utf-8").splitlines())


def limit_of(path: Path) -> int | None:
    if path.name == "Makefile":
        return MAKEFILE_MAX_LINES
    if path.suffix == ".svelte":
        return COMPONENT_MAX_LINES
    if path.suffix in SCRIPT_SUFFIXES:
        is_test = "tests" in path.parts or ".test." in path.name
        return TEST_MODULE_MAX_LINES if is_test else MODULE_MAX_LINES
    return None


def functions_in(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def test_files_are_short_enough_to_read() -> None:
    measured = [(path, lines_of(path), limit) for path in project_files() if (limit := limit_of(path))]
    assert [f"{path}: {lines} lines, at most {limit}" for path, lines, limit in measured if lines > limit] == []


def test_functions_fit_on_a_screen() -> None:
    too_long = [
        f"{path}: {name} has {lines} lines, at most {FUNCTION_MAX_LINES}"
        for path in project_files()
        if path.suffix == ".py"
        for name, lines in functions_in(path)
        if lines > FUNCTION_MAX_LINES
    ]
    assert too_long == []


def test_the_measure_measures() -> None:
    """A walk that finds nothing would pass as well."""
    paths = project_files()
    assert Path("Makefile") in paths
    assert Path(__file__).resolve().relative_to(ROOT) in paths
    assert dict(functions_in(Path(__file__).resolve().relative_to(ROOT)))["lines_of"] == 2
