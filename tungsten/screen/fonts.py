"""Fonts to draw cells with: the system's monospaced ones, and others for what these lack."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import ImageFont

FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "~/Library/Fonts",
)
"""Where Linux and macOS keep fonts."""

FAMILIES = (
    *(
        "DejaVuSansMono{}.ttf",
        "LiberationMono-{}.ttf",
        "NotoSansMono-{}.ttf",
        "JetBrainsMono-{}.ttf",
    ),
    *("FreeMono{}.ttf", "UbuntuMono-{}.ttf", "Menlo.ttc", "SFNSMono{}.ttf", "Courier New{}.ttf"),
)
"""Monospaced families, the one that knows the most terminal characters first."""

FACES = (
    ("", "Regular", "R"),
    ("-Bold", "Bold", "B", " Bold"),
    ("-Oblique", "Italic", "Oblique", "RI", " Italic", "Italic"),
    ("-BoldOblique", "BoldItalic", "BoldOblique", "BI", " Bold Italic"),
)
"""What families call their regular, bold, italic and bold italic faces."""

FALLBACKS = (
    *("NotoSansMonoCJK-Regular.ttc", "NotoSansCJK-Regular.ttc", "wqy-microhei.ttc"),
    *("wqy-zenhei.ttc", "DroidSansFallbackFull.ttf", "PingFang.ttc", "Hiragino Sans GB.ttc"),
    *("Arial Unicode.ttf", "NotoSansSymbols2-Regular.ttf", "Symbola.ttf", "unifont.ttf"),
    *("DejaVuSans.ttf", "Apple Symbols.ttf"),
)
"""Fonts with East Asian characters and symbols."""

Font = ImageFont.FreeTypeFont


@dataclass(frozen=True, slots=True)
class FontSet:
    """The fonts of one size.

    Attributes:
        faces: regular, bold, italic, bold italic.
        fallbacks: asked in this order for characters that a face lacks.
        width: pixels of a cell.
        height: pixels of a cell.
    """

    faces: tuple[Font, Font, Font, Font]
    fallbacks: tuple[Font, ...]
    width: int
    height: int

    def find(self, text: str, *, bold: bool, italic: bool) -> Font | None:
        """Choose the font for a cell's first character; None if no font has it."""
        face = self.faces[bold + 2 * italic]
        if has(face, text[0]):
            return face
        return next((font for font in self.fallbacks if has(font, text[0])), None)

    def is_bold(self, font: Font) -> bool:
        """Say whether a font of ours is heavier than the regular face."""
        return font is not self.faces[0] and font in (self.faces[1], self.faces[3])

    def is_italic(self, font: Font) -> bool:
        """Say whether a font of ours leans."""
        return font is not self.faces[0] and font in (self.faces[2], self.faces[3])


@functools.cache
def load(size: int) -> FontSet:
    """Load the fonts in a size, in pixels of the em square.

    Without any known font of the system, Pillow's own stands in: it is not monospaced, but each
    character gets its cell.
    """
    files = _files()
    faces = _faces(files, size)
    fallbacks = tuple(ImageFont.truetype(files[name], size) for name in FALLBACKS if name in files)
    if faces is None:
        font = ImageFont.load_default(size)
        if not isinstance(font, ImageFont.FreeTypeFont):
            raise RuntimeError("Pillow was built without FreeType")
        faces = (font, font, font, font)
    ascent, descent = faces[0].getmetrics()
    width = max(round(faces[0].getlength("n")), 1)
    return FontSet(faces, fallbacks, width, ascent + descent)


@functools.lru_cache(maxsize=4096)
def fitting(font: Font, text: str, wide: int) -> Font:
    """The font, or a smaller size of it in which `text` takes no more than `wide` pixels."""
    length = font.getlength(text)
    if length <= wide:
        return font
    return font.font_variant(size=max(int(font.size * wide / length), 1))


@functools.lru_cache(maxsize=65536)
def has(font: Font, character: str) -> bool:
    """Say whether a font has a character, rather than its box for those it lacks."""
    if character.isascii():
        return True
    drawn = font.getmask(character)
    missing = _missing(font)
    return drawn.size != missing[0] or bytes(drawn) != missing[1]


@functools.lru_cache(maxsize=256)
def _missing(font: Font) -> tuple[Any, bytes]:
    # A non-character: no font has it.
    drawn = font.getmask("\uffff")
    return drawn.size, bytes(drawn)


def _faces(files: dict[str, str], size: int) -> tuple[Font, Font, Font, Font] | None:
    for family in FAMILIES:
        if "{}" not in family:
            if family in files:
                # Menlo's collection holds regular, bold, italic, bold italic, in this order.
                a, b, c, d = (ImageFont.truetype(files[family], size, index=i) for i in range(4))
                return a, b, c, d
            continue
        found: list[Font] = []
        for names in FACES:
            names_of = (files.get(family.format(name)) for name in names)
            path = next((path for path in names_of if path), None)
            if path is None and not found:
                break
            found.append(found[0] if path is None else ImageFont.truetype(path, size))
        if found:
            a, b, c, d = found
            return a, b, c, d
    return None


@functools.cache
def _files() -> dict[str, str]:
    """List the font files of the system by their names."""
    found: dict[str, str] = {}
    for folder in FOLDERS:
        for directory, _, names in os.walk(Path(folder).expanduser()):
            for name in names:
                if name.endswith((".ttf", ".ttc", ".otf")):
                    found.setdefault(name, str(Path(directory) / name))
    return found
