"""`tungsten memory`, against a real database, and memories as Markdown files."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import cast

import pytest

from agent.memories.memory_files import BadFile, parsed, rendered
from memory import Memory
from memory.database import Database
from tui.command_line.commands import cli
from tungsten.tmux.environment import MARKER


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TUNGSTEN_HOME", str(tmp_path / "home"))
    project = tmp_path / "project"
    (project / ".git").mkdir(parents=True)
    (project / "src").mkdir()
    monkeypatch.chdir(project / "src")
    return tmp_path


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]):
    """Run `tungsten memory … --json` and give what it printed."""

    def run(*arguments: str, status: int = 0):
        assert cli(["memory", *arguments, "--json"]) == status, capsys.readouterr().err
        return json.loads(capsys.readouterr().out)

    return run


def test_a_memory_from_its_birth_to_its_removal(tell, home, capsys):
    added = tell("add", "The gateway listens on port 7700.", "--verify", "ss -ltn")["memory"]
    memory_id = added["id"]
    assert added["source"] == "user_stated"
    assert added["project"] == str(home / "project")
    assert [m["id"] for m in tell("search", "which port has the gateway")["memories"]] == [
        memory_id
    ]
    assert [m["id"] for m in tell("list")["memories"]] == [memory_id]
    shown = tell("show", memory_id)["memory"]
    assert (shown["text"], shown["usage"]["recalled"]) == (added["text"], 0)
    assert tell("forget", memory_id)["memory"]["status"] == "forgotten"
    assert tell("list")["memories"] == []
    assert tell("search", "gateway")["memories"] == []
    assert [m["id"] for m in tell("list", "--status", "all")["memories"]] == [memory_id]
    assert tell("restore", memory_id)["memory"]["status"] == "active"
    assert tell("restore", memory_id, "--version", "2")["memory"]["status"] == "forgotten"
    versions = tell("history", memory_id)["versions"]
    assert [v["memory"]["status"] for v in versions] == [
        *("active", "forgotten", "active", "forgotten")
    ]
    assert tell("redact", memory_id, "--yes")["versions"] == 4
    assert [v["memory"] for v in tell("history", memory_id)["versions"]][:4] == [None] * 4
    data = home / "home" / "data"
    files = [path for path in (home / "home").rglob("*") if path.is_file()]
    assert files, data
    assert all(b"gateway" not in path.read_bytes() for path in files)


@pytest.mark.parametrize(
    "arguments",
    [
        ["memory", "add", "Deploys happen on Mondays."],
        ["memory", "forget", "m"],
        ["memory", "restore", "m"],
        ["memory", "restore", "m", "--version", "1"],
        ["memory", "redact", "m", "--yes"],
        ["memory", "import", "."],
        ["dream", "apply"],
        ["dream", "undo"],
    ],
)
def test_no_agent_s_pane_speaks_as_the_person(capsys, monkeypatch, arguments):
    monkeypatch.setenv(MARKER, "1")
    assert cli(arguments) == 1
    assert "An agent's pane changes no memory" in capsys.readouterr().err
    assert cli(["memory", "list"]) == 0


def test_what_people_read(capsys, home):
    assert cli(["memory", "list"]) == 0
    assert capsys.readouterr().out == "no memories\n"
    assert cli(["memory", "add", "I like tabs.", "--everywhere", "--type", "user"]) == 0
    memory_id = capsys.readouterr().out.split()[-1]
    for command in (["list"], ["show", memory_id], ["history", memory_id], ["search", "tabs"]):
        assert cli(["memory", *command]) == 0
        assert "I like tabs." in capsys.readouterr().out
    # Alone, it lists.
    assert cli(["memory"]) == 0
    assert "every project · you said so · today · sure 90%" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["add", " "], 1, "a memory needs a text"),
        (["add", "the password is hunter2hunter2"], 1, "secret"),
        (["add", "x", "--type", "wish"], 2, "--type is user"),
        (["list", "--status", "lost"], 2, "--status is active"),
        (["show", "m-none"], 1, "memory m-none does not exist"),
        (["redact", "m-none"], 2, "say --yes"),
        (["restore", "m-none", "--version", "3"], 1, "does not exist"),
        (["import", "nowhere"], 2, "no such directory"),
        (["add", "x", "--project", "nowhere"], 2, "no such directory"),
    ],
)
def test_what_cannot_be_done_is_one_line(capsys, arguments, status, says):
    assert cli(["memory", *arguments]) == status
    captured = capsys.readouterr()
    assert says in captured.err
    assert captured.err.count("\n") == 1


def test_what_was_exported_comes_back_and_an_edit_is_the_person_s(tell, home):
    first = tell("add", "The gateway listens on port 7700.")["memory"]["id"]
    second = tell("add", "I like tabs: always.", "--everywhere")["memory"]["id"]
    notes = home / "notes"
    assert len(tell("export", str(notes))["files"]) == 2
    assert all(path.stat().st_mode & 0o077 == 0 for path in notes.iterdir())
    assert tell("import", str(notes))["unchanged"] == sorted([first, second])
    assert len(tell("history", first)["versions"]) == 1

    path = notes / f"{first}.md"
    path.write_text(path.read_text().replace("7700", "7800"))
    (notes / "mine.md").write_text("Deploys happen on Mondays.\n")
    done = tell("import", str(notes))
    assert (done["changed"], done["added"], done["refused"]) == ([first], ["mine"], [])
    changed = tell("show", first)["memory"]
    assert (changed["text"], changed["source"]) == (
        "The gateway listens on port 7800.",
        "user_stated",
    )
    mine = tell("show", "mine")["memory"]
    assert (mine["source"], mine["scope"]) == ("user_stated", "user")

    # The same file again: it is older than what it made of the memory, and says something else.
    refused = tell("import", str(notes), status=1)["refused"]
    assert any("changed since it was exported" in line for line in refused)
    assert tell("show", first)["memory"]["text"].endswith("7800.")


def test_an_old_file_that_nobody_edited_takes_nothing_back(tell, home):
    memory_id = tell("add", "The gateway listens on port 7700.")["memory"]["id"]
    notes = home / "notes"
    tell("export", str(notes))
    tell("forget", memory_id)
    assert tell("import", str(notes))["unchanged"] == [memory_id]
    assert tell("show", memory_id)["memory"]["status"] == "forgotten"


def test_a_memory_moves_to_another_store_as_it_is(tell, home, monkeypatch):
    added = tell("add", "The gateway listens on port 7700.")["memory"]
    notes = home / "notes"
    tell("export", str(notes))
    monkeypatch.setenv("TUNGSTEN_HOME", str(home / "other"))
    assert tell("import", str(notes))["added"] == [added["id"]]
    moved = tell("show", added["id"])["memory"]
    usage = moved.pop("usage")
    assert usage["recalled"] == 0
    assert moved == added


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.md", "---\nid: ../../x\n---\nText.\n", "its id has other characters"),
        ("a.md", "---\ncolour: red\n---\nText.\n", "unknown name: colour"),
        ("a.md", "---\ntype: wish\n---\nText.\n", "type is one of"),
        ("a.md", "---\nstatus: redacted\n---\nText.\n", "status is one of"),
        ("a.md", "---\nconfidence: true\n---\nText.\n", "confidence cannot be"),
        ("a.md", "---\nvalid_from: soon\n---\nText.\n", "valid_from is a time"),
        ("a.md", "---\n[\n---\nText.\n", "no YAML"),
        ("a.md", "---\n- a\n---\nText.\n", "no list of names"),
        ("a.md", "", "needs a text"),
        ("a.md", "x" * 70_000, "more than 65536 bytes"),
        ("a.md", "My api key is abc123def456.", "secret"),
        ("a.md", "---\nevidence: x\n---\nText.\n", "unknown name: evidence"),
        ("a.md", "---\n? [a, b]\n: 1\n---\nText.\n", "no list of names"),
        ("a.md", f"---\nquote: {'[' * 3_000}\n---\nText.\n", "nested deeper"),
        ("a.md", "---\nquote: [&a [x, x], *a]\n---\nText.\n", "has an alias"),
        ("a.md", f"---\nversion: {'9' * 30}\n---\nText.\n", "version cannot be"),
        ("a.md", "---\nconfidence: .nan\n---\nText.\n", "confidence cannot be"),
        ("a.md", "---\nproject: x/..\n---\nText.\n", "project is the path"),
        ("a.md", f"---\nquote: {'x' * 4_001}\n---\nText.\n", "more than 4000 characters"),
        ("a.md", '---\nvalid_from: "0001-01-01T00:00:00+14:00"\n---\nText.\n', "is a time"),
        ("a.md", '---\ncreated_at: "9999-12-31T23:59:59-14:00"\n---\nText.\n', "is a time"),
    ],
)
def test_a_file_that_is_no_memory_is_left_out_with_a_reason(tell, home, name, content, says):
    notes = home / "notes"
    notes.mkdir()
    (notes / name).write_text(content)
    (notes / "good.md").write_text("A fact.")
    done = tell("import", str(notes), status=1)
    assert done["added"] == ["good"]
    [line] = done["refused"]
    assert line.startswith(f"{name}: ")
    assert says in line


def test_only_some_facts_can_be_edited_in_a_file(tell, home):
    memory_id = tell("add", "The gateway listens on port 7700.")["memory"]["id"]
    notes = home / "notes"
    tell("export", str(notes))
    path = notes / f"{memory_id}.md"
    path.write_text(path.read_text().replace("source: user_stated", "source: tool_observed"))
    assert "can be edited in a file" in tell("import", str(notes), status=1)["refused"][0]


def test_nothing_is_read_through_a_link(tell, home):
    notes, private = home / "notes", home / "private.txt"
    notes.mkdir()
    private.write_text("The vault is behind the clock.")
    (notes / "a.md").symlink_to(private)
    (notes / "b.md").write_text("A fact.")
    done = tell("import", str(notes), status=1)
    assert (done["added"], done["refused"]) == (
        ["b"],
        ["a.md: it is a link, and links are not followed"],
    )


async def _damage(path: Path, memory: Memory) -> None:
    """Store a memory as it is, whatever is wrong with it."""
    async with await Database.open(path, holds_secret=lambda text: False) as database:
        await database.memories.add(memory, by="import")


def test_what_is_damaged_hides_nothing_and_can_be_forgotten(tell, home, capsys):
    assert tell("list")["memories"] == []
    database = home / "home" / "data" / "tungsten.db"
    evidence = cast("tuple[str, ...]", "xyz")
    asyncio.run(_damage(database, Memory("odd", "The deploy branch is odd.", evidence=evidence)))
    asyncio.run(_damage(database, Memory("old", "The deploy branch is old.", valid_from=-1e18)))
    assert [m["id"] for m in tell("list")["memories"]] == ["odd", "old"]
    assert [m["drift"] for m in tell("list")["memories"]] == ["a damaged record", ""]
    assert {m["id"] for m in tell("search", "deploy branch")["memories"]} == {"odd", "old"}
    assert tell("show", "old")["memory"]["valid_from"] == "before the year 1"
    for command in (["list"], ["show", "odd"], ["show", "old"], ["history", "odd"]):
        assert cli(["memory", *command]) == 0
    assert "a damaged record: xyz" in capsys.readouterr().out
    assert len(tell("export", str(home / "notes"))["files"]) == 2
    verified = asyncio.run(_verified(database))
    assert tell("forget", "odd")["memory"]["status"] == "forgotten"
    assert tell("redact", "odd", "--yes")["versions"] == 2
    assert tell("redact", "old", "--yes")["versions"] == 1
    assert verified == asyncio.run(_verified(database)) == "as written"


async def _verified(path: Path) -> str:
    async with await Database.open(path) as database:
        await database.memories.verify()
    return "as written"


def test_an_export_leaves_alone_what_was_edited(tell, home):
    first = tell("add", "The gateway listens on port 7700.")["memory"]["id"]
    second = tell("add", "I like tabs.", "--everywhere")["memory"]["id"]
    notes = home / "notes"
    tell("export", str(notes))
    edited = (notes / f"{first}.md").read_text().replace("7700", "7800")
    (notes / f"{first}.md").write_text(edited)
    tell("forget", second)
    done = tell("export", str(notes), status=1)
    assert done["files"] == [str(notes / f"{second}.md")]
    assert [line.partition(":")[0] for line in done["refused"]] == [f"{first}.md"]
    assert (notes / f"{first}.md").read_text() == edited
    assert "status: forgotten" in (notes / f"{second}.md").read_text()
    assert len(list(notes.iterdir())) == 2
    tell("import", str(notes))
    assert len(tell("export", str(notes))["files"]) == 2


def test_nothing_is_written_through_a_link(tell, home):
    memory_id = tell("add", "The gateway listens on port 7700.")["memory"]["id"]
    notes, target = home / "notes", home / "target"
    notes.mkdir()
    target.write_text("mine")
    (notes / f"{memory_id}.md").symlink_to(target)
    assert cli(["memory", "export", str(notes)]) == 1
    assert target.read_text() == "mine"


@pytest.mark.parametrize(
    "memory",
    [
        Memory("m", "Two\nlines: # --- and more."),
        Memory("m", "---\nx: y\n---\nlike front matter"),
        Memory(
            "m", "x", quote="it's: «so»\n'quoted'", verify="a: b #c", valid_from=1_700_000_000.0
        ),
        Memory("m", "x", scope="project", project="/a b/ü", pinned=True, confidence=0.123),
    ],
)
def test_a_file_reads_back_as_what_it_was_written_from(memory):
    content = rendered(memory, 3)
    assert parsed(content, "other") == (
        Memory(**{name: getattr(memory, name) for name in Memory.__dataclass_fields__}),
        3,
    )


def test_a_bad_number_is_told():
    with pytest.raises(BadFile, match="version cannot be"):
        parsed("---\nversion: x\n---\nText.", "a")
