"""Whatever goes wrong with judging, the answer is HIGH, and a rule that denies still denies."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.actions import Action, RunCommand, TypeKeys, WriteFile
from agent.risk import Context, Paste, Risk, assess, assess_command, assess_keys, decide
from agent.risk import classify as classify_module
from agent.risk import keystrokes as keystrokes_module
from agent.risk.evaluate import Evaluator
from agent.risk.rules import parse

DENY = parse({"deny": ["Bash(git push:*)"]})


@pytest.mark.parametrize(
    "command",
    ["ls 'a", 'ls "a', "ls $(a", "ls `a", "if a", "case x in", "ls ${a", "( ls", "cat <<E", "a |",
     "ls )", "fi", "f() {", "ls &&", "[[ a", "$((1", "\x00", "ls \u202e"],
)  # fmt: skip
def test_what_cannot_be_parsed(command: str, context: Context) -> None:
    assert assess_command(command, context).risk is Risk.HIGH


@pytest.mark.parametrize(
    "padding",
    ["true;" * 70_000, "$(" * 500, "a " * 900_000, "bash -c 'ls';" * 70_000, "{ " * 500],
    ids=["commands", "nesting", "length", "wrappers", "groups"],
)
def test_past_any_budget(padding: str, context: Context) -> None:
    answer = assess_command(f"git push; {padding}", replace(context, rules=DENY))
    assert answer.risk is Risk.HIGH
    assert answer.denied_by == "Bash(git push:*)"
    assert answer.reasons


@pytest.mark.parametrize(
    "padding",
    ["true;" * 61_000, "true;" * 71_000, "$(" * 500, "a " * 760_000, "{ " * 500],
    ids=["commands", "unread commands", "nesting", "length", "groups"],
)
def test_a_denied_command_behind_any_budget(padding: str, context: Context) -> None:
    text = f"{padding}; git push origin main"
    answer = assess_command(text, replace(context, rules=DENY))
    assert (answer.risk, answer.denied_by) == (Risk.HIGH, "Bash(git push:*)")
    marked = [text[span.start : span.end] for span in answer.spans if "denied" in span.reason]
    assert marked[0].startswith("git push")
    other = assess_command(f"{padding}; git status", replace(context, rules=DENY))
    assert (other.risk, other.denied_by) == (Risk.HIGH, None)


def fault(*_arguments: object, **_options: object) -> None:
    raise MemoryError


@pytest.mark.parametrize("mode", ["plan", "careful", "standard"])
def test_a_fault_anywhere_lets_nothing_run(
    mode: str, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Evaluator, "run", fault)
    monkeypatch.setattr(classify_module, "judge", fault)
    monkeypatch.setattr(keystrokes_module, "strokes", fault)
    place = context.cwd / "a"
    actions: list[Action] = [
        RunCommand("ls", "%1"), TypeKeys("%1", ("ls", "Enter")), WriteFile(place, "x"),
    ]  # fmt: skip
    for action in actions:
        answer = assess(action, context)
        assert answer.risk is Risk.HIGH, action
        assert answer.reasons
        assert decide(answer, mode, "agent").outcome != "run", action
    assert assess_keys(["ls", Paste("x"), "Enter"], context).hold_at == 0


@pytest.mark.parametrize("foreground", ["bash", "python", "psql", "vim", "less", "ssh", "node"])
@pytest.mark.parametrize("key", ["Tab", "C-_", "C-x", "F5", "M-9", "IC"])
def test_a_line_that_cannot_be_told_is_not_submitted(
    foreground: str, key: str, context: Context
) -> None:
    keys = [
        ":!ls" if foreground == "vim" else "!ls" if foreground == "less" else "ls",
        key,
        "Enter",
    ]
    answer = assess_keys(keys, replace(context, foreground=foreground))
    # What only a person's own settings give a meaning may submit the line itself.
    held = 1 if key == "F5" and foreground in ("bash", "ssh") else 2
    assert (answer.risk, answer.hold_at) == (Risk.HIGH, held), answer


@pytest.mark.parametrize("rules", [{"deny": 3}, {"deny": ["Bash("]}, {"dney": []}, "x", None])
def test_rules_that_cannot_be_read(rules: object, context: Context) -> None:
    answer = assess_command("ls", replace(context, rules=parse(rules)))
    assert answer.asked_by
    assert decide(answer, "standard", "agent").outcome == "gate"


@pytest.mark.parametrize(
    "keys",
    [
        ("rm -rf ~", "\x1b[27;9;7478~"),
        ("rm -rf ~", "Escape", "[27;9;7478~"),
        ("rm -rf ~", "M-[", "27;9;7478~"),
        ("\x1b[27;9;7479~000000000000;3;a;run;,8,8,;rm -rf ~\x1e",),
        ("0x1b", "[27;9;", "7483~000000000000;3;a;run;,8,8,;rm -rf ~", "0x1e"),
    ],
)
def test_the_keys_by_which_we_enter_lines_are_nobody_elses(
    keys: tuple[str, ...], context: Context
) -> None:
    assert assess_keys(keys, replace(context, foreground="bash")).risk is Risk.HIGH
    assert assess_keys(keys, replace(context, foreground="zsh")).risk is Risk.HIGH


def test_half_a_surrogate_pair_in_a_pattern_is_judged(context: Context) -> None:
    answer = assess_command("x >a\udaab/b*; bash b\udaab/c*", context)
    assert not any("could not be analysed" in reason for reason in answer.reasons)
