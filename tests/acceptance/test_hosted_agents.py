"""The agents that people already run, as they are published, hosted by a real engine.

Each is installed from its registry, given our hook as a person would, and started in a pane; a
scripted model on this machine has it ask for things. What the policy lets pass must pass silently;
what is HIGH must come to the inbox, and the answer must arrive, whoever gives it; and where the
engine dies while a person is asked, the agent's own prompt must stand, and be of use.

Gemini CLI and Aider have no hook that could answer: what they ask is found on their screens, waits
for the person whatever it is, and is answered by a key.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from agent.paths import Paths
from agent.protocol.agents import AgentState
from agent.protocol.commands.gates import Decide
from agent.protocol.gates import Gate
from tests.real_agents import programs
from tests.real_agents.person import ALLOWS, PATIENCE, REFUSES, REST, Hosted, hosting, shell
from tests.real_agents.scripted import Hold, Say

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(1800)]

ASK_BY_HOOK = ("claude", "codex", "opencode")
TAKE_ANOTHER_COMMAND = ("claude",)
TELL_BY_HOOK = (*ASK_BY_HOOK, "gemini")
ALL = (*TELL_BY_HOOK, "aider")
TELL_USE = {"claude": "transcript", "codex": "transcript", "aider": "screen"}
"""Where agents tell what they have used."""

LATEST_SECONDS = 0.5
"""How late what an agent asks may be in the inbox, beside the time for which no processor was
free."""


@pytest.fixture(scope="module", params=ALL)
def agent_program(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path]:
    name = request.param
    try:
        return name, programs.install(name, tmp_path_factory.mktemp(name))
    except programs.NotInstalled as problem:
        pytest.skip(f"NOT TRIED: {problem}")


async def test_asks_and_is_answered(
    agent_program: tuple[str, Path],
    paths: Paths,
    connect: Any,
    short_dir: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    name, program = agent_program
    async with hosting(name, program, paths, connect, short_dir) as hosted:
        branches = short_dir / "remote.git" / "refs" / "heads"
        await works_and_rests(hosted)
        if name in ASK_BY_HOOK:
            await passes_silently(hosted)
        await is_answered_in_the_inbox(hosted, branches)
        if name in TAKE_ANOTHER_COMMAND:
            await is_changed_in_the_inbox(hosted, branches)
        await is_answered_in_its_pane(hosted, branches)
        await is_left_at_once(hosted, branches)
        await quotes_its_dialog(hosted)
        await tells_its_use(hosted)
        await outlives_the_engine(hosted, branches)
        with capsys.disabled():
            version = programs.version(program, short_dir / "agent-home")
            sys.stdout.write(f"\n{name} ({version}): {hosted.told_late()}\n")
        # Its hook, or what it is to start when it waits, was started each time.
        assert len(hosted.late) == sum(not gate.replaces for gate in hosted.opened)
        assert ("hook" in {source for _, _, source in hosted.said}) == (name in TELL_BY_HOOK)
        if name in ASK_BY_HOOK:
            for late, queued in zip(hosted.late, hosted.queued, strict=True):
                assert late - queued <= LATEST_SECONDS


@pytest.mark.parametrize("agent_program", ["claude", "codex"], indirect=True)
async def test_is_answered_by_key_where_it_has_no_hook(
    agent_program: tuple[str, Path], paths: Paths, connect: Any, short_dir: Path
) -> None:
    name, program = agent_program
    async with hosting(name, program, paths, connect, short_dir, hooked=False) as hosted:
        await passes_silently(hosted)
        branches = short_dir / "remote.git" / "refs" / "heads"
        await is_answered_in_the_inbox(hosted, branches)
        await is_answered_in_its_pane(hosted, branches)
        await outlives_the_engine(hosted, branches)


def push(branch: str) -> str:
    return f"git push -q --force origin HEAD:{branch}"


async def works_and_rests(hosted: Hosted) -> None:
    """It works for as long as its model thinks, and rests then."""
    await hosted.ask("ponder the pears", Hold())
    await hosted.until(lambda: hosted.agent and hosted.agent.state is AgentState.WORKING)
    hosted.scenes.go.set()
    await hosted.until(lambda: "Now it is done" in hosted.screen()[0])
    await hosted.rests()


async def passes_silently(hosted: Hosted) -> None:
    """What is harmless runs, and nobody is asked, by whichever way."""
    await hosted.ask("plant a tree", shell(hosted.name, "touch tree.txt"))
    await hosted.until(lambda: hosted.told("plant a tree"))
    assert (hosted.project / "tree.txt").exists()
    assert any(ran.text == "touch tree.txt" for ran in hosted.ran)
    await hosted.rests()
    assert (hosted.opened, hosted.closed, hosted.notices) == ([], [], [])


async def is_answered_in_the_inbox(hosted: Hosted, branches: Path) -> None:
    gate = await hosted.high("push the first", push("one"))
    await waits(hosted)
    assert not (branches / "one").exists()
    await hosted.decide(gate, "approve")
    await hosted.until(lambda: (branches / "one").exists())
    await hosted.until(lambda: hosted.is_closed(gate))
    assert hosted.closed[-1].outcome == "approved"
    await hosted.rests()

    gate = await hosted.high("push the second", push("two"))
    # What it asks is on its screen by now, too, and its hook may have been let go.
    await hosted.until(lambda: hosted.shows("permission"))
    hosted.dialog = "\n".join(hosted.screen()[1].dialog)
    await waits(hosted)
    await denied(hosted, gate, "leave the pear alone")
    await hosted.until(lambda: hosted.is_closed(gate))
    assert hosted.closed[-1].outcome == "denied"
    await hosted.rests()
    assert not (branches / "two").exists()


async def denied(hosted: Hosted, gate: Gate, message: str) -> None:
    """Deny until the agent has heard why.

    Claude Code that is given a key while it draws its dialog may only move the mark by it. It is
    not pressed again: that dialog is another one, and the person is asked anew.
    """
    while message not in hosted.scenes.heard:
        known = len(hosted.opened)
        await hosted.decide(gate, "deny", message)
        await hosted.until(
            lambda known=known: message in hosted.scenes.heard or len(hosted.opened) > known
        )
        if len(hosted.opened) > known:
            gate = hosted.opened[-1]
            # Only a key may be lost, no answer to a hook.
            assert gate.deny_presses


async def is_changed_in_the_inbox(hosted: Hosted, branches: Path) -> None:
    """Another command runs in place of its own, and its model is told."""
    gate = await hosted.high("push the changed", push("asked"))
    edit = Decide(gate_id=gate.id, decision="approve", edited=push("other"))
    await hosted.client.send(edit)
    changed = await hosted.until(
        lambda: next((each for each in hosted.opened if each.replaces == gate.id), None)
    )
    assert (changed.text, changed.risk) == (push("other"), "HIGH")
    await hosted.decide(changed, "approve")
    await hosted.until(lambda: (branches / "other").exists())
    await hosted.until(lambda: "changed a command of yours" in hosted.scenes.heard)
    await hosted.rests()
    assert not (branches / "asked").exists()


async def is_answered_in_its_pane(hosted: Hosted, branches: Path) -> None:
    """What waits in the inbox is withdrawn, and the state follows: by no key of ours."""
    gate = await hosted.high("push the third", push("three"))
    await hosted.until(lambda: hosted.shows("permission"))
    await waits(hosted)
    await hosted.answer(REFUSES[hosted.name])
    await hosted.until(lambda: hosted.is_closed(gate))
    assert hosted.closed[-1].outcome == "withdrawn"
    await hosted.rests()
    assert not (branches / "three").exists()

    gate = await hosted.high("push the fourth", push("four"))
    await hosted.until(lambda: hosted.shows("permission"))
    await hosted.answer(ALLOWS[hosted.name])
    await hosted.until(lambda: (branches / "four").exists())
    await hosted.until(lambda: hosted.is_closed(gate))
    assert hosted.closed[-1].outcome == "withdrawn"
    await hosted.rests()


async def is_left_at_once(hosted: Hosted, branches: Path) -> None:
    """The person leaves its dialog before anybody else may have seen it; the state follows."""
    await hosted.ask("push what is left", shell(hosted.name, push("left")))
    await hosted.until(lambda: hosted.shows("permission"))
    await hosted.answer(REFUSES[hosted.name])
    await hosted.rests()
    await hosted.until(lambda: all(hosted.is_closed(gate) for gate in hosted.opened))
    assert not (branches / "left").exists()


async def quotes_its_dialog(hosted: Hosted) -> None:
    """What it writes itself is no dialog, though it looks like its own to the letter."""
    known, said = len(hosted.opened), len(hosted.said)
    quote = f"It looked like this:\n\n```\n{hosted.dialog}\n```\n\nSo it looked.\n"
    await hosted.ask("quote the dialog", Say(quote))
    await hosted.until(lambda: "So it looked." in hosted.screen()[0])
    await hosted.rests()
    assert len(hosted.opened) == known
    assert AgentState.WAITING not in [state for state, _, _ in hosted.said[said:]]


async def tells_its_use(hosted: Hosted) -> None:
    """What it writes of its own use is known, and whose word that is; of others, nothing."""
    where = TELL_USE.get(hosted.name)
    if where is not None:
        await hosted.until(lambda: hosted.spent() is not None)
    spent = hosted.spent()
    assert (None if spent is None else spent.source) == where
    if spent is not None:
        assert (spent.tokens or 0) > 0 or (spent.cost or 0) > 0


async def outlives_the_engine(hosted: Hosted, branches: Path) -> None:
    """The agent's own prompt stands once nobody else can answer, and the person's key counts."""
    await hosted.high("push the fifth", push("five"))
    os.kill(hosted.client.welcome.snapshot.engine.pid, signal.SIGKILL)
    await hosted.until(lambda: not hosted.hooks())
    await hosted.until(lambda: hosted.shows("permission"))
    assert not (branches / "five").exists()
    await hosted.answer(ALLOWS[hosted.name])
    await hosted.until(lambda: (branches / "five").exists())
    await hosted.until(lambda: hosted.screen()[1].state in REST)


async def waits(hosted: Hosted) -> None:
    """Its state is that it waits for a permission, and does not become another by itself."""
    await hosted.until(lambda: hosted.agent and hosted.agent.state is AgentState.WAITING, PATIENCE)
