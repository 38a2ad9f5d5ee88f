from __future__ import annotations

import asyncio
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tungsten.shell.marks import Mark, parse_line, parse_mark, unquote, visible

texts = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=30)


@settings(max_examples=15, deadline=None)
@given(st.lists(texts, min_size=1, max_size=20), st.sampled_from(["C", "C.UTF-8"]))
def test_unquote_undoes_bash(words: list[str], locale: str) -> None:
    script = 'for w in "$@"; do printf "%q\\0" "$w"; done'
    done = subprocess.run(
        ["bash", "-c", script, "bash", *words],
        capture_output=True,
        check=True,
        env={"LC_ALL": locale, "PATH": "/usr/bin:/bin"},
    )
    quoted = done.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1]
    assert [unquote(word) for word in quoted] == words


@pytest.mark.parametrize(
    "name",
    ["bash", "", "N;P;1;0", "other;P;1;0;x", "N;X;1;0;x", "N;P;one;0;x", ";P;1;0;x", "N;P;-1;0;x"],
)
def test_what_is_no_mark_of_ours(name: str) -> None:
    assert parse_mark(name, "N") is None
    assert parse_mark(name, "") is None


def test_marks() -> None:
    assert parse_mark("N;P;3;130;a\\\\ b\\\\;c", "N") == Mark("prompt", 3, 130, "a b;c")
    assert parse_mark("N;C;3;;", "N") == Mark("running", 3, None, "")
    assert parse_mark("N;C;3; 0a;", "N") == Mark("running", 3, None, "", "0a")
    assert parse_mark("N;P;3;1 ;$", "N") == Mark("prompt", 3, 1, "$", "")
    assert parse_line("N;4;$'a\\\\nb'", "N") == (4, "a\nb")
    assert parse_line("file:///home", "N") == (0, "")
    assert parse_line("", "") == (0, "")


def test_visible_prompt() -> None:
    assert visible("\x01\x1b[1;32m\x02me\x01\x1b[0m\x02\r\n$ ") == "me\n$ "
    assert visible("\x1b]0;title\x07$ ") == "$ "


@pytest.mark.parametrize(
    "prompt", ["$ ", "\\[\\e[1m\\]\\u\\[\\e[0m\\]:\\w\\$ ", "a\\nb> ", "é漢 ➜ "]
)
async def test_prompts_are_read_back(pane, prompt: str) -> None:
    await pane.run(f"PS1='{prompt}'", timeout=10)
    result = await pane.run("printf unbroken", timeout=10)
    assert result.output == "unbroken"
    await asyncio.sleep(0)
