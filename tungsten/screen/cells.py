"""Styled runs to cells: one character cluster with its place and its width, as tmux counts it."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from tungsten.screen.sgr import Run, Style

ZERO_WIDTH_JOINER = "\u200d"
VARIATION_SELECTORS = "\ufe0e\ufe0f"


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one place of a line.

    Attributes:
        column: its first column, from 0.
        text: a character, with what combines with it.
        width: columns that it takes: 1 or 2.
    """

    column: int
    text: str
    width: int
    style: Style


@functools.lru_cache(maxsize=16384)
def character_width(character: str) -> int:
    """Say how many columns a character takes: 0 where it combines with the one before it."""
    if unicodedata.east_asian_width(character) in "WF":
        return 2
    if character in VARIATION_SELECTORS or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 1


def cells(runs: Iterable[Run], width: int) -> tuple[Cell, ...]:
    """Lay out a line's runs; what reaches over `width` columns is left out."""
    laid: list[Cell] = []
    column = 0
    for run in runs:
        for character in run.text:
            taken = 1 if character.isascii() else character_width(character)
            if taken == 0:
                if laid:
                    last = laid[-1]
                    laid[-1] = Cell(last.column, last.text + character, last.width, last.style)
                continue
            if column + taken > width:
                return tuple(laid)
            laid.append(Cell(column, character, taken, run.style))
            column += taken
    return tuple(laid)
