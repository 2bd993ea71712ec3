"""`halte verify`: of the inventory, and of what orientation keeps above it."""

from __future__ import annotations

from inventory.cli import verify_command
from orientation.verifying import verify_orientation

verify = verify_command(verify_orientation)
