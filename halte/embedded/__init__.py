"""Our own Postgres and Valkey, for a machine that has neither: `halte run` without DATABASE_URL and REDIS_URL.

Real servers with the same guarantees as anywhere else (fsync, checksums, passwords, append-only file), reached by
unix sockets only. Nothing else in the product knows whether its servers are these or somebody else's.
"""

from halte.embedded.accounts import Account, resolve_account
from halte.embedded.binaries import Binaries, locate_binaries
from halte.embedded.errors import (
    AccountUnusable,
    AlreadyRunning,
    BinaryMissing,
    BinaryNotExecutable,
    DataDirNotReachable,
    DataDirNotWritable,
    DataDirOfAnotherUser,
    EmbeddedError,
    OtherMajorVersion,
    ServerDidNotStart,
    SocketDirUnsafe,
)
from halte.embedded.layout import default_data_dir, read_private, write_private
from halte.embedded.servers import Embedded, EmbeddedServers, running

__all__ = [
    "Account",
    "AccountUnusable",
    "AlreadyRunning",
    "Binaries",
    "BinaryMissing",
    "BinaryNotExecutable",
    "DataDirNotReachable",
    "DataDirNotWritable",
    "DataDirOfAnotherUser",
    "Embedded",
    "EmbeddedError",
    "EmbeddedServers",
    "OtherMajorVersion",
    "ServerDidNotStart",
    "SocketDirUnsafe",
    "default_data_dir",
    "locate_binaries",
    "read_private",
    "resolve_account",
    "running",
    "write_private",
]
