"""Edits of a site.toml's text: what they concern changes, and nothing else does."""

from __future__ import annotations

import re
import tomllib
from functools import reduce
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridethrough.config.edit import DEPTHS, EditError, Operation, Remove, Set, edited

FILE = """# Our cellar.
[site]
name = "Cellar"  # do not rename

# the left rack
[ups.ups1]
source = "snmp://192.0.2.11"

[host.h1]
pool = "p"
powered_by = [
  "ups1", # left
  "ups2",
]  # both
maintenance = { enabled = true, after = 60 }

# the web shop
[vm.web]
tier = 3  # not before mail
"""


@pytest.mark.parametrize(
    ("operation", "old", "new"),
    [
        (Set(("site", "name"), "Attic"), 'name = "Cellar"', 'name = "Attic"'),
        (Set(("site", "poll"), 7.0), "do not rename\n", "do not rename\npoll = 7\n"),
        (Set(("host", "h1", "maintenance", "after"), "2 min"), "after = 60", 'after = "2 min"'),
        (
            Set(("host", "h1", "maintenance"), {"enabled": False}),
            "{ enabled = true, after = 60 }",
            "{ enabled = false }",
        ),
        (
            Set(("host", "h1", "shutdown", "enabled"), True),
            "after = 60 }\n",
            "after = 60 }\nshutdown = { enabled = true }\n",
        ),
        (Remove(("host", "h1", "maintenance", "after")), ", after = 60", ""),
        (Remove(("host", "h1", "maintenance", "enabled")), "enabled = true, ", ""),
        (Remove(("host", "h1", "maintenance")), "maintenance = { enabled = true, after = 60 }\n", ""),
        (Remove(("vm", "web", "tier")), "tier = 3  # not before mail\n", "# not before mail\n"),
        (Remove(("vm", "web")), "\n# the web shop\n[vm.web]\ntier = 3  # not before mail\n", "\n# the web shop\n"),
        (Remove(("ups", "ups1")), '[ups.ups1]\nsource = "snmp://192.0.2.11"\n', ""),
        (Remove(("ups", "ups9")), "", ""),
        (
            Set(("host", "h1", "powered_by"), ["ups1"]),
            'powered_by = [\n  "ups1", # left\n  "ups2",\n]  # both',
            '# left\npowered_by = ["ups1"]  # both',
        ),
        (Set(("host", "h1", "powered_by"), ["ups1", "ups2"]), "", ""),
        (
            Set(("ups", "ups 2"), {"source": "snmp://192.0.2.12"}),
            '.11"\n',
            '.11"\n\n[ups."ups 2"]\nsource = "snmp://192.0.2.12"\n',
        ),
        (
            Set(("pool", "p", "username"), "root"),
            "# not before mail\n",
            '# not before mail\n\n[pool.p]\nusername = "root"\n',
        ),
        (Set(("traps", "listen"), "0.0.0.0:1162"), "rename\n", 'rename\n\n[traps]\nlisten = "0.0.0.0:1162"\n'),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_one_thing_is_changed_and_its_comments_stay(operation: Operation, old: str, new: str, end: str) -> None:
    assert FILE.count(old) == 1 or not old
    before, after = (text.replace("\n", end) for text in (FILE, FILE.replace(old, new) if old else FILE))
    assert edited(before, [operation]) == after


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ('ups.a.source = "x" # a\n[vm.b]\n', 'ups.a.source = "x" # a\nups.a.version = "1"\n[vm.b]\n'),
        ('[ups]\n  a.source = "x"', '[ups]\n  a.source = "x"\n  a.version = "1"\n'),
        ('[ups]\na = { source = "x" } # a\n', '[ups]\na = { source = "x", version = "1" } # a\n'),
        ("[ups]\na = {}\n", '[ups]\na = { version = "1" }\n'),
        ('ups = { a.source = "x", b = {} }\n', 'ups = { a.source = "x", a.version = "1", b = {} }\n'),
        ('ups = { b = { source = "x" } }\n', 'ups = { b = { source = "x" }, a = { version = "1" } }\n'),
        ("[ups.a] # a\n\n# b\n[vm.b]\n", '[ups.a] # a\nversion = "1"\n\n# b\n[vm.b]\n'),
        ('[ "ups" . a ]\n', '[ "ups" . a ]\nversion = "1"\n'),
        ("", '[ups.a]\nversion = "1"\n'),
        ("# nothing yet", '# nothing yet\n\n[ups.a]\nversion = "1"\n'),
    ],
)
def test_a_key_is_added_where_its_section_stands(text: str, after: str) -> None:
    assert edited(text, [Set(("ups", "a", "version"), "1")]) == after


@pytest.mark.parametrize(
    ("operation", "told"),
    [
        (Set((), 1), "a path begins with one of site, controller"),
        (Set(("sites", "name"), "x"), "a path begins with one of site, controller"),
        (Remove(("ups",)), "ups is neither a section nor a key of one"),
        (Set(("site", "a", "b", "c"), 1), "site.a.b.c is neither a section nor a key of one"),
        (Set(("ups", ""), {}), "is neither a section nor a key of one"),
        (Set(("ups", "a"), 1), "ups.a is a section: give it keys"),
        (Set(("site", "name"), None), "site.name cannot have this value"),
        (Set(("site", "trust"), float("inf")), "site.trust cannot have this value"),
        (Set(("site", "poll"), 2**70), "site.poll cannot have this value"),
        (Set(("site", "name"), "\ud800"), "site.name cannot have this value"),
        (Remove(("vm", "\ud800")), "a name in the path is no text"),
    ],
)
def test_what_is_no_edit_is_refused(operation: Operation, told: str) -> None:
    with pytest.raises(EditError, match=re.escape(told)):
        edited(FILE, [operation])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[site\n", "the file is not TOML"),
        ("a = " + "[" * 5000 + "]" * 5000, "the file is not TOML"),
        ("[[ups]]\nname = 1\n", "cannot be changed here"),
    ],
)
def test_what_cannot_be_edited_is_told(text: str, told: str) -> None:
    with pytest.raises(EditError, match=told):
        edited(text, [Set(("ups", "a", "version"), "1"), Set(("site", "name"), "x")])


# --- any site.toml, in every way of writing it

NAMES = ["a", "b 1", "c.d"]
KEYS = ["k", "l", "m"]
scalars = st.one_of(
    st.integers(-99, 99).map(str),
    st.sampled_from(
        ['"x"', "'C:\\x'", "true", "1979-05-27 07:32:00", "[1, 2]", '["a", "#b"]', '"""\n # no\\"""" comment"""']
    ),
    st.sampled_from(['"q\\"]"', "[\n  1, # in C\n  2,\n]", "[[1], []]", "'''\n'x'''''"]),
    st.sampled_from(["{ enabled = true, after = 5 }", "{}", '{ a.b = 1, "c d" = [ {} ] }']),
)
values = st.one_of(
    st.integers(-99, 99),
    st.booleans(),
    st.sampled_from(["x", 'a "b" \\', "2 min", "#", "\x7f\t"]),
    st.lists(st.sampled_from(["a", "b 1"]), max_size=2),
    st.dictionaries(st.sampled_from(["enabled", "after", "q r"]), st.integers(0, 9) | st.booleans(), max_size=2),
)


def quoted(name: str) -> str:
    return name if re.fullmatch("[a-z]+", name) else f'"{name}"'


@st.composite
def site_files(draw: st.DrawFn) -> str:
    """Comments are numbered, so that each can be found again."""
    numbers = iter(range(10**6))
    rooted: list[str] = []
    blocks: list[str] = []

    def remark() -> str:
        return f"#{next(numbers)}"

    def pairs(before: str) -> list[str]:
        lines = []
        for name in draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=3)):
            value = draw(scalars).replace("in C", f"{next(numbers)}")
            lines.append(f"{draw(st.sampled_from(['', '  ']))}{before}{name} = {value}")
            if draw(st.booleans()):
                lines[-1] += f"  {remark()}"
            if draw(st.booleans()):
                lines.append(draw(st.sampled_from(["", remark()])))
        return lines

    for kind in draw(st.permutations(list(DEPTHS))):
        if DEPTHS[kind] == 1:
            if draw(st.booleans()):
                blocks.append("\n".join([f"[{kind}] {remark()}", *pairs("")]))
            elif draw(st.booleans()):
                rooted += pairs(f"{kind}.")
            continue
        how = draw(st.sampled_from(["none", "heads", "dotted", "under one head", "inline"]))
        names = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=3))
        if how == "inline":
            rooted.append(f'{kind} = {{ {quoted(NAMES[1])} = {{ k = 1 }}, "z".l = [1] }} {remark()}')
        elif how == "under one head" and names:
            blocks.append("\n".join([f"[{kind}]", *(line for name in names for line in pairs(f"{quoted(name)}."))]))
        for name in names:
            if how == "heads":
                form = draw(st.sampled_from(["[{}.{}]", "[ {} . {} ]"]))
                blocks.append("\n".join([f"{form.format(kind, quoted(name))} {remark()}", *pairs("")]))
                if draw(st.booleans()):
                    blocks.append("\n".join([f"[{kind}.{quoted(name)}.deep]", *pairs("")]))
            elif how == "dotted":
                rooted += pairs(f"{kind}.{quoted(name)}.")
    blocks = [block for block in blocks if block.strip()]
    text = "\n".join(rooted) + "\n" + draw(st.sampled_from(["\n", "\n\n", f"\n{remark()}\n"])).join(blocks)
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        text = "[site]\n"
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    return text


paths = st.one_of(
    st.tuples(st.sampled_from(["site", "traps"]), st.sampled_from(KEYS)),
    st.tuples(st.sampled_from(["ups", "host"]), st.sampled_from([*NAMES, "new"]), st.sampled_from([*KEYS, "deep"])),
    st.tuples(st.just("host"), st.sampled_from(NAMES), st.sampled_from(KEYS), st.sampled_from(["enabled", "after"])),
)
section_paths = st.tuples(st.sampled_from(["ups", "host", "vm"]), st.sampled_from([*NAMES, "new"]))
operations = st.lists(
    st.one_of(
        st.builds(Set, paths, values),
        st.builds(Remove, paths),
        st.builds(Remove, section_paths),
        st.builds(Set, section_paths, st.dictionaries(st.sampled_from(KEYS), values, max_size=2)),
    ),
    max_size=5,
)


def leaves(table: dict[str, Any], path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    found: dict[tuple[str, ...], Any] = {}
    for name, value in table.items():
        if isinstance(value, dict):
            found |= leaves(value, (*path, name))
        else:
            found[*path, name] = value
    return found


def is_apart(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] != other[:shorter]


@given(site_files(), operations)
def test_any_edits_keep_all_comments_and_what_they_do_not_concern(text: str, edits: list[Operation]) -> None:
    after = edited(text, edits)
    before = leaves(tomllib.loads(text))
    found = leaves(tomllib.loads(after))
    apart = {path for path in before if all(is_apart(path, edit.path) for edit in edits)}
    assert {path: found.get(path) for path in apart} == {path: before[path] for path in apart}
    if not any(len(edit.path) == DEPTHS[edit.path[0]] for edit in edits):
        numbers = re.findall(r"#\d+|# \d+", text)
        assert sorted(re.findall(r"#\d+|# \d+", after)) == sorted(numbers)
    if "\r" not in text:
        assert "\r" not in after
    else:
        assert after.count("\r\n") == after.count("\n")


new_sections = st.lists(
    st.builds(
        lambda name, keys, more: [Set(("ups", name), keys), *(Set(("ups", name, key), 1) for key in more)],
        st.sampled_from(["new", "newer", "the newest"]),
        st.dictionaries(st.sampled_from(KEYS), values, max_size=2),
        st.lists(st.sampled_from(KEYS), max_size=2),
    ),
    max_size=3,
)


@given(site_files(), new_sections)
def test_many_new_sections_at_once_are_written_as_one_by_one(text: str, found: list[list[Operation]]) -> None:
    edits = [edit for one in found for edit in one]
    assert edited(text, edits) == reduce(lambda so_far, edit: edited(so_far, [edit]), edits, text)


def test_what_is_asked_for_stays_as_it_was() -> None:
    cleared = Set(("ups", "new"), {})
    edited("", [Set(("ups", "new"), {"k": 0}), cleared, Set(("ups", "new", "l"), 1)])
    assert cleared == Set(("ups", "new"), {})


@given(site_files(), section_paths, st.dictionaries(st.sampled_from(KEYS), values, min_size=1, max_size=2))
def test_what_is_added_and_taken_away_again_has_left_nothing(
    text: str, path: tuple[str, str], keys: dict[str, Any]
) -> None:
    table = tomllib.loads(text)
    kind, name = path[0], "brand new"
    there = edited(text, [Set((kind, name), keys)])
    assert tomllib.loads(there)[kind][name] == keys
    gone = edited(there, [Remove((kind, name))])
    assert leaves(tomllib.loads(gone)) == leaves(table)
    assert [line.rstrip() for line in gone.splitlines() if line.strip()] == [
        line.rstrip() for line in text.splitlines() if line.strip()
    ]
