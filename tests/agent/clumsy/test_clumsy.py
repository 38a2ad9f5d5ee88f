"""A clumsy model does fifty small terminal tasks; what it leaves behind is looked at from outside.

The model is scripted, everything else is real: the local Messages server, the SDK, the agent's
loop, the gate, tmux. Nobody is there: questions and gates are answered as `tungsten run --headless`
does.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from agent.headless import NOBODY
from agent.model.local_server.models import ServedModel
from agent.model.local_server.server import LocalMessagesServer
from agent.protocol.commands.agents import StopAgent
from agent.protocol.commands.gates import Answer, Decide
from agent.protocol.events import GateOpened, QuestionAsked
from tests.agent.clumsy.model import Clumsy, Damaging
from tests.agent.clumsy.tasks import TASKS, Task
from tests.agent.live.conftest import KEY, House

SECONDS = 100
"""Most that one task may take; a turn that does not end is a failure."""

SAMPLE = (
    "off by one",
    "done, it says, and the tests fail",
    "reading and editing in a circle",
    "what was read is out of date",
    "a question to nobody",
    "more than fits into its head",
)
"""What `make test` tries; the rest is for `make soak`."""

RESTING = {"done", "failed", "idle", "unknown"}


@dataclass
class Tried:
    """How a task went."""

    task: Task
    wrong: str
    """What the check found, empty when the end state is right."""
    ended: str
    """State and finish line of the turn."""
    requests: int
    refused: list[str]


class Nobody:
    """Answers for a person who is not there."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._tasks: set[asyncio.Task] = set()
        house.hub.listen(self._heard)

    def _heard(self, event) -> None:
        work = None
        if isinstance(event, QuestionAsked):
            answer = Answer(question_id=event.question.id, text=NOBODY)
            work = self._house.carry_out(answer)
        elif isinstance(event, GateOpened):
            deny = Decide(gate_id=event.gate.id, decision="deny", by="nobody")
            work = self._house.carry_out(deny)
        if work is not None:
            made = asyncio.create_task(work)
            self._tasks.add(made)
            made.add_done_callback(self._tasks.discard)


async def attempt(root, task: Task) -> Tried:
    house = House(root)
    faults = Damaging()
    clumsy = Clumsy(task.policy, task.habits, faults)
    models = (ServedModel("tungsten-demo"), ServedModel("small", context_window=12_000))
    house.server = LocalMessagesServer(
        clumsy, api_key=KEY, faults=faults, models=models, record=True, bind_thinking=True
    )
    try:
        await house.open()
        Nobody(house)
        await asyncio.to_thread(task.setup, house.project)
        agent_id = await house.agent(task.prompt, model=task.model)
        ended = "the turn did not end"
        try:
            async with asyncio.timeout(SECONDS):
                while True:
                    house.changed.clear()
                    summary = house.summary(agent_id)
                    if summary.state in RESTING:
                        break
                    await house.changed.wait()
            ended = f"{summary.state}: {summary.activity}"
        except TimeoutError:
            pass
        await house.carry_out(StopAgent(agent_id=agent_id))
        wrong = ""
        try:
            await asyncio.to_thread(task.check, house.project)
        except Exception as error:  # noqa: BLE001 - whatever is wrong is what is to be told
            wrong = f"{type(error).__name__}: {error}"
        return Tried(task, wrong, ended, len(clumsy.requests), house.server.refused)
    finally:
        await house.demolish()


def told(tried: list[Tried]) -> str:
    """The finish rate, and a line for each task that was not finished."""
    lost = [each for each in tried if each.task.lost or each.wrong]
    rate = (len(tried) - len(lost)) / len(tried)
    requests = sum(each.requests for each in tried)
    lines = [
        f"clumsy model: {len(tried) - len(lost)} of {len(tried)} tasks finished ({rate:.0%}), "
        f"{requests} requests"
    ]
    for each in lost:
        why = each.task.lost or f"NOT EXPECTED: {each.wrong}"
        lines.append(f"  not finished: {each.task.name}: {why} [{each.ended[:160]}]")
    return "\n".join(lines)


def test_the_tasks_are_fifty_and_differ():
    assert len(TASKS) == 50
    assert len({task.name for task in TASKS}) == len({id(task.policy) for task in TASKS}) == 50
    assert {task.name for task in TASKS} >= set(SAMPLE)


@pytest.mark.parametrize("name", SAMPLE)
async def test_a_sample_is_finished(short_dir, name):
    task = next(each for each in TASKS if each.name == name)
    tried = await attempt(short_dir, task)
    assert not tried.wrong, told([tried])
    assert not tried.refused, tried.refused
    if name == "more than fits into its head":
        assert tried.ended == "done: The largest total is written."


@pytest.mark.soak
@pytest.mark.timeout(3_000)
async def test_all_fifty(short_dir, capsys):
    tried = []
    for number, task in enumerate(TASKS):
        root = short_dir / f"{number}"
        root.mkdir()
        tried.append(await attempt(root, task))
    with capsys.disabled():
        print(f"\n{told(tried)}")  # noqa: T201 - the finish rate is what this is for
    unexpected = [each for each in tried if each.wrong]
    assert not unexpected, told(unexpected)
    assert not any(each.refused for each in tried)
    finished = sum(not each.task.lost for each in tried)
    assert finished >= 0.9 * len(TASKS)
    [stopped] = [each for each in tried if each.task.name == "it never learns"]
    assert stopped.ended.startswith("failed: Stopped: the agent did the same 6 times")
