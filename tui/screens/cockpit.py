"""The cockpit: agents, the focused one's conversation beside its terminal, and the prompt."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.layout import Layout
from textual.messages import Update
from textual.screen import Screen
from textual.strip import Strip

from tui.conversation.empty_states import is_program
from tui.drawing.arrangement import WIDE, Alone, AreaLayout, Arrangement, Choices, arrange
from tui.drawing.between_areas import draw_rule, draw_title, draw_too_small, rule_label
from tui.drawing.compositor import AreaCompositor
from tui.drawing.text import strip_of
from tui.keys import actions
from tui.keys.footer_labels import footer_label
from tui.themes.theme import paint
from tui.widgets.agent_list import AgentList
from tui.widgets.conversation import Conversation
from tui.widgets.dream_sidebar import DreamSidebar
from tui.widgets.footer import Footer
from tui.widgets.prompt import Prompt
from tui.widgets.status_line import StatusLine
from tui.widgets.terminal_area import TerminalArea

if TYPE_CHECKING:
    from textual.events import Idle, Resize

    from agent.protocol.agents import AgentSummary
    from agent.protocol.dream import DreamStatus
    from agent.protocol.gates import Question
    from tui.app import TungstenApp
    from tui.gate.card import GateCard
    from tui.grid.view import Grid
    from tui.prompt.prompt_menu import PromptMenu
    from tui.widgets.row_list import RowList

SPLIT_STEP = 0.05

BURST_SECONDS = 0.01
"""Keys that come faster than this are painted together."""

_HERE = actions.EVERYWHERE - {"app.retry"}
"""Actions of the app itself; all others need the cockpit."""

_OF_THE_LAYOUT = frozenset(
    {"only_conversation", "only_terminal", "move_split", "sidebar", "focus_on"}
)
"""Actions that mean nothing while the grid has all the room."""

_BEFORE_FOCUS = frozenset({"escape", "tab", "shift+tab"})
"""Keys that a dialog over the cockpit may want, so the cockpit only gets what is left."""


class CockpitScreen(Screen[None]):
    """Draws titles and lines itself; everything else is one widget per area."""

    CSS = ""
    AUTO_FOCUS = "#prompt"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            ",".join(action.keys),
            action.action,
            action.description,
            show=False,
            priority=not _BEFORE_FOCUS.intersection(action.keys),
            id=action.id,
        )
        for action in actions.of(actions.ANYWHERE)
        if action.keys and action.id not in _HERE
    ]

    def __init__(self) -> None:
        super().__init__(id="cockpit")
        self._compositor = AreaCompositor()
        self.areas = AreaLayout()
        self.choices = Choices()
        self.agent: AgentSummary | None = None
        self._question: Question | None = None
        self._arranged: tuple[Size, Choices] | None = None
        self._arrangement = Arrangement()
        self.menu: RowList | None = None
        self.grid: Grid | None = None
        self.offers: PromptMenu | None = None
        """What the menu shows; both are made when something is first offered."""
        self._painted_at = 0.0
        self._before_reveal: Alone | None = None
        """What was alone before a hidden terminal was shown for a while."""
        self._revealed_for_keys = False
        """Whether it was shown to be typed into."""
        self._back_to_grid = False
        """Whether the grid was left to have it shown."""
        self._shell = False
        """Whether the rule says that a shell command is being written."""
        self._written = ""
        """Whether it is about a `prompt`, a `command` or, empty, nothing that is written."""

    @property
    def host(self) -> TungstenApp:
        """The app that shows this screen."""
        return cast("TungstenApp", self.app)

    @property
    def layout(self) -> Layout:
        """Place areas by `tui.drawing.arrangement`."""
        self.areas.choices = self.choices
        return self.areas

    def _compositor_refresh(self) -> None:
        above = self.app.screen
        if above is self or above.styles.background.a < 1:
            super()._compositor_refresh()
        else:
            # Textual 8.2 has a screen paint anew where the one below changed, also one that hides
            # it; what is painted when that one goes is all of this one.
            self._compositor._dirty_regions.clear()  # noqa: SLF001
            self._dirty_widgets.clear()

    def compose(self) -> ComposeResult:
        """Make the areas."""
        yield AgentList(id="agents")
        yield DreamSidebar(id="dream")
        yield Conversation(id="conversation")
        yield TerminalArea(id="terminal")
        yield Prompt(id="prompt")
        yield StatusLine("connecting…", id="status")
        yield Footer(partial(footer_label, self), self.fit_message, id="footer")

    def on_mount(self) -> None:
        """Begin with the keyboard in the prompt."""
        self.choices = self.host.remembered_choices()
        prompt = self.prompt
        prompt.placeholder = "Say what to do…"
        prompt.put_draft(self.host.draft())
        self.set_focus(prompt)

    # Areas

    @property
    def agents(self) -> AgentList:
        """The list of agents."""
        return self.get_child_by_id("agents", AgentList)

    @property
    def dream(self) -> DreamSidebar:
        """AutoDream."""
        return self.get_child_by_id("dream", DreamSidebar)

    @property
    def conversation(self) -> Conversation:
        """The focused agent's conversation."""
        return self.get_child_by_id("conversation", Conversation)

    @property
    def terminal(self) -> TerminalArea:
        """The focused agent's terminal."""
        return self.get_child_by_id("terminal", TerminalArea)

    @property
    def prompt(self) -> Prompt:
        """The prompt."""
        return self.get_child_by_id("prompt", Prompt)

    @property
    def status(self) -> StatusLine:
        """The status line."""
        return self.get_child_by_id("status", StatusLine)

    @property
    def footer(self) -> Footer:
        """The last row."""
        return self.get_child_by_id("footer", Footer)

    # Layout

    @property
    def arrangement(self) -> Arrangement:
        """Where the areas are now."""
        key = (self.size, self.choices)
        if self._arranged != key:
            self._arranged = key
            self._arrangement = arrange(self.size, self.choices)
        return self._arrangement

    def choose(self, choices: Choices) -> None:
        """Change the layout."""
        if choices != self.choices:
            self.choices = choices
            # Through a child: Textual forgets the arrangements of ancestors only.
            self.footer.refresh(layout=True)
            self.refresh()
            self.settle()

    def settle(self) -> None:
        """Let the pane view know whether it can be seen, when the layout has been carried out."""
        self.call_after_refresh(self._tell_seen)

    def _tell_seen(self) -> None:
        areas = self.arrangement
        self.terminal.tell_seen(areas.terminal is not None)
        if self.grid is not None:
            self.grid.tell_seen(areas.grid is not None)
            if areas.grid is not None and self.focused is None:
                # In a window that was too small for it, the grid could not keep the keyboard.
                self.set_focus(self.grid)

    def on_screen_suspend(self) -> None:
        """Capture no terminals that a screen covers."""
        if self.grid is not None:
            self.grid.tell_seen(False)

    def on_screen_resume(self) -> None:
        """Show them again."""
        if self.grid is not None:
            self.settle()

    def on_resize(self, event: Resize) -> None:
        """Divide the new size; the prompt wraps anew and may need other rows."""
        self.call_after_refresh(self.fit_prompt)
        self.call_after_refresh(self.fit_message)
        self.settle()

    def fit_prompt(self) -> None:
        """Give the prompt the rows its text needs."""
        if self.prompt.is_attached:
            self.choose(replace(self.choices, prompt_rows=min(self.prompt.rows, 99)))

    def show_dream(self, dream: DreamStatus) -> None:
        """Show AutoDream, and give what the last dream did rows of its own."""
        self.dream.show(dream)
        self.choose(replace(self.choices, dreamt=bool(dream.last_result)))

    def fit_message(self) -> None:
        """Give what the footer says a second row where it needs one."""
        if self.footer.is_attached and self.size.width:
            rows = min(2, self.footer.rows_needed(self.size.width))
            self.choose(replace(self.choices, message_rows=rows))

    # Drawing what lies between the areas

    def render_line(self, y: int) -> Strip:
        """Draw titles, lines and the rule above the prompt."""
        width, height = self.size
        styles = paint(self.app.theme_variables)
        areas = self.arrangement
        if areas.grid is not None:
            return Strip.blank(width, styles.blank)
        if areas.prompt is None:
            return draw_too_small(y, width, height, styles)
        cells: list[tuple[int, Strip]] = []
        if areas.sidebar_line is not None and y < areas.sidebar_line.bottom:
            cells.append((areas.sidebar_line.x, strip_of([("│", styles.rule)], 1)))
        if areas.split_line is not None and y in areas.split_line.line_range:
            cells.append((areas.split_line.x, strip_of([("│", styles.rule)], 1)))
        heading = areas.conversation_title
        if heading is not None and y == heading.y:
            focused = self.conversation.has_focus
            drawn = draw_title(self.agent, areas, heading.width, styles, focused=focused)
            cells.append((heading.x, drawn))
        if areas.rule is not None and y == areas.rule.y:
            said = rule_label(
                *(self.agent, self._question, self.prompt.text, styles),
                in_pane=self._pane_has_keyboard,
                gate_open=self.gate_open,
                written=self._written,
            )
            cells.append((areas.rule.x, draw_rule(areas.rule, areas.split_line, said, styles)))
        if y in areas.prompt.line_range:
            glyph = " › " if y == areas.prompt.y else "   "
            style = styles.focus if self.prompt.has_focus else styles.faint
            cells.append((areas.prompt.x - 3, strip_of([(glyph, style)], 3)))
        strips: list[Strip] = []
        x = 0
        for column, strip in sorted(cells, key=lambda cell: cell[0]):
            if column > x:
                strips.append(Strip.blank(column - x, styles.blank))
            strips.append(strip)
            x = column + strip.cell_length
        if x < width:
            strips.append(Strip.blank(width - x, styles.blank))
        return Strip.join(strips)

    @property
    def _pane_has_keyboard(self) -> bool:
        return self.host.keyboard_holder is not None

    @property
    def gate_open(self) -> bool:
        """Whether a gate lies over this, for which Esc is."""
        return self.host.gates is not None and self.host.gates.gate is not None

    def refresh_lines(self) -> None:
        """Draw titles, rule and the prompt's glyph anew.

        Not by `refresh`: Textual 8.2 (`Screen._on_timer_update`) takes a screen that asks for a
        repaint for one that repaints whole, and forgets every other widget that is to be drawn.
        """
        areas = self.arrangement
        regions = [area for area in (areas.conversation_title, areas.rule) if area is not None]
        if areas.prompt is not None:
            regions.append(Region(areas.prompt.x - 3, areas.prompt.y, 3, 1))
        if regions and self.is_attached:
            self._set_dirty(*regions)
            self.post_message(Update(self))

    def _on_idle(self, event: Idle) -> None:  # type: ignore[override]
        """Paint a typed key at once, then go on as every screen does.

        Textual's own timer (8.2, `Timer._run`) lets a change wait for up to two of its periods
        when something else, such as a pane, was painted shortly before.
        """
        if (
            self.host.key_waits
            and self.focused in self._dirty_widgets
            and self.is_current
            and not self._layout_required
            and monotonic() - self._painted_at > BURST_SECONDS
        ):
            self.host.key_waits = False
            self._painted_at = monotonic()
            self._on_timer_update()

    # What is shown

    def show_agent(self, agent: AgentSummary | None, question: Question | None) -> None:
        """Show whose conversation this is."""
        if (agent, question) == (self.agent, self._question):
            return
        self.agent, self._question = agent, question
        self.prompt.has_queue = bool(agent is not None and (agent.queued or agent.steering))
        if question is not None:
            self.prompt.placeholder = "Answer…"
        elif is_program(agent):
            self.prompt.placeholder = "This agent is a program: / for commands"
        elif agent is None:
            self.prompt.placeholder = "Say what to do; an agent starts in this directory…"
        else:
            self.prompt.placeholder = (
                "Say what to do…   @ for files, / for commands, ! for a shell command"
            )
        shown = agent is not None and bool(agent.panes) and is_program(agent)
        self.choose(replace(self.choices, program=shown))
        self._keep_focus_visible()
        self.refresh_lines()

    # The grid

    async def open_grid(self, *, again: bool = False) -> None:
        """Show all terminals in the place of everything else.

        Args:
            again: it was left for a look at one of them, and goes on.
        """
        if self.grid is None:
            from tui.grid.view import Grid

            self.grid = Grid(id="grid")
            await self.mount(self.grid)
        self._back_to_grid = False
        self.hide_terminal()
        if not again:
            self.grid.remember_place()
        self.choose(replace(self.choices, grid=True))
        self.set_focus(self.grid)
        self.grid.open()

    def close_grid(self) -> None:
        """Show the one agent again; the grid stays as it is, for the next time."""
        self._back_to_grid = False
        if self.choices.grid:
            self.choose(replace(self.choices, grid=False))
            self.set_focus(self.prompt)
            self.host.follow_newest_panes()
            self.host.show_all()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the layout as it is while the grid has its place."""
        return not (self.choices.grid and action in _OF_THE_LAYOUT)

    # Keys of the layout; everything that concerns agents is the app's

    def action_only_conversation(self) -> None:
        """Give the conversation all the room, or end that."""
        self._only("conversation")

    def action_only_terminal(self) -> None:
        """Give the terminal all the room, or end that."""
        self._only("terminal")

    def _only(self, side: Alone) -> None:
        areas = self.arrangement
        shown_alone = (areas.conversation is None) != (areas.terminal is None)
        if shown_alone and getattr(areas, side) is not None:
            # Pressed once more: the split comes back, or where it can't, the other side.
            other: Alone = "conversation" if side == "terminal" else "terminal"
            side = "" if self.choices.alone else other
        # What is alone where nobody chose is no choice: another agent may show its other side.
        usual = arrange(self.size, replace(self.choices, alone=""))
        if (usual.conversation, usual.terminal).count(None) == 1 and side:
            side = "" if getattr(usual, side) is not None else side
        self.choose(replace(self.choices, alone=side))
        self._keep_focus_visible()
        self.host.remember_choices(self.choices)
        self.host.show_agents()

    def _keep_focus_visible(self) -> None:
        areas, view = self.arrangement, self.terminal.view
        if areas.prompt is None:
            return
        gone = areas.conversation is None and self.conversation.has_focus
        if gone or (areas.terminal is None and view is not None and view.has_focus):
            self.set_focus(self.prompt)

    def reveal_terminal(self, *, for_keys: bool = False) -> None:
        """Show the terminal for a while, where the layout hides it; nothing of it is kept.

        Args:
            for_keys: until the keyboard comes back from it, instead of until `hide_terminal`.
        """
        if self.choices.grid:
            self.close_grid()
            self._back_to_grid = True
        if self.arrangement.terminal is None and self.arrangement.prompt is not None:
            self._before_reveal, self._revealed_for_keys = self.choices.alone, for_keys
            self.choose(replace(self.choices, alone="terminal"))
            self._keep_focus_visible()

    def hide_terminal(self) -> bool:
        """Undo `reveal_terminal`; False when there is nothing to undo."""
        if self._back_to_grid:
            self.call_later(self.open_grid, again=True)
        alone, self._before_reveal = self._before_reveal, None
        if alone is None or self.choices.alone != "terminal":
            return False
        self.choose(replace(self.choices, alone=alone))
        return True

    def action_move_split(self, steps: int) -> None:
        """Give the conversation more room (1) or less (-1)."""
        split = min(0.8, max(0.2, round(self.choices.split + steps * SPLIT_STEP, 2)))
        self.choose(replace(self.choices, split=split, alone=""))
        self.host.remember_choices(self.choices)

    def action_sidebar(self) -> None:
        """Fold the sidebar to one line, or unfold it."""
        if self.size.width < WIDE:
            now = f"Agents have a column from {WIDE} columns on, this window has {self.size.width}"
            self.host.say(f"{now}: make it wider", "warning")
            return
        self.choose(replace(self.choices, sidebar=not self.choices.sidebar))
        self.host.remember_choices(self.choices)

    def action_focus_on(self, step: int) -> None:
        """Move the keyboard between prompt, conversation and terminal."""
        areas = self.arrangement
        stops = [self.prompt]
        if areas.conversation is not None:
            stops.append(self.conversation)  # type: ignore[arg-type]
        view = self.terminal.view
        if areas.terminal is not None and view is not None and self.terminal.pane is not None:
            stops.append(view)  # type: ignore[arg-type]
        here = next((index for index, stop in enumerate(stops) if stop is self.focused), 0)
        self.set_focus(stops[(here + step) % len(stops)])

    def action_focus_prompt(self) -> None:
        """Put the keyboard into the prompt."""
        self.set_focus(self.prompt)

    async def action_fork_here(self) -> None:
        """Fork the session at the turn of the chosen block."""
        await self.host.run_action(actions.by_id("agent.fork").action)

    def on_descendant_focus(self) -> None:
        """Show which area has the keyboard, and its keys."""
        hidden = (self.prompt, self.conversation, self.terminal.view)
        if self.choices.grid and self.focused in hidden:
            self.close_grid()
        self.show_keys()
        self.terminal.refresh_title()
        self.refresh_lines()

    def show_keys(self) -> None:
        """Let the footer tell the keys of where the keyboard is now."""
        # By `focused`: the area that loses the keyboard may not have heard of it yet.
        view = self.terminal.view
        if self._pane_has_keyboard:
            self.footer.show(actions.TERMINAL)
        elif self.choices.grid:
            self.footer.show(actions.GRID)
        elif view is not None and self.focused is view:
            self.footer.show(actions.PANE)
        elif self.focused is self.conversation:
            self.footer.show(actions.CONVERSATION)
        else:
            self.footer.show(actions.PROMPT)

    def type_into_prompt(self, character: str) -> bool:
        """Write what was typed at a place where it means nothing, and go on in the prompt."""
        self.set_focus(self.prompt)
        self.prompt.insert(character)
        return True

    def on_pane_view_keyboard_taken(self) -> None:
        """Tell the keys that do not go to the pane."""
        self._tell_gate()
        self.show_keys()
        self.refresh_lines()

    def on_pane_view_keyboard_returned(self) -> None:
        """Tell the usual keys again, and show what was shown before."""
        self._tell_gate()
        if self._revealed_for_keys:
            self._revealed_for_keys = False
            if self.hide_terminal():
                if self.focused is None or self.focused is self.terminal.view:
                    self.set_focus(self.prompt)
                self.host.show_agents()
        self.show_keys()
        self.refresh_lines()

    def _tell_gate(self) -> None:
        """Let a gate lie elsewhere than where the person types."""
        if self.host.gates is not None:
            self.host.gates.keyboard_moved()

    def on_conversation_folding_changed(self) -> None:
        """Tell what the keys that fold do now."""
        self.footer.redraw()

    def on_gate_dialog_opened(self) -> None:
        """Tell that Esc is for the gate now."""
        self.footer.redraw()
        self.refresh_lines()

    def on_gate_dialog_closed(self) -> None:
        """Tell what Esc does again."""
        self.footer.redraw()
        self.refresh_lines()

    def on_gate_card_takes_keys(self, message: GateCard.TakesKeys) -> None:
        """Let the prompt's cursor rest while a gate takes the keys."""
        self.prompt.set_class(message.armed, "-resting")

    # The menu

    async def follow_prompt(self) -> None:
        """Let menu, layout and rule follow what is written."""
        prompt = self.prompt
        if self.offers is None and prompt.completing() is not None:
            from tui.prompt.prompt_menu import PromptMenu
            from tui.widgets.row_list import RowList

            self.menu = RowList(id="menu")
            await self.mount(self.menu)
            self.offers = PromptMenu(self.host, self.menu)
        if self.offers is not None:
            self.offers.follow()
        self.choose(replace(self.choices, prompt_rows=min(prompt.rows, 99)))
        before = (self._shell, self._written)
        self._shell = prompt.text.startswith("!")
        command = prompt.text.startswith(("!", "/")) and not prompt.text.startswith("//")
        self._written = ("command" if command else "prompt") if prompt.text.strip() else ""
        if (self._shell, self._written) != before:
            self.refresh_lines()
            self.footer.redraw()

    def show_menu(self, rows: int) -> None:
        """Give the menu its rows."""
        self.choose(replace(self.choices, menu_rows=rows))
