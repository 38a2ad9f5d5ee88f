# ruff: noqa: E501 - tables of cases read better unbroken
"""What must hold for any text: never an exception, and no disguise lowers the risk."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.risk import Context, Paste, Risk, assess_command, assess_keys
from agent.risk.evaluate import evaluate

DATA = Path(__file__).parent / "data"
HOME = Path("/home/dev")
CONTEXT = Context(cwd=HOME / "project", home=HOME, project=HOME / "project", line="")
DANGEROUS = [
    json.loads(line)["command"] for line in (DATA / "dangerous.jsonl").read_text().splitlines()
]
WHOLE = [
    c
    for c in DANGEROUS
    if "\n" not in c and not c.startswith("!") and not evaluate(c, CONTEXT).scripts[0].errors
]
PIECES = st.sampled_from(
    ["rm", " ", "-rf", "~", "$(", ")", "`", "'", '"', "\\", "\n", "${", "}", "((", "))", "<<E", "E",
     ";", "|", "&", "&&", "if", "then", "fi", "case", "esac", "in", "[[", "]]", "$x", "x=", "(", "{",
     "eval", "bash -c", "\0", "é", "<(", ">", ">>", "<<<", "#", "!", "!!", "python3 -c", "*", "~/.ssh",
     "git", "push", "for", "do", "done", "xargs", "find", "-exec", "awk", "sed", "function", "coproc"]
)  # fmt: skip
QUICK = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)


@QUICK
@given(st.text(max_size=200) | st.lists(PIECES, max_size=40).map("".join))
def test_never_raises_and_never_says_it_failed(text: str) -> None:
    answer = assess_command(text, CONTEXT)
    assert not any("could not be analysed" in reason for reason in answer.reasons), answer.reasons


@QUICK
@given(
    st.lists(st.text(max_size=8) | PIECES | st.sampled_from(["Enter", "C-a", "Up", "M-b", "Tab"])),
    st.sampled_from(
        ["bash", "python", "psql", "vim", "less", "nano", "ssh", "confirm", "node", "x"]
    ),
)
def test_keys_never_raise(keys: list[str], foreground: str) -> None:
    answer = assess_keys(keys, replace(CONTEXT, foreground=foreground))
    assert not any("could not be analysed" in reason for reason in answer.reasons), answer.reasons
    assert (answer.hold_at is not None) == (answer.risk is Risk.HIGH)


SEQUENCES = [json.loads(line) for line in (DATA / "sequences.jsonl").read_text().splitlines()]
ITEMS = [k if isinstance(k, str) else Paste(k["paste"]) for e in SEQUENCES for k in e["keys"]]


@QUICK
@given(
    st.lists(st.sampled_from(ITEMS) | st.sampled_from(["Enter", "C-z", "C-u", "C-r", "M-3"])),
    st.sampled_from(sorted({entry["foreground"] for entry in SEQUENCES})),
    st.sampled_from(sorted({entry.get("screen", "") for entry in SEQUENCES})),
    st.booleans(),
)
def test_keys_of_any_program_never_raise(
    keys: list[str | Paste], foreground: str, screen: str, read_back: bool
) -> None:
    place = replace(CONTEXT, foreground=foreground, screen=screen, line=None, read_back=read_back)
    answer = assess_keys(keys, place)
    assert not any("could not be analysed" in reason for reason in answer.reasons), answer.reasons
    assert (answer.hold_at is not None) == (answer.risk is Risk.HIGH)


@QUICK
@given(
    st.sampled_from(WHOLE),
    st.sampled_from(["true; ", "ls\n", "echo a && ", "export A=1; ", "cat f | sort; "]),
    st.integers(0, 40),
    st.integers(0, 40),
)
def test_padding_never_lowers(command: str, pad: str, before: int, after: int) -> None:
    text = pad * before + command + "\n" + "echo done\n" * after
    assert assess_command(text, CONTEXT).risk is Risk.HIGH


WRAPPERS = [
    "{ %s\n}", "(%s\n)", "if true; then %s\nfi", "while true; do %s\nbreak; done", "! %s", "time %s",
    "f() { %s\n}; f", "echo $(%s\n)", "true && { %s\n}", "for i in 1; do %s\ndone", "ls; %s",
    "echo \"$(%s\n)\"", "cat <(%s\n)", "x=$(%s\n)", "case a in a) %s\n;; esac", "[[ -n $(%s\n) ]]",
]  # fmt: skip
RUNNERS = ["bash -c %s", "eval %s", "sh -lc %s", "nohup sh -c %s &", "timeout 9 bash -c %s",
           "ssh h %s", "watch %s", "trap %s EXIT", "bash <<< %s", "echo %s | sh"]  # fmt: skip


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_structure_never_lowers(wrapper: str) -> None:
    lowered = [
        c for c in WHOLE if assess_command(wrapper.replace("%s", c), CONTEXT).risk < Risk.HIGH
    ]
    assert not lowered


@pytest.mark.parametrize("runner", RUNNERS)
def test_being_run_by_another_never_lowers(runner: str) -> None:
    lowered = []
    for command in WHOLE:
        text = runner.replace("%s", shlex.quote(command))
        if assess_command(text, CONTEXT).risk < Risk.HIGH:
            lowered.append(text)
    assert not lowered


@QUICK
@given(st.sampled_from(["rm -rf ~", "sudo id", "git push --force", "tmux kill-server"]), st.data())
def test_quoting_never_lowers(command: str, data: st.DataObject) -> None:
    spelled = []
    for c in command:
        how = data.draw(st.integers(0, 4)) if c not in " ~" else 0
        spelled.append((c, f"\\{c}", f"'{c}'", f'"{c}"', f"''{c}")[how])
    assert assess_command("".join(spelled), CONTEXT).risk is Risk.HIGH


@QUICK
@given(st.sampled_from([c for c in WHOLE if c.isprintable()]), st.data())
def test_any_split_of_keys_gives_the_same_verdict(command: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(command)), max_size=5)))
    bounds = [0, *cuts, len(command)]
    keys = [command[a:b] for a, b in pairwise(bounds)]
    # A piece that is exactly a key name would be that key, so it goes letter by letter.
    keys = [k for piece in keys for k in (list(piece) if piece.isalnum() else [piece])]
    whole = assess_keys([*command, "Enter"], CONTEXT)
    split = assess_keys([*keys, "Enter"], CONTEXT)
    assert split.risk is whole.risk is Risk.HIGH
    assert split.hold_at == len(keys)


def test_steps_grow_at_most_linearly() -> None:
    for joiner in ("; ", " && ", " | ", "\n"):
        small = evaluate(joiner.join(["echo a"] * 1000), CONTEXT).work
        large = evaluate(joiner.join(["echo a"] * 8000), CONTEXT).work
        assert large <= small * 8.5


def test_depth_and_size_are_budgets_with_names() -> None:
    for text in ("$(" * 5000 + "ls" + ")" * 5000, "{ " * 5000, "(" * 5000, "a" * 5_000_000,
                 "env " * 3000 + "ls", "x=$x$x$x; " * 500 + "$x"):  # fmt: skip
        answer = assess_command(text, CONTEXT)
        assert answer.risk is Risk.HIGH
        assert answer.reasons
