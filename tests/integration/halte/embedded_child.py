"""A process that runs the embedded servers, to be killed or starved by test_embedded_processes.py.

Prints one line of JSON: the servers' process ids, or the name and the words of the error. Then it sleeps until ended.
`--as-user NAME` gives up root first, when everything is imported: the interpreter may lie in a folder closed to NAME.
"""

from __future__ import annotations

import argparse
import json
import os
import pwd
import time
from pathlib import Path

from halte.embedded import Account, Binaries, Embedded, EmbeddedError, locate_binaries, running
from halte.embedded.binaries import executable_by


def become(name: str, below: Path) -> Binaries:
    entry = pwd.getpwnam(name)
    account = Account(name, entry.pw_uid, entry.pw_gid, other=True)
    below.mkdir(mode=0o755, exist_ok=True)
    binaries = executable_by(account, locate_binaries(), below)
    os.setgroups([])
    os.setresgid(entry.pw_gid, entry.pw_gid, entry.pw_gid)
    os.setresuid(entry.pw_uid, entry.pw_uid, entry.pw_uid)
    return binaries


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--as-user")
    parser.add_argument("--block", action="store_true", help="as the product does: inside `with running(...)`")
    asked = parser.parse_args()
    binaries = become(asked.as_user, asked.data_dir.parent / "programs") if asked.as_user else None
    if asked.block:
        with running(asked.data_dir) as servers:
            print(json.dumps({"database_url": servers.database_url, "redis_url": servers.redis_url}), flush=True)
            time.sleep(60)
    embedded = Embedded(asked.data_dir, binaries=binaries)
    try:
        servers = embedded.start()
    except EmbeddedError as error:
        print(json.dumps({"error": type(error).__name__, "says": str(error)}), flush=True)
        return
    pids = [embedded.postgres.pid, embedded.valkey.pid]
    print(json.dumps({"pids": pids, "database_url": servers.database_url, "redis_url": servers.redis_url}), flush=True)
    time.sleep(60)


if __name__ == "__main__":
    main()
