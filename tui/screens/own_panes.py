"""The panes of the person's own tmux servers: watched here, and let to an agent one by one.

What an agent may do in one is decided by the engine (`agent.panes.allowed_panes`); nothing of those
servers is changed by looking.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui.drawing.text import column, fit, one_line
from tui.gate.host import host, send
from tui.gate.words import short_path
from tui.keys import actions
from tui.screens.closed_once import ClosedOnce
from tui.screens.let_go import let_go
from tui.terminal.connection import tmux_socket
from tui.terminal.frame_view import FrameView
from tui.widgets.choice_list import ChoiceList
from tui.widgets.key_row import KeyRow
from tui.widgets.lines import OneRow

if TYPE_CHECKING:
    from agent.protocol.agents import AgentSummary
    from tungsten.adopted.adopt import OwnServer
    from tungsten.outcome import PaneInfo
    from tungsten.screen.frame import Frame

NOTHING = "No tmux server of yours has a pane: start one with `tmux` in a terminal."
UNRECOGNISED = "No profile knows what runs in this pane: docs/hosted.md says how to write one."
HERE = "Tungsten itself runs in this pane: an agent there could approve itself."


@dataclass(frozen=True, slots=True)
class Found:
    """A program that a profile knows.

    Attributes:
        profile: the profile's name.
        title: what its maker calls it.
        directory: where it is.
    """

    profile: str
    title: str
    directory: str


def recognise(info: PaneInfo, profiles: Path | None) -> Found | None:
    """Find what runs in a pane among the profiles; `profiles` is the directory of the person's."""
    from agent.hosted.profile_files import profile_files
    from tungsten.programs import foreground

    if profiles is None:
        return None
    front = foreground.probe(info.pid, info.tty, dead=info.dead)
    profile = profile_files(profiles).now().of_process(front.arguments)
    if profile is None:
        return None
    return Found(profile.name, profile.title, front.cwd or info.current_path)


@dataclass(frozen=True, slots=True)
class OwnPane:
    """One pane of one of the person's servers."""

    server: OwnServer
    info: PaneInfo
    found: Found | None = None

    @property
    def id(self) -> str:
        """Tells it from all others, while its program runs."""
        return f"{self.server.socket} {self.info.id} {self.info.pid}"


class OwnPanesScreen(ClosedOnce[str]):
    """Lists the person's own panes and shows the chosen one, live; gives the agent adopted last.

    Args:
        agent: Who may use a pane that is allowed here; None where there is no agent.
        own_pane: The tmux pane that the app itself is in, empty outside tmux.
        profiles: The directory of the person's profiles, by which programs are known.
    """

    KEYS = actions.OWN_PANES
    """The context that help begins with here."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(",".join(action.keys), action.action, show=False)
        for action in actions.of(actions.OWN_PANES)
        if action.action
    ]
    DEFAULT_CSS = """
    OwnPanesScreen {
        & > OptionList, & > OptionList:focus {
            width: 100%; height: auto; max-height: 40%;
            border: none; padding: 0; background: $background;
            background-tint: $foreground 0%;
            & > .option-list--option { padding: 0 1; }
            & > .option-list--option-highlighted {
                background: $block-cursor-blurred-background; color: $foreground; text-style: none;
            }
        }
        & > FrameView { margin-top: 1; }
    }
    """

    def __init__(
        self,
        agent: AgentSummary | None,
        *,
        own_pane: str = "",
        profiles: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._agent = agent
        self._own_pane = own_pane
        self._profiles = profiles
        self._clock = clock
        self._servers: list[OwnServer] = []
        self._panes: dict[str, OwnPane] = {}
        self._adopted = ""
        self._shown = ""
        self._stop: Callable[[], None] = lambda: None
        self._looking = asyncio.Event()
        self._opened: asyncio.Task[None] | None = None
        self._busy = False

    def compose(self) -> ComposeResult:
        """Lay out title, list, picture and keys."""
        yield OneRow(id="own-title")
        yield ChoiceList(id="own-panes")
        yield FrameView(id="own-picture")
        yield OneRow(id="own-said")
        yield KeyRow(actions.OWN_PANES, id="own-keys")

    def on_mount(self) -> None:
        """Tell the keys, and look for servers."""
        self._tell_keys()
        self._tell_title()
        self._opened = asyncio.create_task(self._follow())

    async def on_unmount(self) -> None:
        """Let go of the servers, and wait until that is done, if it is soon."""
        self._stop()
        if self._opened is not None:
            await let_go(self._opened)

    def agents_changed(self) -> None:
        """Show again who may use what; called when the app has heard of a change."""
        if self._opened is not None:
            self._fill()

    # What there is ------------------------------------------------------------------------------

    async def _follow(self) -> None:
        """List the panes now and whenever one of the servers says that something changed."""
        from tungsten.adopted.adopt import OwnServer, persons_sockets
        from tungsten.errors import TerminalError

        ours = Path(tmux_socket(self))
        try:
            for socket in persons_sockets(os.environ):
                if _same(socket, ours):
                    continue
                with contextlib.suppress(TerminalError):
                    server = await OwnServer.connect(socket)
                    server.on_change(self._looking.set)
                    self._servers.append(server)
            while True:
                self._looking.clear()
                await self._look()
                await self._looking.wait()
        finally:
            for server in self._servers:
                await server.close()

    async def _look(self) -> None:
        from tungsten.errors import TerminalError

        found: dict[str, OwnPane] = {}
        for server in self._servers:
            with contextlib.suppress(TerminalError):
                for info in await server.panes():
                    known = await asyncio.to_thread(recognise, info, self._profiles)
                    pane = OwnPane(server, info, known)
                    found[pane.id] = pane
        self._panes = found
        self._fill()
        if not found:
            self._stop()
            self._shown = ""
            self.query_one(FrameView).say(NOTHING)

    def _fill(self) -> None:
        listing = self.query_one(OptionList)
        listing.display = bool(self._panes)
        self._tell_title()
        self._tell_keys()
        ids = [option.id for option in listing.options]
        width = max(40, self.size.width - 2)
        if ids == list(self._panes):
            for pane in self._panes.values():
                listing.replace_option_prompt(pane.id, self._row(pane, width))
            return
        chosen = self._chosen()
        listing.clear_options()
        listing.add_options(
            Option(self._row(pane, width), id=pane.id) for pane in self._panes.values()
        )
        if self._panes:
            kept = list(self._panes).index(chosen.id) if chosen and chosen.id in self._panes else 0
            listing.highlighted = kept

    def _row(self, pane: OwnPane, width: int) -> Content:
        info = pane.info
        user = self._user(pane)
        mark = f"● {user[0].name}" if user is not None else "○"
        if self._is_here(pane):
            mark = "Tungsten"
        program = "(ended)" if info.dead else info.current_command
        if pane.found is not None:
            program = pane.found.title
        wide = width >= 90
        left = "".join(
            f"{column(one_line(word), cells)} "
            for word, cells in (
                (mark, 18 if wide else 12),
                (info.id, 5),
                (info.session, 18 if wide else 10),
                (program, 14 if wide else 9),
            )
        )
        place = short_path(info.current_path, str(Path.home()))
        style = "bold $text-warning" if user is not None else "$foreground"
        return Content.assemble(
            (left, style), (fit(one_line(place), max(8, width - len(left))), "$muted")
        )

    def _user(self, pane: OwnPane) -> tuple[AgentSummary, str] | None:
        """Which agent may use a pane, and by which name it knows it."""
        socket = str(pane.server.socket.resolve())
        for agent in host(self).state.agents:
            for allowed in agent.allowed_panes:
                named = (allowed.socket, allowed.tmux_id, allowed.pid)
                if named == (socket, pane.info.id, pane.info.pid):
                    return agent, allowed.pane_id
            for adopted in agent.panes:
                if (adopted.socket, adopted.tmux_id) == (socket, pane.info.id):
                    return agent, adopted.pane_id
        return None

    def _is_here(self, pane: OwnPane) -> bool:
        around = os.environ.get("TMUX", "").partition(",")[0]
        return pane.info.id == self._own_pane and str(pane.server.socket) == around

    def _chosen(self) -> OwnPane | None:
        listing = self.query_one(OptionList)
        if listing.highlighted is None or listing.highlighted >= listing.option_count:
            return None
        return self._panes.get(listing.get_option_at_index(listing.highlighted).id or "")

    # The picture --------------------------------------------------------------------------------

    @on(OptionList.OptionHighlighted)
    def _show_chosen(self) -> None:
        pane = self._chosen()
        self._say("")
        if pane is None or pane.id == self._shown:
            return
        self._stop()
        self._shown = pane.id
        if self._is_here(pane):
            self._stop = lambda: None
            self.query_one(FrameView).say(HERE)
            return
        self._stop = pane.server.watch(pane.info.id, lambda frame: self._take_frame(pane.id, frame))

    def _take_frame(self, shown: str, frame: Frame | None) -> None:
        if shown != self._shown or not self.is_open:
            return
        if frame is None:
            self._shown = ""
            self._looking.set()
        else:
            self.query_one(FrameView).show(frame)

    # What keys ask for --------------------------------------------------------------------------

    def action_leave(self) -> None:
        """Go back to the cockpit."""
        self.dismiss(self._adopted or None)

    def action_allow(self) -> None:
        """Let the agent use the chosen pane."""
        pane = self._chosen()
        if pane is None:
            return
        if self._agent is None:
            self._say("Start an agent first; then it can be let into a pane.", problem=True)
        elif (user := self._user(pane)) is not None:
            self._say(f"{one_line(user[0].name)} may use it already; r takes it back.")
        elif self._is_here(pane):
            self._say(HERE, problem=True)
        elif not self._busy:
            self._allow(pane, self._agent, self._clock())

    @work(exit_on_error=False)
    async def _allow(self, pane: OwnPane, agent: AgentSummary, pressed: float) -> None:
        from agent.protocol.commands.panes import AllowPane

        self._busy = True
        try:
            problem = await host(self).approval_problem(self._clock() - pressed)
            if not problem:
                command = AllowPane(
                    agent_id=agent.id,
                    socket=str(pane.server.socket),
                    tmux_id=pane.info.id,
                    pid=pane.info.pid,
                )
                _, problem = await send(self, command)
        finally:
            self._busy = False
        name = one_line(agent.name)
        done = f"{name} may read pane {pane.info.id} and type into it, through the gate."
        self._say(problem or done, problem=bool(problem))

    def action_adopt(self) -> None:
        """Take what runs in the chosen pane among the agents, once the person has said yes."""
        pane = self._chosen()
        if pane is None:
            return
        if (user := self._user(pane)) is not None:
            self._say(f"{one_line(user[0].name)} has it already; r takes it back.")
        elif self._is_here(pane):
            self._say(HERE, problem=True)
        else:
            self._ask_to_adopt(pane)

    @work(exclusive=True, exit_on_error=False)
    async def _ask_to_adopt(self, pane: OwnPane) -> None:
        from tui.screens.confirm import ConfirmScreen

        # Now: another program may have begun in it since it was listed.
        found = await asyncio.to_thread(recognise, pane.info, self._profiles)
        if found is None:
            self._say(UNRECOGNISED, problem=True)
            return
        title = one_line(found.title)

        async def perform() -> str:
            return await self._adopt(pane, found)

        def answered(done: bool | None) -> None:
            if done:
                self._say(f"{title} in pane {pane.info.id} is one of your agents now.")

        await self.app.push_screen(
            ConfirmScreen(
                f"Adopt {title} in pane {pane.info.id}?",
                "Its screen, its titles and what it prints are watched, and its questions come to "
                "the inbox. Nothing of your tmux is changed: no option, no key, no size. Keys are "
                "pressed only where you answer in the inbox, or write to it yourself. "
                "Stopping it lets it go; its program goes on.",
                verb="adopt it",
                during="Looking at it …",
                perform=perform,
            ),
            answered,
        )

    async def _adopt(self, pane: OwnPane, found: Found) -> str:
        from agent.protocol.commands.adopt import AdoptPane

        if problem := await host(self).approval_problem(0.0):
            return problem
        command = AdoptPane(
            socket=str(pane.server.socket),
            tmux_id=pane.info.id,
            pid=pane.info.pid,
            profile=found.profile,
            directory=found.directory,
        )
        answer, problem = await send(self, command)
        self._adopted = str(answer.get("agent_id", "")) or self._adopted
        return problem

    def action_disallow(self) -> None:
        """Take the chosen pane back from the agent that may use it."""
        pane = self._chosen()
        user = self._user(pane) if pane is not None else None
        if pane is None or user is None:
            self._say("No agent may use this pane.")
        else:
            self._disallow(pane, *user)

    @work(exit_on_error=False)
    async def _disallow(self, pane: OwnPane, agent: AgentSummary, name: str) -> None:
        from agent.protocol.commands.agents import StopAgent
        from agent.protocol.commands.panes import DisallowPane

        adopted = agent.hosted is not None and agent.hosted.adopted
        command = (
            StopAgent(agent_id=agent.id)
            if adopted
            else DisallowPane(agent_id=agent.id, pane_id=name)
        )
        _, problem = await send(self, command)
        self._say(problem or f"Pane {pane.info.id} is yours alone again.", problem=bool(problem))

    def _say(self, text: str, *, problem: bool = False) -> None:
        if not self.is_open:
            return
        row = self.query_one("#own-said", OneRow)
        row.left = [(f" {text}", "bad" if problem else "text")] if text else []
        row.redraw()

    def _tell_keys(self) -> None:
        """Name the keys that do something: without a pane, only the one that closes."""
        *others, _ = actions.of(actions.OWN_PANES)
        idle = () if self._panes else frozenset(action.id for action in others)
        self.query_one(KeyRow).tell(idle=idle)

    def _tell_title(self) -> None:
        row = self.query_one("#own-title", OneRow)
        row.left = [(" Your own tmux panes", "strong")]
        row.right = []
        if self._agent is not None and self._panes:
            row.right = [(f"a lets {fit(one_line(self._agent.name), 24)} use one ", "muted")]
        row.redraw()


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False
