"""Reading playbooks: what is accepted means what it says, what is not is named with its line."""

from __future__ import annotations

import os
import threading

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from agent.playbook.file import PlaybookError, parse, read
from agent.playbook.player import keys_of, pattern_of
from agent.playbook.steps import VERBS, Expect, Type, Until
from agent.risk.keys import is_key

WHOLE = """\
name: All of it
about: every step there is
steps:
  - open: main
  - open: side
    directory: sub
  - run: yes | head -1
    status: any
    timeout: 5
    pane: main
  - type: print(6 * 7)
    press: Enter
    why: to see
  - type: [ihello, press: Escape, ":wq", press: Enter]
  - press: [C-c, q]
  - wait: prompt
  - wait: {text: done}
    timeout: 3
  - wait: {idle: 0.5}
  - expect: hello
  - expect: {text: a, absent: b}
  - screenshot: after
  - close: side
"""


def faults(text):
    with pytest.raises(PlaybookError) as caught:
        parse(text, "p.yaml")
    return list(caught.value.lines)


def said_of(text):
    try:
        parse(text, "p.yaml")
    except PlaybookError as error:
        return error.lines
    return ()


def test_every_step_is_read_with_its_line():
    playbook = parse(WHOLE.replace("[C-c, q]", "[C-c, Up]"), "p.yaml")
    assert (playbook.name, len(playbook.steps)) == ("All of it", 13)
    assert playbook.lines[:3] == (4, 5, 7)
    assert {type(step) for step in playbook.steps} == set(VERBS.values())
    assert playbook.steps[7].wait == Until(text="done")


def test_scalars_are_the_text_that_stands_there():
    playbook = parse("steps:\n  - run: yes\n  - type: 010\n  - run: null\n", "p.yaml")
    assert playbook.steps[0].run == "yes"
    assert playbook.steps[1].type == ("010",)
    assert playbook.steps[2].run == "null"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "p.yaml:1: a playbook is a mapping with a list of steps"),
        ("steps: []", "p.yaml:1: steps must be a list of at least one step"),
        ("nam: x\nsteps:\n- run: a", "p.yaml:1: there is no 'nam' in a playbook: did you mean \"n"),
        ("steps:\n- rnu: x", "p.yaml:2: a step begins with one of open, run, type"),
        ("steps:\n- run: x\n  timeot: 3", "p.yaml:3: run has no 'timeot' beside it: did you mea"),
        ("steps:\n- run: x\n  timeout: soon", "p.yaml:3: timeout must be seconds, more than 0"),
        ("steps:\n- run: x\n  timeout: inf", "p.yaml:3: timeout must be seconds"),
        ("steps:\n- run: x\n  status: 300", "p.yaml:3: status must be an exit status from 0 to"),
        ("steps:\n- press: Entr", "p.yaml:2: press must be a tmux key name such as Enter"),
        ("steps:\n- press: [Up, hello]", "p.yaml:2: press must be a tmux key name such as Enter"),
        ("steps:\n- wait: forever", "p.yaml:2: wait must be prompt, exit, {text: …} or {idle"),
        ("steps:\n- wait: {text: a, idle: 2}", "p.yaml:2: wait must be prompt, exit"),
        ("steps:\n- expect: {}", "p.yaml:2: expect must be a text"),
        ("steps:\n- hello", "p.yaml:2: a step begins with one of open"),
        ("steps:\n- run: a\n  wait: prompt", "p.yaml:2: one step does one thing"),
        ("steps:\n- run: a\n  run: b", "p.yaml:3: 'run' is given twice"),
        ("steps:\n- run: x\n  pane: other", "p.yaml:3: no step before this one opens a pane 'oth"),
        ("steps:\n- open: a\n- close: a\n- run: x\n  pane: a", "p.yaml:5: no step before this one"),
        ("steps:\n- open: a\n- open: a", "p.yaml:3: the pane 'a' is open already"),
        ("steps:\n- run:", "p.yaml:2: run: string should have at least 1 character"),
        ("steps: [", "p.yaml:1: is not valid YAML"),
        ("steps:\n\t- run: a", "p.yaml:2: is not valid YAML"),
        ("a: &x 1\nb: *x", "p.yaml:2: aliases (*name) are not allowed"),
        ("steps:\n- run: \x07", "p.yaml:2: holds a character that YAML forbids"),
        pytest.param("[" * 5000 + "]" * 5000, "p.yaml:1: is nested too deeply", id="deep"),
    ],
)
def test_a_fault_is_named_with_file_and_line(text, expected):
    assert faults(text)[0].startswith(expected)


def test_every_fault_is_said_in_the_order_of_lines():
    said = faults("steps:\n- rnu: a\n- press: Entr\n- run: b\n  timeout: never\nnam: x\n")
    assert [line.split(":")[1] for line in said] == ["2", "3", "5", "6"]


def test_a_pipe_is_read_as_far_as_somebody_writes_to_it(tmp_path, monkeypatch):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    text = "steps:\n" + "- run: x\n" * 10_000
    writing = threading.Thread(target=pipe.write_text, args=[text])
    writing.start()
    try:
        assert read(pipe) == text
    finally:
        writing.join(10)
    monkeypatch.setattr("agent.playbook.file.PIPE_SECONDS", 0.1)
    with pytest.raises(PlaybookError, match=r"pipe: nothing came from it for 0\.1 s"):
        read(pipe)


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(PlaybookError, match="there is no such file"):
        read(tmp_path / "none.yaml")
    (tmp_path / "bad.yaml").write_bytes(b"steps:\n- run: \xff\n")
    with pytest.raises(PlaybookError, match=r"bad\.yaml:2: is not UTF-8"):
        read(tmp_path / "bad.yaml")
    (tmp_path / "big.yaml").write_bytes(b"#" * (256 * 1024 + 1))
    with pytest.raises(PlaybookError, match="is longer than"):
        read(tmp_path / "big.yaml")


@given(st.text(min_size=1, max_size=12) | st.sampled_from(["Enter", "C-c", "^C", "0x41", "M-Up"]))
def test_a_typed_text_is_never_taken_for_a_key(text):
    step = Type(type=text)
    keys = keys_of(step)
    assert "".join(keys) == text
    assert not any(is_key(key) for key in keys)


@given(st.text(max_size=300))
def test_whatever_is_given_is_a_playbook_or_a_fault_with_a_line(text):
    assert all(line.split(":")[1].isdecimal() for line in said_of(text))


@given(
    st.recursive(
        st.text(max_size=8) | st.sampled_from([*VERBS, "pane", "timeout", "prompt", "Enter"]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from([*VERBS, "pane", "timeout", "why"]), inner, max_size=3
            )
        ),
        max_leaves=8,
    )
)
def test_whatever_shape_it_has(value):
    text = yaml.safe_dump({"steps": [value]}, allow_unicode=True)
    assert all(line.startswith("p.yaml:") for line in said_of(text))


@pytest.mark.parametrize(
    ("wanted", "screen", "holds"),
    [
        ("b.c", "a\nb.c\n", True),
        ("b.c", "a\nbxc\n", False),
        ({"absent": "x"}, "a\nb\n", True),
        ({"absent": "x"}, "a\nx\n", False),
        ({"text": "a", "absent": "x"}, "a\n", True),
        ({"text": "a", "absent": "x"}, "x\na\n", False),
    ],
)
def test_what_is_expected_of_a_screen(wanted, screen, holds):
    import re

    pattern = pattern_of(Expect(expect=wanted))
    assert bool(re.search(pattern, screen, re.MULTILINE)) is holds
