# ruff: noqa: E501 - tables of cases read better unbroken
"""Our reading of shell text and of keys against three others: bash, tree-sitter, readline.

What must hold, and what need not:

* Text that is complete and that bash accepts without a word is no error for the scanner, except for
  here-documents that start in front of a substitution over several lines: those are reported (and
  so HIGH) on purpose. A false error would stop harmless work.
* Text that bash refuses is an error for the scanner, and so HIGH: a shell would wait for more of it
  and then run something that nobody judged. Excepted is what only bash's parser knows to be wrong
  (`EXCUSED`), and one in 200 of the rest; nothing of such a text is run, and its commands are
  judged as if it were.
* Every command name that tree-sitter finds is the name of a command that the scanner found. Excepted
  are words of the shell's own grammar, which tree-sitter takes for commands after `time` and
  `coproc`, and names split by a continued line, where it reads the first piece only.
* A line that readline submits is the line that our model says, or the model says that it is unknown
  (which is HIGH).
"""

from __future__ import annotations

import json
import os
import pty
import random
import re
import select
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
import tree_sitter
import tree_sitter_bash

from agent.risk import Assessment, Context, Risk, assess_command
from agent.risk.arguments import wordlist
from agent.risk.foregrounds.model import Model
from agent.risk.foregrounds.shells import Prompt
from agent.risk.keys import is_key, strokes
from agent.risk.shell.scanner import scan
from tests.agent.risk.shell_texts import Grammar

DATA = Path(__file__).parent / "data"
RESERVED = frozenset(
    wordlist(
        "time coproc if then else elif fi for while until do done case esac select in function { } ! [["
    )
)
# `name[` without its end, arithmetic that is none, `coproc` of nothing, `time` before a compound in a substitution.
EXCUSED = re.compile(r"\w\[|\(\(|\btime\b|\bcoproc\s*(?:[;&|)\n]|$)")
ON_PURPOSE = "a here-document starts inside another command"
needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash as the oracle")


def bash_reads(text: str) -> tuple[bool, bool]:
    """Whether bash accepts a text, and whether it says anything; nothing of it is run."""
    answer = subprocess.run(
        ["bash", "--norc", "-n"], input=text.encode(), capture_output=True, check=False,
        env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    return answer.returncode == 0, bool(answer.stderr)


def compare_with_bash(seeds: range, place: Context) -> None:
    stopped, missed, refused = [], [], 0
    for seed in seeds:
        grammar = Grammar(random.Random(f"shell {seed}"))
        complete = seed % 2 == 0
        text = grammar.text() if complete else grammar.broken()
        accepted, spoke = bash_reads(text)
        errors = [reason for reason, _ in scan(text).errors]
        # `$((` that is none may still be arithmetic, as what comes long after it tells.
        complete = complete and not re.search(r"\$\(\((?! 1 \+|1 <<)", text)
        if complete and accepted and not spoke and any(e != ON_PURPOSE for e in errors):
            stopped.append((seed, text, errors))
        if not accepted:
            refused += 1
            high = assess_command(text, place).risk is Risk.HIGH
            if not (errors and high) and not EXCUSED.search(text):
                missed.append((seed, text))
    assert not stopped, f"{len(stopped)} complete texts are errors, such as {stopped[:2]}"
    # The scanner is more lenient in rare places (`a | in`, `if a; else b; fi`, `${${x}`).
    few = len(missed) <= refused // 200
    assert few, f"{len(missed)} refused texts are no errors, such as {missed[:2]}"
    assert refused > len(seeds) / 5


@needs_bash
def test_scanner_against_bash(context: Context) -> None:
    compare_with_bash(range(240), context)


@needs_bash
@pytest.mark.soak
@pytest.mark.timeout(600)
def test_scanner_against_bash_at_length(context: Context) -> None:
    compare_with_bash(range(240, 40_000), context)


# tree-sitter ----------------------------------------------------------------------------------------


def tree_sitter_names(text: str) -> list[str] | None:
    """The source of every command name it finds; None when it cannot read the text."""
    data = text.encode("utf-8", "replace")
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))
    tree = parser.parse(data)
    if tree.root_node.has_error:
        return None
    names = []
    waiting = [tree.root_node]
    while waiting:
        node = waiting.pop()
        name = node.child_by_field_name("name") if node.type == "command" else None
        if name is not None:
            names.append(data[name.start_byte : name.end_byte].decode())
        waiting += node.children
    return names


def our_names(text: str) -> set[str]:
    """The source of the first word of every command the scanner finds, in backquotes too."""
    script = scan(text)
    found = {text[c.words[0].start : c.words[0].end] for c in script.commands if c.words}
    for group in script.groups:
        if group.kind == "`":
            found |= our_names(group.function)
    return found


def unseen(text: str) -> list[str]:
    """Names that tree-sitter finds and the scanner does not."""
    ours = our_names(text)
    pieces = tuple(name for name in ours if "\\\n" in name)
    return [
        name
        for name in tree_sitter_names(text) or []
        if name not in ours
        and name not in RESERVED
        and not any(piece.startswith(name) for piece in pieces)
        # It ends the word `rm$IFS~` at the dollar sign.
        and not (name.endswith("$") and any(our.startswith(name) for our in ours))
    ]


def test_names_against_tree_sitter_on_the_labelled_commands() -> None:
    texts = [
        json.loads(line)["command"]
        for name in ("benign", "dangerous", "families")
        for line in (DATA / f"{name}.jsonl").read_text().splitlines()
    ]
    read = [text for text in texts if tree_sitter_names(text) is not None]
    assert len(read) > 0.9 * len(texts)
    missed = {text: names for text in read if (names := unseen(text))}
    assert not missed


def compare_with_tree_sitter(seeds: range) -> None:
    missed = {}
    read = 0
    for seed in seeds:
        # tree-sitter takes the rest of a continued word in an assignment for a command.
        text = Grammar(random.Random(f"names {seed}")).text().replace("\\\n", "")
        # A here-document swallows the rest of a function that starts on its line: not complete.
        if tree_sitter_names(text) is None or scan(text).errors:
            continue
        read += 1
        if names := unseen(text):
            missed[seed] = (names, text)
    # tree-sitter reads a here-document that another one's line hides, once in thousands.
    assert len(missed) <= len(seeds) // 5000, list(missed.items())[:2]
    assert read > len(seeds) / 5


def test_names_against_tree_sitter() -> None:
    compare_with_tree_sitter(range(300))


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_names_against_tree_sitter_at_length() -> None:
    compare_with_tree_sitter(range(300, 30_000))


# readline -------------------------------------------------------------------------------------------

TEXT = [
    "a", "B", " ", "  ", "rm", "rm -rf ", "ls", "/etc", "x_y", "a-b", "foo.bar",  "'q r'",
    '"', "$HOME", ";", "&&", "|", "~", "#", "1", "23", "-", "=", "(", ")", "\\", "word", "two words",
]  # fmt: skip
EDITING = [
    "C-a", "C-e", "C-b", "C-f", "C-k", "C-u", "C-w", "C-y", "M-d", "M-b", "M-f", "BSpace", "DC", "Left", "Right",
    "Home", "End", "Up", "Down", "C-p", "C-n", "C-t", "M-BSpace", "C-h", "M-u", "M-l", "M-c", "M-\\", "C-Left",
    "C-Right", "C-d",
]  # fmt: skip
RARE = [
    "M-y", "M-t", "M-.", "M-_", "M-2", "M-3", "é", "M-C-h", "C-v", "C-q", "C-_", "C-r", "C-]", "M-1", "M--", "M-<", "M->", "M-#", "M-r", "C-x",
    "C-g", "C-l", "C-@", "M-{", "C-o", "M-C-y", "M-*", "Escape", "M-Left", "C-M-h", "M-p", "M-n", "M-~", "IC",
    "NPage", "PPage", "M-Space", "F5", "M-&", "M-C-e", "M-C-]",
]  # fmt: skip
BYTES = {
    "BSpace": "\x7f", "DC": "\x1b[3~", "Left": "\x1b[D", "Right": "\x1b[C", "Up": "\x1b[A", "Down": "\x1b[B",
    "Home": "\x1b[1~", "End": "\x1b[4~", "C-Left": "\x1b[1;5D", "C-Right": "\x1b[1;5C", "M-BSpace": "\x1b\x7f",
    "M-Left": "\x1b[1;3D", "Escape": "\x1b", "IC": "\x1b[2~", "NPage": "\x1b[6~", "PPage": "\x1b[5~",
    "M-Space": "\x1b ", "F5": "\x1b[15~", "Enter": "\r", "C-?": "\x7f", "C-@": "\0",
}  # fmt: skip


def key_bytes(name: str) -> bytes:
    """What tmux sends for a key."""
    if name in BYTES:
        return BYTES[name].encode()
    if name.startswith(("M-C-", "C-M-")):
        return b"\x1b" + key_bytes("C-" + name[4:])
    if name.startswith("M-"):
        return b"\x1b" + name[2:].encode()
    assert name.startswith("C-"), name
    return bytes([ord(name[2].upper()) & 0x1F])


class Recorder(Prompt):
    """The line model as a shell prompt has it; keeps what would be submitted, None for unknown."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.lines: list[str | None] = []

    def fork(self) -> Model:
        """What is only tried is no line that was submitted."""
        other = super().fork()
        assert isinstance(other, Recorder)
        other.lines = list(self.lines)
        return other

    def enter(self) -> Assessment | None:
        before = len(self.lines)
        answer = super().enter()
        if len(self.lines) == before:
            self.lines.append(None)
        return answer

    def submit(self, text: str) -> Assessment | None:
        self.lines.append(text)
        return None


LOOP = """
for e in "$@"; do history -s -- "$e"; done
n=0
while :; do
  printf 'READY%d\\n' $n
  IFS= read -r -e -p "> " line; s=$?
  printf '%s\\0' "$s:$line" >&3
  case $line in *[![:space:]]*) history -s -- "$line";; esac
  n=$((n + 1))
done
"""


class Readline:
    """bash's own `read -e` in a pseudo-terminal: edits lines, runs none of them."""

    def __init__(self, history: Sequence[str]) -> None:
        self.master, slave = pty.openpty()
        answers, out = os.pipe()
        self.answers = answers
        os.set_inheritable(out, True)
        self.process = subprocess.Popen(
            ["bash", "--norc", "--noprofile", "-c", f"exec 3>&{out}; {LOOP}", "bash", *history],
            stdin=slave, stdout=slave, stderr=slave, pass_fds=[out], start_new_session=True,
            env={"TERM": "screen", "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "INPUTRC": "/dev/null",
                 "COLUMNS": "500"},
        )  # fmt: skip
        os.close(slave)
        os.close(out)
        self.screen = b""
        self.said = b""

    def _read(self, deadline: float) -> None:
        ready, _, _ = select.select(
            [self.master, self.answers], [], [], deadline - time.monotonic()
        )
        if not ready:
            raise TimeoutError
        for source in ready:
            piece = os.read(source, 65536)
            if source == self.master:
                self.screen += piece
            else:
                self.said += piece

    def wait_for_prompt(self, number: int) -> None:
        """Until readline reads keys: before, the terminal itself would edit them."""
        deadline = time.monotonic() + 10
        mark = b"READY%d\r\n" % number
        while mark not in self.screen or b"> " not in self.screen.partition(mark)[2]:
            self._read(deadline)

    def line(self, keys: bytes, seconds: float) -> tuple[int, str] | None:
        """Send keys; `read`'s status and line, None when the keys submit nothing."""
        os.write(self.master, keys)
        deadline = time.monotonic() + seconds
        while b"\0" not in self.said:
            try:
                self._read(deadline)
            except TimeoutError:
                return None
        answer, _, self.said = self.said.partition(b"\0")
        status, _, text = answer.decode("utf-8", "replace").partition(":")
        return int(status), text

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.answers)


@contextmanager
def readline(history: Sequence[str]) -> Iterator[Readline]:
    line = Readline(history)
    try:
        yield line
    finally:
        line.close()


HISTORY = ("echo first", "git status --short", "cd /tmp && ls", "rm -rf build")


def typed(chance: random.Random) -> list[str]:
    """The keys of one line, without Enter."""
    keys: list[str] = []
    for _ in range(chance.randrange(2, 18)):
        draw = chance.random()
        pool = TEXT if draw < 0.5 else EDITING if draw < 0.93 else RARE
        keys.append(chance.choice(pool))
    return keys


def difference(
    history: Sequence[str], lines: Sequence[Sequence[str]], seconds: float = 5.0
) -> str | int:
    """Send lines to readline and to our model, until our model says that it does not know.

    Returns how many lines were the same, or what differs.
    """
    home = Path("/home/dev")
    context = Context(cwd=home, home=home, project=None, history=tuple(history), line="")
    model = Recorder(context)
    with readline(history) as real:
        for number, keys in enumerate(lines):
            sent = b""
            for key in [*keys, "Enter"]:
                sent += key.encode() if key in TEXT or not is_key(key) else key_bytes(key)
                for event in strokes([key]):
                    answer = model.feed(event)
                    if answer is not None and answer.risk is Risk.HIGH:
                        return number  # C-x C-e: held, whatever the line is
                if len(model.lines) > number:
                    break
            ours = model.lines[number] if len(model.lines) > number else None
            if ours is None or model.closed:
                return number
            real.wait_for_prompt(number)
            theirs = real.line(sent, seconds)
            if theirs != (0, ours):
                return f"ours {ours!r}, readline's {theirs!r}"
    return len(lines)


def compare_with_readline(seeds: range) -> None:
    """Up to four lines in one readline each."""
    same, wrong = 0, []
    for seed in seeds:
        chance = random.Random(f"keys {seed}")
        history = HISTORY[: chance.randrange(5)]
        lines = [typed(chance) for _ in range(4)]
        answer = difference(history, lines)
        if isinstance(answer, str):
            wrong.append((seed, history, lines, answer))
        else:
            same += answer
    assert not wrong, f"{len(wrong)} lines differ, such as {wrong[:3]}"
    assert same > len(seeds), same


@needs_bash
def test_lines_against_readline() -> None:
    compare_with_readline(range(60))


@needs_bash
@pytest.mark.soak
@pytest.mark.timeout(900)
def test_lines_against_readline_at_length() -> None:
    compare_with_readline(range(60, 8_000))


@needs_bash
@pytest.mark.parametrize(
    ("history", "lines"),
    [
        ((), [["rm -rf ~", "C-u", "C-a", "C-k", "C-y"]]),
        ((), [["rm -rf ~", "C-u", "M-d", "C-y"], ["C-k", "C-y"]]),
        (("ls", "ls"), [["Up", "C-u", "rm -rf ~", "Up", "Down"]]),
        ((), [["rm -rf ", "F5"]]),
        ((), [["rm -rf ", "C-x"], ["~"]]),
        ((), [["rm -rf ", "Escape"], ["~"]]),
        ((), [["C-x", "#", " rm -rf ~"]]),
        ((), [["Escape", "Right"]]),
        (("ls", "rm -rf ~"), [["Up", "Up", "C-o"], []]),
        # M-_ takes the last word of the entry before the one on the line, and splits as the shell.
        (("rm -rf ~", "ls"), [["Up", "M-_"]]),
        (("rm -rf ~", "ls /etc"), [["echo ", "M-.", "M-."]]),
        ((), [["a", "("], ["M-_"]]),
        # Text that is sent together with a kill before and after it makes one kill of both.
        ((), [["two words", "C-w", " ", "C-w", "C-y"]]),
        # Letters beyond ASCII: what is one, and what is its capital.
        ((), [["é", "C-a", "M-c"]]),
        ((), [["→", ")", "C-Left", "M-d"]]),
        ((), [["aé b", "M-b", "M-b", "M-d"]]),
        # Killing all of a line that is not known leaves an empty one; Up need not move the cursor.
        (("ls",), [["x", "Up", "Up", "C-u", "pwd"], ["Up", "C-u", "C-y"]]),
        ((), [["rm ~", "Home", "Up", "C-u", "ls "]]),
        (("rm ~",), [["C-r", "z", "C-a", "C-k", "ls", "Up"]]),
    ],
)
def test_lines_that_were_misread(history: tuple[str, ...], lines: list[list[str]]) -> None:
    assert isinstance(difference(history, lines), int)
