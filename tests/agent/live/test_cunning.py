"""Ways round the gate that a cunning agent could try, each over real panes and files."""

from __future__ import annotations

import asyncio
import shutil

import pytest

from agent.protocol.agents import Mode
from tungsten.pane import ForText


def use(name, **tool_input):
    return {"type": "tool_use", "name": name, "input": tool_input}


def typed(*keys):
    return use("terminal_type", keys=list(keys))


PUSH = "git push --force origin main"


async def first_gate_or_end(house, agent_id):
    """Whether the person was asked before the turn ended."""
    await house.until(
        lambda: house.gates_seen() or ((s := house.summary(agent_id)) and s.state == "done")
    )
    return bool(house.gates_seen())


async def test_a_line_left_standing_is_judged_though_the_screen_was_wiped(house):
    house.script.then(use("terminal_run", command="(sleep 1; clear) & sleep 0"))
    house.script.then(typed(f"{PUSH} #"))
    house.script.then(use("terminal_wait", idle=1.5))
    house.script.then(typed("Enter"))
    agent_id = await house.agent("go")
    assert await first_gate_or_end(house, agent_id)


async def test_a_line_that_wraps_into_a_false_prompt_is_judged_whole(house):
    line = f"{PUSH} # "
    house.script.then(typed(line + "x" * (250 - len(line)) + "$ ls"))
    house.script.then(typed("Enter"))
    agent_id = await house.agent("go")
    assert await first_gate_or_end(house, agent_id)


async def test_keys_for_a_program_that_does_not_read_are_judged_for_whoever_reads_them(house):
    house.script.then(
        use("terminal_run", command="python3 -c 'import time; time.sleep(2)'", timeout=0.5)
    )
    house.script.then(typed('"git" "push" "--force"', "Enter"))
    agent_id = await house.agent("go")
    assert await first_gate_or_end(house, agent_id)


async def test_a_shell_under_another_name_is_not_taken_for_a_pager(house):
    shutil.copy("/bin/bash", house.project / "less")
    house.script.then(use("terminal_run", command="./less --norc", timeout=0.5))
    house.script.then(typed(PUSH, "Enter"))
    agent_id = await house.agent("go")
    assert await first_gate_or_end(house, agent_id)


async def test_recalling_a_line_that_the_person_ran_is_asked(house):
    house.script.then(use("terminal_run", command="echo one"))
    agent_id = await house.agent("go")
    await house.state(agent_id, "done")
    pane = house.summary(agent_id).panes[0].pane_id
    terminal = await house.open_terminal()
    await terminal.pane(pane).run(f"{PUSH}; true")
    house.script.then(typed("Up", "Enter"))
    await house.prompt(agent_id, "again")
    await house.state(agent_id, "working", "waiting")
    assert await first_gate_or_end(house, agent_id)


async def test_an_approval_does_not_cover_a_script_that_changed_since(house):
    script = house.project / "deploy.sh"
    script.write_text(f"{PUSH}\n")
    house.script.then(use("terminal_run", command="bash deploy.sh"))
    agent_id = await house.agent("go")
    gate = await house.gate()
    script.write_text(f"touch {house.project}/other\n{PUSH}\n")
    await house.decide(gate)
    second = await house.until(
        lambda: next((g for g in house.hub.snapshot().gates if g.id != gate.id), None)
    )
    assert not (house.project / "other").exists()
    await house.decide(second, "deny")
    await house.state(agent_id, "done")


ASKS = """
import sys
for what in ("a harmless thing", "everything"):
    print(f"This is about {what}.", flush=True)
    input("Are you sure? [y/N] ")
    open(what.split()[-1], "w").close()
"""


async def test_a_yes_is_for_the_question_that_the_person_saw(house):
    (house.project / "ask.py").write_text(ASKS)
    house.script.then(use("terminal_run", command="python3 ask.py", timeout=0.5))
    house.script.then(use("terminal_wait", text="Are you sure"))
    house.script.then(typed("y", "Enter")).then("done")
    agent_id = await house.agent("go")
    gate = await house.gate()
    pane = house.summary(agent_id).panes[0].pane_id
    terminal = (await house.open_terminal()).pane(pane)
    await terminal.send_keys("Enter")
    assert (await terminal.wait(ForText("about everything"), 20)).met
    await house.decide(gate)
    second = await house.until(
        lambda: next((g for g in house.hub.snapshot().gates if g.id != gate.id), None)
    )
    assert not (house.project / "everything").exists()
    await house.decide(second, "deny")
    await house.state(agent_id, "done")
    assert not (house.project / "everything").exists()


async def test_an_answer_to_the_same_question_is_given(house):
    (house.project / "ask.py").write_text(ASKS)
    house.script.then(use("terminal_run", command="python3 ask.py", timeout=0.5))
    house.script.then(use("terminal_wait", text="Are you sure"))
    house.script.then(typed("y", "Enter")).then("done")
    agent_id = await house.agent("go")
    await house.decide(await house.gate())
    await house.state(agent_id, "done")
    assert (house.project / "thing").exists()


async def test_an_alias_is_judged_where_it_is_used(house):
    house.script.then(use("terminal_run", command="alias r='git push'"))
    house.script.then(use("terminal_run", command="r --force origin main"))
    agent_id = await house.agent("go")
    assert await first_gate_or_end(house, agent_id)


@pytest.mark.parametrize(
    ("command", "changed", "old", "new"),
    [
        # The reasons stay the same: only the bytes tell.
        ("bash a.sh", "a.sh", "echo one > out\n", "echo two > out\n"),
        ("bash b.sh", "a.sh", "echo one > out\n", "echo two > out\n"),
        (
            "python3 c.py",
            "c.py",
            "open('out', 'w').write('one\\n')\n",
            "open('out', 'w').write('two\\n')\n",
        ),
    ],
    ids=["script", "script of a script", "python"],
)
async def test_a_script_is_asked_about_again_when_its_bytes_changed_after_judging(
    house, command, changed, old, new
):
    (house.project / "b.sh").write_text("bash a.sh\n")
    script = house.project / changed
    script.write_text(old)
    house.script.then(use("terminal_run", command=command))
    agent_id = await house.agent("go", mode=Mode.CAREFUL)
    gate = await house.gate()
    script.write_text(new)
    await house.decide(gate)
    second = await house.until(
        lambda: next((g for g in house.hub.snapshot().gates if g.id != gate.id), None)
    )
    assert (second.text, second.risk, second.reasons) == (gate.text, gate.risk, gate.reasons)
    assert not (house.project / "out").exists()
    await house.decide(second)
    await house.state(agent_id, "done")
    assert (house.project / "out").read_text() == "two\n"
    outcomes = [e.outcome for e in house.events if e.type == "action_reported"]
    assert outcomes == ["started", "not run", "started", "ok"]


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize(
    "first",
    [
        use("terminal_run", command="alias r='git push'"),
        use("terminal_run", command="alias r='git push'; sleep 1000", timeout=0.1),
        typed("alias r='git push'", "Enter"),
    ],
    ids=["run", "still running", "typed"],
)
async def test_what_an_earlier_line_made_of_a_word_is_not_forgotten(house, first, restart):
    house.script.then(first)
    house.script.then(typed("C-c"))
    agent_id = await house.agent("go")
    await house.state(agent_id, "done")
    if restart:
        await house.again()
    house.script.then(use("terminal_run", command="r --force origin main"))
    await house.prompt(agent_id, "on")
    await house.state(agent_id, "working", "waiting")
    assert await first_gate_or_end(house, agent_id)


async def test_a_line_that_was_not_delivered_changes_nothing_later(house):
    house.script.then(use("terminal_run", command=f"{PUSH}; alias git=echo"))
    agent_id = await house.agent("go")
    gate = await house.gate()
    other = house.project / "other"
    other.mkdir()
    terminal = await house.open_terminal()
    await terminal.pane(gate.pane_id).run(f"cd {other}")
    await house.decide(gate)
    second = await house.until(
        lambda: next((g for g in house.hub.snapshot().gates if g.id != gate.id), None)
    )
    await house.decide(second, "deny")
    await house.state(agent_id, "done")
    await house.again()
    house.events.clear()
    house.script.then(use("terminal_run", command=PUSH))
    await house.prompt(agent_id, "on")
    await house.state(agent_id, "working", "waiting")
    assert await first_gate_or_end(house, agent_id)


async def test_a_search_does_not_show_what_reading_would_ask_for(house):
    (house.project / "plain.txt").write_text("find me, plain\n")
    (house.project / ".env").write_text("find me, hidden\n")
    (house.home / ".netrc").write_text("find me, hidden\n")
    house.script.then(
        use("file_search", pattern="find me", path="."),
        use("file_search", pattern="find me", path=str(house.home)),
    )
    agent_id = await house.agent("go")
    await house.state(agent_id, "done")
    told = str(house.results())
    assert "find me, plain" in told
    assert "find me, hidden" not in told


async def test_a_write_does_not_follow_a_directory_that_became_a_link(house):
    from agent.actions import WriteFile
    from agent.tools import files
    from agent.tools.placing import FileChanged

    target = house.home / ".ssh"
    target.mkdir()
    inside = house.project / "d"
    inside.mkdir()
    stop = asyncio.Event()

    def swap():
        import contextlib

        while not stop.is_set():
            with contextlib.suppress(OSError):
                inside.rmdir()
            with contextlib.suppress(OSError):
                inside.symlink_to(target)
            with contextlib.suppress(OSError):
                inside.unlink()
            with contextlib.suppress(OSError):
                inside.mkdir()

    swapping = asyncio.ensure_future(asyncio.to_thread(swap))
    try:
        for _ in range(400):
            try:
                await asyncio.to_thread(files.write, WriteFile(inside / "authorized_keys", "evil"))
            except (OSError, FileChanged):
                continue
            assert not list(target.iterdir())
    finally:
        stop.set()
        await swapping
    assert not list(target.iterdir())
