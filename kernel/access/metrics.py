"""What /metrics tells about signing in. Numbers only: neither who tried nor from where (I9)."""

from __future__ import annotations

from prometheus_client import Counter

_REFUSED = Counter("halte_sign_ins_refused_total", "Sign-ins refused", ["reason"])
WRONG = _REFUSED.labels("wrong")
RATIONED = _REFUSED.labels("rationed")
