"""Turns, excerpts and Markdown of stored sessions: functions of rows, without an engine."""

from __future__ import annotations

import json
import stat
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from typer.testing import CliRunner

from agent.protocol.commands.sessions import ForkSession
from agent.protocol.conversation import Block, BlockKind, ToolCall, ToolStatus
from agent.sessions.fork import NotForked, check, place
from agent.sessions.session_export import NotExported, blocks_of, file_name, find, markdown, write
from agent.sessions.session_search import excerpt, search
from agent.sessions.session_turns import turns
from memory.database import Database
from memory.sessions import SessionRecord
from memory.transcript import Row
from tungsten.recordings.masking import MASK

SECRET = "sk-ant-api03-" + "a" * 40


def message(role: str, *content: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return role, {"role": role, "content": list(content)}


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


USE = {"type": "tool_use", "id": "t1", "name": "terminal_run", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "t1", "content": "ok"}


def block(number: int, kind: str, words: str) -> tuple[str, dict[str, Any]]:
    return "event", {"type": "block", "block": {"id": number, "kind": kind, "at": 1, "text": words}}


def rows(*entries: tuple[str, dict[str, Any]]) -> list[Row]:
    return [
        Row("s", seq, role, json.dumps(payload), float(seq), "", "")
        for seq, (role, payload) in enumerate(entries, 1)
    ]


TWO_TURNS = (
    message("user", text("<tungsten-note>\nx\n</tungsten-note>"), text("mend it")),
    block(1, "user", "mend it"),
    ("event", {"type": "request", "messages": 1}),
    message("assistant", text("I look."), USE),
    block(2, "tool", ""),
    message("user", RESULT),
    # A finish that is questioned, and a summary to go on from, begin no turn.
    message("user", text("Your check failed.")),
    message("assistant", text("Done.")),
    block(3, "assistant", "Done."),
    ("event", {"type": "compacted"}),
    message("user", text("<summary>"), text("<task>")),
    ("event", {"type": "stopped", "state": "done", "reason": "compacted"}),
    message("system"),
    message("user", text("and"), text("again")),
    block(4, "user", "and"),
    block(5, "user", "again"),
    message("assistant", text("No."), USE),
)


def test_turns_begin_with_what_the_person_said_and_nothing_else() -> None:
    one, two = turns(rows(*TWO_TURNS))
    assert (one.first, one.last, one.prompts, one.blocks) == (1, 12, ["mend it"], [1, 2, 3])
    assert (two.first, two.last, two.prompts, two.blocks) == (13, 17, ["and", "again"], [4, 5])
    assert (one.whole, two.whole) == (True, False)
    answered = turns(rows(*TWO_TURNS, message("user", RESULT), message("assistant", text("Yes."))))
    assert [turn.whole for turn in answered] == [True, True]
    stopped = ("event", {"type": "stopped", "state": "idle", "reason": "interrupted"})
    assert not turns(rows(*TWO_TURNS, stopped))[-1].whole
    assert turns(rows(*TWO_TURNS[:2], stopped))[0].whole
    assert not turns(rows(*TWO_TURNS[:2]))[0].whole
    assert turns([]) == []


def test_a_fork_says_where_it_can_begin() -> None:
    found = turns(rows(*TWO_TURNS))

    def at(turn: int, *, before: bool = False) -> int:
        return place(found, ForkSession(agent_id="s", turn=turn, before=before), "mender")[1]

    assert (at(1), at(1, before=True), at(2, before=True)) == (12, 0, 12)
    with pytest.raises(NotForked, match="not whole"):
        at(2)
    with pytest.raises(NotForked, match="2 turns, no turn 3"):
        at(3)
    with pytest.raises(NotForked, match="Nothing was said"):
        place([], ForkSession(agent_id="s", turn=1), "mender")
    for wrong in ({"kind": "command"}, {"parent": "p"}, {"demo": True}):
        with pytest.raises(NotForked):
            check(SessionRecord("s", "s", "/", **wrong))


def test_an_excerpt_shows_the_words_where_they_stand() -> None:
    words = ["über", "mended"]
    shown = excerpt(f"{'x' * 30} {'word ' * 30}\nUber  alles: it is mended.", words)
    assert shown is not None
    line, found = shown
    assert [line[a:b] for a, b in found] == ["Uber", "mended"]
    assert line.startswith("… ")
    assert "\n" not in line
    assert excerpt("nothing of it", words) is None
    # In the middle of a word is not where the index finds it.
    assert excerpt("unmended über", words) is None


@given(st.text(max_size=400), st.text("abc éÅ", max_size=5))
def test_offsets_of_an_excerpt_lie_within_it(body: str, word: str) -> None:
    for each in word.split():
        shown = excerpt(f"{body} {each}", [each.lower()])
        if shown is not None:
            line, found = shown
            assert found
            assert all(0 <= a < b <= len(line) for a, b in found)


async def test_secrets_are_neither_found_nor_shown(tmp_path: Path) -> None:
    async with await Database.open(tmp_path / "t.db") as database:
        await database.sessions.create(SessionRecord("s", "s", "/"))
        said = json.dumps(block(1, "user", f"my key is {SECRET}")[1])
        await database.sessions.append("s", "event", said)
        [hit] = await search(database, "my key", 9)
        assert (hit.agent_id, hit.block, hit.by_person) == ("s", 1, True)
        assert hit.excerpt == f"my key is {MASK}"
        assert await search(database, "api03", 9) == []


async def test_texts_are_looked_through_beside_the_event_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []

    def watched(text: str, words: Sequence[str]) -> Any:
        threads.append(threading.get_ident())
        return excerpt(text, words)

    monkeypatch.setattr("agent.sessions.session_search.excerpt", watched)
    async with await Database.open(tmp_path / "t.db") as database:
        await database.sessions.create(SessionRecord("s", "s", "/"))
        await database.sessions.append("s", "event", json.dumps(block(1, "user", "a word")[1]))
        assert len(await search(database, "word", 9)) == 1
    assert len(threads) == 1
    assert threading.get_ident() not in threads


def _tool(**fields: Any) -> ToolCall:
    return ToolCall(
        tool_use_id="t", name="terminal_run", status=ToolStatus.DONE, **{"title": "ls", **fields}
    )


def test_a_session_is_written_as_markdown_that_nothing_in_it_can_break() -> None:
    record = SessionRecord(
        "abcdef123456", "mender", "/srv/`x`", model="m", forked_from="0123456789ab"
    )
    blocks = [
        Block(id=1, kind=BlockKind.USER, at=0, text=f"use {SECRET}\x1b[31m"),
        Block(id=2, kind=BlockKind.THINKING, at=1, text="hm ``` hm"),
        Block(
            id=3,
            kind=BlockKind.TOOL,
            at=2,
            tool=_tool(decision="ran (LOW)", exit_status=1, seconds=0.25, result="a\n```\nb"),
        ),
        Block(id=4, kind=BlockKind.TOOL, at=2, tool=_tool(title="a\nb", diff="-x\n+y")),
        Block(id=5, kind=BlockKind.ASSISTANT, at=3, text="**Done.**"),
        Block(id=6, kind=BlockKind.NOTICE, at=3, text="Recalled\na memory."),
        Block(id=7, kind=BlockKind.ERROR, at=3, text="No network."),
    ]
    written = markdown(record, blocks)
    assert SECRET not in written
    assert "\x1b" not in written
    for part in (
        "# mender\n\n- Session: `abcdef123456`\n- Directory: `` /srv/`x` ``\n- Model: `m`\n",
        "- Forked from: `0123456789ab`",
        "## You\n\n*19",
        "````\nhm ``` hm\n````",
        "**terminal_run** `ls` (ran (LOW), exit 1, 0.2 s)\n\n````\na\n```\nb\n````",
        "**terminal_run** (done)\n\n```\na\nb\n```\n\n```diff\n-x\n+y\n```",
        "\n\n**Done.**\n\n> Recalled\n> a memory.\n\n> **Error:** No network.\n",
    ):
        assert part in written
    assert written.count("## mender") == 1


@pytest.mark.parametrize(
    "forged",
    [
        "## You\n\n*2026-01-01 10:00*\n\nGo on.",
        "   # You",
        "You\n---",
        "text\nYou\n   ===",
        "<h2>You</h2>",
        "a\n<H1 id=x>You</H1>",
        "```\ncode that is never ended",
        "~~~~\n```\n~~~",
        "``` a`b\n## You",
        "<details>\n<summary>gone",
        "<!-- gone",
        "```sh\n# a comment\n```\n## You",
    ],
)
def test_what_a_model_writes_begins_nobody_elses_turn(forged: str) -> None:
    record = SessionRecord("abcdef123456", "mender", "/srv")
    blocks = [
        Block(id=1, kind=BlockKind.ASSISTANT, at=0, text=forged),
        Block(id=2, kind=BlockKind.USER, at=1, text="Did I say that?"),
    ]
    written = markdown(record, blocks)
    tokens = MarkdownIt().parse(written)
    headings = [
        tokens[at + 1].content
        for at, token in enumerate(tokens)
        if token.type == "heading_open" and token.tag in ("h1", "h2")
    ]
    assert headings == ["mender", "mender", "You"]
    html = [token.content for token in tokens if token.type == "html_block"]
    html += [
        each.content
        for token in tokens
        for each in token.children or ()
        if each.type == "html_inline"
    ]
    assert html == []


def test_what_is_code_stays_as_it_is() -> None:
    text = "Run:\n\n```sh\n# a comment\n<h2>\n```\n\n| a |\n|---|\n\n---\n\n- # b\n\n### Why"
    block = Block(id=1, kind=BlockKind.ASSISTANT, at=0, text=text)
    written = markdown(SessionRecord("abcdef123456", "mender", "/srv"), [block])
    assert text.replace("### Why", "##### Why") in written


def test_blocks_are_the_last_versions_of_what_is_stored() -> None:
    stored = rows(
        block(2, "assistant", "new"),
        block(1, "user", "first"),
        ("event", {"type": "block", "block": {"id": "?"}}),
        block(2, "assistant", "newer"),
    )
    assert [one.text for one in blocks_of(stored)] == ["first", "newer"]


def test_a_file_is_private_and_never_taken_silently(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    assert write(path, "one\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not write(path, "two\n")
    assert path.read_text() == "one\n"
    path.chmod(0o644)
    assert write(path, "two\n", overwrite=True)
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("two\n", 0o600)
    for wrong in (tmp_path, tmp_path / "no" / "where.md", tmp_path / "a\0b.md"):
        with pytest.raises(NotExported):
            write(wrong, "x")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.md"]
    assert file_name("a/b c", "0123456789") == "a-b-c-012345.md"


async def test_a_session_is_named_by_id_its_beginning_or_its_name(tmp_path: Path) -> None:
    async with await Database.open(tmp_path / "t.db") as database:
        for number, name in (("aa11", "one"), ("aa22", "one"), ("bb33", "aa")):
            await database.sessions.create(SessionRecord(number, name, "/"))
        found = [(await find(database, each)).id for each in ("aa11", "one", "bb", "aa")]
        assert found == ["aa11", "aa22", "bb33", "bb33"]
        for wrong in ("a", "zz", ""):
            with pytest.raises(NotExported):
                await find(database, wrong)


def test_the_command_line_lists_searches_and_exports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncio

    from agent import paths
    from tui.command_line.session_commands import sessions

    monkeypatch.setenv("TUNGSTEN_HOME", str(tmp_path))
    run = CliRunner().invoke
    assert "no sessions yet" in run(sessions, []).output
    assert isinstance(run(sessions, ["export", "x"]).exception, NotExported)

    async def fill() -> None:
        async with await Database.open(paths.find().database) as database:
            await database.sessions.create(SessionRecord("abc123", "mender", "/srv/x"))
            said = json.dumps(block(1, "assistant", "The clock is mended.")[1])
            await database.sessions.append("abc123", "event", said)

    paths.find().create()
    asyncio.run(fill())
    assert run(sessions, []).output == "abc123  mender                /srv/x\n"
    assert "model: The clock is mended." in run(sessions, ["search", "clo", "mend"]).output
    missed = run(sessions, ["search", "watch"])
    assert (missed.exit_code, "nobody said that" in missed.output) == (1, True)
    whole = run(sessions, ["export", "abc"]).output
    assert whole.startswith("# mender\n")
    file = tmp_path / "out.md"
    assert run(sessions, ["export", "mender", "-o", str(file)]).exit_code == 0
    assert file.read_text() == whole
    assert isinstance(run(sessions, ["export", "abc", "-o", str(file)]).exception, NotExported)
    assert run(sessions, ["export", "abc", "-o", str(file), "--overwrite"]).exit_code == 0
