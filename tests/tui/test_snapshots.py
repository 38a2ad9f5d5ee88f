"""How the cockpit looks, at the three sizes that are promised."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from agent.errors import EngineVersionDiffers
from agent.paths import Paths
from agent.protocol.blocked import Blocked
from agent.protocol.conversation import Block, BlockKind
from agent.protocol.gates import Question
from agent.protocol.snapshot import DemoStatus, Snapshot
from agent.protocol.wire import Wire
from tests.stubs import scenes
from tests.stubs.scripted_engine import Handler, ScriptedEngine
from tests.tui.conftest import engine_in_a_thread
from tui.app import TungstenApp

SIZES = [(80, 24), (120, 40), (200, 50)]
sizes = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")

CALM = scenes.BUSY.model_copy(update={"gates": ()})
TALK = {"a1": list(scenes.CONVERSATION)}

SCREEN = (
    "\x1b[1;32mada@host\x1b[0m:\x1b[34m~/parser\x1b[0m$ python -m unittest",
    "F.....",
    "\x1b[31mFAIL: test_line_of (tests.TestOffsets)\x1b[0m",
    "AssertionError: 2 != 1",
    "",
    "Ran 6 tests in 0.004s",
    "",
    "\x1b[1;31mFAILED\x1b[0m (failures=1)",
    "\x1b[1;32mada@host\x1b[0m:\x1b[34m~/parser\x1b[0m$ python -m unittest",
)

Shoot = Callable[..., bool]


@pytest.fixture
def shoot(snap_compare: Any, paths: Paths, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shoot]:
    """Compare the cockpit on a scripted engine with its picture, after some keys."""
    from tui.terminal.pane_view import PaneView
    from tungsten.frame import Frame

    frame = Frame(
        lines=SCREEN,
        width=80,
        height=24,
        cursor_x=0,
        cursor_y=9,
        cursor_visible=True,
        in_mode=False,
        dead=False,
        alternate=False,
        title="bash",
        history_size=0,
    )
    monkeypatch.setattr(PaneView, "_connect", lambda view, _: view._take_frame(frame))
    contexts: list[Any] = []

    def shot(
        snapshot: Snapshot,
        size: tuple[int, int],
        *keys: str,
        transcripts: dict[str, list[Block]] = TALK,
        theme: str = "tungsten",
        connect: Any = None,
        answers: Mapping[type[Wire], Handler] | None = None,
        shows: Callable[[TungstenApp], bool] = lambda _: True,
    ) -> bool:
        engine = ScriptedEngine(paths.engine_socket, snapshot, transcripts=transcripts)
        engine.handlers.update(answers or {})
        context = engine_in_a_thread(engine)
        context.__enter__()
        contexts.append(context)
        directory = Path("/home/ada/parser")
        app = TungstenApp(paths, now=lambda: scenes.NOW, directory=directory, connect=connect)
        app.theme = theme

        async def settle(pilot: Pilot[None]) -> None:
            app.cockpit.prompt.cursor_blink = False
            for _ in range(500):
                await pilot.pause(0.01)
                settled = app.ready.is_set() and not waits_for_transcript(app)
                if app.problem or (settled and not waits_for_dialog(app)):
                    break
            for key in keys:
                await pilot.press(key)
                await pilot.pause(0.05)
                for _ in range(500):
                    if shows(app):
                        break
                    await pilot.pause(0.01)
            for _ in range(3):
                await pilot.pause(0.05)

        return bool(snap_compare(app, terminal_size=size, run_before=settle))

    yield shot
    for context in contexts:
        context.__exit__(None, None, None)


@sizes
def test_blocked_today(shoot: Shoot, size: tuple[int, int]) -> None:
    blocked = Blocked(seconds=4_000, at=scenes.NOW - 20, waiting=1)
    assert shoot(scenes.BUSY.model_copy(update={"blocked_today": blocked}), size, "escape")


def waits_for_transcript(app: TungstenApp) -> bool:
    agent = app.focused_agent
    return agent is not None and not app.transcript(agent.id).loaded


def waits_for_dialog(app: TungstenApp) -> bool:
    return bool(app.state.gates) and (app.gates is None or app.gates.gate is None)


@sizes
def test_busy(shoot: Shoot, size: tuple[int, int]) -> None:
    assert shoot(CALM, size)


@sizes
def test_light(shoot: Shoot, size: tuple[int, int]) -> None:
    assert shoot(CALM, size, theme="tungsten-light")


@sizes
def test_unfolded_diff(shoot: Shoot, size: tuple[int, int]) -> None:
    assert shoot(CALM, size, "tab", "up", "up", "enter")


@sizes
def test_no_agents(shoot: Shoot, size: tuple[int, int]) -> None:
    assert shoot(scenes.EMPTY, size)


@sizes
def test_no_engine(shoot: Shoot, size: tuple[int, int]) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise EngineVersionDiffers("0.9.0", "0.1.0")

    assert shoot(CALM, size, connect=refuse)


@sizes
def test_terminal_alone(shoot: Shoot, size: tuple[int, int]) -> None:
    assert shoot(CALM, size, "f4")


@sizes
def test_menu_of_commands(shoot: Shoot, size: tuple[int, int]) -> None:
    assert shoot(CALM, size, "/", "down")


@sizes
def test_tour(shoot: Shoot, size: tuple[int, int]) -> None:
    assert shoot(CALM, size, "slash", *"tour", "enter")


@sizes
def test_help(shoot: Shoot, size: tuple[int, int]) -> None:
    assert shoot(CALM, size, "f1")


@sizes
def test_palette(shoot: Shoot, size: tuple[int, int]) -> None:
    assert shoot(CALM, size, "ctrl+p", "m", "o")


@sizes
def test_question_queue_and_a_long_prompt(shoot: Shoot, size: tuple[int, int]) -> None:
    question = Question(
        id="q1",
        agent_id="a1",
        agent_name="mend the parser",
        asked_at=scenes.NOW,
        text="Which branch shall I commit to?",
        options=("main", "fix-offsets"),
    )
    agent = scenes.MENDER.model_copy(
        update={"queued": ("then run the linter", "and push"), "demo": True}
    )
    state = CALM.model_copy(
        update={
            "agents": (agent, *CALM.agents[1:]),
            "questions": (question,),
            "paused": True,
            "demo": DemoStatus(directory="/tmp/demo", state="paused"),
        }
    )
    assert shoot(state, size, *"one", "ctrl+j", *"two", "ctrl+j", *"three")


@sizes
def test_markdown(shoot: Shoot, size: tuple[int, int]) -> None:
    blocks = [
        Block(id=1, kind=BlockKind.USER, at=scenes.NOW, text="What is in here?"),
        Block(id=2, kind=BlockKind.ASSISTANT, at=scenes.NOW, text=MARKDOWN),
        Block(id=3, kind=BlockKind.ERROR, at=scenes.NOW, text="The model is overloaded."),
    ]
    assert shoot(CALM, size, transcripts={"a1": blocks})


def test_too_small(shoot: Shoot) -> None:
    assert shoot(CALM, (50, 12))


MARKDOWN = """\
# What I found

The parser is **small** and *clean*; see [its notes](https://example.org/notes).

> Offsets are zero-based.

- `offsets.py` counts lines
  - and columns
- `tokens.py` splits

| file | lines | note |
|------|------:|------|
| offsets.py | 48 | one off-by-one |
| tokens.py | 120 | fine |

```diff
-    return text.count("\\n", 0, offset + 1)
+    return text.count("\\n", 0, offset)
```

***

宽字符 and emoji 🎉 keep their columns.
"""
