"""The prompt: steering a turn, completing, searching what was sent, the editor, undo."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from textual.app import App
from textual.events import Key, Paste

from agent.protocol.agents import AgentState
from agent.protocol.commands.agents import SetBudget, SetMode
from agent.protocol.commands.history import ReadSentPrompts, SentPrompt
from agent.protocol.commands.prompts import Hasten, SendPrompt
from agent.protocol.events import AgentChanged
from tests.stubs import scenes
from tests.tui.conftest import Cockpit, Open
from tests.tui.test_cockpit import CALM, TALK
from tui.front_end import MESSAGE_SECONDS
from tui.terminal.editor import Edited
from tui.widgets.prompt import Prompt

WORKING = scenes.MENDER.model_copy(update={"state": AgentState.WORKING})
AT_WORK = scenes.BUSY.model_copy(
    update={"agents": (WORKING, *scenes.BUSY.agents[1:]), "gates": (), "questions": ()}
)


def rule(cockpit: Cockpit) -> str:
    """The line above the prompt."""
    area = cockpit.app.cockpit.arrangement.rule
    assert area is not None
    return cockpit.screen_text.split("\n")[area.y]


async def test_keys_say_when_an_agent_at_work_hears_what_is_written(
    open_cockpit: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_cockpit(AT_WORK, size=(80, 24), transcripts=TALK) as cockpit:
        assert "working · Enter queues · Esc interrupts" in rule(cockpit)
        await cockpit.type("use tabs")
        await cockpit.until(
            lambda: "Enter queues · Alt+s after this step · Alt+n now" in rule(cockpit)
        )
        await cockpit.pilot.press("alt+s")
        sent = await cockpit.engine.received(SendPrompt)
        assert (sent.text, sent.when) == ("use tabs", "after_step")
        await cockpit.type("stop")
        await cockpit.pilot.press("alt+n")
        sent = await cockpit.engine.received(SendPrompt, count=2)
        assert (sent.text, sent.when) == ("stop", "now")
        await cockpit.type("then push")
        await cockpit.pilot.press("enter")
        sent = await cockpit.engine.received(SendPrompt, count=3)
        assert (sent.text, sent.when) == ("then push", "after_turn")

        # With nothing written they are about what waits, and with a command about nothing.
        waits = WORKING.model_copy(update={"queued": ("then push",), "steering": ("use tabs",)})
        cockpit.engine.publish(AgentChanged(agent=waits))
        await cockpit.until(lambda: "1 after this step, 1 queued · ↑ takes them" in rule(cockpit))
        assert "  after this step use tabs" in cockpit.screen_text
        assert "  queued then push" in cockpit.screen_text
        assert "takes them back · Alt+s sooner · Alt+n now ─" in rule(cockpit)
        await cockpit.type("x")
        await cockpit.until(lambda: "2 wait · Enter queues · Alt+s after" in rule(cockpit))
        await cockpit.pilot.press("backspace", "slash")
        await cockpit.until(lambda: "takes them back ─" in rule(cockpit))
        await cockpit.pilot.press("backspace")
        await cockpit.until(lambda: "Alt+s sooner" in rule(cockpit))
        await cockpit.pilot.press("alt+s")
        assert (await cockpit.engine.received(Hasten)).when == "after_step"
        await cockpit.pilot.press("alt+n")
        assert (await cockpit.engine.received(Hasten, count=2)).when == "now"
        cockpit.engine.publish(AgentChanged(agent=WORKING))
        await cockpit.until(lambda: "Enter queues" in rule(cockpit))
        await cockpit.pilot.press("alt+s", "alt+n")
        assert len([one for one in cockpit.engine.commands if isinstance(one, Hasten)]) == 2

        # What the app reads while tmux is being attached was typed for that.
        attached: list[Key] = []

        def attach(app: App[None], *_: str) -> None:
            attached.extend([Key("y", "y"), Key("enter", None)])
            for key in attached:
                app.post_message(key)

        # What an editor leaves unread is in neither, but for this; no key of it does anything.
        def edit(app: App[None], text: str, _: Path, prefix: str) -> Edited:
            for key in (Key("h", "h"), Key("enter", None), Key("i", "i")):
                app.post_message(key)
            return Edited("whole ")

        monkeypatch.setattr("tui.terminal.editor.edit", edit)
        await cockpit.pilot.press("alt+e")
        await cockpit.until(lambda: cockpit.app.cockpit.prompt.text == "whole hi")
        cockpit.app.cockpit.prompt.clear()
        monkeypatch.setattr("tui.terminal.attach.attach", attach)
        await cockpit.pilot.press("ctrl+o")
        await cockpit.type("z")
        assert attached
        assert cockpit.app.cockpit.prompt.text == "z"
        assert len([one for one in cockpit.engine.commands if isinstance(one, SendPrompt)]) == 3


async def test_a_gate_is_withdrawn_only_by_a_second_press(open_cockpit: Open) -> None:
    waiting = scenes.BUSY.model_copy(update={"questions": ()})
    agent = next(one for one in waiting.agents if any(g.agent_id == one.id for g in waiting.gates))
    async with open_cockpit(waiting) as cockpit:
        cockpit.app.look_at(agent.id)
        await cockpit.until(lambda: cockpit.app.gates is not None)
        await cockpit.pilot.press("escape")
        await cockpit.type("do this instead")
        await cockpit.pilot.press("alt+n")
        await cockpit.until(lambda: "Alt+n again interrupts" in cockpit.screen_text)
        assert cockpit.app.cockpit.prompt.text == "do this instead"
        assert not any(isinstance(one, SendPrompt) for one in cockpit.engine.commands)
        # As long as that stands there, and no longer.
        app = cockpit.app
        asked, at = app.interrupt_asked
        app.interrupt_asked = (asked, at - MESSAGE_SECONDS["information"] - 0.1)
        await cockpit.pilot.press("alt+n")
        assert not any(isinstance(one, SendPrompt) for one in cockpit.engine.commands)
        asked, at = app.interrupt_asked
        app.interrupt_asked = (asked, at - MESSAGE_SECONDS["information"] + 1)
        await cockpit.pilot.press("alt+n")
        assert (await cockpit.engine.received(SendPrompt)).when == "now"


def repository(path: Path) -> Path:
    """A git work tree with names that are easy and names that are not."""
    for name in (
        *("README.md", "src/parser.py", "src/parser_test.py", "src/deep/lines.py"),
        *("notes of today.md", 'odd "quoted" name.txt', "build/out.o", "naïve 漢字.txt"),
    ):
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text("")
    (path / ".gitignore").write_text("build/\n")
    subprocess.run(["git", "init", "-q", str(path)], check=True)
    subprocess.run(["git", "-C", str(path), "add", "README.md"], check=True)
    return path


async def test_files_commands_and_arguments_complete(open_cockpit: Open, tmp_path: Path) -> None:
    agent = WORKING.model_copy(update={"directory": str(repository(tmp_path)), "effort": "high"})
    snapshot = AT_WORK.model_copy(update={"agents": (agent,)})
    async with open_cockpit(snapshot, size=(80, 24), transcripts=TALK) as cockpit:
        prompt = cockpit.app.cockpit.prompt

        def rows() -> list[str]:
            menu = cockpit.app.cockpit.menu
            return [row.id for row in menu.rows] if menu is not None and prompt.menu_open else []

        # What git tracks or would add, the directories first, and nothing that it ignores.
        await cockpit.type("see @")
        await cockpit.until(lambda: "src/" in rows())
        assert rows()[0] == "src/"
        assert not any(name.startswith("build") for name in rows())
        await cockpit.type("prs")
        await cockpit.until(lambda: rows()[:1] == ["src/parser.py"])
        await cockpit.pilot.press("down")
        await cockpit.pilot.press("enter")
        await cockpit.until(lambda: prompt.text == "see @src/parser_test.py ")
        await cockpit.until(lambda: not prompt.menu_open)
        await cockpit.pilot.press("ctrl+z")
        await cockpit.until(lambda: prompt.text == "see @prs")
        await cockpit.pilot.press("ctrl+y")

        # What fits nothing is said, and no menu takes its keys.
        await cockpit.type("@nosuch")
        await cockpit.until(lambda: "no file fits @nosuch" in cockpit.screen_text)
        assert not prompt.menu_open
        await cockpit.pilot.press(*["backspace"] * len("@nosuch"))
        await cockpit.until(lambda: "no file fits" not in cockpit.screen_text)

        # Directories lead on; what is odd is quoted, also while it is written.
        await cockpit.type("@sr")
        await cockpit.until(lambda: rows()[:1] == ["src/"])
        await cockpit.pilot.press("tab")
        await cockpit.until(lambda: "src/deep/" in rows())
        await cockpit.type("lin")
        await cockpit.until(lambda: rows() == ["src/deep/lines.py"])
        await cockpit.pilot.press("enter")
        await cockpit.until(lambda: prompt.text.endswith("@src/deep/lines.py "))
        await cockpit.type("@today")
        await cockpit.until(lambda: rows() == ["notes of today.md"])
        await cockpit.pilot.press("enter")
        await cockpit.until(lambda: prompt.text.endswith('@"notes of today.md" '))
        # A typo is forgiven; what is written in full is sent by Enter, as it stands.
        await cockpit.type("@raedme.md")
        await cockpit.until(lambda: rows() == ["README.md"])
        await cockpit.pilot.press("escape")
        await cockpit.until(lambda: not prompt.menu_open)
        await cockpit.type("x")
        await cockpit.pilot.pause()
        assert not prompt.menu_open
        await cockpit.pilot.press(*["backspace"] * 11)
        await cockpit.type("@README.md")
        await cockpit.until(lambda: not prompt.menu_open)
        await cockpit.pilot.press("enter")
        sent = await cockpit.engine.received(SendPrompt)
        assert sent.text == (
            'see @src/parser_test.py @src/deep/lines.py @"notes of today.md" @README.md'
        )
        # Nothing is offered for what was pasted, nor within an address.
        prompt.post_message(Paste("@src"))
        await cockpit.until(lambda: prompt.text == "@src")
        await cockpit.pilot.pause()
        assert not prompt.menu_open
        await cockpit.pilot.press("ctrl+c")
        await cockpit.type("ada@s")
        await cockpit.pilot.pause()
        assert not prompt.menu_open
        await cockpit.pilot.press("ctrl+c")

        # A picture that is dropped on the terminal is named.
        shot = tmp_path / "my shot.png"
        shot.touch()
        await cockpit.type("like")
        prompt.post_message(Paste(f"'{shot}'"))
        await cockpit.until(lambda: prompt.text == f'like @"{shot}" ')
        await cockpit.pilot.press("ctrl+c")

        # Arguments, each with a line of help; the first row is the command by itself.
        await cockpit.type("/mod")
        await cockpit.pilot.press("tab")
        await cockpit.until(lambda: rows() == ["", "plan", "careful", "standard"])
        assert "looks, changes nothing" in cockpit.screen_text
        await cockpit.type("car")
        await cockpit.until(lambda: rows() == ["careful"])
        await cockpit.pilot.press("enter")
        assert (await cockpit.engine.received(SetMode)).mode == "careful"
        assert prompt.text == ""
        await cockpit.type("/budget dol")
        await cockpit.until(lambda: rows() == ["dollars"])
        await cockpit.pilot.press("enter")
        await cockpit.until(lambda: prompt.text == "/budget dollars ")
        await cockpit.type("5")
        await cockpit.until(lambda: not prompt.menu_open)
        await cockpit.pilot.press("enter")
        assert (await cockpit.engine.received(SetBudget)).budget.dollars == 5
        # One habit: Enter does the command, whether written in full or chosen from the menu.
        for written in ("/bud", "/budget", "/eff", "/effort", "/effort "):
            await cockpit.type(written)
            await cockpit.until(lambda: prompt.menu_open)
            await cockpit.pilot.press("enter")
            await cockpit.until(lambda: "Type /" in cockpit.app.cockpit.footer.message)
            assert prompt.text == ""
            cockpit.app.cockpit.footer.hush()


async def test_what_was_sent_in_any_session_is_found_and_written_again(
    open_cockpit: Open,
) -> None:
    sent = [
        SentPrompt(text="Mend the lexer", at=scenes.NOW - 60, session="parser"),
        SentPrompt(text="Write the notes\nof today", at=scenes.NOW - 7200, session="notes"),
        SentPrompt(text="mend the parser", at=scenes.NOW - 90_000, session="parser"),
    ]
    answer = {"prompts": [prompt.model_dump() for prompt in sent]}
    async with open_cockpit(AT_WORK, size=(80, 24), transcripts=TALK) as cockpit:
        cockpit.engine.on(ReadSentPrompts, lambda _: answer)
        prompt = cockpit.app.cockpit.prompt
        await cockpit.type("mend")
        await cockpit.pilot.press("alt+slash")
        await cockpit.until(lambda: "Mend the lexer" in cockpit.screen_text)
        # What is written already are the first words sought.
        assert "Write the notes" not in cockpit.screen_text
        await cockpit.pilot.press(*["backspace"] * 4)
        await cockpit.type("of notes")
        await cockpit.until(lambda: "of today" in cockpit.screen_text)
        await cockpit.pilot.press("enter")
        await cockpit.until(lambda: prompt.text == "Write the notes\nof today")
        # Nothing was sent, and what was written is one undo, or one Up, away.
        assert not any(isinstance(one, SendPrompt) for one in cockpit.engine.commands)
        await cockpit.pilot.press("ctrl+z")
        assert prompt.text == "mend"
        await cockpit.pilot.press("alt+slash")
        await cockpit.until(lambda: "mend the parser" in cockpit.screen_text)
        await cockpit.type(" teh lexr")
        await cockpit.until(lambda: "Mend the lexer" in cockpit.screen_text)
        await cockpit.pilot.press("escape")
        assert prompt.text == "mend"
        await cockpit.pilot.press("up", "up")
        assert prompt.text != "mend"
        await cockpit.pilot.press("down", "down", "down")
        assert prompt.text == "mend"


async def test_undo_brings_back_what_was_emptied_and_pastes_with_it(open_cockpit: Open) -> None:
    pasted = "\n".join(f"line {number}" for number in range(100))
    async with open_cockpit(CALM, size=(80, 24), transcripts=TALK) as cockpit:
        prompt = cockpit.app.cockpit.prompt
        await cockpit.type("look: ")
        prompt.post_message(Paste(pasted))
        await cockpit.until(lambda: "100 lines" in prompt.text)
        marked = prompt.text
        # One key takes a mark away whole, from either side.
        await cockpit.pilot.press("backspace")
        assert prompt.text == "look: "
        await cockpit.pilot.press("ctrl+z")
        assert prompt.text == marked
        await cockpit.pilot.press(*["left"] * 2, "delete")
        assert prompt.text == "look: "
        await cockpit.pilot.press("ctrl+z")
        assert prompt.text == marked
        await cockpit.pilot.press("ctrl+c")
        assert prompt.text == ""
        await cockpit.pilot.press("ctrl+z")
        assert prompt.text == marked
        await cockpit.pilot.press("ctrl+y")
        assert prompt.text == ""
        await cockpit.pilot.press("ctrl+z", "enter")
        assert (await cockpit.engine.received(SendPrompt)).text == f"look: {pasted}"
        # What was sent is found by Up, and not by undo.
        await cockpit.pilot.press("ctrl+z")
        assert prompt.text == ""
        # Nor does undo bring one agent's draft into another's prompt.
        await cockpit.type("for the first")
        await cockpit.pilot.press("alt+2", "ctrl+z")
        assert prompt.text == ""
        # A button that is let go over a screen which came up meanwhile selects no more, or moving
        # the mouse would, and the next key would replace what is written.
        prompt.write_instead("what was written")
        await cockpit.pilot.mouse_down(prompt, offset=(12, 0))
        await cockpit.pilot.press("ctrl+p")
        await cockpit.until(lambda: cockpit.app.screen is not cockpit.app.cockpit)
        await cockpit.pilot.mouse_up(offset=(60, 20))
        await cockpit.pilot.press("escape")
        await cockpit.until(lambda: cockpit.app.screen is cockpit.app.cockpit)
        await cockpit.pilot.hover(prompt, offset=(2, 0))
        assert prompt.selection.is_empty
        # So many lines that they scroll; without them the cursor is nowhere for a moment.
        prompt.put_draft("one\ntwo")
        prompt.post_message(Paste("\n" * 30))
        await cockpit.until(lambda: prompt.show_vertical_scrollbar)
        await cockpit.pilot.press("ctrl+z")
        assert prompt.text == "one\ntwo"


async def test_keys_that_come_together_reach_the_agent_they_were_typed_for(
    open_cockpit: Open,
) -> None:
    calm = scenes.BUSY.model_copy(update={"gates": (), "questions": ()})
    async with open_cockpit(calm) as cockpit:
        app = cockpit.app
        keys = [*"one", "enter", *"more", "alt+2", *"two", "enter", *"rest", "alt+1", *"!"]
        for key in keys:
            app.post_message(Key(key, key if len(key) == 1 else None))
        sent = [await cockpit.engine.received(SendPrompt, count=number) for number in (1, 2)]
        assert [(one.agent_id, one.text) for one in sent] == [("a1", "one"), ("a2", "two")]
        await cockpit.until(lambda: app.cockpit.prompt.text == "more!")
        assert app.memory.get("draft:a2") == "rest"
        # A command is about the agent that is looked at.
        for key in ["ctrl+u", "slash", *"budget", "space", *"off", "enter", "alt+2"]:
            sign = {"slash": "/", "space": " "}.get(key, key if len(key) == 1 else None)
            app.post_message(Key(key, sign))
        await cockpit.until(lambda: "stands in the prompt of" in cockpit.screen_text)
        assert app.memory.get("draft:a1") == "/budget off"
        assert app.cockpit.prompt.text == "rest"
        assert not [one for one in cockpit.engine.commands if isinstance(one, SetBudget)]


async def test_what_was_written_to_an_agent_that_is_gone_reaches_no_other(
    open_cockpit: Open,
) -> None:
    calm = scenes.BUSY.model_copy(update={"gates": (), "questions": ()})
    async with open_cockpit(calm) as cockpit:
        before = list(cockpit.engine.commands)
        for text in ("one", "!ls", "/stop"):
            cockpit.app.post_message(Prompt.Submitted(text, "after_turn", "none such"))
            await cockpit.until(lambda text=text: cockpit.app.cockpit.prompt.text == text)
            await cockpit.pilot.press("ctrl+u")
        assert cockpit.engine.commands == before


async def test_what_was_written_before_there_was_an_agent_is_kept_once(open_cockpit: Open) -> None:
    agent = scenes.BUSY.agents[0]
    async with open_cockpit(scenes.EMPTY) as cockpit:
        app = cockpit.app
        await cockpit.pilot.press(*"mend it")
        assert app.memory.get("draft:") == "mend it"
        cockpit.engine.publish(AgentChanged(agent=agent))
        await cockpit.until(lambda: app.focused_id == agent.id)
        assert app.cockpit.prompt.text == app.memory.get(f"draft:{agent.id}") == "mend it"
        assert not app.memory.get("draft:")
        assert app.memory.get("focused") == agent.id
