"""`tungsten cache doctor`: the first byte at which requests part, and what put it there."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from agent.context.cache_doctor import SessionUnknown, diagnose, told
from agent.messages.prefix import blocks, difference, prefix
from agent.messages.sendable import Form
from agent.protocol.commands.agents import ArchiveAgent
from agent.sessions.session import Session, tool_result


def use(name, **tool_input):
    return {"type": "tool_use", "name": name, "input": tool_input}


async def turns(house, *prompts):
    """Take one turn for each prompt; give the agent's id."""
    agent_id = await house.agent(prompts[0], name="bench")
    await house.state(agent_id, "done")
    for text in prompts[1:]:
        before = len(house.script.requests)
        await house.prompt(agent_id, text)
        await house.until(lambda before=before: len(house.script.requests) > before)
        await house.state(agent_id, "done")
    return agent_id


def sent(request):
    """The prefix of a request that arrived at the server, without its marks."""

    def bare(parts):
        return [{k: v for k, v in part.items() if k != "cache_control"} for part in parts]

    messages = [{**m, "content": bare(m["content"])} for m in request["messages"]]
    return prefix(bare(request["tools"]), bare(request["system"]), messages)


def first_byte(one, other):
    pairs = zip(one.encode(), other.encode(), strict=False)
    return next(index for index, (a, b) in enumerate(pairs) if a != b)


def tamper(house, statement, *values):
    with sqlite3.connect(house.paths.database) as db:
        for (name,) in db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            db.execute(f"DROP TRIGGER {name}")
        assert db.execute(statement, values).rowcount
    db.close()


async def test_a_session_that_only_grows_is_healthy(house):
    (house.project / "a.md").write_text("one\n")
    house.script.then("Look.", use("file_read", path="a.md")).then("It says one.")
    agent_id = await turns(house, "read a.md", "again", "and ägain")
    await house.again()
    await house.prompt(agent_id, "after a restart")
    await house.until(lambda: len(house.script.requests) == 5)
    await house.state(agent_id, "done")
    found = await diagnose(house.paths, "bench")
    assert found.healthy
    assert found.requests == 5
    assert found.bytes == len(sent(house.script.requests[-1]).encode())
    assert "byte for byte" in told(found)


async def test_a_name_that_two_sessions_have_lists_them(house):
    first = await turns(house, "mend it")
    await house.carry_out(ArchiveAgent(agent_id=first))
    second = await turns(house, "wind it")
    with pytest.raises(SessionUnknown) as caught:
        await diagnose(house.paths, "bench")
    said = str(caught.value).splitlines()
    assert said[0] == "2 sessions are called bench: use an id."
    rows = sorted((line.split()[0], line.split()[-4:]) for line in said[1:])
    assert [(one, words[1:]) for one, words in rows] == sorted(
        [(first, ["ago", "mend", "it"]), (second, ["ago", "wind", "it"])]
    )
    assert (await diagnose(house.paths, first[:6])).session == first


async def test_a_changed_tool_is_named_with_its_byte(house):
    agent_id = await turns(house, "one", "two")
    session = house.agents.live.get(agent_id).session
    session.tools[3] = {**session.tools[3], "description": "Something else."}
    await house.prompt(agent_id, "three")
    await house.until(lambda: len(house.script.requests) == 3)
    await house.state(agent_id, "done")
    _, second, third = house.script.requests
    found = await diagnose(house.paths, agent_id)
    [finding] = found.findings
    assert (finding.request, finding.cause) == (3, "sent")
    assert finding.difference.byte == first_byte(sent(second), sent(third))
    assert finding.difference.place == "tool file_read"
    assert finding.difference.now.startswith("Something else.")
    text = told(found)
    assert f"Request 3 parts from request 2 at byte {finding.difference.byte:,}:" in text
    assert "tool file_read" in text


async def test_changed_instructions_are_named_by_their_file(house):
    (house.project / "AGENTS.md").write_text("Say please.\n")
    (house.project / "CLAUDE.md").write_text("Be brief.\n")
    agent_id = await turns(house, "one", "two")
    session = house.agents.live.get(agent_id).session
    block = session.messages[1]["content"][0]
    block["text"] = block["text"].replace("Be brief.", "Be long.")
    await house.prompt(agent_id, "three")
    await house.until(lambda: len(house.script.requests) == 3)
    await house.state(agent_id, "done")
    found = await diagnose(house.paths, agent_id)
    [finding] = found.findings
    _, second, third = house.script.requests
    assert finding.difference.byte == first_byte(sent(second), sent(third))
    assert finding.difference.place == "message 2, block 1"
    assert finding.difference.origin == f"project instructions: {house.project}/CLAUDE.md"
    assert (finding.difference.was[:6], finding.difference.now[:5]) == ("brief.", "long.")


async def test_a_transcript_that_was_changed_later_is_named_by_block_and_row(house):
    (house.project / "a.md").write_text("one\n")
    house.script.then("Look.", use("file_read", path="a.md")).then("It says one.")
    agent_id = await turns(house, "read a.md", "again")
    before = sent(house.script.requests[-1])
    await house.shut()
    tamper(
        house,
        "UPDATE transcript SET payload = replace(payload, 'one', 'two') "
        "WHERE session_id = ? AND role = 'user' AND payload LIKE '%tool_result%'",
        agent_id,
    )
    found = await diagnose(house.paths, "bench")
    [finding] = found.findings
    [result] = [block for block in blocks(before) if '"tool_result"' in block.text]
    assert (finding.request, finding.cause) == (2, "stored")
    assert finding.difference.byte == result.start
    assert finding.difference.place.startswith(f"{result.place} (row ")
    assert finding.difference.origin == "the result of file_read a.md"
    assert "changed from outside" in found.chain
    await house.open()


async def test_a_frozen_tool_that_was_changed_later_is_named(house):
    agent_id = await turns(house, "one", "two")
    await house.shut()
    tamper(
        house,
        "UPDATE sessions SET tools_json = replace(tools_json, '\"path\"', '\"file\"') WHERE id = ?",
        agent_id,
    )
    found = await diagnose(house.paths, agent_id)
    assert found.findings[0].difference.place == "tool file_edit"
    await house.open()
    assert house.summary(agent_id).state == "failed"
    assert len(house.script.requests) == 2


async def test_a_picture_that_is_no_longer_sent_is_named_and_otherwise_it_is_read_back(house):
    agent_id = await turns(house, "one")
    session = house.agents.live.get(agent_id).session
    seen = use("terminal_read") | {"id": "t1"}
    await session.append_assistant([seen])
    await session.append_user([tool_result("t1", "a screen", png=b"\x89PNG")])
    assert await session.sending("tungsten-demo") is None
    record = await house.database.sessions.get(agent_id)
    resumed = await Session.open(house.database, record)
    assert await resumed.sending("tungsten-demo") is None
    found = await diagnose(house.paths, agent_id)
    assert (found.healthy, found.requests) == (True, 3)
    parted = await resumed.sending("tungsten-demo", form=Form(images=False))
    assert parted.origin == "the result of terminal_read"
    found = await diagnose(house.paths, agent_id)
    assert [finding.difference for finding in found.findings] == [parted]


async def test_another_model_shares_no_cache(house):
    agent_id = await turns(house, "one")
    session = house.agents.live.get(agent_id).session
    await session.sending("another")
    found = await diagnose(house.paths, agent_id)
    assert [finding.cause for finding in found.findings] == ["model"]
    assert "asks another, request 1 asked tungsten-demo" in told(found)


async def test_the_command_line_tells_it_in_lines_and_as_json(house):
    agent_id = await turns(house, "one", "two")
    session = house.agents.live.get(agent_id).session
    session.system[0] = {**session.system[0], "text": "Now is 2026-01-01. " + "x"}
    await house.prompt(agent_id, "three")
    await house.until(lambda: len(house.script.requests) == 3)
    await house.state(agent_id, "done")
    tungsten = str(Path(sys.executable).parent / "tungsten")
    environment = os.environ | {"TUNGSTEN_HOME": str(house.root / "elsewhere")}
    where = house.root / "elsewhere"
    where.mkdir()
    (where / "data").symlink_to(house.paths.data)

    def run(*arguments):
        return subprocess.run(
            [tungsten, "cache", "doctor", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    plain, as_json, unknown = run("bench"), run("bench", "--json"), run("nobody")
    assert plain.returncode == as_json.returncode == 1, plain.stderr
    [finding] = json.loads(as_json.stdout)["findings"]
    assert finding["difference"]["place"] == "system prompt, block 1"
    assert f"at byte {finding['difference']['byte']:,}" in plain.stdout
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert unknown.stderr.startswith("tungsten: There is no session nobody")


async def test_an_unknown_session_is_one_line(house):
    with pytest.raises(SessionUnknown, match="no session x"):
        await diagnose(house.paths, "x")


def test_blocks_begin_where_a_prefix_says():
    text = prefix(
        [{"name": "é"}, {"name": "b"}],
        [{"type": "text", "text": "sys"}],
        [
            {"role": "user", "content": [{"type": "text", "text": "ü"}]},
            {"role": "assistant", "content": [{"type": "x"}, {"type": "text", "text": "y"}]},
        ],
    )
    for block in blocks(text):
        written = block.text.encode()
        assert text.encode()[block.start : block.start + len(written)] == written
    assert [block.place for block in blocks(prefix([], [], []))] == []
    shorter = prefix([], [], [{"role": "user", "content": [{"type": "text", "text": "a"}]}])
    longer = shorter + ',{"role":"user","content":[{"type":"text","text":"b"}]}'
    assert difference(longer, shorter).byte == len(shorter)


def test_a_lone_surrogate_changes_nothing_before_it():
    first = [{"role": "user", "content": [{"type": "text", "text": "é"}]}]
    odd = [*first, {"role": "user", "content": [{"type": "text", "text": "é\ud800"}]}]
    assert prefix([], [], odd).startswith(prefix([], [], first))
    prefix([], [], odd).encode()
