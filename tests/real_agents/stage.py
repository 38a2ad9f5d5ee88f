"""One agent on stage: started, spoken to, and its pane recorded together with what is true."""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.real_agents import programs
from tests.real_agents.frame_files import Recorded
from tests.real_agents.pane import AgentPane, Look
from tests.real_agents.scripted import Hold, Scenes, Step, Use

AFTERWARDS = (
    '"$@"; left=$?; stty sane; printf "[it left with status %s]\\n" "$left"; '
    'PS1="$ " ENV= exec sh -i'
)
"""A person's pane: when the agent has left, a shell is there again."""

BUSY = re.compile(r"\besc (to )?(again to )?interrupt\b|\(esc to cancel, \d")
"""How agents say that they are at it."""


class Stage:
    """A pane of one size, for one agent after the other.

    Attributes:
        frames: what was recorded.
        trouble: scenes that did not come to what they should show.
    """

    def __init__(
        self,
        name: str,
        program: Path,
        home: Path,
        scratch: Path,
        scenes: Scenes,
        base_url: str,
        size: tuple[int, int],
    ) -> None:
        self.name = name
        self.size = size
        self.home = home
        self.directory = home / "orchard"
        self.scenes = scenes
        self.frames: list[Recorded] = []
        self.trouble: list[str] = []
        self._program = program
        self._scratch = scratch
        self._base_url = base_url
        self._pane: AgentPane | None = None

    @property
    def pane(self) -> AgentPane:
        assert self._pane is not None
        return self._pane

    def open(self, *more: str, trusted: bool = True, signed_in: bool = True) -> None:
        """Start the agent in a fresh home."""
        self.close()
        self._clear_home()
        self.directory.mkdir()
        (self.directory / "README.md").write_text("# Orchard\n\nApples and pears.\n")
        (self.directory / "build").mkdir()
        (self.directory / "build" / "pie.txt").write_text("apple\n")
        for words in (
            ("init", "-q", "-b", "main"),
            ("config", "user.name", "Ada"),
            ("config", "user.email", "ada@example.com"),
            ("add", "README.md"),
            ("commit", "-q", "-m", "Plant"),
        ):
            subprocess.run(["git", "-C", self.directory, *words], check=True)
        made = programs.set_up(
            self.name,
            self._program,
            self.home,
            self.directory,
            self._base_url,
            trusted=trusted,
            signed_in=signed_in,
        )
        self.scenes.last = None
        self._pane = AgentPane(
            self._scratch / "tmux",
            ["sh", "-c", AFTERWARDS, "sh", *made.command, *more],
            self.directory,
            {**made.variables, "TERM": "tmux-256color", "SHELL": "/bin/sh"},
            self.size,
        )

    def _clear_home(self) -> None:
        # What ran there before may still be about to end, and write.
        for _ in range(100):
            for left in self.home.iterdir():
                if left.is_dir() and not left.is_symlink():
                    shutil.rmtree(left, ignore_errors=True)
                else:
                    left.unlink(missing_ok=True)
            if not any(self.home.iterdir()):
                return
            time.sleep(0.1)
        raise OSError(f"{self.home} cannot be emptied")

    def close(self) -> None:
        self.scenes.go.set()
        if self._pane is not None:
            self._pane.close()
            self._pane = None

    def script(self, prompt: str, *steps: Step) -> None:
        self.scenes.steps[prompt] = steps

    async def say(self, text: str, *steps: Step, submit: Sequence[str] = ("Enter",)) -> None:
        """Type a prompt, whose scene may be given along, and submit it."""
        if steps:
            self.script(text, *steps)
        self.pane.type(text)
        await asyncio.sleep(0.5)
        asked = len(self.scenes.asked)
        for key in submit:
            self.pane.keys(key)
            await asyncio.sleep(0.2)
        if steps:
            holds = any(isinstance(step, Hold) for step in steps)
            await self._until(lambda: len(self.scenes.asked) > asked and (not holds or self.held))

    @property
    def held(self) -> bool:
        """Whether the model is being waited for."""
        return self.scenes.open > 0

    async def _until(self, come: Callable[[], bool]) -> None:
        for _ in range(600):
            if come():
                return
            await asyncio.sleep(0.1)
        raise TimeoutError(f"the model was not asked:\n{self.pane.look().text}")

    async def keys(self, *names: str, pause: float = 0.4) -> None:
        for name in names:
            self.pane.keys(name)
            await asyncio.sleep(pause)

    async def dismiss(self, *names: str, gone: str) -> None:
        """Press keys until a dialog is gone: agents drop keys that come while they draw it.

        Raises:
            TimeoutError: it does not go.
        """
        for _ in range(5):
            await self.keys(*names)
            try:
                look = await self.pane.still(
                    lambda look: re.search(gone, look.text) is None, patience=3
                )
            except TimeoutError as problem:
                trouble = problem
                continue
            assert look is not None
            return
        raise trouble

    async def frame(
        self,
        scene: str,
        state: str,
        kind: str = "",
        *,
        when: str = "",
        moving: bool = False,
        held: bool | None = None,
        patience: float = 50.0,
    ) -> Look:
        """Record what is shown once it is still (or `moving`, and shows `when`).

        A permission or question is recorded only while the tool use that led to it is the last
        thing the model said; working, only while the model has not answered or a tool runs.
        """

        def fits(look: Look) -> bool:
            if state in ("idle", "done") and BUSY.search("\n".join(look.lines[-8:])):
                # The model has answered, but the agent has not drawn that yet.
                return False
            return not when or re.search(when, look.text, re.MULTILINE) is not None

        try:
            if moving:
                await self.pane.seen(fits, patience)
                await asyncio.sleep(0.3)
                look = self.pane.look()
            else:
                look = await self.pane.still(fits, patience=patience)
        except TimeoutError as problem:
            self.trouble.append(f"{self.name} {self.size} {scene}: {problem}")
            raise
        if kind in ("permission", "question") and self.name != "aider":
            assert isinstance(self.scenes.last, Use), (scene, self.scenes.last)
        if state == "working" and held is not False:
            assert self.scenes.open or isinstance(self.scenes.last, Use), scene
        if state in ("idle", "done"):
            assert not self.scenes.open, scene
        self.frames.append(
            Recorded(
                scene=scene,
                state=state,
                kind=kind,
                size=look.size,
                cursor=look.cursor,
                cursor_shown=look.cursor_shown,
                # Until it is given one, a pane is called after the machine.
                title="" if look.title == socket.gethostname() else look.title.strip(),
                lines=look.lines,
            )
        )
        return look

    async def let_go(self) -> None:
        self.scenes.go.set()
        await asyncio.sleep(0.1)

    def kill(self) -> None:
        """Kill the agent as a crash would: whatever it has on the screen stays there."""
        listed = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True)
        rows = [line.split(None, 2) for line in listed.stdout.splitlines()[1:]]
        top = self.pane.process()
        doomed, parents = [], {top}
        for pid, parent, _ in sorted(rows, key=lambda row: int(row[0])):
            if int(parent) in parents:
                parents.add(int(pid))
                doomed.append(pid)
        subprocess.run(["kill", "-9", *doomed], check=False)
