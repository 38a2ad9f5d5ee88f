"""One registry tells every key; nothing in it is empty, doubled or unreachable."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.stubs import scenes
from tests.tui.conftest import Open
from tui import requests
from tui.app import TungstenApp
from tui.keys import actions, keys_listing
from tui.screens.cockpit import CockpitScreen
from tui.screens.palette import ranked
from tui.widgets.conversation import Conversation
from tui.widgets.row_list import Row


def test_ids_slashes_and_keys_are_not_doubled() -> None:
    ids = Counter(action.id for action in actions.ACTIONS)
    assert max(ids.values()) == 1
    slashes = Counter(action.slash for action in actions.ACTIONS if action.slash)
    assert max(slashes.values()) == 1
    everywhere = {key for action in actions.of(actions.ANYWHERE) for key in action.keys}
    for context in actions.CONTEXTS:
        keys = Counter(key for action in actions.of(context) for key in action.keys)
        assert not keys or max(keys.values()) == 1, context
        if context == actions.CONVERSATION:
            assert not everywhere & set(keys)


@pytest.mark.parametrize("action", actions.ACTIONS, ids=lambda action: action.id)
def test_every_action_leads_somewhere(action: actions.ActionKey) -> None:
    assert action.description
    assert not action.description.endswith(".")
    assert action.context in actions.CONTEXTS
    if not action.action:
        return
    name, _, rest = action.action.partition("(")
    if name == "app.ask":
        assert callable(getattr(requests, rest.strip("')")))
        return
    room, _, method = name.rpartition(".")
    owner = {"app": TungstenApp, "screen": CockpitScreen}.get(room, Conversation)
    if action.context in {actions.ANYWHERE, actions.CONVERSATION}:
        assert callable(getattr(owner, f"action_{method}"))


def test_a_command_comes_before_those_that_begin_like_it() -> None:
    assert [action.slash for action in actions.slash_commands("/record")] == [
        *("record", "recordings")
    ]
    assert actions.slash_commands("/mode")[0].slash == "mode"
    assert actions.slash_commands("/demo")[0].slash == "demo"


def test_letters_are_only_keys_where_nobody_types() -> None:
    for action in actions.of(actions.ANYWHERE):
        for key in action.keys:
            assert len(key) > 1, f"{action.id} would eat the letter {key}"


def test_keys_that_terminals_do_not_deliver_are_not_used() -> None:
    for action in actions.ACTIONS:
        for key in action.keys[:1]:
            assert "ctrl+shift" not in key
            assert key not in {"ctrl+i", "ctrl+m", "ctrl+h", "shift+enter", "ctrl+enter"}


def test_tmux_names() -> None:
    names = {key: actions.tmux_name(key) for key in ("ctrl+g", "alt+1", "f1", "shift+tab")}
    assert names == {"ctrl+g": "C-g", "alt+1": "M-1", "f1": "F1", "shift+tab": "BTab"}
    assert actions.tmux_name("pageup") == "PPage"
    assert actions.tmux_name("ctrl+up") == "C-Up"


def test_the_listing_needs_no_textual() -> None:
    code = (
        "import sys; from tui.keys.actions import as_json; rows = as_json();"
        "assert len(rows) > 40; assert 'textual' not in sys.modules;"
        "assert all(set(row) >= {'id', 'key', 'keys', 'description', 'context'} for row in rows)"
    )
    root = Path(__file__).parents[3]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)


def test_the_first_frame_needs_neither_protocol_nor_markdown() -> None:
    code = (
        "import sys; import tui.app;"
        "late = {'pydantic', 'agent.protocol', 'agent.engine.client', 'markdown_it', 'pygments',"
        "        'tui.gate.dialog', 'tui.terminal.pane_view', 'libtmux', 'anthropic'};"
        "assert not late & set(sys.modules), late & set(sys.modules)"
    )
    root = Path(__file__).parents[3]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)


async def test_footer_keys_do_what_they_say(open_cockpit: Open) -> None:
    async with open_cockpit(scenes.EMPTY) as cockpit:
        row = cockpit.screen_text.split("\n")[-1]
        for action in map(actions.by_id, ("app.help", "app.palette", "agent.new", "app.quit")):
            assert f"{actions.label(action.keys[0])} {action.label}" in row
        await cockpit.pilot.press("f1")
        await cockpit.until(lambda: "Keys and commands" in cockpit.screen_text)
        await cockpit.pilot.press("pagedown", "end")
        await cockpit.until(lambda: "What runs without you" in cockpit.screen_text)
        await cockpit.pilot.press("escape")
        await cockpit.until(lambda: "No agents yet" in cockpit.screen_text)


async def test_the_palette_finds_agents_and_actions(open_cockpit: Open) -> None:
    calm = scenes.BUSY.model_copy(update={"gates": ()})
    async with open_cockpit(calm) as cockpit:
        await cockpit.pilot.press("ctrl+p")
        await cockpit.until(lambda: "Find" in cockpit.screen_text)
        await cockpit.type("notes")
        await cockpit.pilot.press("enter")
        await cockpit.until(lambda: cockpit.app.focused_id == "a3")
        await cockpit.pilot.press("ctrl+p")
        await cockpit.type("fold the sidebar")
        await cockpit.pilot.press("enter")
        await cockpit.until(lambda: "AutoDream" not in cockpit.screen_text)
        await cockpit.pilot.press("ctrl+p")
        # In any order, and with nothing beside it that only has these letters.
        await cockpit.type("five cards")
        await cockpit.until(lambda: "Five cards" in cockpit.screen_text)
        await cockpit.until(lambda: "Start an agent" not in cockpit.screen_text)
        await cockpit.pilot.press("ctrl+u")
        await cockpit.type("cards five")
        await cockpit.until(lambda: "Five cards" in cockpit.screen_text)
        await cockpit.pilot.press("ctrl+u")
        await cockpit.type("qqqq")
        await cockpit.until(lambda: "Nothing is called that" in cockpit.screen_text)
        await cockpit.pilot.press("escape")


def test_the_palette_guesses_from_how_words_begin_alone() -> None:
    names = (
        "Close the app; agents keep working /quit",
        "Choose how the app looks /theme",
        "Run the demo: three agents mend a small repository",
        "Start an agent /new",
        "Git worktrees /worktrees",
    )
    rows = tuple(Row(name, name) for name in names)

    def found(sought: str) -> list[str]:
        return [row.id for row in ranked(rows, sought)]

    # Its letters are all in the first, in this order, and Enter would close the app.
    assert found("setting") == []
    assert found("thme")[0] == names[1]
    assert found("wtr") == [names[4]]
    assert found("stagt") == [names[3]]
    assert found("worktrees zz") == []


def test_all_arrows_and_digits_are_listed() -> None:
    listed = "\n".join(keys_listing.lines())
    assert re.search("← → ↑ ↓ +Choose the terminal beside", listed)
    assert re.search("1 … 9 +Choose the terminal of the agent of this number", listed)


async def test_the_footer_tells_the_keys_of_where_the_keyboard_is(open_cockpit: Open) -> None:
    calm = scenes.BUSY.model_copy(update={"gates": ()})
    talk = {"a1": list(scenes.CONVERSATION)}
    async with open_cockpit(calm, size=(160, 40), transcripts=talk) as cockpit:

        def row() -> str:
            return cockpit.screen_text.split("\n")[-1]

        view = cockpit.app.cockpit.terminal.view
        assert view is not None
        await cockpit.pilot.press("tab")
        await cockpit.until(lambda: "Enter unfold" in row() and "z unfold all" in row())
        await cockpit.until(lambda: "F3 maximise" in row())
        await cockpit.pilot.press("f3")
        await cockpit.until(lambda: "F3 split" in row() and "F4 terminal" in row())
        await cockpit.pilot.press("f3")
        await cockpit.pilot.press("tab")
        await cockpit.until(lambda: "Enter type here" in row() and "F4 maximise" in row())
        view.has_keyboard, cockpit.app.keyboard_holder = True, view
        view.post_message(view.KeyboardTaken())
        await cockpit.until(lambda: "F12 take the keyboard back" in row())
        assert "quit" not in row()
        view.has_keyboard, cockpit.app.keyboard_holder = False, None
        view.post_message(view.KeyboardReturned())
        await cockpit.until(lambda: "Enter type here" in row())
        await cockpit.pilot.press("h", "i")
        await cockpit.until(lambda: cockpit.app.cockpit.prompt.text == "hi")
        await cockpit.until(lambda: "unfold" not in row() and "type here" not in row())
        await cockpit.until(lambda: "^C clear" in row())
        await cockpit.pilot.press("ctrl+c")
        await cockpit.until(lambda: "^C clear" not in row())


async def test_the_palette_runs_what_belongs_to_the_conversation(open_cockpit: Open) -> None:
    calm = scenes.BUSY.model_copy(update={"gates": ()})
    async with open_cockpit(calm, transcripts={"a1": list(scenes.CONVERSATION)}) as cockpit:
        transcript = cockpit.app.transcript("a1")
        await cockpit.until(lambda: transcript.entries)
        await cockpit.pilot.press("ctrl+p")
        await cockpit.type("unfold all tool")
        await cockpit.pilot.press("enter")
        await cockpit.until(lambda: transcript.folding.kinds)


def test_the_palette_offers_all_that_runs_without_a_chosen_thing() -> None:
    left_out = {a.id for a in actions.of(actions.ANYWHERE) if a.action and not a.palette}
    # The palette itself, agents by number (it lists them by name), and where the keyboard is.
    numbers = {f"agent.{number}" for number in range(1, 10)}
    assert left_out == {"app.palette", "focus.next", "focus.previous", *numbers}


async def test_typing_filters_the_help_and_escape_first_shows_all_of_it_again(
    open_cockpit: Open,
) -> None:
    async with open_cockpit(scenes.BUSY) as cockpit:
        # What is open, or has the focus, comes first.
        await cockpit.until(lambda: cockpit.app.gates is not None and cockpit.app.gates.gate)
        await cockpit.pilot.press("f1")
        await cockpit.until(lambda: "Anywhere" in cockpit.screen_text)
        assert cockpit.screen_text.index("In the gate") < cockpit.screen_text.index("Anywhere")
        await cockpit.pilot.press("f1", "escape", "tab", "f1")
        await cockpit.until(lambda: "In the conversation" in cockpit.screen_text)
        await cockpit.pilot.press("f1", "shift+tab", "f1")
        await cockpit.until(lambda: "Anywhere" in cockpit.screen_text)
        assert "In the conversation" not in cockpit.screen_text
        await cockpit.type("rename")
        await cockpit.until(lambda: "Show every key" not in cockpit.screen_text)
        assert "/rename" in cockpit.screen_text
        assert "Anywhere" in cockpit.screen_text
        assert "Esc clear" in cockpit.screen_text
        await cockpit.type("qq")
        await cockpit.until(lambda: "Nothing here is called that" in cockpit.screen_text)
        await cockpit.pilot.press("escape")
        await cockpit.until(lambda: "Esc close" in cockpit.screen_text)
        assert "Show every key and command" in cockpit.screen_text
        await cockpit.pilot.press("escape")
        await cockpit.until(lambda: "Keys and commands" not in cockpit.screen_text)
        # Its own key closes it as well.
        await cockpit.pilot.press("f1")
        await cockpit.until(lambda: "Anywhere" in cockpit.screen_text)
        await cockpit.pilot.press("f1")
        await cockpit.until(lambda: "Keys and commands" not in cockpit.screen_text)


@pytest.mark.parametrize(
    ("sought", "row"),
    [("ctrl+g", "^G"), ("C-g", "^G"), ("inbox deny", "D"), ("careful", "careful"), ("▲", "▲")],
)
def test_the_help_finds_keys_however_they_are_written(sought: str, row: str) -> None:
    from tui.screens.help import listing
    from tui.themes.theme import paint

    lines = ["".join(text for text, _ in line) for line in listing(80, paint({}), sought)]
    assert any(line.strip().startswith(row) for line in lines), lines
    assert len(lines) < 20


@pytest.mark.parametrize("sought", ["memory", "memories"])
def test_the_help_shows_the_whole_section_that_is_called_so(sought: str) -> None:
    from tui.screens.help import listing
    from tui.themes.theme import paint

    text = "\n".join("".join(text for text, _ in line) for line in listing(80, paint({}), sought))
    for action in actions.of(actions.MEMORIES):
        assert action.description.split(";")[0][:30] in text
    assert "/remember" in text
    assert "rename" not in text


def test_the_keys_for_people_are_those_that_the_app_names() -> None:
    code = "from tui.cli import main; main()"
    root = Path(__file__).parents[3]
    listed = subprocess.run(
        [sys.executable, "-c", code, "keys"], check=True, cwd=root, capture_output=True, text=True
    ).stdout
    assert all(f"{title}\n" in listed for title in actions.CONTEXTS.values())
    rows = [line.split() for line in listed.splitlines()]
    assert ["^N", "/new", "Start", "an", "agent"] in rows
    assert ["/archive", "Take"] in [row[:2] for row in rows]
    assert ["Alt+r", "/memory"] in [row[:2] for row in rows]
    assert "  -  " in listed
    assert not {"C-n", "PPage", "BTab"} & {word for row in rows for word in row}


def test_the_help_begins_with_where_one_is() -> None:
    from tui.screens.help import listing
    from tui.themes.theme import paint

    lines = listing(80, paint({}), first=actions.MEMORIES)
    assert lines[0][0][0] == actions.CONTEXTS[actions.MEMORIES]
    assert len(lines) == len(listing(80, paint({})))


async def test_the_help_counts_what_is_below_on_a_row_of_its_own(open_cockpit: Open) -> None:
    async with open_cockpit(scenes.BUSY, size=(80, 24)) as cockpit:
        await cockpit.pilot.press("f1")
        await cockpit.until(lambda: "more ↓" in cockpit.screen_text)
        [row] = [row for row in cockpit.screen_text.splitlines() if "more ↓" in row]
        assert row.strip(" │").split()[1:] == ["more", "↓"]
        await cockpit.pilot.press("end")
        await cockpit.until(lambda: "more ↓" not in cockpit.screen_text)


async def test_the_help_does_the_one_action_that_is_left(open_cockpit: Open) -> None:
    calm = scenes.BUSY.model_copy(update={"gates": ()})
    async with open_cockpit(calm) as cockpit:
        await cockpit.pilot.press("f1")
        await cockpit.type("sidebar")
        await cockpit.until(lambda: "Enter do it" in cockpit.screen_text)
        await cockpit.pilot.press("enter")
        await cockpit.until(lambda: cockpit.app.screen is cockpit.app.cockpit)
        await cockpit.until(lambda: "AutoDream" not in cockpit.screen_text)
        await cockpit.pilot.press("f1")
        await cockpit.type("agent")
        await cockpit.until(lambda: "Esc clear" in cockpit.screen_text)
        assert "Enter do it" not in cockpit.screen_text
        await cockpit.pilot.press("ctrl+p")
        await cockpit.until(lambda: "an action, or an agent" in cockpit.screen_text)
        await cockpit.pilot.press("escape")
