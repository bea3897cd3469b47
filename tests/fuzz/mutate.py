"""Changes to JSON that leave it JSON: the decoder is written in C and tells the fuzzer nothing of its structure."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any

ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2**63,
    2**70,
    1.5,
    1e308,
    "",
    "nan",
    "inf",
    "OpaqueRef:NULL",
    "\n",
    "9" * 400,
    [],
    {},
    [[]],
)


def changed(data: bytes, seed: int, words: Sequence[str]) -> bytes | None:
    """`data` with one to three changes; None when it is no JSON."""
    chance = random.Random(seed)
    try:
        tree = json.loads(data)
        for _ in range(chance.randint(1, 3)):
            tree = _change(tree, chance, words)
        return json.dumps(tree).encode("utf-8", "replace")
    except (ValueError, RecursionError):
        return None


def _change(tree: Any, chance: random.Random, words: Sequence[str]) -> Any:
    """Go down at random, and change where the way ends."""
    if isinstance(tree, dict) and tree and chance.random() < 0.85:
        key = chance.choice(sorted(tree))
        return _in_table(tree, key, chance, words)
    if isinstance(tree, list) and tree and chance.random() < 0.85:
        at = chance.randrange(len(tree))
        if chance.random() < 0.15:
            return tree[:at] + tree[at + 1 :] if chance.random() < 0.5 else [*tree, tree[at]]
        return [*tree[:at], _change(tree[at], chance, words), *tree[at + 1 :]]
    return chance.choice([*ODD, *(chance.sample(words, 1) if words else ()), [tree], {"x": tree}])


def _in_table(tree: dict[str, Any], key: str, chance: random.Random, words: Sequence[str]) -> dict[str, Any]:
    kind = chance.random()
    if kind < 0.1:
        return {name: value for name, value in tree.items() if name != key}
    if kind < 0.2 and words:
        return {**tree, chance.choice(words): tree[key]}
    return {**tree, key: _change(tree[key], chance, words)}
