"""How the cockpit looks."""

from __future__ import annotations

from agent.errors import EngineVersionDiffers
from agent.protocol.blocked import Blocked
from agent.protocol.conversation import Block, BlockKind
from agent.protocol.gates import Question
from agent.protocol.snapshot import DemoStatus
from tests.stubs import scenes
from tests.tui.shooting import CALM, Shoot


async def test_blocked_today(shoot: Shoot) -> None:
    blocked = Blocked(seconds=4_000, at=scenes.NOW - 20, waiting=1)
    await shoot(scenes.BUSY.model_copy(update={"blocked_today": blocked}), "escape")


async def test_busy(shoot: Shoot) -> None:
    await shoot(CALM)


async def test_unfolded_diff(shoot: Shoot) -> None:
    await shoot(CALM, "tab", "up", "up", "enter")


async def test_no_agents(shoot: Shoot) -> None:
    await shoot(scenes.EMPTY)


async def test_no_engine(shoot: Shoot) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise EngineVersionDiffers("0.9.0", "0.1.0")

    await shoot(CALM, connect=refuse)


async def test_terminal_alone(shoot: Shoot) -> None:
    await shoot(CALM, "f4")


async def test_menu_of_commands(shoot: Shoot) -> None:
    await shoot(CALM, "/", "down")


async def test_tour(shoot: Shoot) -> None:
    await shoot(CALM, "slash", *"tour", "enter")


async def test_help(shoot: Shoot) -> None:
    await shoot(CALM, "f1")


async def test_palette(shoot: Shoot) -> None:
    await shoot(CALM, "ctrl+p", "m", "o")


async def test_question_queue_and_a_long_prompt(shoot: Shoot) -> None:
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
    await shoot(state, *"one", "ctrl+j", *"two", "ctrl+j", *"three")


async def test_markdown(shoot: Shoot) -> None:
    blocks = [
        Block(id=1, kind=BlockKind.USER, at=scenes.NOW, text="What is in here?"),
        Block(id=2, kind=BlockKind.ASSISTANT, at=scenes.NOW, text=MARKDOWN),
        Block(id=3, kind=BlockKind.ERROR, at=scenes.NOW, text="The model is overloaded."),
    ]
    await shoot(CALM, transcripts={"a1": blocks})


async def test_too_small(shoot: Shoot) -> None:
    await shoot(CALM, sizes=((50, 12),))


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
