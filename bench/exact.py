"""The same choice made by an exact solver (OR-tools' CP-SAT), from the snapshot alone; and whether a plan keeps to it.

Of the product's own rules only the budget is asked: how many seconds a move takes, and how many a host has.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

from ortools.linear_solver import pywraplp
from ortools.sat.python import cp_model
from pools import Instance

from ridethrough.core.actions import MoveVm
from ridethrough.core.budget import moving_time, need
from ridethrough.core.ends import left
from ridethrough.core.model import HostId, VmId
from ridethrough.core.observation import HostSeen, VmSeen
from ridethrough.core.placement import weight

NEAR = 0.0005  # so near to a bound that is found at once nothing is asked of the solver: the bound counts
SCALE = 1000  # parts of a second: the solver knows whole numbers only


@dataclass(frozen=True, eq=False)
class Model:
    """What may go where, what it is worth, and what there is of memory and time."""

    vms: dict[VmId, VmSeen]
    worth: dict[VmId, int]
    able: dict[VmId, tuple[HostId, ...]]
    free: dict[HostId, int]
    seconds: dict[VmId, float]
    out: dict[HostId, float]  # of each source; infinite where nothing presses
    into: dict[HostId, float]


@dataclass(frozen=True, slots=True)
class Best:
    """The best that there is: what it is worth, what it cannot exceed, and whether the two are proven the same."""

    worth: int
    bound: int
    proven: bool


def model(it: Instance) -> Model:
    s = it.situation
    seen = s.seen
    asked = {a.vm: a.host for a in s.memory.pending.values() if isinstance(a, MoveVm)}
    going = {v.id: asked.get(v.id) or v.moving_to for v in seen.vms.values() if v.id in asked or v.moving_to}
    powered = {h: host for h, host in seen.hosts.items() if h not in it.failing}
    vms = {v.id: v for v in seen.vms.values() if v.resident_on in it.failing and v.id not in going and not v.immovable}
    coming = {h: [seen.vms[v] for v, t in going.items() if t == h] for h in powered}
    out: dict[HostId, float] = {}
    for h in it.failing:
        host, under_way = seen.hosts[h], [v for v in s.guests(h) if v.id in going]
        seconds = left(s, host)
        spare = None if seconds is None else seconds - need(s, host).last_moment - moving_time(s, under_way) / 2
        out[h] = math.inf if spare is None else max(spare, 0.0)
    longest = max((out[v.resident_on or ""] for v in vms.values() if _able(v, powered)), default=math.inf)
    free = {h: host.memory_free - sum(v.memory for v in coming[h]) for h, host in powered.items()}
    seconds = {v.id: moving_time(s, [v]) for v in vms.values()}
    into = {h: max(longest - moving_time(s, coming[h]) / 2, 0.0) for h in powered}

    def fits(vm: VmSeen, host: HostId) -> bool:
        """Alone there: what does not is no choice, and must not be cut in pieces by a relaxation either."""
        return vm.memory <= free[host] and seconds[vm.id] <= min(out[vm.resident_on or ""], into[host])

    able = {v.id: tuple(h for h in _able(v, powered) if fits(v, h)) for v in vms.values()}
    worth = {v.id: weight(s.vm_policy(v)) for v in vms.values()}
    return Model(vms, worth, able, free, seconds, out, into)


def _able(vm: VmSeen, powered: dict[HostId, HostSeen]) -> tuple[HostId, ...]:
    def can(host: HostSeen) -> bool:
        reaches = all(s in host.storage for s in vm.storage) and all(n in host.networks for n in vm.networks)
        runs = vm.cpu is None or host.cpu is None or vm.cpu.features & host.cpu.features == vm.cpu.features
        enough = vm.vcpus_unrestricted or not host.cpus or vm.vcpus <= host.cpus
        return reaches and runs and enough and host.enabled

    return tuple(h for h, host in sorted(powered.items()) if can(host))


def violations(m: Model, places: dict[VmId, HostId]) -> list[str]:
    """What is wrong with a plan; empty when it keeps to everything."""
    found = [f"{v} cannot run on {h}" for v, h in places.items() if h not in m.able.get(v, ())]
    for h, free in m.free.items():
        there = [v for v, t in places.items() if t == h]
        if sum(m.vms[v].memory for v in there) > free:
            found.append(f"{h} is overfilled")
        if sum(m.seconds[v] for v in there) > m.into[h] + 1e-6:
            found.append(f"more comes to {h} than there is time for")
    for h, window in m.out.items():
        if sum(m.seconds[v] for v in places if m.vms[v].resident_on == h) > window + 1e-6:
            found.append(f"more leaves {h} than there is time for")
    return found


def solved(m: Model, hint: dict[VmId, HostId], seconds: float, workers: int = 1) -> Best:
    """The most that can be saved, within so many seconds of the solver's."""
    possible = sum(m.worth[v] for v in m.vms if m.able[v])
    ours = sum(m.worth[v] for v in hint)
    if ours == possible:
        return Best(ours, ours, True)  # everything that could go anywhere does
    relaxed = _relaxed(m)
    if ours >= relaxed * (1 - NEAR):
        return Best(ours, max(relaxed, ours), ours >= relaxed)
    cp = cp_model.CpModel()
    var = {(v, h): cp.new_bool_var(f"{v} {h}") for v in m.vms for h in m.able[v]}
    for v in m.vms:
        cp.add_at_most_one(var[v, h] for h in m.able[v])
    for h, free in m.free.items():
        there = [(v, var[v, h]) for v in m.vms if (v, h) in var]
        cp.add(sum(m.vms[v].memory // 2**20 * x for v, x in there) <= max(free, 0) // 2**20)
        if math.isfinite(m.into[h]):
            cp.add(sum(math.ceil(m.seconds[v] * SCALE) * x for v, x in there) <= math.floor(max(m.into[h], 0) * SCALE))
    for h, most in _most_of_each(m).items():
        cp.add(sum(m.worth[v] * x for (v, t), x in var.items() if h in (t, m.vms[v].resident_on)) <= most)
    for h, window in m.out.items():
        leaving = [(v, x) for (v, _), x in var.items() if m.vms[v].resident_on == h]
        if math.isfinite(window) and leaving:
            cp.add(sum(math.ceil(m.seconds[v] * SCALE) * x for v, x in leaving) <= math.floor(window * SCALE))
    for (v, h), x in var.items():
        cp.add_hint(x, hint.get(v) == h)
    cp.maximize(sum(m.worth[v] * x for (v, _), x in var.items()))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = workers
    solver.parameters.random_seed = 1
    solver.parameters.interleave_search = workers == 1  # all its ways by turns, on one core
    status = solver.solve(cp)
    known = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    worth = max(round(solver.objective_value) if known else 0, ours)
    told = math.floor(solver.best_objective_bound + 1e-6) if known else possible
    bound = max(min(told, possible, relaxed), worth)
    return Best(worth, bound, worth == bound)


@cache
def _most_of_each(m: Model) -> dict[HostId, int]:
    """What each host alone can send, or take, at most: whole guests, the other hosts left out. No plan exceeds that."""
    found: dict[HostId, int] = {}
    for h in sorted({*m.out, *m.free}):
        its = [v for v in m.vms if m.able[v] and (m.vms[v].resident_on == h or h in m.able[v])]
        cp = cp_model.CpModel()
        var = {v: cp.new_bool_var(v) for v in its}
        window = m.out[h] if h in m.out else m.into[h]
        if math.isfinite(window):
            # Rounded so that nothing that keeps to its seconds is left out.
            cp.add(sum(math.floor(m.seconds[v] * SCALE) * var[v] for v in its) <= math.ceil(window * SCALE))
        if h in m.free:
            cp.add(sum(m.vms[v].memory // 2**20 * var[v] for v in its) <= max(m.free[h], 0) // 2**20)
        cp.maximize(sum(m.worth[v] * var[v] for v in its))
        solver = cp_model.CpSolver()
        solver.parameters.max_time_in_seconds = 2.0
        solver.parameters.num_workers = 1
        solver.solve(cp)
        found[h] = math.floor(solver.best_objective_bound + 1e-6)
    return found


def _relaxed(m: Model) -> int:
    """What could be saved if guests could be cut in pieces: never less than what can be saved whole."""
    lp = pywraplp.Solver.CreateSolver("GLOP")
    var = {(v, h): lp.NumVar(0.0, 1.0, "") for v in m.vms for h in m.able[v]}
    for v in m.vms:
        lp.Add(lp.Sum([var[v, h] for h in m.able[v]]) <= 1)
    for h, free in m.free.items():
        there = [(v, var[v, h]) for v in m.vms if (v, h) in var]
        lp.Add(lp.Sum([m.vms[v].memory / 2**30 * x for v, x in there]) <= max(free, 0) / 2**30)
        if math.isfinite(m.into[h]):
            lp.Add(lp.Sum([m.seconds[v] * x for v, x in there]) <= max(m.into[h], 0.0))
    for h, window in m.out.items():
        if math.isfinite(window):
            lp.Add(lp.Sum([m.seconds[v] * x for (v, _), x in var.items() if m.vms[v].resident_on == h]) <= window)
    for h, most in _most_of_each(m).items():
        its = [m.worth[v] * x for (v, t), x in var.items() if h in (t, m.vms[v].resident_on)]
        lp.Add(lp.Sum(its) <= most)
    lp.Maximize(lp.Sum([m.worth[v] * x for (v, _), x in var.items()]))
    if lp.Solve() != pywraplp.Solver.OPTIMAL:
        return sum(m.worth.values())
    return math.floor(lp.Objective().Value() + 1e-4)
