"""How the cockpit looks."""

from __future__ import annotations

from agent.errors import EngineVersionDiffers
from agent.protocol.agents import AgentState
from agent.protocol.blocked import Blocked
from agent.protocol.conversation import Block, BlockKind
from agent.protocol.gates import Question
from agent.protocol.hosted import Hosted, Spent
from agent.protocol.snapshot import DemoStatus, Setup
from tests.stubs import scenes
from tests.tui.camera import Camera
from tests.tui.settling import pressed
from tests.tui.shooting import CALM, Running, Shoot


async def test_blocked_today(shoot: Shoot) -> None:
    blocked = Blocked(seconds=4_000, at=scenes.NOW - 20, waiting=1)
    await shoot(scenes.BUSY.model_copy(update={"blocked_today": blocked}), "escape")


async def test_calm(camera: Camera, running: Running) -> None:
    states = {
        "busy": ((), ()),
        "menu": (("/", "down"), ("escape", "ctrl+u")),
        "arguments": (("slash", *"mode", "space"), ("escape", "ctrl+u")),
        "palette": (("ctrl+p", "m", "o"), ("escape",)),
        "no-such-action": (("ctrl+p", *"qqq"), ("escape",)),
        "help": (("f1",), ("escape",)),
        "terminal-alone": (("f4",), ("f4",)),
        "theme": (("slash", *"theme", "enter"), ("escape",)),
        "tour": (("slash", *"tour", "enter"), ("escape",)),
        "unfolded": (("tab", "up", "up", "enter"), ()),
    }
    async with running(CALM) as pilot:
        for name, (keys, back) in states.items():
            await pressed(pilot, *keys)
            await camera.take(pilot, name)
            await pressed(pilot, *back)


SIGNS_IN = {"state": AgentState.WAITING, "activity": "asks you to sign in"}


async def test_nothing_said(camera: Camera, running: Running) -> None:
    claude = {"kind": "command", "directory": "/home/ada/parser", "branch": "main"}
    hosted = Hosted(profile="claude", title="Claude Code", source="screen")
    told = Spent(tokens=248_120, cost=1.27, source="transcript")
    spent = hosted.model_copy(update={"spent": told})
    login = hosted.model_copy(update={"kind": "login"})
    playbook = {"kind": "playbook", "model": "", "name": "release", "panes": ()}
    kinds = {
        "ready": {"name": "new one", "state": AgentState.IDLE, "activity": "", "panes": ()},
        "hosted": {**claude, "name": "claude", "hosted": spent},
        "signs-in": {**claude, "name": "claude 2", "hosted": login, **SIGNS_IN},
        "command": {"kind": "command", "name": "htop", "model": "", "activity": "htop"},
        "playbook": playbook,
        "mcp": {**playbook, "kind": "mcp", "name": "by another program"},
    }
    agents = [
        scenes.MENDER.model_copy(update={"id": f"k{number}", "last_block": 0, **values})
        for number, values in enumerate(kinds.values())
    ]
    state = CALM.model_copy(update={"agents": tuple(agents)})
    async with running(state, transcripts={}) as pilot:
        for number, name in enumerate(kinds, 1):
            await pressed(pilot, f"alt+{number}")
            await camera.take(pilot, name)


async def test_no_model(shoot: Shoot) -> None:
    none = Setup(provider="none", base_url="", model="")
    await shoot(scenes.NO_MODEL.model_copy(update={"setup": none}))


async def test_no_agents(shoot: Shoot) -> None:
    await shoot(scenes.EMPTY)


async def test_no_engine(shoot: Shoot) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise EngineVersionDiffers("0.9.0", "0.1.0")

    await shoot(CALM, connect=refuse)


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
