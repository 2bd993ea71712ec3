"""What /metrics tells about the live board. Numbers only; regions are the only label (I9)."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import Counter, Gauge, Histogram

SCREENS = Gauge("halte_live_screens", "Connected screens", ["region"])
FRAMES = Counter("halte_live_frames_total", "Frames sent to screens", ["region", "frame"])
ENCODED = Counter(
    "halte_live_frames_encoded_total", "Frames encoded, each shared by the screens that need it", ["region"]
)
WAITED = Counter(
    "halte_live_screen_ticks_waited_total",
    "Ticks that had something for a screen that had not taken what it was sent",
    ["region"],
)
FLUSH = Histogram(
    "halte_live_flush_seconds",
    "Time to encode and hand over one tick",
    ["region"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0),
)
SOURCE = Gauge("halte_live_source", "Where the mirror is fed from: 2 Redis, 1 the journal, 0 nowhere", ["region"])
REDIS_LAG = Gauge("halte_live_redis_lag", "Changes that Postgres has and Redis has not", ["region"])
MIRROR_LAG = Gauge("halte_live_mirror_lag", "Changes that Postgres has and this node's mirror has not", ["region"])
LEFT_TO_RELAY = Counter("halte_live_left_to_relay_total", "Ranges that were not in Redis within the bound", ["region"])
GAPS = Counter("halte_live_gaps_total", "Gaps in Redis filled from the journal", ["region"])
REBUILDS = Counter("halte_live_rebuilds_total", "Boards in Redis built anew from Postgres", ["region"])
EPOCHS = Counter("halte_live_epochs_renewed_total", "Epochs renewed because Postgres had lost history", ["region"])


_FRAMES_SENT = ("snapshot", "delta", "beat", "resync")


def announce(region: str) -> None:
    """They are there from the start: what appears with its first event has no increase by it, and no alarm."""
    for one in (SCREENS, ENCODED, WAITED, FLUSH, LEFT_TO_RELAY, GAPS, REBUILDS, EPOCHS):
        one.labels(region)
    for frame in _FRAMES_SENT:
        FRAMES.labels(region, frame)


def forget_lags(region: str) -> None:
    """Postgres does not answer: how far anything is behind it cannot be known, and 0 would look well."""
    REDIS_LAG.labels(region).set(float("nan"))
    MIRROR_LAG.labels(region).set(float("nan"))


def count_frames(region: str, tally: Mapping[str, int]) -> None:
    """Add one tick's tally: frames by name, and the two words that are no frames."""
    for name, count in tally.items():
        if name == "encoded":
            ENCODED.labels(region).inc(count)
        elif name == "waited":
            WAITED.labels(region).inc(count)
        else:
            FRAMES.labels(region, name).inc(count)
