"""A plan made better: room is made for what has no place, by moving others aside or by giving up what is worth less."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .state import NOWHERE, State

ROUNDS = 6  # of all the ways after each other
STEPS = 60_000  # looks at one guest on one host; bounds the time of a plan
NODES = 600  # of one choice of what stays on a host
FORCED = 40  # guests that are tried where they do not fit, in one round,
FORCED_ON = 8  # and on how many hosts each
FEW = 12  # guests
FEW_NODES = 4000
SHUFFLES = 60_000  # looks of the last way, which goes on
IDLE = 200  # tries without a gain, and at most so many for each guest:
IDLE_OF_EACH = 4
TOGETHER = 4  # each on so many hosts at most,
CANDIDATES = 60  # of which each is offered so many guests


def better(state: State) -> None:
    """Better the plan until nothing helps any more, or the steps are used up. Never worse than before."""
    steps = Steps(STEPS)
    if _try_everything(state, steps):
        return
    for _ in range(ROUNDS):
        before = state.saved
        _insert(state, steps)
        _choose_anew(state, steps)
        if state.timed:
            _choose_who_leaves(state, steps)
        _force(state, steps)
        if state.saved == before or steps.used_up:
            break
    _shuffle(state, Steps(SHUFFLES))


class Steps:
    """A count that runs down."""

    __slots__ = ("left",)

    def __init__(self, left: int) -> None:
        self.left = left

    @property
    def used_up(self) -> bool:
        return self.left <= 0


# --- moving others aside -----------------------------------------------------------------------------------------


def _insert(state: State, steps: Steps) -> None:
    for g in state.unplaced():
        if steps.used_up:
            return
        _place(state, g, steps, 2)


def _place(state: State, g: int, steps: Steps, depth: int) -> bool:
    """Find a guest its place, if need be by sending one other elsewhere, and for that one more."""
    if state.timed and state.seconds[g] > state.out_left[state.source[g]]:
        return False
    fitting = [(state.free[t], t) for t in state.allowed[g] if state.fits(g, t)]
    steps.left -= len(state.allowed[g])
    if fitting:
        state.put(g, min(fitting)[1])
        return True
    if depth == 0:
        return False
    return any(_aside(state, g, t, steps, depth) for t in sorted(state.allowed[g], key=lambda t: (-state.free[t], t)))


def _aside(state: State, g: int, t: int, steps: Steps, depth: int) -> bool:
    """Make room on one target by moving one guest away from it."""
    lacking = state.memory[g] - state.free[t]
    others = sorted((o for o in state.on[t] if state.memory[o] >= lacking), key=lambda o: (state.memory[o], o))
    for other in others:
        if steps.used_up:
            return False
        steps.left -= 1
        if state.memory[other] >= state.memory[g] and depth == 1:
            continue  # it would need as much elsewhere as the guest does
        state.take(other)
        if state.fits(g, t):
            state.put(g, t)
            if _place(state, other, steps, depth - 1):
                return True
            state.take(g)
        state.put(other, t)
    return False


# --- giving up what is worth less ---------------------------------------------------------------------------------


def _force(state: State, steps: Steps) -> None:
    """Put a guest where it does not fit, and see whether what must go for it finds a place elsewhere, or is less."""
    for g in state.unplaced()[:FORCED]:
        if state.where[g] != NOWHERE or (state.timed and state.seconds[g] > state.out_left[state.source[g]]):
            continue
        for t in sorted(state.allowed[g], key=lambda t: (-state.free[t], t))[:FORCED_ON]:
            if steps.used_up or _forced(state, g, t, steps):
                break


def _forced(state: State, g: int, t: int, steps: Steps) -> bool:
    lacking = state.memory[g] - state.free[t]
    cheapest = sorted(state.on[t], key=lambda o: (state.weight[o] / max(state.memory[o], 1), o))
    going: list[int] = []
    for o in cheapest:
        if lacking <= 0:
            break
        going.append(o)
        lacking -= state.memory[o]
    for o in sorted(going, key=lambda o: (-state.weight[o], o)):
        if state.memory[o] + lacking <= 0:  # it need not have gone
            going.remove(o)
            lacking += state.memory[o]
    if lacking > 0:
        return False
    before, places = state.saved, state.copy_places()
    for o in going:
        state.take(o)
    steps.left -= len(going) + len(state.where) // 10
    if state.fits(g, t):
        state.put(g, t)
        for o in sorted(going, key=lambda o: (-state.weight[o], -state.memory[o], o)):
            _place(state, o, steps, 1)
        if state.saved > before:
            return True
    state.restore(places)
    return False


# --- what stays on a host ----------------------------------------------------------------------------------------


def _choose_anew(state: State, steps: Steps) -> None:
    """For each target, of all that is there or could be: what together is worth most."""
    for t in range(len(state.free)):
        waiting = state.unplaced()
        if not waiting or steps.used_up:
            return
        lightest = min(state.weight[o] for o in state.on[t]) if state.on[t] else 0
        there = list(state.on[t])
        could = [g for g in waiting if t in state.allowed[g] and state.weight[g] > lightest][:40]
        if could:
            _exchange(state, t, there, could, steps)


def _exchange(state: State, t: int, there: list[int], could: list[int], steps: Steps) -> None:
    for o in there:
        state.take(o)
    chosen = _worthiest(state, t, there + could, steps)
    gained = sum(state.weight[g] for g in chosen) - sum(state.weight[o] for o in there)
    for g in chosen if gained > 0 else there:
        state.put(g, t)


def _worthiest(state: State, t: int, candidates: list[int], steps: Steps) -> list[int]:
    """The subset that fits and is worth most: branch and bound with a bounded number of nodes."""
    room, time, out = max(state.free[t], 1), max(state.into_left[t], 1e-9), list(state.out_left)
    timed = state.timed

    def cost(g: int) -> float:
        """Its share of what there is: no set that fits takes more than all of it."""
        memory = state.memory[g] / room
        return 0.5 * (memory + state.seconds[g] / time) if timed else memory

    costs = {g: max(cost(g), 1e-12) for g in candidates}
    order = sorted(candidates, key=lambda g: (-state.weight[g] / costs[g], g))
    best: list[int] = []
    best_worth, nodes = -1, NODES
    chosen: list[int] = []

    def bound(n: int, share: float) -> float:
        worth = 0.0
        for g in order[n:]:
            if costs[g] > share:
                return worth + state.weight[g] * share / costs[g]
            share -= costs[g]
            worth += state.weight[g]
        return worth

    def visit(n: int, left: int, seconds: float, share: float, worth: int) -> None:
        nonlocal best, best_worth, nodes
        nodes -= 1
        if worth > best_worth:
            best, best_worth = list(chosen), worth
        if n == len(order) or nodes <= 0 or worth + bound(n, share) <= best_worth:
            return
        g = order[n]
        source, taken = state.source[g], state.seconds[g]
        if state.memory[g] <= left and (not timed or (taken <= seconds and taken <= out[source])):
            chosen.append(g)
            out[source] -= taken
            visit(n + 1, left - state.memory[g], seconds - taken, share - costs[g], worth + state.weight[g])
            out[source] += taken
            chosen.pop()
        visit(n + 1, left, seconds, share, worth)

    visit(0, state.free[t], state.into_left[t], 1.0 + 1e-9, 0)
    steps.left -= NODES - nodes
    return best


# --- several hosts anew --------------------------------------------------------------------------------------------


def _shuffle(state: State, steps: Steps) -> None:
    """Some guests of a few hosts are taken away, and these filled anew, each with what is worth most on it; kept where
    that is no loss. Which ones is drawn, always in the same way.
    """
    if not state.saved:
        return  # there is nobody to move aside
    targets = sorted({t for allowed in state.allowed for t in allowed})
    dice, idle, patience = Dice(), 0, min(IDLE, IDLE_OF_EACH * len(state.order))
    best, places = state.saved, state.copy_places()
    while not steps.used_up and idle < patience and state.unplaced():
        before, chosen = state.saved, dice.some(targets, TOGETHER)
        parts = dice.below(4) + 1  # of so many, one stays
        undo = [(o, t) for t in chosen for o in state.on[t] if parts == 1 or dice.below(parts) == 0]
        for o, _ in undo:
            state.take(o)
        filled = [(g, t) for t in chosen for g in _fill(state, t, steps)]
        if state.saved < before:
            for g, _ in filled:
                state.take(g)
            for o, t in undo:
                state.put(o, t)
        idle += 1
        if state.saved > best:
            best, places, idle = state.saved, state.copy_places(), 0
    state.restore(places)


def _fill(state: State, t: int, steps: Steps) -> list[int]:
    """Put on a host what is worth most of all that is nowhere."""
    could = [g for g in state.unplaced() if t in state.allowed[g] and state.fits(g, t)][:CANDIDATES]
    steps.left -= len(could) + len(state.where) // 10
    if not could:
        return could
    chosen = _worthiest(state, t, could, steps)
    for g in chosen:
        state.put(g, t)
    return chosen


class Dice:
    """Numbers that look as if drawn, the same ones in the same order each time."""

    __slots__ = ("last",)

    def __init__(self) -> None:
        self.last = 1

    def below(self, end: int) -> int:
        self.last = (self.last * 1103515245 + 12345) % 2**31
        return (self.last >> 8) % end

    def some(self, of: list[int], most: int) -> list[int]:
        """So many at most, each once."""
        return list(dict.fromkeys(of[self.below(len(of))] for _ in range(most)))


# --- who has the time to leave -----------------------------------------------------------------------------------


def _choose_who_leaves(state: State, steps: Steps) -> None:
    """For each source whose time is short, of all its guests: which together are worth most."""
    for source in range(len(state.out_left)):
        waiting = [g for g in state.unplaced() if state.source[g] == source]
        if any(state.seconds[g] > state.out_left[source] for g in waiting):
            _leave_anew(state, [g for g, s in enumerate(state.source) if s == source and state.allowed[g]], steps)
        if steps.used_up:
            return


def _leave_anew(state: State, candidates: list[int], steps: Steps) -> None:
    order = sorted(candidates, key=lambda g: (-state.weight[g] / max(state.seconds[g], 1e-9), g))

    def bound(n: int) -> float:
        left = state.out_left[state.source[order[0]]]
        return _share(((state.weight[g], state.seconds[g]) for g in order[n:]), left)

    _search(state, order, bound, steps, NODES, 1)


# --- few guests: every choice ------------------------------------------------------------------------------------


def _try_everything(state: State, steps: Steps) -> bool:
    """Where there are few guests, each counts for much: then every choice of hosts is looked at. Whether all were."""
    if len(state.order) > FEW or not state.unplaced():
        return False
    order = sorted(state.order, key=lambda g: (-state.weight[g], -state.memory[g], g))
    lightest = sorted(order, key=lambda g: (state.memory[g] / max(state.weight[g], 1), g))
    quickest = sorted(order, key=lambda g: (state.seconds[g] / max(state.weight[g], 1), g)) if state.timed else []

    def bound(n: int) -> int:
        """Were the room of all targets in one piece, and so their time; none takes what is larger than each of them."""
        largest, longest = max(state.free), max(state.into_left)
        fitting = {g for g in order[n:] if state.memory[g] <= largest}
        by_room = _share(((state.weight[g], state.memory[g]) for g in lightest if g in fitting), sum(state.free))
        if not state.timed:
            return int(by_room + 1e-6)
        out = state.out_left
        fitting = {g for g in fitting if state.seconds[g] <= min(longest, out[state.source[g]])}
        left = min(sum(state.into_left), sum(out))
        by_time = _share(((state.weight[g], state.seconds[g]) for g in quickest if g in fitting), left)
        return int(min(by_room, by_time) + 1e-6)

    return _search(state, order, bound, steps, FEW_NODES, len(state.free))


def _share(items: Iterable[tuple[int, float]], left: float) -> float:
    """What such things are worth that take so much in all, the last of them in part; the best for it come first."""
    worth = 0.0
    for weight, taken in items:
        if taken > left:
            return worth + weight * left / taken
        left -= taken
        worth += weight
    return worth


def _search(
    state: State, order: list[int], bound: Callable[[int], float], steps: Steps, nodes: int, branches: int
) -> bool:
    """Branch and bound: place these guests anew, each on one of `branches` hosts or nowhere. Never worse than before.

    `bound`: what the guests from the n-th on can at most add. Returns whether it came to its end.
    """
    before = {g: state.where[g] for g in order}
    best, best_worth = before, sum(state.weight[g] for g, t in before.items() if t != NOWHERE)
    for g, t in before.items():
        if t != NOWHERE:
            state.take(g)
    chosen: dict[int, int] = {}
    left = nodes

    def visit(n: int, worth: int) -> None:
        nonlocal best, best_worth, left
        left -= 1
        if worth > best_worth:
            best, best_worth = dict(chosen), worth
        if n == len(order) or left <= 0 or worth + bound(n) <= best_worth:
            return
        g = order[n]
        fitting = sorted((t != before[g], state.free[t], t) for t in state.allowed[g] if state.fits(g, t))
        for _, _, t in fitting[:branches]:
            chosen[g] = t
            state.put(g, t)
            visit(n + 1, worth + state.weight[g])
            state.take(g)
            del chosen[g]
        visit(n + 1, worth)

    visit(0, 0)
    for g, t in best.items():
        if t != NOWHERE:
            state.put(g, t)
    steps.left -= nodes - left
    return left > 0
