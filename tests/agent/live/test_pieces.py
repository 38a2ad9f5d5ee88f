"""What an approved line turns out to run is judged once more, where its text could not tell."""

from __future__ import annotations

import pytest

from agent.actions import RunCommand
from agent.risk import Context
from agent.steps.pieces import Pieces


def use(name, **tool_input):
    return {"type": "tool_use", "name": name, "input": tool_input}


HIGH = "echo mine > ~/.bashrc"


async def approved(house, command):
    """Have a person approve a line; gives what the agent is told of it."""
    house.script.then(use("terminal_run", command=command)).then("done")
    agent_id = await house.agent("go")
    await house.decide(await house.gate())
    await house.state(agent_id, "done")
    [result] = house.results()
    return result


@pytest.mark.parametrize(
    "command",
    [
        'eval "$(cat plan)"; touch after',
        'x=$(cat plan); (eval "$x"; touch after) | cat; touch after',
        'y=$(eval "$(cat plan)"); touch after',
    ],
)
async def test_what_nobody_saw_needs_a_decision_of_its_own(house, command):
    before = (house.home / ".bashrc").read_bytes() if (house.home / ".bashrc").exists() else None
    (house.project / "plan").write_text(f"touch first\n{HIGH}\n")
    result = await approved(house, command)
    assert f"stopped before `{HIGH}`" in result["content"]
    assert "exit 0" not in result["content"]
    # The rest of it is no worse than what runs without a person.
    assert (house.project / "first").exists()
    assert not (house.project / "after").exists()
    now = (house.home / ".bashrc").read_bytes() if (house.home / ".bashrc").exists() else None
    assert now == before


async def test_what_was_seen_runs(house):
    command = f"x='{HIGH}'; eval \"$x\"; echo   two >>~/.bashrc; echo three 1>&2"
    result = await approved(house, command)
    assert "stopped before" not in result["content"]
    assert "three" in result["content"]
    assert (house.home / ".bashrc").read_text().endswith("mine\ntwo\n")


async def test_a_shell_with_traps_of_its_own_runs_it_unasked(house):
    (house.project / "plan").write_text("touch first\n")
    house.script.then(use("terminal_run", command="trap : DEBUG")).then("done")
    agent_id = await house.agent("go")
    await house.state(agent_id, "done", "waiting")
    if house.hub.snapshot().gates:
        await house.decide(await house.gate())
        await house.state(agent_id, "done")
    house.script.then(use("terminal_run", command='eval "$(cat plan)"')).then("done")
    await house.prompt(agent_id, "on")
    await house.decide(await house.gate())
    await house.state(agent_id, "done")
    assert (house.project / "first").exists()


def pieces(text, tmp_path):
    around = Context(cwd=tmp_path, home=tmp_path, project=tmp_path)
    return Pieces(RunCommand(text, "%0"), around, 0)


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        ('eval "$x"; rm -rf /tmp/build', "rm -rf /"),
        ('eval "$x"; rm -rf ~/ab', "rm -rf ~/a b"),
        ('eval "$x"; rm -rf ~"/old"', "rm -rf ~"),
        ('eval "$x"; rm -rf ~/a ~/b', "rm -rf ~/a"),
        ('eval "$x"; echo sudo reboot', "sudo reboot"),
    ],
)
async def test_a_part_of_what_was_seen_was_not_seen(text, piece, tmp_path):
    judge = pieces(text, tmp_path)
    assert not await judge.allow(piece)
    assert judge.why


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        ('eval "$x"; rm -rf ~/a', "rm -rf ~/a"),
        ('eval "$x" && rm  -rf\t~/a&& ls', "rm -rf ~/a"),
        ('eval "$x"; if true; then rm -rf ~/a # all\nfi', "rm -rf ~/a"),
        ('eval "$x"; for f in a b; do rm -rf ~/"$f"; done', 'rm -rf ~/"$f"'),
        ("eval 'rm -rf ~/a'", "rm -rf ~/a"),
        ('eval "cd x; rm -rf ~/a"', "rm -rf ~/a"),
        ('eval "$x"; (rm -rf ~/a) | cat', "rm -rf ~/a"),
        ('eval "$x"; sudo reboot>>log 2>&1', "sudo reboot >> log 2>&1"),
        ('eval "$x"; sudo reboot >&2', "sudo reboot 1>&2"),
        ('eval "$x"; sudo reboot 1>&2', "sudo reboot 1>&2"),
        ('eval "$x"; sudo \\\n reboot', "sudo reboot"),
        ('eval "$x"; y=`sudo reboot`', "sudo reboot"),
    ],
)
async def test_a_whole_command_of_what_was_seen_was_seen(text, piece, tmp_path):
    assert not await pieces("eval $x", tmp_path).allow(piece)
    assert await pieces(text, tmp_path).allow(piece)


async def test_a_judge_that_dies_lets_no_piece_run(tmp_path, monkeypatch):
    def dies(*_):
        raise RecursionError

    monkeypatch.setattr("agent.steps.pieces.assess", dies)
    judge = pieces('eval "$x"', tmp_path)
    assert not await judge.allow("ls")
    assert judge.why == "could not be judged (RecursionError)"


async def ran(house, command):
    """Have an agent run what no person is asked about; gives what it is told."""
    house.script.then(use("terminal_run", command=command)).then("done")
    agent_id = await house.agent("go")
    await house.state(agent_id, "done")
    assert not house.gates_seen()
    [result] = house.results()
    return result["content"]


WRITER = "import sys\nopen(sys.argv[2], 'w').write(sys.argv[1] + chr(10))\n"
"""A program of which nobody can tell what it writes where."""


@pytest.mark.parametrize("line", ["{} && bash t.sh; touch after", "{}; (bash t.sh); touch after"])
async def test_what_has_changed_since_it_was_judged_is_judged_again(house, line):
    (house.project / "t.sh").write_text("touch first\n")
    (house.project / "gen.py").write_text(WRITER)
    told = await ran(house, line.format("python3 gen.py 'echo mine > ~/.bashrc' t.sh"))
    assert "stopped before `bash t.sh`: what it runs has changed" in told
    assert not (house.project / "after").exists()
    assert not (house.home / ".bashrc").exists()


async def test_what_has_changed_for_nothing_worse_runs(house):
    (house.project / "t.sh").write_text("touch first\n")
    (house.project / "gen.py").write_text(WRITER)
    told = await ran(house, "python3 gen.py 'touch second' t.sh && bash t.sh; touch after")
    assert "stopped before" not in told
    assert (house.project / "second").exists()
    assert (house.project / "after").exists()
    assert not (house.project / "first").exists()
