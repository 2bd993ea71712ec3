"""Prometheus' own program runs the alert rules: each fires when it should and alone, and none in a good hour."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

ROOT = Path(__file__).parents[3]
RULES = ROOT / "hosting" / "alerts.yaml"
_HERE = 'instance="app1:8018"'
_REGION = f'{_HERE},region="r"'
_BUCKETS = ("0.1", "0.5", "1.0", "+Inf")
# An hour in which all is well, a value a minute.
GOOD = {
    f'up{{job="halte",{_HERE}}}': "1x60",
    f"halte_postgres_silent_seconds{{{_HERE}}}": "0.4x60",
    f"halte_lane_running{{{_REGION}}}": "1x60",
    f"halte_sweeps_allowed{{{_HERE}}}": "1x60",
    f"halte_clock_apart_seconds{{{_HERE}}}": "-0.2x60",
    f"halte_lane_unknown_total{{{_REGION}}}": "3x60",
    f"halte_lane_busy_total{{{_REGION}}}": "40x60",
    f"halte_lane_queued{{{_REGION}}}": "12x60",
    **{f'halte_lane_commit_seconds_bucket{{{_REGION},le="{le}"}}': "0+100x60" for le in _BUCKETS},
    f'halte_postgres_slots_taken{{{_HERE},pool="lane"}}': "3x60",
    f'halte_postgres_slots{{{_HERE},pool="lane"}}': "8x60",
    f'halte_http_answers_total{{{_HERE},status="5xx"}}': "7x60",
    f'halte_task_crashes_total{{{_HERE},task="relay"}}': "1x60",
    f"halte_live_source{{{_REGION}}}": "2x60",
    f"halte_live_mirror_lag{{{_REGION}}}": "15x60",
    f"halte_live_epochs_renewed_total{{{_REGION}}}": "0x60",
    f"halte_units{{{_REGION}}}": "100x60",
    f'halte_units_in_trouble{{{_REGION},trouble="silent"}}': "20x60",
    f'halte_units_in_trouble{{{_REGION},trouble="stuck"}}': "0x60",
    f"halte_must_moves{{{_REGION}}}": "0x60",
    f'halte_placements_ended_by_clock_total{{{_REGION},ending="lapsed"}}': "0x30 1x29",
    f'halte_sign_ins_refused_total{{{_HERE},reason="wrong"}}': "0+4x60",
    # Tests begin in 1970: the backup of the day is of its first second.
    f"halte_backup_timestamp_seconds{{{_HERE}}}": "0x60",
}
_SLOW = {
    f'halte_lane_commit_seconds_bucket{{{_REGION},le="{le}"}}': f"0+{number}x60"
    for le, number in zip(_BUCKETS, (80, 90, 100, 100), strict=True)
}
# What is otherwise, for each alert.
BAD: dict[str, dict[str, str]] = {
    "HalteNodeDown": {f'up{{job="halte",{_HERE}}}': "0x60"},
    "HaltePostgresSilent": {f"halte_postgres_silent_seconds{{{_HERE}}}": "0+15x60"},
    "HalteLaneDown": {f"halte_lane_running{{{_REGION}}}": "0x60"},
    "HalteClockJumped": {f"halte_sweeps_allowed{{{_HERE}}}": "0x60"},
    "HalteClockApart": {f"halte_clock_apart_seconds{{{_HERE}}}": "-600x60"},
    "HalteOutcomesUnknown": {f"halte_lane_unknown_total{{{_REGION}}}": "0x57 4x2"},
    "HalteBusy": {f"halte_lane_busy_total{{{_REGION}}}": "0+80x60"},
    "HalteLaneQueued": {f"halte_lane_queued{{{_REGION}}}": "900x60"},
    "HalteCommitsSlow": _SLOW,
    "HalteSlotsTaken": {f'halte_postgres_slots_taken{{{_HERE},pool="lane"}}': "8x60"},
    "HalteFaults": {f'halte_http_answers_total{{{_HERE},status="5xx"}}': "0+20x60"},
    "HalteTaskCrashes": {f'halte_task_crashes_total{{{_HERE},task="relay"}}': "0x52 1x7"},
    "HalteBoardLost": {f"halte_live_source{{{_REGION}}}": "0x60"},
    "HalteRedisAway": {f"halte_live_source{{{_REGION}}}": "1x60"},
    "HalteBoardBehind": {f"halte_live_mirror_lag{{{_REGION}}}": "900x60"},
    "HalteHistoryLost": {f"halte_live_epochs_renewed_total{{{_REGION}}}": "0x52 1x7"},
    "HalteUnitsSilent": {f'halte_units_in_trouble{{{_REGION},trouble="silent"}}': "45x60"},
    "HalteUnitsStuck": {f'halte_units_in_trouble{{{_REGION},trouble="stuck"}}': "2x60"},
    "HalteMustMoves": {f"halte_must_moves{{{_REGION}}}": "1x60"},
    "HalteLapses": {f'halte_placements_ended_by_clock_total{{{_REGION},ending="lapsed"}}': "0+1x60"},
    "HalteSignInsRefused": {f'halte_sign_ins_refused_total{{{_HERE},reason="wrong"}}': "0+40x60"},
    # As where there is none yet, or the job's clock is not ours: a day and more before 1970 is as old as it gets.
    "HalteBackupOld": {f"halte_backup_timestamp_seconds{{{_HERE}}}": "-100000x60"},
}


def alerts() -> list[str]:
    rules = msgspec.yaml.decode(RULES.read_bytes())
    return [rule["alert"] for group in rules["groups"] for rule in group["rules"]]


def _case(name: str, series: dict[str, str], firing: list[str]) -> dict[str, Any]:
    return {
        "name": name,
        "interval": "1m",
        "input_series": [{"series": one, "values": values} for one, values in series.items()],
        "promql_expr_test": [
            {
                "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
                "eval_time": "59m",
                "exp_samples": [{"labels": f'{{alertname="{one}"}}', "value": 1} for one in firing],
            }
        ],
    }


@pytest.mark.skipif(shutil.which("promtool") is None, reason="no promtool on this machine (apt-get install prometheus)")
def test_each_fires_when_it_should_and_alone(tmp_path: Path) -> None:
    assert sorted(BAD) == sorted(alerts())
    cases = [_case("good", GOOD, []), *(_case(name, GOOD | worse, [name]) for name, worse in BAD.items())]
    file = tmp_path / "cases.json"  # JSON is YAML
    file.write_text(json.dumps({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": cases}))
    done = subprocess.run(["promtool", "test", "rules", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_is_explained() -> None:
    page = (ROOT / "docs" / "operating.md").read_text("utf-8")
    explained = re.findall(r"^\*\*(Halte\w+)\.\*\*", page, re.MULTILINE)
    assert explained == alerts()
