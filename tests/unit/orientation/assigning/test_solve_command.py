"""`halte plan solve`: what it says of an instance, of nonsense, and when it is interrupted."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from halte.cli import main

FITS = "2 3\n 8 6 4\n 3 9 7\n 1 2 3\n 4 5 6\n 5 8\n"
NOT_AT_ALL = FITS.replace("5 8\n", "1 1\n")


def solved(tmp_path: Path, content: str, *options: str) -> Result:
    path = tmp_path / "instance"
    path.write_text(content, "ascii")
    # Neither a setting nor a server is looked at: these would be refused.
    return CliRunner().invoke(main, ["plan", "solve", str(path), *options], env={"HALTE_PORT": "none"})


def test_it_tells_value_bound_and_gap(tmp_path: Path) -> None:
    result = solved(tmp_path, FITS)
    assert result.exit_code == 0
    told = dict(line.rsplit("  ", 1) for line in result.output.splitlines()[1:])
    told = {name.strip(): value.strip() for name, value in told.items()}
    assert (told["value"], told["bound"], told["gap"]) == ("13", "13", "0.0000 %")
    assert (told["status"], list(told)[-2:]) == ("optimal", ["seconds", "peak memory"])


def test_the_assignment_as_json(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    result = solved(tmp_path, FITS, "--json", "--out", str(out))
    answer = json.loads(result.stdout)
    assert json.loads(out.read_text("utf-8")) == answer
    # The first job goes to the second agent; what is cheaper for the others has just the room of the first.
    assert (answer["value"], answer["bound"], answer["status"], answer["asked"]) == (13, 13, "optimal", "least")
    costs = [[8, 6, 4], [3, 9, 7]]
    assert sum(costs[agent - 1][job] for job, agent in enumerate(answer["agent_of_job"])) == 13


def test_the_most(tmp_path: Path) -> None:
    answer = json.loads(solved(tmp_path, FITS, "--most", "--json").stdout)
    assert (answer["value"], answer["asked"]) == (21, "most")
    assert answer["bound"] == 21


def test_several_instances_are_told_one_by_one(tmp_path: Path) -> None:
    assert len(json.loads(solved(tmp_path, f"2\n{FITS}{FITS}", "--json").stdout)) == 2


def test_where_there_is_none_it_ends_with_1(tmp_path: Path) -> None:
    result = solved(tmp_path, NOT_AT_ALL)
    assert result.exit_code == 1
    assert "infeasible" in result.output


@pytest.mark.parametrize("content", ["", "2 3 4", "what is this"])
def test_nonsense_gets_a_sentence(tmp_path: Path, content: str) -> None:
    result = solved(tmp_path, content)
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert "Traceback" not in result.output


def test_ctrl_c_tells_the_best_so_far(tmp_path: Path) -> None:
    path = tmp_path / "instance"
    path.write_text(FITS, "ascii")
    code = (
        "import os, signal, threading\n"
        "from orientation.assigning.solving import Run\n"
        "from halte.cli import main\n"
        "def solve(run):\n"
        "    run._relax()\n"
        "    run.bound = 1\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    threading.Event().wait()\n"
        "Run.solve = solve\n"
        "main()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, "plan", "solve", str(path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 130
    assert "feasible, interrupted" in ended.stdout
    assert "value        13" in ended.stdout
    assert ended.stderr == ""
