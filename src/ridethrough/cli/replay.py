"""An outage again: as it was, and as it would have been under another configuration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from ridethrough.core import events as e
from ridethrough.core.fold import fold_all
from ridethrough.core.memory import Memory
from ridethrough.core.narrative import tell
from ridethrough.core.observation import Snapshot
from ridethrough.core.site import Site
from ridethrough.core.wording import duration
from ridethrough.runtime.codec import UnreadableEvent
from ridethrough.runtime.concern import concerning
from ridethrough.runtime.journal_file import FILE, JournalRefused, read_journal
from ridethrough.runtime.rederive import Rederived, rederive
from ridethrough.runtime.rounds import FOLDER, Round, RoundsUnreadable, read_rounds
from ridethrough.sim.quantity import clock
from ridethrough.sim.reenact import NOT_TOLD, Outcome, counts, minutes_by_tier, reenact, scenario
from ridethrough.sim.scenario import told
from ridethrough.views.outages import Outage, Outages

from .common import FAILED, USAGE, AsJson, SecretsDir, configuration, fail, print_json
from .text import narrative, say, table

SHOWN = 20  # differences


def replay(
    journal: Annotated[
        Path, typer.Argument(metavar="JOURNAL", help="A controller's state directory, or the journal.db in it.")
    ],
    outage: Annotated[
        int | None, typer.Option("--outage", help="Its number, as the list shows it; the last when left out.")
    ] = None,
    is_list: Annotated[bool, typer.Option("--list", help="List the outages of the journal.")] = False,
    site: Annotated[
        Path | None, typer.Option("--site", metavar="OTHER.toml", help="Play it under this configuration, too.")
    ] = None,
    secrets: SecretsDir = None,
    as_json: AsJson = False,
) -> None:
    """Go through an outage of a journal again.

    As it was: every decision is derived again from what each round saw, and held against the journal. With --site it is
    played twice in the simulator, under the site as it was and under the other, and the minutes that VMs were down are
    compared. Acts on nothing.
    """
    folder = journal.parent if journal.name == FILE else journal
    facts = _facts(folder)
    known = Outages(kept=100_000)
    known.take_all(facts)
    if is_list:
        _list(known.all, as_json)
        return
    found = _chosen(known.all, outage)
    recorded = _recorded(folder, found)
    report = _as_it_was(found, facts, recorded)
    if site is not None:
        report["compared"] = _compared(found, facts, recorded, configuration(site, secrets).site)
    if as_json:
        print_json(report)
    else:
        _print(report)
    if report["identical"] is False:
        raise typer.Exit(FAILED)


def _facts(folder: Path) -> Sequence[tuple[int, e.Event]]:
    if not (folder / FILE).exists():
        fail(f"{folder}: there is no {FILE} here: name a controller's state directory", USAGE)
    try:
        return read_journal(folder)
    except (JournalRefused, UnreadableEvent) as error:
        fail(str(error))


def _chosen(known: list[Outage], number: int | None) -> Outage:
    if not known:
        fail("the journal tells of no outage")
    found = next((one for one in known if one.id == number), None) if number is not None else known[-1]
    if found is None:
        fail(f"no outage has the number {number}; known are {', '.join(str(one.id) for one in known)}", USAGE)
    return found


def _recorded(folder: Path, found: Outage) -> list[list[Round]]:
    try:
        return list(read_rounds(folder, found.id, found.last))
    except RoundsUnreadable as error:
        fail(str(error))


def _list(known: list[Outage], as_json: bool) -> None:
    rows = [one.summary() for one in known]
    if as_json:
        print_json({"outages": rows})
        return
    table(
        ("Outage", "UPSs", "Lasted", "VMs moved", "VMs stopped", "Hosts shut down"),
        [
            (
                str(row["id"]),
                ", ".join(row["upses"]) or "by a person",
                duration(row["ended_at"] - row["begun_at"]) if row["ended_at"] is not None else "still open",
                str(row["vms_moved"]),
                str(row["vms_stopped"]),
                str(row["hosts_shut_down"]),
            )
            for row in rows
        ],
    )


# --- as it was ---------------------------------------------------------------------------------------------------


def _as_it_was(found: Outage, facts: Sequence[tuple[int, e.Event]], recorded: list[list[Round]]) -> dict[str, Any]:
    derived = [rederive(part, facts) for part in recorded]
    lines = [(event.at, tell(event)) for position, event in facts if found.id <= position <= found.last]
    whole = Rederived()
    for one in derived:
        whole.rounds, whole.events = whole.rounds + one.rounds, whole.events + one.events
        whole.actions += one.actions
        whole.differences += one.differences
    journalled = [f for p, f in facts if found.id <= p <= found.last and isinstance(f, e.ActionStarted)]
    return {
        "outage": found.id,
        "upses": sorted(found.upses),
        "lasted": found.ended_at - found.begun_at if found.ended_at is not None else None,
        "narrative": [f"{clock(at - found.begun_at):>6}  {'ridethrough':<11}  {text}" for at, text in lines if text],
        "rounds": whole.rounds,
        "decided": whole.events,
        "actions": whole.actions,
        "actions_in_journal": len(journalled),
        "identical": (whole.identical and whole.actions == len(journalled)) if whole.rounds else None,
        "differences": whole.differences,
        "compared": None,
    }


def _print(report: dict[str, Any]) -> None:
    upses = " and ".join(report["upses"]) or "a person"
    lasted = duration(report["lasted"]) if report["lasted"] is not None else "still open"
    say(f"Outage {report['outage']} ({upses}, {lasted})")
    typer.echo()
    narrative(report["narrative"])
    typer.echo()
    if report["identical"] is None:
        say(
            f"No rounds of this outage were recorded ({FOLDER}/ beside the journal): what each round saw is not known, "
            "so its decisions cannot be derived again."
        )
    elif report["identical"]:
        say(
            f"{report['rounds']} rounds were recorded. All {report['decided']} events that they decided, "
            f"{report['actions']} actions among them, are decided again: the same, in the same order, at the same "
            "moments."
        )
    else:
        say("this is not what was decided then:", "DIFFERENT: ", danger=True)
        for text in report["differences"][:SHOWN]:
            say(text, "  ")
        say(
            f"{report['rounds']} rounds were recorded, with {report['actions']} of the journal's "
            f"{report['actions_in_journal']} actions. Rounds are missing where their file was full, or the controller "
            "was another version."
        )
    if report["compared"] is not None:
        _print_compared(report["compared"])


# --- under another configuration ---------------------------------------------------------------------------------


def _compared(
    found: Outage, facts: Sequence[tuple[int, e.Event]], recorded: list[list[Round]], other: Site
) -> dict[str, Any]:
    """The outage in the simulator, under the site as it was and under the other, island by island as one."""
    if not recorded:
        fail(f"no rounds of this outage were recorded ({FOLDER}/): how the site was then is not known")
    firsts = [part[0] for part in recorded]
    was, seen = firsts[0].site, firsts[0].seen
    if {*was.pools} < {*other.pools}:  # the other file has islands that this outage is not of
        pools = {pool: built for pool, built in other.pools.items() if pool in was.pools}
        other = _only(other, pools, was)
    part = [(p, f) for p, f in concerning(was, facts) if found.id <= p <= found.last]
    armed = fold_all(Memory(), [(p, f) for p, f in facts if p < found.id]).armed
    runs: dict[str, Outcome] = {}
    for name, site in (("was", was), ("other", other)):
        runs[name] = reenact(scenario(site, _known(site, seen), part, armed))
    tiers = minutes_by_tier(was, seen, runs)
    return {
        "tiers": [row | {"difference": round(row["other"] - row["was"], 2)} for row in tiers],
        "was": counts(runs["was"]),
        "other": counts(runs["other"]),
        "narrative": [str(line) for line in told(60.0, runs["other"].run.world, runs["other"].run.journal.entries)],
        "not_told": list(NOT_TOLD),
    }


def _known(site: Site, seen: Snapshot) -> Snapshot:
    """What was seen, without UPSs that this site does not have."""
    return replace(seen, upses={ups: there for ups, there in seen.upses.items() if ups in site.upses})


def _only(site: Site, pools: dict[str, Any], was: Site) -> Site:
    hosts = {host: built for host, built in site.hosts.items() if built.pool in pools}
    fed = {ups for built in hosts.values() for ups in built.powered_by} | set(was.upses)
    upses = {ups: built for ups, built in site.upses.items() if ups in fed}
    stores = {name: built for name, built in site.storages.items() if name in was.storages}
    return replace(site, pools=pools, hosts=hosts, upses=upses, storages=stores)


def _print_compared(compared: dict[str, Any]) -> None:
    typer.echo("\nUnder the other configuration, in the simulator")
    narrative(compared["narrative"])
    typer.echo("\nMinutes that VMs were down, added up")
    heads = ("Tier", "VMs", "As it was, simulated", "Under the other", "Difference")
    rows = [(row["tier"], row["vms"], row["was"], row["other"], row["difference"]) for row in compared["tiers"]]
    total = ("all", "", compared["was"]["down_minutes"], compared["other"]["down_minutes"], "")
    table(heads, [tuple(str(cell) for cell in row) for row in [*rows, total]], 2)
    for name, words in (("was", "as it was"), ("other", "under the other")):
        lost = [*compared[name]["crashed"], *compared[name]["lost"]]
        if lost:
            say(f"{words}, {', '.join(lost)}: crash", "DANGER: ", danger=True)
    typer.echo("\nA journal does not tell")
    for text in compared["not_told"]:
        say(text, "  ")
