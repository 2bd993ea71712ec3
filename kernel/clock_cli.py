"""`halte clock`: an operator has looked at a clock that jumped, and lets the sweeps go on (I12)."""

from __future__ import annotations

import click
from sqlalchemy import func, insert
from sqlalchemy.ext.asyncio import AsyncEngine

from kernel.access.model import COMMAND_LINE
from kernel.clock import REFRESH_S
from kernel.commanding import run
from kernel.tables import sweep_restart


@click.group()
def clock() -> None:
    """The clock that decides: the database's."""


@clock.command("restart")
@click.pass_context
def restart(context: click.Context) -> None:
    """Let every node sweep again, by the database's clock as it is now.

    A clock that jumps stops the sweeps of every node that saw it: no night begins and nothing expires until
    somebody has looked at the database's machine. This says that somebody has.
    """

    async def work(engine: AsyncEngine) -> str:
        async with engine.begin() as connection:
            written = insert(sweep_restart).values(restarted_at=func.clock_timestamp(), actor_id=COMMAND_LINE)
            return str((await connection.execute(written.returning(sweep_restart.c.restarted_at))).scalar_one())

    now = run(context, work)
    click.echo(f"The database's clock says {now}. Nodes sweep by it again within {2 * REFRESH_S:.0f} s.")
