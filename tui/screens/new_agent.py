"""A new agent: where it works, what it is called, how it thinks and how much it may do alone."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Input, Static

from agent.agents.names import free_name, program_of
from agent.hosted.profile_files import Profiles, is_absent
from tui.gate.host import host, send
from tui.screens.card import CardScreen, card_foot, closing, row
from tui.screens.directory import DirectoryFacts, complete, extend, look
from tui.screens.one_of import ABSENT, OneOf
from tui.widgets.field import Field

if TYPE_CHECKING:
    from agent.protocol.commands.agents import CreateAgent  # noqa: F401 - named in the base class below

_MODES = {
    "plan": "It only looks and makes plans; it may change nothing.",
    "careful": "It asks you before anything that could change something.",
    "standard": "It works by itself and asks you before anything risky.",
}
_AS_SET = "as the settings say"
_WALLS = {_AS_SET: None, "behind a wall": True, "no wall": False}
"""Whether its terminals stand behind a wall; see docs/wall.md."""
_NO_AGENT = "none"
"""The choice of no agent of another maker."""

_WORKTREES = {_AS_SET: None, "its own": True, "none": False}
"""Whether it gets a git worktree of its own; see docs/isolation.md."""
_NOT_CHOSEN = "Careful, or standard in a directory that you trust."
_BECAUSE = {
    "settings": "as your settings say",
    "trusted": "as you trust this directory",
    "untrusted": "as you do not trust this directory yet",
}
"""Why a mode is taken when none is chosen, by what `ReadDefaultMode` answers."""


class NewAgentScreen(CardScreen["CreateAgent | None"]):
    """Fills in a `CreateAgent`; None when the person thought better of it.

    Args:
        directory: Offered first; relative paths are taken from here.
        model: Shown as what an empty field means.
        profiles: Agents of other makers that can be started.
    """

    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012 - as Textual declares it
    BINDINGS: ClassVar[list[BindingType]] = [
        closing("cancel"),
        Binding("ctrl+s", "create", "Start", show=False),
        # Before the fields see them: what is typed right behind must land in the next field.
        Binding("up,shift+tab", "app.focus_previous", show=False, priority=True),
        Binding("down", "app.focus_next", show=False, priority=True),
        Binding("tab", "complete", show=False, priority=True),
    ]

    def __init__(
        self, directory: str = "", *, model: str = "", profiles: Profiles | None = None
    ) -> None:
        super().__init__()
        self._profiles = profiles or Profiles({})
        self._base = Path(directory or ".").absolute()
        self._model = model
        self._facts = DirectoryFacts("")
        self._not_chosen = _NOT_CHOSEN
        self._absent: frozenset[str] = frozenset()
        """Agents of other makers whose program is not there."""
        self._put_away: dict[str, str] = {}
        """Commands that gave way to another agent, by the agent that they start, or `none`."""
        self._whole = str(self._base)
        """The directory that was offered, or that Tab has completed: Tab then means to move on."""

    def compose(self) -> ComposeResult:
        """Lay out the fields."""
        with VerticalScroll(id="card", can_focus=False) as card:
            card.border_title = "New agent"
            yield row("Directory", Field(value=str(self._base), id="directory"))
            yield Static(id="directory-said", classes="card-under", markup=False)
            yield row(
                "First task", Field(placeholder="empty: it waits for your first prompt", id="task")
            )
            yield row("Name", Field(placeholder="empty: after the directory", id="name"))
            yield row(
                "Model", Field(placeholder=f"empty: {self._model or 'the default'}", id="model")
            )
            yield row(
                "Or a command", Field(placeholder="a program instead of a model", id="command")
            )
            if self._profiles.by_name:
                yield row("Or an agent", OneOf(_NO_AGENT, *self._profiles.by_name, id="profile"))
                yield Static(id="profile-said", classes="card-under", markup=False)
            yield row("Mode", OneOf(*_MODES, chosen=False, id="mode"))
            yield Static(self._not_chosen, id="mode-said", classes="card-under", markup=False)
            yield row("Wall", OneOf(*_WALLS, id="wall"))
            yield row("Worktree", OneOf(*_WORKTREES, id="worktree"))
            yield from card_foot()

    def on_mount(self) -> None:
        """Begin with the directory."""
        self.query_one("#directory", Input).focus()
        for said in self.query("#profile-said"):
            said.display = False
        self._tell_form_keys()
        if self._profiles.by_name:
            self._look_for_programs()

    def _tell_form_keys(self) -> None:
        self.tell_keys(
            ("Enter", "start"), ("↑↓", "fields"), ("Tab", "complete, next"), ("Esc", "cancel")
        )

    @work(exclusive=True, group="programs", exit_on_error=False)
    async def _look_for_programs(self) -> None:
        self._absent = await asyncio.to_thread(self._profiles.absent)
        if not self.is_open:
            return
        chosen = self.query_one("#profile", OneOf)
        chosen.tell_absent(self._absent)
        self._tell_start(chosen.value)

    @on(Input.Changed, "#directory")
    def _directory_changed(self, event: Input.Changed) -> None:
        self._look(event.value)

    @work(exclusive=True, group="look", exit_on_error=False)
    async def _look(self, typed: str) -> None:
        # In a thread: a network directory may answer late, and typing must not wait for it.
        facts = await asyncio.to_thread(look, typed, base=self._base)
        if not self.is_open:
            return
        self._facts = facts
        said = self.query_one("#directory-said", Static)
        text = facts.said
        if facts.problem and facts.completions:
            text = "   ".join(facts.completions)
        said.update(text)
        said.set_class(bool(facts.problem) and not facts.completions, "-bad")
        said.set_class(not facts.problem, "-good")
        self._tell_name()
        if not facts.problem:
            await self._tell_default_mode(facts.path)

    def _tell_name(self) -> None:
        """Say what the agent will be called where no name is given."""
        command = self._value("command")
        program = "" if self._started_by(command) != _NO_AGENT else Path(program_of(command)).name
        taken = {each.name for each in host(self).state.agents}
        name = free_name(Path(self._facts.path), taken, program)
        self.query_one("#name", Input).placeholder = f"empty: {name}"

    async def _tell_default_mode(self, directory: str) -> None:
        from agent.protocol.commands.agents import ReadDefaultMode

        answer, problem = await send(self, ReadDefaultMode(directory=directory))
        if not self.is_open:
            return
        because = _BECAUSE.get(str(answer.get("because")))
        self._not_chosen = (
            _NOT_CHOSEN
            if problem or not because
            else f"{str(answer['mode']).capitalize()}, {because}."
        )
        if not problem:
            walled, worktree = bool(answer.get("wall")), bool(answer.get("worktree"))
            own = "its own" if worktree and not walled else "none"
            self.query_one("#wall", OneOf).tell_meaning(_AS_SET, "a wall" if walled else "none")
            self.query_one("#worktree", OneOf).tell_meaning(_AS_SET, own)
        usual = "" if problem or not because else str(answer["mode"])
        self.query_one("#mode", OneOf).tell_usual(usual if usual in _MODES else "")
        if not self.query_one("#mode", OneOf).value:
            self.query_one("#mode-said", Static).update(self._not_chosen)

    @on(Input.Changed, "#command")
    def _command_changed(self, event: Input.Changed) -> None:
        self._tell_name()
        # By what stands there now; empty, it was put away for the agent that is chosen.
        if event.input.value.strip() and self._profiles.by_name:
            names = [_NO_AGENT, *self._profiles.by_name]
            started = names.index(self._started_by(event.input.value))
            self.query_one("#profile", OneOf).index = started

    def _started_by(self, command: str) -> str:
        """The agent of another maker that a command starts, or `none`."""
        found = self._profiles.recognise(command)
        return _NO_AGENT if found is None else found.name

    @on(OneOf.Picked, "#profile")
    def _profile_picked(self, event: OneOf.Picked) -> None:
        """Let a command that starts something else give way, and come back with what it starts."""
        picked, field = event.one_of.value, self.query_one("#command", Input)
        command = field.value
        if command.strip() and (started := self._started_by(command)) != picked:
            self._put_away[started] = command
            command = ""
        if not command.strip():
            command = self._put_away.pop(picked, "")
        if command != field.value:
            field.value = command

    @on(OneOf.Changed, "#profile")
    def _profile_changed(self, event: OneOf.Changed) -> None:
        self._tell_start(event.one_of.value)

    def _tell_start(self, chosen: str) -> str:
        """Say what starts the chosen agent; give back what there is to do where it is not there."""
        profile = self._profiles.by_name.get(chosen)
        starts = "a program instead of a model" if profile is None else f"empty: {profile.start}"
        problem = ""
        if profile is not None and chosen in self._absent:
            starts = problem = f"{profile.start} is not on PATH: install it, or give its path"
        self.query_one("#command", Input).placeholder = starts
        self._say_of_agent(f"{ABSENT} is not installed" if self._absent else "")
        return problem

    def _say_of_agent(self, text: str, *, bad: bool = False) -> None:
        said = self.query_one("#profile-said", Static)
        said.update(text)
        said.set_class(bad, "-bad")
        said.display = bool(text)

    @on(OneOf.Changed, "#mode")
    def _mode_changed(self, event: OneOf.Changed) -> None:
        self.query_one("#mode-said", Static).update(_MODES[event.value])

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_create()

    def key_enter(self) -> None:
        """Start the agent from a field that is not a line of text."""
        self.action_create()

    def action_complete(self) -> None:
        """Complete the directory as far as possible; one that is whole lets Tab move on."""
        field = self.query_one("#directory", Input)
        typed = field.value
        longer = typed
        if field.has_focus and typed != self._whole:
            longer = extend(typed, complete(typed, base=self._base))
        if longer == typed:
            self.focus_next()
            return
        self._whole = longer if longer.endswith("/") else ""
        field.value = longer
        field.cursor_position = len(longer)

    def action_cancel(self) -> None:
        """Leave without an agent."""
        self.dismiss(None)

    def action_create(self) -> None:
        """Check the directory once more and hand the command back."""
        self._create()

    @work(exclusive=True, group="create", exit_on_error=False)
    async def _create(self) -> None:
        from agent.protocol.agents import Mode
        from agent.protocol.commands.agents import CreateAgent

        field = self.query_one("#directory", Input)
        command = self._value("command")
        facts = await asyncio.to_thread(look, field.value, base=self._base)
        self._absent = await asyncio.to_thread(self._profiles.absent)
        # A path counts from the directory of the agent, which finds out by itself.
        gone = "/" not in command and await asyncio.to_thread(is_absent, command)
        if not self.is_open:
            return
        if facts.problem:
            said = self.query_one("#directory-said", Static)
            said.update(facts.problem)
            said.set_class(True, "-bad")
            self.set_focus(field)
            return
        profile = _NO_AGENT
        if self._profiles.by_name:
            chosen = self.query_one("#profile", OneOf)
            profile = chosen.value
            chosen.tell_absent(self._absent)
            problem = self._tell_start(profile)
            if command and profile != _NO_AGENT:
                missing = f"{command.split()[0]} is not on PATH: install it, or give its path"
                problem = missing if gone else ""
            if problem:
                self._say_of_agent(problem, bad=True)
                self.set_focus(chosen)
                return
        mode = self.query_one("#mode", OneOf).value
        self.dismiss(
            CreateAgent(
                name=self._value("name"),
                directory=facts.path,
                model=self._value("model"),
                command=command,
                profile="" if profile == _NO_AGENT else profile,
                prompt=self._value("task"),
                mode=Mode(mode) if mode else None,
                wall=_WALLS[self.query_one("#wall", OneOf).value],
                worktree=_WORKTREES[self.query_one("#worktree", OneOf).value],
            )
        )

    def _value(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value.strip()
