"""What a person can do at a gate beside yes and no: change the command, and keep a rule."""

from __future__ import annotations

import pytest

from agent.errors import AgentError, AgentUnknown
from agent.gates.gate import GateAlreadyClosed
from agent.gates.gate_rules import NotAllowed
from agent.protocol.agents import Mode
from agent.protocol.commands.agents import CreateAgent
from agent.protocol.commands.explain import ExplainGate
from agent.protocol.commands.gates import AlwaysAllow, Decide, SuggestRule
from agent.protocol.events import AgentChanged
from agent.steps.edited import CannotEdit


def use(name, **tool_input):
    return {"type": "tool_use", "name": name, "input": tool_input}


async def edit(house, gate, command):
    await house.carry_out(Decide(gate_id=gate.id, decision="approve", edited=command))
    return await house.until(
        lambda: next((g for g in house.hub.snapshot().gates if g.replaces == gate.id), None)
    )


async def suggest(house, gate, rule=""):
    return await house.carry_out(SuggestRule(gate_id=gate.id, rule=rule))


async def allow(house, gate, rule):
    return await house.carry_out(AlwaysAllow(gate_id=gate.id, rule=rule))


async def journal(house, kind):
    return [entry.data for entry in await house.database.journal.entries(kinds=(kind,))]


# Changing the command ---------------------------------------------------------------------------


async def test_a_changed_command_is_judged_and_asked_about_again(house):
    pushes = "touch one; git push --force origin main"
    house.script.then(use("terminal_run", command=pushes, why="to begin"))
    agent_id = await house.agent("go")
    first = await house.gate()
    told = (await house.carry_out(ExplainGate(gate_id=first.id)))["text"].split("\n")
    assert told[0].startswith("HIGH: ")
    heard = len(house.events)
    commands = [line for line in told if "←" in line]
    assert commands == ["  touch one  ← MEDIUM", "  git push --force origin main  ← HIGH"]
    second = await edit(house, first, "touch two")
    assert (second.text, second.risk, second.original) == ("touch two", "MEDIUM", first.text)
    assert (first.intent, second.intent) == ("to begin", ""), (
        "it gave no reason for the changed one"
    )
    assert second.opened_at == first.opened_at
    assert house.hub.snapshot().gates == (second,)
    assert not (house.project / "two").exists()
    with pytest.raises(GateAlreadyClosed):
        await house.decide(first)
    await house.decide(second)
    await house.state(agent_id, "done")
    assert (house.project / "two").exists()
    assert not (house.project / "one").exists()
    [result] = house.results()
    assert "person changed your command" in result["content"]
    assert "touch two" in result["content"]
    [tool] = await house.tools(agent_id)
    assert tool["decision"] == "approved by you, changed"
    assert tool["title"] == "touch two"
    closed = await journal(house, "gate_closed")
    assert [(c["outcome"], c.get("edited")) for c in closed] == [
        ("edited", "touch two"),
        ("approved", None),
    ]
    [started] = await journal(house, "action_started")
    assert started["text"] == "touch two"
    # What was not approved is never said to run.
    changed = [event.agent for event in house.events[heard:] if isinstance(event, AgentChanged)]
    doing = {agent.activity for agent in changed if agent.state == "working"}
    assert "run: touch two" in doing
    assert not any("push" in activity for activity in doing)


async def test_a_program_that_was_changed_is_said_to_run_as_it_runs(house):
    create = CreateAgent(directory=str(house.project), command="touch ran; sleep 600")
    agent_id = (await house.carry_out(create))["agent_id"]
    await house.decide(await edit(house, await house.gate(), "sleep 601"))
    await house.state(agent_id, "working")
    [agent] = [each for each in house.hub.snapshot().agents if each.id == agent_id]
    assert (agent.name, agent.activity) == ("touch", "sleep 601")
    [tool] = await house.tools(agent_id)
    assert (tool["title"], tool["decision"]) == ("sleep 601", "approved by you, changed")


async def test_it_may_be_changed_many_times_and_be_worse_than_before(house):
    house.script.then(use("terminal_run", command="touch one"))
    agent_id = await house.agent("go", trusted=False)
    gate = await house.gate()
    for number in range(8):
        gate = await edit(house, gate, f"touch {number}")
    gate = await edit(house, gate, "rm -rf ..; touch bad")
    assert gate.risk == "HIGH"
    assert gate.spans
    await house.decide(gate, "deny", "rather not")
    await house.state(agent_id, "done")
    assert not (house.project / "bad").exists()
    [result] = house.results()
    assert "denied by the person" in result["content"]


async def test_what_is_harmless_now_is_seen_before_it_runs(house):
    house.script.then(use("terminal_run", command="git push --force"))
    agent_id = await house.agent("go")
    gate = await edit(house, await house.gate(), "pwd")
    assert gate.risk == "LOW"
    await house.decide(gate)
    await house.state(agent_id, "done")
    assert str(house.project) in house.results()[0]["content"]


async def test_what_cannot_be_changed_or_is_denied_leaves_the_gate_open(house):
    house.paths.config_file.write_text('[rules]\ndeny = ["Bash(git tag:*)"]\n')
    house.script.then(use("terminal_run", command="git push --force"))
    house.script.then(use("file_write", path="a.txt", content="a"))
    agent_id = await house.agent("go", mode=Mode.CAREFUL)
    gate = await house.gate()
    for command, why in ((" ", "1 to"), ("git tag x", "denied by your rule")):
        with pytest.raises(CannotEdit, match=why):
            await house.carry_out(Decide(gate_id=gate.id, decision="approve", edited=command))
    assert house.hub.snapshot().gates == (gate,)
    with pytest.raises(AgentError, match="Only a person"):
        await house.carry_out(
            Decide(gate_id=gate.id, decision="approve", edited="pwd", by="nobody")
        )
    await house.decide(gate, "deny")
    gate = await house.until(
        lambda: next((g for g in house.hub.snapshot().gates if g.id != gate.id), None)
    )
    with pytest.raises(CannotEdit, match="Only a command"):
        await house.carry_out(Decide(gate_id=gate.id, decision="approve", edited="b.txt"))
    await house.decide(gate, "deny")
    await house.state(agent_id, "done")


async def test_a_changed_command_is_bound_to_its_directory_as_any_other(house):
    house.script.then(use("terminal_run", command="git push --force"))
    agent_id = await house.agent("go")
    gate = await edit(house, await house.gate(), "git push --force; pwd > where")
    (house.project / "other").mkdir()
    pane = (await house.open_terminal()).pane(gate.pane_id)
    await pane.run("cd other")
    await house.decide(gate)
    again = await house.until(
        lambda: next((g for g in house.hub.snapshot().gates if g.id != gate.id), None)
    )
    assert again.text == gate.text
    assert again.cwd == str(house.project / "other")
    assert not (house.project / "where").exists()
    await house.decide(again, "deny")
    await house.state(agent_id, "done")


async def test_another_engine_asks_about_the_agents_own_command_again(house):
    house.script.then(use("terminal_run", command="git push --force; touch ran"))
    agent_id = await house.agent("go")
    gate = await edit(house, await house.gate(), "touch changed")
    house.events.clear()
    await house.again()
    await house.decide(await house.gate())
    again = await house.until(
        lambda: next((g for g in house.hub.snapshot().gates if g.id != gate.id), None)
    )
    assert again.text == "git push --force; touch ran"
    assert not (house.project / "changed").exists()
    await house.decide(again, "deny")
    await house.state(agent_id, "done")
    assert not (house.project / "ran").exists()


# Keeping a rule ---------------------------------------------------------------------------------


async def test_a_rule_is_suggested_tried_kept_and_counts_at_once(house):
    for name in ("one", "one", "two", "one"):
        house.script.then(use("terminal_run", command=f"touch {name}"))
    agent_id = await house.agent("go", mode=Mode.CAREFUL)
    gate = await house.gate()
    assert await suggest(house, gate) == {
        "rule": "Bash(touch one)",
        "why_not": "",
        "spared": 0,
        "asked": 0,
    }
    await house.decide(gate)
    second = await house.until(
        lambda: next((g for g in house.hub.snapshot().gates if g.id != gate.id), None)
    )
    found = await suggest(house, second)
    assert (found["spared"], found["asked"]) == (1, 1)
    answer = await allow(house, second, found["rule"])
    third = await house.until(
        lambda: next((g for g in house.hub.snapshot().gates if g.text == "touch two"), None)
    )
    [kept] = (house.paths.config / "rules").iterdir()
    assert answer == {"file": str(kept)}
    assert "Bash(touch one)" in kept.read_text()
    wider = await suggest(house, third, "Bash(touch:*)")
    assert (wider["rule"], wider["spared"], wider["asked"]) == ("Bash(touch:*)", 0, 2)
    await house.decide(third)
    await house.state(agent_id, "done")
    decisions = [tool["decision"] for tool in await house.tools(agent_id)]
    assert decisions == ["approved by you"] * 3 + ["ran (MEDIUM) by your rule Bash(touch one)"]
    closed = await journal(house, "gate_closed")
    assert [c.get("rule") for c in closed] == [None, "Bash(touch one)", None]


async def test_a_file_gets_a_rule_of_its_own(house):
    house.script.then(use("file_write", path="a.txt", content="a"))
    agent_id = await house.agent("go", mode=Mode.CAREFUL)
    gate = await house.gate()
    found = await suggest(house, gate)
    assert found["rule"] == "Edit(./a.txt)"
    await allow(house, gate, found["rule"])
    await house.state(agent_id, "done")
    assert (house.project / "a.txt").read_text() == "a"


@pytest.mark.parametrize(
    ("command", "rule", "why"),
    [
        ("git push --force", "Bash(git push:*)", "HIGH"),
        ("git push --force", "", "HIGH"),
        ("touch a", "Bash(touch b)", "would not let it run"),
        ("touch a", "touch a", "no rule"),
        ("touch a; touch b", "Bash(touch a)", "would not let it run"),
    ],
)
async def test_a_rule_that_would_not_have_helped_is_refused_and_nothing_decided(
    house, command, rule, why
):
    house.script.then(use("terminal_run", command=command))
    agent_id = await house.agent("go", mode=Mode.CAREFUL)
    gate = await house.gate()
    if rule:
        found = await suggest(house, gate, rule)
        assert why in found["why_not"]
    else:
        assert (await suggest(house, gate))["rule"] == ""
    with pytest.raises(NotAllowed, match=why):
        await allow(house, gate, rule)
    assert house.hub.snapshot().gates == (gate,)
    assert not (house.paths.config / "rules").exists()
    await house.decide(gate, "deny")
    await house.state(agent_id, "done")


async def test_a_rule_that_cannot_be_written_leaves_the_gate_open(house):
    house.script.then(use("terminal_run", command="touch a"))
    agent_id = await house.agent("go", mode=Mode.CAREFUL)
    gate = await house.gate()
    (house.paths.config / "rules").write_text("in the way")
    with pytest.raises(AgentError, match="was not kept"):
        await allow(house, gate, "Bash(touch a)")
    assert not (house.project / "a").exists()
    await house.decide(gate, "deny")
    await house.state(agent_id, "done")
    with pytest.raises(AgentUnknown):
        await suggest(house, gate.model_copy(update={"id": "nowhere"}))
    with pytest.raises(GateAlreadyClosed):
        await allow(house, gate, "Bash(touch a)")
