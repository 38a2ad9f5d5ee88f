"""Dialogs of a real full-screen program, answered by one key or by none: real tmux, real gates."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from agent.gates.gate import GateAlreadyClosed
from agent.hook.adapters import ADAPTERS
from agent.hook.asking import Call
from agent.hosted import dialog_gates
from agent.hosted.status import Evidence, Kind, Source
from agent.protocol.agents import AgentState, Mode
from agent.protocol.commands.gates import AlwaysAllow, Answer, Decide, SuggestRule
from agent.protocol.commands.prompts import Interrupt
from agent.protocol.events import ActionReported, GateOpened
from agent.steps.edited import CannotEdit
from tests.agent.live.asker import CHOOSE, WORKS, asks, hosted


@pytest.fixture
async def asker(house, short_dir):
    made = await hosted(house, short_dir)
    yield made
    await made.dialogs.close()


async def test_what_is_harmless_is_allowed_at_once_and_high_waits_for_the_person(house, asker):
    await asker.ask("harmless", asks("ls -la"))
    done = await asker.tool("done")
    assert (asker.got, done.title, done.risk) == (["1"], "ls -la", "LOW")
    # The same once more is another question.
    await asker.works()
    await asker.ask("harmless", asks("ls -la"))
    await asker.dialogs.until(lambda: len(asker.dialogs.got) == 2)

    await asker.ask("high", asks("rm -rf /"))
    gate = await house.gate()
    assert (gate.text, gate.risk, gate.action) == ("rm -rf /", "HIGH", "run_command")
    assert gate.presses == "1 (Yes)"
    assert gate.deny_presses == "3 (No, and say why)"
    assert gate.pane_id == asker.pane_id
    assert len(asker.got) == 2
    await house.decide(gate)
    await asker.dialogs.until(lambda: asker.got == ["1", "1", "1"])
    assert (await asker.tool("done")).decision == "approved by you"
    assert asker.notices() == []


async def test_who_answers_first_wins_and_the_other_is_told(house, asker):
    await asker.ask("high", asks("rm -rf /"))
    gate = await house.gate()
    # The person answers in the pane.
    await asker.pane.send_keys("3")
    assert (await asker.closed(gate)).text == "answered in its pane"
    assert (await asker.tool("interrupted")).result == "answered in its pane"
    assert house.hub.snapshot().gates == ()
    with pytest.raises(GateAlreadyClosed):
        await house.decide(gate)
    assert asker.got == ["3"]

    # They do in the very moment in which the inbox decides: nobody sees the screen change.
    await asker.ask("high", asks("rm -rf /home"))
    gate = await house.gate()
    asker.unseen()
    await asker.pane.send_keys("3")
    await asker.dialogs.until(lambda: len(asker.got) == 2)
    await asker.shows("^working on it")
    await house.decide(gate)
    await asker.notice("answered in its pane; nothing was pressed")
    assert asker.got == ["3", "3"]


async def test_another_dialog_in_its_place_is_never_answered(house, asker):
    await asker.ask("high", asks("rm -rf /"))
    gate = await house.gate()
    asker.unseen()
    await asker.ask("other", asks("rm -rf /home"))
    await asker.shows(r"\$ rm -rf /home")
    await house.decide(gate)
    await asker.notice("another dialog stands there now; nothing was pressed")
    assert asker.got == []
    # Only a clock has gone on.
    del asker.agent.dialogs.looked
    await asker.ask("other", asks("rm -rf /home", clock=2))
    gate = await house.until(
        lambda: [g for g in house.hub.snapshot().gates if g.text == "rm -rf /home"], "a gate"
    )
    await asker.ask("later", asks("rm -rf /home", clock=3))
    await house.decide(gate[0])
    await asker.dialogs.until(lambda: asker.got == ["1"])
    assert asker.dialogs.got[0][1] == "later"


async def test_denied_by_its_own_key_and_the_message_is_said_to_it(house, asker):
    asker.dialogs.tell("ready", "ready> ", {"\r": "works"}, only=True)
    await asker.dialogs.draw("high", asks("rm -rf /"), {"3": "ready"})
    await house.decide(await house.gate(), "deny", "use trash")
    await asker.dialogs.until(lambda: "\r" in asker.got)
    assert "".join(asker.got) == "3use trash\r"
    assert [on for _, on in asker.dialogs.got] == ["high", *["ready"] * 10]
    assert (await asker.tool("denied")).decision == "denied by you: use trash"
    assert asker.notices() == []


async def test_what_the_screen_does_not_tell_for_sure_is_high(house, asker):
    long = "ls " + "a" * 110
    for text in (
        asks("ls -la", "  rm -rf /\n"),
        asks("ls -la", "   /\n"),
        asks("ls -la …"),
        asks("ls -la\n  $ rm -rf /"),
        asks(long),
        asks(""),
    ):
        await asker.ask(text, text)
        gate = await house.gate()
        assert (gate.risk, gate.action) == ("HIGH", "allow_dialog"), gate
        assert "Do you want to proceed?" in gate.text
        await asker.works()
        await asker.closed(gate)
    assert asker.got == []


async def test_where_no_key_can_go_the_person_is_asked_and_nothing_is_tried_again(house, asker):
    terminal = await house.open_terminal()
    await terminal.client.command("copy-mode", "-t", asker.pane_id)
    await asker.ask("harmless", asks("ls -la"))
    gate = await house.gate()
    assert gate.risk == "HIGH"
    assert "takes no keys now" in gate.reasons[0]
    assert asker.got == []
    await terminal.client.command("copy-mode", "-q", "-t", asker.pane_id)
    await house.decide(gate)
    await asker.dialogs.until(lambda: asker.got == ["1"])


async def test_a_key_that_changes_nothing_is_not_pressed_twice(house, asker):
    asker.dialogs.tell("stuck", asks("ls -la"), {})
    await asker.notice("was pressed once and the dialog still stands")
    assert asker.got == ["1"]
    assert house.hub.snapshot().gates == ()
    await asker.dialogs.draw("stuck", asks("ls -la"), {})
    await asker.works()
    assert asker.got == ["1"]


async def test_while_the_person_types_in_the_pane_nothing_is_pressed(house, asker):
    keyboard = asker.agent.panes.own(asker.pane_id).keyboard
    keyboard.hold(on=True)
    await asker.ask("harmless", asks("ls -la"))
    await asker.tool("running")
    assert asker.got == []
    await asker.pane.send_keys("3")
    await asker.tool("interrupted")
    told = [event.outcome for event in house.events if isinstance(event, ActionReported)]
    assert (told, asker.notices()) == (["started", "not run"], [])
    # What the person had decided and can no longer be done is told.
    await asker.ask("high", asks("rm -rf /home"))
    await house.decide(await house.gate())
    await asker.tool("running")
    await asker.works()
    await asker.notice("approved, but its dialog was gone before its key; nothing was pressed")
    await asker.ask("high", asks("rm -rf /"))
    await house.decide(await house.gate(), "deny", "leave it")
    await asker.tool("denied")
    await asker.works()
    await asker.notice("denied, but its dialog was gone before its key; nothing was pressed")
    keyboard.hold(on=False)
    await asker.ask("harmless", asks("ls -lb"))
    await asker.dialogs.until(lambda: asker.got == ["3", "1"])


async def test_in_careful_mode_a_rule_is_kept_here_and_the_key_allows_once(house, asker):
    await asker.agent.set_mode(Mode.CAREFUL)
    await asker.ask("medium", asks("npm test"))
    gate = await house.gate()
    found = await house.carry_out(SuggestRule(gate_id=gate.id))
    assert found["rule"] == "Bash(npm test)", found
    await house.carry_out(AlwaysAllow(gate_id=gate.id, rule=found["rule"]))
    await asker.dialogs.until(lambda: asker.got == ["1"])
    await asker.tool("done")
    await asker.ask("again", asks("npm test"))
    await asker.dialogs.until(lambda: asker.got == ["1", "1"])
    assert len(house.gates_seen()) == 1


async def test_a_question_is_answered_by_the_key_of_the_answer(house, asker):
    await asker.ask("choose", CHOOSE)
    question = (await house.until(lambda: house.hub.snapshot().questions, "a question"))[0]
    assert question.options == ("red", "blue")
    await house.carry_out(Answer(question_id=question.id, text="green"))
    await asker.notice("choose one of them")
    question = (await house.until(lambda: house.hub.snapshot().questions, "a question"))[0]
    await house.carry_out(Answer(question_id=question.id, text="blue"))
    await asker.dialogs.until(lambda: asker.got == ["b"])
    assert (await asker.tool("done")).decision == "you chose blue"
    await asker.ask("choose", CHOOSE)
    await house.until(lambda: house.hub.snapshot().questions, "a question")
    await asker.pane.send_keys("a")
    await house.until(lambda: not house.hub.snapshot().questions, "no question")


async def test_interrupted_it_leaves_its_dialog_and_ended_it_asks_nothing(house, asker):
    asker.dialogs.tell("works", WORKS, only=True)
    await asker.dialogs.draw("high", asks("rm -rf /"), {"\x1b": "works"})
    gate = await house.gate()
    await house.carry_out(Interrupt(agent_id=asker.agent.id))
    assert (await asker.closed(gate)).text == "answered in its pane"
    assert asker.got == ["\x1b"]

    await asker.ask("high", asks("rm -rf /home"))
    gate = await house.gate()
    await asker.dialogs.close()
    assert (await asker.closed(gate)).text == "its program has ended"
    await house.state(asker.agent.id, "failed", "done")
    assert asker.got == ["\x1b"]


async def test_what_its_hook_said_of_a_dialog_is_over_once_our_key_has_answered_it(house, asker):
    said = Evidence(Source.HOOK, AgentState.WAITING, asker.agent.services.clock(), Kind.PERMISSION)
    asker.agent.hear(said)
    asker.dialogs.tell("ready", "ready> ", only=True)
    await asker.dialogs.draw("high", asks("rm -rf /"), {"1": "ready"})
    gate = await house.gate()
    # Nobody but who presses the key sees that it is gone.
    asker.unseen()
    await house.decide(gate)
    await house.state(asker.agent.id, "idle")


async def test_what_another_program_draws_is_no_dialog(house, asker):
    """Not in a pane that is taken for the agent's, and not if it is one to the letter."""
    (house.project / "forged").write_text(asks("ls -la"))
    agent_id = await house.agent(command="cat forged; exec sleep 600", profile="asker")

    async def shown():
        for gate in house.hub.snapshot().gates:
            # Whether this start is HIGH depends on where the tests lie.
            await house.decide(gate)
        return house.agents.live.get(agent_id).state == "waiting"

    await house.poll(shown)
    dialogs = house.agents.live.get(agent_id).dialogs
    dialogs.looked(house.summary(agent_id).panes[0].pane_id, SimpleNamespace(state="waiting"))
    await asyncio.gather(*dialogs._tasks)
    assert not dialogs._open
    assert house.hub.snapshot().gates == ()
    # It is one where the agent runs.
    await asker.ask("high", asks("rm -rf /"))
    await house.gate()


async def test_an_engine_that_ends_leaves_the_dialog_to_stand(house, asker):
    await asker.ask("high", asks("rm -rf /"))
    await house.gate()
    await house.again()
    assert house.hub.snapshot().gates == ()
    assert asker.got == []


async def test_what_a_hook_asks_is_one_item_and_answered_by_key_once_it_is_let_go(
    house, asker, monkeypatch
):
    async def hooked(command, hold, name="codex"):
        """Have the agent's hook ask about a command, held for so many seconds."""
        monkeypatch.setitem(ADAPTERS, name, replace(ADAPTERS[name], hold=hold))
        said = {
            "session_id": "s1",
            "cwd": str(house.project),
            "hook_event_name": "PermissionRequest",
            "tool_name": "Bash",
            "tool_input": {"command": command},
        }
        gone = asyncio.get_running_loop().create_future()
        pid = asker.agent.panes.own(asker.pane_id).pid
        call = Call(name, json.dumps(said).encode(), pid, gone, lambda seconds: None)
        return await house.agents.answer_hook(call)

    async def stands(text):
        """Wait until a dialog was seen."""
        dialogs = asker.agent.dialogs
        while not any(text in opened.seen.dialog.text for opened in dialogs._open.values()):
            dialogs._shown.clear()
            await dialogs._shown.wait()

    # Before any hook was heard of there, what the screen shows is asked about at once.
    monkeypatch.setattr(dialog_gates, "HOOK_SECONDS", 600.0)
    await asker.ask("high", asks("rm -rf /tmp"))
    gate = await house.gate()
    await asker.works()
    await asker.closed(gate)

    # Let go at once: the dialog comes, is no item of its own, and the hook's decides.
    assert await hooked("rm -rf / && echo done", 2) == b""
    await asker.ask("high", asks("rm -rf / &&\n    echo done"))
    gate = await house.gate()
    assert gate.text == "rm -rf / && echo done"
    await house.decide(gate)
    await asker.dialogs.until(lambda: asker.got == ["1"])
    await house.until(lambda: not house.hub.snapshot().gates, "no gate")
    await asker.works()

    # The dialog is there before the hook asks: it waits for it, and what is harmless passes
    # without anybody having been asked.
    await asker.ask("harmless", asks("npm test &&\n    npm start"))
    await stands("npm test")
    assert not asker.agent.dialogs.asks
    # Nobody is called for it either.
    await house.until(lambda: house.summary(asker.agent.id).hosted.passing, "the wait")
    assert house.summary(asker.agent.id).state == "waiting"
    assert b"allow" in await hooked("npm test && npm start", 60)
    await asker.works()
    # What stands though its hook was answered is another question.
    monkeypatch.setattr(dialog_gates, "ANSWERED_SECONDS", 0.1)
    await asker.ask("harmless", asks("npm test &&\n    npm stop"))
    await stands("npm stop")
    assert b"allow" in await hooked("npm test && npm stop", 60)
    left = await house.gate()
    await asker.works()
    await asker.closed(left)
    house.events.remove(
        next(e for e in house.events if isinstance(e, GateOpened) and e.gate == left)
    )
    monkeypatch.setattr(dialog_gates, "ANSWERED_SECONDS", 3.0)
    # Where the hook is silent, the dialog is asked about; asks it late, its item takes the place.
    monkeypatch.setattr(dialog_gates, "HOOK_SECONDS", 0.1)
    await asker.ask("high", asks("rm -rf /"))
    first = await house.gate()
    await house.until(lambda: not house.summary(asker.agent.id).hosted.passing, "its time")
    hook = asyncio.create_task(hooked("rm -rf /", 60))
    assert (await asker.closed(first)).text == "its hook asks about this"
    second = await house.gate()
    assert (second.text, len(house.hub.snapshot().gates)) == ("rm -rf /", 1)
    # Answered in the pane: that item is dismissed, and the agent's own prompt has decided.
    await asker.pane.send_keys("3")
    assert (await asker.closed(second)).text == "answered in its own pane"
    assert await hook == b""
    assert asker.got == ["1", "3"]

    # Answered by the hook: no key is pressed, though the dialog stands a moment longer.
    hook = asyncio.create_task(hooked("rm -rf /home", 60))
    third = await house.gate()
    await asker.ask("high", asks("rm -rf /home"))
    await house.decide(third)
    assert b"allow" in await hook
    await asker.ask("next", asks("rm -rf /home", clock=2))
    await asker.works()
    assert asker.got == ["1", "3"]

    # Let go, denied in the inbox: the dialog's own key denies, and the agent is told why.
    assert await hooked("rm -rf /var", 2) == b""
    fourth = await house.gate()
    await asker.ask("high", asks("rm -rf /var"))
    await house.decide(fourth, "deny", message="keep it")
    await asker.dialogs.until(lambda: asker.got == ["1", "3", "3"])
    await house.until(lambda: asker.agent.queued == ["keep it"], "what is said to it")
    await asker.agent.unqueue()
    await house.until(lambda: not house.hub.snapshot().gates, "no gate")
    await asker.works()

    # Let go, it takes no other command any more, which everybody sees at once.
    assert await hooked("rm -rf /usr", 0.1, "claude") == b""
    [open_one] = house.hub.snapshot().gates
    assert "waits for its hook no longer" in open_one.fixed
    edit = Decide(gate_id=open_one.id, decision="approve", edited="ls")
    with pytest.raises(CannotEdit, match="waits for its hook no longer"):
        await house.carry_out(edit)
    assert house.hub.snapshot().gates == (open_one,)
    await house.gate()
    await asker.ask("high", asks("rm -rf /usr"))
    await house.decide(open_one)
    await asker.dialogs.until(lambda: asker.got == ["1", "3", "3", "1"])
    await house.until(lambda: not house.hub.snapshot().gates, "no gate")
    await asker.works()

    # Approved, and its dialog goes before the key.
    assert await hooked("rm -rf /lib", 0.1, "claude") == b""
    keyboard = asker.agent.panes.own(asker.pane_id).keyboard
    keyboard.hold(on=True)
    await asker.ask("high", asks("rm -rf /lib"))
    await house.decide(await house.gate())
    await stands("rm -rf /lib")
    await asker.pane.send_keys("3")
    await asker.notice("approved, but its own prompt was gone; nothing was pressed")
    keyboard.hold(on=False)
    assert asker.got == ["1", "3", "3", "1", "3"]
    await asker.works()

    # Left by a key in its pane before its dialog was seen, of which its hook tells nothing.
    assert await hooked("rm -rf /srv", 0.1) == b""
    unseen = await house.gate()
    await asker.dialogs.draw("ready", "ready> ")
    assert (await asker.closed(unseen)).text == "answered in its own pane"
    await house.state(asker.agent.id, "idle")
    await asker.works()

    # Left after it was seen: it waits no longer.
    assert await hooked("rm -rf /opt", 0.2) == b""
    fifth = await house.gate()
    asker.dialogs.tell("ready", "ready> ", only=True)
    await asker.dialogs.draw("high", asks("rm -rf /opt"), {"\x1b": "ready"})
    await stands("rm -rf /opt")
    await asker.pane.send_keys("Escape")
    assert (await asker.closed(fifth)).text == "answered in its own pane"
    await house.state(asker.agent.id, "idle")
    texts = [gate.text for gate in house.gates_seen()]
    assert (texts.pop(0), texts.pop()) == ("rm -rf /tmp", "rm -rf /opt")
    assert texts.pop() == "rm -rf /srv"
    assert texts == [
        "rm -rf / && echo done",
        *["rm -rf /"] * 2,
        "rm -rf /home",
        "rm -rf /var",
        "rm -rf /usr",
        "rm -rf /lib",
    ]
