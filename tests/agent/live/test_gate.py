"""The gate over real panes and files: one decision, one action, one place."""

from __future__ import annotations

import asyncio
import contextlib
import os

import pytest

from agent.errors import AgentError
from agent.gates.gate import Binding, Decision, DecisionSpent, GateAlreadyClosed, NobodyApproves
from agent.protocol.agents import Mode
from agent.protocol.commands.agents import ReadDefaultMode, SetMode
from agent.protocol.commands.gates import Decide, TrustDirectory
from agent.protocol.commands.panes import RunAsPerson
from agent.protocol.commands.prompts import Interrupt
from memory.errors import DiskFull

PUSH = "git push --force origin main"


def use(name, **tool_input):
    return {"type": "tool_use", "name": name, "input": tool_input}


def actions(house):
    return [(e.action, e.decision, e.outcome) for e in house.events if e.type == "action_reported"]


async def test_a_high_action_waits_and_says_everything(house):
    house.script.then(use("terminal_run", command=PUSH, why="publish the fix"))
    agent_id = await house.agent("push")
    gate = await house.gate()
    assert gate.text == PUSH
    assert (gate.risk, gate.action, gate.actor) == ("HIGH", "run_command", "agent")
    assert gate.intent == "publish the fix"
    assert gate.cwd == str(house.project)
    assert gate.pane_id == house.summary(agent_id).panes[0].pane_id
    assert gate.foreground == "bash"
    assert gate.reasons
    assert house.summary(agent_id).state == "waiting"
    assert PUSH in house.summary(agent_id).activity
    [tool] = (
        await house.tools(agent_id)
        or [e.block.tool for e in house.events if e.type == "block_changed" and e.block.tool][-1:]
    )
    assert tool["status"] == "gated"
    await house.decide(gate, "deny", "not on a Friday")
    await house.state(agent_id, "done")
    [result] = house.results()
    assert result["is_error"]
    assert "not on a Friday" in result["content"]
    assert actions(house) == [("run_command", "denied", "not run")]
    assert house.hub.snapshot().gates == ()


async def test_approved_it_happens_once_and_a_second_decision_is_refused(house):
    house.script.then(use("terminal_run", command=f"{PUSH}; echo pushed >> log"))
    agent_id = await house.agent("push")
    gate = await house.gate()
    await house.decide(gate)
    with pytest.raises(GateAlreadyClosed, match="already approved"):
        await house.decide(gate, "deny")
    await house.state(agent_id, "done")
    assert (house.project / "log").read_text() == "pushed\n"
    [tool] = await house.tools(agent_id)
    assert tool["decision"] == "approved by you"
    assert actions(house) == [
        ("run_command", "approved", "started"),
        ("run_command", "approved", "ok"),
    ]


async def test_of_two_decisions_at_once_exactly_one_counts(house):
    house.script.then(use("terminal_run", command=PUSH))
    await house.agent("push")
    gate = await house.gate()
    answers = await asyncio.gather(
        house.decide(gate, "approve"), house.decide(gate, "deny"), return_exceptions=True
    )
    assert [type(answer) for answer in answers].count(type(None)) == 1
    assert any(isinstance(answer, AgentError) for answer in answers)


async def test_a_decision_does_not_outlive_a_change_of_directory(house):
    house.script.then(use("terminal_run", command=f"{PUSH}; pwd > where"))
    agent_id = await house.agent("push")
    gate = await house.gate()
    other = house.project / "other"
    other.mkdir()
    terminal = await house.open_terminal()
    pane = terminal.pane(gate.pane_id)
    await pane.run(f"cd {other}")
    await house.decide(gate)
    second = await house.until(
        lambda: next((g for g in house.hub.snapshot().gates if g.id != gate.id), None)
    )
    assert second.cwd == str(other)
    assert not (other / "where").exists()
    assert "pwd > where" not in (await pane.capture()).text.splitlines()[-1]
    await house.decide(second)
    await house.state(agent_id, "done")
    assert (other / "where").read_text() == f"{other}\n"


async def test_a_busy_pane_is_told_before_anyone_is_asked(house):
    house.script.then(use("terminal_run", command="cat", timeout=0.3))
    house.script.then(use("terminal_run", command=PUSH))
    agent_id = await house.agent("go")
    await house.state(agent_id, "done")
    [result] = house.results()
    assert "busy" in result["content"]
    assert not house.gates_seen()


async def test_a_file_that_changed_while_the_gate_was_open_is_not_overwritten(house):
    target = house.project / "a.txt"
    target.write_text("one\n")
    house.script.then(use("file_edit", path="a.txt", old_text="one", new_text="two", why="better"))
    agent_id = await house.agent("edit", trusted=False)
    gate = await house.gate()
    assert gate.action == "write_file"
    assert "-one" in gate.diff
    assert "+two" in gate.diff
    target.write_text("one, by hand\n")
    await house.decide(gate)
    await house.state(agent_id, "done")
    assert target.read_text() == "one, by hand\n"
    [result] = house.results()
    assert result["is_error"]
    assert "changed in the meantime" in result["content"]


async def test_plan_mode_refuses_what_changes_something_and_says_why(house):
    house.script.then(
        use("file_write", path="a.txt", content="a"), use("terminal_run", command="pwd")
    )
    agent_id = await house.agent("plan", mode=Mode.PLAN)
    await house.state(agent_id, "done")
    write, run = house.results()
    assert write["is_error"]
    assert "plan" in write["content"]
    assert "is_error" not in run
    assert not (house.project / "a.txt").exists()


async def test_an_untrusted_directory_means_careful_until_it_is_trusted(house):
    ask = ReadDefaultMode(directory=str(house.project))
    agent_id = await house.agent(trusted=False)
    told = await house.carry_out(ask)
    # No worktree, whatever the settings say: it is no repository.
    also = {"wall": False, "worktree": False}
    assert told == {"mode": house.summary(agent_id).mode, "because": "untrusted"} | also
    assert told["mode"] == "careful"
    await house.carry_out(TrustDirectory(directory=str(house.project), trusted=True))
    assert house.summary(agent_id).mode == "standard"
    told = await house.carry_out(ask)
    assert told == {"mode": "standard", "because": "trusted"} | also
    await house.carry_out(SetMode(agent_id=agent_id, mode=Mode.PLAN))
    assert house.summary(agent_id).mode == "plan"


async def test_an_interrupt_withdraws_the_gate(house):
    house.script.then(use("terminal_run", command=PUSH))
    agent_id = await house.agent("push")
    gate = await house.gate()
    await house.carry_out(Interrupt(agent_id=agent_id))
    assert house.hub.snapshot().gates == ()
    assert await house.database.journal.open_gates() == []
    with pytest.raises(GateAlreadyClosed, match="withdrawn"):
        await house.decide(gate)
    assert house.summary(agent_id).state == "idle"


async def test_on_a_full_disk_an_interrupt_leaves_no_gate_that_nobody_waits_for(house, monkeypatch):
    house.script.then(use("terminal_run", command=PUSH))
    agent_id = await house.agent("push")
    gate = await house.gate()

    async def full(*_):
        raise DiskFull(house.paths.database)

    monkeypatch.setattr(house.database.journal, "gate_closed", full)
    with contextlib.suppress(AgentError, DiskFull):
        await house.carry_out(Interrupt(agent_id=agent_id))
    assert house.hub.snapshot().gates == ()
    with pytest.raises(GateAlreadyClosed, match="withdrawn"):
        await house.decide(gate)
    assert house.summary(agent_id).state != "waiting"


async def test_a_persons_dangerous_command_is_gated_too(house):
    agent_id = await house.agent()
    await house.carry_out(RunAsPerson(agent_id=agent_id, command=PUSH))
    gate = await house.gate()
    assert gate.actor == "person"
    await house.decide(gate, "deny")
    await house.until(lambda: not house.hub.snapshot().gates)
    assert ("run_command", "denied", "not run") in await _eventually(house)


async def _eventually(house):
    await house.until(lambda: actions(house))
    return actions(house)


async def test_an_open_gate_survives_the_engine_and_goes_on_after_the_decision(house):
    house.script.then(use("terminal_run", command=f"{PUSH}; echo pushed >> log"))
    agent_id = await house.agent("push")
    gate = await house.gate()
    await house.again()
    again = await house.gate()
    assert again == gate
    assert house.summary(agent_id).state == "waiting"
    assert len(house.script.requests) == 1
    await house.decide(again)
    await house.state(agent_id, "done")
    assert (house.project / "log").read_text() == "pushed\n"
    assert len(house.script.requests) == 2
    assert not house.server.refused


@pytest.mark.parametrize(
    ("by", "told"),
    [({}, "by the person"), ({"by": "person"}, "by the person"), ({"by": "nobody"}, "nobody is")],
)
async def test_a_denial_that_was_not_told_yet_is_told_by_the_next_engine(house, by, told):
    house.script.then(use("terminal_run", command=PUSH))
    agent_id = await house.agent("push")
    gate = await house.gate()
    await house.shut()
    from memory.database import Database

    async with await Database.open(house.paths.database) as database:
        [entry] = await database.journal.open_gates()
        await database.journal.gate_closed(
            gate.id, {"outcome": "denied", "message": "no", "binding": entry.data["binding"], **by}
        )
    await house.open()
    await house.state(agent_id, "done")
    assert told in house.results()[0]["content"]
    assert not house.gates_seen()[1:]


async def test_nobody_can_deny_and_not_approve_and_it_is_told_so(house):
    house.script.then(use("terminal_run", command=PUSH))
    agent_id = await house.agent("push")
    gate = await house.gate()
    with pytest.raises(NobodyApproves):
        await house.carry_out(Decide(gate_id=gate.id, decision="approve", by="nobody"))
    assert house.hub.snapshot().gates == (gate,)
    await house.carry_out(Decide(gate_id=gate.id, decision="deny", by="nobody"))
    await house.state(agent_id, "done")
    [report] = [event for event in house.events if event.type == "action_reported"]
    assert (report.decision, report.by) == ("denied", "nobody")
    [tool] = await house.tools(agent_id)
    assert tool["decision"] == "denied: nobody was there"


async def test_every_action_is_written_before_and_after(house):
    house.script.then(
        use("terminal_run", command="echo hi"), use("file_write", path="x", content="y")
    )
    agent_id = await house.agent("go")
    await house.state(agent_id, "done")
    entries = await house.database.journal.entries(session_id=agent_id)
    kinds = [(entry.kind, entry.data["action"]) for entry in entries]
    assert kinds == [
        ("action_started", "run_command"),
        ("action_ended", "run_command"),
        ("action_started", "write_file"),
        ("action_ended", "write_file"),
    ]
    await house.database.journal.verify()


async def test_agents_cannot_reach_each_others_panes(house):
    first = await house.agent(name="first")
    foreign = house.summary(first).panes[0].pane_id
    house.script.then(
        use("terminal_run", command="echo mine", pane=foreign),
        use("terminal_type", keys=["x"], pane=foreign),
        use("terminal_read", pane=foreign),
        use("terminal_close", pane=foreign),
    )
    second = await house.agent("go", name="second")
    await house.state(second, "done")
    assert all(
        result["is_error"] and "not one of your panes" in result["content"]
        for result in house.results()
    )


def test_a_decision_is_good_for_one_use_and_only_if_it_allows():
    binding = Binding("digest", "%1", 5, "bash", "/tmp")
    decision = Decision(binding, approved=True, by="person")
    assert decision.spend(binding) == ""
    with pytest.raises(DecisionSpent):
        decision.spend(binding)
    with pytest.raises(DecisionSpent):
        Decision(binding, approved=False, by="person").spend(binding)


@pytest.mark.parametrize(
    "now",
    [
        Binding("other", "%1", 5, "bash", "/tmp"),
        Binding("digest", "%2", 5, "bash", "/tmp"),
        Binding("digest", "%1", 6, "bash", "/tmp"),
        Binding("digest", "%1", 5, "python", "/tmp"),
        Binding("digest", "%1", 5, "bash", "/"),
    ],
)
def test_any_difference_voids_a_decision(now):
    binding = Binding("digest", "%1", 5, "bash", "/tmp")
    assert Decision(binding, approved=True, by="person").spend(now)


async def test_rules_count_from_the_next_action_on(house):
    house.script.then(use("terminal_run", command="touch one"))
    house.script.then(use("terminal_run", command="touch two"))
    agent_id = await house.agent("first", trusted=False)
    gate = await house.gate()
    rules = house.project / ".tungsten" / "rules.toml"
    rules.parent.mkdir()
    rules.write_text('deny = ["Bash(touch two:*)"]')
    await house.decide(gate)
    await house.state(agent_id, "done")
    assert actions(house)[-1] == ("run_command", "refused", "not run")
    assert (house.project / "one").exists()
    assert not (house.project / "two").exists()
    assert "denied by your rule Bash(touch two:*)" in house.results()[-1]["content"]


async def test_a_directory_whose_name_is_not_unicode_does_not_hide_a_gate(house):
    (house.project / os.fsdecode(b"\xff")).mkdir()
    house.script.then(use("terminal_run", command="cd $'\\xff'"))
    house.script.then(use("terminal_run", command="git push --force origin main")).then("done")
    agent_id = await house.agent("go")
    gate = await house.gate()
    assert gate.cwd == f"{house.project}/?"
    await house.decide(gate, "deny")
    await house.state(agent_id, "done")
    assert not house.hub.snapshot().gates


@pytest.mark.parametrize("size", [10, 30_000])
async def test_when_the_judge_dies_the_person_decides(house, monkeypatch, size):
    def dies(*_arguments):
        raise SystemError("the thread is gone")

    monkeypatch.setattr("agent.steps.judging.assess", dies)
    house.script.then(use("terminal_run", command=f"touch made #{'x' * size}")).then("done")
    agent_id = await house.agent("go")
    gate = await house.gate()
    assert (gate.risk, gate.reasons) == ("HIGH", ("could not be judged (SystemError)",))
    assert not (house.project / "made").exists()
    await house.decide(gate, "deny")
    await house.rest(agent_id)
    assert not (house.project / "made").exists()
