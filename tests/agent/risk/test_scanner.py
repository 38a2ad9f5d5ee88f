# ruff: noqa: E501 - tables of cases read better unbroken
"""The scanner against bash itself, and what it names."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from agent.risk.shell.scanner import scan
from agent.risk.shell.syntax import literal

DATA = Path(__file__).parent / "data"


def programs(text: str) -> list[str]:
    return [literal(c.words[0]) for c in scan(text).commands if c.words and c.kind == "simple"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a; b && c || d | e & f", list("abcdef")),
        ("if a; then b; elif c; then d; else e; fi", list("abcde")),
        ("while a; do b; done; until c; do d; done", list("abcd")),
        ("for x in 1 2; do a; done", ["a"]),
        ("for ((i=0; i<$(a); i++)); do b; done", ["a", "b"]),
        ("case $(a) in (x|y) b ;; *) c ;& z) d ;; esac", list("abcd")),
        ("f() { a; }; function g { b; }; f", ["a", "b", "f"]),
        ("echo $(a) `b` <(c) >(d) $((1 + $(e))) ${x:-$(f)}", [*"abcdef", "echo"]),
        ('echo "$(a "$(b)")"', ["b", "a", "echo"]),
        ("cat <<E\n$(a)\nE\nb", ["cat", "a", "b"]),
        ("cat <<'E'\n$(a)\nE\nb", ["cat", "b"]),
        ("cat <<-E | b\n\tx\n\tE", ["cat", "b"]),
        ("( (a) ); ((1 + 2)); ((a); b)", ["a", "a", "b"]),
        ("[[ a && $(b) ]] && c", ["b", "c"]),
        ("coproc n { a; }; time -p b; ! c", list("abc")),
        ("x=(a $(b) 'c)') d", ["b", "d"]),
        ("a # b\nc", ["a", "c"]),
        ("a \\\n b; c", ["a", "c"]),
    ],
)
def test_names_every_command(text: str, expected: list[str]) -> None:
    script = scan(text)
    assert programs(text) == expected
    assert not script.errors


def test_feeds_and_redirects() -> None:
    script = scan("a 2>&1 >>f <<< x; { b; } | c > 'g h'")
    assert [r.operator for r in script.commands[0].redirects] == [">&", ">>", "<<<"]
    assert script.commands[2].pipe == (1, 2)


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash as the oracle")
def test_accepts_what_bash_accepts() -> None:
    texts = [
        json.loads(line)["command"] for line in (DATA / "benign.jsonl").read_text().splitlines()
    ]
    wrong = []
    for text in texts:
        answer = subprocess.run(
            ["bash", "-n", "-O", "extglob"], input=text.encode(), capture_output=True, check=False
        )
        if answer.returncode == 0 and scan(text).errors:
            wrong.append((text, scan(text).errors))
    assert not wrong


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash as the oracle")
@pytest.mark.parametrize(
    "text",
    ["echo 'a", 'echo "a', "echo $(ls", "echo `ls", "if true; then ls", "ls &&", "ls |", ")", "fi",
     "f() {", "ls ; ; ls", "a=(1 2", "echo ${x", "[[ a", "case x in", "for x in a; do", "{ ls", "(ls",
     "then ls", "ls ;; ls", "while true; do; done", "if ; then ls; fi", "&& ls", "| ls", "ls >"],
)  # fmt: skip
def test_refuses_what_bash_refuses(text: str) -> None:
    answer = subprocess.run(["bash", "-n"], input=text.encode(), capture_output=True, check=False)
    assert answer.returncode != 0
    assert scan(text).errors
