"""The worktrees of a repository: what each holds and would lose, and what agents change twice."""

from __future__ import annotations

from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from agent.errors import AgentError
from tui.drawing.text import column, fit, one_line
from tui.gate.host import host
from tui.gate.words import short_path
from tui.keys import actions
from tui.screens.closed_once import ClosedOnce
from tui.widgets.choice_list import ChoiceList
from tui.widgets.code import diff_size
from tui.widgets.diff_rows import rows
from tui.widgets.key_row import KeyRow
from tui.widgets.lines import OneRow
from tui.widgets.said import Said
from tui.widgets.text_rows import TextRows
from tungsten.screen.printable import counted

if TYPE_CHECKING:
    from textual.notifications import SeverityLevel
    from textual.strip import Strip

    from agent.isolation.worktrees import Listed, Loss
    from agent.protocol.agents import AgentSummary

MOST_FILES = 12
"""Files that several agents changed which are named."""

SEEN = 20_000
"""Characters of a worktree's diff that are looked at for its first rows."""

NOTHING_OWN = "It has nothing that the repository has not."

ALONE = (
    "No worktree lies beside the repository.\n\n"
    "An agent works in one of its own, on a branch of its own, where the form for a new agent says "
    "so: {key}, and there Worktree. What it did is compared, merged and removed here then."
)


class Head(TextRows, can_focus=False):
    """The first rows of a diff, none of them chosen."""

    def draw(self, width: int, height: int) -> list[Strip]:
        """Draw them."""
        self._chosen = -1
        return super().draw(width, height)


class WorktreesScreen(ClosedOnce[None]):
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
        & > #trees-names { background: $background; margin-top: 1; }
        & > #trees-chosen { margin-top: 1; }
        & > #trees-more { height: auto; max-height: 40%; padding: 0 1; color: $text-muted; }
        & > #trees-head { height: 1fr; margin-top: 1; }
    }
    """

    def __init__(self, directory: str) -> None:
        super().__init__()
        self._directory = Path(directory)
        self._trees: list[tuple[Listed, Loss]] = []
        self._fault = ""
        self._looked = self._busy = False

    def compose(self) -> ComposeResult:
        """Lay out title, list, what the chosen one holds, and keys."""
        yield OneRow(id="trees-title")
        yield OneRow(id="trees-names")
        yield ChoiceList(id="trees")
        yield OneRow(id="trees-chosen")
        yield Static(id="trees-more")
        yield Head(id="trees-head")
        yield Said(id="trees-said")
        yield KeyRow(actions.WORKTREES, id="trees-keys")

    def on_mount(self) -> None:
        """Look for worktrees."""
        title = self.query_one("#trees-title", OneRow)
        title.left = [(" Worktrees", "strong")]
        title.right = [(f"{short_path(str(self._directory), str(Path.home()))} ", "muted")]
        title.redraw()
        self.action_reload()

    def on_resize(self) -> None:
        """Write the rows for the width of the window."""
        if self._looked:
            self._fill()

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
            self._trees, self._fault = [], str(error)
            self._fill()
            return
        self._trees, self._fault, self._looked = found, "", True
        self._fill()

    def _fill(self) -> None:
        if not self.is_open:
            return
        listing = self.query_one(OptionList)
        kept = listing.highlighted or 0
        width = max(40, self.size.width - 2)
        names = self.query_one("#trees-names", OneRow)
        branch, agents = self._rooms(width)
        words = f" {'branch':<{branch}} {'agents':<{agents}} what it alone has"
        names.left = [(words, "faint")] if self._trees else []
        names.redraw()
        listing.display = bool(self._trees)
        listing.clear_options()
        listing.add_options(Option(self._row(*each, width)) for each in self._trees)
        if self._trees:
            listing.highlighted = min(kept, len(self._trees) - 1)
        self._tell_more()

    @staticmethod
    def _rooms(width: int) -> tuple[int, int]:
        """Cells of a row for the branch and for the agents."""
        return (width // 3, width // 5) if width >= 90 else (22, 12)

    def _row(self, tree: Listed, loss: Loss, width: int) -> Content:
        names = ", ".join(agent.name for agent in self._agents_in(tree))
        words = (tree.branch or "no branch", names)
        left = [
            column(one_line(word), room)
            for word, room in zip(words, self._rooms(width), strict=True)
        ]
        if tree.main:
            facts = "the repository itself"
        elif tree.gone:
            facts = "its directory is gone"
        else:
            held = _held(loss, wide=width >= 90)
            facts = " · ".join([*held, *([loss.half_done] if loss.half_done else [])])
            nothing = "nothing is in it yet" if loss.untouched else "all of it is merged"
            facts = facts or nothing
        room = max(8, width - sum(self._rooms(width)) - 2)
        return Content.assemble(
            (f"{left[0]} ", "$foreground"),
            (f"{left[1]} ", "$foreground"),
            (fit(facts, room), "$text-warning" if loss else "$muted"),
        )

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
        lines: list[Content] = []
        chosen = self.query_one("#trees-chosen", OneRow)
        chosen.left, chosen.right = [], []
        idle = [] if len(self._trees) > 1 else ["worktrees.choose"]
        if self._chosen is None or self._chosen[0].main or self._chosen[0].gone:
            idle.append("worktrees.diff")
        if self._chosen is None or self._chosen[0].main:
            idle += ["worktrees.merge", "worktrees.remove"]
        self.query_one(KeyRow).tell(idle=idle)
        if self._chosen is not None:
            tree, loss = self._chosen
            path = short_path(str(tree.path), str(Path.home()))
            chosen.left = [(f" {one_line(path)}", "strong")]
            if tree.main and len(self._trees) == 1:
                lines.append(Content(ALONE.format(key=actions.shown("agent.new"))))
            elif tree.main:
                lines.append(Content("What is merged comes here."))
            lines += [
                Content.styled(f"removing it would lose what is {one_line(each)}", "$text-warning")
                for each in loss.told()
            ]
        lines += self._shared()
        chosen.redraw()
        more = self.query_one("#trees-more", Static)
        more.update(Content("\n").join(lines))
        more.display = bool(lines)
        self._show_head()

    def _shared(self) -> list[Content]:
        """What several agents changed, one line for each file."""
        shared = {
            (each.path, tuple(sorted((agent.name, *each.agents)))): each.apart
            for agent in host(self).state.agents
            for each in agent.overlaps
        }
        if not shared:
            return []
        lines = [Content(f"{counted(len(shared), 'file')} that several agents changed today:")]
        for (path, names), apart in list(shared.items())[:MOST_FILES]:
            where = "in worktrees of their own" if apart else "in one tree"
            lines.append(Content("  " + one_line(f"{path}: {', '.join(names)}, {where}")))
        return lines

    @work(exclusive=True, group="head", exit_on_error=False)
    async def _show_head(self) -> None:
        """Show how the chosen worktree's diff begins."""
        if not self.is_open:
            return
        head = self.query_one(Head)
        head.note = [(one_line(self._fault), "bad")]
        head.begin(())
        if self._chosen is None or self._chosen[0].main or self._chosen[0].gone:
            return
        from agent.isolation import worktrees

        tree = self._chosen[0]
        try:
            text = await worktrees.diff(tree.path)
        except AgentError as error:
            head.note = [(one_line(str(error)), "bad")]
            head.begin(())
            return
        if not self._on_stack:
            return
        chosen = self.query_one("#trees-chosen", OneRow)
        added, removed = diff_size(text)
        chosen.right = [(f"+{added} -{removed} ", "muted")] if text else []
        chosen.redraw()
        head.note = [(NOTHING_OWN, "muted")]
        head.begin(rows(text[:SEEN], named=True) if text else ())

    def _say(self, text: str, *, problem: bool = False) -> None:
        if self.is_open:
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
        if not text:
            self._say(f"{one_line(tree.branch)}: {NOTHING_OWN[0].lower()}{NOTHING_OWN[1:]}")
        elif self.is_open:
            title = f"{tree.branch} beside its repository"
            await self.app.push_screen(DiffScreen(text, title, named=True))

    async def action_merge(self) -> None:
        """Ask whether the chosen worktree's branch is to be merged, and do it."""
        if self._chosen is None or self._chosen[0].main or self._busy:
            return
        from agent.isolation import worktrees
        from tui.screens.confirm import ConfirmScreen

        tree, main = self._chosen[0], self._trees[0][0]
        try:
            first = await worktrees.to_commit_first(tree.path)
        except AgentError as error:
            first = str(error)
        if first:
            self._say(first, problem=True)
            return
        screen = ConfirmScreen(
            f"Merge {one_line(tree.branch)} into {one_line(main.branch)}?",
            f"git merges it in {one_line(str(main.path))}. Where the two do not go together, "
            "nothing is changed.",
            verb="merge it",
        )

        def merge(sure: bool | None) -> None:
            if sure:
                self._go_on(self._merge(tree))

        await self.app.push_screen(screen, merge)

    async def _merge(self, tree: Listed) -> None:
        from agent.isolation import worktrees

        self._say(f"merging {one_line(tree.branch)} …")
        self._tell(await worktrees.merge(tree.path))

    async def action_remove(self) -> None:
        """Say what removing the chosen worktree would lose, and ask whether that is meant."""
        if self._chosen is None or self._busy:
            return
        if self._chosen[0].main:
            self._say("The repository itself is not removed.")
            return
        tree, loss = self._chosen
        busy = self._agents_in(tree)
        if busy:
            names = ", ".join(one_line(each.name) for each in busy)
            them = "it" if len(busy) == 1 else "them"
            works = "works" if len(busy) == 1 else "work"
            self._say(f"{names} {works} there: /archive {them} in the prompt first.", problem=True)
            return
        from tui.screens.confirm import ConfirmScreen

        lost = "; ".join(one_line(each) for each in loss.told())
        text = f"This loses for good what is {lost}." if loss else "Nothing would be lost."
        if loss.unmerged:
            stay = "stays" if loss.unmerged == 1 else "stay"
            text += f" Its {counted(loss.unmerged, 'commit')} {stay}, on {one_line(tree.branch)}."
        screen = ConfirmScreen(
            f"Remove {one_line(tree.path.name)}?",
            text,
            verb="lose that and remove it" if loss else "remove it",
        )

        def remove(sure: bool | None) -> None:
            if sure:
                self._go_on(self._remove(tree, loss))

        await self.app.push_screen(screen, remove)

    async def _remove(self, tree: Listed, loss: Loss) -> None:
        from agent.isolation import worktrees

        self._say(f"removing {one_line(tree.path.name)} …")
        made = worktrees.Worktree(tree.path, tree.branch)
        stays = await worktrees.remove(made, agreed=loss.token() if loss else "")
        self._tell(f"{tree.path} is removed" + (f"; {stays}" if stays else ""))

    def _go_on(self, changing: Coroutine[Any, Any, None]) -> None:
        """Change something; it goes on where this screen is closed meanwhile."""
        # What a screen does ends with it, and git would be ended with half of the files written.
        self.app.run_worker(self._changed(changing), exit_on_error=False)

    async def _changed(self, changing: Coroutine[Any, Any, None]) -> None:
        self._busy = True
        try:
            await changing
        except AgentError as error:
            self._tell(str(error), problem=True)
        finally:
            self._busy = False
        if self.is_open:
            self._look()

    def _tell(self, text: str, *, problem: bool = False) -> None:
        """Say what became of a change, here or where the person is by now."""
        if self.is_open:
            self._say(text, problem=problem)
        else:
            severity: SeverityLevel = "error" if problem else "information"
            self.app.notify(text, severity=severity, timeout=30, markup=False)


def _held(loss: Loss, *, wide: bool) -> list[str]:
    """What a worktree alone has, by kind."""
    commits = f"{counted(loss.unmerged, 'commit')} not merged"
    files = len(loss.uncommitted)
    kinds = (
        (loss.unmerged, commits if wide else f"{loss.unmerged} unmerged"),
        (files, f"{files} not committed" if wide else f"{files} uncommitted"),
        (len(loss.ignored), f"{len(loss.ignored)} ignored"),
    )
    return [words for number, words in kinds if number]
