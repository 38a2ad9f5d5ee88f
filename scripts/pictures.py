"""Draws the kept pictures of the app's tests as PNG, to be looked at.

Usage: python scripts/pictures.py [-t THEME] [-o FOLDER] [FILE OR FOLDER...]. Without files, all of
them; a file is one size of one state, and each of its themes becomes a picture.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.tui import picture as pictures  # noqa: E402
from tungsten.screen import picture as drawing  # noqa: E402
from tungsten.screen.frame import Frame  # noqa: E402

TESTS = ROOT / "tests"
KEPT = "__snapshots__"
LETTERS = 16
"""Pixels of the font."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path, default=[TESTS / "tui"])
    parser.add_argument("-t", "--theme", default="", help="this one only")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "screenshots" / "tests")
    chosen = parser.parse_args()
    chosen.output.mkdir(parents=True, exist_ok=True)
    for file in files(chosen.paths):
        for theme, shown in pictures.read(file.read_text(encoding="utf-8")).items():
            if chosen.theme in {"", theme}:
                name = f"{file.parent.name}-{file.stem}-{theme}.png".replace("[", "-")
                path = chosen.output / name.replace("]", "")
                drawing.draw(frame(shown), size=LETTERS).save(path)
                print(path)


def files(paths: list[Path]) -> list[Path]:
    """The files of pictures among paths and below them."""
    found = [path if path.is_file() else sorted(path.rglob("*.txt")) for path in paths]
    flat = [[one] if isinstance(one, Path) else one for one in found]
    return [file for group in flat for file in group if KEPT in file.parts]


def frame(shown: pictures.Picture) -> Frame:
    """Make the frame of a terminal that shows a picture."""
    columns, rows = shown.size
    return Frame(
        lines=tuple(shown.ansi()),
        width=columns,
        height=rows,
        cursor_x=0,
        cursor_y=0,
        cursor_visible=False,
        in_mode=False,
        dead=False,
        alternate=False,
        title="",
        history_size=0,
    )


if __name__ == "__main__":
    main()
