"""Settings of other agents: what is put in is what was wanted, and goes out to the byte."""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.hook import install, json_text, settings_change
from agent.hook.install import Where, carry_out, installing, standing, uninstalling
from agent.hook.settings_change import JSON_HOOKS, NotInstalled
from agent.paths import Paths

AGENTS = ("claude", "codex", "gemini", "opencode", "aider")


def place(root: Path, beside: str = "bin") -> Where:
    paths = Paths(root / "config", root / "data", root / "run")
    program = root / beside / "tungsten"
    program.parent.mkdir()
    program.touch(0o755)
    return Where(paths, root / "home", root, {}, [str(program)])


@pytest.fixture
def where(tmp_path: Path) -> Where:
    made = place(tmp_path)
    made.home.mkdir()
    return made


def put(where: Where, agent: str) -> install.Change:
    change = installing(where, agent, "user")
    carry_out(where, change)
    return change


def take_out(where: Where, agent: str | None = None) -> list[install.Change]:
    changes = uninstalling(where, agent)
    for change in changes:
        carry_out(where, change)
    return changes


def tree(root: Path) -> dict[str, bytes | None]:
    found = sorted(root.rglob("*"))
    return {str(p): p.read_bytes() if p.is_file() else None for p in found}


# Random settings, written in random ways ---------------------------------------------------------

hook = st.fixed_dictionaries(
    {"type": st.just("command"), "command": st.sampled_from(["a", "tungsten", "b hook c"])}
)
group = st.fixed_dictionaries(
    {"hooks": st.lists(hook, max_size=2)}, optional={"matcher": st.text(max_size=3)}
)
events = st.dictionaries(
    st.sampled_from(["PermissionRequest", "Stop", "PreToolUse", "Notification"]),
    st.lists(group, max_size=2),
    max_size=3,
)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


@st.composite
def written(draw: st.DrawFn, *, comments: bool = False) -> tuple[dict[str, Any], str]:
    """Settings, and a text that says them."""
    value = draw(st.dictionaries(st.text(max_size=5), plain, max_size=4))
    value.pop("hooks", None)
    if draw(st.booleans()):
        value["hooks"] = draw(events)
    names = list(value)
    value = {name: value[name] for name in draw(st.permutations(names))}
    gaps = ["", " ", "\n", "\n  ", "\n\t", "\r\n    "]
    if comments:
        gaps += [" // a, [b] }\n", "/* , } */"]
    gap = st.sampled_from(gaps)
    trailing = comments and draw(st.booleans())

    def many(opening: str, parts: list[str], closing: str) -> str:
        comma = "," if trailing and parts else ""
        body = ",".join(f"{draw(gap)}{part}{draw(gap)}" for part in parts)
        return f"{opening}{body}{comma}{draw(gap)}{closing}"

    def say(value: Any) -> str:
        if isinstance(value, dict):
            colon = draw(st.sampled_from([":", ": ", " :\n"]))
            parts = [f"{json.dumps(name)}{colon}{say(each)}" for name, each in value.items()]
            return many("{", parts, "}")
        if isinstance(value, list):
            return many("[", [say(each) for each in value], "]")
        return json.dumps(value, ensure_ascii=draw(st.booleans()))

    style = draw(st.sampled_from(["odd", "odd", "two", "tab"]))
    if style == "odd":
        text = draw(gap) + say(value) + draw(gap)
    else:
        text = json.dumps(value, indent=2 if style == "two" else "\t") + draw(
            st.sampled_from(["", "\n"])
        )
    return value, text


def wanted(agent: str, value: dict[str, Any], command: str) -> dict[str, Any]:
    after = copy.deepcopy(value)
    for each in JSON_HOOKS[agent]:
        one = {"type": "command", "command": command, "timeout": each.timeout}
        matcher = {"matcher": each.matcher} if each.matcher else {}
        after.setdefault("hooks", {}).setdefault(each.event, []).append({**matcher, "hooks": [one]})
    return after


def pruned(value: dict[str, Any]) -> dict[str, Any]:
    """Without lists of hooks that are empty, and without hooks where there are none."""
    left = {name: each for name, each in value.get("hooks", {}).items() if each}
    rest = {name: each for name, each in value.items() if name != "hooks"}
    return {**rest, **({"hooks": left} if left else {})}


@settings(max_examples=60, deadline=None)
@given(data=st.data(), agent=st.sampled_from(["claude", "codex", "gemini"]))
def test_what_is_put_in_goes_out_to_the_byte(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, agent: str
) -> None:
    value, text = data.draw(written(comments=agent == "gemini"))
    where = place(tmp_path_factory.mktemp("p"))
    file = where.file(agent, "user")
    file.parent.mkdir(parents=True)
    file.write_bytes(text.encode())
    before = tree(where.home)
    put(where, agent)
    now = file.read_bytes().decode()
    command = f"{where.program[0]} hook {agent} --socket {where.paths.engine_socket}"
    assert json_text.parse(now).plain() == wanted(agent, value, command)
    # Nothing but additions: all that stood there stands there, in its order.
    assert is_subsequence(text, now)
    assert not installing(where, agent, "user").changes
    assert {each.state for each in standing(where) if each.agent == agent} == {"installed"}
    take_out(where)
    assert tree(where.home) == before
    assert not where.record.exists()
    assert uninstalling(where) == []


def is_subsequence(part: str, whole: str) -> bool:
    rest = iter(whole)
    return all(character in rest for character in part)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), agent=st.sampled_from(["claude", "gemini"]))
def test_what_was_changed_since_loses_our_entries_alone(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, agent: str
) -> None:
    value, text = data.draw(written(comments=agent == "gemini"))
    where = place(tmp_path_factory.mktemp("p"))
    file = where.file(agent, "user")
    file.parent.mkdir(parents=True)
    file.write_bytes(text.encode())
    put(where, agent)
    own = {"type": "command", "command": "mine"}
    now = file.read_bytes().decode()
    root = json_text.parse(now)
    hooks = root.member("hooks")
    assert hooks is not None
    event = "Stop" if agent == "claude" else "AfterAgent"
    stop = hooks.member(event)
    assert stop is not None
    beside = data.draw(st.booleans())
    listed = stop.nodes[-1].member("hooks")
    assert listed is not None
    edited = json_text.added(now, listed, own) if beside else json_text.added(now, root, 1, "mine!")
    file.write_bytes(edited.encode())
    change = take_out(where)[0]
    assert "changed since" in change.note
    left = json_text.parse(file.read_bytes().decode()).plain()
    if beside:
        value.setdefault("hooks", {}).setdefault(event, []).append({"hooks": [own]})
    else:
        value["mine!"] = 1
    assert pruned(left) == pruned(value)
    assert settings_change.commands(agent, json.dumps(left)) == []


@pytest.mark.parametrize("agent", AGENTS)
def test_where_there_was_nothing_there_is_nothing_again(where: Where, agent: str) -> None:
    before = tree(where.home)
    change = put(where, agent)
    assert change.diff().startswith("--- /dev/null\n")
    assert where.file(agent, "user").stat().st_mode & 0o077 == 0
    assert [each.state for each in standing(where) if each.agent == agent] == ["installed"]
    take_out(where, agent)
    assert tree(where.home) == before


@pytest.mark.parametrize("agent", AGENTS)
def test_another_tungsten_is_stale_and_replaced(where: Where, tmp_path: Path, agent: str) -> None:
    before = tree(where.home)
    put(where, agent)
    other = place(tmp_path, "new bin")
    assert [each.state for each in standing(other) if each.agent == agent] == ["stale"]
    put(other, agent)
    assert [each.state for each in standing(where) if each.agent == agent] == ["stale"]
    take_out(other)
    assert tree(where.home) == before


def test_a_link_stays_a_link_and_modes_stay(where: Where, tmp_path: Path) -> None:
    real, link = tmp_path / "dotfiles.json", where.file("claude", "user")
    real.write_text('{"a": 1}')
    real.chmod(0o640)
    link.parent.mkdir()
    link.symlink_to(real)
    put(where, "claude")
    assert link.is_symlink()
    assert "PermissionRequest" in real.read_text()
    assert real.stat().st_mode & 0o777 == 0o640
    take_out(where)
    assert link.is_symlink()
    assert (real.read_text(), real.stat().st_mode & 0o777) == ('{"a": 1}', 0o640)

    # A link that leads elsewhere by then: the hook goes out of the file that it was put into.
    put(where, "claude")
    other = tmp_path / "other.json"
    other.write_text('{"b": 2}')
    link.unlink()
    link.symlink_to(other)
    put(where, "claude")
    states = {each.path: each.state for each in standing(where) if each.agent == "claude"}
    assert states == {link: "installed", real: "installed"}
    assert {change.path for change in take_out(where)} == {link, real}
    assert (real.read_text(), other.read_text()) == ('{"a": 1}', '{"b": 2}')
    assert (link.is_symlink(), where.record.exists()) == (True, False)


def test_a_read_only_file_is_left(where: Where) -> None:
    file = where.file("claude", "user")
    file.parent.mkdir()
    file.write_text("{}")
    file.chmod(0o444)
    with pytest.raises(NotInstalled, match="read-only: chmod u"):
        put(where, "claude")
    assert file.read_text() == "{}"
    file.chmod(0o644)
    assert take_out(where) == []


@pytest.mark.parametrize(
    ("agent", "text", "said"),
    [
        ("claude", b"{", "line 1"),
        ("claude", b"[]", "no object"),
        ("claude", b'{"a": 1} // x', "no JSON"),
        ("claude", b'{"a": 1, "a": 2}', "twice"),
        ("claude", b'{"hooks": []}', "not known"),
        ("claude", b'{"hooks": {"Stop": {}}}', "not known"),
        ("claude", b"\xff\xfe{}", "UTF-8"),
        ("gemini", b'{"a": }', "value is missing"),
        ("codex", b"{\n\n'a': 1}", "line 3"),
        ("aider", b"a: [", "no YAML"),
        ("aider", b"- a", "no mapping"),
        ("aider", b"notifications: false\n", '"notifications" already'),
        ("aider", b"{a: 1}\n", "not understood"),
        ("opencode", b"// mine\n", "not ours"),
    ],
)
def test_what_is_not_understood_is_left(where: Where, agent: str, text: bytes, said: str) -> None:
    file = where.file(agent, "user")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text)
    before = tree(where.home)
    with pytest.raises(NotInstalled, match=re.escape(said)) as caught:
        put(where, agent)
    assert "\n" not in str(caught.value)
    assert str(file) in str(caught.value)
    assert tree(where.home) == before
    standing(where)


def test_what_changes_while_it_is_shown_is_not_written_over(where: Where) -> None:
    file = where.file("claude", "user")
    file.parent.mkdir()
    file.write_text("{}")
    change = installing(where, "claude", "user")
    file.write_text('{"a": 1}')
    with pytest.raises(NotInstalled, match="changed meanwhile"):
        carry_out(where, change)
    assert file.read_text() == '{"a": 1}'


def test_aider_keeps_the_lines_that_are_there(where: Where) -> None:
    file = where.file("aider", "user")
    file.write_text("# mine\nmodel: x")
    put(where, "aider")
    file.write_text(file.read_text() + "more: 1\n")
    assert "changed since" in take_out(where)[0].note
    assert file.read_text() == "# mine\nmodel: x\nmore: 1\n"


def test_settings_can_be_moved_and_be_a_projects(where: Where, tmp_path: Path) -> None:
    moved = Where(
        where.paths, where.home, tmp_path, {"CLAUDE_CONFIG_DIR": "/c", "CODEX_HOME": "/x"}, []
    )
    assert moved.file("claude", "user") == Path("/c/settings.json")
    assert moved.file("codex", "user") == Path("/x/hooks.json")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    assert moved.file("claude", "project").parts[-2:] == (".claude", "settings.local.json")


def test_a_record_that_cannot_be_read_is_not_written_over(where: Where) -> None:
    where.record.parent.mkdir()
    where.record.write_text("{")
    with pytest.raises(NotInstalled, match="cannot be read"):
        put(where, "claude")
    assert where.record.read_text() == "{"


def test_two_at_once_lose_none_of_what_they_keep(
    where: Where, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = threading.Event()
    keep = install._keep

    def other() -> None:
        put(where, "codex")
        done.set()

    def between(where: Where, known: dict[str, install.Kept]) -> None:
        monkeypatch.setattr(install, "_keep", keep)
        second.start()
        # Whoever comes second waits, and this ends by its time; else it would be done by now.
        done.wait(0.2)
        keep(where, known)

    second = threading.Thread(target=other)
    monkeypatch.setattr(install, "_keep", between)
    put(where, "claude")
    second.join()
    assert {each.agent for each in install._kept(where).values()} == {"claude", "codex"}


def test_what_an_agent_starts_is_not_taken_from_where_it_works(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "argv", ["cli.py"])
    monkeypatch.setattr("shutil.which", lambda name: None)
    command = [*install.program()[:-2], "-c", "import sys; print('' in sys.path)"]
    assert subprocess.run(command, capture_output=True, check=True).stdout == b"False\n"
