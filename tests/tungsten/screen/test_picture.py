"""Pictures of panes: every cell in its place, and of a size that a model can see."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tungsten.pane import ForText
from tungsten.screen import fonts, picture
from tungsten.screen.cells import cells
from tungsten.screen.frame import Frame
from tungsten.screen.sgr import parse_line
from tungsten.terminal import Terminal


def screen(*lines: str, width: int = 10, height: int = 3, **fields: object) -> Frame:
    given = {
        "cursor_x": 0,
        "cursor_y": height - 1,
        "cursor_visible": False,
        "in_mode": False,
        "dead": False,
        "alternate": False,
        "history_size": 0,
        "title": "",
        **fields,
    }
    padded = (*lines, *[""] * (height - len(lines)))
    return Frame(lines=padded, width=width, height=height, **given)  # type: ignore[arg-type]


def colors_at(image: Image.Image, column: int, row: int, width: int = 1) -> set[tuple[int, ...]]:
    drawn = fonts.load(16)
    box = (
        column * drawn.width,
        row * drawn.height,
        (column + width) * drawn.width,
        (row + 1) * drawn.height,
    )
    return {color for _, color in image.crop(box).getcolors(1 << 16)}


def test_colours_and_attributes_stand_in_their_cells() -> None:
    line = "\x1b[41ma\x1b[0m \x1b[7mb\x1b[0m \x1b[38;2;1;200;3m█\x1b[0m \x1b[8;42mc\x1b[0m"
    image = picture.draw(screen(line), size=16)
    assert picture.ANSI[1] in colors_at(image, 0, 0)
    assert colors_at(image, 1, 0) == {picture.BACKGROUND}
    assert picture.FOREGROUND in colors_at(image, 2, 0)
    assert picture.BACKGROUND in colors_at(image, 2, 0)
    assert colors_at(image, 4, 0) == {(1, 200, 3)}
    assert colors_at(image, 6, 0) == {picture.ANSI[2]}
    assert colors_at(image, 0, 1) == {picture.BACKGROUND}


@pytest.mark.parametrize(
    "code", ["1", "2", "3", "4", "4:2", "4:3", "4:4", "4:5", "7", "9", "53", "31", "44"]
)
def test_each_attribute_changes_the_picture(code: str) -> None:
    plain = picture.draw(screen("text"), size=16)
    styled = picture.draw(screen(f"\x1b[{code}mtext"), size=16)
    assert plain.tobytes() != styled.tobytes()


def test_the_cursor_is_drawn_where_it_is() -> None:
    shown = screen("ab", cursor_x=1, cursor_y=0, cursor_visible=True)
    image = picture.draw(shown, size=16)
    drawn = fonts.load(16)
    assert image.getpixel((drawn.width, 0)) == picture.FOREGROUND
    assert image.getpixel((0, 0)) == picture.BACKGROUND
    beside = screen("ab", cursor_x=10, cursor_y=2, cursor_visible=True)
    assert colors_at(picture.draw(beside, size=16), 9, 2) == {picture.FOREGROUND}
    dead = screen("ab", cursor_x=1, cursor_y=0, cursor_visible=True, dead=True)
    assert picture.draw(dead, size=16).getpixel((drawn.width, 0)) != picture.FOREGROUND


def test_wide_characters_take_two_cells_and_what_follows_is_in_place() -> None:
    image = picture.draw(screen("漢\x1b[41mx"), size=16)
    assert colors_at(image, 0, 0, 2) != {picture.BACKGROUND}
    assert picture.ANSI[1] not in colors_at(image, 0, 0, 2)
    assert picture.ANSI[1] in colors_at(image, 2, 0)
    assert colors_at(image, 3, 0) == {picture.BACKGROUND}


def test_only_the_screen_is_drawn_in_the_style_that_the_history_left() -> None:
    shown = screen("\x1b[41mold", "\x1b[42mnew", "plain", width=10, height=2)
    image = picture.draw(shown, size=16)
    assert image.height == 2 * fonts.load(16).height
    assert picture.ANSI[2] in colors_at(image, 0, 0)


@settings(max_examples=40, deadline=None)
@given(width=st.integers(1, 600), height=st.integers(1, 200))
def test_every_size_fits_what_a_model_sees(width: int, height: int) -> None:
    image = picture.draw(screen("x", width=width, height=height))
    assert max(image.size) <= picture.MAX_EDGE
    assert image.width * image.height <= picture.MAX_PIXELS


def test_usual_terminals_are_drawn_in_letters_one_can_read() -> None:
    for columns, rows, least in ((80, 24, 17), (120, 40, 16), (200, 50, 11)):
        image = picture.draw(screen("x", width=columns, height=rows))
        assert image.width >= columns * fonts.load(least).width


def test_the_block_is_what_the_messages_api_takes() -> None:
    data = picture.png(screen("hello"))
    block = picture.image_block(data)
    assert set(block) == {"type", "source"}
    assert block["type"] == "image"
    assert block["source"]["type"] == "base64"
    assert block["source"]["media_type"] == "image/png"
    image = Image.open(io.BytesIO(base64.b64decode(block["source"]["data"])))
    assert image.format == "PNG"
    assert len(image.getcolors(1 << 20)) > 2


def test_without_fonts_of_the_system_the_built_in_one_draws(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fonts, "FOLDERS", ())
    fonts._files.cache_clear()
    fonts.load.cache_clear()
    try:
        image = picture.draw(screen("hello 漢"), size=16)
        assert len(image.getcolors(1 << 20)) > 2
    finally:
        fonts._files.cache_clear()
        fonts.load.cache_clear()


@settings(max_examples=100, deadline=None)
@given(text=st.text(max_size=60), width=st.integers(1, 40))
def test_cells_follow_each_other_within_the_width(text: str, width: int) -> None:
    runs, _ = parse_line(text.replace("\n", " "))
    laid = cells(runs, width)
    end = 0
    for cell in laid:
        assert cell.column == end
        assert cell.width in (1, 2)
        end = cell.column + cell.width
    assert end <= width


async def test_a_real_pane(terminal: Terminal, tmp_path: Path) -> None:
    script = "printf '\\033[1;32mgreen\\033[0m \\346\\274\\242 \\033[44mblue\\033[0m'; read -r x"
    pane = await terminal.new_pane(name="p", cwd=tmp_path, command=script, width=40, height=5)
    shown = (await pane.wait(ForText("blue"), 10)).frame
    image = picture.draw(shown, size=16)
    assert picture.ANSI[2] in colors_at(image, 0, 0)
    assert colors_at(image, 5, 0) == {picture.BACKGROUND}
    assert picture.ANSI[4] in colors_at(image, 9, 0)
    assert colors_at(image, 13, 0) == {picture.FOREGROUND}
    await pane.kill()


def test_a_wide_glyph_of_another_font_keeps_to_its_cell() -> None:
    drawn = fonts.load(16)
    for font in drawn.fallbacks:
        for text in ("⎇", "W", "…"):
            assert fonts.fitting(font, text, drawn.width).getlength(text) <= drawn.width + 1
