"""What the terminal that the app runs in is told of all agents, and which terminals are."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from agent.protocol.agents import AgentState, AgentSummary
from agent.protocol.hosted import Hosted
from agent.protocol.snapshot import Snapshot
from tui.surroundings.terminal_status import TerminalStatus, report
from tungsten.programs.osc import OscScanner
from tungsten.programs.program_status import Clear, Report, parse


def agent(name: str, state: str, kind: str = "") -> AgentSummary:
    return AgentSummary(
        id=name,
        name=name,
        directory="/",
        state=AgentState(state),
        since=0,
        created_at=0,
        hosted=Hosted(profile="x", title="X", kind=kind) if kind else None,  # type: ignore[arg-type]
    )


def snapshot(*agents: AgentSummary, paused: bool = False) -> Snapshot:
    return Snapshot.model_construct(agents=agents, gates=(), questions=(), paused=paused)


def test_who_waits_comes_before_who_works() -> None:
    assert report(snapshot()) == Report("idle", app="tungsten")
    one = agent("one", "working")
    assert report(snapshot(one)) == Report("working", app="tungsten", message="one works")
    assert report(snapshot(one, paused=True)).state == "idle"
    two = agent("two", "waiting", "login")
    found = report(snapshot(one, two))
    assert found == Report("blocked", kind="auth", app="tungsten", message="two waits")
    found = report(snapshot(two, agent("three", "waiting")))
    assert found.message == "2 agents wait"


def test_each_state_is_told_once_and_taken_back_at_the_end() -> None:
    told: list[str] = []
    status = TerminalStatus(told.append)
    status.end()
    assert told == []
    for state in ("working", "working", "idle"):
        status.show(snapshot(agent("one", state)))
    status.end()
    found = [parse(osc.text) for osc in OscScanner([7501]).feed("".join(told).encode())]
    assert found == [
        Report("working", app="tungsten", message="one works"),
        Report("idle", app="tungsten"),
        Clear(),
    ]


def test_only_a_terminal_that_says_so_in_its_terminfo_is_told(tmp_path: Path) -> None:
    entry = "knows|a terminal,\n\tam, cols#80, lines#24, Pst=\\E]7501;%p1%s\\E\\\\,\n"
    (tmp_path / "entry").write_text(entry)
    subprocess.run(["tic", "-x", "-o", str(tmp_path), str(tmp_path / "entry")], check=True)
    code = "import os; from tui.surroundings.terminal_status import bears; print(bears(os.environ))"

    def asked(**variables: str) -> str:
        environment = {k: v for k, v in os.environ.items() if k not in ("TMUX", "TERM")}
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**environment, "TERMINFO": str(tmp_path), **variables},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    assert asked(TERM="knows") == "True"
    assert asked(TERM="knows", TMUX="/tmp/x,1,0") == "False"
    assert asked(TERM="xterm-256color") == "False"
