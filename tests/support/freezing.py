"""Freezing: a server that neither answers nor ends, as behind a partition or on a machine that swaps."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psutil

from halte.embedded.processes import Server


@contextmanager
def stopped(pids: Sequence[int]) -> Iterator[None]:
    """Stop processes: their connections stand, and nobody answers on them."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@contextmanager
def frozen(server: Server) -> Iterator[None]:
    """Stop a server and all processes of its own."""
    assert server.pid is not None
    head = psutil.Process(server.pid)
    with stopped([head.pid, *(child.pid for child in head.children(recursive=True))]):
        yield
