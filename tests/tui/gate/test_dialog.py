"""The gate dialog as a person meets it: typing is safe, and every decision has its own key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import OptionList, Static

from agent.protocol.commands.gates import Decide
from agent.protocol.gates import Gate, RiskLevel, Span
from tests.tui.gate.conftest import CLOSED, NOW
from tests.tui.gate.still import StillApp, passes
from tui.gate.exact_view import ExactView
from tui.gate.held import WRITING_SECONDS
from tui.gate.inbox import Inbox
from tui.gate.keys_offered import keys_offered
from tui.gate.quiet import QUIET_SECONDS
from tui.gate.room import width_on
from tui.gate.words import duration, next_duration_change

QUIET = QUIET_SECONDS + 0.1
"""A silence that is long enough for the quiet rule, by the clock of the test."""

WRITING = WRITING_SECONDS + 0.1
"""One after which a held key was none of a word."""

MakeGate = Callable[..., Gate]
MakeApp = Callable[..., Any]


@pytest.fixture
def make_app() -> MakeApp:
    return StillApp


async def armed(pilot: Pilot[None]) -> None:
    """Leave the silence after which the dialog lights up, where it has not."""
    dialog = pilot.app.dialog  # type: ignore[attr-defined]
    await pilot.pause()
    if not dialog.armed:
        await passes(pilot, QUIET)
        assert dialog.armed, "the dialog never lit up"


async def until_held_is_over(pilot: Pilot[None]) -> None:
    """Leave the silence in which a key is held, where one is."""
    dialog = pilot.app.dialog  # type: ignore[attr-defined]
    await pilot.pause()
    if dialog._held:
        await passes(pilot, WRITING)
        assert not dialog._held, "the key is still held"


async def press(pilot: Pilot[None], key: str) -> None:
    """Press a key of the dialog, and leave the silence behind it in which it is held."""
    await pilot.press(key)
    await until_held_is_over(pilot)


async def decided(pilot: Pilot[None], count: int = 1) -> None:
    """Leave the silence behind a key that decides, and see that it did."""
    await until_held_is_over(pilot)
    await pilot.pause()
    assert len(decisions(pilot.app)) >= count, "nothing was decided"


def decisions(app: Any) -> list[tuple[str, str, str]]:
    return [(c.gate_id, c.decision, c.message) for c in app.sent if isinstance(c, Decide)]


async def test_comes_up_without_taking_the_focus(make_app: MakeApp, make_gate: MakeGate) -> None:
    app = make_app(make_gate())
    async with app.run_test() as pilot:
        await pilot.pause()
        assert app.dialog.display
        assert app.focused is app.query_one("#prompt")


async def test_what_is_typed_while_it_comes_up_goes_to_the_prompt(
    make_app: MakeApp, make_gate: MakeGate
) -> None:
    app = make_app()
    async with app.run_test() as pilot:
        await pilot.press(*"half a senten")
        app.set_gates(make_gate())
        await pilot.press(*"ce, A and d and more")
        assert app.prompt == "half a sentence, A and d and more"
        assert decisions(app) == []
        await armed(pilot)
        await pilot.press("A")
        await decided(pilot)
        assert decisions(app) == [("g1", "approve", "")]
        assert app.prompt == "half a sentence, A and d and more"
        assert not app.dialog.display


@pytest.mark.parametrize(
    ("risk", "key", "decision"),
    [
        (RiskLevel.HIGH, "A", "approve"),
        (RiskLevel.HIGH, "d", "deny"),
        (RiskLevel.MEDIUM, "a", "approve"),
        (RiskLevel.MEDIUM, "d", "deny"),
    ],
)
async def test_one_key_decides(
    make_app: MakeApp, make_gate: MakeGate, risk: RiskLevel, key: str, decision: str
) -> None:
    app = make_app(make_gate(risk=risk))
    async with app.run_test() as pilot:
        await armed(pilot)
        await pilot.press(key)
        await decided(pilot)
        assert decisions(app) == [("g1", decision, "")]
        assert app.prompt == ""


@pytest.mark.parametrize(
    ("risk", "key"),
    [
        (RiskLevel.HIGH, "enter"),
        (RiskLevel.MEDIUM, "enter"),
        (RiskLevel.MEDIUM, "A"),
        (RiskLevel.HIGH, "y"),
        (RiskLevel.HIGH, "space"),
    ],
)
async def test_no_other_key_approves(
    make_app: MakeApp, make_gate: MakeGate, risk: RiskLevel, key: str
) -> None:
    app = make_app(make_gate(risk=risk))
    async with app.run_test() as pilot:
        await armed(pilot)
        await pilot.press(key)
        await pilot.pause()
        assert decisions(app) == []
        assert app.dialog.gate is not None


async def test_the_key_for_medium_does_not_approve_high(
    make_app: MakeApp, make_gate: MakeGate
) -> None:
    app = make_app(make_gate(risk=RiskLevel.HIGH))
    async with app.run_test() as pilot:
        await armed(pilot)
        await pilot.press("a")
        await pilot.pause()
        assert decisions(app) == []


# A key that may be writing -----------------------------------------------------------------------


@pytest.mark.parametrize("key", list("Admelnpaw"))
async def test_the_next_letter_of_a_draft_decides_nothing(
    make_app: MakeApp, make_gate: MakeGate, key: str
) -> None:
    app = make_app()
    async with app.run_test() as pilot:
        await pilot.press(*"please. ")
        app.set_gates(make_gate(1), make_gate(2))
        await armed(pilot)
        app.post_message(Key(key, key))
        app.post_message(Key("l", "l"))
        await pilot.pause()
        assert "You are writing" in str(app.dialog.query_one("#gate-keys", Static).content)
        await pilot.press(*"so write docs")
        assert app.prompt == f"please. {key}lso write docs"
        await passes(pilot, QUIET)
        assert decisions(app) == []
        assert (app.dialog.gate.id, app.dialog.peeking, app.dialog._writing) == ("g1", False, "")


async def test_the_first_letter_of_a_sentence_decides_nothing(
    make_app: MakeApp, make_gate: MakeGate
) -> None:
    app = make_app()
    async with app.run_test() as pilot:
        for risk, first in ((RiskLevel.HIGH, "Aadmetlnpw"), (RiskLevel.MEDIUM, "aAdmewl")):
            for letter in first:
                app.set_gates(make_gate(1, risk), make_gate(2, risk))
                app.query_one("#prompt").text = ""
                await armed(pilot)
                sentence = f"{letter}ake it green"
                for each in sentence:
                    app.post_message(Key(each, each))
                await pilot.pause()
                assert app.prompt == sentence
                dialog = app.dialog
                assert (dialog.gate.id, dialog.peeking, dialog._writing) == ("g1", False, "")
                app.set_gates()
        assert app.sent == []


@pytest.mark.parametrize(
    ("follows", "prompt"),
    [("escape", "draft"), ("enter", "draftA"), ("backspace", "draft"), ("A", "draftAA")],
)
async def test_any_key_behind_the_deciding_one_takes_it_back(
    make_app: MakeApp, make_gate: MakeGate, follows: str, prompt: str
) -> None:
    app = make_app(make_gate())
    async with app.run_test() as pilot:
        await pilot.press(*"draft")
        await armed(pilot)
        await pilot.press("A", follows)
        await passes(pilot, QUIET)
        assert decisions(app) == []
        assert app.prompt == prompt
        assert app.dialog.gate is not None


async def test_beside_a_draft_a_key_and_silence_decide_and_it_is_seen_meanwhile(
    make_app: MakeApp, make_gate: MakeGate
) -> None:
    app = make_app(make_gate(1), make_gate(2))
    async with app.run_test() as pilot:
        await pilot.press(*"draft")
        await armed(pilot)
        await pilot.press("A")
        assert "Approving …" in app.dialog.border_subtitle
        assert decisions(app) == []
        await decided(pilot)
        # As ever, what comes right behind a decision does not decide about the next gate.
        await pilot.press("A", "A")
        await passes(pilot, QUIET)
        assert decisions(app) == [("g1", "approve", "")]
        assert app.prompt == "draftAA"


async def test_a_key_that_came_before_its_silence_was_over_is_still_writing(
    make_app: MakeApp, make_gate: MakeGate
) -> None:
    """A busy app may find the timer and the next key waiting for it together."""
    app = make_app(make_gate())
    async with app.run_test() as pilot:
        await pilot.press(*"draft")
        await armed(pilot)
        await pilot.press("A")
        app.post_message(Key("l", "l"))
        app.dialog._held.silence_over()
        await passes(pilot, QUIET)
        assert decisions(app) == []
        assert app.prompt == "draftAl"


async def test_a_gate_that_goes_away_leaves_the_held_key_to_the_prompt(
    make_app: MakeApp, make_gate: MakeGate
) -> None:
    app = make_app(make_gate(1), make_gate(2))
    async with app.run_test() as pilot:
        await pilot.press(*"draft")
        await armed(pilot)
        await pilot.press("d")
        app.set_gates(make_gate(2))
        await pilot.press("o")
        await passes(pilot, QUIET)
        assert decisions(app) == []
        assert app.prompt == "draftdo"


@pytest.mark.parametrize(
    ("risk", "key", "said"),
    [
        (RiskLevel.HIGH, "a", "HIGH needs A (Shift+a): nothing"),
        (RiskLevel.HIGH, "enter", "HIGH needs A (Shift+a): nothing"),
        (RiskLevel.MEDIUM, "A", "MEDIUM needs a"),
        (RiskLevel.MEDIUM, "enter", "MEDIUM needs a"),
    ],
)
async def test_a_key_that_does_not_approve_says_which_one_does(
    make_app: MakeApp,
    make_gate: MakeGate,
    risk: RiskLevel,
    key: str,
    said: str,
) -> None:
    app = make_app(make_gate(risk=risk))
    async with app.run_test() as pilot:
        line = app.dialog.query_one("#gate-keys", Static)
        await armed(pilot)
        await press(pilot, key)
        await passes(pilot, QUIET)
        assert said in app.dialog.border_subtitle
        assert "deny" in str(line.content)
        # It stands until there is something else to say.
        await press(pilot, key)
        assert said in app.dialog.border_subtitle
        await pilot.press("down")
        assert not app.dialog.border_subtitle
        assert decisions(app) == []
        assert app.prompt == ""


async def test_of_ones_own_command_nobody_is_told(make_app: MakeApp, make_gate: MakeGate) -> None:
    app = make_app(make_gate(actor="person"))
    async with app.run_test() as pilot:
        await armed(pilot)
        line = str(app.dialog.query_one("#gate-keys", Static).content)
        assert "d do not run it" in line
        assert "m " not in line
        await press(pilot, "m")
        assert "nobody to tell" in app.dialog.border_subtitle
        assert app.prompt == ""
        await passes(pilot, QUIET)
        await pilot.press("d")
        await decided(pilot)
        assert decisions(app) == [("g1", "deny", "")]


@pytest.mark.parametrize(
    ("keys", "written"),
    [
        (["down", "A"], ""),  # too quick behind another key
        (["a"], ""),  # means nothing at HIGH
        (["m"], "m"),  # a message begun before the key had its silence
    ],
)
async def test_what_may_have_been_meant_for_the_gate_is_not_sent_by_the_first_enter(
    make_app: MakeApp, make_gate: MakeGate, keys: list[str], written: str
) -> None:
    app = make_app(make_gate())
    async with app.run_test() as pilot:
        await armed(pilot)
        for key in keys:
            app.post_message(Key(key, key if len(key) == 1 else None))
        await pilot.pause()
        if not written:
            await until_held_is_over(pilot)
        await pilot.press(*"go on", "enter", "enter")
        # This prompt writes a new line for every Enter that reaches it.
        assert app.prompt == f"{written}go on"
        await armed(pilot)
        assert "stands in the prompt" in app.dialog.border_subtitle
        await pilot.press("enter")
        assert app.prompt == f"{written}go on\n"
        assert not app.dialog.border_subtitle
        await pilot.press("x", "enter")
        assert app.prompt == f"{written}go on\nx\n"
        assert decisions(app) == []


async def test_a_second_press_never_falls_through(make_app: MakeApp, make_gate: MakeGate) -> None:
    app = make_app(make_gate(1), make_gate(2), make_gate(3))
    async with app.run_test() as pilot:
        await armed(pilot)
        # A key that repeats is no decision; right behind one it makes no second one.
        for count in (0, 1):
            for _ in range(5):
                app.post_message(Key("d", "d"))
            await pilot.pause()
            assert decisions(app) == [("g1", "deny", "")][:count]
            assert app.dialog.gate is not None
            assert app.dialog.gate.id == f"g{count + 1}"
            await armed(pilot)
            await pilot.press("d")
            await decided(pilot, count + 1)
        assert [gate_id for gate_id, _, _ in decisions(app)] == ["g1", "g2"]
        assert app.prompt == "d" * 10


async def test_deny_with_a_message(make_app: MakeApp, make_gate: MakeGate) -> None:
    app = make_app(make_gate())
    async with app.run_test() as pilot:
        await pilot.press(*"draft")
        await armed(pilot)
        await press(pilot, "m")
        await pilot.press(*"push a branch", "enter")
        await pilot.pause()
        assert decisions(app) == [("g1", "deny", "push a branch")]
        assert app.focused is app.query_one("#prompt")
        assert app.prompt == "draft"


async def test_escape_leaves_the_message_then_the_dialog(
    make_app: MakeApp, make_gate: MakeGate
) -> None:
    app = make_app(make_gate())
    async with app.run_test() as pilot:
        await armed(pilot)
        await press(pilot, "m")
        await pilot.press("x", "escape")
        assert app.dialog.gate is not None
        assert app.focused is app.query_one("#prompt")
        await pilot.press("escape")
        assert not app.dialog.display
        assert decisions(app) == []
        # It waits in the inbox and does not come up again by itself, but a new one does.
        app.dialog.sync()
        assert not app.dialog.display
        app.set_gates(make_gate(1), make_gate(2))
        assert app.dialog.gate is not None
        assert app.dialog.gate.id == "g2"


async def test_next_and_previous(make_app: MakeApp, make_gate: MakeGate) -> None:
    app = make_app(make_gate(1), make_gate(2), make_gate(3))
    async with app.run_test() as pilot:
        await armed(pilot)
        for key, shown in (("n", "g2"), ("p", "g1"), ("p", "g3")):
            await press(pilot, key)
            assert app.dialog.gate.id == shown
        # Pressed several times in a row it begins no word, and moves at once.
        await armed(pilot)
        await passes(pilot, QUIET)
        for _ in range(4):
            app.post_message(Key("n", "n"))
        await pilot.pause()
        assert app.dialog.gate.id == "g1"
        assert decisions(app) == []
        assert app.prompt == ""


async def test_without_others_next_and_previous_are_letters(
    make_app: MakeApp, make_gate: MakeGate
) -> None:
    app = make_app(make_gate(1))
    async with app.run_test() as pilot:
        await armed(pilot)
        await pilot.press(*"no")
        assert app.prompt == "no"


async def test_a_gate_decided_elsewhere_makes_room_and_restarts_the_silence(
    make_app: MakeApp,
    make_gate: MakeGate,
) -> None:
    app = make_app(make_gate(1), make_gate(2))
    async with app.run_test() as pilot:
        await armed(pilot)
        app.set_gates(make_gate(2))
        await pilot.press("A")
        await pilot.pause()
        assert decisions(app) == []
        assert app.dialog.gate is not None
        assert app.dialog.gate.id == "g2"
        app.set_gates()
        assert not app.dialog.display


async def test_looking_at_the_pane_folds_the_dialog(make_app: MakeApp, make_gate: MakeGate) -> None:
    app = make_app(make_gate())
    async with app.run_test() as pilot:
        await armed(pilot)
        before = app.dialog.outer_size.height
        await press(pilot, "l")
        await pilot.pause()
        assert app.dialog.peeking
        assert app.looked_at == ("a1", "%3")
        assert app.dialog.outer_size.height < before
        await press(pilot, "l")
        await pilot.pause()
        assert not app.dialog.peeking
        assert app.looked_at == ("", None)


async def test_a_pane_that_is_closed_is_said_to_be(make_app: MakeApp, make_gate: MakeGate) -> None:
    app = make_app(make_gate(pane_id=CLOSED))
    async with app.run_test() as pilot:
        await armed(pilot)
        await press(pilot, "l")
        await pilot.pause()
        assert "closed" in app.dialog.border_subtitle
        await press(pilot, "l")
        await pilot.pause()
        assert not app.dialog.peeking


async def test_a_paste_never_decides(make_app: MakeApp, make_gate: MakeGate) -> None:
    from textual.events import Paste

    app = make_app(make_gate())
    async with app.run_test() as pilot:
        await armed(pilot)
        app.post_message(Paste("A"))
        await pilot.pause()
        assert decisions(app) == []
        assert app.prompt == "A"


async def test_a_pane_that_has_the_keyboard_keeps_it(
    make_app: MakeApp, make_gate: MakeGate
) -> None:
    app = make_app(make_gate())
    async with app.run_test() as pilot:
        pane = app.query_one("#world")
        pane.cursor_row = 3
        app.keyboard_holder = pane
        await passes(pilot, QUIET)
        await pilot.press("A")
        await pilot.pause()
        assert decisions(app) == []
        app.keyboard_holder = None
        await armed(pilot)
        await pilot.press("A")
        await decided(pilot)
        assert len(decisions(app)) == 1


async def test_a_refused_decision_brings_the_gate_back(
    make_app: MakeApp, make_gate: MakeGate
) -> None:
    app = make_app(make_gate())
    app.refuse = "the pane is gone"
    async with app.run_test() as pilot:
        await armed(pilot)
        await pilot.press("d")
        await decided(pilot)
        await pilot.pause()
        assert app.dialog.gate is not None
        assert app.dialog.gate.id == "g1"


@pytest.mark.parametrize(
    ("size", "key"),
    [((80, 24), "A"), ((60, 16), "A"), ((40, 12), "d"), ((30, 8), "d")],
)
async def test_a_small_terminal_can_still_decide(
    make_app: MakeApp, make_gate: MakeGate, size: tuple[int, int], key: str
) -> None:
    app = make_app(make_gate(text="echo line\n" * 200 + "rm -rf /", reasons=("why " * 40,)))
    async with app.run_test(size=size) as pilot:
        await armed(pilot)
        region = app.dialog.region
        assert region.width <= size[0]
        assert region.height <= size[1]
        view = app.dialog.query_one("#gate-text")
        assert view.size.height >= 1
        await pilot.press("end")
        await pilot.pause()
        assert view.scroll_offset.y == view.max_scroll_y
        await passes(pilot, QUIET)
        await pilot.press(key)
        await decided(pilot)
        assert len(decisions(app)) == 1


@pytest.mark.parametrize("size", [(59, 40), (120, 15), (10, 4), (1, 1)])
@pytest.mark.parametrize("risk", [RiskLevel.HIGH, RiskLevel.MEDIUM])
async def test_nothing_is_approved_that_there_is_no_room_to_read(
    make_app: MakeApp, make_gate: MakeGate, size: tuple[int, int], risk: RiskLevel
) -> None:
    app = make_app(make_gate(risk=risk))
    async with app.run_test(size=size) as pilot:
        await armed(pilot)
        for key in ("A", "a", "w", "e"):
            await passes(pilot, QUIET)
            await press(pilot, key)
            app.dialog.action_gate("approve")
            await pilot.pause()
        assert app.sent == []
        assert app.dialog.gate is not None
        assert any("nothing is approved below 60×16" in n.message for n in app._notifications)
        await passes(pilot, QUIET)
        await pilot.press("d")
        await decided(pilot)
        assert decisions(app) == [("g1", "deny", "")]


async def test_another_size_wants_silence_anew(make_app: MakeApp, make_gate: MakeGate) -> None:
    app = make_app(make_gate())
    async with app.run_test(size=(120, 40)) as pilot:
        for size in [(10, 4), (100, 30)]:
            await armed(pilot)
            await passes(pilot, QUIET)
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert not app.dialog.armed
            await pilot.press("A")
            await pilot.pause()
            assert app.sent == []
        await armed(pilot)
        # What was pressed too early stands in the prompt, so this key is held for a moment.
        await pilot.press("A")
        await pilot.resize_terminal(90, 28)
        await passes(pilot, 2 * QUIET)
        assert app.sent == []
        await armed(pilot)
        await pilot.press("A")
        await passes(pilot, 2 * QUIET)
        assert decisions(app) == [("g1", "approve", "")]


async def test_a_command_is_not_changed_where_it_cannot_be_read(
    make_app: MakeApp, make_gate: MakeGate
) -> None:
    app = make_app(make_gate())
    async with app.run_test(size=(120, 40)) as pilot:
        await armed(pilot)
        await press(pilot, "e")
        await pilot.press("x")
        await pilot.resize_terminal(20, 6)
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert app.sent == []


async def test_resizing_keeps_it_on_the_screen(make_app: MakeApp, make_gate: MakeGate) -> None:
    app = make_app(make_gate(text="echo line\n" * 30))
    async with app.run_test(size=(120, 40)) as pilot:
        await armed(pilot)
        for size in [(60, 20), (200, 50), (30, 10), (90, 30)]:
            await pilot.resize_terminal(*size)
            await pilot.pause()
            await pilot.pause()
            assert app.dialog.region in app.screen.region


async def test_the_inbox_opens_but_never_decides(make_app: MakeApp, make_gate: MakeGate) -> None:
    app = make_app(make_gate(1), make_gate(2))
    opened: list[str | None] = []
    async with app.run_test() as pilot:
        app.dialog.put_off()
        await app.push_screen(Inbox(), opened.append)
        await pilot.pause()
        await pilot.press("down", "enter")
        await pilot.pause()
        assert opened == ["g2"]
        app.dialog.open(opened[0])
        assert app.dialog.gate is not None
        assert app.dialog.gate.id == "g2"
        await pilot.press("enter")
        await pilot.pause()
        assert decisions(app) == []


LONG = {
    "words": "echo hello; " * 90_000,
    "lines": "echo a\n" * 150_000,
    "one word": "x" * 1_000_000,
    "invisible": "\u200b" * 1_000_000,
}


@pytest.mark.parametrize("filling", LONG.values(), ids=LONG.keys())
@pytest.mark.parametrize("at", [0.0, 0.5, 1.0])
async def test_a_megabyte_is_shown_by_pages_from_where_it_is_dangerous(
    make_app: MakeApp, make_gate: MakeGate, filling: str, at: float
) -> None:
    danger = "rm -rf /srv"
    split = int(len(filling) * at)
    text = f"begin {filling[:split]}{danger}{filling[split:]} end"
    start = split + len("begin ")
    app = make_app(make_gate(text=text, spans=(Span(start=start, end=start + 11, reason="r"),)))
    async with app.run_test(size=(100, 30)) as pilot:
        await armed(pilot)
        view = app.query_one(ExactView)

        def seen() -> str:
            rows = [view.render_line(y).text for y in range(view.size.height)]
            return "".join(row.removeprefix("↪ ").rstrip() for row in rows)

        assert danger.replace(" ", "") in seen().replace(" ", "")
        assert "page " in str(app.query_one("#gate-more", Static).content)
        await pilot.press("home")
        await pilot.pause()
        assert seen().startswith("begin")
        await pilot.press("end")
        await pilot.pause()
        assert seen().endswith("end")
        assert app.dialog.gate is not None
        assert decisions(app) == []


async def test_paging_goes_through_all_of_a_long_command(
    make_app: MakeApp, make_gate: MakeGate
) -> None:
    numbers = [f"echo {number}" for number in range(12_000)]
    app = make_app(make_gate(text="\n".join(numbers), spans=()))
    async with app.run_test(size=(100, 30)) as pilot:
        await armed(pilot)
        view = app.query_one(ExactView)
        found: set[str] = set()
        for _ in range(4_000):
            found |= {view.render_line(y).text.strip() for y in range(view.size.height)}
            if numbers[-1] in found:
                break
            view.move(view.scrollable_content_region.height)
        assert found >= set(numbers)


@pytest.mark.parametrize("key", list("aAdm"))
async def test_keys_that_decide_elsewhere_say_so_in_the_inbox(
    make_app: MakeApp, make_gate: MakeGate, key: str
) -> None:
    app = make_app(make_gate(1), make_gate(2))
    async with app.run_test(size=(100, 30)) as pilot:
        await app.push_screen(Inbox())
        await pilot.pause()
        line = app.screen.query_one("#card-line", Static)
        await pilot.press(key)
        assert "Enter opens" in str(line.content)
        await pilot.press("down")
        assert str(line.content) == ""
        assert decisions(app) == []


async def test_an_inbox_that_was_opened_empty_says_so(make_app: MakeApp) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await app.push_screen(Inbox())
        await pilot.pause()
        await pilot.press("a")
        assert "nothing to decide" in str(app.screen.query_one("#card-line", Static).content)


async def test_the_inbox_closes_with_the_last_that_waited(
    make_app: MakeApp, make_gate: MakeGate
) -> None:
    app = make_app(make_gate(1))
    async with app.run_test(size=(100, 30)) as pilot:
        app.dialog.put_off()
        await app.push_screen(Inbox())
        await pilot.pause()
        app.set_gates()
        app.screen.sync()
        await pilot.pause()
        assert not isinstance(app.screen, Inbox)
        await pilot.press("x")
        assert app.prompt == "x"


async def test_the_chosen_line_of_the_inbox_is_marked_and_its_ends_are_ends(
    make_app: MakeApp, make_gate: MakeGate
) -> None:
    app = make_app(make_gate(1), make_gate(2), make_gate(3))
    async with app.run_test(size=(100, 30)) as pilot:
        await app.push_screen(Inbox())
        await pilot.pause()
        listing = app.screen.query_one(OptionList)

        def marked() -> list[int]:
            rows = [str(option.prompt) for option in listing.options]
            return [number for number, row in enumerate(rows) if row.startswith("▎")]

        assert marked() == [0]
        for keys, chosen in ((["up", "k"], 0), (["down"], 1), (["j", "down", "j"], 2)):
            await pilot.press(*keys)
            await pilot.pause()
            assert (listing.highlighted, marked()) == (chosen, [chosen])
        await pilot.press("space")
        assert listing.highlighted == 2


@pytest.mark.parametrize("risk", [RiskLevel.HIGH, RiskLevel.MEDIUM])
@pytest.mark.parametrize("peeking", [False, True])
@pytest.mark.parametrize("columns", [30, 40, 60, 80, 100, 120, 200])
async def test_every_key_is_named_whole(
    make_gate: MakeGate, risk: RiskLevel, peeking: bool, columns: int
) -> None:
    room = width_on(columns) - 6
    line = keys_offered(make_gate(risk=risk), room, others=True, peeking=peeking)
    rows = line.plain.split("\n")
    assert all(cell_len(row) <= room for row in rows)
    assert len(line.wrap(room)) == len(rows)
    assert line.plain.endswith("Esc later")
    assert columns < 120 or len(rows) == 1


async def test_times_in_the_inbox_go_on(make_app: MakeApp, make_gate: MakeGate) -> None:
    now = NOW
    app = make_app(make_gate(1, opened_at=NOW - 7.9), make_gate(2, opened_at=NOW - 100))
    async with app.run_test(size=(100, 30)) as pilot:
        await app.push_screen(Inbox(clock=lambda: now))
        await pilot.pause()
        await pilot.press("down")
        listing = app.screen.query_one(OptionList)

        def rows() -> list[str]:
            return [str(option.prompt) for option in listing.options]

        chosen = listing.highlighted
        assert any("7 s" in row for row in rows())
        now = NOW + 30
        for _ in range(100):
            await pilot.pause(0.02)
            if any("37 s" in row for row in rows()):
                break
        assert any("37 s" in row for row in rows())
        assert any("2 min" in row for row in rows())
        assert listing.highlighted == chosen


@given(st.floats(min_value=0, max_value=10_000_000))
def test_a_duration_reads_the_same_until_it_is_said_to_change(seconds: float) -> None:
    change = next_duration_change(seconds)
    assert change > 0
    # A float's own grain is left to the timer, which is coarser.
    assert duration(seconds + change * 0.5) == duration(seconds)
    assert duration(seconds + change + 0.001) != duration(seconds)


async def test_no_fact_can_turn_the_line_around(make_app: MakeApp, make_gate: MakeGate) -> None:
    turned = "\N{RIGHT-TO-LEFT OVERRIDE}"
    gate = make_gate(
        cwd=f"/work/{turned}evil", intent=f"i{turned}", effect=f"e{turned}", reasons=(f"r{turned}",)
    )
    app = make_app(gate)
    async with app.run_test() as pilot:
        await armed(pilot)
        facts = str(app.query_one("#gate-facts").render())
    assert "evil" in facts
    assert turned not in facts


async def test_an_approval_that_no_person_typed_leaves_the_gate(
    make_app: MakeApp, make_gate: MakeGate
) -> None:
    app = make_app(make_gate())
    app.nobody = "Not approved: no tmux client typed this"
    async with app.run_test(size=(80, 24)) as pilot:
        await armed(pilot)
        await pilot.press("A")
        await until_held_is_over(pilot)
        await pilot.pause()
        assert app.sent == []
        assert app.dialog.display
        assert [note.message for note in app._notifications] == [app.nobody]
        await armed(pilot)
        await pilot.press("d")
        await decided(pilot)
        assert decisions(app) == [("g1", "deny", "")]


TREE = "HIGH: rewrites a shared branch\ncommands:\n  git push --force origin main  ← HIGH"


async def test_the_tree_of_a_command_is_unfolded_and_scrolled(
    make_app: MakeApp, make_gate: MakeGate
) -> None:
    more = [f"  echo {number}  ← MEDIUM" for number in range(60)]
    app = make_app(make_gate(1), make_gate(2, action="write_file", text="/srv/x"))
    app.explained = "\n".join([TREE, *more])
    async with app.run_test(size=(100, 30)) as pilot:
        await armed(pilot)
        view = app.query_one(ExactView)

        def seen() -> str:
            return "\n".join(view.render_line(y).text for y in range(view.size.height))

        async def unfolded() -> None:
            await press(pilot, "t")
            for _ in range(60):
                await pilot.pause(0.01)
                if view.unfolded:
                    return await passes(pilot, QUIET)
            raise AssertionError("nothing was unfolded")

        await unfolded()
        assert [one.gate_id for one in app.sent] == ["g1"]
        assert "git push --force origin main  ← HIGH" in seen()
        # The verdict stands in the facts already.
        assert "rewrites a shared branch" not in seen()
        await pilot.press("end")
        await pilot.pause()
        assert "echo 59  ← MEDIUM" in seen()
        await armed(pilot)
        await press(pilot, "t")
        await pilot.pause()
        assert "commands:" not in seen()
        assert seen().startswith("git push")
        # What the engine answers late is for the gate that asked.
        await armed(pilot)
        await press(pilot, "n")
        await armed(pilot)
        await press(pilot, "t")
        await pilot.pause()
        assert app.dialog.gate.id == "g2"
        assert "commands:" not in seen()
        assert len(app.sent) == 1
        await press(pilot, "p")
        await armed(pilot)
        await unfolded()
        await pilot.press("A")
        await decided(pilot)
        assert decisions(app) == [("g1", "approve", "")]


async def test_a_gate_leaves_to_be_seen_what_is_typed_in_a_pane(
    make_app: MakeApp, make_gate: MakeGate
) -> None:
    class Pane(Static):
        cursor_row = 20

    app = make_app(make_gate())
    async with app.run_test(size=(120, 40)) as pilot:
        pane = Pane(id="pane")
        pane.styles.position = "absolute"
        pane.styles.offset, pane.styles.width, pane.styles.height = (70, 1), 50, 30
        await app.mount(pane)
        await pilot.pause()
        assert app.dialog.region.overlaps(pane.region)
        app.keyboard_holder = pane
        app.dialog.keyboard_moved()
        await pilot.pause()
        assert not app.dialog.region.overlaps(pane.region)
        assert app.query_one("#gate-facts").display
        # Without room beside it, at the other end of where is typed.
        pane.styles.offset, pane.styles.width = (0, 1), 120
        for row in (3, 28, 4):
            pane.cursor_row = row
            await pilot.pause()
            await pilot.press("x")
            await pilot.pause()
            covered = app.dialog.region
            assert covered.height < 10
            assert row not in covered.line_range
        assert decisions(app) == []
        app.keyboard_holder = None
        app.dialog.keyboard_moved()
        await pilot.pause()
        assert app.query_one("#gate-facts").display
        await armed(pilot)
