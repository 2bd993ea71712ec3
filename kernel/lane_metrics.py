"""What /metrics tells about the lanes. Numbers only; regions are the only label (I9)."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

_QUEUED = Gauge("halte_lane_queued", "Writes that wait for the lane", ["region"])
_BATCH = Histogram(
    "halte_lane_batch_items",
    "Writes in one commit",
    ["region"],
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
)
_COMMIT = Histogram(
    "halte_lane_commit_seconds",
    "From BEGIN until the batch is committed and numbered",
    ["region"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0),
)
_UNKNOWN = Counter("halte_lane_unknown_total", "Writes answered outcome-unknown", ["region"])
_ROLLED_BACK = Counter("halte_lane_rolled_back_total", "Batches that Postgres would not have", ["region"])
_BUSY = Counter("halte_lane_busy_total", "Writes sent away unwritten: busy", ["region"])


class LaneMetrics:
    """One lane's. They are there from its start, so that an alarm on one that never moved can be written."""

    def __init__(self, region: str) -> None:
        self.queued = _QUEUED.labels(region)
        self.batch_items = _BATCH.labels(region)
        self.commit_seconds = _COMMIT.labels(region)
        self.unknown = _UNKNOWN.labels(region)
        self.rolled_back = _ROLLED_BACK.labels(region)
        self.busy = _BUSY.labels(region)
