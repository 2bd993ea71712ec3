"""Freezing: a server that neither answers nor ends, as behind a partition or on a machine that swaps."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from halte.embedded.processes import Server


@contextmanager
def frozen(server: Server) -> Iterator[None]:
    """Stop a server and all processes of its own: its connections stand, and nobody answers on them."""
    assert server.pid is not None
    head = psutil.Process(server.pid)
    pids = [head.pid, *(child.pid for child in head.children(recursive=True))]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
