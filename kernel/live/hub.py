"""The hub: sends what changed to every screen of a region, a tick at a time (I7, I11).

Each tick encodes at most one frame per audience and starting point, and hands it to every screen
that has taken what it was sent (`owing`); the others get the latest state when they acknowledge.
Nothing in here waits: a frozen screen delays nobody. Snapshots of more than LARGE subjects are
fetched over HTTP instead. A tick with many audiences lets the loop run in between.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Hashable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from kernel.access.model import Principal
from kernel.journal import Head, Subject
from kernel.live import frames, metrics
from kernel.live.channel import LARGE, Channel, Stage
from kernel.live.connection import Connection
from kernel.live.frames import Parts, Wire
from kernel.live.mirror import Change, Mirror, Source
from kernel.live.owing import AGAIN_S
from kernel.live.problems import BadAck, Restarting, Revoked, close_code
from kernel.live.shelves import Lens, Shelves
from kernel.live.view import View
from kernel.problems import Busy, Problem, document
from kernel.supervising import Supervisor

# Views without screens that are kept for GET /board.
_IDLE_VIEWS = 64
# After this much work on a tick the loop runs whatever else is due: a lane's transaction, say, is waited for.
_SLICE_S = 0.002

StillValid = Callable[[Collection[Principal]], Awaitable[Collection[Principal]]]


@dataclass(frozen=True, slots=True)
class BoardBytes:
    """A board for one audience: encoded subjects by kind, and the head that this audience may know."""

    epoch: UUID
    seq: int
    live: Source
    kinds: dict[str, list[Wire]]


class Pace:
    """The channels that are served at one tick."""

    def __init__(self, tick_s: float) -> None:
        self.tick_s = tick_s
        self.wake = asyncio.Event()
        self.channels: dict[Hashable, Channel] = {}


class Hub:
    """One region's screens on this node."""

    def __init__(
        self,
        mirror: Mirror,
        lens: Lens,
        now: Callable[[], datetime],
        kinds: tuple[str, ...],
        beat_s: float,
        *,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._mirror = mirror
        self._now = now
        self._clock_s = clock_s
        self._kinds = kinds
        self._beat_s = beat_s
        self._region = str(mirror.region_id)
        self._shelves = Shelves(lens)
        self._shelves.fill(mirror.subjects())
        self._views: dict[Hashable, View] = {}
        self._paces: dict[int, Pace] = {}
        self._seats: dict[Connection, tuple[Pace, Channel]] = {}
        self._beat_wanted = asyncio.Event()
        self._beat_to = 0
        self._source: Source = mirror.source
        self._supervisor = Supervisor(f"hub {self._region}")
        self._farewells: set[asyncio.Task[None]] = set()
        self._running = self._leaving = False
        mirror.listen(self._on_change)

    def start(self) -> None:
        self._running = True
        self._supervisor.start("beats", self._run_beats)
        for pace in self._paces.values():
            self._start_pace(pace)

    async def stop(self) -> None:
        """Say goodbye to every screen, then end."""
        await self.say_goodbye()
        self._running = False
        await self._supervisor.stop()

    async def say_goodbye(self) -> None:
        """Dismiss every screen, and whoever still comes; return when all have been told, or could not be."""
        self._leaving = True
        for connection in list(self._seats):
            self.dismiss(connection, Restarting())
        await asyncio.gather(*self._farewells, return_exceptions=True)

    def join(
        self, connection: Connection, audience: Hashable, tick_ms: int, after: int | None, epoch: UUID | None
    ) -> None:
        """Take a screen that said hello; the next tick answers it. Restarting where the node is about to end."""
        if self._leaving:
            raise Restarting
        pace = self._pace(tick_ms)
        channel = pace.channels.get(audience)
        if channel is None:
            channel = pace.channels[audience] = Channel(self.view(audience))
        channel.connections.add(connection)
        self._seats[connection] = (pace, channel)
        metrics.SCREENS.labels(self._region).inc()
        self.place(connection, after, epoch)

    def place(self, connection: Connection, after: int | None, epoch: UUID | None) -> None:
        """Let a screen start from where its hello says it stands, if that can be continued."""
        pace, channel = self._seats[connection]
        view, head = channel.view, self._mirror.head
        known = after is not None and head is not None and epoch == head.epoch and after <= self._shown(view)
        continues = connection.away if view.privy else not view.hides or view.exceeds(LARGE)
        if after is not None and known and continues:
            connection.resume(after, view.generation)
        else:
            connection.start_anew()
        pace.wake.set()

    def leave(self, connection: Connection) -> None:
        seat = self._seats.pop(connection, None)
        if seat is None:
            return
        pace, channel = seat
        channel.connections.discard(connection)
        if not channel.connections:
            pace.channels.pop(channel.view.audience, None)
        metrics.SCREENS.labels(self._region).dec()

    def acknowledge(self, connection: Connection, to: int) -> None:
        """Take an ack; a screen that was waiting is served at the next tick. BadAck where it is none."""
        if not connection.acknowledge(to, self._clock_s()):
            return
        head, seat = self._mirror.head, self._seats.get(connection)
        if seat is not None and head is not None:
            pace, channel = seat
            # After another epoch the same seq is another board.
            if connection.at != head.seq or connection.generation != channel.view.generation:
                pace.wake.set()

    def hear_ack(self, connection: Connection, to: int) -> None:
        """As `acknowledge`, for whoever has nobody to raise to: a bad one ends the connection."""
        try:
            self.acknowledge(connection, to)
        except BadAck as problem:
            self.dismiss(connection, problem)

    def dismiss(self, connection: Connection, problem: Problem) -> None:
        """End a connection from our side, without waiting for it."""
        self.leave(connection)
        if not connection.closing:
            connection.closing = True
            task = asyncio.create_task(_say_goodbye(connection, problem), name="live goodbye")
            self._farewells.add(task)
            task.add_done_callback(self._farewells.discard)

    async def revoke(self, still_valid: StillValid) -> None:
        """Dismiss every screen whose rights are no longer what they were. One question for all."""
        asked = {connection.principal for connection in self._seats}
        if not asked:
            return
        revoked = asked.difference(await still_valid(asked))
        for connection in [c for c in self._seats if c.principal in revoked]:
            self.dismiss(connection, Revoked())

    def head(self, audience: Hashable) -> Head:
        """Return the head that this audience may know; Busy before the first board was loaded."""
        if self._mirror.head is None:
            raise Busy
        return Head(self._mirror.head.epoch, self._shown(self.view(audience)))

    async def snapshot(self, audience: Hashable, keep: Callable[[Subject], bool] | None = None) -> BoardBytes:
        """Return the board as it is at the call, from cached bytes; Busy before the first one was loaded.

        Other things run in between, ticks above all, however large it is.
        """
        head, view, source = self.head(audience), self.view(audience), self._mirror.source
        parts = Parts({}, [])
        began = time.perf_counter()
        for portion in view.in_portions(keep):
            parts.extend(portion)
            if time.perf_counter() - began >= _SLICE_S:
                await asyncio.sleep(0)
                began = time.perf_counter()
        return BoardBytes(head.epoch, head.seq, source, parts.kinds)

    def view(self, audience: Hashable) -> View:
        view = self._views.pop(audience, None)
        if view is None:
            view = View(audience, self._shelves, self._kinds)
            self._drop_idle_views()
        self._views[audience] = view  # so that the order of the dict is the order of use
        return view

    def flush(self) -> None:
        """Serve every screen now, whatever its pace."""
        for _ in self._serving(list(self._channels())):
            pass

    def beat(self) -> None:
        """Tell every screen the time, the source, and the head once it has all up to there."""
        for _ in self._serving(list(self._channels()), beat=True):
            pass

    def _serving(self, channels: Sequence[Channel], *, beat: bool = False) -> Iterator[float]:
        """Serve channel after channel; yield, with the seconds of work since, where others may be let in.

        Others may change the mirror, take in a screen or let one go, acknowledge, or serve another pace.
        So a channel is served in one go, from a head that is read after every pause: what a screen is
        told, and that it was told, cannot come apart. Who joins meanwhile has woken the next tick.
        """
        began, stage = time.perf_counter(), self._stage(beat=beat)
        for channel in channels:
            if stage is None:
                return
            channel.flush(stage)
            if beat:
                channel.beat(stage)
                self._abort_stuck(channel)
            spent = time.perf_counter() - began
            if spent >= _SLICE_S:
                metrics.count_frames(self._region, stage.tally)
                yield spent
                began, stage = time.perf_counter(), self._stage(beat=beat)
        if stage is not None:
            metrics.count_frames(self._region, stage.tally)
        yield time.perf_counter() - began

    def _abort_stuck(self, channel: Channel) -> None:
        for connection in [one for one in channel.connections if one.is_stuck()]:
            self.leave(connection)
            connection.closing = True
            connection.pen.abort()

    def _stage(self, *, beat: bool) -> Stage | None:
        head = self._mirror.head
        if head is None:
            return None
        if beat:
            # What is reserved would show in the head: whoever may know of it is told by their view's own peak.
            self._beat_to = self._shelves.all.top
        return Stage(head, self._now(), self._clock_s(), self._mirror.source, self._beat_to)

    def _shown(self, view: View) -> int:
        return max(view.peak(), self._beat_to)

    def _on_change(self, change: Change) -> None:
        if change.renewed:
            self._shelves.fill(self._mirror.subjects())
            self._beat_to = self._shelves.all.top
            for view in self._views.values():
                view.forget()
        self._forget(change.dropped)
        top = self._shelves.all.top
        self._shelve(change.before)
        reserved_only = bool(change.before) and self._shelves.all.top == top
        if self._mirror.source != self._source:
            self._source = self._mirror.source
            metrics.SOURCE.labels(self._region).set(("lost", "journal", "redis").index(self._source))
            self._beat_wanted.set()
        for pace in self._paces.values():
            if any(channel.view.privy or not reserved_only for channel in pace.channels.values()):
                pace.wake.set()

    def _forget(self, dropped: Collection[Subject]) -> None:
        """Clear away what is purged. A screen that has not been told of its end yet can be told no more: a snapshot."""
        if not dropped or self._mirror.head is None:
            return
        ended: dict[Hashable, int] = {}
        for subject in dropped:
            told_by = subject.seq if subject.gone else self._mirror.head.seq
            for circle in self._shelves.drop(subject):
                ended[circle] = max(told_by, ended.get(circle, 0))
        for connection, (_, channel) in self._seats.items():
            if connection.at < channel.view.last_of(ended):
                connection.outdate()

    def _shelve(self, changed: Collection[UUID]) -> None:
        """Put what changed on the shelves; views from which something moved away start over."""
        found = [subject for subject_id in changed if (subject := self._mirror.get(subject_id)) is not None]
        for subject in sorted(found, key=lambda subject: subject.seq):
            old, new = self._shelves.place(subject)
            if old is not None and old.standing != new.standing:
                for view in self._views.values():
                    view.follow(old, new)

    async def _run_beats(self) -> None:
        while True:
            self._beat_wanted.clear()
            for _ in self._serving(list(self._channels()), beat=True):
                await asyncio.sleep(0)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._beat_s):
                    await self._beat_wanted.wait()

    async def _run_pace(self, pace: Pace) -> None:
        """Flush at once after silence, never more often than the tick, and never more than half of the time.

        Where somebody had to wait, also without a change: one more frame may go to them after a while.
        """
        ready_at = 0.0
        while True:
            waiting = any(channel.waited for channel in pace.channels.values())
            with suppress(TimeoutError):
                async with asyncio.timeout(AGAIN_S if waiting else None):
                    await pace.wake.wait()
            await asyncio.sleep(max(0.0, ready_at - time.monotonic()))
            began, worked = time.monotonic(), 0.0
            pace.wake.clear()
            for spent in self._serving(list(pace.channels.values())):
                worked += spent
                await asyncio.sleep(0)
            metrics.FLUSH.labels(self._region).observe(worked)
            ready_at = max(began + pace.tick_s, time.monotonic() + worked)

    def _pace(self, tick_ms: int) -> Pace:
        pace = self._paces.get(tick_ms)
        if pace is None:
            pace = self._paces[tick_ms] = Pace(tick_ms / 1_000)
            if self._running:
                self._start_pace(pace)
        return pace

    def _start_pace(self, pace: Pace) -> None:
        self._supervisor.start(f"tick {pace.tick_s} s", partial(self._run_pace, pace))

    def _channels(self) -> Iterator[Channel]:
        for pace in self._paces.values():
            yield from pace.channels.values()

    def _drop_idle_views(self) -> None:
        used = {channel.view.audience for channel in self._channels()}
        idle = [audience for audience in self._views if audience not in used]
        for audience in idle[: max(0, len(idle) - _IDLE_VIEWS)]:
            del self._views[audience]


async def _say_goodbye(connection: Connection, problem: Problem) -> None:
    why = document(problem, connection.language)["detail"]
    await connection.pen.close(frames.bye(problem.slug, why), close_code(problem))
