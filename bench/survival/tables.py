"""The scores of many outages, as a distribution and as a table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from .score import Score, Why


def percentile(values: Sequence[float], percent: float) -> float:
    """The least value that so many percent of all do not exceed."""
    ordered = sorted(values)
    return ordered[max(math.ceil(len(ordered) * percent / 100) - 1, 0)]


def distribution(scores: Sequence[Score], bounds: Sequence[float]) -> dict[str, Any]:
    totals = [it.total for it in scores]
    least = sum(bounds)
    return {
        "mean": round(sum(totals) / len(totals), 2),
        "median": round(percentile(totals, 50), 2),
        "p95": round(percentile(totals, 95), 2),
        "worst": round(max(totals), 2),
        "ratio_to_bound": round(sum(totals) / least, 3) if least else None,
        "crashed": sum(it.crashed for it in scores),
        "why_crashed": {why.name.lower(): sum(it.why.count(why) for it in scores) for why in Why},
        "hard_stopped": sum(it.hard_stopped for it in scores),
        "weighed_minutes": round(sum(it.minutes for it in scores)),
        "hosts_off": sum(it.hosts_off for it in scores),
        "storage_lost": sum(it.storage_lost for it in scores),
        "moved": sum(it.moved for it in scores),
    }


HEADS = (
    ("mean", 9),
    ("median", 8),
    ("p95", 9),
    ("worst", 9),
    ("/bound", 8),
    ("crashed", 8),
    ("prevent.", 9),
    ("hard", 6),
    ("off", 5),
    ("storage", 8),
    ("minutes", 9),
    ("moved", 7),
)


def table(policies: Mapping[str, Sequence[Score]], bounds: Sequence[float]) -> str:
    """A line for each policy; the last is the bound. `prevent.`: crashes that a clean stop could have prevented."""
    lines = [f"{'policy':14}" + "".join(f"{name:>{width}}" for name, width in HEADS)]
    for name, scores in policies.items():
        d = distribution(scores, bounds)
        cells = [
            f"{d['mean']:.1f}",
            f"{d['median']:.1f}",
            f"{d['p95']:.1f}",
            f"{d['worst']:.0f}",
            "" if d["ratio_to_bound"] is None else f"{d['ratio_to_bound']:.2f}",
            str(d["crashed"]),
            str(d["why_crashed"]["preventable"]),
            str(d["hard_stopped"]),
            str(d["hosts_off"]),
            str(d["storage_lost"]),
            str(d["weighed_minutes"]),
            str(d["moved"]),
        ]
        lines.append(f"{name:14}" + "".join(f"{c:>{width}}" for c, (_, width) in zip(cells, HEADS, strict=True)))
    mean = f"{sum(bounds) / len(bounds):.1f}"
    cells = [mean, *(f"{percentile(bounds, p):.1f}" for p in (50, 95)), f"{max(bounds):.0f}", "1.00"]
    lines.append(f"{'lower bound':14}" + "".join(f"{c:>{width}}" for c, (_, width) in zip(cells, HEADS, strict=False)))
    return "\n".join(lines)
