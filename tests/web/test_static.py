"""What must hold in every template, script and style sheet."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ridethrough.web.assets import FOLDER, Assets
from ridethrough.web.serve import rendered
from ridethrough.web.table import PAGES

TEMPLATES = FOLDER.parent / "templates"
ASSETS = Assets()
TEXTS = {page.name: text for page, text in rendered(ASSETS).items()}
SCRIPTS = sorted(FOLDER.rglob("*.js"))
STYLES = sorted(FOLDER.rglob("*.css"))
SPRITE = (TEMPLATES / "icons.svg").read_text(encoding="utf-8")
ICONS = set(re.findall(r'id="i-([a-z-]+)"', SPRITE))
PARSES_HTML = re.compile(r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|setHTMLUnsafe)\b")
RUNS_TEXT = re.compile(r"\beval\s*\(|\bnew Function\b|\bFunction\s*\(|setTimeout\s*\(\s*[\"'`]")
# Icons are named in these ways: icon("x"), symbol: "x", icon: "x", state("tone", "x", ...), empty("x", ...).
NAMED = re.compile(r"""\b(?:icon\(|symbol:\s*|icon:\s*|empty\(|setIcon\(\w+,\s*|state\("[a-z]+",\s*)"([a-z-]+)\"""")


def by_name(path: Path) -> str:
    return path.relative_to(FOLDER).as_posix()


@pytest.mark.parametrize("page", TEXTS)
def test_no_page_has_a_script_or_a_style_in_it(page: str) -> None:
    text = TEXTS[page]
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"<style\b|\sstyle\s*=|\son[a-z]+\s*=|javascript:", text, re.I)
    assert not re.search(r"""(?:src|href)="(?:https?:)?//""", text)


@pytest.mark.parametrize("page", TEXTS)
def test_a_page_has_one_heading_of_the_first_order_and_every_icon_it_shows(page: str) -> None:
    text = TEXTS[page]
    assert text.count("<h1") == 1
    assert '<html lang="en">' in text
    assert set(re.findall(r'href="#i-([a-z-]+)"', text)) <= ICONS


@pytest.mark.parametrize("script", SCRIPTS, ids=by_name)
def test_a_script_is_short_makes_no_markup_from_text_runs_none_and_names_what_exists(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 250
    assert set(NAMED.findall(text)) <= ICONS
    assert not PARSES_HTML.search(text)
    assert not RUNS_TEXT.search(text)
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg|here\.invalid)", text)
    imported = re.findall(r'import \{([^}]*)\} from "(\.[^"]+)"', text)
    for names, place in imported:
        source = (script.parent / place).resolve()
        given = set(re.findall(r"^export (?:async )?(?:function|const|class) (\w+)", source.read_text("utf-8"), re.M))
        wanted = {part.split(" as ")[0].strip() for part in names.split(",") if part.strip()}
        assert wanted <= given, f"{by_name(script)} imports {wanted - given} from {place}"


@pytest.mark.parametrize("line", ['el.innerHTML = "x"', 'eval("x")', 'setTimeout("x", 1)', "new Function('x')"])
def test_such_a_line_is_found(line: str) -> None:
    assert PARSES_HTML.search(line) or RUNS_TEXT.search(line)


def test_names_of_icons_are_found() -> None:
    lines = 'icon("a"), symbol: "b", icon: "c", state("low", "d", "x"), empty("e", "x"), setIcon(sign, "f")'
    assert NAMED.findall(lines) == ["a", "b", "c", "d", "e", "f"]


def test_every_file_is_used() -> None:
    """A script that no page loads, or a template that none shows, is left over."""
    loaded = {name for page in PAGES for name in ASSETS.modules("js/shell.js", f"js/pages/{page.name}.js")}
    unloaded = {by_name(script) for script in SCRIPTS} - loaded
    assert {name for name in unloaded if not name.startswith("js/ui/")} == {"js/theme.js"}
    texts = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES.iterdir())
    for template in TEMPLATES.iterdir():
        assert template.stem in {page.name for page in PAGES} or f'"{template.name}"' in texts
    linked = " ".join(TEXTS.values())
    assert all(f"/{by_name(style)}" in linked for style in STYLES)


@pytest.mark.parametrize("style", STYLES, ids=by_name)
def test_a_style_sheet_uses_only_variables_that_exist(style: Path) -> None:
    texts = "".join(path.read_text(encoding="utf-8") for path in [*STYLES, *SCRIPTS])
    made = set(re.findall(r"(--[a-z0-9-]+)\"?:", texts))
    text = style.read_text(encoding="utf-8")
    assert set(re.findall(r"var\((--[a-z0-9-]+)", text)) <= made
    assert "@import" not in text
    assert "url(" not in text


NODE = shutil.which("node")
UNIT_TESTS = sorted(Path(__file__).parent.glob("*.test.mjs"))


@pytest.mark.skipif(NODE is None, reason="node is not here: what needs no browser is tested where it is")
@pytest.mark.parametrize("test", UNIT_TESTS, ids=lambda path: path.name)
def test_units(test: Path) -> None:
    assert NODE is not None
    done = subprocess.run([NODE, "--test", str(test)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout
