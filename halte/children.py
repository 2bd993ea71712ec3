"""Child processes of a command: none outlives the one that started it, whatever ended that."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from multiprocessing.connection import wait


def live_with_parent() -> None:
    """Leave Ctrl-C to whoever started us, for it reaches us all; and end when that one is gone, killed or not."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A parent that was killed can end nobody; without it nobody would ever end us."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)
