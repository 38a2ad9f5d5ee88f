"""Steps of living agents are reverted: looked at, done, told, undone, carried on with."""

from __future__ import annotations

import json
import os

import pytest

from agent.actions import CallTool, PatchFiles, RunCommand
from agent.errors import AgentError
from agent.isolation.revert import Journal, Operation
from agent.isolation.tree import entry_at
from agent.protocol.commands.agents import SetMode
from agent.protocol.commands.isolation import PreviewRevert, Revert, RevertPreview
from agent.risk import Risk
from agent.steps.steps import Elsewhere, Step
from tests.agent.isolation.trees import git


def use(name, **tool_input):
    return {"type": "tool_use", "name": name, "input": tool_input}


def shown(block):
    """What the line of a step says, its tool's name first."""
    return f"{block['tool']['name']} {block['tool']['title']}"


async def tool_block(house, agent_id, title):
    blocks = [block for block in await house.blocks(agent_id) if block["tool"]]
    return next(block for block in reversed(blocks) if title in shown(block))


async def look(house, agent_id, block, **fields):
    command = PreviewRevert(agent_id=agent_id, block=block["id"], **fields)
    return RevertPreview.model_validate(await house.carry_out(command))


async def revert(house, agent_id, block, *, over=False, **fields):
    seen = await look(house, agent_id, block, **fields)
    command = Revert(agent_id=agent_id, block=block["id"], token=seen.token, over=over, **fields)
    return await house.carry_out(command)


async def test_a_step_and_a_turn(house):
    """Shell edits and files that were written go back; what the person changed since does not."""
    project = house.project
    (project / "notes").write_text("mine\n")
    house.script.then(use("file_write", path="new.py", content="one\n"))
    house.script.then(use("terminal_run", command="sed -i s/mine/theirs/ notes; chmod 600 notes"))
    house.script.then(use("terminal_run", command="mkdir d && echo two > d/two && cat new.py"))
    house.script.then("done")
    agent_id = await house.agent("work")
    await house.state(agent_id, "done")
    (project / ".git" / "mark").write_text("")
    index = sorted(path.name for path in (project / ".git").iterdir())

    step = await tool_block(house, agent_id, "sed -i")
    assert step["tool"]["changed"] == 1
    seen = await look(house, agent_id, step)
    assert (seen.count, seen.conflicts, seen.stays, seen.remarks) == (1, (), (), ())
    assert seen.diff.splitlines() == [
        "goes back: notes, mode 0600 → 0644, 7 → 5 bytes",
        "@@ -1 +1 @@",
        "-theirs",
        "+mine",
    ]
    # What has changed since the look is not reverted blindly.
    (project / "notes").write_text("the person's\n")
    stale = Revert(agent_id=agent_id, block=step["id"], token=seen.token)
    with pytest.raises(AgentError, match="look again"):
        await house.carry_out(stale)
    seen = await look(house, agent_id, step)
    assert seen.count == 0
    assert [(each.path, each.why) for each in seen.conflicts] == [("notes", "it has changed since")]
    assert "-the person's" in seen.conflicts_diff
    (project / "notes").write_text("theirs\n")
    (project / "notes").chmod(0o600)
    assert (await revert(house, agent_id, step))["left"] == []
    assert (project / "notes").read_text() == "mine\n"
    assert (project / "notes").stat().st_mode & 0o7777 == 0o644

    # The revert stands in the conversation, and is undone as any step.
    undo = await tool_block(house, agent_id, "revert ")
    assert (undo["tool"]["changed"], undo["tool"]["result"]) == (1, "notes")
    assert shown(undo) == f"revert {step['tool']['title']}"
    assert "was told" not in undo["tool"]["decision"]
    await revert(house, agent_id, undo)
    assert (project / "notes").read_text() == "theirs\n"

    # The agent is told of it with the next thing that it is told.
    house.script.then("I see")
    await house.prompt(agent_id, "go on")
    await house.until(lambda: len(house.script.requests) == 5)
    told = json.dumps(house.script.requests[-1]["messages"][-1])
    assert "The person reverted in your working tree" in told
    assert "notes" in told
    await house.state(agent_id, "done")

    # The whole turn goes back, of which the person's part was undone; also after a restart.
    await house.again()
    await revert(house, agent_id, step, turn=True)
    assert (project / "notes").read_text() == "mine\n"
    assert sorted(path.name for path in project.iterdir()) == [".git", "notes"]
    (project / ".git" / "mark").unlink()
    assert sorted(path.name for path in (project / ".git").iterdir()) == [
        name for name in index if name != "mark"
    ]
    nothing = await look(house, agent_id, step)
    assert (nothing.token, nothing.count) == ("", 0)


async def test_two_agents_in_one_tree_and_an_engine_that_is_killed(house):
    project = house.project
    (project / "shared").write_text("before\n")
    house.script.then(use("terminal_run", command="echo first > shared; echo 1 > own"))
    house.script.then("done")
    first = await house.agent("work")
    await house.state(first, "done")
    house.script.then(use("terminal_run", command="echo second > shared")).then("done")
    second = await house.agent("work")
    await house.state(second, "done")
    overlaps = await house.until(lambda: house.summary(first).overlaps)
    assert [(each.path, each.agents) for each in overlaps] == [("shared", ("project-2",))]
    step = await tool_block(house, first, "echo first")
    seen = await look(house, first, step)
    assert [(each.path, each.why) for each in seen.conflicts] == [
        ("shared", "it has changed since")
    ]
    assert seen.count == 1

    # An engine that was killed in the middle of a revert: the next one carries on with it.
    snapshots = house.agents.services.snapshots
    [row] = await house.database.tree_steps.of_uses(first, [step["tool"]["tool_use_id"]])
    scan = await snapshots.keep(project)
    operations = tuple(
        Operation(path, entry_at(snapshots.objects, scan.root, path), wanted)
        for path, wanted in ((b"own", None), (b"shared", None))
    )
    begun = await snapshots.begin_revert(
        house.agents.live.get(first), project, "revert_killed", "revert: it"
    )
    assert begun.numbers
    journal = snapshots.journals / "revert_killed-0.json"
    Journal("revert_killed-0", os.fsencode(project), operations).write(journal)
    (project / "own").unlink()
    await house.again()
    assert not journal.exists()
    assert not (project / "shared").exists()
    undo = await tool_block(house, first, "revert it")
    await revert(house, first, undo)
    assert (project / "shared").read_text() == "second\n"
    assert (project / "own").read_text() == "1\n"
    assert row.changed == 2

    # What an agent's own program is let do ends when it says so, or when the next begins.
    snapshots, agent = house.agents.services.snapshots, house.agents.live.get(first)
    patch = PatchFiles((str(project / "made2"),), (), "")
    kinds = (RunCommand("make", ""), patch, CallTool("mcp__x", "{}"))
    for number, over in ((1, True), (2, False), (3, True)):
        step = Step(kinds[number - 1], Elsewhere(project, "", "bash", None), title="make")
        where = {"tool_use_id": f"hook_{number}", "cwd": str(project), "progress": None}
        async with snapshots.around(agent, step, risk=Risk.MEDIUM, **where):
            pass
        assert not snapshots.going_on
        (project / f"made{number}").write_text("1\n")
        if over:
            snapshots.settle_soon(first)
            await snapshots.close()
    rows = await house.database.tree_steps.of_uses(first, ["hook_1", "hook_2", "hook_3"])
    assert [each.paths for each in rows] == [(b"made1",), (b"made2",), (b"made3",)]


async def test_where_there_is_no_snapshot(house):
    """Careful and untrusted, or in no repository, or too large: the step goes on."""
    house.script.then(use("file_write", path="a", content="1\n")).then("done")
    agent_id = await house.agent("work", trusted=False)
    await house.decide(await house.gate())
    await house.state(agent_id, "done")
    step = await tool_block(house, agent_id, "a")
    assert step["tool"]["changed"] == 0
    with pytest.raises(AgentError, match="changed no file of a trusted repository"):
        await look(house, agent_id, step)
    await house.database.directories.trust(house.project)
    await house.carry_out(SetMode(agent_id=agent_id, mode="standard"))
    house.agents.services.snapshots._settings = house.config.snapshots.model_copy(
        update={"files": 1}
    )
    house.script.then(use("file_write", path="b", content="1\n")).then("done")
    house.script.then(use("file_write", path="c", content="1\n")).then("done")
    for number in (1, 2):
        await house.prompt(agent_id, "go on")
        await house.until(lambda n=number: len(house.script.requests) == 2 * n + 2)
        await house.state(agent_id, "done")
    assert (house.project / "c").exists()
    said = [event.text for event in house.events if event.type == "notice"]
    assert said == [
        f"Steps in {house.project} cannot be reverted: it holds more than 1 files. "
        "See [snapshots] in config.toml"
    ]


async def test_in_worktrees_of_their_own(house):
    """An agent in its own worktree is trusted as its repository is, and meets others' work."""
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    git(house.project, *identity, "commit", "-q", "--allow-empty", "-m", "first")
    house.script.then(use("file_write", path="a", content="one\n")).then("done")
    first = await house.agent("work", worktree=True)
    await house.state(first, "done")
    house.script.then(use("terminal_run", command="echo two > a")).then("done")
    second = await house.agent("work", name="other", worktree=True)
    await house.state(second, "done")
    one, other = house.summary(first), house.summary(second)
    assert (one.mode, one.branch, other.branch) == ("standard", "agent/project", "agent/other")
    [overlap] = other.overlaps
    assert (overlap.path, overlap.agents, overlap.apart) == ("a", ("project",), True)
    assert not (house.project / "a").exists()
    await revert(house, second, await tool_block(house, second, "echo two"))
    assert (house.summary(first).overlaps, house.summary(second).overlaps) == ((), ())

    # What is too old, or has no room any more, is forgotten; its contents go with it.
    snapshots = house.agents.services.snapshots
    assert snapshots.objects.size() > 0
    await snapshots.sweep()
    assert (await look(house, first, await tool_block(house, first, "a"))).count == 1
    snapshots._clock = lambda: 4e9
    await snapshots.sweep()
    assert snapshots.objects.size() == 0
    with pytest.raises(AgentError, match="its snapshots are gone"):
        await look(house, first, await tool_block(house, first, "a"))
