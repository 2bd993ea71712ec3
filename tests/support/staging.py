"""The processes of compose.yaml, started by hand with its environment: commands, variables and files are read from it.

The embedded binaries stand in for the images. Names that only a container network knows, and paths that only a
container has, are translated; nothing else is.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from halte.embedded import resolve_account
from halte.embedded.binaries import Binaries, executable_by, locate_binaries
from tests.support.composing import ROOT, compose, image_environment
from tests.support.replaying import unused_port

CADDY = shutil.which("caddy")
_HALTE = [sys.executable, "-c", "from halte.cli import main; main()"]
_READY_S = 60.0
VARIABLES = {
    name: f"{name.lower().replace('_', '-')}-of-32-signs-and-more"
    for name in (
        "HALTE_SECRET_KEY",
        "HALTE_CONTACT_KEY",
        "HALTE_METRICS_TOKEN",
        "HALTE_DB_PASSWORD",
        "HALTE_POSTGRES_PASSWORD",
        "HALTE_REDIS_PASSWORD",
    )
}


@dataclass(slots=True)
class Stage:
    """Everything below one folder, through which the servers' account may pass."""

    home: Path
    services: dict[str, Any] = field(default_factory=dict)
    configs: dict[str, Any] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    binaries: Binaries = field(init=False)

    def __post_init__(self) -> None:
        read = compose(VARIABLES)
        self.services, self.configs = read["services"], read["configs"]
        self.ports = {name: unused_port() for name in ("postgres", "valkey", "app1", "app2", "http", "https")}
        self.binaries = executable_by(resolve_account(None), locate_binaries(), self.folder("binaries"))

    def folder(self, name: str, *, of_the_servers: bool = False) -> Path:
        path = self.home / name
        if not path.exists():
            path.mkdir(mode=0o700 if of_the_servers else 0o755)
            if of_the_servers:
                resolve_account(None).own(path)
        return path

    def translate(self, text: str) -> str:
        for there, here in (
            ("@postgres/", f"@127.0.0.1:{self.ports['postgres']}/"),
            ("@valkey:6379", f"@127.0.0.1:{self.ports['valkey']}"),
            ("/var/backups/halte", str(self.folder("backups"))),
            ("dir /data", f"dir {self.home / 'valkey'}"),
            ("/usr/local/bin/backup", str(ROOT / self.configs["backup"]["file"])),
        ):
            text = text.replace(there, here)
        return text

    def environment(self, name: str, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """What a container of this service has, and where the programs are."""
        said = {one: self.translate(value) for one, value in self.services[name].get("environment", {}).items()}
        path = f"{self.binaries.postgres_bin}:{self.binaries.valkey_server.parent}:{os.environ['PATH']}"
        return {"PATH": path, "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"} | said | dict(more or {})

    def start(self, name: str, command: Sequence[str | Path], environment: Mapping[str, str], **options: Any) -> None:
        log = (self.home / f"{name}.log").open("ab")
        # A group of its own, so that a shell's children go with it.
        settings: dict[str, Any] = {"cwd": "/"} | options | {"env": dict(environment), "start_new_session": True}
        with log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **settings)
        self.processes[name] = process

    def postgres(self) -> None:
        """What the image's entry point does: a cluster, a superuser with a password, and the scripts beside it."""
        account, data = resolve_account(None), self.folder("postgres", of_the_servers=True)
        environment = self.environment("postgres", {"PGPORT": str(self.ports["postgres"])})
        password = self.folder("secrets", of_the_servers=True) / "superuser"
        password.write_text(environment["POSTGRES_PASSWORD"])
        account.own(password)
        initdb = [str(self.binaries.initdb), "-D", str(data), "--username=postgres", f"--pwfile={password}"]
        self._as_servers([*initdb, *shlex.split(environment["POSTGRES_INITDB_ARGS"])], environment)
        options = ("-c", f"unix_socket_directories={data}", "-c", "listen_addresses=127.0.0.1")
        self.start("postgres", [self.binaries.postgres, "-D", data, *options], environment, **account.popen_options())

    async def found(self) -> None:
        """Run the scripts once the server is there; then it is healthy by the check that compose makes."""
        environment = self.environment("postgres", {"PGPORT": str(self.ports["postgres"])})
        superuser = {"PGHOST": str(self.home / "postgres"), "PGUSER": "postgres"}
        words = environment | superuser | {"PGPASSWORD": environment["POSTGRES_PASSWORD"]}
        await until(lambda: self._passes(["pg_isready"], words))
        self._as_servers(["sh", "-c", self.configs["role"]["content"]], words)
        kind, *check = self.services["postgres"]["healthcheck"]["test"]
        assert kind == "CMD"
        await until(lambda: self._passes(check, environment))

    def valkey(self) -> None:
        self.folder("valkey", of_the_servers=True)
        command = [self.translate(word) for word in self.services["valkey"]["command"]]
        command[-1] += f" --port {self.ports['valkey']} --bind 127.0.0.1"
        self.start("valkey", command, self.environment("valkey"), **resolve_account(None).popen_options())

    def migrate(self) -> None:
        word, *arguments = self.services["migrate"]["command"]
        assert word == "halte"
        subprocess.run([*_HALTE, *arguments], env=self.environment("migrate"), cwd="/", check=True)

    async def node(self, name: str) -> None:
        environment = image_environment() | self.environment(name) | {"HALTE_PORT": str(self.ports[name])}
        self.start(name, [*_HALTE, "run"], environment)
        await until(lambda: answers(f"{self.address(name)}/readyz"))

    def backup(self) -> None:
        environment = self.environment("backup") | {"PGHOST": "127.0.0.1", "PGPORT": str(self.ports["postgres"])}
        self.start("backup", [self.translate(word) for word in self.services["backup"]["command"]], environment)

    def caddy(self) -> str:
        """Run the proxy; return the address that people type."""
        assert CADDY is not None
        target = self.services["caddy"]["configs"][0]
        file = ROOT / self.configs[target["source"]]["file"]
        ports = {f"HALTE_{name.upper()}_PORT": str(self.ports[name]) for name in ("http", "https")}
        nodes = " ".join(f"127.0.0.1:{self.ports[name]}" for name in ("app1", "app2"))
        data = {"HOME": str(self.home), "XDG_DATA_HOME": str(self.folder("caddy"))}
        environment = self.environment("caddy", ports | data | {"HALTE_NODES": nodes})
        self.start("caddy", [CADDY, "run", "--config", file, "--adapter", "caddyfile"], environment)
        return f"https://{environment['HALTE_SITE']}:{self.ports['https']}"

    def authority(self) -> Path:
        return self.home / "caddy" / "caddy" / "pki" / "authorities" / "local" / "root.crt"

    def address(self, name: str) -> str:
        return f"http://localhost:{self.ports[name]}"

    def stop(self, name: str, how: signal.Signals = signal.SIGTERM) -> None:
        process = self.processes.pop(name)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def end(self) -> None:
        """All at once, and Postgres last, so that nobody waits for what is gone."""
        others = [name for name in self.processes if name != "postgres"]
        with ThreadPoolExecutor() as pool:
            list(pool.map(self.stop, others))
        if "postgres" in self.processes:
            self.stop("postgres", signal.SIGINT)

    def _as_servers(self, command: Sequence[str | Path], environment: Mapping[str, str]) -> None:
        options = resolve_account(None).popen_options() | {"env": dict(environment)}
        done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
        assert done.returncode == 0, done.stderr

    def _passes(self, command: Sequence[str], environment: Mapping[str, str]) -> bool:
        return subprocess.run(command, env=dict(environment), capture_output=True, check=False).returncode == 0


def answers(address: str, **options: Any) -> bool:
    try:
        return httpx.get(address, timeout=2, **options).status_code == 200
    except httpx.HTTPError:
        return False


async def until(holds: Callable[[], bool], within_s: float = _READY_S) -> None:
    async with asyncio.timeout(within_s):
        while not await asyncio.to_thread(holds):  # noqa: ASYNC110 -- what is waited for is another process
            await asyncio.sleep(0.1)
