"""The same screens through tmux and our renderer, and through an independent emulator.

pyte knows nothing of tmux: where both show the same character in the same style in every cell,
what we show is what the program drew. What is left out or excused, with the reason for each:

* Sequences that pyte misreads or lacks are taken out of what it gets (`_UNKNOWN`), or written
  as others that mean the same (the alternate screen as a clear screen).
* What pyte does not keep is not compared: dim, concealed, overlined, the kind of underline.
* `Excuse` names the differences of known meaning; they may be 2 % of all cells, and no other
  difference may be there.
"""

from __future__ import annotations

import asyncio
import enum
import itertools
import re
import secrets
import shutil
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyte
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyte.graphics import FG_BG_256

from tungsten.pane import ForIdle
from tungsten.recordings import asciicast, recording
from tungsten.recordings.replay import Player
from tungsten.screen.cells import cells
from tungsten.screen.frame import Frame
from tungsten.screen.sgr import Color, parse_lines
from tungsten.terminal import Terminal

SCREENS = 200
SAMPLE = 10
MOST_EXCUSED = 0.02
SIZES = ((80, 24), (40, 10), (132, 43))

_UNKNOWN = re.compile(
    # A screen's or a window's name (tmux, screen): pyte would print it.
    r"\x1bk[^\x1b]*\x1b\\"
    # Key modes and questions with < = > (xterm): pyte takes them for colours.
    r"|\x1b\[[<=>][0-?]*[ -/]*[@-~]"
    # Programmable strings.
    r"|\x1b[P_^X][^\x1b]*\x1b\\"
    # Window operations, cursor shapes, soft reset.
    r"|\x1b\[[0-9;]*t|\x1b\[[0-9]* q|\x1b\[!p"
)
_TRANSLATED = (
    (_UNKNOWN, ""),
    # pyte has no alternate screen; none of our screens comes back from one.
    (re.compile(r"\x1b\[\?(?:1049|1047|47)h"), "\x1b[H\x1b[2J"),
    # pyte does not move the cursor when the margins are reset.
    (re.compile(r"\x1b\[r"), "\x1b[r\x1b[H"),
    # pyte's next line stays in its column.
    (re.compile(r"\x1bE"), "\r\n"),
)
_LINES_MOVED = re.compile(r"(?=\x1b\[[0-9]*[LM])")
_COLORS = ("black", "red", "green", "brown", "blue", "magenta", "cyan", "white")

Style = tuple[str, str, bool, bool, bool, bool, bool, bool]
Place = tuple[str, Style]
PLAIN: Style = ("", "", False, False, False, False, False, False)


class Excuse(enum.Enum):
    """Differences whose meaning is known."""

    ERASED = "pyte gives erased cells the pen's underline and the like, tmux only its background"
    TAIL = "tmux's capture leaves out cells at a line's end that were only erased in a colour"
    SCROLLED = "tmux gives a line that scrolls in the pen's background, pyte none"
    WIDE = "half a wide character was overwritten: what is left of it has no place in a capture"


@dataclass
class Verdict:
    """What a comparison found."""

    cells: int = 0
    drawn: int = 0
    excused: Counter[Excuse] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def add(self, other: Verdict) -> None:
        self.cells += other.cells
        self.drawn += other.drawn
        self.excused += other.excused
        self.wrong += other.wrong


def ours(frame: Frame) -> list[list[Place]]:
    grid = []
    for runs in parse_lines(frame.lines):
        row: list[Place] = [(" ", PLAIN)] * frame.width
        for cell in cells(runs, frame.width):
            s = cell.style
            style = (
                *(_hex(s.fg), _hex(s.bg), s.bold, s.italic, s.underline > 0),
                *(s.reverse, s.strike, s.blink),
            )
            row[cell.column] = (unicodedata.normalize("NFC", cell.text), style)
            if cell.width == 2:
                row[cell.column + 1] = ("", style)
        grid.append(row)
    return grid


def _hex(color: Color) -> str:
    if color is None:
        return ""
    if isinstance(color, tuple):
        return "{:02x}{:02x}{:02x}".format(*color)
    return FG_BG_256[color]


class Emulator(pyte.Screen):
    """pyte, without what its insertion keeps one column beyond the edge and gives back later."""

    def insert_characters(self, count: int | None = None) -> None:
        super().insert_characters(count)
        self.buffer[self.cursor.y].pop(self.columns, None)


def theirs(text: str, width: int, height: int) -> list[list[Place]]:
    screen = Emulator(width, height)
    stream = pyte.Stream(screen)
    # Line drawing is ignored in pyte's UTF-8 mode.
    stream.use_utf8 = False
    for pattern, instead in _TRANSLATED:
        text = pattern.sub(instead, text)
    for piece in _LINES_MOVED.split(text):
        # pyte moves only lines that it has drawn on or looked at.
        for y in range(height):
            screen.buffer[y]
        stream.feed(piece)
    grid = []
    for y in range(screen.lines):
        row = []
        for x in range(screen.columns):
            c = screen.buffer[y][x]
            style = (
                *(_named(c.fg), _named(c.bg), c.bold, c.italics, c.underscore),
                *(c.reverse, c.strikethrough, c.blink),
            )
            row.append((unicodedata.normalize("NFC", c.data), style))
        grid.append(row)
    return grid


def _named(color: str) -> str:
    if color == "default":
        return ""
    if color in _COLORS:
        return FG_BG_256[_COLORS.index(color)]
    # pyte 0.8.2 calls one of them "bfightmagenta".
    bright = color.replace("bfight", "bright").removeprefix("bright")
    return FG_BG_256[8 + _COLORS.index(bright)] if bright in _COLORS else color


def compare(frame: Frame, text: str) -> Verdict:
    verdict = Verdict(cells=frame.width * frame.height)
    left, right = ours(frame), theirs(text, frame.width, frame.height)
    verdict.drawn = sum(place != (" ", PLAIN) for row in left for place in row)
    assert (len(left), len(left[0])) == (len(right), len(right[0]))
    for y, (mine, other) in enumerate(zip(left, right, strict=True)):
        for x, (a, b) in enumerate(zip(mine, other, strict=True)):
            if a == b:
                continue
            excuse = excused(mine, other, x)
            if excuse is None:
                verdict.wrong.append(f"line {y}, column {x}: {a} is not {b}")
            else:
                verdict.excused[excuse] += 1
    return verdict


def excused(mine: list[Place], other: list[Place], x: int) -> Excuse | None:
    (text, style), (their_text, their_style) = mine[x], other[x]
    if text == their_text == " ":
        if style[1] == their_style[1]:
            return Excuse.ERASED
        if all(place == (" ", PLAIN) for place in mine[x:]):
            return Excuse.TAIL
        if their_style == PLAIN:
            return Excuse.SCROLLED
    if halved(mine) or halved(other):
        return Excuse.WIDE
    return None


def halved(row: list[Place]) -> bool:
    """Whether half of a wide character stands in the row."""
    texts = ["-", *(place[0] for place in row), "-"]
    return any(wide(text) != (after == "") for text, after in itertools.pairwise(texts))


def wide(text: str) -> bool:
    return text != "" and unicodedata.east_asian_width(text[0]) in "WF"


class Bench:
    """A tmux server of ours, a pane that shows any bytes, and a loop to use them from anywhere."""

    def __init__(self, socket: Path, environment: dict[str, str]) -> None:
        self.runner = asyncio.Runner()
        self.verdict = Verdict()
        self.terminal = self.runner.run(Terminal.open(socket, environment=environment))
        self.player = self.runner.run(
            Player.open(self.terminal, name="shown", width=SIZES[0][0], height=SIZES[0][1])
        )

    def judge(self, text: str, width: int, height: int) -> list[str]:
        """Show text through both; gives the differences that nothing excuses."""
        found = compare(self.runner.run(self._shown(text, width, height)), text)
        self.verdict.add(found)
        return found.wrong

    def screens(self, program: Program, width: int, height: int, directory: Path) -> list[str]:
        """Run a program and record it; gives all it printed up to each of its screens."""
        return self.runner.run(self._screens(program, width, height, directory))

    def close(self) -> None:
        self.runner.run(self.terminal.kill_server())
        self.runner.close()

    async def _shown(self, text: str, width: int, height: int) -> Frame:
        await self.player.resize(width, height)
        # Out of the alternate screen, then a full reset.
        await self.player.feed("\x1b[?1049l\x1bc" + text)
        await self.player.settled()
        return await self.player.pane.capture()

    async def _screens(
        self, program: Program, width: int, height: int, directory: Path
    ) -> list[str]:
        pane = await self.terminal.new_pane(
            name="program",
            cwd=directory,
            command=f"stty -echo; read -r x; stty echo; {program.command}; read -r x",
            width=width,
            height=height,
        )
        path = directory / f"{secrets.token_hex(4)}.cast"
        recorded = await recording.start(self.terminal.client, pane.id, path)
        found = []
        for keys in (("Enter",), *program.steps):
            before = path.stat().st_size
            await pane.send_keys(*keys)
            for _ in range(20):
                await pane.wait(ForIdle(0.25), 5)
                # On a busy machine the silence may be from before the program's first word.
                if path.stat().st_size > before:
                    break
            told = asciicast.read(path).events()
            found.append("".join(event.data for event in told if event.code == "o"))
        await recorded.stop()
        await pane.kill()
        return found


@dataclass(frozen=True)
class Program:
    """A program to picture: at its start, and after each of some keys."""

    name: str
    command: str
    steps: tuple[tuple[str, ...], ...] = ()


PROGRAMS = (
    Program("ls", "ls -la --color=always /usr/bin | head -n 70"),
    Program("grep", "grep -n --color=always 'e' sample.txt"),
    Program("git", "git --no-pager diff --no-index --color --stat -p sample.txt other.txt"),
    Program("diff", "diff --color=always -y sample.txt other.txt"),
    Program("ps", "ps auxf | cut -c -200 | head -n 50"),
    Program("less", "less -R sample.txt", (("Space",), ("G",), ("/", "l", "i", "n", "Enter"))),
    Program(
        "vim",
        "vim -u NONE -i NONE -N -n sample.txt",
        (
            (":set number hlsearch list", "Enter"),
            ("/line", "Enter"),
            (":split", "Enter", "G"),
            ("otyped \u00e4 \u6f22 here", "Escape", "d", "d", "u"),
            (":vsplit", "Enter", "C-d"),
        ),
    ),
    Program("nano", "nano -I sample.txt", (("hello", "Down", "Down", "C-k"), ("C-w", "line"))),
    Program("top", "top -d 100", (("t",), ("m", "1"))),
    Program("htop", "htop -d 100", (("Down", "Down"), ("F2",))),
    Program("python3", "python3 -q -I", (("print('x' * 300)", "Enter"), ("1/0", "Enter", "Up"))),
    Program("sqlite3", "sqlite3 -init /dev/null", ((".help", "Enter"), ("select 1,", "Enter"))),
    Program(
        "bash",
        "PS1='\\[\\033[1;35m\\]\\w \\[\\033[0m\\]$ ' bash --norc -i",
        (("echo " + "long " * 40,),),
    ),
    Program("zsh", "zsh -f", (("echo 'a", "Enter", "b'", "Enter"), ("ls --colo", "Tab"))),
    Program("infocmp", "infocmp -1 tmux-256color"),
    Program("nl", "nl -ba sample.txt | tail -n 60"),
    Program(
        "printf",
        "for i in $(seq 0 255);do printf '\\033[38;5;%dm%4d\\033[48;5;%dm \\033[0m' $i $i $i; done",
    ),
    Program(
        "seq",
        "for i in $(seq 0 2 250); do printf '\\033[38;2;%d;9;%d;48;2;0;%d;40mx' $i $i $i; done;"
        "printf '\\033[0m\\n';"
        "for i in 1 2 3 4 5 7 9; do printf '\\033[%dmstyle\\033[0m ' $i; done",
    ),
    Program("cat", "cat wide.txt"),
    Program(
        "tput",
        "printf '\\033(0lqwqk\\nx x x\\ntqnqu\\nmqvqj\\033(B\\n'; tput smso; echo on; tput rmso",
    ),
)


@pytest.fixture
def bench(runtime: Path, environment: dict[str, str]) -> Iterator[Bench]:
    bench = Bench(runtime / "tmux.sock", environment)
    yield bench
    bench.close()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    words = ["every", "line", "has", "some", "words", "of", "its", "own", "and", "a", "number"]
    lines = [f"line {n}\t" + " ".join(words[n % 7 : 4 + n % 9]) for n in range(200)]
    (tmp_path / "sample.txt").write_text("\n".join(lines) + "\n")
    lines[20:40] = ["changed"] * 5
    (tmp_path / "other.txt").write_text("\n".join(lines) + "\n")
    wide = "漢字 テスト 한글 e\u0301a\u0308 ── ▓▒░ ✓ → λ ¼ ½"
    (tmp_path / "wide.txt").write_text("\n".join(" " * n + wide for n in range(3)) + "\n", "utf-8")
    return tmp_path


@pytest.mark.parametrize("program", PROGRAMS[::-2], ids=lambda program: program.name)
def test_real_programs(bench: Bench, directory: Path, program: Program) -> None:
    if shutil.which(program.name) is None:
        pytest.skip(f"{program.name} is not installed")
    for text in bench.screens(program, *SIZES[0], directory)[-1:]:
        assert not bench.judge(text, *SIZES[0]), ascii(text)
    judged(bench.verdict)


WORDS = ("alpha", "beta ", "Gamma", " 0123 ", "~!@#", "── │┌┐", "é ñ λ ", "e\u0301a\u0308", "  ")
WIDE = ("漢字", "テスト", "한글 ")
WIDTH, HEIGHT = SIZES[1]

codes = st.one_of(
    st.sampled_from([0, 0, 1, 3, 4, 5, 7, 9, 22, 23, 24, 25, 27, 29, 39, 49]).map(str),
    st.builds(int.__add__, st.sampled_from([30, 40, 90, 100]), st.integers(0, 7)).map(str),
    st.builds("{};5;{}".format, st.sampled_from([38, 48]), st.integers(0, 255)),
    st.builds("{};2;{};{};9".format, st.sampled_from([38, 48]), st.integers(0, 255), st.just(7)),
)
places = st.builds("\x1b[{};{}H".format, st.integers(1, HEIGHT), st.integers(1, WIDTH))
# Programs that follow their terminal's description erase and scroll with a plain pen: its
# terminfo entry has no `bce`.
cleared = st.one_of(
    st.builds("{}\x1b[{}{}".format, places, st.sampled_from(["", 1, 2]), st.sampled_from("JK")),
    st.builds("{}\x1b[{}{}".format, places, st.integers(1, 4), st.sampled_from("@PX")),
    st.sampled_from(["\r\n", "\n", "\x1bM", "\x1bD", "\x1bE"]),
).map(lambda text: "\x1b[m" + text)
# Outside of the region, and in where the cursor is after lines are moved, tmux and pyte differ.
regions = st.builds(
    "\x1b[m\x1b[2;8r\x1b[{};1H{}\x1b[r".format,
    st.integers(2, 8),
    st.one_of(
        st.builds("\x1b[{}{}".format, st.integers(1, 4), st.sampled_from("LM")),
        st.sampled_from(["first\r\n\nthird", "\x1bM\x1bMabove", "\x1bD\x1bDbelow"]),
    ),
)
pieces = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from(WORDS),
    st.lists(codes, min_size=1, max_size=3).map(lambda found: f"\x1b[{';'.join(found)}m"),
    places,
    # From a place: at a line's end, before it wraps, pyte stays where tmux steps back.
    st.builds("{}\x1b[{}{}".format, places, st.integers(1, 9), st.sampled_from("ABCDG")),
    st.builds("{}{}".format, places, st.sampled_from(["\t", "\b", "\x1b[4h-\x1b[4l"])),
    # Without wrapping tmux leaves out what does not fit, pyte keeps the last of it.
    st.sampled_from(["\r", "\x1b[3;5H\x1b[?7lno wrap\x1b[?7h", "\x1b[r", "\x1b[?25l"]),
    cleared,
    regions,
    # pyte keeps a stack of saved cursors, tmux one, and pyte keeps them within the region.
    st.builds("\x1b[r\x1b7{}\x1b[4;32msaved\x1b8".format, places),
    # Not at the edge, where emulators differ.
    st.builds(
        "\x1b[{};{}H{}".format,
        st.integers(1, HEIGHT),
        st.integers(1, WIDTH - 8),
        st.sampled_from((*WIDE, "\x1b(0lqk\x1b(B")),
    ),
)
streams = st.lists(pieces, min_size=40, max_size=90).map("".join)


def random_streams(bench: Bench, count: int) -> None:
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(text=streams)
    def agree(text: str) -> None:
        assert not bench.judge(text, WIDTH, HEIGHT)

    agree()


def judged(verdict: Verdict) -> None:
    """Print what was found; the excused cells must be few."""
    excused = sum(verdict.excused.values())
    shares = {excuse.name: count for excuse, count in verdict.excused.items()}
    print(f"fidelity: {verdict.cells} cells, {verdict.drawn} drawn, {excused} excused {shares}")  # noqa: T201
    assert verdict.drawn > verdict.cells // 100, "the screens are blank"
    assert excused <= MOST_EXCUSED * verdict.cells


def test_random_streams(bench: Bench) -> None:
    random_streams(bench, SAMPLE)
    judged(bench.verdict)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_all_screens(bench: Bench, directory: Path) -> None:
    screens = 0
    for program in PROGRAMS:
        if shutil.which(program.name) is None:
            continue
        for size in SIZES:
            for text in bench.screens(program, *size, directory):
                assert not bench.judge(text, *size), f"{program.name}: {text!a}"
                screens += 1
    print(f"fidelity: {screens} screens of real programs")  # noqa: T201
    random_streams(bench, max(SCREENS - screens, SCREENS // 3))
    judged(bench.verdict)
