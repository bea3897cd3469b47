"""What `check` finds: everything is asked, nothing is acted on, and each danger is named with its remedy."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Container, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ridethrough.config import Configuration, UpsConnection
from ridethrough.core.advice import Level, outcome
from ridethrough.core.learned import NOTHING_LEARNED, Learned
from ridethrough.core.lint import lint, score
from ridethrough.core.model import HostId, PoolId, StorageId, VmId
from ridethrough.core.observation import Snapshot
from ridethrough.core.site import Site

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asking:
    """How equipment is asked. All but `look` give plain values, among them `id` and `troubles`, and never raise for
    equipment in trouble; `look` gives what the controller would see.
    """

    ups: Callable[[UpsConnection], Awaitable[Row]]
    pool: Callable[[Configuration, PoolId], Awaitable[Row]]
    look: Callable[[Configuration], Awaitable[Snapshot]]
    storage: Callable[[Configuration, StorageId], Awaitable[Row]]
    power_on: Callable[[Configuration, HostId], Awaitable[Row]]


async def report(
    found: Configuration,
    asking: Asking,
    told: Callable[[str], None] = lambda what: None,
    armed: bool | None = None,
    own_vm: VmId = "",
    learned: Learned = NOTHING_LEARNED,
) -> Row:
    """Ask every UPS and every pool once, and say what an outage would do to each host. `told` hears how far it is.

    `armed`: whether the controller may act; None: nobody knows. `own_vm`: the VM that this runs in, if it is one.
    `learned`: what its journal has taught.
    """
    stored = f" and {len(found.storages)} storages" if found.storages else ""
    told(f"asking {len(found.upses)} UPSs{', ' if stored else ' and '}{len(found.pools)} pools{stored}")
    upses, pools, storages, switches = await asyncio.gather(
        asyncio.gather(*(asking.ups(ups) for _, ups in sorted(found.upses.items()))),
        asyncio.gather(*(asking.pool(found, pool) for pool in sorted(found.pools))),
        asyncio.gather(*(asking.storage(found, storage) for storage in sorted(found.storages))),
        asyncio.gather(*(asking.power_on(found, host) for host in sorted(found.power_on))),
    )
    told("looking at the hosts and their VMs")
    answering = _only(found, {u["id"] for u in upses if not u["troubles"]}, {p["id"] for p in pools if p["members"]})
    seen = await asking.look(answering)
    asked = (*upses, *pools, *storages, *switches)
    return scored(
        {
            "site": found.site.name,
            "upses": upses,
            "pools": pools,
            "nas": storages,
            "power_on": switches,
            "hosts": [_host(found.site, host) for host in sorted(found.site.hosts)],
            "advice": advised(found.site, seen, armed, own_vm, learned),
            "problems": [f"{row['id']}: {text}" for row in asked for text in row["troubles"]],
        }
    )


def advised(
    site: Site,
    seen: Snapshot,
    armed: bool | None = None,
    own_vm: VmId = "",
    learned: Learned = NOTHING_LEARNED,
) -> list[Row]:
    """What is worth saying of a site as it was seen, the worst first."""
    return [
        {"level": str(a.level), "about": a.about, "text": a.text, "sentence": a.sentence, "remedy": a.remedy}
        for a in lint(site, seen, armed, own_vm, learned)
    ]


def scored(report: Row) -> Row:
    """The report with its score, 0 to 100: see core.lint. What does not answer counts as a danger."""
    return report | {"score": score_of(findings(report))}


def score_of(found: Collection[Mapping[str, Any]]) -> int:
    """The score of findings."""
    levels = Counter(row["level"] for row in found)
    return score(levels[Level.DANGER], levels[Level.WARNING])


def findings(report: Mapping[str, Any]) -> list[Row]:
    """All that a report has found: what does not answer counts as a danger of its own."""
    rows = []
    for kind, table in (("ups", "upses"), ("pool", "pools"), ("storage", "nas"), ("host", "power_on")):
        for row in report.get(table, []):
            rows += [_trouble(f"{kind}.{row['id']}", text) for text in row["troubles"]]
    return rows + [row for row in report["advice"] if row not in rows]


def _trouble(about: str, text: str) -> Row:
    return {"level": str(Level.DANGER), "about": about, "text": text, "sentence": text, "remedy": ""}


def counts(site: Site, found: Collection[Mapping[str, Any]]) -> dict[str, int]:
    """How many findings of each level, how many parts of the site have nothing worse than a note, and the score."""
    levels = Counter(row["level"] for row in found)
    blamed = {row["about"] for row in found if row["level"] != Level.NOTE}
    well = len([part for part in _parts(site) if part not in blamed])
    return {"ok": well, **{str(it): levels[it] for it in Level}, "score": score_of(found)}


def _parts(site: Site) -> Iterable[str]:
    yield from (f"ups.{ups}" for ups in site.upses)
    yield from (f"pool.{pool}" for pool in site.pools)
    yield from (f"host.{host}" for host in site.hosts)
    yield from (f"storage.{storage}" for storage in site.storages)
    yield from (f"switch.{switch}" for switch in site.switches)


def _only(found: Configuration, cards: Container[str], answering: Container[str]) -> Configuration:
    """The site without the cards and pools that do not answer: they have had their time, and their trouble is told."""
    upses = {id_: ups for id_, ups in found.site.upses.items() if id_ in cards}
    pools = {id_: pool for id_, pool in found.site.pools.items() if id_ in answering}
    return replace(found, site=replace(found.site, pools=pools, upses=upses))


def _host(site: Site, host: str) -> Row:
    row = outcome(site.policy.of(host))
    return {"id": host, "vms": row.vms, "host": row.host, "crash": row.crash}
