"""The site as metrics: gauges of what is so now, counters of what the journal tells."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, get_args

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from ridethrough import __version__
from ridethrough.core import events as e
from ridethrough.core.actions import Action
from ridethrough.core.power import Feed, Supply

from .live import Live

Row = Mapping[str, Any]
Value = Callable[[Row], float | None]
Sample = tuple[dict[str, str], float | None]

RESULTS = ("succeeded", "failed", "refused", "dry run")
CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


class Counted:
    """What has happened since the journal's first entry. `take` is called with every event."""

    def __init__(self) -> None:
        self.outages: Counter[str] = Counter()  # by UPS
        self.actions: Counter[tuple[str, str]] = Counter()  # by kind and result

    def take(self, _position: int, event: e.Event) -> None:
        """Count this event, if it is one of those."""
        match event:
            case e.UtilityLost():
                self.outages[event.ups] += 1
            case e.ActionFinished():
                result = "succeeded" if event.error is None else "refused" if event.refused else "failed"
                self.actions[_kind(type(event.action)), result] += 1
            case e.ActionTold():
                self.actions[_kind(type(event.action)), "dry run"] += 1
            case _:
                pass


class SiteMetrics(Collector):
    """Every metric, as Prometheus asks for it."""

    def __init__(self, live: Live, counted: Counted) -> None:
        self._live, self._counted = live, counted

    def collect(self) -> Iterator[Metric]:
        """Every metric with its samples. What is not known has no sample."""
        live = self._live
        yield gauge("build_info", "The version of the manager.", [({"version": __version__}, 1)])
        yield gauge("controller_up", "1 while the controller runs.", [({}, live.running)])
        yield gauge("data_age_seconds", "Age of what the controller has written last.", [({}, live.age())])
        if live.written_at is not None:
            yield gauge("armed", "1 while Ridethrough acts, 0 in dry run.", [({}, live.rest.get("armed"))])
            trouble = bool(live.rest.get("journal_trouble"))
            yield gauge("journal_trouble", "1 while the journal cannot be written.", [({}, trouble)])
            alerts = Counter(str(alert["key"]) for alert in live.rest.get("alerts", ()))
            yield gauge("alerts", "Alerts that stand, by key.", [({"key": key}, n) for key, n in alerts.items()])
            yield from self._upses(list(live.tables["upses"].values()), live.now())
            yield from self._pools(list(live.tables["pools"].values()))
            yield from self._hosts(list(live.tables["hosts"].values()), live.now())
        yield from self._counters()

    def _upses(self, rows: list[Row], now: float) -> Iterator[Metric]:
        def named(row: Row) -> dict[str, str]:
            return {"ups": row["id"]}

        def of(value: Value) -> list[Sample]:
            return [(named(row), value(row)) for row in rows]

        yield states("ups_condition", "What the UPS gives the machines on it.", "condition", Feed, named, rows)
        yield gauge("ups_silent", "1 while the card does not answer.", of(lambda r: r.get("silent")))
        yield gauge("ups_answer_age_seconds", "Age of the card's last good answer.", of(_since("answered_at", now)))
        on_battery = of(lambda r: _since("on_battery_since", now)(r) or 0.0)
        yield gauge("ups_on_battery_seconds", "Time on battery in this outage; 0 without one.", on_battery)
        yield gauge("ups_low_battery", "1 while the battery is low.", of(lambda r: r.get("low")))
        yield gauge("ups_runtime_seconds", "Runtime as the card tells it.", of(lambda r: r.get("runtime")))
        yield gauge(
            "ups_trusted_runtime_seconds", "Runtime that is counted on.", of(lambda r: r.get("trusted_runtime"))
        )
        yield gauge("ups_charge_ratio", "Charge of the battery, 0 to 1.", of(_ratio("charge")))
        yield gauge("ups_load_ratio", "Load as a share of the UPS's rating.", of(_ratio("load")))
        yield gauge("ups_input_volts", "Input of the lowest line.", of(lambda r: r.get("input_volts")))

    def _pools(self, rows: list[Row]) -> Iterator[Metric]:
        connected: list[Sample] = [({"pool": row["id"]}, row.get("connected")) for row in rows]
        yield gauge("pool_connected", "1 while the pool's coordinator answers.", connected)

    def _hosts(self, rows: list[Row], now: float) -> Iterator[Metric]:
        def named(row: Row) -> dict[str, str]:
            return {"host": row["id"], "pool": row.get("pool", "")}

        def of(value: Value) -> list[Sample]:
            return [(named(row), value(row)) for row in rows]

        def margin(row: Row) -> float | None:
            until, needed = row.get("power_until"), row.get("seconds_needed")
            return until - now - needed if until is not None and needed is not None else None

        yield states("host_supply", "What the host's feeds add up to.", "supply", Supply, named, rows)
        yield gauge("host_connected", "1 while the host's toolstack answers.", of(lambda r: r.get("connected")))
        yield gauge("host_vms", "VMs that run on the host.", of(lambda r: len(r.get("vms", ()))))
        yield gauge(
            "host_plan_seconds",
            "Time needed to empty the host and shut it down.",
            of(lambda r: r.get("seconds_needed")),
        )
        yield gauge("host_margin_seconds", "In an outage: power left, less the time that the plan needs.", of(margin))

    def _counters(self) -> Iterator[Metric]:
        outages = CounterMetricFamily("ridethrough_outages", "Times that a UPS was on battery.", labels=["ups"])
        for ups in sorted({*self._live.tables["upses"], *self._counted.outages}):
            outages.add_metric([ups], self._counted.outages[ups])
        yield outages
        actions = CounterMetricFamily(
            "ridethrough_actions", "Actions that have ended, or that dry run told.", labels=["action", "result"]
        )
        for kind in sorted(map(_kind, get_args(Action))):
            for result in RESULTS:
                actions.add_metric([kind, result], self._counted.actions[kind, result])
        yield actions


def gauge(name: str, says: str, samples: Iterable[Sample]) -> Metric:
    """A gauge with these samples, without those whose value is not known."""
    family = GaugeMetricFamily(f"ridethrough_{name}", says)
    for labels, value in samples:
        if value is not None:
            family.add_sample(family.name, labels, float(value))
    return family


def states(
    name: str, says: str, label: str, known: Iterable[str], named: Callable[[Row], dict[str, str]], rows: Iterable[Row]
) -> Metric:
    """A sample for each state that there is: 1 for the one that a row is in, 0 for the others."""
    samples: list[Sample] = []
    for row in rows:
        for state in known:
            samples.append(({**named(row), label: str(state)}, row.get(label) == str(state)))
    return gauge(name, says, samples)


def _kind(action: type) -> str:
    """MoveVm -> "move vm"."""
    return CAPITAL.sub(" ", action.__name__).lower()


def _since(key: str, now: float) -> Value:
    def since(row: Row) -> float | None:
        at = row.get(key)
        return max(now - at, 0.0) if at is not None else None

    return since


def _ratio(key: str) -> Value:
    def ratio(row: Row) -> float | None:
        return row[key] / 100 if row.get(key) is not None else None

    return ratio
