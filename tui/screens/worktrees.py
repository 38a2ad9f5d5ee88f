"""The worktrees of a repository, what each holds and would lose, and what agents change twice."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from agent.errors import AgentError
from tui import actions
from tui.gate.host import host
from tui.gate.words import short_path
from tui.text import fit, one_line
from tui.widgets.choice_list import ChoiceList
from tui.widgets.key_row import KeyRow
from tui.widgets.lines import OneRow
from tui.widgets.said import Said
from tungsten.printable import counted

if TYPE_CHECKING:
    from agent.isolation.worktrees import Listed, Loss
    from agent.protocol.agents import AgentSummary

MOST_FILES = 12
"""Files that several agents changed which are named."""


class WorktreesScreen(Screen[None]):
    """Lists the worktrees of the repository around a directory.

    Args:
        directory: in the repository.
    """

    KEYS = actions.WORKTREES
    """The context that help begins with here."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(",".join(action.keys), action.action, show=False)
        for action in actions.of(actions.WORKTREES)
        if action.action
    ]
    AUTO_FOCUS = "#trees"
    DEFAULT_CSS = """
    WorktreesScreen {
        & > OneRow { background: $surface; }
        & > OptionList, & > OptionList:focus {
            width: 100%; height: auto; max-height: 50%;
            border: none; padding: 0; background: $background;
            background-tint: $foreground 0%;
            & > .option-list--option { padding: 0 1; }
            & > .option-list--option-highlighted {
                background: $block-cursor-blurred-background; color: $foreground; text-style: none;
            }
        }
        & > #trees-more { height: 1fr; padding: 1 2; color: $text-muted; }
    }
    """

    def __init__(self, directory: str) -> None:
        super().__init__()
        self._directory = Path(directory)
        self._trees: list[tuple[Listed, Loss]] = []
        self._busy = False

    def compose(self) -> ComposeResult:
        """Lay out title, list, what the chosen one holds, and keys."""
        yield OneRow(id="trees-title")
        yield ChoiceList(id="trees")
        yield Static(id="trees-more", markup=False)
        yield Said(id="trees-said")
        yield KeyRow(actions.WORKTREES, id="trees-keys")

    def on_mount(self) -> None:
        """Look for worktrees."""
        title = self.query_one("#trees-title", OneRow)
        title.left = [(" Worktrees", "strong")]
        title.right = [(f"{short_path(str(self._directory), str(Path.home()))} ", "muted")]
        title.redraw()
        self.action_reload()

    def agents_changed(self) -> None:
        """Show again who works where; called when the app has heard of a change."""
        self._fill()

    # What there is ------------------------------------------------------------------------------

    def action_reload(self) -> None:
        """Look again."""
        self._look()

    @work(exclusive=True, exit_on_error=False)
    async def _look(self) -> None:
        from agent.isolation import worktrees

        try:
            found = []
            for each in await worktrees.listed(self._directory):
                empty = each.main or each.gone
                loss = worktrees.Loss() if empty else await worktrees.loss(each.path)
                found.append((each, loss))
        except AgentError as error:
            self._trees = []
            self._fill()
            self._say(str(error), problem=True)
            return
        self._trees = found
        self._fill()

    def _fill(self) -> None:
        listing = self.query_one(OptionList)
        kept = listing.highlighted or 0
        width = max(40, self.size.width - 2)
        listing.clear_options()
        listing.add_options(Option(self._row(*each, width)) for each in self._trees)
        if self._trees:
            listing.highlighted = min(kept, len(self._trees) - 1)
        self._tell_more()

    def _row(self, tree: Listed, loss: Loss, width: int) -> Content:
        names = ", ".join(agent.name for agent in self._agents_in(tree)) or "nobody"
        wide = width >= 90
        cells = ((tree.branch or "no branch", 30 if wide else 20), (names, 20 if wide else 12))
        left = "".join(f"{fit(one_line(word), room):<{room}} " for word, room in cells)
        if tree.main:
            facts = "the repository itself"
        elif tree.gone:
            facts = "its directory is gone"
        else:
            held = [f"{counted(loss.unmerged, 'commit')} not merged"] if loss.unmerged else []
            held += [f"{len(loss.uncommitted)} not committed"] if loss.uncommitted else []
            held += [f"{len(loss.ignored)} ignored"] if loss.ignored else []
            facts = " · ".join([*held, *([loss.half_done] if loss.half_done else [])])
            facts = facts or "all of it is merged"
        style = "bold $text-warning" if loss else "$foreground"
        return Content.assemble((left, style), (fit(facts, max(8, width - len(left))), "$muted"))

    def _agents_in(self, tree: Listed) -> list[AgentSummary]:
        from agent.isolation.worktrees import within

        paths = [each.path for each, _ in self._trees]
        agents = host(self).state.agents
        return [each for each in agents if within(Path(each.directory), paths) == tree.path]

    @property
    def _chosen(self) -> tuple[Listed, Loss] | None:
        at = self.query_one(OptionList).highlighted
        return self._trees[at] if at is not None and at < len(self._trees) else None

    @on(OptionList.OptionHighlighted)
    def _tell_more(self) -> None:
        lines = []
        if self._chosen is not None:
            tree, loss = self._chosen
            lines.append(one_line(str(tree.path)))
            lines += [f"removing it would lose what is {one_line(each)}" for each in loss.told()]
        shared = {
            (each.path, tuple(sorted((agent.name, *each.agents)))): each.apart
            for agent in host(self).state.agents
            for each in agent.overlaps
        }
        if shared:
            lines += ["", f"{counted(len(shared), 'file')} that several agents changed today:"]
        for (path, names), apart in list(shared.items())[:MOST_FILES]:
            where = "in worktrees of their own" if apart else "in one tree"
            lines.append(one_line(f"  {path}: {', '.join(names)}, {where}"))
        self.query_one("#trees-more", Static).update("\n".join(lines))

    def _say(self, text: str, *, problem: bool = False) -> None:
        if self.is_attached:
            self.query_one(Said).say(text, "bad" if problem else "muted")

    # What keys ask for --------------------------------------------------------------------------

    def action_leave(self) -> None:
        """Go back to the cockpit."""
        self.dismiss(None)

    @on(OptionList.OptionSelected)
    def _opened(self) -> None:
        self.action_diff()

    @work(exclusive=True, group="diff", exit_on_error=False)
    async def action_diff(self) -> None:
        """Show what the chosen worktree has that the repository's own branch has not."""
        if self._chosen is None or self._chosen[0].main or self._chosen[0].gone:
            self._say("This is no worktree beside the repository: there is nothing to compare.")
            return
        from agent.isolation import worktrees
        from tui.screens.diff_view import DiffScreen

        tree = self._chosen[0]
        try:
            text = await worktrees.diff(tree.path)
        except AgentError as error:
            self._say(str(error), problem=True)
            return
        await self.app.push_screen(DiffScreen(text, f"{tree.branch} beside its repository"))

    async def action_merge(self) -> None:
        """Ask whether the chosen worktree's branch is to be merged, and do it."""
        if self._chosen is None or self._chosen[0].main or self._busy:
            return
        from tui.screens.confirm import ConfirmScreen

        tree, main = self._chosen[0], self._trees[0][0]
        screen = ConfirmScreen(
            f"Merge {one_line(tree.branch)} into {one_line(main.branch)}?",
            f"git merges it in {one_line(str(main.path))}. Where the two do not go together, "
            "nothing is changed.",
            verb="merge it",
        )

        def merge(sure: bool | None) -> None:
            if sure:
                self._merge(tree)

        await self.app.push_screen(screen, merge)

    @work(exit_on_error=False)
    async def _merge(self, tree: Listed) -> None:
        from agent.isolation import worktrees

        self._busy = True
        try:
            self._say(await worktrees.merge(tree.path))
        except AgentError as error:
            self._say(str(error), problem=True)
        finally:
            self._busy = False
        self._look()

    async def action_remove(self) -> None:
        """Say what removing the chosen worktree would lose, and ask whether that is meant."""
        if self._chosen is None or self._chosen[0].main or self._busy:
            self._say("The repository itself is not removed.")
            return
        tree, loss = self._chosen
        busy = self._agents_in(tree)
        if busy:
            names = ", ".join(one_line(each.name) for each in busy)
            self._say(f"{names} works there: archive it first.", problem=True)
            return
        from tui.screens.confirm import ConfirmScreen

        lost = "; ".join(one_line(each) for each in loss.told())
        text = f"This loses for good what is {lost}." if loss else "Nothing would be lost."
        if loss.unmerged:
            text += f" Its {counted(loss.unmerged, 'commit')} stay, on {one_line(tree.branch)}."
        screen = ConfirmScreen(
            f"Remove {one_line(tree.path.name)}?",
            text,
            verb="lose that and remove it" if loss else "remove it",
        )

        def remove(sure: bool | None) -> None:
            if sure:
                self._remove(tree, loss)

        await self.app.push_screen(screen, remove)

    @work(exit_on_error=False)
    async def _remove(self, tree: Listed, loss: Loss) -> None:
        from agent.isolation import worktrees

        self._busy = True
        made = worktrees.Worktree(tree.path, tree.branch)
        try:
            stays = await worktrees.remove(made, agreed=loss.token() if loss else "")
            self._say(f"{tree.path} is removed" + (f"; {stays}" if stays else ""))
        except AgentError as error:
            self._say(str(error), problem=True)
        finally:
            self._busy = False
        self._look()
