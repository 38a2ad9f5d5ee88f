"""Pictures of an app in one state: started once, they are taken at each size and in each theme.

    async def test_something(camera: Camera) -> None:
        await camera.shoot(app, bring_it_there)

A size is reached as a terminal's size changes, a theme as a person chooses it. What was taken is
compared with `__snapshots__/MODULE/TEST[SIZE].txt` (`tests.tui.picture`). `--snapshot-update`
writes what differs, and `snapshot_report.html` shows both, side by side.
"""

from __future__ import annotations

import inspect
import pickle
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_textual_snapshot as report
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from textual._compositor import Compositor
from textual.app import App
from textual.css.model import RuleSet
from textual.css.styles import RulesMap
from textual.css.stylesheet import Stylesheet
from textual.dom import DOMNode
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input, TextArea

from tests.tui.picture import Picture, differences, read, taken, written
from tests.tui.settling import settled
from tui import front_end
from tui.themes import themes

SIZES = ((120, 40), (80, 24), (200, 50))
"""Columns and rows, as they follow one another; an app starts at the first."""
THEMES = ("dark", "light", "ansi-16")

Step = Callable[[Any], Awaitable[None]]


class PictureFile(SingleFileSnapshotExtension):
    """The pictures of one size, a theme beside the other."""

    _file_extension = "txt"
    _write_mode = WriteMode.TEXT


class Camera:
    """Takes pictures of apps and compares them with those that are kept."""

    def __init__(self, snapshot: SnapshotAssertion, node: pytest.Item) -> None:
        self._snapshot = snapshot
        self._node = node
        self._worn: tuple[App[Any] | None, list[str]] = (None, [])
        self.said: list[str] = []

    async def shoot(
        self,
        app: App[Any],
        before: Step | None = None,
        *,
        sizes: Iterable[tuple[int, int]] = SIZES,
        resized: Step | None = None,
    ) -> None:
        """Start an app, bring it into a state, and compare all pictures of it.

        Args:
            app: Which one; not started yet.
            before: Brings it there; is given the pilot.
            sizes: Columns and rows, taken in this order or from the last to the first.
            resized: Brings it there once more when its size has changed.
        """
        sizes = tuple(sizes)
        async with started(app, sizes[0]) as pilot:
            if before is not None:
                await before(pilot)
            await self.take(pilot, sizes=sizes, resized=resized)

    async def take(
        self,
        pilot: Pilot[Any],
        name: str = "",
        *,
        sizes: Iterable[tuple[int, int]] = SIZES,
        also: Iterable[str] = (),
        resized: Step | None = None,
    ) -> None:
        """Compare all pictures of an app as it is.

        Args:
            pilot: Drives it.
            name: Tells this state from others of the same test.
            sizes: As in `shoot`.
            also: Themes beside the usual ones.
            resized: As in `shoot`.
        """
        app = pilot.app
        sizes = tuple(sizes)
        if tuple(app.size) == sizes[-1]:
            sizes = sizes[::-1]
        for size in sizes:
            if tuple(app.size) != size:
                await pilot.resize_terminal(*size)
                await settled(app)
                assert tuple(app.size) == size
                if resized is not None:
                    await resized(pilot)
                    await settled(app)
            pictures = {}
            for theme in self._themes(app, [*THEMES, *also]):
                await settled(app)
                pictures[theme] = await _at_rest(app)
            ordered = {theme: pictures[theme] for theme in (*THEMES, *also)}
            name_and_size = "-".join(filter(None, (name, "{}x{}".format(*size))))
            self.said += self._compared(name_and_size, ordered)

    async def screens(self, app: App[Any], states: Mapping[str, Screen[Any] | Step]) -> None:
        """Start an app that has no state of its own, and compare pictures of one after the other.

        Args:
            app: Which one; not started yet.
            states: By their names: a screen, opened on the app alone, or what brings the app there.
        """
        async with started(app, SIZES[0]) as pilot:
            for name, state in states.items():
                while len(app.screen_stack) > 1:
                    await app.pop_screen()
                if isinstance(state, Screen):
                    await app.push_screen(state)
                else:
                    await state(pilot)
                await settled(app)
                await self.take(pilot, name)

    def _themes(self, app: App[Any], names: list[str]) -> Iterator[str]:
        """Wear one theme after the other, the last one first: it is worn already."""
        before, worn = self._worn
        if before is app and sorted(worn) == sorted(names):
            names = worn[::-1]
        self._worn = (app, names)
        for name in names:
            themes.wear(app, name)  # type: ignore[arg-type]
            yield name

    def _compared(self, name: str, pictures: dict[str, Picture]) -> Iterator[str]:
        """Compare the pictures of one size; say which of them differ, and how."""
        snapshot = self._snapshot(name=name, extension_class=PictureFile)
        same = snapshot == written(pictures)
        result = snapshot.executions[snapshot.num_executions - 1]
        kept = read(str(result.recalled_data)) if result.recalled_data and not same else {}
        for theme, picture in pictures.items():
            before = kept.get(theme)
            if same or before == picture:
                self._report(f"{name}-{theme}", passed=True)
                continue
            self._report(f"{name}-{theme}", before, picture)
            yield f"{self._node.name} differs at {name} in {theme}:"
            if before is None:
                yield "  there is no picture yet; --snapshot-update keeps this one"
            else:
                yield from (f"  {line}" for line in differences(before, picture))

    def _report(
        self,
        name: str,
        before: Picture | None = None,
        now: Picture | None = None,
        *,
        passed: bool = False,
    ) -> None:
        """Leave what `pytest-textual-snapshot` makes its report of."""
        path, line, test = self._node.reportinfo()
        title = f"{test} {name}"
        data = (
            passed,
            before.svg(title) if before else "",
            now.svg(title) if now else "",
            report.PseudoApp(report.PseudoConsole(False, None)),  # type: ignore[arg-type]
            path,
            line,
            title,
            inspect.getdoc(getattr(self._node, "function", None)) or "",
            "",
            before is not None,
        )
        place = report.node_to_report_path(self._node)
        place.with_name(f"{place.name}_{name}").write_bytes(pickle.dumps(data))


async def _at_rest(app: App[Any]) -> Picture:
    """Take a picture; once more when drawing it made something change."""
    for _ in range(8):
        picture = taken(app)
        if not await settled(app):
            return picture
    raise AssertionError("to draw it makes it change, each time")


@asynccontextmanager
async def started(app: App[Any], size: tuple[int, int]) -> AsyncIterator[Pilot[Any]]:
    """Run an app whose pauses take until it has settled, and which draws only pictures."""

    async def idle(*_: object) -> None:
        await settled(app)

    async def handled(*_: object) -> None:
        await settled(app, waits=False)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("textual.app.wait_for_idle", handled)
        patch.setattr("textual.pilot.wait_for_idle", idle)
        patch.setattr(Compositor, "render_update", _nothing_drawn)
        patch.setattr(Stylesheet, "replace_rules", staticmethod(_only_what_differs))
        patch.setattr(RuleSet, "__hash__", object.__hash__)
        patch.setattr("textual.strip.FIFOCache", _nothing_kept)
        # A cursor that blinks is there or not by the clock, and so is a message after its time.
        for widget in (Input, TextArea):
            patch.setattr(widget.cursor_blink, "_default", False)
        lasting = dict.fromkeys(front_end.MESSAGE_SECONDS, 3600.0)
        patch.setattr(front_end, "MESSAGE_SECONDS", lasting)
        patch.setattr(front_end, "READ_SECONDS", 3600.0)
        async with app.run_test(size=size, notifications=True) as pilot:
            await settled(app)
            yield pilot


def _nothing_drawn(compositor: Compositor, **_: object) -> None:
    compositor._dirty_regions.clear()


class _Forgetful(dict[Any, Any]):
    """Keeps nothing."""

    def __setitem__(self, key: object, value: object) -> None:
        """Forget it."""


_FORGETFUL = _Forgetful()


def _nothing_kept(_maxsize: int) -> _Forgetful:
    """Make no caches for a strip: it is drawn for one picture, and each has seven of them."""
    return _FORGETFUL


_replace_rules = Stylesheet.replace_rules


def _only_what_differs(node: DOMNode, rules: RulesMap, animate: bool = False) -> None:
    """Set no rule to what it is: that would change nothing, in a good part of the time."""
    if animate:
        _replace_rules(node, rules, animate)
        return
    styles = node.styles.base
    known = styles._rules
    for name in known.keys() | rules.keys():
        if known.get(name) != (value := rules.get(name)):
            setattr(styles, name, value)
    node.notify_style_update()


@pytest.fixture
def camera(snapshot: SnapshotAssertion, request: pytest.FixtureRequest) -> Iterator[Camera]:
    """Take pictures for the test that asks for it; all that differ are told together."""
    made = Camera(snapshot, request.node)
    yield made
    if made.said:
        pytest.fail("\n".join(made.said), pytrace=False)
