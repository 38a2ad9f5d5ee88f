"""Pictures can be trusted: kept whole, told apart, and the same however their size was reached."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.style import Style
from textual.app import App, ComposeResult
from textual.color import Color
from textual.theme import Theme
from textual.widgets import Static

from tests.tui.camera import SIZES, THEMES, started
from tests.tui.picture import Picture, differences, read, taken, written
from tests.tui.shooting import CALM, Running
from tests.tui.themes.test_theme import contrast
from tui.themes.theme import DARK, LIGHT

TESTS = Path(__file__).parents[1]
CORNERS = frozenset("╭┌┏")
LEAST = 4.5
"""Contrast of text (WCAG 2.2, 1.4.3)."""


class Colours(App[None]):
    """Shows what is hard to keep: wide, joined and right-to-left characters, blanks with a line."""

    def compose(self) -> ComposeResult:
        yield Static("a  宽字符 e\u0301 🎉 [red]שלום[/] |\n\n[u]  under  [/] [reverse] turned [/]")


def kept(module: str, test: str, name: str, size: tuple[int, int]) -> dict[str, Picture]:
    folder = TESTS / "tui" / "__snapshots__" / module
    return read((folder / f"{test}[{name}-{size[0]}x{size[1]}].txt").read_text(encoding="utf-8"))


async def test_what_is_kept_is_what_was_taken() -> None:
    async with started(Colours(), (40, 5)) as pilot:
        picture = taken(pilot.app)
        pilot.app.theme = "textual-light"
        await pilot.pause()
        light = taken(pilot.app)
    assert picture.size == (40, 5)
    assert picture.text[0] == "a  宽字符 e\u0301 🎉 שלום |"
    assert read(written({"dark": picture, "light": light})) == {"dark": picture, "light": light}
    assert not differences(picture, picture)
    [difference, *_] = differences(picture, light)
    assert "row 1, columns 1-" in difference
    assert "#121212 → " in difference
    other = Picture(("A", *picture.text[1:]), picture.styles)
    assert differences(picture, other) == ["@@ -1 +1 @@", f"-{picture.text[0]}", "+A"]
    with pytest.raises(ValueError, match="light shows another text than dark"):
        written({"dark": picture, "light": other})
    assert "under" in picture.svg("a title")


@pytest.mark.parametrize("size", SIZES[1:], ids=str)
async def test_an_app_that_is_started_at_a_size_looks_like_one_that_has_come_to_it(
    running: Running, size: tuple[int, int]
) -> None:
    async with running(CALM, size=size) as pilot:
        assert not differences(
            kept("test_snapshots", "test_calm", "busy", size)["dark"], taken(pilot.app)
        )


def test_all_text_of_what_is_kept_can_be_read() -> None:
    """But for what lies dimmed below a card: pictures with a card's corner are passed over."""
    low = set()
    for file in sorted(TESTS.rglob("__snapshots__/*/*80x24[]].txt")):
        kept = read(file.read_text(encoding="utf-8"))
        for theme, worn in (("dark", DARK), ("light", LIGHT)):
            picture = kept[theme]
            if CORNERS.isdisjoint("".join(picture.text)):
                low |= {(file.parent.name, theme, *found) for found in faint(picture, worn)}
    assert not low


def faint(picture: Picture, theme: Theme) -> Iterator[tuple[str, str]]:
    """Words that stand out too little, with how they are drawn."""
    for text, styles in zip(picture.text, picture.styles, strict=True):
        for name in {*styles}:
            style = Style.parse(name)
            ink = style.color or Color.parse(theme.foreground or "").rich_color
            ground = style.bgcolor or Color.parse(theme.background or "").rich_color
            ratio = contrast(Color.from_rich_color(ink), Color.from_rich_color(ground))
            words = "".join(
                character for character, drawn in zip(text, styles, strict=False) if drawn == name
            )
            if ratio < LEAST and any(character.isalnum() for character in words):
                yield name, words.strip()


def test_all_that_is_kept_belongs_to_a_test() -> None:
    for folder in TESTS.rglob("__snapshots__/*"):
        module = (folder.parents[1] / f"{folder.name}.py").read_text(encoding="utf-8")
        for file in folder.iterdir():
            name, shown, size = re.fullmatch(
                r"(\w+)(?:\[.*\])?\[(.+-)?(\d+x\d+)\]\.txt", file.name
            ).groups()  # type: ignore[union-attr]
            assert f"def {name}(" in module, file
            assert shown is None or f'"{shown[:-1]}"' in module, file
            with file.open(encoding="utf-8") as lines:
                head = lines.readline().split()
            assert head[: 1 + len(THEMES)] == [size, *THEMES], file
