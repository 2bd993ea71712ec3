"""`halte demo` as somebody types it: one address, log-ins that work, nothing left behind. `-s` shows the times."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from kernel.ids import new_id
from tests.support.embedded import servers_below

# Two cores that do other things as well; on a quiet machine a first start takes 3 s, a later one 1.5 s.
FIRST_WITHIN_S, LATER_WITHIN_S, ENDED_WITHIN_S = 60.0, 20.0, 20.0
LOGINS = ("staff", "desk", "supervisor", "admin")
PLACES, UNITS, SURGE_UNITS = 5_045, 400, 10
_HALTE = "from halte.cli import main; main()"


def command(*arguments: str, **environ: str) -> dict[str, Any]:
    """What subprocess needs to run `halte`, on servers of its own and not on somebody's."""
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(filter(None, sys.path))} | environ
    return {"args": [sys.executable, "-c", _HALTE, *arguments], "env": environment, "text": True}


@dataclass(slots=True)
class Demo:
    """One that runs; its home is the folder of its data."""

    home: Path
    process: subprocess.Popen[str]
    ready_s: float
    greeting: list[str]
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return self.greeting[0].rpartition(" ")[2]

    def sign_in(self, login: str, password: str) -> dict[str, Any]:
        """Keep the cookie by hand: httpx would not send a Secure one over http."""
        answer = httpx.post(
            f"{self.address}/api/v1/sessions",
            json={"login": login, "password": password},
            headers={"Origin": self.address},
        )
        assert answer.status_code == 201, answer.text
        self.cookies[login] = answer.headers["set-cookie"].partition(";")[0]
        account: dict[str, Any] = answer.json()
        return account

    def ask(self, login: str, method: str, path: str, body: object = None) -> Any:
        headers = {"Cookie": self.cookies[login], "Origin": self.address}
        answer = httpx.request(method, f"{self.address}/api/v1{path}", json=body, headers=headers, timeout=20)
        assert answer.is_success, answer.text
        return answer.json()

    @property
    def password(self) -> str:
        return self.greeting[1].rpartition(" ")[2]


@contextmanager
def demonstrated(home: Path, within_s: float, *arguments: str) -> Iterator[Demo]:
    """Run one, without an evening where nothing else is asked for: what is said in these tests then stands."""
    started = time.monotonic()
    given = ("demo", "--port", "0", "--data-dir", str(home), *(arguments or ("--still",)))
    process = subprocess.Popen(**command(*given), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        greeting = [process.stdout.readline().strip()]
        ready_s = time.monotonic() - started
        assert greeting[0], process.stderr.read()
        greeting += [process.stdout.readline().strip() for _ in range(2)]
        assert ready_s < within_s
        yield Demo(home, process, ready_s, greeting)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def end(demo: Demo) -> str:
    """Ctrl-C; nothing below its folder may be left. Returns what it complained about."""
    demo.process.send_signal(signal.SIGINT)
    _, complaints = demo.process.communicate(timeout=ENDED_WITHIN_S)
    assert demo.process.returncode == 0, complaints
    assert servers_below(demo.home) == []
    assert not (demo.home / "servers.json").exists()
    return complaints


def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(**command(*arguments, **environ), capture_output=True, timeout=60, check=False)


def places(board: dict[str, Any]) -> int:
    """How many people the units hold, those of the cold plan apart: a room counts with its size."""
    sizes = {
        unit["id"]: 0 if unit["surge"] else unit["room_size"] or 1
        for shelter in board["shelters"]
        for unit in shelter["units"]
    }
    return sum(unit["capacity"] * sizes[unit["id"]] for unit in board["units"])


@pytest.mark.timeout(180)
def test_a_demonstration_is_ready_whole_and_leaves_nothing(open_folder: Path) -> None:
    with demonstrated(open_folder / "data", FIRST_WITHIN_S) as demo:
        print(f"\nfirst start: ready in {demo.ready_s:.1f} s")
        assert re.fullmatch(r"Halte is at http://localhost:\d+", demo.greeting[0])
        assert demo.greeting[1].startswith("Sign in as staff, desk, supervisor, admin; the password is ")
        roles = [demo.sign_in(login, demo.password)["role"] for login in LOGINS]
        assert roles == ["staff", "desk", "supervisor", "administrator"]
        the_board_holds_the_region(demo)
        a_taken_port_is_said_in_a_sentence(demo, open_folder)
        other_commands_find_it(demo)
        assert end(demo) == ""


def the_board_holds_the_region(demo: Demo) -> None:
    """To its own staff alone a secret shelter shows counts: somebody with all of them sees the whole."""
    shelters = demo.ask("admin", "GET", "/board")["shelters"]
    witness = {"login": "witness", "password": demo.password, "role": "staff", "language": "en"}
    secret = [shelter["id"] for shelter in shelters if shelter["secret"]]
    assert secret
    demo.ask("admin", "POST", "/accounts", witness | {"shelters": secret})
    demo.sign_in("witness", demo.password)
    board = demo.ask("witness", "GET", "/board")
    assert len(board["units"]) == UNITS + SURGE_UNITS
    assert places(board) == PLACES
    assert all(shelter["invented"] for shelter in shelters)


def a_taken_port_is_said_in_a_sentence(demo: Demo, folder: Path) -> None:
    port = demo.address.rpartition(":")[2]
    refused = run("demo", "--port", port, "--data-dir", str(folder / "other"))
    assert refused.returncode == 1
    assert re.fullmatch(rf"Error: Port {port} is taken: .*--port \d+\.\n", refused.stderr)
    assert not (folder / "other").exists()


def other_commands_find_it(demo: Demo) -> None:
    listed = run("account", "list", HALTE_DATA_DIR=str(demo.home))
    assert listed.returncode == 0, listed.stderr
    assert all(re.search(rf" {login}$", listed.stdout, re.MULTILINE) for login in LOGINS)
    verified = run("verify", HALTE_DATA_DIR=str(demo.home))
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert "brussels: clean" in verified.stdout


@pytest.mark.timeout(240)
def test_a_killed_demonstration_is_found_again_and_production_refuses_it(open_folder: Path) -> None:
    home = open_folder / "data"
    with demonstrated(home, FIRST_WITHIN_S) as first:
        account = first.sign_in("staff", first.password)
        path, report = a_report(first, account["shelters"][0])
        told = first.ask("staff", "PUT", path, report)["units"][0]["state"]
        first.process.kill()
        first.process.wait()
    orphans = servers_below(home)
    assert orphans, "they live in sessions of their own"

    with demonstrated(home, LATER_WITHIN_S) as second:
        print(f"\nfirst start: {first.ready_s:.1f} s; after kill -9, with two orphans: {second.ready_s:.1f} s")
        again = second.sign_in("staff", second.password)
        assert (again["region"], again["id"]) == (account["region"], account["id"])
        state = unit_of(second, told["id"])
        assert (state["free"], state["confirmed_at"]) == (told["free"], told["confirmed_at"])
        assert second.ask("staff", "PUT", path, report)["units"][0]["state"] == state, "sent again, it counts once"
        assert not [one for one in orphans if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
        assert len(heads(home)) == 2
        assert end(second) == ""

    with demonstrated(home, LATER_WITHIN_S) as third:
        print(f"later start: {third.ready_s:.1f} s")
        assert third.ready_s < first.ready_s
        assert end(third) == ""
    refused = run("run", "--port", "0", "--data-dir", str(home))
    assert refused.returncode == 1
    assert "everybody can read the passwords" in refused.stderr.splitlines()[-1]
    assert "Traceback" not in refused.stderr
    assert servers_below(home) == []


def a_report(demo: Demo, shelter: str) -> tuple[str, dict[str, Any]]:
    """A count that the first unit of the shelter has not had so far."""
    unit = next(one for one in demo.ask("staff", "GET", "/board")["units"] if one["shelter"] == shelter)
    line = {"unit": unit["id"], "free": 1 if unit["free"] == 0 else 0}
    return f"/reports/{new_id()}", {"shelter": shelter, "units": [line]}


def unit_of(demo: Demo, unit: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in demo.ask("staff", "GET", "/board")["units"] if one["id"] == unit)
    return found


def heads(folder: Path) -> list[psutil.Process]:
    """The servers themselves, without what they forked."""
    found = servers_below(folder)
    numbers = {process.pid for process in found}
    return [process for process in found if process.ppid() not in numbers]


@pytest.mark.timeout(400)
def test_an_evening_passes_by_itself_and_goes_on_where_it_was_stopped(open_folder: Path) -> None:
    home = open_folder / "data"
    shown = ("--size", "0.1", "--speed", "60", "--at", "17:00")  # when many say something
    with demonstrated(home, FIRST_WITHIN_S, *shown) as first:
        assert first.process.stdout is not None
        assert first.process.stdout.readline().startswith("It shows an evening from 17:00 on, 60 times as fast")
        first.sign_in("admin", first.password)
        until(first, lambda clock, _: clock["speed"] == 60)
        before = first.ask("admin", "GET", "/board")["seq"]
        stopped = until(first, lambda _, board: board["seq"] > before + 10)["now"]
        evening = evenings_of(first)
        assert evening
        first.process.kill()
        first.process.wait()
        _, alive = psutil.wait_procs(evening, timeout=ENDED_WITHIN_S)
        assert not alive, "the evening ends with whoever started it"

    with demonstrated(home, LATER_WITHIN_S, *shown) as second:
        second.sign_in("admin", second.password)
        went_on = second.ask("admin", "GET", "/clock")["now"]
        behind_s = (datetime.fromisoformat(went_on) - datetime.fromisoformat(stopped)).total_seconds()
        assert -3600 < behind_s < 3600, "the clock did not run while nobody was there"
        before = second.ask("admin", "GET", "/board")["seq"]
        until(second, lambda _, board: board["seq"] > before + 5)
        evening = evenings_of(second)
        assert evening
        assert end(second) == ""
        _, alive = psutil.wait_procs(evening, timeout=1)
        assert not alive
    other = run("demo", "--port", "0", "--data-dir", str(home), "--seed", "2", "--size", "0.1")
    assert other.returncode == 1
    assert "invented otherwise" in other.stderr
    assert "Traceback" not in other.stderr


def evenings_of(demo: Demo) -> list[psutil.Process]:
    """The process that lets the evening pass: of those below the demonstration, the only one of ours."""
    found = []
    for one in psutil.Process(demo.process.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # those of Postgres come and go
            if "multiprocessing.spawn" in " ".join(one.cmdline()):
                found.append(one)
    return found


def until(demo: Demo, seen: Callable[[dict[str, Any], dict[str, Any]], bool]) -> dict[str, Any]:
    """Wait until clock and board show something; return the clock."""
    for _ in range(600):
        clock, board = demo.ask("admin", "GET", "/clock"), demo.ask("admin", "GET", "/board")
        if seen(clock, board):
            return dict(clock)
        time.sleep(0.2)
    raise AssertionError(f"nothing of it was seen: {clock}, seq {board['seq']}")
