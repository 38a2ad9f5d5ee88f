"""Links, keys and commands that the README and the pages in docs/ name are there and right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_group

from tui.command_line import commands
from tui.keys import actions, key_names
from tungsten.recordings import asciicast

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))
RECORDINGS = sorted((ROOT / "docs" / "recordings").glob("*.cast"))
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"(?m)(?:`|^)(?:\.venv/bin/)?tungsten ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?")
SLASH = re.compile(r"`/([a-z][a-z-]*)(?=[ |`])")
MOST_BYTES = 200_000
"""A recording is kept in the repository: no larger than this."""


def _anchors(page: Path) -> set[str]:
    """What headings are reached by, as GitHub makes it of them."""
    heads = re.findall(r"^#+ (.+)$", FENCED.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for name, anchor in LINK.findall(FENCED.sub("", page.read_text(encoding="utf-8"))):
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), name
        if anchor:
            assert anchor in _anchors(target), f"{name}#{anchor}"


def test_the_index_names_every_page_and_recording() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    for page in (ROOT / "docs").glob("*.md"):
        assert page.name == "README.md" or f"({page.name})" in index
    told = (ROOT / "docs" / "cockpit.md").read_text(encoding="utf-8")
    assert RECORDINGS
    for recording in RECORDINGS:
        assert f"(recordings/{recording.name})" in told


README_KEYS = (
    *("agent.new", "gate.inbox", "gate.approve_high", "gate.approve", "gate.deny"),
    *("gate.deny_message", "gate.edit", "gate.always", "gate.tree", "inbox.select", "inbox.deny"),
    *("agent.1", "view.grid", "grid.type", "grid.gate", "grid.filter", "pane.take", "pane.return"),
    *("pane.attach", "pane.own", "own.allow", "own.disallow", "pane.recordings", "app.usage"),
    *("view.conversation", "view.terminal", "conversation.search", "conversation.next_match"),
    *("conversation.previous_prompt", "block.open", "block.mark", "block.copy"),
    *("block.fold_kinds", "turn.interrupt", "app.palette", "app.quit", "app.help"),
    *("app.worktrees", "block.revert"),
)
"""Actions whose keys the README tells."""

TELLS = {
    "README.md": README_KEYS,
    "docs/gate.md": tuple(
        action.id
        for action in actions.DEFAULTS
        if action.id.startswith("gate.") and "scroll" not in action.id
    ),
    "docs/cockpit.md": tuple(
        action.id
        for action in actions.DEFAULTS
        if action.id in {"agent.1", "agent.next", "agent.previous", "agent.waiting", "app.usage"}
        or action.id in {"agent.sessions", "app.help", "app.palette", "app.quit", "usage.budget"}
        or (
            action.id.startswith(("view.", "conversation.", "sessions."))
            and not action.id.endswith((".close", ".page_up", ".page_down", ".open"))
        )
    ),
}


@pytest.mark.parametrize("page", TELLS)
def test_keys_are_those_of_the_program(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for name in TELLS[page]:
        keys = [key_names.label(key) for key in actions.by_id(name).keys]
        assert any(f"`{key}`" in text for key in (actions.shown(name), *keys)), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_are_those_of_the_program(page: Path) -> None:
    group = get_group(commands.app)
    for command, below in NAMED.findall(page.read_text(encoding="utf-8")):
        assert command in group.commands, command
        known = getattr(group.commands[command], "commands", {})
        assert not below or not known or below in known, f"{command} {below}"


@pytest.mark.parametrize("page", ["README.md", "docs/gate.md", "docs/cockpit.md", "docs/prompt.md"])
def test_commands_of_the_prompt_are_those_of_the_program(page: str) -> None:
    for name in SLASH.findall((ROOT / page).read_text(encoding="utf-8")):
        assert actions.by_slash(name), name


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.stem)
def test_recordings_are_whole_small_and_tell_nothing_of_where_they_were_made(
    recording: Path,
) -> None:
    assert recording.stat().st_size <= MOST_BYTES
    read = asciicast.read(recording)
    assert (read.header.width, read.header.height) <= (100, 28)
    told = "".join(event.data for event in read.events())
    assert not re.search(r"/(root|work|Users)\b|\.venv", told)
