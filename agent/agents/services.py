"""What every agent of an engine shares."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from agent.context.prompt_files import PromptFiles
from agent.context.shared_prefix import SharedPrefixes
from agent.files.shared_files import FileLocks
from agent.gates.gate import Gates
from agent.gates.rule_files import RuleFiles
from agent.hub import Hub
from agent.isolation.overlaps import Overlaps
from agent.isolation.snapshots import TreeSnapshots
from agent.model.client import ModelClient
from agent.panes.allowed_panes import AllowedPanes
from agent.panes.recordings import PaneRecorder
from agent.paths import Paths
from agent.settings.config import Config
from agent.steps.running_lines import RunningLines
from agent.turns.questions import Questions
from agent.usage.budget import Budgets
from memory.database import Database
from tungsten.terminal import Terminal

if TYPE_CHECKING:
    from agent.agents.live_agent import LiveAgent
    from agent.agents.workers import Fleet
    from agent.hook.adapter import Heard, Released
    from agent.steps.steps import Effect


async def _nobody_asks(agent: LiveAgent, pane_id: str, about: Callable[[str], bool] | None) -> None:
    """Take no notice: there is no hook."""


async def _no_hook(agent: LiveAgent, pane_id: str, unheard: bool) -> bool:
    """Expect nothing: there is no hook."""
    return False


class ModelSource(Protocol):
    """Where agents get their model from; see `agent.settings.models`."""

    @property
    def default_model(self) -> str:
        """The model of agents that name none."""

    async def client(self, *, demo: bool) -> ModelClient:
        """The client to ask, the demo model's or the person's own."""


@dataclass(slots=True)
class Services:
    """The parts of an engine that agents use.

    Attributes:
        go: set while agents may act, clear while they are paused.
        closing: the engine is about to end: nothing is tidied up from now on.
        person_there: whether a person's app is connected, so that somebody may decide.
        running: lines of all agents' shells that have not ended.
        written: files that any agent has written, in this engine or an earlier one: what one of
            them wrote is no more the person's because another runs it.
        fetched: directories whose contents any agent has taken from elsewhere, each with when a
            line that does so last began, in seconds since the epoch.
        panes_opened: told of a pane id that tmux gave out just now.
        fleet: all agents, for those that coordinate some.
        hook_heard: told what an agent's own hook says of its state.
        answer_by_key: answers an agent's own prompt whose hook was let go, given whether its tool
            may be used, and what the person says to it; tells whether the prompt is known to be
            answered so. None: nothing can.
        hook_asks: what hooks ask about in one pane of an agent's, each as the person reads it.
        hook_expected: whether the hook of an agent in a pane asks about what its dialogs are about,
            given whether it was waited for there in vain.
        hook_answered: told that a dialog they ask about was answered in its pane, and which it was;
            None: that the pane shows none, and its agent rests.
    """

    database: Database
    terminal: Callable[[], Awaitable[Terminal]]
    models: ModelSource
    hub: Hub
    config: Config
    paths: Paths
    clock: Callable[[], float]
    gates: Gates
    questions: Questions
    prompts: PromptFiles
    budgets: Budgets
    rules: RuleFiles
    recordings: PaneRecorder
    allowed_panes: AllowedPanes
    home: Path
    fleet: Fleet
    snapshots: TreeSnapshots
    overlaps: Overlaps
    running: RunningLines = field(default_factory=RunningLines)
    written: set[Path] = field(default_factory=set)
    fetched: dict[str, float] = field(default_factory=dict)
    person_there: Callable[[], bool] = lambda: True
    go: asyncio.Event = field(default_factory=asyncio.Event)
    closing: bool = False
    file_locks: FileLocks = field(default_factory=FileLocks)
    shared_prefixes: SharedPrefixes = field(default_factory=SharedPrefixes)
    panes_opened: Callable[[str, str], None] = lambda agent_id, pane_id: None
    hook_heard: Callable[[LiveAgent, Heard], None] = lambda agent, heard: None
    answer_by_key: Callable[[LiveAgent, Released, bool, str], Awaitable[Effect]] | None = None
    hook_asks: Callable[[str, str], tuple[str, ...]] = lambda agent_id, pane_id: ()
    hook_expected: Callable[[LiveAgent, str, bool], Coroutine[Any, Any, bool]] = _no_hook
    hook_answered: Callable[
        [LiveAgent, str, Callable[[str], bool] | None], Coroutine[Any, Any, None]
    ] = _nobody_asks

    @property
    def own(self) -> tuple[Path, ...]:
        """What no agent may touch: it would be approving itself."""
        return (self.paths.config, self.paths.data, self.paths.runtime)
