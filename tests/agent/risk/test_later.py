"""What runs beside other commands or after a delay may meet files that were changed meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.risk import Context, Risk, assess_command


@pytest.mark.parametrize(
    ("command", "risk"),
    [
        ("sh t.sh", Risk.MEDIUM),
        ("sh t.sh &", Risk.HIGH),
        ("(sleep 3; sh t.sh) & true", Risk.HIGH),
        ("sleep 3; ./t.sh", Risk.HIGH),
        ("setsid sh t.sh", Risk.HIGH),
        ("sh t.sh && true &", Risk.HIGH),
        ("run() { sh t.sh; }; run &", Risk.HIGH),
        ("true & sh t.sh", Risk.MEDIUM),
    ],
)
def test_scripts_of_the_agent(tmp_path: Path, command: str, risk: Risk) -> None:
    project = tmp_path / "app"
    project.mkdir()
    script = project / "t.sh"
    script.write_text("echo hi\n")
    context = Context(cwd=project, home=tmp_path, project=project, written=frozenset([script]))
    assert assess_command(command, context).risk is risk
    unwritten = Context(cwd=project, home=tmp_path, project=project)
    assert assess_command(command, unwritten).risk is Risk.MEDIUM


@pytest.mark.parametrize(
    ("command", "risk"),
    [
        ("node s.js &", Risk.MEDIUM),
        ("nohup node s.js > /tmp/s.log 2>&1 & sleep 3; curl -s localhost:3000", Risk.MEDIUM),
        ("cd . && node s.js &", Risk.MEDIUM),
        ("sleep 3; node s.js &", Risk.HIGH),
        ("npm ci; node s.js &", Risk.HIGH),
        ("(sleep 3; node s.js) &", Risk.HIGH),
        ("while true; do node s.js & sleep 9; done", Risk.HIGH),
        ("node s.js & echo 'require(`child_process`).execSync(`rm -rf ~/x`)' > s.js", Risk.HIGH),
        ("node s.js & cp other.js s.js", Risk.HIGH),
    ],
)
def test_servers_of_the_agent_start_at_once(tmp_path: Path, command: str, risk: Risk) -> None:
    project = tmp_path / "app"
    project.mkdir()
    script = project / "s.js"
    script.write_text("require('http').createServer().listen(3000)\n")
    context = Context(cwd=project, home=tmp_path, project=project, written=frozenset([script]))
    assert assess_command(command, context).risk is risk
    script.write_text("require('child_process').execSync('rm -rf ~/x')\n")
    assert assess_command(command, context).risk is Risk.HIGH


@pytest.mark.parametrize(
    ("command", "risk"),
    [
        ("rm -rf build/i", Risk.MEDIUM),
        ("(sleep 3; rm -rf build/i) & true", Risk.HIGH),
        ("rm -rf build/i &", Risk.HIGH),
        ("sleep 3; rm -rf build", Risk.MEDIUM),
    ],
)
def test_deleting_below_what_may_lead_elsewhere(tmp_path: Path, command: str, risk: Risk) -> None:
    project = tmp_path / "app"
    project.mkdir()
    context = Context(cwd=project, home=tmp_path, project=project)
    assert assess_command(command, context).risk is risk
