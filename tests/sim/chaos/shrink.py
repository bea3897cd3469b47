"""A broken story made small: whatever can be left out while the same rule is broken is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy

from ridethrough.sim.reading import ScenarioError

from .sites import Content

BREAKS = Callable[[Content], bool]
RUNS = 150  # at most


class Shrinker:
    """`breaks` plays a story and says whether it still breaks the same rule."""

    def __init__(self, breaks: BREAKS, runs: int = RUNS) -> None:
        self._breaks = breaks
        self._left = runs

    def shrink(self, content: Content) -> Content:
        """The smallest story found within the allowed number of runs; `content` itself when nothing can go."""
        before: Content = {}
        while content != before and self._left > 0:
            before = content
            content = self._shorter_timeline(content)
            for fewer in (_without_things, _without_keys, _with_rounder_times):
                content = self._first_that_breaks(content, fewer)
        return content

    def _first_that_breaks(self, content: Content, fewer: Callable[[Content], Iterator[Content]]) -> Content:
        """Take each smaller story that still breaks, and go on from there."""
        tried: list[Content] = []
        while True:
            candidate = next((c for c in fewer(content) if c not in tried), None)
            if candidate is None or self._left <= 0:
                return content
            tried.append(candidate)
            if self._still_breaks(candidate):
                content = candidate

    def _shorter_timeline(self, content: Content) -> Content:
        """Halves, quarters, ... of the timeline, down to one entry."""
        size = max(len(content["timeline"]) // 2, 1)
        while size >= 1:
            start = 0
            while start < len(content["timeline"]):
                rest = content["timeline"][:start] + content["timeline"][start + size :]
                candidate = content | {"timeline": rest}
                if self._left > 0 and rest and self._still_breaks(candidate):
                    content = candidate
                else:
                    start += size
            size //= 2
        return content

    def _still_breaks(self, content: Content) -> bool:
        self._left -= 1
        try:
            return self._breaks(content)
        except (ScenarioError, KeyError):
            return False  # it is no story any more


def _without_things(content: Content) -> Iterator[Content]:
    """Without one host, VM, NAS, UPS, storage or pool, and what names it."""
    for kind in ("pool", "host", "vm", "nas", "ups", "storage"):
        for name in content["override"].get("world", {}).get(kind, {}):
            smaller = deepcopy(content)
            _remove(smaller, kind, name)
            yield smaller


def _remove(content: Content, kind: str, name: str) -> None:
    override = content["override"]
    for part in (override, override["world"]):
        part.get(kind, {}).pop(name, None)
    if kind == "nas":
        override.get("storage", {}).pop(name, None)
    key = {"storage": "", "nas": "storage"}.get(kind, kind)
    content["timeline"] = [entry for entry in content["timeline"] if entry.get(key) != name]
    for host in [h for h, it in override["host"].items() if kind == "pool" and it["pool"] == name]:
        _remove(content, "host", host)
    for vm in [v for v, it in override["world"].get("vm", {}).items() if kind == "host" and it["host"] == name]:
        _remove(content, "vm", vm)
    boxes = (*override.get("storage", {}).values(), *override["world"].get("nas", {}).values())
    for it in (*override["host"].values(), *override["world"].get("vm", {}).values(), *boxes):
        for key in ("powered_by", "storage", "used_by", "repositories"):
            if name in it.get(key, []):
                it[key] = [other for other in it[key] if other != name]
    for it in override["world"].get("pool", {}).values():
        it["wlb_advice"] = {k: v for k, v in it.get("wlb_advice", {}).items() if name not in (k, v)}
    for it in override["world"].get("storage", {}).values():
        it["hosts"] = [host for host in it.get("hosts", []) if host != name]


def _without_keys(content: Content) -> Iterator[Content]:
    """Without one key of the site: the default does as well."""
    for path in _paths(content["override"]):
        smaller = deepcopy(content)
        table = smaller["override"]
        for step in path[:-1]:
            table = table[step]
        del table[path[-1]]
        yield smaller


def _paths(table: Content) -> Iterator[tuple[str, ...]]:
    for key, value in table.items():
        yield (key,)
        if isinstance(value, dict):
            yield from ((key, *rest) for rest in _paths(value))


def _with_rounder_times(content: Content) -> Iterator[Content]:
    for position, entry in enumerate(content["timeline"]):
        rounder = {**entry, "at": float(round(entry["at"]))}
        if rounder != entry:
            timeline = list(content["timeline"])
            timeline[position] = rounder
            yield content | {"timeline": timeline}
