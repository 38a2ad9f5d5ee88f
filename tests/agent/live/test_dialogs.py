"""Dialogs of a real full-screen program, answered by one key or by none: real tmux, real gates."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from agent.effects import NotRun
from agent.gate import GateAlreadyClosed
from agent.hosted.dialog_gates import DialogGates
from agent.hosted.profile import Profile
from agent.hosted.screen_rules import Frame, match
from agent.protocol.agents import Mode
from agent.protocol.commands.gates import AlwaysAllow, Answer, SuggestRule
from agent.protocol.events import GateClosed, Notice
from tests.stubs.dialogs import Dialogs
from tungsten import waiting
from tungsten.errors import ServerGone

PROFILE = Profile.model_validate(
    {
        "name": "asker",
        "title": "Asker",
        "start": "asker",
        "rules": [
            {
                "name": "run-command",
                "state": "waiting",
                "kind": "permission",
                "region": {"begins": "^Bash command", "ends": r"^ *\d\. No"},
                "all": ["Do you want to proceed"],
                "asks": {
                    "command": r"^  \$ (?P<text>.+)",
                    "beside": ["^Bash command", "^Do you want to proceed", r"^ . \d\. "],
                },
                "changing": [r"\(\d+ s\)"],
                "answers": [
                    {"key": "1", "means": "allow_once", "pattern": r"1\. (?P<label>Yes)$"},
                    {"key": "2", "means": "allow_always", "pattern": r"2\. (?P<label>Yes, .*)"},
                    {"key": "3", "means": "deny", "pattern": r"3\. (?P<label>No.*)"},
                ],
            },
            {
                "name": "choose",
                "state": "waiting",
                "kind": "question",
                "region": {"begins": "^Which", "ends": "^Esc"},
                "answers": [
                    {"key": "a", "means": "other", "pattern": r"a\) (?P<label>.+)"},
                    {"key": "b", "means": "other", "pattern": r"b\) (?P<label>.+)"},
                ],
            },
        ],
    }
)
WORKS = "working on it\n\n\n"
CHOOSE = "Which colour?\n a) red\n b) blue\nEsc to leave"


def asks(command, more="", clock=1):
    return (
        f"Bash command ({clock} s)\n  $ {command}\n{more}\nDo you want to proceed?\n"
        " » 1. Yes\n   2. Yes, and never ask again\n   3. No, and say why"
    )


KEYS = {"1": "works", "2": "works", "3": "works", "a": "works", "b": "works"}


class Asker:
    """An agent with a program in its pane that asks, and what watches it."""

    def __init__(self, house, agent, pane_id, dialogs):
        self.house, self.agent, self.pane_id, self.dialogs = house, agent, pane_id, dialogs
        self.gates = DialogGates(agent, PROFILE)
        self.told = []
        self.watching = True
        self._task = None

    async def watch(self):
        terminal = await self.house.open_terminal()
        pane = terminal.pane(self.pane_id)
        self.pane = pane

        async def follow():
            async with waiting.printing(pane, terminal.watch) as printed:
                while True:
                    if self.watching:
                        shown = match(PROFILE, Frame.of(await pane.capture()))
                        self.gates.looked(self.pane_id, shown)
                    await printed()

        self._task = asyncio.create_task(follow())

    async def close(self):
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError, ServerGone):
            await self._task
        await self.gates.close()

    async def ask(self, name, text):
        self.dialogs.tell("works", WORKS, only=True)
        await self.dialogs.draw(name, text, KEYS)

    async def works(self):
        await self.dialogs.draw("works", WORKS)

    def notices(self):
        return [event.text for event in self.house.events if isinstance(event, Notice)]

    async def notice(self, text):
        return await self.house.until(lambda: text in "\n".join(self.notices()), f"notice {text}")

    async def closed(self, gate):
        def found():
            closed = [event for event in self.house.events if isinstance(event, GateClosed)]
            return next((event for event in closed if event.gate_id == gate.id), None)

        return await self.house.until(found, "the gate's end")

    async def tool(self, status):
        """The last block about a dialog, once it has this status."""

        def found():
            blocks = [b for b in self.agent.conversation.blocks if b.tool is not None]
            return blocks and blocks[-1].tool.status == status and blocks[-1].tool

        return await self.house.until(found, f"a block that is {status}")

    @property
    def got(self):
        return [bytes.fromhex(byte).decode() for byte, _ in self.dialogs.got]


@pytest.fixture
async def asker(house, short_dir):
    dialogs = Dialogs(short_dir / "told.sock")
    await dialogs.listen()
    try:
        agent = house.agents._agent(await house.agent())
        made = Asker(house, agent, await agent.panes.open(command=dialogs.command), dialogs)
        await dialogs.connected()
        await made.watch()
        yield made
        await made.close()
    finally:
        await dialogs.close()


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
    asker.watching = False
    await asker.pane.send_keys("3")
    await asker.dialogs.until(lambda: len(asker.got) == 2)
    await house.decide(gate)
    await asker.notice("answered in its pane; nothing was pressed")
    assert asker.got == ["3", "3"]


async def test_another_dialog_in_its_place_is_never_answered(house, asker):
    await asker.ask("high", asks("rm -rf /"))
    gate = await house.gate()
    asker.watching = False
    await asker.ask("other", asks("rm -rf /home"))
    await house.decide(gate)
    await asker.notice("another dialog stands there now; nothing was pressed")
    assert asker.got == []
    # Only a clock has gone on.
    asker.watching = True
    await asker.ask("other", asks("rm -rf /home", clock=2))
    gate = await house.until(
        lambda: [g for g in house.hub.snapshot().gates if g.text == "rm -rf /home"], "a gate"
    )
    await asker.ask("later", asks("rm -rf /home", clock=3))
    await house.decide(gate[0])
    await asker.dialogs.until(lambda: asker.got == ["1"])
    assert asker.dialogs.got[0][1] == "later"


async def test_denied_by_its_own_key_and_the_message_is_said_to_it(house, asker, monkeypatch):
    said = []

    async def prompt(text):
        # The dialog is gone by then.
        said.append((text, asker.dialogs.drawn[-1]))

    monkeypatch.setattr(asker.agent, "prompt", prompt)
    await asker.ask("high", asks("rm -rf /"))
    await house.decide(await house.gate(), "deny", "use trash instead")
    await house.until(lambda: said, "the message")
    assert (asker.got, said) == (["3"], [("use trash instead", "works")])
    assert (await asker.tool("denied")).decision == "denied by you: use trash instead"
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
    keyboard.hold(on=False)
    await asker.ask("harmless", asks("ls -lb"))
    await asker.dialogs.until(lambda: asker.got == ["3", "1"])


async def test_in_careful_mode_a_rule_is_kept_here_and_the_key_allows_once(house, asker):
    await asker.agent.set_mode(Mode.CAREFUL)
    await asker.ask("medium", asks("npm test"))
    gate = await house.gate()
    found = await house.agents.suggest_rule(SuggestRule(gate_id=gate.id))
    assert found["rule"] == "Bash(npm test)", found
    await house.agents.always_allow(AlwaysAllow(gate_id=gate.id, rule=found["rule"]))
    await asker.dialogs.until(lambda: asker.got == ["1"])
    await asker.tool("done")
    await asker.ask("again", asks("npm test"))
    await asker.dialogs.until(lambda: asker.got == ["1", "1"])
    assert len(house.gates_seen()) == 1


async def test_a_question_is_answered_by_the_key_of_the_answer(house, asker):
    await asker.ask("choose", CHOOSE)
    question = (await house.until(lambda: house.hub.snapshot().questions, "a question"))[0]
    assert question.options == ("red", "blue")
    await house.agents.answer(Answer(question_id=question.id, text="green"))
    await asker.notice("choose one of them")
    question = (await house.until(lambda: house.hub.snapshot().questions, "a question"))[0]
    await house.agents.answer(Answer(question_id=question.id, text="blue"))
    await asker.dialogs.until(lambda: asker.got == ["b"])
    assert (await asker.tool("done")).decision == "you chose blue"
    await asker.ask("choose", CHOOSE)
    await house.until(lambda: house.hub.snapshot().questions, "a question")
    await asker.pane.send_keys("a")
    await house.until(lambda: not house.hub.snapshot().questions, "no question")


async def test_an_engine_that_ends_leaves_the_dialog_to_stand(house, asker):
    await asker.ask("high", asks("rm -rf /"))
    await house.gate()
    await asker.gates.close()
    await house.again()
    assert house.hub.snapshot().gates == ()
    assert asker.got == []


async def test_what_a_hook_let_go_of_is_one_item_answered_by_key(house, asker):
    told, hears = [], asyncio.Event()

    def gone(why):
        told.append(why)
        hears.set()

    command = "rm -rf build && echo done"
    claim = asker.gates.claim(asker.pane_id, command, gone)
    answering = asyncio.create_task(asker.gates.answer(claim, "allow_once"))
    await asker.ask("high", asks("rm -rf build &&\n    echo done"))
    assert (await answering).ok
    assert asker.got == ["1"]
    # Answered in the pane: the hook is told.
    await asker.works()
    claim = asker.gates.claim(asker.pane_id, command, gone)
    await asker.ask("high", asks(command))
    await claim.shown.wait()
    await asker.pane.send_keys("3")
    await asyncio.wait_for(hears.wait(), 20)
    assert told == ["answered in its pane"]
    with pytest.raises(NotRun, match="nothing was pressed"):
        await asker.gates.answer(claim, "allow_once")
    # Its dialog shows something else: that is asked about, and the hook's is dismissed.
    claim = asker.gates.claim(asker.pane_id, command, gone)
    await asker.ask("other", asks("rm -rf /"))
    gate = await house.gate()
    assert gate.text == "rm -rf /"
    assert told[-1] == "its dialog shows something else"
    # The hook comes later than the screen: one item still.
    asker.gates.claim(asker.pane_id, "rm -rf /", gone)
    assert (await asker.closed(gate)).text == "its hook asks about this"
    assert house.hub.snapshot().gates == ()
    assert [event.text for event in house.gates_seen()] == ["rm -rf /"]
    assert asker.got == ["1", "3"]
