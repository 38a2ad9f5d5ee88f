"""The grid: all terminals in tiles, one of them chosen, in the place of the rest of the cockpit.

Which terminal is chosen is the app's: the agent that is looked at, and its pane. So every key that
concerns "the agent" means the chosen tile's.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, cast

from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.strip import Strip
from textual.widget import Widget

from tui.conversation.empty_states import no_tiles
from tui.drawing.text import Piece, between, one_line, strip_of
from tui.grid import shape
from tui.grid.pane import TilePane
from tui.grid.tile import FILTERS, Head, Tile, tiles_of
from tui.keys import actions
from tui.themes.theme import STATE_GLYPHS, Paint, paint, state_style
from tui.widgets.block_view import draw_empty
from tui.widgets.keys_in_order import KeysInOrder

if TYPE_CHECKING:
    from textual.events import Click

    from tui.app import TungstenApp

DIGITS = 9
"""Agents of the list that a digit means, here as with Alt."""

ROOMY = 100
"""Columns from which the first row has room for whole words."""

BAR = 1
"""Rows above the tiles: what is shown, and how much of it there is."""


class _TileLayout(Layout):
    """Places each terminal below its head."""

    name = "tiles"

    def arrange(
        self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True
    ) -> ArrangeResult:
        """Place those of the page; others are not shown."""
        assert isinstance(parent, Grid)
        heads = parent.heads(size)
        return [
            WidgetPlacement(head.shrink((1, 0, 0, 0)), NULL_OFFSET, NULL_SPACING, child)
            for child in children
            if isinstance(child, TilePane)
            and (head := heads.get(child.pane_id or "")) is not None
            and head.height > 1
            and head.width
        ]


class Grid(KeysInOrder, Widget, can_focus=True):
    """Draws the bar, the heads and the lines; each terminal is a widget of its own."""

    DEFAULT_CSS = "Grid { background: $background; }"
    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(",".join(action.keys), action.action, show=False)
            for action in actions.of(actions.GRID)
            if action.action
        ),
        *(
            Binding(key, f"move({across}, {down})", show=False)
            for keys, across, down in (
                (("left", "h", "shift+tab"), -1, 0),
                (("right", "l", "tab"), 1, 0),
                (("up", "k"), 0, -1),
                (("down", "j"), 0, 1),
            )
            for key in keys
        ),
        *(Binding(str(number), f"choose({number})", show=False) for number in range(1, DIGITS + 1)),
        Binding("home", "end(0)", show=False),
        Binding("end", "end(-1)", show=False),
        Binding("F", "filter(-1)", show=False),
        Binding("shift+pageup", "scroll(1)", show=False),
        Binding("shift+pagedown", "scroll(-1)", show=False),
    ]

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._tile_layout = _TileLayout()
        self._all: tuple[Tile, ...] = ()
        self._tiles: tuple[Tile, ...] = ()
        """Those that the filter takes."""
        self._filter = FILTERS[0]
        self._chosen = ""
        self._kept = ""
        """The chosen tile, which stays when the filter would no longer take it."""
        self._left = ("", "")
        """The tile that was chosen before filters left it out, and the one chosen instead."""
        self._index = 0
        """Where the chosen tile stands, or stood."""
        self._panes: dict[str, TilePane] = {}
        self._owners: dict[str, str] = {}
        """The agent of each terminal of the page, by their ids."""
        self._seen = False
        self._drawn: dict[Region, tuple[Strip, ...]] = {}
        self._stale = True
        """Whether what was drawn is not what is to be seen."""
        self._drawn_heads: dict[str, tuple[object, Strip]] = {}
        """Each head as it was drawn last, with all that it was drawn from."""
        self._targets: list[tuple[range, int]] = []
        self.came_from = ("", "")
        """The agent and the pane that were looked at before the grid was opened."""

    @property
    def layout(self) -> Layout:
        """Place terminals by `tui.grid.shape`."""
        return self._tile_layout

    @property
    def _app(self) -> TungstenApp:
        return cast("TungstenApp", self.app)

    # What is shown ------------------------------------------------------------------------------

    def remember_place(self) -> None:
        """Keep what is looked at now, to come back to it."""
        pane = self._app.cockpit.terminal.pane
        self.came_from = (self._app.focused_id, pane.pane_id if pane is not None else "")

    def open(self) -> None:
        """Begin, as it was left; something is chosen if there is anything."""
        self.follow()
        if self._chosen_tile is None and self._tiles:
            self._choose(self._tiles[min(self._index, len(self._tiles) - 1)])

    def follow(self) -> None:
        """Show what the app knows now."""
        app = self._app
        agent, shown = app.focused_agent, app.cockpit.terminal.pane
        chosen = shown.pane_id if shown is not None and agent is not None else ""
        gone = agent is not None and agent.id != app.focused_id
        if chosen != self._chosen:
            self._chosen, self._kept = chosen, "" if gone else chosen
        self._all = tiles_of(app.agents, app.state)
        self._take_over()
        if gone and self._chosen_tile is None:
            # The one that was chosen is no more, and the app fell back on its first agent.
            self._choose_at(self._index)

    def _take_over(self) -> None:
        keyboard = {pane_id for pane_id, pane in self._panes.items() if pane.takes_keys}
        self._tiles = tuple(
            tile
            for tile in self._all
            if self._filter.takes(tile.agent.state) or tile.id == self._kept or tile.id in keyboard
        )
        ids = [tile.id for tile in self._tiles]
        if self._chosen in ids:
            self._index = ids.index(self._chosen)
        self._mount_page()
        self.redraw()

    @property
    def _chosen_tile(self) -> Tile | None:
        return next((tile for tile in self._tiles if tile.id == self._chosen), None)

    @property
    def chosen_pane(self) -> TilePane | None:
        """The terminal of the chosen tile."""
        return self._panes.get(self._chosen)

    def _pages(self, size: Size) -> tuple[int, int, int]:
        """Number of the page shown, how many there are, and the tiles on each."""
        each = shape.per_page(len(self._tiles), _below_bar(size))
        pages = max(1, -(-len(self._tiles) // each))
        return min(self._index // each, pages - 1), pages, each

    @property
    def empty(self) -> bool:
        """Whether the filter takes no terminal."""
        return not self._tiles

    @property
    def pages(self) -> int:
        """How many pages there are now."""
        return self._pages(self.size)[1]

    def _page(self, size: Size) -> tuple[Tile, ...]:
        page, _, each = self._pages(size)
        return self._tiles[page * each : (page + 1) * each]

    def heads(self, size: Size) -> dict[str, Region]:
        """Where the tiles of the page stand in a grid of this size, their heads included."""
        page = self._page(size)
        regions = self._shape(size, len(page)).tiles
        return {
            tile.id: region.translate((0, BAR)) for tile, region in zip(page, regions, strict=False)
        }

    def _shape(self, size: Size, tiles: int) -> shape.Page:
        # On the last page tiles are as large as on the others.
        _, pages, each = self._pages(size)
        return shape.page_of(each if pages > 1 else tiles, _below_bar(size))

    def _mount_page(self) -> None:
        """Have a widget for each terminal of the page, and for no other."""
        page = {tile.id: tile.agent.id for tile in self._page(self.size)}
        for pane_id in tuple(self._panes):
            # A new tmux server gives out the same ids again.
            if page.get(pane_id) != self._owners.get(pane_id):
                self._panes.pop(pane_id).remove()
                self._drawn_heads.pop(pane_id, None)
        self._owners = page
        new = [TilePane(pane_id, self.redraw) for pane_id in page if pane_id not in self._panes]
        for pane in new:
            assert pane.pane_id is not None
            self._panes[pane.pane_id] = pane
        if new:
            self.mount(*new)
            self.call_after_refresh(lambda: self.tell_seen(self._seen))
        for pane_id, pane in self._panes.items():
            pane.choose(pane_id == self._chosen)

    def tell_seen(self, seen: bool) -> None:
        """Tell the terminals whether they can be seen; nothing else is captured."""
        self._seen = seen
        for pane in self._panes.values():
            pane.tell_seen(seen)

    def on_resize(self) -> None:
        """A page may hold more now, or fewer."""
        self._mount_page()
        self.redraw()
        self._app.cockpit.footer.redraw()

    # Drawing ------------------------------------------------------------------------------------

    def notify_style_update(self) -> None:
        """Forget what was drawn in the styles of another theme, but for what stands where."""
        self._stale = True
        self._drawn_heads = {}
        super().notify_style_update()

    def redraw(self) -> None:
        """Draw anew, and send what differs to the screen: no terminal is drawn for it."""
        if self.is_attached:
            self._draw_anew()

    def _draw_anew(self) -> None:
        before, self._drawn = self._drawn, self._draw(*self.size)
        self._stale = False
        if before.keys() != self._drawn.keys():
            self.refresh()
            for pane in self._panes.values():
                # Through a child: Textual forgets the arrangements of ancestors only.
                pane.refresh(layout=True)
                break
            return
        changed = [place for place, strips in self._drawn.items() if strips != before[place]]
        if changed:
            self.refresh(*changed)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return some lines; what differs in the others is sent, too, where all are drawn anew."""
        if self._stale:
            # Here and not line by line: Textual keeps the lines that it was not told of.
            self._draw_anew()
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """Put together what stands in a row; the terminals cover the rest."""
        blank = paint(self.app.theme_variables).blank
        strips: list[Strip] = []
        x = 0
        here = [place for place in self._drawn if place.y <= y < place.bottom]
        for place in sorted(here, key=lambda place: place.x):
            if place.x > x:
                strips.append(Strip.blank(place.x - x, blank))
            strips.append(self._drawn[place][y - place.y])
            x = place.right
        if x < self.size.width:
            strips.append(Strip.blank(self.size.width - x, blank))
        return Strip.join(strips)

    def _draw(self, width: int, height: int) -> dict[Region, tuple[Strip, ...]]:
        """Draw all but the terminals, by where it stands; places never overlap."""
        styles = paint(self.app.theme_variables)
        size = Size(width, height)
        drawn: dict[Region, tuple[Strip, ...]] = {}
        if height:
            drawn[Region(0, 0, width, 1)] = (self._bar(width, styles),)
        heads = self.heads(size)
        if not heads:
            room = max(0, height - BAR)
            empty = no_tiles(self._app.state, self._filter.nothing, self._filter is FILTERS[0])
            rows = draw_empty(empty, width, room, styles)[:room]
            blank = Strip.blank(width, styles.blank)
            below = (*rows, *[blank] * (room - len(rows)))
            return drawn | ({Region(0, BAR, width, room): below} if room else {})
        page = self._page(size)
        places = self._shape(size, len(page))
        for tile, joints in zip(page, places.joints, strict=False):
            head = heads[tile.id]
            place = Region(head.x, head.y, head.width, 1)
            drawn[place] = (self._head(tile, head.width, joints, styles),)
        chosen = heads.get(self._chosen)
        for line in places.lines:
            where = line.place.translate((0, BAR))
            beside = chosen is not None and (
                where.y == chosen.y and where.x in (chosen.x - 1, chosen.right)
            )
            style = styles.focus if beside else styles.rule
            drawn[where] = (_sign(line.top, style), *[_sign("│", style)] * (where.height - 1))
        return drawn

    def _head(self, tile: Tile, width: int, joints: frozenset[int], styles: Paint) -> Strip:
        pane = self._panes.get(tile.id)
        head = Head(
            key=str(tile.number) if tile.number <= DIGITS else "",
            chosen=tile.id == self._chosen,
            keyboard=pane is not None and pane.has_keyboard,
            lines_back=pane.lines_back if pane is not None else 0,
            waited=self._app.now() - tile.agent.since if tile.agent.state == "waiting" else 0.0,
            joints=joints,
        )
        made_from = (tile, head, width)
        known = self._drawn_heads.get(tile.id)
        if known is None or known[0] != made_from:
            known = (made_from, head.draw(tile, width, styles))
            self._drawn_heads[tile.id] = known
        return known[1]

    def _bar(self, width: int, styles: Paint) -> Strip:
        """Draw the first row: the filters with their numbers, and the page."""
        counts = [sum(one.takes(tile.agent.state) for tile in self._all) for one in FILTERS]
        left: list[Piece] = [(" Grid ", styles.strong)]
        column = len(" Grid ")
        self._targets = []
        short = width < ROOMY
        for number, (one, count) in enumerate(zip(FILTERS, counts, strict=True)):
            name = one.short if short else one.name
            glyph = STATE_GLYPHS[min(one.states)] if one.states else ""
            active = one is self._filter
            back = styles.chosen if active else styles.blank
            words = styles.focus if active else styles.muted if count else styles.faint
            state = state_style(styles, min(one.states)) if one.states and count else words
            pieces: list[Piece] = [(" ", back)]
            if glyph:
                pieces.append((f"{glyph} ", state + back if active else state))
            pieces.append((f"{count} {name}", words + back if active else words))
            pieces.append((" ", back))
            cells = sum(len(text) for text, _ in pieces)
            self._targets.append((range(column, column + cells), number))
            column += cells
            left += [*pieces, (" ", styles.blank)]
            column += 1
        page, pages, _ = self._pages(self.size)
        right: list[Piece] = []
        if pages > 1:
            said = f"{page + 1}/{pages}" if short else f"page {page + 1} of {pages}"
            right = [(f" {said} ", styles.muted)]
        return between(left, right, width, styles.blank)

    # Choosing -----------------------------------------------------------------------------------

    def _choose(self, tile: Tile) -> None:
        self._app.choose_pane(tile.agent.id, tile.id)

    def _choose_at(self, index: int) -> None:
        if self._tiles:
            self._choose(self._tiles[min(max(index, 0), len(self._tiles) - 1)])

    def action_move(self, across: int, down: int) -> None:
        """Choose the tile beside; at the edge of a page, that of the next."""
        if self._chosen_tile is None:
            self._choose_at(self._index)
            return
        page, pages, each = self._pages(self.size)
        tiles = list(self.heads(self.size).values())
        here = self._index - page * each
        there = shape.beside(tiles, here, across, down)
        if there != here:
            self._choose_at(self._index + there - here)
        elif across:
            self._choose_at(self._index + across)
        elif 0 <= page + down < pages:
            tiles = list(self._shape(self.size, each).tiles)
            there = shape.across_the_edge(tiles, here, down)
            self._choose_at((page + down) * each + there)

    def action_choose(self, number: int) -> None:
        """Choose the terminal of an agent by its number on the list; once more, its next one."""
        agents = self._app.agents
        if number > len(agents):
            return
        agent = agents[number - 1]
        tiles = [tile for tile in self._tiles if tile.agent.id == agent.id]
        if tiles:
            ids = [tile.id for tile in tiles]
            at = ids.index(self._chosen) + 1 if self._chosen in ids else 0
            self._choose(tiles[at % len(tiles)])
            return
        why = "is not among those shown: f shows others" if agent.panes else "has no terminal"
        self._app.say(f"{number} {one_line(agent.name)} {why}", "warning")

    def action_page(self, by: int) -> None:
        """Go to the next page, or the one before."""
        page, pages, each = self._pages(self.size)
        if 0 <= page + by < pages:
            self._choose_at(self._index + by * each)

    def action_end(self, index: int) -> None:
        """Choose the first tile of all, or the last."""
        self._choose_at(index % max(1, len(self._tiles)))

    def action_filter(self, by: int) -> None:
        """Show the agents of the next states, or of those before."""
        self._show_only((FILTERS.index(self._filter) + by) % len(FILTERS))

    def _show_only(self, number: int) -> None:
        self._filter, self._kept = FILTERS[number], ""
        self._take_over()
        self._app.cockpit.footer.redraw()
        wanted, instead = self._left
        if self._chosen != instead:
            wanted = self._chosen
        back = next((tile for tile in self._tiles if tile.id == wanted), None)
        if back is not None:
            self._left = ("", "")
            if wanted != self._chosen:
                self._choose(back)
            self._kept = wanted
        else:
            self._index = 0
            self._choose_at(0)
            self._left = (wanted, self._tiles[0].id if self._tiles else self._chosen)

    # What is done with the chosen one -----------------------------------------------------------

    async def action_ask(self, name: str) -> None:
        """Carry out a function of `tui.requests`."""
        await self._app.action_ask(name)

    def action_type(self) -> None:
        """Give the keyboard to the chosen terminal, where it is."""
        pane = self.chosen_pane
        if pane is not None:
            pane.take_keyboard_soon()

    def action_scroll(self, pages: int) -> None:
        """Scroll the chosen terminal, up when positive."""
        pane = self.chosen_pane
        if pane is not None:
            pane.action_page_back(pages)

    async def on_click(self, event: Click) -> None:
        """Choose what is clicked; twice zooms in."""
        where = event.screen_offset - self.region.offset
        for columns, number in self._targets:
            if where.y == 0 and where.x in columns:
                self._show_only(number)
                return
        for tile in self._page(self.size):
            head = self.heads(self.size)[tile.id]
            if head.contains_point(where):
                self._choose(tile)
                if event.chain == 2:
                    await self.action_ask("zoom")
                return


def _below_bar(size: Size) -> Size:
    return Size(size.width, max(0, size.height - BAR))


@lru_cache(maxsize=32)
def _sign(character: str, style: Style) -> Strip:
    return strip_of([(character, style)], 1)
