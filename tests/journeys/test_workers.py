"""One task, split among workers: seen as a tree, decided at one gate, stopped together."""

from __future__ import annotations

import pytest
from psutil import process_iter

from tests.journeys.conftest import Arrive
from tests.journeys.scripted_model import ScriptedModel, run, use

pytestmark = pytest.mark.journey


def test_a_task_is_coordinated(arrive: Arrive, model: ScriptedModel) -> None:
    model.script(
        "release it",
        [
            use("worker_start", name="tests", brief="run the tests", risk="medium"),
            use("worker_start", name="push", brief="push it", risk="medium"),
        ],
        use("worker_wait"),
        "All of it is together.",
    )
    model.script("run the tests", run("sleep 4321.5"), "They pass.")
    model.script("push it", run("git push --force origin main"), "I was not allowed to.")
    person = arrive(**model.variables)
    person.settings('mode = "standard"\n')
    person.start()
    person.wait("Say what to do")
    person.do("/coordinate release it")
    screen = person.wait("HIGH  push wants to run a command")
    assert "└ ● tests" in screen
    assert "└ ▲ push" in screen
    person.deny()
    person.wait("└ ✓ push")
    assert model.told("denied by the person")

    def sleeps() -> bool:
        return any(p.info["cmdline"] == ["sleep", "4321.5"] for p in process_iter(["cmdline"]))

    person.when(sleeps, "the tests to run")
    listed = person.command("ls").stdout.splitlines()
    assert [line.split()[1] for line in listed] == ["project", "tests", "push"]
    assert "worker of project" in listed[1]
    person.press("agent.1")
    person.press("agent.stop")
    person.wait("and its 2 workers")
    person.press("y")
    person.wait("project has stopped")
    assert not sleeps()
    assert {agent["state"] for agent in person.agents().values()} == {"idle"}
