"""When a hook is let go, and what the conversation keeps of a question."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from agent.actions import RunCommand
from agent.engine.connections import Connections
from agent.hook import claude, codex
from agent.hook.adapter import Adapter, Asked
from agent.hook.asking import ASKS_IN_PANE, SHOWN_INPUT, Hooks, _Open, _shown
from agent.hook.connection import MAX_HELD, Greeting
from agent.hook.tools import Planned
from agent.hosted.profile import Profile
from agent.hosted.profile_files import SHIPPED, read
from agent.steps.edited import CannotEdit, edited_step
from agent.steps.steps import Effect, Elsewhere, Step


@dataclass
class LetGo:
    """What came of a question that nobody answered until its hook was let go."""

    each: _Open
    answer: bytes = b""
    withdrawn: list[str] = field(default_factory=list)
    fixed: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)


async def let_go(
    hold: float | None,
    *,
    by_key: bool = True,
    adapter: Adapter = codex.ADAPTER,
    changed: bool = False,
) -> LetGo:
    """Wait for an answer that never comes, until the hook is let go."""

    async def withdraw(gate_id: str, why: str, agent_id: str) -> None:
        found.withdrawn.append(why)

    async def press(agent: object, released: object, allow: bool, message: str) -> Effect:
        return Effect("")

    later: list[Any] = []
    services = SimpleNamespace(
        gates=SimpleNamespace(withdraw=withdraw),
        answer_by_key=press if by_key else None,
        hook_heard=lambda agent, heard: None,
        hub=SimpleNamespace(publish=lambda event: found.told.append(event.text)),
    )
    gates = SimpleNamespace(
        of_step=lambda step: "g",
        is_changed=lambda gate_id: changed,
        fix=lambda gate_id, why: found.fixed.append(why),
    )
    agent: Any = SimpleNamespace(
        id="a",
        name="a",
        hook_hold=hold,
        services=services,
        performer=SimpleNamespace(gates=gates),
        spawn=lambda work, name: later.append(work),
    )
    action = RunCommand("sudo reboot", "")
    step = Step(action, Elsewhere(Path("/"), "%1", "bash", lambda: asyncio.sleep(0)))  # type: ignore[arg-type, return-value]
    asked = Asked("Bash", {"command": action.command})
    task: Any = asyncio.create_task(asyncio.Event().wait())
    found = LetGo(_Open(asked, step, "%1", task))
    call: Any = SimpleNamespace(gone=asyncio.get_running_loop().create_future())
    hooks = Hooks(lambda: ())
    found.answer = await hooks._await(
        adapter, agent, found.each, Planned(action, "t"), "hook_1", call
    )
    for work in later:
        work.close()
    task.cancel()
    return found


@pytest.mark.parametrize("by_key", [True, False])
async def test_a_profile_says_when_a_hook_is_let_go(by_key: bool) -> None:
    found = await let_go(0.0, by_key=by_key)
    assert found.answer == b""
    released = found.each.released
    if by_key:
        assert released is not None
        assert (released.gate_id, released.text) == ("g", "sudo reboot")
        assert found.withdrawn == []
    else:
        assert (found.withdrawn, released) == ([ASKS_IN_PANE], None)
    # It took no other command from the beginning.
    assert (found.fixed, found.told) == ([], [])


async def test_what_is_let_go_takes_no_other_command_any_more() -> None:
    why = "Claude Code waits for its hook no longer, and runs a command only as it asked"
    found = await let_go(0.0, adapter=claude.ADAPTER)
    assert found.each.released is not None
    assert (found.fixed, found.withdrawn, found.told) == ([why], [], [])
    # What the person has changed by then is never run: its own prompt asks about its own.
    found = await let_go(0.0, adapter=claude.ADAPTER, changed=True)
    assert found.each.released is None
    assert found.withdrawn == [ASKS_IN_PANE]
    assert found.told == [f"a: the command as you changed it is not run: {why}"]


def test_profiles_hold_no_hook_for_ever() -> None:
    shipped = read(SHIPPED / "codex.toml").model_dump()
    assert shipped["hook_hold"] is None
    assert Profile(name="x", title="X", start="x", hook_hold=5).hook_hold == 5.0
    with pytest.raises(ValueError, match="hook_hold"):
        Profile(name="x", title="X", start="x", hook_hold=3601)


@pytest.mark.parametrize("given", [{"a": "x" * 100_000}, ["x"], None, {"a": ["x" * 100_000]}, "x"])
def test_the_conversation_keeps_a_short_object(given: object) -> None:
    shown = _shown(given)
    assert len(shown) < 5 * SHOWN_INPUT
    assert isinstance(json.loads(shown), dict)


async def test_questions_are_held_up_to_a_size_together() -> None:
    served: list[int] = []

    class Connection:
        async def be_hook(self, found: Greeting, answer: object) -> None:
            served.append(found.size)
            if len(served) < 12:
                # The others wait meanwhile.
                await Connections.serve_hook(engine, Connection(), found)  # type: ignore[arg-type]

    engine: Any = SimpleNamespace(_silent={}, _hooks={}, answer_hook=None)
    await Connections.serve_hook(engine, Connection(), Greeting("claude", MAX_HELD // 8))  # type: ignore[arg-type]
    assert served == [MAX_HELD // 8] * 8
    assert engine._hooks == {}


def test_what_an_agent_runs_only_as_it_asked_is_not_changed() -> None:
    action = RunCommand("sudo reboot", "")
    fixed = Elsewhere(Path("/"), "%1", "bash", tell, fixed="Codex runs a command only as it asked")
    with pytest.raises(CannotEdit, match="Codex runs a command only as it asked; deny it with"):
        edited_step(Step(action, fixed), "ls")
    changed = edited_step(Step(action, replace(fixed, instead=instead)), "ls")
    assert changed.action == RunCommand("ls", "")
    assert isinstance(changed.how, Elsewhere)
    assert asyncio.run(changed.how.tell()) == Effect("ls")  # type: ignore[arg-type]


async def tell() -> Effect:
    return Effect("as it asked")


async def instead(command: str) -> Effect:
    return Effect(command)
