"""The list of agents: made, renamed, stopped, archived, resumed, restored."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import sqlite3

import psutil
import pytest

from agent.agents.agent_directory import DirectoryUnusable
from agent.agents.command_agent import failure
from agent.engine.start import kill
from agent.errors import AgentError
from agent.messages.prefix import serialise
from agent.model.local_server.responder import ResponderMessage
from agent.protocol.agents import Mode
from agent.protocol.commands.agents import (
    ArchiveAgent,
    CreateAgent,
    ListSessions,
    RenameAgent,
    ResumeAgent,
    StopAgent,
)
from agent.protocol.commands.gates import Answer
from agent.protocol.commands.panes import RunAsPerson
from agent.protocol.commands.prompts import Interrupt, ReadTranscript, SendPrompt
from agent.protocol.commands.sessions import ForkSession, ListTurns
from agent.protocol.commands.transcripts import SearchTranscript
from agent.protocol.hosted import ExplainPane
from agent.sessions.fork import NotForked
from memory.database import Database
from memory.errors import StorageError
from memory.versions import Memory
from tungsten.errors import OutcomeUnknown
from tungsten.pane import Pane


def use(name, **tool_input):
    return {"type": "tool_use", "name": name, "input": tool_input}


async def test_a_new_agent_has_a_pane_a_name_and_a_branch(house):
    agent_id = await house.agent()
    summary = house.summary(agent_id)
    assert (summary.name, summary.branch, summary.state) == ("project", "main", "idle")
    assert [pane.dead for pane in summary.panes] == [False]
    second = await house.agent()
    assert house.summary(second).name == "project-2"


async def test_why_an_agent_of_our_own_is_in_its_state(house):
    idle = await house.agent(name="idle")
    await house.state(await house.agent(name="cat", command="sleep 600"), "working")
    say = lambda name: house.carry_out(ExplainPane(pane=name))  # noqa: E731
    assert "why: no turn is under way" in (await say("idle"))["text"]
    assert "why: its program runs: " in (await say("cat"))["text"]
    assert house.summary(idle).state == "idle"


@pytest.mark.parametrize("directory", ["", "relative", "/does/not/exist", "/etc/hostname"])
async def test_a_directory_must_be_whole_and_there(house, directory):
    with pytest.raises(AgentError) as caught:
        await house.agents.creation.create(CreateAgent(directory=directory))
    assert "\n" not in str(caught.value)
    assert house.hub.snapshot().agents == ()


async def test_names_are_unique(house):
    first = await house.agent(name="one")
    with pytest.raises(AgentError, match="already"):
        await house.agent(name="one")
    second = await house.agent(name="two")
    with pytest.raises(AgentError, match="already"):
        await house.carry_out(RenameAgent(agent_id=second, name="one"))
    await house.carry_out(RenameAgent(agent_id=first, name="uno"))
    assert house.summary(first).name == "uno"


async def test_stop_returns_when_every_process_is_gone(house):
    house.script.then(
        use(
            "terminal_run",
            command="(trap '' HUP TERM; echo $BASHPID > stubborn; exec sleep 987) & disown; "
            "sleep 986",
        )
    )
    agent_id = await house.agent("go")
    await house.until(lambda: (house.summary(agent_id).activity or "").startswith("run:"))
    pid_file = house.project / "stubborn"
    await house.screen(agent_id, "986")
    pid = int(await house.poll(lambda: _content(pid_file)))
    assert psutil.pid_exists(pid)
    await house.carry_out(StopAgent(agent_id=agent_id))
    assert _ended(pid)
    summary = house.summary(agent_id)
    assert (summary.state, summary.activity, summary.panes) == ("idle", "stopped", ())
    await house.prompt(agent_id, "again")
    await house.state(agent_id, "done")


async def _content(path):
    return path.read_text().strip() if path.exists() else ""


def _ended(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def test_panes_that_a_person_split_off_end_with_the_agent(house):
    agent_id = await house.agent()
    other_id = await house.agent()
    [pane] = house.summary(agent_id).panes
    terminal = await house.open_terminal()
    # Windows are linked into one session while they are watched.
    for each in (agent_id, other_id):
        shown = terminal.pane(house.summary(each).panes[0].pane_id)
        await (await terminal.watch()).add(shown.window_id, lambda: None)

    async def split(name, target):
        told = await terminal.client.command(
            name,
            *("-d", "-t", target, "-P", "-F", "#{pane_id} #{pane_pid}", "sleep", "1000"),
        )
        pane_id, pid = told[0].split()
        return pane_id, int(pid)

    beside, pid = await split("split-window", pane.pane_id)
    window, in_window = await split("new-window", f"={house.summary(agent_id).name}:")
    await house.carry_out(StopAgent(agent_id=agent_id))
    assert not psutil.pid_exists(pid)
    assert not psutil.pid_exists(in_window)
    left = await terminal.client.command("list-panes", "-a", "-F", "#{pane_id}")
    assert not {beside, window, pane.pane_id} & set(left)
    assert house.summary(other_id).panes[0].pane_id in left


@pytest.mark.parametrize("trusted", [True, False])
async def test_a_session_is_resumed_in_no_looser_a_mode_than_its_directory_has(house, trusted):
    for mode, after in (
        (Mode.STANDARD, Mode.STANDARD if trusted else Mode.CAREFUL),
        (Mode.PLAN, Mode.PLAN),
    ):
        agent_id = await house.agent(trusted=trusted, mode=mode)
        assert house.summary(agent_id).mode is mode
        await house.carry_out(ArchiveAgent(agent_id=agent_id))
        await house.carry_out(ResumeAgent(agent_id=agent_id))
        assert house.summary(agent_id).mode is after


async def test_sessions_are_told_apart_and_the_last_used_comes_first(house):
    (house.project / "AGENTS.md").write_text("Say please.\n")
    house.script.then("One.").then("Two.").then("Three.")
    first = await house.agent("mend the\nclock", name="same")
    await house.state(first, "done")
    second = await house.agent("wind the clock", name="other")
    await house.state(second, "done")
    await house.prompt(first, "and again")
    await house.until(lambda: len(house.script.requests) == 3)
    await house.state(first, "done")
    listed = (await house.carry_out(ListSessions()))["sessions"]
    assert [(one["id"], one["prompt"]) for one in listed] == [
        (first, "mend the clock"),
        (second, "wind the clock"),
    ]


async def test_an_archived_session_is_listed_read_and_resumed(house):
    house.script.then("Hello.")
    agent_id = await house.agent("hi")
    before = await house.state(agent_id, "done")
    assert before.usage.output_tokens
    assert before.context_tokens
    await house.carry_out(ArchiveAgent(agent_id=agent_id))
    assert house.hub.snapshot().agents == ()
    listed = (await house.carry_out(ListSessions()))["sessions"]
    assert [(item["id"], item["archived"]) for item in listed] == [(agent_id, True)]
    assert listed[0]["usage"]["requests"] == 1
    assert listed[0]["prompt"] == "hi"
    assert listed[0]["used_at"] >= listed[0]["created_at"]
    page = await house.carry_out(ReadTranscript(agent_id=agent_id))
    assert [block["text"] for block in page["blocks"]] == ["hi", "Hello."]
    search = SearchTranscript(agent_id=agent_id, words="HELLO")
    assert await house.carry_out(search) == {"matches": [[2, 1]]}
    with pytest.raises(AgentError):
        await house.carry_out(SendPrompt(agent_id=agent_id, text="x"))

    house.events.clear()
    await house.carry_out(ResumeAgent(agent_id=agent_id))
    shown = [event.agent for event in house.events if event.type == "agent_changed"]
    assert {(agent.usage, agent.context_tokens) for agent in shown} == {
        (before.usage, before.context_tokens)
    }
    assert len(house.summary(agent_id).panes) == 1
    await house.prompt(agent_id, "still there?")
    await house.state(agent_id, "done")
    assert len(house.script.requests[-1]["messages"]) == 3


async def test_a_fork_begins_as_its_origin_and_goes_its_own_way(house):
    house.script.then("First.").then(use("terminal_run", command="seq 9000")).then("Second.")
    origin = await house.agent("mend the clock", name="mender")
    await house.state(origin, "done")
    await house.prompt(origin, "and wind it")
    await house.until(lambda: len(house.script.requests) == 3)
    await house.state(origin, "done")
    [cut] = (house.paths.data / "outputs" / origin).iterdir()
    listed = (await house.carry_out(ListTurns(agent_id=origin)))["turns"]
    assert [(one["prompt"], one["whole"]) for one in listed] == [
        ("mend the clock", True),
        ("and wind it", True),
    ]
    rows = await house.database.sessions.rows(origin)

    # Behind the last turn: the next request begins with all that the last one had.
    made = await house.carry_out(ForkSession(agent_id=origin, turn=2))
    fork = made["agent_id"]
    summary = house.summary(fork)
    assert (summary.name, summary.mode, len(summary.panes)) == ("mender-fork", "standard", 1)
    assert made["prompt"] == ""
    kept = (await house.database.sessions.rows(fork))[: len(rows)]
    assert [(r.payload, r.prefix_sha256, r.at) for r in kept] == [
        (r.payload, r.prefix_sha256, r.at) for r in rows
    ]
    blocks = await house.blocks(fork)
    assert blocks[-1]["text"].startswith(f"Forked from mender ({origin}) after turn 2 of 2.")
    assert "nothing was rolled back" in blocks[-1]["text"]
    house.script.then(use("file_read", path=str(cut))).then("Third.")
    await house.prompt(fork, "go on")
    await house.until(lambda: len(house.script.requests) == 5)
    await house.state(fork, "done")
    # What its origin was given and it can still name is its own to read.
    assert not house.gates_seen()
    assert "1000\t999" in house.results()[0]["content"]
    before, after = (serialise(house.script.requests[each]["messages"]) for each in (2, 3))
    plain = [re.sub(r',"cache_control":{[^}]*}', "", each) for each in (before, after)]
    assert plain[1].startswith(plain[0][:-1])
    assert "forked from the session mender" in after
    assert house.summary(fork).usage.cache_read_tokens > 0
    assert len(await house.database.sessions.rows(origin)) == len(rows)

    # Before it, to say it otherwise; from a session that is archived, and told apart.
    await house.carry_out(ArchiveAgent(agent_id=origin))
    made = await house.carry_out(ForkSession(agent_id=origin, turn=2, before=True))
    assert made["prompt"] == "and wind it"
    assert house.summary(made["agent_id"]).name == "mender-fork-2"
    texts = [block["text"] for block in await house.blocks(made["agent_id"])]
    assert texts[:-1] == ["mend the clock", "First."]
    listed = (await house.carry_out(ListSessions()))["sessions"]
    origins = {one["id"]: one["forked_from"] for one in listed}
    assert origins == {origin: "", fork: origin, made["agent_id"]: origin}
    await house.again()
    assert house.summary(fork).state == "done"
    for wrong in ({"agent_id": origin, "turn": 3}, {"agent_id": "nobody", "turn": 1}):
        with pytest.raises(AgentError):
            await house.carry_out(ForkSession(**wrong))
    # Where its worktree was removed, it is said where else a fork can work: in the repository.
    gone = house.project.with_name("project.worktrees") / "wt2" / "src"
    await house.database.sessions.update(origin, directory=str(gone))
    listed = await house.carry_out(ListTurns(agent_id=origin))
    assert (listed["gone"], listed["instead"]) == (str(gone), str(house.project))
    with pytest.raises(DirectoryUnusable):
        await house.carry_out(ForkSession(agent_id=origin, turn=2))
    made = await house.carry_out(ForkSession(agent_id=origin, turn=2, directory=listed["instead"]))
    assert house.summary(made["agent_id"]).directory == str(house.project)
    last = (await house.blocks(made["agent_id"]))[-1]["text"]
    assert last.endswith(f"It works in {house.project}.")
    # What cannot be forked is refused before a turn of it is chosen.
    await house.database.sessions.update(origin, demo=True)
    for asked in (ListTurns(agent_id=origin), ForkSession(agent_id=origin, turn=1)):
        with pytest.raises(NotForked, match="follows the demo's script"):
            await house.carry_out(asked)


async def test_agents_come_back_as_they_were_with_their_panes(house):
    house.script.then("It is done.")
    agent_id = await house.agent("hi")
    before = await house.state(agent_id, "done")
    await house.again()
    assert house.summary(agent_id) == before
    house.script.then(use("terminal_run", command="echo same"))
    await house.prompt(agent_id, "same pane?")
    await house.state(agent_id, "done")
    assert house.summary(agent_id).panes == before.panes
    assert [row["role"] for row in await house.rows(agent_id)].count("user") == 3


async def test_a_turn_that_the_engine_left_goes_on(house):
    house.script.then(use("ask_person", question="Sure?"))
    agent_id = await house.agent("go")
    await house.state(agent_id, "waiting")
    await house.prompt(agent_id, "and then this")
    await house.again()
    question = await house.until(lambda: next(iter(house.hub.snapshot().questions), None))
    await house.carry_out(Answer(question_id=question.id, text="yes"))
    await house.until(lambda: len(house.script.requests) == 3)
    await house.state(agent_id, "done")
    texts = str(house.script.requests[-1]["messages"])
    assert "and then this" in texts
    assert not house.server.refused


@pytest.mark.parametrize("ending", ["done", "failed", "interrupted"])
async def test_how_a_turn_ended_is_known_though_nothing_said_so(house, ending):
    """`kill -9` of an engine between the last row of a turn and the state of its agent."""
    match ending:
        case "failed":
            house.script.then("No.", stop_reason="refusal")
        case "interrupted":
            house.script.then(use("ask_person", question="Sure?"))
        case _:
            house.script.then("All is well.")
    agent_id = await house.agent("go")
    if ending == "interrupted":
        await house.state(agent_id, "waiting")
        await house.carry_out(Interrupt(agent_id=agent_id))
    before = await house.rest(agent_id)
    await house.shut()
    async with await Database.open(house.paths.database) as database:
        await database.sessions.update(agent_id, state="working", activity="thinking")
    await house.open()
    after = house.summary(agent_id)
    assert (after.state, after.activity) == (before.state, before.activity)
    assert len(house.script.requests) == 1


async def test_a_command_that_ran_when_the_engine_ended_is_unknown_and_not_repeated(house):
    house.script.then(use("terminal_run", command="echo once >> log; sleep 600"))
    agent_id = await house.agent("go")
    await house.screen(agent_id, "sleep 600")
    log = house.project / "log"
    await house.poll(lambda: _content(log))
    await house.again()
    await house.state(agent_id, "done")
    [result] = house.results()
    assert result["is_error"]
    assert "outcome unknown" in result["content"]
    assert log.read_text() == "once\n"
    assert await house.database.journal.unfinished_actions() == []
    [tool] = await house.tools(agent_id)
    assert tool["status"] == "unknown"


@pytest.fixture
def slow_shell(house):
    """Shells whose start-up files run a program; gives the function that lets it end."""
    door = house.home / "door"
    os.mkfifo(door)
    (house.home / ".bashrc").write_text(f"bash -c 'read -r _ <{door}'\n")

    async def let_in():
        async with asyncio.timeout(10):
            while True:
                try:
                    os.close(os.open(door, os.O_WRONLY | os.O_NONBLOCK))
                except OSError:
                    # Nobody waits there yet.
                    await asyncio.sleep(0.01)
                else:
                    return

    return let_in


@pytest.mark.parametrize("killed", [False, True])
async def test_a_shell_that_starts_slowly_is_waited_for(house, slow_shell, killed):
    house.script.then(use("terminal_run", command="echo $((6*7))"))
    house.script.then(use("terminal_open"))
    house.script.then(use("terminal_type", pane="%2", keys=["echo $((7*7))", "Enter"]))
    agent_id = await house.agent("go")
    await house.until(lambda: (house.summary(agent_id).activity or "").startswith("run:"))
    if killed:
        await house.again()
    await slow_shell()
    await house.until(lambda: len(house.script.requests) >= 3)
    await slow_shell()
    assert (await house.rest(agent_id)).state == "done"
    assert house.results(1)[0]["content"].endswith("\n42")
    typed = house.results(3)[0]
    assert "is_error" not in typed
    assert "49" in typed["content"]


@pytest.mark.parametrize("theirs", [False, True])
async def test_a_line_typed_and_never_entered_is_taken_back(house, theirs):
    """`kill -9` of an engine between typing a command and its Enter."""
    house.script.then(use("terminal_run", command="echo first"))
    agent_id = await house.agent("go")
    await house.rest(agent_id)
    [shown] = house.summary(agent_id).panes
    pane = (await house.open_terminal()).pane(shown.pane_id)
    line = "git push --force"
    started = {"tool_use_id": "own_1", "action": "run_command", "text": line, "risk": "HIGH"}
    started |= {"pane_id": pane.id, "pid": (await pane.info()).pid}
    await house.database.journal.action_started("unentered", agent_id, started)
    typed = f"{line} # mine" if theirs else line
    await pane.send_text(typed)
    assert await pane.line() == typed
    await house.again()
    pane = (await house.open_terminal()).pane(shown.pane_id)
    assert await pane.line() == (typed if theirs else "")
    assert not await house.database.journal.unfinished_actions()
    house.script.then(use("terminal_run", command="echo second"))
    await house.prompt(agent_id, "go on")
    await house.state(agent_id, "done")
    told = house.results()[0]["content"]
    assert ("something is being typed" in told) == theirs
    assert told.endswith("\nsecond") != theirs


async def test_panes_die_with_their_server_and_new_ones_are_opened(house):
    first = await house.agent(name="first")
    second = await house.agent(name="second")
    await (await house.open_terminal()).client.command("kill-server")
    await house.until(
        lambda: all(pane.dead for a in (first, second) for pane in house.summary(a).panes)
    )
    notices = [e for e in house.events if e.type == "notice"]
    await house.until(lambda: [e for e in house.events if e.type == "notice"])
    assert len(notices) <= 1
    house.script.then(use("terminal_run", command="echo back"))
    await house.prompt(second, "go on")
    await house.state(second, "done")
    assert "back" in house.results()[0]["content"]
    [pane] = house.summary(second).panes
    assert not pane.dead
    # The number was given out again: the other agent no longer calls it its own.
    assert pane.pane_id not in [p.pane_id for p in house.summary(first).panes]
    assert len([e for e in house.events if e.type == "notice"]) == 1


async def test_a_tmux_client_that_is_killed_costs_nothing(house):
    agent_id = await house.agent()
    terminal = await house.open_terminal()
    house.script.then(use("terminal_run", command="echo begun; sleep 1; echo over"))
    await house.prompt(agent_id, "go on")
    await house.screen(agent_id, "^begun")
    os.kill(int(terminal.client.name.removeprefix("client-")), signal.SIGKILL)
    await house.state(agent_id, "done")
    assert house.results()[0]["content"].endswith("\nbegun\nover")
    assert await house.open_terminal() is terminal
    [pane] = house.summary(agent_id).panes
    assert not pane.dead
    assert not [event for event in house.events if event.type == "notice"]


async def test_an_unknown_outcome_is_told_and_recorded_as_such(house, monkeypatch):
    agent_id = await house.agent()

    async def lost(*args, **options):
        raise OutcomeUnknown("send-keys")

    monkeypatch.setattr(Pane, "run", lost)
    house.script.then(use("terminal_run", command="echo once"))
    await house.prompt(agent_id, "go on")
    await house.state(agent_id, "done")
    assert "outcome is unknown" in house.results()[0]["content"]
    assert [tool["status"] for tool in await house.tools(agent_id)] == ["unknown"]
    ended = await house.database.journal.entries(kinds=("action_ended",))
    assert ended[-1].data["outcome"] == "unknown"
    assert not await house.database.journal.unfinished_actions()


async def test_a_directory_that_went_away_is_one_clear_line(house):
    agent_id = await house.agent()
    shutil.rmtree(house.project)
    with pytest.raises(AgentError, match="does not exist any more"):
        await house.prompt(agent_id, "hello")
    assert house.summary(agent_id).state == "idle"


@pytest.mark.parametrize("directory", ["/tmp/a\0b", "/" + "x" * 5000, "~nobody-here/x", "", "p"])
async def test_a_directory_that_cannot_be_is_one_clear_line(house, directory):
    with pytest.raises(DirectoryUnusable):
        await house.agents.creation.create(CreateAgent(directory=directory))
    assert not house.hub.snapshot().agents


async def test_a_damaged_transcript_fails_one_agent_only(house):
    house.script.then("a").then("b")
    bad = await house.agent("x", name="bad")
    await house.state(bad, "done")
    good = await house.agent("y", name="good")
    await house.state(good, "done")
    await house.shut()
    with sqlite3.connect(house.paths.database) as db:
        for (name,) in db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            db.execute(f"DROP TRIGGER {name}")
        db.execute(
            "UPDATE transcript SET payload = replace(payload, 'x', 'z') WHERE session_id = ?",
            (bad,),
        )
    db.close()
    await house.open()
    assert house.summary(bad).state == "failed"
    assert "changed" in house.summary(bad).activity
    assert house.summary(good).state == "done"
    with pytest.raises(AgentError):
        await house.prompt(bad, "more")


async def test_a_program_as_agent_works_and_ends_with_its_status(house):
    agent_id = await house.agent(command="read -r line; echo got $line; exit 3", name="program")
    if house.summary(agent_id).state != "working":
        gates = house.hub.snapshot().gates
        if gates:
            await house.decide(gates[0])
        await house.until(lambda: house.summary(agent_id).panes)
    await house.state(agent_id, "working")
    await house.reads(agent_id)
    await house.prompt(agent_id, "hello")
    summary = await house.until(lambda: (s := house.summary(agent_id)).state == "failed" and s)
    assert summary.activity == "exit 3"
    [started] = [tool for tool in await house.tools(agent_id) if tool["name"] == "program"]
    assert (started["status"], started["seconds"]) == ("done", None)


def test_a_program_that_is_not_there_is_named():
    assert failure("make test", 2) == "exit 2"
    assert failure("no-such-program --x", 127) == "no-such-program: not found (exit 127)"
    assert failure("A=b env C=d no-such-program", 127).startswith("no-such-program: not found")
    assert failure("sh script", 127) == failure("it's", 127) == "exit 127: a program was not found"


async def test_a_program_that_has_just_ended_can_be_stopped(house, monkeypatch):
    agent_id = await house.agent(command="read -r line; exit 0", name="program")
    await house.state(agent_id, "working")
    pane = (await house.open_terminal()).pane(house.summary(agent_id).panes[0].pane_id)

    async def unheard(pane_id, status):
        """The news has not come yet."""

    monkeypatch.setattr(house.agents.live.get(agent_id), "pane_died", unheard)
    await house.reads(agent_id)
    await house.prompt(agent_id, "x")

    async def ended():
        return (await pane.info()).dead

    await house.poll(ended)
    await house.carry_out(StopAgent(agent_id=agent_id))
    assert house.summary(agent_id).activity == "stopped"


async def test_a_program_that_is_dangerous_waits_at_the_gate(house):
    marker = house.project / "made"
    agent_id = await house.agent(command=f"git push --force; touch {marker}", name="program")
    gate = await house.gate()
    assert gate.actor == "person"
    assert not marker.exists()
    await house.decide(gate, "deny")
    await house.state(agent_id, "failed")
    assert not marker.exists()
    assert house.summary(agent_id).panes == ()


async def test_a_program_survives_the_engine(house):
    agent_id = await house.agent(command="read -r line; exit 0", name="program")
    await house.state(agent_id, "working")
    await house.again()
    assert house.summary(agent_id).state == "working"
    await house.reads(agent_id)
    await house.prompt(agent_id, "x")
    await house.until(lambda: house.summary(agent_id).state == "done")
    await house.carry_out(ResumeAgent(agent_id=agent_id))
    await house.state(agent_id, "working")
    # The person ends the terminals with the engine.
    await house.shut()
    await kill(house.paths, panes=True)
    await house.open()
    summary = house.summary(agent_id)
    assert (summary.state, summary.activity) == ("idle", "stopped: you closed all terminals")
    await house.carry_out(ResumeAgent(agent_id=agent_id))
    await house.state(agent_id, "working")
    # A terminal drops a Ctrl-C that comes before there is a program to interrupt.
    await house.reads(agent_id)
    await house.carry_out(Interrupt(agent_id=agent_id))
    await house.until(lambda: house.summary(agent_id).state == "failed")


async def test_prompts_of_the_person_take_the_place_of_the_shipped_ones(house):
    own = house.paths.config / "prompts"
    (own / "tools").mkdir(parents=True)
    (own / "system.md").write_text("Speak Latin.\n")
    (own / "tools" / "file_read.md").write_text("Lege.\n")
    agent_id = await house.agent("salve")
    await house.state(agent_id, "done")
    request = house.script.requests[-1]
    assert request["system"][0]["text"] == "Speak Latin."
    tools = {tool["name"]: tool["description"] for tool in request["tools"]}
    assert tools["file_read"] == "Lege."
    assert list(tools) == sorted(tools)
    (own / "system.md").write_text("Speak Greek.\n")
    await house.prompt(agent_id, "iterum")
    await house.until(lambda: len(house.script.requests) == 2)
    await house.state(agent_id, "done")
    assert house.script.requests[-1]["system"] == request["system"]


async def test_tools_that_changed_are_announced_once_and_sent_as_they_were(house):
    agent_id = await house.agent("one")
    await house.state(agent_id, "done")
    tools = house.script.requests[-1]["tools"]
    own = house.paths.config / "prompts" / "tools"
    own.mkdir(parents=True)
    (own / "file_read.md").write_text("Reads a file, now with care.\n")
    await house.again()

    async def turn(text):
        before = len(house.script.requests)
        await house.prompt(agent_id, text)
        await house.until(lambda: len(house.script.requests) > before)
        await house.state(agent_id, "done")
        request = house.script.requests[-1]
        assert request["tools"] == tools
        return "\n".join(block["text"] for block in request["messages"][-1]["content"])

    said = await turn("two")
    assert "- file_read: Reads a file, now with care." in said
    assert "file_write" not in said
    assert "file_read" not in await turn("three")
    await house.again()
    assert "file_read" not in await turn("four")
    (own / "file_read.md").unlink()
    assert "again exactly as this conversation began" in await turn("five")
    assert house.summary(agent_id).usage.cache_read_tokens > 0


async def test_a_persons_gate_survives_the_engine(house):
    agent_id = await house.agent()
    command = "git push --force origin main; echo done >> log"
    await house.carry_out(RunAsPerson(agent_id=agent_id, command=command))
    gate = await house.gate()
    await house.again()
    assert await house.gate() == gate
    await house.decide(gate)
    assert await house.poll(lambda: _content(house.project / "log")) == "done"


async def test_a_programs_gate_survives_the_engine(house):
    agent_id = await house.agent(command="git push --force; read -r line", name="program")
    gate = await house.gate()
    await house.again()
    assert await house.gate() == gate
    await house.decide(gate)
    await house.state(agent_id, "working")
    assert len(house.summary(agent_id).panes) == 1


async def test_queued_prompts_survive_the_engine(house):
    house.script.then(use("ask_person", question="Now?"))
    agent_id = await house.agent("one")
    await house.state(agent_id, "waiting")
    await house.prompt(agent_id, "two")
    await house.again()
    assert house.summary(agent_id).queued == ("two",)

    # Words that are redacted meanwhile are not sent with what waits.
    secret = "the harbour phrase is zebra-quartz"
    agent = house.agents.live.get(agent_id)
    await house.prompt(agent_id, f"mind that {secret}")
    await agent.note(f"The person says {secret}.")
    memory = await house.database.memories.add(Memory("", secret), by="person")
    done = await house.database.memories.redact(memory.id)
    await house.agents.redacted(done.extras)
    assert house.summary(agent_id).queued == ("two",)
    assert agent.notes == []
    await agent.save_extra(kept=True)
    assert "zebra" not in str((await house.database.sessions.get(agent_id)).extra)


async def test_a_full_disk_fails_the_turn_and_loses_nothing(house):
    house.script.then(use("terminal_run", command="echo hello"))
    house.script.then(lambda request: _full(house, use("terminal_run", command="echo more")))
    agent_id = await house.agent("go")
    summary = await house.until(lambda: (s := house.summary(agent_id)).state == "failed" and s)
    assert "space" in summary.activity
    with pytest.raises(StorageError):
        await house.prompt(agent_id, "again " * 2000)
    await _limit(house, 1_000_000)
    house.script.messages.clear()
    await house.prompt(agent_id, "and now?")
    await house.state(agent_id, "done")
    assert not house.server.refused
    await house.again()
    assert house.summary(agent_id).state == "done"


async def test_bringing_agents_back_asks_about_each_pane_only_once(house, monkeypatch):
    for _ in range(5):
        await house.agent()
    panes = [summary.panes[0].pane_id for summary in house.hub.snapshot().agents]
    await house.shut()
    asked = []
    info = Pane.info

    async def counted(pane):
        asked.append(pane.id)
        return await info(pane)

    monkeypatch.setattr(Pane, "info", counted)
    await house.open()
    assert [summary.panes[0].pane_id for summary in house.hub.snapshot().agents] == panes
    assert sorted(asked) == sorted(panes)


async def test_where_nothing_can_be_stored_no_agent_seems_to_work_for_ever(house):
    connection = house.database.sessions._connection

    async def read_only(request):
        await connection.read(lambda db: db.execute("PRAGMA query_only = ON").fetchone())
        return ResponderMessage([use("terminal_run", command="touch effect")])

    house.script.then(read_only)
    agent_id = await house.agent("go")
    summary = await house.state(agent_id, "failed")
    assert "cannot be written" in summary.activity
    assert not (house.project / "effect").exists()
    with pytest.raises(StorageError):
        await house.prompt(agent_id, "again")
    await connection.read(lambda db: db.execute("PRAGMA query_only = OFF").fetchone())
    await house.prompt(agent_id, "and now?")
    await house.state(agent_id, "done")
    assert not house.server.refused


async def _limit(house, pages):
    connection = house.database.sessions._connection
    await connection.read(lambda db: db.execute(f"PRAGMA max_page_count = {pages}").fetchone())


async def _full(house, block):
    await _limit(house, 1)
    return ResponderMessage([{"type": "text", "text": "word " * 4000}, block])


async def test_an_agent_is_stopped_beside_a_tmux_server_that_was_stopped(house):
    house.script.then(use("terminal_run", command="sleep 1000"))
    agent_id = await house.agent("stuck")
    await house.until(lambda: any(e.type == "action_reported" for e in house.events))
    server = int((await house.terminal.client.command("display-message", "-p", "#{pid}"))[0])
    os.kill(server, signal.SIGSTOP)
    try:
        async with asyncio.timeout(30):
            await house.carry_out(StopAgent(agent_id=agent_id))
    finally:
        os.kill(server, signal.SIGCONT)
    assert house.summary(agent_id).state == "idle"


async def test_a_coordinated_task_is_shown_with_its_command_and_said_without(house):
    house.script.then("Done.")
    agent_id = await house.agent("/coordinate mend it")
    await house.state(agent_id, "done")
    assert house.script.requests[0]["messages"][0]["content"][-1]["text"] == "mend it"

    async def said():
        page = await house.carry_out(ReadTranscript(agent_id=agent_id))
        return [block["text"] for block in page["blocks"] if block["kind"] == "user"]

    assert await said() == ["/coordinate mend it"]
    # An engine that ended before the answer came finds it shown already.
    house.script.then(lambda _: asyncio.Event().wait())
    house.script.arrived.clear()
    await house.prompt(agent_id, "/coordinate wind it")
    await house.script.arrived.wait()
    await house.again()
    await house.state(agent_id, "done")
    assert await said() == ["/coordinate mend it", "/coordinate wind it"]
    search = SearchTranscript(agent_id=agent_id, words="Coordinate\n m")
    assert await house.carry_out(search) == {"matches": [[1, 1]]}


async def test_a_person_whose_terminal_is_busy_is_told_what_they_can_do(house):
    house.script.then(use("terminal_run", command="cat", timeout=1)).then("It waits.")
    agent_id = await house.agent("go")
    await house.state(agent_id, "done")
    await house.carry_out(RunAsPerson(agent_id=agent_id, command="ls"))

    def told():
        blocks = house.agents.live.get(agent_id).conversation.page(None, 100)
        tools = [block.tool for block in blocks if block.tool and block.tool.name == "person"]
        return tools and tools[0].status == "failed" and tools[0].result

    said = await house.until(told)
    assert said == "not done: cat runs there: /type types into it, or look at another pane"
