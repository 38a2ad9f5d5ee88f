"""What each screen sends, hands back and says when it goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.color import Color
from textual.events import Key
from textual.widgets import Input, OptionList, Static

from agent.hosted.profile_files import load
from agent.protocol.agents import Mode, SessionSummary
from agent.protocol.commands.agents import (
    CreateAgent,
    ReadDefaultMode,
    ResumeAgent,
    SetBudget,
    StopAgent,
)
from agent.protocol.commands.engine import Configure, ReadUsage, StartDemo
from agent.protocol.commands.gates import Answer
from agent.protocol.commands.limits import SetDayLimit
from agent.protocol.conversation import Block, BlockKind
from agent.protocol.gates import Question
from agent.protocol.usage import Budget, Course, Usage
from tests.stubs.spending import REPORT
from tests.tui.themes.test_theme import contrast
from tui.gate.inbox import Inbox
from tui.screens.confirm import ConfirmScreen, RenameScreen
from tui.screens.first_run import FirstRunScreen
from tui.screens.new_agent import NewAgentScreen
from tui.screens.one_of import OneOf
from tui.screens.question import QuestionScreen
from tui.screens.sessions import SessionsScreen
from tui.screens.stop_agent import StopAgentScreen
from tui.screens.usage import Head, Rows, UsageScreen
from tui.themes.theme import LIGHT

Host = Callable[..., Any]
NOW = 1_790_000_000.0


def line(app: Any) -> str:
    return str(app.screen.query_one("#card-line", Static).visual)


async def settle(pilot: Any) -> None:
    for _ in range(3):
        await pilot.pause()
        await pilot.app.workers.wait_for_complete()


# First run --------------------------------------------------------------------------------------


async def test_a_refused_key_that_looks_like_none_is_said_to(host: Host) -> None:
    app = host(FirstRunScreen())
    async with app.run_test() as pilot:
        app.refuse = "No network, so api.anthropic.com cannot be found: connect, then try again."
        await pilot.press("2", *"nonsense", "enter")
        await settle(pilot)
        assert line(app).startswith(app.refuse)
        assert "begins with sk-" in line(app)


async def test_the_demo_is_one_key_away(host: Host) -> None:
    app = host(FirstRunScreen())
    async with app.run_test() as pilot:
        await pilot.press("enter")
        await settle(pilot)
        assert app.sent == [Configure(provider="demo"), StartDemo()]
        assert app.results == ["demo"]


async def test_a_key_is_tried_and_never_shown(host: Host) -> None:
    app = host(FirstRunScreen())
    async with app.run_test() as pilot:
        await pilot.press("2", *"sk-secret")
        assert "sk-secret" not in app.export_screenshot()
        app.refuse = "The key was not accepted: check it, or make another"
        await pilot.press("enter")
        await settle(pilot)
        assert line(app) == app.refuse
        assert app.results == []
        app.refuse = ""
        await pilot.press("enter")
        await settle(pilot)
        assert app.sent[-1] == Configure(provider="anthropic", api_key="sk-secret")
        assert app.results == ["configured"]


async def test_an_empty_key_is_not_sent(host: Host) -> None:
    app = host(FirstRunScreen())
    async with app.run_test() as pilot:
        await pilot.press("2", "enter")
        await settle(pilot)
        assert app.sent == []
        assert "Paste a key" in line(app)


async def test_an_endpoint_by_example(host: Host) -> None:
    app = host(FirstRunScreen())
    async with app.run_test() as pilot:
        await pilot.press("3", "f5", "f5", "enter")
        await pilot.press(*"qwen3:32b", "enter")
        await settle(pilot)
        # The key is the last field; what is filled in is not tried before.
        assert app.sent == []
        assert app.screen.focused.id == "endpoint-key"
        await pilot.press("enter")
        await settle(pilot)
        assert app.sent == [
            Configure(provider="endpoint", base_url="http://localhost:1234", model="qwen3:32b")
        ]


async def test_an_endpoint_without_a_model_says_so(host: Host) -> None:
    app = host(FirstRunScreen())
    async with app.run_test() as pilot:
        await pilot.press("3", "enter", "enter", "enter")
        await settle(pilot)
        assert app.sent == []
        assert "Name a model" in line(app)
        await pilot.press("q")
        await settle(pilot)
        assert "Name a model" not in line(app)


async def test_what_is_typed_without_looking_is_kept_and_chooses_nothing(host: Host) -> None:
    kept: list[str] = []
    app = host(FirstRunScreen(lambda event: kept.append(event.character or event.key)))
    async with app.run_test() as pilot:
        await pilot.press(*"a1", "backspace", *"dd 3", "enter")
        await settle(pilot)
        assert kept[:2] == ["a", "1"]
        assert kept[3:] == ["d", "d", " ", "3"]
        assert app.sent == []
        assert app.screen.form == "choices"
        assert "kept in the prompt" in line(app)
        # That Enter was the end of it: from now on keys choose.
        await pilot.press("3")
        assert app.screen.form == "endpoint"


async def test_escape_goes_back_then_skips(host: Host) -> None:
    app = host(FirstRunScreen())
    async with app.run_test() as pilot:
        await pilot.press("3", "escape")
        assert app.screen.form == "choices"
        await pilot.press("escape")
        await settle(pilot)
        assert app.results == ["skipped"]
        assert app.sent == []


# Sessions whose directory is gone ---------------------------------------------------------------


async def test_a_session_whose_directory_is_gone_is_only_looked_at(
    host: Host, make_agent: Any
) -> None:
    app = host(SessionsScreen(clock=lambda: NOW))
    app.sessions = [make_agent(1, archived=True, directory="/srv/work/gone")]
    app.blocks = [Block(id=1, kind=BlockKind.ASSISTANT, at=NOW, text="I mended the clock.")]
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        shown = "\n".join(strip.text for strip in app.screen._compositor.render_strips())
        assert "I mended the clock." in shown
        assert "/srv/work/gone is gone" in shown
        assert not [one for one in app.sent if isinstance(one, ResumeAgent)]
        await pilot.press("escape")
        await settle(pilot)
        assert isinstance(app.screen, SessionsScreen)
        assert app.results == []


async def test_sessions_are_found_by_prompt_and_id(host: Host, make_agent: Any) -> None:
    app = host(SessionsScreen(clock=lambda: NOW))
    said = ("mend the clock", "wind the clock", "paint the door")
    app.sessions = [
        SessionSummary(
            **{**dict(make_agent(1, id=f"{n}abcdef01234", name="proj")), "archived": True},
            prompt=prompt,
            used_at=NOW - 60 * n,
        )
        for n, prompt in enumerate(said, 1)
    ]
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        shown = "\n".join(strip.text for strip in app.screen._compositor.render_strips())
        for n, prompt in enumerate(said, 1):
            [row] = [line for line in shown.splitlines() if prompt in line]
            assert f"{n} min  {n}abcde  {prompt}" in row
        listing = app.screen.query_one("#sessions", OptionList)
        for wanted, found in (("paint", "3abcdef01234"), ("2abc", "2abcdef01234")):
            app.screen.query_one("#filter", Input).value = wanted
            await settle(pilot)
            assert [option.id for option in listing.options] == [found]


# New agent --------------------------------------------------------------------------------------


async def test_a_new_agent_with_defaults(host: Host, tmp_path: Path) -> None:
    app = host(NewAgentScreen(str(tmp_path)))
    async with app.run_test() as pilot:
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert app.results == [CreateAgent(directory=str(tmp_path))]


async def test_a_choice_takes_the_keys_that_come_together_in_their_order(
    host: Host, tmp_path: Path
) -> None:
    app = host(NewAgentScreen(str(tmp_path)))
    async with app.run_test() as pilot:
        await settle(pilot)
        wall = app.screen.query_one("#wall", OneOf)
        worktree = app.screen.query_one("#worktree", OneOf)
        app.screen.set_focus(wall)
        await pilot.pause()
        for burst, chosen in (
            (["left", "down"], ("no wall", "as the settings say")),
            (["right", "up", "space", "down"], ("as the settings say", "its own")),
            (["up", "left", "enter"], ("no wall", "its own")),
        ):
            for key in burst:
                app.post_message(Key(key, " " if key == "space" else None))
            await settle(pilot)
            assert (wall.value, worktree.value) == chosen, burst
        assert app.results == [CreateAgent(directory=str(tmp_path), wall=False, worktree=True)]


@pytest.mark.parametrize(
    ("mode", "because", "said"),
    [
        ("careful", "untrusted", "careful, as you do not trust this directory yet"),
        ("standard", "trusted", "standard, as you trust this directory"),
        ("plan", "settings", "plan, as your settings say"),
    ],
)
async def test_it_says_what_is_taken_where_nothing_is_chosen(
    host: Host, tmp_path: Path, mode: str, because: str, said: str
) -> None:
    app = host(NewAgentScreen(str(tmp_path), model="qwen3:32b at http://localhost:11434"))
    app.default_mode = {"mode": mode, "because": because, "wall": False, "worktree": True}
    async with app.run_test() as pilot:
        await settle(pilot)
        assert app.sent == [ReadDefaultMode(directory=str(tmp_path))]
        mode_said = app.screen.query_one("#mode-said", Static)
        assert str(mode_said.visual) == f"{said.capitalize()}."
        assert f"● {mode}" in str(app.screen.query_one("#mode").render())
        # What the settings say is said.
        for field, meaning in (("#wall", "none"), ("#worktree", "its own")):
            shown = str(app.screen.query_one(field).render())
            assert f"as the settings say: {meaning}" in shown
        assert "qwen3:32b at http" in app.screen.query_one("#model", Input).placeholder
        # What was chosen is not talked over by a later look.
        await pilot.press(*["down"] * 5, "right", *["up"] * 5, "end", "/", ".")
        await settle(pilot)
        assert len(app.sent) > 1
        modes = ["plan", "careful", "standard"]
        following = modes[(modes.index(mode) + 1) % 3]
        assert app.screen.query_one("#mode", OneOf).value == following
        assert str(mode_said.visual).startswith("It ")


async def test_an_agent_of_another_maker_is_chosen_or_recognised(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profiles = load(tmp_path / "none")
    (tmp_path / "opencode").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    app = host(NewAgentScreen(str(tmp_path), profiles=profiles))
    async with app.run_test(size=(60, 30)) as pilot:
        await settle(pilot)
        screen, chosen = app.screen, app.screen.query_one("#profile", OneOf)
        assert chosen.value == "none"
        await pilot.press(*["down"] * 4, *"claude -c")
        await pilot.pause()
        assert chosen.value == "claude"
        # Those that are not installed are marked, and it says what to do.
        assert "× aider" in str(chosen.render())
        placeholder = screen.query_one("#command", Input).placeholder
        assert placeholder == "claude is not on PATH: install it, or give its path"
        said = screen.query_one("#profile-said", Static)
        assert str(said.visual) == "× is not installed"
        # One that is not there is not started, by its name or by its command.
        await pilot.press("enter")
        await settle(pilot)
        assert str(said.visual) == placeholder
        assert app.results == []
        # One choice puts the other away, and takes it back.
        command = screen.query_one("#command", Input)
        await pilot.press("right")
        await pilot.pause()
        assert (chosen.value, command.value) == ("codex", "")
        await pilot.press("enter")
        await settle(pilot)
        assert str(said.visual) == "codex is not on PATH: install it, or give its path"
        assert app.results == []
        await pilot.press("left")
        await pilot.pause()
        assert (chosen.value, command.value) == ("claude", "claude -c")
        await pilot.press("up", *["backspace"] * 9, *"htop")
        await pilot.pause()
        assert (chosen.value, command.value) == ("none", "htop")
        assert screen.query_one("#name", Input).placeholder == "empty: htop"
        await pilot.press("down", "left")
        await pilot.pause()
        assert (chosen.value, command.value) == ("opencode", "")
        await pilot.press("right")
        await pilot.pause()
        assert (chosen.value, command.value) == ("none", "htop")
        await pilot.press("left")
        # There is no room for all of them: the one that is chosen is shown.
        assert chosen.value == "opencode"
        assert "● opencode" in str(chosen.render())
        assert "○ gemini" not in str(chosen.render())
        assert "none" not in str(chosen.render())
        assert screen.query_one("#command", Input).placeholder == "empty: opencode"
        await pilot.press("enter")
        await settle(pilot)
        assert app.results == [CreateAgent(directory=str(tmp_path), profile="opencode")]


async def test_all_agents_of_other_makers_are_seen_at_80_columns(
    host: Host, tmp_path: Path
) -> None:
    profiles = load(tmp_path / "none")
    app = host(NewAgentScreen(str(tmp_path), profiles=profiles))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        offered = app.screen.query_one("#profile", OneOf)
        shown = str(offered.render())
        assert all(name in shown for name in ("none", *profiles.by_name))
        assert len(shown) <= offered.content_size.width
        await pilot.click(offered, offset=(shown.index("opencode") + 1, 0))
        assert offered.value == "opencode"


async def test_every_field_is_handed_over(host: Host, tmp_path: Path) -> None:
    app = host(NewAgentScreen(str(tmp_path)))
    async with app.run_test() as pilot:
        await settle(pilot)
        await pilot.press("down", *"fix it", "down", *"fixer", "down", *"big", "down", *"htop")
        await pilot.press("down", "right", "down", "right", "enter")
        await settle(pilot)
        assert app.results == [
            CreateAgent(
                directory=str(tmp_path),
                wall=True,
                prompt="fix it",
                name="fixer",
                model="big",
                command="htop",
                mode=Mode.STANDARD,
            )
        ]


async def test_a_directory_that_is_not_there(host: Host, tmp_path: Path) -> None:
    app = host(NewAgentScreen(str(tmp_path)))
    async with app.run_test() as pilot:
        await settle(pilot)
        await pilot.press("end", *"/nowhere")
        await settle(pilot)
        said = str(app.screen.query_one("#directory-said", Static).visual)
        assert said == "This directory does not exist"
        await pilot.press("enter")
        await settle(pilot)
        assert app.results == []
        assert app.export_screenshot().count("exist") == 1
        await pilot.press("escape")
        await settle(pilot)
        assert app.results == [None]


async def test_tab_completes_and_then_moves_on(host: Host, tmp_path: Path) -> None:
    (tmp_path / "orchard" / "only").mkdir(parents=True)
    (tmp_path / "orchestra").mkdir()
    (tmp_path / "orchid.txt").touch()
    app = host(NewAgentScreen(str(tmp_path)))
    async with app.run_test() as pilot:
        await settle(pilot)
        field = app.screen.query_one("#directory", Input)
        await pilot.press("tab", "shift+tab")
        assert field.value == str(tmp_path)
        assert app.focused is field
        await pilot.press("end", *"/or")
        await settle(pilot)
        await pilot.press("tab")
        await settle(pilot)
        assert field.value == f"{tmp_path}/orch"
        await pilot.press("a", "tab")
        await settle(pilot)
        assert field.value == f"{tmp_path}/orchard/"
        await pilot.press("tab")
        assert app.focused is app.screen.query_one("#task")
        # It goes on into the directory for who writes on.
        await pilot.press("shift+tab", "end", "o", "tab")
        assert field.value == f"{tmp_path}/orchard/only/"


# Sessions, stop, rename, question ---------------------------------------------------------------


async def test_an_archived_session_is_resumed(host: Host, make_agent: Any, tmp_path: Path) -> None:
    app = host(SessionsScreen(clock=lambda: NOW))
    there = tmp_path / "orchard-2"
    there.mkdir()
    app.sessions = [make_agent(1), make_agent(2, archived=True, directory=str(there))]
    async with app.run_test() as pilot:
        await settle(pilot)
        await pilot.press(*"orchard-2", "enter")
        await settle(pilot)
        assert app.sent[-1] == ResumeAgent(agent_id="a2")
        assert app.results == ["a2"]


async def test_a_session_on_the_list_is_only_looked_at(host: Host, make_agent: Any) -> None:
    app = host(SessionsScreen(clock=lambda: NOW))
    app.sessions = [make_agent(1), make_agent(2, archived=True)]
    async with app.run_test() as pilot:
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert not any(isinstance(command, ResumeAgent) for command in app.sent)
        assert app.results == ["a1"]


async def test_arrows_choose_a_session_while_the_filter_is_written(
    host: Host, make_agent: Any
) -> None:
    app = host(SessionsScreen(clock=lambda: NOW))
    app.sessions = [make_agent(n) for n in range(1, 8)]
    async with app.run_test() as pilot:
        await settle(pilot)
        await pilot.press(*"orch", "down", "down", "up", "down", *"ard")
        assert app.screen.query_one("#filter", Input).value == "orchard"
        await pilot.press("pagedown", "up", "enter")
        await settle(pilot)
        assert app.results == ["a6"]


@pytest.mark.parametrize("theme", ["tungsten", "tungsten-light"])
async def test_the_chosen_session_is_marked(host: Host, make_agent: Any, theme: str) -> None:
    app = host(SessionsScreen(clock=lambda: NOW))
    app.sessions = [make_agent(n) for n in range(1, 4)]
    async with app.run_test(size=(120, 40)) as pilot:
        app.register_theme(LIGHT)
        app.theme = theme
        await settle(pilot)
        await pilot.press("down")
        await settle(pilot)
        listing = app.screen.query_one("#sessions", OptionList)
        rows = [listing.render_line(y) for y in range(3)]
        assert [row.text[0] for row in rows] == [" ", "▎", " "]
        grounds = [
            Color.from_rich_color([one.style for one in row if one.style][-1].bgcolor)
            for row in rows
        ]
        assert grounds[0] == grounds[2]
        assert contrast(grounds[0], grounds[1]) > 1.2


async def test_what_an_agent_does_is_seen_while_one_decides_to_stop_it(
    host: Host, make_agent: Any
) -> None:
    now = NOW
    agent = make_agent(1, state="working", since=NOW - 58, activity="runs the tests")
    app = host(StopAgentScreen(agent, clock=lambda: now), agents=(agent,))
    async with app.run_test() as pilot:

        def doing() -> str:
            return str(app.screen.query_one("#doing", Static).visual)

        await pilot.pause()
        assert doing() == "● working for 58 s  runs the tests"
        now += 62.5
        for _ in range(300):
            await pilot.pause(0.01)
            if "for 2 min" in doing():
                break
        assert doing() == "● working for 2 min  runs the tests"
        usage = Usage(requests=3, input_tokens=1_200, cost=0.25)
        done = agent.model_copy(update={"state": "done", "since": now, "usage": usage})
        app.state = app.state.model_copy(update={"agents": (done,)})
        app.screen.agents_changed()
        assert "done for 0 s" in doing()
        assert doing().endswith("3 requests · 1.2k tokens · $0.25")


async def test_stopping_waits_until_it_has_stopped(host: Host, make_agent: Any) -> None:
    app = host(StopAgentScreen(make_agent()))
    gone = asyncio.Event()
    answer = app.engine_send

    async def slow(command: Any) -> Any:
        await gone.wait()
        return await answer(command)

    app.engine_send = slow
    async with app.run_test() as pilot:
        await pilot.press("enter")
        await pilot.pause()
        assert line(app) == ""
        await pilot.press("y")
        await pilot.pause()
        assert "waiting until its processes are gone" in line(app)
        assert app.results == []
        gone.set()
        await settle(pilot)
        assert app.sent == [StopAgent(agent_id="a1")]
        assert app.results == [True]


async def test_enter_confirms_nothing(host: Host) -> None:
    app = host(ConfirmScreen("Really?", "All of it."))
    async with app.run_test() as pilot:
        await pilot.press("enter", "space", "a")
        assert app.results == []
        await pilot.press("n")
        await settle(pilot)
        assert app.results == [False]


async def test_a_dialog_over_another_shows_no_edge_of_it(host: Host) -> None:
    lower = ConfirmScreen("Lower?", "\n".join("All of it." for _ in range(9)))
    app = host(lower)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert sum("╰" in strip.text for strip in lower._compositor.render_strips()) == 1
        await app.push_screen(ConfirmScreen("Upper?", "This."))
        await settle(pilot)
        shown = "\n".join(strip.text for strip in app.screen._compositor.render_strips())
        assert "Upper?" in shown
        assert (shown.count("╰"), shown.count("╭")) == (1, 1)


@pytest.mark.parametrize(("typed", "result"), [("x", "x"), ("", None)])
async def test_rename(host: Host, typed: str, result: str | None) -> None:
    app = host(RenameScreen("mender"))
    async with app.run_test() as pilot:
        await pilot.press(*typed, "enter")
        await settle(pilot)
        assert app.results == [result]


async def test_an_option_answers(host: Host, question: Question) -> None:
    app = host(QuestionScreen(question))
    async with app.run_test() as pilot:
        await pilot.press("down", "enter")
        await settle(pilot)
        assert app.sent == [Answer(question_id="q1", text="The test: half to even")]
        assert app.results == [True]


async def test_own_words_answer(host: Host, question: Question) -> None:
    app = host(QuestionScreen(question))
    async with app.run_test() as pilot:
        await pilot.press("tab", *"neither", "enter")
        await settle(pilot)
        assert app.sent == [Answer(question_id="q1", text="neither")]


async def test_the_inbox_is_sorted_by_how_long_agents_wait_and_answers_questions(
    host: Host, gates: Any, question: Question
) -> None:
    # The last one is of the agent that has asked for longest.
    also = gates[1].model_copy(update={"id": "g3", "agent_id": "a1", "opened_at": NOW - 1})
    own = gates[1].model_copy(update={"id": "own", "agent_id": "a1", "actor": "person"})
    app = host(Inbox(clock=lambda: NOW), gates=(*gates, also, own), questions=(question,))
    async with app.run_test() as pilot:
        await settle(pilot)
        listing = app.screen.query_one(OptionList)
        order = [listing.get_option_at_index(n).id for n in range(listing.option_count)]
        assert order == ["q1", "g3", "g1", "own", "g2"]
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, QuestionScreen)
        await pilot.press("escape", "down", "down", "enter")
        await settle(pilot)
        assert app.results == ["g1"]
        assert app.sent == []


# Usage ------------------------------------------------------------------------------------------


async def test_usage_turns_through_its_views_and_scrolls(host: Host) -> None:
    app = host(UsageScreen())
    app.report = REPORT
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        rows = app.screen.query_one(Rows)
        assert "No known price (+ ?): qwen3-coder:30b" in (
            said.split(". [")[0] for said in line(app).splitlines()
        )
        await pilot.press("right", "right")
        await settle(pilot)
        assert rows.view == "days"

        def text() -> str:
            return "\n".join(rows.render_line(y).text for y in range(rows.size.height))

        assert "2026-09-21" in text()
        assert "more ↓" in text()
        await pilot.press("end")
        await settle(pilot)
        # The headings stay.
        assert text().startswith(" days ")
        assert "2026-09-01" in text()
        assert "above ↑" in text()
        await pilot.press("left")
        await settle(pilot)
        assert rows.view == "sessions"
        assert "mend the parser" in text()
        await pilot.press("left", "left", "escape")
        await settle(pilot)
        assert app.results == [None]


async def test_the_list_of_usage_begins_at_its_first_row(host: Host) -> None:
    one = REPORT.agents[0]
    many = tuple(one.model_copy(update={"id": f"x{n}", "name": f"agent {n}"}) for n in range(40))
    app = host(UsageScreen("x0", clock=lambda: NOW))
    app.report = REPORT.model_copy(update={"agents": many})
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        rows = app.screen.query_one(Rows)
        assert "agent 0" in rows.render_line(1).text
        await pilot.press("end")
        await settle(pilot)
        assert "agent 39" in rows.render_line(rows.size.height - 2).text


async def test_an_agent_is_chosen_and_its_bars_are_drawn(host: Host) -> None:
    app = host(UsageScreen("w1", clock=lambda: NOW))
    app.report = REPORT
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        head, rows = app.screen.query_one(Head), app.screen.query_one(Rows)

        def bars() -> list[str]:
            return [head.render_line(y).text for y in (2, 3)]

        assert rows.chosen is not None
        assert rows.chosen.name == "read the tests"
        assert "nothing in this time" in bars()[1]
        await pilot.press("up", "up", "up")
        await settle(pilot)
        assert bars()[1].startswith("mend the")
        assert "█" in bars()[1]
        assert bars()[1].rstrip().endswith("at most 280k tokens an hour")
        await pilot.press("p", "m")
        await settle(pilot)
        assert bars()[0].startswith("14 days")
        assert bars()[0].rstrip().endswith("at most $2.80 a day")
        # Without a price it is not known what it cost; that is not nothing.
        head.report = REPORT.model_copy(
            update={"last_days": Course(tokens=(0, 9), dollars=(0.0, 0.0))}
        )
        head.redraw()
        await pilot.pause()
        assert bars()[0].split() == ["14", "days", "no", "known", "price"]
        await pilot.press("end")
        await settle(pilot)
        assert rows.chosen == REPORT.agents[-1]
        # Of a day or a model nobody has a budget.
        await pilot.press("right", "b")
        await settle(pilot)
        assert "Budgets are of agents" in line(app)
        assert app.sent[1:] == []


async def test_budgets_are_changed_where_it_is_seen_what_was_used(
    host: Host, make_agent: Any
) -> None:
    agent = make_agent(1, name="mend the parser", created_at=NOW - 600, budget=Budget(requests=90))
    app = host(UsageScreen("a1", clock=lambda: NOW), agents=(agent,))
    app.report = REPORT
    async with app.run_test(size=(80, 24)) as pilot:

        def fields() -> dict[str | None, str]:
            return {field.id: field.value for field in app.screen.query(Input)}

        await settle(pilot)
        assert line(app) == "mend the parser has used 68 of 90 requests"
        await pilot.press("b")
        await settle(pilot)
        used = [str(one.visual) for one in app.screen.query(".budget-used")]
        # With its workers.
        assert used == ["$1.94 used", "68 used", "2,851,297 used", "10 passed"]
        assert fields() == {"dollars": "", "requests": "90", "tokens": "", "minutes": ""}
        await pilot.press(*"5x", "enter")
        await settle(pilot)
        assert line(app) == "dollars: a number such as 5, or nothing for no limit."
        await pilot.press("backspace", "tab", "end", "backspace", "backspace")
        await pilot.press("2", "full_stop", "5", "enter")
        await settle(pilot)
        assert line(app) == "requests: a whole number, or nothing for no limit."
        await pilot.press("backspace", "backspace", "enter")
        await settle(pilot)
        assert "Spent already: requests (68 used)" in line(app)
        assert [one for one in app.sent if isinstance(one, SetBudget)] == []
        await pilot.press("0", "0", "enter")
        await settle(pilot)
        assert app.sent[-2:] == [
            SetBudget(agent_id="a1", budget=Budget(dollars=5, requests=200)),
            ReadUsage(),
        ]
        assert line(app) == "Kept: $5.00, 200 requests at most."
        # What is spent already is kept at the second Enter.
        await pilot.press("d")
        await settle(pilot)
        assert fields() == {"dollars": "20", "requests": "500", "tokens": ""}
        await pilot.press("end", "backspace", "backspace", "0", "enter")
        await settle(pilot)
        # What has no price would not be asked at all.
        assert "so not asked under a limit in dollars: qwen3-coder:30b" in line(app)
        await pilot.press("enter")
        await settle(pilot)
        assert app.sent[-2] == SetDayLimit(limit=Budget(dollars=0, requests=500))
        # A refusal stays in the card, with what was written.
        await pilot.press("d")
        await settle(pilot)
        app.refuse = "config.toml is left as it is"
        await pilot.press("enter")
        await settle(pilot)
        assert line(app) == app.refuse
        app.refuse = ""
        await pilot.press("escape")
        await settle(pilot)
        # An agent that is not there has none.
        await pilot.press("end", "b")
        await settle(pilot)
        assert "is archived" in line(app)


async def test_usage_that_cannot_be_read_is_said(host: Host) -> None:
    app = host(UsageScreen())
    app.refuse = "The database is locked: try again."
    async with app.run_test() as pilot:
        await settle(pilot)
        assert line(app) == app.refuse
