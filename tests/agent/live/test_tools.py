"""The tools: what the model may write, and what files and panes make of it."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.actions import (
    ClosePane,
    OpenPane,
    ReadFile,
    ReadScreen,
    Remember,
    RunCommand,
    SearchMemory,
    TypeKeys,
    WriteFile,
    read,
    written,
)
from agent.context.prompt_files import PromptFiles
from agent.messages.prefix import serialise
from agent.sessions.session import text_block
from agent.steps.output import Outputs
from agent.steps.steps import Lines, Matches
from agent.tools import files, search_program
from agent.tools.inputs import INPUTS, FileEdit, FileRead, FileWrite, TerminalWait
from agent.tools.placing import FileChanged
from agent.tools.registry import InvalidToolInput, definitions, parse


def use(name, **tool_input):
    return {"type": "tool_use", "name": name, "input": tool_input}


# Definitions ------------------------------------------------------------------------------------


def test_tools_and_system_are_small_sorted_and_say_nothing_that_changes():
    prompts = PromptFiles()
    tools = definitions(prompts.tool)
    system = [text_block(prompts.read("system"))]
    sent = serialise({"system": system, "tools": tools})
    assert len(sent.encode()) <= 16_000
    assert [tool["name"] for tool in tools] == sorted(INPUTS)
    assert str(Path.home()) not in sent
    assert all(tool["description"] for tool in tools)
    assert all(tool["input_schema"]["additionalProperties"] is False for tool in tools)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("nothing", {}),
        ("file_read", None),
        ("file_read", []),
        ("file_read", {"path": ""}),
        ("file_read", {"path": "a", "limit": "many"}),
        ("file_read", {"path": "a", "extra": 1}),
        ("terminal_run", {}),
        ("terminal_run", {"command": "ls", "pane": "3"}),
        ("terminal_run", {"command": "ls", "timeout": -1}),
        ("terminal_type", {"keys": []}),
        ("terminal_wait", {}),
        ("terminal_wait", {"prompt": True, "exit": True}),
        ("ask_person", {"question": "x", "options": [""]}),
    ],
)
def test_bad_input_is_one_line(name, value):
    with pytest.raises(InvalidToolInput) as caught:
        parse(name, value)
    assert "\n" not in str(caught.value)


@given(
    st.sampled_from(sorted(INPUTS)),
    st.dictionaries(
        st.sampled_from(["path", "command", "pane", "keys", "why", "text", "question", "x"]),
        st.none() | st.text() | st.integers() | st.lists(st.text()) | st.booleans(),
    ),
)
def test_any_input_is_taken_or_told_in_one_line(name, value):
    told = ""
    try:
        parse(name, value)
    except InvalidToolInput as error:
        told = str(error)
    assert "\n" not in told


def test_a_wait_needs_exactly_one_condition():
    assert parse("terminal_wait", {"text": "x"}) == TerminalWait(text="x")


# Actions ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "action",
    [
        RunCommand("ls", "%1"),
        TypeKeys(("a", "Enter"), "%1"),
        OpenPane(Path("/tmp")),
        ClosePane("%1"),
        Remember("CI runs on ARM.", "project", "project", Path("/p"), "tool_observed", "q", "v"),
        Remember("Tabs, please.", "user", "user", None, "user_stated"),
        SearchMemory("ports", Path("/p")),
        ReadScreen("%1"),
        ReadFile(Path("/x")),
        WriteFile(Path("/x"), "é\n", "ab", "diff"),
    ],
)
def test_an_action_is_read_back_with_the_same_digest(action):
    again = read(json.loads(json.dumps(written(action))))
    assert again == action
    assert again.digest() == action.digest()


def test_an_unknown_action_is_not_read():
    with pytest.raises(ValueError, match="no action"):
        read({"kind": "fly"})
    with pytest.raises(ValueError, match="argument"):
        read({"kind": "read_screen", "wings": 2})


# Files ------------------------------------------------------------------------------------------


def test_a_write_replaces_at_once_and_keeps_the_mode(tmp_path):
    path = tmp_path / "run.sh"
    path.write_text("old\n")
    path.chmod(0o755)
    step = files.plan(FileWrite(path="run.sh", content="new\n"), tmp_path)
    files.write(step.action)
    assert path.read_text() == "new\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o755
    assert "-old\n+new\n" in step.diff
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file_gets_its_directories_and_the_usual_mode(tmp_path):
    step = files.plan(FileWrite(path="a/b/c.txt", content="x"), tmp_path)
    assert step.action.before == ""
    files.write(step.action)
    made = tmp_path / "a" / "b" / "c.txt"
    assert made.read_text() == "x"
    assert stat.S_IMODE(made.stat().st_mode) & 0o077 != 0o077


def test_a_file_that_appeared_or_changed_since_is_left_alone(tmp_path):
    path = tmp_path / "a"
    step = files.plan(FileWrite(path="a", content="mine"), tmp_path)
    path.write_text("theirs")
    with pytest.raises(FileChanged):
        files.write(step.action)
    assert path.read_text() == "theirs"


def test_a_path_that_became_a_link_is_not_followed(tmp_path):
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    (inside / "d").mkdir()
    step = files.plan(FileWrite(path="d/f", content="x"), inside)
    (inside / "d").rmdir()
    (inside / "d").symlink_to(outside)
    with pytest.raises(FileChanged, match="elsewhere"):
        files.write(step.action)
    assert not (outside / "f").exists()


def test_a_link_planted_at_the_last_moment_is_not_followed(tmp_path, monkeypatch):
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    step = files.plan(FileWrite(path="d/f", content="x"), inside)
    mkdir = os.mkdir

    def planted(path, mode=0o777, *, dir_fd=None):
        (inside / "d").symlink_to(outside)
        mkdir(path, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "mkdir", planted)
    with pytest.raises(FileChanged, match="elsewhere"):
        files.write(step.action)
    assert list(outside.iterdir()) == []


def test_a_file_that_became_a_link_or_a_pipe_is_left_alone(tmp_path):
    path, other = tmp_path / "f", tmp_path / "other"
    other.write_text("old")
    path.write_text("old")
    step = files.plan(FileWrite(path="f", content="new"), tmp_path)
    path.unlink()
    path.symlink_to(other)
    with pytest.raises(FileChanged, match="elsewhere"):
        files.write(step.action)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(FileChanged, match="meantime"):
        files.write(step.action)
    assert other.read_text() == "old"
    assert stat.S_ISFIFO(path.stat().st_mode)
    assert {each.name for each in tmp_path.iterdir()} == {"f", "other"}


async def test_what_leads_elsewhere_by_now_is_not_read(tmp_path):
    inside, outside = tmp_path / "in", tmp_path / "out"
    (inside / "d").mkdir(parents=True)
    outside.mkdir()
    (inside / "d" / "f").write_text("mine")
    (outside / "f").write_text("theirs")
    for path in (inside / "d" / "f", inside / "d"):
        path.rename(tmp_path / f"was {path.name}")
        path.symlink_to(outside / "f" if path.name == "f" else outside)
        for reading in (
            lambda: files.read_lines(inside / "d" / "f", Lines()),
            lambda: files.list_names(inside / "d" / "f"),
        ):
            with pytest.raises(FileChanged, match="elsewhere"):
                reading()
        with pytest.raises(FileChanged, match="elsewhere"):
            await files.search(inside / "d" / "f", Matches("theirs"))
        path.unlink()
        (inside / "d").mkdir(exist_ok=True)
        (inside / "d" / "f").touch()
    (inside / "d" / "g").symlink_to(outside / "f")
    (inside / "e").symlink_to(outside)
    assert await files.search(inside, Matches("theirs")) == "no match"


def test_a_search_opens_what_it_was_told_and_no_link(tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "d" / "f").write_text("mine")
    (tmp_path / "out" / "f").write_text("theirs")
    assert search_program.lines(tmp_path / "d" / "f") == ["mine"]
    (tmp_path / "d").rename(tmp_path / "was")
    (tmp_path / "d").symlink_to(tmp_path / "out")
    assert search_program.lines(tmp_path / "d" / "f") == []


def test_what_is_no_directory_is_named(tmp_path):
    (tmp_path / "f").write_text("x")
    with pytest.raises(NotADirectoryError, match="f"):
        files.write(WriteFile(tmp_path / "f" / "g", "y"))


def test_links_are_resolved_before_anything_is_judged(tmp_path):
    (tmp_path / "secret").write_text("s")
    (tmp_path / "link").symlink_to("secret")
    assert files.plan(FileRead(path="link"), tmp_path).action == ReadFile(tmp_path / "secret")


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "a"
    path.write_text("old")
    step = files.plan(FileWrite(path="a", content="new"), tmp_path)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.write(step.action)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("content", "old", "new", "said"),
    [
        ("a b a", "a", "c", "2 times"),
        ("a", "x", "c", "not in the file"),
        ("a", "a", "a", "the same"),
    ],
)
def test_an_edit_must_fit_exactly_once(tmp_path, content, old, new, said):
    (tmp_path / "f").write_text(content)
    with pytest.raises(files.FileRefused, match=said):
        files.plan(FileEdit(path="f", old_text=old, new_text=new), tmp_path)


def test_line_endings_and_the_missing_last_newline_survive_an_edit(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"one\r\ntwo\r\nthree")
    step = files.plan(FileEdit(path="f", old_text="two", new_text="2"), tmp_path)
    files.write(step.action)
    assert path.read_bytes() == b"one\r\n2\r\nthree"


def test_the_mask_of_a_secret_is_never_written(tmp_path):
    (tmp_path / "env").write_text("KEY=abc\nA=1\n")
    with pytest.raises(files.FileRefused, match="stands for a secret"):
        files.plan(FileWrite(path="env", content=f"KEY={files.MASK}\nA=2\n"), tmp_path)
    (tmp_path / "doc").write_text(f"the mask is {files.MASK}\n")
    files.plan(FileEdit(path="doc", old_text="the mask", new_text="The mask"), tmp_path)


def test_what_is_no_text_is_not_edited_and_not_dumped(tmp_path):
    (tmp_path / "bin").write_bytes(b"\x00\x01\xff")
    (tmp_path / "latin").write_bytes(b"caf\xe9")
    with pytest.raises(files.FileRefused):
        files.plan(FileEdit(path="latin", old_text="caf", new_text="x"), tmp_path)
    with pytest.raises(files.FileRefused):
        files.plan(FileEdit(path="bin", old_text="x", new_text="y"), tmp_path)
    assert "binary" in files.read_lines(tmp_path / "bin", Lines())
    assert files.read_lines(tmp_path / "latin", Lines()).startswith("1\tcaf")
    with pytest.raises(files.FileRefused, match="directory"):
        files.read_lines(tmp_path, Lines())
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(files.FileRefused, match="regular"):
        files.read_lines(tmp_path / "pipe", Lines())


def test_lines_are_numbered_and_paged(tmp_path):
    (tmp_path / "f").write_text("".join(f"line {n}\n" for n in range(1, 11)))
    page = files.read_lines(tmp_path / "f", Lines(3, 2)).splitlines()
    assert page == ["3\tline 3", "4\tline 4", "[more lines follow: file_read with offset 5]"]
    assert "no line 99" in files.read_lines(tmp_path / "f", Lines(99))
    (tmp_path / "empty").touch()
    assert "is empty" in files.read_lines(tmp_path / "empty", Lines())
    (tmp_path / "wide").write_text("x" * 10_000)
    assert "8,000 more characters" in files.read_lines(tmp_path / "wide", Lines())


def test_a_directory_is_listed_with_sizes_and_links(tmp_path):
    (tmp_path / "b").write_text("12")
    (tmp_path / "a").mkdir()
    (tmp_path / "c").symlink_to("b")
    assert files.list_names(tmp_path).splitlines() == ["a/", "b\t2", "c -> b"]


async def test_a_search_leaves_out_what_git_ignores(house):
    (house.project / ".gitignore").write_text("junk\n")
    (house.project / "junk").write_text("needle\n")
    (house.project / "a.py").write_text("x\nneedle here\n")
    (house.project / "b.txt").write_text("needle\n")
    assert await files.search(house.project, Matches("needle")) == (
        "a.py:2: needle here\nb.txt:1: needle"
    )
    assert await files.search(house.project, Matches("needle", "*.py")) == "a.py:2: needle here"
    assert await files.search(house.project, Matches("nothing")) == "no match"
    with pytest.raises(files.FileRefused, match="regular expression"):
        await files.search(house.project, Matches("("))


async def test_a_search_passes_over_repositories_within(house):
    (house.project / "a.txt").write_text("needle\n")
    await asyncio.to_thread(
        subprocess.run, ["git", "init", "-q", house.project / "nested"], check=True
    )
    (house.project / "nested" / "b.txt").write_text("needle\n")
    assert await files.search(house.project, Matches("needle")) == "a.txt:1: needle"


async def test_an_expression_without_end_does_not_hold_the_engine(house, monkeypatch):
    monkeypatch.setattr(files, "SEARCH_SECONDS", 0.5)
    (house.project / "a").write_text("a" * 60 + "!\n")
    with pytest.raises(files.FileRefused, match="took more than"):
        await files.search(house.project, Matches("(a+)+$"))


@given(before=st.text(max_size=60), after=st.text(max_size=60))
def test_a_diff_is_empty_only_when_nothing_changes(before, after):
    diff = files.unified_diff(before, after, "f")
    assert bool(diff) == (before != after)


# Output -----------------------------------------------------------------------------------------


def test_long_output_keeps_both_ends_and_says_where_the_rest_is(tmp_path):
    outputs = Outputs(tmp_path / "outputs")
    text = "".join(f"{number}\n" for number in range(20_000))
    cut = outputs.fit(text, "toolu/1")
    assert cut.startswith("0\n1\n")
    assert cut.endswith("19999\n")
    assert len(cut) < 25_000
    [stored] = (tmp_path / "outputs").iterdir()
    assert str(stored) in cut
    assert stored.read_text() == text
    assert stat.S_IMODE(stored.stat().st_mode) == 0o600


# Panes ------------------------------------------------------------------------------------------


async def test_a_program_is_driven_by_keys_and_its_screen_comes_back(house):
    house.script.then(use("terminal_run", command="python3 -q", timeout=1))
    house.script.then(use("terminal_wait", text=">>>"))
    house.script.then(use("terminal_type", keys=["6*7", "Enter"]))
    house.script.then(use("terminal_type", keys=["C-d"]))
    house.script.then(use("terminal_wait", prompt=True))
    agent_id = await house.agent("drive")
    await house.state(agent_id, "done")
    texts = [
        request["messages"][-1]["content"][0].get("content", "")
        for request in house.script.requests[1:]
    ]
    assert "still running" in texts[0]
    assert "there" in texts[1]
    assert "42" in texts[2]
    assert "there" in texts[4]


async def test_a_second_pane_is_opened_used_and_closed(house):
    house.script.then(use("terminal_open"))

    def in_second(request):
        from agent.model.local_server.responder import ResponderMessage

        pane = request["messages"][-1]["content"][0]["content"].split()[1]
        return ResponderMessage(
            [
                use("terminal_run", command="echo here", pane=pane),
                use("terminal_read", pane=pane, history=10),
                use("terminal_close", pane=pane),
                use("terminal_read", pane=pane),
            ]
        )

    house.script.then(in_second)
    agent_id = await house.agent("two")
    await house.state(agent_id, "done")
    run, screen, closed, after = house.results()
    assert "here" in run["content"]
    assert "here" in screen["content"]
    assert "closed" in closed["content"]
    assert after["is_error"]
    assert len(house.summary(agent_id).panes) == 1


async def test_a_dead_pane_is_told_and_replaced(house):
    house.script.then(use("terminal_run", command="exit 4"))
    house.script.then(use("terminal_run", command="echo again"))
    agent_id = await house.agent("exit")
    await house.state(agent_id, "done")
    assert "again" in house.results()[0]["content"]
    assert [pane.dead for pane in house.summary(agent_id).panes] == [True, False]


async def test_an_open_quote_is_not_run(house):
    house.script.then(use("terminal_run", command="echo 'half"))
    house.script.then(use("terminal_run", command="echo whole"))
    agent_id = await house.agent("quote")
    summary = await house.state(agent_id, "done", "waiting")
    if summary.state == "waiting":
        await house.decide(await house.gate())
        await house.state(agent_id, "done")
    assert "whole" in house.results()[0]["content"]


async def test_a_shell_that_is_slow_to_start_is_named_as_the_cause(house, monkeypatch):
    monkeypatch.setattr("agent.steps.judging.START_SECONDS", 0.3)
    fifo = house.home / "held"
    os.mkfifo(fifo)
    # Held until the test lets it go, as by a start-up file that asks something.
    (house.home / ".bashrc").write_text(f"read -r _ < {fifo}\n")
    house.script.then(use("terminal_run", command="echo one"))
    house.script.then(use("terminal_wait", prompt=True), use("terminal_run", command="echo two"))
    agent_id = await house.agent("go")
    notice = await house.until(
        lambda: next((event for event in house.events if event.type == "notice"), None)
    )
    assert "first prompt after 0.3 s" in notice.text
    assert "~/.bashrc" in notice.text
    assert "\n" not in notice.text
    with fifo.open("w") as held:
        held.write("\n")
    await house.state(agent_id, "done")
    [first] = house.results(1)
    assert "~/.bashrc" in first["content"]
    assert "two" in house.results()[-1]["content"]
