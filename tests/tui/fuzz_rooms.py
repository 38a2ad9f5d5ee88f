"""Every screen and mode of the app, each with the way into it, over an engine that knows a lot."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from agent.dreams.dream_watch import DreamWatch
from agent.engine.engine_parts import Parts
from agent.hub import Hub
from agent.memories import memory_requests
from agent.protocol.agents import InstructionFile, SessionSummary
from agent.protocol.commands.agents import ListSessions, ReadDefaultMode
from agent.protocol.commands.engine import AskMemory, ReadUsage
from agent.protocol.commands.explain import ExplainGate
from agent.protocol.commands.gates import AlwaysAllow, Answer, Decide, SuggestRule
from agent.protocol.commands.history import ReadSentPrompts, SentPrompt
from agent.protocol.commands.isolation import PreviewRevert, Revert
from agent.protocol.commands.sessions import (
    ExportSession,
    ForkSession,
    ListTurns,
    SaidHit,
    SearchSessions,
    SessionTurn,
)
from agent.protocol.events import GateClosed, GateOpened, QuestionClosed
from agent.protocol.gates import Gate, Question, RiskLevel
from agent.protocol.snapshot import Snapshot
from agent.settings.settings import Dream
from memory.database import Database
from memory.errors import StorageError
from tests.agent.isolation.trees import git
from tests.stubs import scenes, spending
from tests.stubs.scripted_engine import Refusal, ScriptedEngine
from tests.tui.conftest import Cockpit
from tests.tui.fuzz_watch import QUIET
from tests.tui.screens import remembering
from tests.tui.screens.test_recording import TOLD, put
from tui.keys import actions

Enter = Callable[[Cockpit, Path], Awaitable[None]]

QUESTION = Question(
    id="q1",
    agent_id="a3",
    agent_name="write the notes",
    asked_at=scenes.NOW - 40,
    text="Which branch shall I begin from?",
    options=("main", "fix-offsets"),
)
SCENE: Snapshot = scenes.BUSY.model_copy(
    update={
        "agents": tuple(
            agent.model_copy(
                update={"instructions": (InstructionFile(path="/home/ada/AGENTS.md", tokens=90),)}
            )
            for agent in scenes.BUSY.agents
        ),
        "questions": (QUESTION,),
    }
)
TALK = {"a1": list(scenes.CONVERSATION), "a2": list(scenes.CONVERSATION[:3])}


def another_gate(number: int, risk: RiskLevel) -> Gate:
    """A gate of one of three agents, as if it had come up just now."""
    return scenes.GATE.model_copy(
        update={
            "id": f"more{number}",
            "agent_id": f"a{number % 3 + 1}",
            "opened_at": scenes.NOW - number % 90,
            "risk": risk,
        }
    )


class Mind:
    """What the scripted engine answers; memories are real ones, in a database of their own."""

    def __init__(self, engine: ScriptedEngine, database: Database) -> None:
        self._engine = engine
        self._hub = Hub()
        self._dream = DreamWatch(database, self._hub, Dream(), clock=lambda: scenes.NOW)
        self._parts = SimpleNamespace(
            database=database,
            paths=None,
            clock=lambda: scenes.NOW,
            dream=self._dream,
            agents=SimpleNamespace(change_memory_mode=lambda mode: None, redacted=self._redacted),
            remembering=SimpleNamespace(change_mode=self._mode_changed),
        )
        one = next(iter(scenes.BUSY.agents))
        sessions = [
            SessionSummary(
                **{**dict(one), "id": f"s{number}", "name": f"session {number}"},
                prompt="mend it",
                used_at=scenes.NOW - 60 * number,
            ).model_dump(mode="json")
            for number in range(4)
        ]
        hits = [
            SaidHit(
                agent_id="s1",
                block=number,
                at=scenes.NOW - number,
                by_person=False,
                excerpt="the clock is mended",
                found=((4, 9),),
            ).model_dump(mode="json")
            for number in (2, 5)
        ]
        turns = [
            SessionTurn(
                number=number,
                prompt="wind it",
                at=scenes.NOW - 900,
                whole=number < 3,
                first_block=number,
                last_block=number,
            ).model_dump(mode="json")
            for number in range(1, 4)
        ]
        sent = [
            SentPrompt(text=text, at=scenes.NOW - 99, session="s1").model_dump(mode="json")
            for text in ("mend the tower", "wind it\nand paint the door")
        ]
        answers: dict[Any, dict[str, Any]] = {
            ListSessions: {"sessions": sessions},
            ReadDefaultMode: {
                "mode": "careful",
                "because": "untrusted",
                "wall": False,
                "worktree": False,
            },
            ReadUsage: {"report": spending.REPORT.model_dump(mode="json")},
            ExplainGate: {"text": "HIGH  git push --force\n  └ rewrites history"},
            SuggestRule: {"rule": "Bash(git push:*)", "why_not": "", "spared": 3, "asked": 9},
            ReadSentPrompts: {"prompts": sent},
            SearchSessions: {"hits": hits},
            ListTurns: {"turns": turns},
            ForkSession: {"agent_id": "a3", "prompt": ""},
            ExportSession: {"file": "/home/ada/it.md", "exists": False},
            PreviewRevert: {
                "token": "t1",
                "title": "revert: wind it",
                "diff": "goes back: clock\n@@ -1 +1 @@\n-two\n+one\n",
                "count": 1,
            },
            Revert: {"said": "1 file went back", "left": []},
        }
        for command, answer in answers.items():
            engine.on(command, lambda _, answer=answer: answer)
        engine.on(AskMemory, self._remember)
        engine.on(Decide, self._decided)
        engine.on(AlwaysAllow, self._decided)
        engine.on(Answer, self._answered)

    async def close(self) -> None:
        await self._dream.close()

    async def _mode_changed(self, mode: str) -> None:
        pass

    async def _redacted(self, extras: dict[str, Any]) -> None:
        pass

    async def _remember(self, command: AskMemory) -> dict[str, Any]:
        # A directory that is typed at random is none that a test may write to.
        if "directory" in command.request and "text" not in command.request:
            raise Refusal("that directory can't be used")
        try:
            return await memory_requests.carry_out(command, cast(Parts, self._parts))
        except StorageError as error:
            raise Refusal(str(error)) from error

    def _decided(self, command: Decide | AlwaysAllow) -> dict[str, Any]:
        gate = next((g for g in self._engine.snapshot.gates if g.id == command.gate_id), None)
        if gate is None:
            raise Refusal("that gate is closed")
        denied = isinstance(command, Decide) and command.decision == "deny"
        self._engine.publish(
            GateClosed(
                gate_id=gate.id,
                agent_id=gate.agent_id,
                outcome="denied" if denied else "approved",
            )
        )
        if isinstance(command, Decide) and command.edited:
            changed = {
                "id": f"{gate.id}+",
                "text": command.edited,
                "spans": (),
                "replaces": gate.id,
            }
            self._engine.publish(GateOpened(gate=gate.model_copy(update=changed)))
        return {"file": "/home/ada/parser/.tungsten/rules"}

    def _answered(self, command: Answer) -> dict[str, Any]:
        if not any(one.id == command.question_id for one in self._engine.snapshot.questions):
            raise Refusal("that was answered already")
        self._engine.publish(QuestionClosed(question_id=command.question_id, agent_id="a3"))
        return {}


# The ways in -------------------------------------------------------------------------------------


def by_action(action_id: str, *keys: str) -> Enter:
    """Do an action, then press keys."""

    async def enter(cockpit: Cockpit, _: Path) -> None:
        await cockpit.app.run_action(actions.by_id(action_id).action, cockpit.app.cockpit)
        await cockpit.pilot.press(*keys)

    return enter


def by_keys(*keys: str, to: str = "prompt") -> Enter:
    """Go to the conversation, or to the prompt with what is written put aside; then press keys."""

    async def enter(cockpit: Cockpit, _: Path) -> None:
        if cockpit.app.gates is not None:
            # Beside a gate that was put off; others come up while keys are pressed.
            cockpit.app.gates.put_off()
        if to == "prompt" and keys:
            cockpit.app.cockpit.prompt.write_instead("")
        cockpit.app.cockpit.set_focus(getattr(cockpit.app.cockpit, to))
        await cockpit.pilot.press(*keys)

    return enter


async def file(cockpit: Cockpit, directory: Path) -> None:
    from tui.screens.file_view import FileScreen

    path = directory / "offsets.py"
    path.write_text("def line_of(text, offset):\n    return text.count('日本', 0, offset)\n" * 80)
    await cockpit.app.push_screen(FileScreen(str(path), 3))


async def diff(cockpit: Cockpit, _: Path) -> None:
    from tui.screens.diff_view import DiffScreen

    await cockpit.app.push_screen(DiffScreen(scenes.DIFF * 3, "parser/offsets.py"))


async def picture(cockpit: Cockpit, directory: Path) -> None:
    from PIL import Image

    from tui.screens.picture_view import PictureScreen

    path = directory / "plot.png"
    Image.new("RGB", (64, 48), "teal").save(path)
    await cockpit.app.push_screen(PictureScreen(str(path)))


async def past_session(cockpit: Cockpit, directory: Path) -> None:
    from tui.screens.past_session import PastSessionScreen

    await cockpit.app.push_screen(PastSessionScreen("a1", "mend the parser", str(directory)))


async def player(cockpit: Cockpit, directory: Path) -> None:
    from tui.screens.recording import RecordingScreen

    path = put(directory / "a1" / "1000-3.cast", "parser · %1", *TOLD)
    await cockpit.app.push_screen(
        RecordingScreen(path, mask=False, title="parser · %1", running=False)
    )


async def worktrees(cockpit: Cockpit, directory: Path) -> None:
    """A real repository, with a worktree that holds more than its main branch."""
    from tui.screens.worktrees import WorktreesScreen

    top = directory / "project"
    if not top.exists():
        top.mkdir()
        git(top, "init", "-q", "--template=")
        for name, value in (("user.name", "t"), ("user.email", "t@example.org")):
            git(top, "config", name, value)
        git(top, "commit", "-qm", "first", "--allow-empty")
    work = directory / "work"
    if not work.exists():
        git(top, "worktree", "prune")
        git(top, "worktree", "add", "-q", "-B", "agent/work", str(work))
        (work / "made").write_text("new\n")
    await cockpit.app.push_screen(WorktreesScreen(str(top)))


async def several_files(cockpit: Cockpit, directory: Path) -> None:
    from tui.conversation.opening import Target
    from tui.screens.open_one import OpenOneScreen

    path = directory / "named.txt"
    path.write_text("what a block names\n")
    targets = [Target("named.txt:1", str(path), 1), Target("a diff", diff=scenes.DIFF)]
    await cockpit.app.push_screen(OpenOneScreen(targets))


async def question(cockpit: Cockpit, _: Path) -> None:
    from tui.screens.question import QuestionScreen

    await cockpit.app.push_screen(QuestionScreen(QUESTION))


async def gate(cockpit: Cockpit, directory: Path) -> None:
    """Open the dialog at what waits, with nothing written beside it."""
    prompt = cockpit.app.cockpit.prompt
    cockpit.app.cockpit.set_focus(prompt)
    prompt.write_instead("")
    if cockpit.app.gates is not None:
        cockpit.app.gates.open()


def in_gate(risk: RiskLevel, *keys: str) -> Enter:
    """Open the dialog at a gate of that risk, and press keys of its own, each after a silence."""

    async def enter(cockpit: Cockpit, directory: Path) -> None:
        engine = cockpit.engine
        if not any(one.risk is risk for one in engine.snapshot.gates):
            engine.publish(GateOpened(gate=another_gate(engine.snapshot.seq + 10_000, risk)))
            await cockpit.pilot.pause()
        await gate(cockpit, directory)
        waits = next(one.id for one in engine.snapshot.gates if one.risk is risk)
        if cockpit.app.gates is not None:
            cockpit.app.gates.open(waits)
        for key in keys:
            await cockpit.pilot.pause(2 * QUIET)
            await cockpit.pilot.press(key)
            await cockpit.pilot.pause(2 * QUIET)

    return enter


ROOMS: dict[str, tuple[Enter, str]] = {
    "cockpit": (by_keys(), actions.PROMPT),
    "gate": (gate, actions.GATE),
    "gate of MEDIUM": (in_gate(RiskLevel.MEDIUM), actions.GATE),
    "gate, why not": (in_gate(RiskLevel.HIGH, "m"), actions.GATE),
    "gate, edited": (in_gate(RiskLevel.HIGH, "e"), actions.GATE),
    "gate, unfolded": (in_gate(RiskLevel.HIGH, "t"), actions.GATE),
    "gate, its pane": (in_gate(RiskLevel.HIGH, "l"), actions.GATE),
    "rule offer": (in_gate(RiskLevel.MEDIUM, "w"), actions.GATE),
    "grid": (by_action("view.grid"), actions.GRID),
    "grid filtered": (by_action("view.grid", "f"), actions.GRID),
    "grid, keyboard in a tile": (by_action("view.grid", "t"), actions.GRID),
    "keyboard in the pane": (by_action("pane.take"), actions.TERMINAL),
    "conversation": (by_keys("k", to="conversation"), actions.CONVERSATION),
    "conversation search": (by_keys("slash", to="conversation"), actions.CONVERSATION),
    "conversation mark": (by_keys("k", "v", to="conversation"), actions.CONVERSATION),
    "conversation kinds": (by_keys("Z", to="conversation"), actions.CONVERSATION),
    "conversation open": (by_keys("k", "o", to="conversation"), actions.CONVERSATION),
    "file": (file, actions.FILE),
    "diff": (diff, actions.FILE),
    "picture": (picture, actions.FILE),
    "prompt @": (by_keys("@", "o"), actions.PROMPT),
    "prompt /": (by_keys("slash", "m"), actions.PROMPT),
    "sent prompts": (by_action("prompt.sent"), actions.PROMPT),
    "sessions": (by_action("agent.sessions"), actions.SESSIONS),
    "sessions search": (by_action("agent.sessions", "down", *"clock"), actions.SESSIONS),
    "fork": (by_action("agent.fork"), actions.SESSIONS),
    "export": (by_action("agent.export"), actions.SESSIONS),
    "past session": (past_session, actions.CONVERSATION),
    "usage": (by_action("app.usage"), actions.USAGE),
    "usage budget": (by_action("app.usage", "b"), actions.USAGE),
    "usage day": (by_action("app.usage", "d"), actions.USAGE),
    "budget": (by_action("agent.budget"), actions.USAGE),
    "memories": (by_action("app.memories"), actions.MEMORIES),
    "memory": (by_action("app.memories", "enter"), actions.MEMORIES),
    "memory, edited": (by_action("app.memories", "e"), actions.MEMORIES),
    "memory, redacted": (by_action("app.memories", "R"), actions.MEMORIES),
    "memory mode": (by_action("app.memories", "m"), actions.MEMORIES),
    "memories written": (by_action("app.memories", "x"), actions.MEMORIES),
    "memories read": (by_action("app.memories", "i"), actions.MEMORIES),
    "remember": (by_action("app.remember"), actions.ANYWHERE),
    "dreams": (by_action("app.dreams"), actions.DREAMS),
    "dreams, planned": (by_action("app.dreams", "p"), actions.DREAMS),
    "recordings": (by_action("pane.recordings"), actions.RECORDING),
    "player": (player, actions.RECORDING),
    "own panes": (by_action("pane.own"), actions.OWN_PANES),
    "adopt": (by_action("pane.adopt"), actions.OWN_PANES),
    "worktrees": (worktrees, actions.WORKTREES),
    "revert": (by_action("turn.revert"), actions.REVERT),
    "several files": (several_files, actions.ANYWHERE),
    "new agent": (by_action("agent.new"), actions.ANYWHERE),
    "setup": (by_action("app.setup"), actions.ANYWHERE),
    "tour": (by_action("app.tour"), actions.ANYWHERE),
    "theme": (by_action("app.theme"), actions.ANYWHERE),
    "effort": (by_action("agent.effort"), actions.ANYWHERE),
    "rename": (by_action("agent.rename"), actions.ANYWHERE),
    "inbox": (by_action("gate.inbox"), actions.INBOX),
    "deny many": (by_action("gate.inbox", "space", "D"), actions.INBOX),
    "question": (question, actions.ANYWHERE),
    "help": (by_action("app.help"), actions.ANYWHERE),
    "palette": (by_action("app.palette"), actions.ANYWHERE),
    "stop": (by_action("agent.stop"), actions.ANYWHERE),
    "archive": (by_action("agent.archive"), actions.ANYWHERE),
    "instructions": (by_action("agent.instructions"), actions.ANYWHERE),
}
"""How each is entered, and whose keys are pressed most while one is there."""


async def remembered(path: Path) -> Database:
    """Open a database of memories, some of them put in order by a dream."""
    database = await Database.open(path, clock=lambda: scenes.NOW, holds_secret=lambda _: False)
    await remembering.dreamt(database)
    return database
