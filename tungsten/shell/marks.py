"""The marks that the shell integration leaves in tmux, read back.

The last mark of a pane is its window's name: `NONCE;KIND;NUMBER;STATUS;PROMPT`. A blank and the
name of the last line taken (`take`) follow the status if the shell takes any. The line being
edited, when asked for, is its OSC 7 path: `NONCE;COUNT;LINE`. tmux keeps both, so a pane adopted
later is understood as well. tmux writes them with `vis(3)` escapes, bash with `printf %q`, zsh in
its `$'…'` quotes, fish as a URL after one `"`, which bash and zsh never leave bare.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote_to_bytes

Kind = Literal["prompt", "running", "continuation", "editing"]
How = Literal["put", "run", "same"]

_KINDS: dict[str, Kind] = {"P": "prompt", "C": "running", "2": "continuation", "L": "editing"}

LINE_REPORT = "\x1b[27;9;7477~"
"""The keys that ask the line editor for its line; a sequence that no terminal sends."""

_TAKE = "\x1b[27;9;7479~"
_PUT = "\x1b[27;9;7480~"
_TAKE_ASKING = "\x1b[27;9;7483~"
_TAKE_END = "\x1e"
_TAKE_CODES = str.maketrans({"\n": "\x1f", "\t": "\x1d"})
"""Keys that would act if a shell read the rest of a message as keys, and what is sent for them."""

_SECRET = 12
"""Characters of the nonce in each message: each one is read by itself."""

CUT_SHORT = _TAKE_END + LINE_REPORT
"""The keys that end a message which never came whole, and ask for what is on the line."""

_VIS = re.compile(rb"\\(?:([0-7]{3})|(.))", re.DOTALL)
_VIS_NAMES = {
    b"n": b"\n",
    b"t": b"\t",
    b"r": b"\r",
    b"a": b"\a",
    b"b": b"\b",
    b"v": b"\v",
    b"f": b"\f",
    b"s": b" ",
    b"0": b"\0",
}
_ANSI_C = re.compile(rb"\\(?:([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|(.))", re.DOTALL)
_ANSI_C_NAMES = {
    b"n": b"\n",
    b"t": b"\t",
    b"r": b"\r",
    b"a": b"\a",
    b"b": b"\b",
    b"v": b"\v",
    b"f": b"\f",
    b"e": b"\x1b",
    b"E": b"\x1b",
}
_UNSEEN = re.compile(
    r"\x01[^\x02]*\x02|\x1b\[[0-9;:?<=>]*[ -/]*[@-~]|\x1b[\]P_^Xk][^\x07\x1b]*(?:\x07|\x1b\\)"
    r"|\x1b[()].|[\x00-\x09\x0b-\x1f\x7f]",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Mark:
    """What the shell said last.

    Attributes:
        kind: where the shell is.
        number: counts prompts; a higher one means that the line entered before has ended.
        status: exit status of the last command, for a prompt.
        prompt: what a person sees of the prompt, for a prompt.
        taken: the name of the last line that the shell took; None if it takes none.
    """

    kind: Kind
    number: int
    status: int | None
    prompt: str
    taken: str | None = None


def parse_mark(window_name: str, nonce: str) -> Mark | None:
    """Read a window's name as a mark; None if this pane's shell did not write it."""
    parts = _unvis(window_name).split(";", 4)
    if not nonce or len(parts) != 5 or parts[0] != nonce:
        return None
    kind = _KINDS.get(parts[1])
    if kind is None or not parts[2].isdecimal():
        return None
    status, takes, taken = parts[3].partition(" ")
    return Mark(
        kind,
        int(parts[2]),
        int(status) if status.isdecimal() else None,
        _prompt(parts[4]),
        taken if takes else None,
    )


def parse_line(pane_path: str, nonce: str) -> tuple[int, str]:
    """Read a pane's path as (count of reports, the line then); (0, "") if there is none yet."""
    parts = _unvis(pane_path).split(";", 2)
    if not nonce or len(parts) != 3 or parts[0] != nonce or not parts[1].isdecimal():
        return 0, ""
    return int(parts[1]), unquote(parts[2])


OWN_TRAPS = "\x01"
"""What bash reports in place of its line where it cannot ask about the pieces of one."""


def take(nonce: str, number: int, name: str, how: How, line: str, asking: str = "") -> str:
    """Write the keys that give bash a line as one message (`__tungsten_take` in `shell/bash.sh`).

    Args:
        nonce: the secret of the shell's marks; its beginning says that the message is ours.
        number: of the prompt.
        name: what the marks will say of it.
        how: put it on the empty line, run it there, or run it if it is the same as there.
        line: without control characters but tabs and newlines.
        asking: the directory where each piece is asked about when it runs (`pieces`).
    """
    key = _PUT if how == "put" else _TAKE_ASKING if asking else _TAKE
    means = f"{how}:{asking}" if asking and how != "put" else how
    # The shell counts as its locale says.
    lengths = f",{len(line)},{len(line.encode('utf-8', 'surrogateescape'))},"
    text = line.translate(_TAKE_CODES)
    return f"{key}{nonce[:_SECRET]};{number};{name};{means};{lengths};{text}{_TAKE_END}"


def begins(number: int) -> re.Pattern[str]:
    """Match, in a row with its styles, the mark of zsh and fish behind which output begins.

    The row only looks empty: the colour for the underlining of its one blank is the prompt's
    number, in three bytes (SGR 58, which tmux writes with semicolons).
    """
    red, green, blue = number >> 16 & 255, number >> 8 & 255, number & 255
    return re.compile(rf"\x1b\[58[:;]2[:;]+{red}[:;]{green}[:;]{blue}m")


@functools.lru_cache(maxsize=64)
def _prompt(quoted: str) -> str:
    # It hardly ever changes.
    return visible(unquote(quoted))


def is_rest(line: str, message: str) -> bool:
    """Whether a line is what a message leaves whose beginning was lost on its way."""
    # What is shorter, somebody may well have typed.
    return len(line) > 2 and message.endswith(line + _TAKE_END)


def visible(prompt: str) -> str:
    """Reduce an expanded prompt to what it leaves on the screen."""
    return _UNSEEN.sub("", prompt)


def unquote(word: str) -> str:
    """Undo bash's `printf %q`, zsh's `(qqqq)` and fish's `string escape --style=url`."""
    if word == "''":
        return ""
    if word.startswith('"'):
        return unquote_to_bytes(word[1:]).decode("utf-8", "backslashreplace")
    raw = word.encode("utf-8", "surrogateescape")
    if raw.startswith(b"$'") and raw.endswith(b"'"):
        raw = _ANSI_C.sub(_ansi_c, raw[2:-1])
    else:
        raw = re.sub(rb"\\(.)", rb"\1", raw, flags=re.DOTALL)
    return raw.decode("utf-8", "backslashreplace")


def _ansi_c(match: re.Match[bytes]) -> bytes:
    octal, hexadecimal, other = match.groups()
    if octal is not None:
        return bytes((int(octal, 8) & 0xFF,))
    if hexadecimal is not None:
        return bytes((int(hexadecimal, 16),))
    return _ANSI_C_NAMES.get(other, bytes(other))


def _unvis(text: str) -> str:
    if "\\" not in text:
        return text
    raw = text.encode("utf-8", "surrogateescape")
    return _VIS.sub(_unvis_one, raw).decode("utf-8", "backslashreplace")


def _unvis_one(match: re.Match[bytes]) -> bytes:
    octal, other = match.groups()
    if octal is not None:
        return bytes((int(octal, 8) & 0xFF,))
    # vis(3) escapes a backslash as two, so a name after one backslash is a control character.
    return _VIS_NAMES.get(other, bytes(other))
