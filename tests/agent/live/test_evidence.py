"""Done means evidence, and what fails again and again is broken off."""

from __future__ import annotations

import pytest

from agent.model.local_server.responder import ResponderMessage
from agent.protocol.conversation import ToolStatus
from agent.steps.steps import Outcome
from agent.turns.evidence import Evidence
from agent.turns.repeats import END_AFTER, TELL_AFTER, Repeats
from tests.agent.live.conftest import say, use

CHECK = "make -s check"
FAILING = "check:\n\t@echo one failed; exit 1\n"


def project(house, makefile=FAILING):
    (house.project / "Makefile").write_text(makefile)
    (house.project / "a.py").write_text("a = 1\n")


def told(request):
    """The notes of the last message of a request."""
    blocks = request["messages"][-1]["content"]
    return [b["text"] for b in blocks if b.get("text", "").startswith("<tungsten-note>")]


async def kinds(house, agent_id, kind):
    return [b["text"] for b in await house.blocks(agent_id) if b["kind"] == kind]


async def test_a_finish_on_a_failed_check_is_questioned_once_and_then_said_plainly(house):
    project(house)
    house.script.then(use("terminal_run", command=CHECK)).then("All is well.").then("Really.")
    agent_id = await house.agent("mend it")
    summary = await house.rest(agent_id)
    line = f"The last check failed, and none has passed since: `{CHECK}` (exit status 2)"
    assert (summary.state, summary.activity) == ("done", line)
    assert len(house.script.requests) == 3
    [note] = told(house.script.requests[2])
    assert f"`{CHECK}` (exit status 2)" in note
    assert await kinds(house, agent_id, "error") == [line]
    # It is a matter of that turn alone.
    await house.prompt(agent_id, "What is 1 + 1?")
    await house.until(lambda: len(house.script.requests) == 4)
    summary = await house.rest(agent_id)
    assert summary.activity == "done"
    assert not house.server.refused


async def test_a_check_that_passes_in_the_end_is_enough(house):
    project(house)
    house.script.then(use("terminal_run", command=CHECK)).then("Done.")
    house.script.then(use("file_write", path="Makefile", content="check:\n\t@echo fine\n"))
    house.script.then(use("terminal_run", command=CHECK)).then("Now it is.")
    agent_id = await house.agent("mend it")
    summary = await house.rest(agent_id)
    assert summary.activity == "Now it is."
    assert await kinds(house, agent_id, "error") == []


@pytest.mark.parametrize(
    "edit",
    [
        use("file_edit", path="a.py", old_text="a = 1", new_text="a = 2"),
        use("terminal_run", command="sed -i s/1/2/ a.py"),
        use("terminal_run", command="echo b = 2 >> a.py"),
    ],
    ids=("file_edit", "sed -i", ">>"),
)
async def test_an_edit_after_the_check_makes_it_out_of_date(house, edit):
    project(house)
    house.script.then(use("terminal_run", command=CHECK)).then(edit).then("Done.")
    agent_id = await house.agent("mend it")
    summary = await house.rest(agent_id)
    assert summary.activity == "Done."
    assert len(house.script.requests) == 3


async def test_what_only_looks_or_fails_is_no_check(house):
    project(house)
    house.script.then(use("terminal_run", command="grep -c nothing a.py")).then("Not there.")
    agent_id = await house.agent("is it there?")
    assert (await house.rest(agent_id)).activity == "Not there."
    assert len(house.script.requests) == 2


async def test_a_check_counts_through_what_runs_it_and_a_later_look_changes_nothing(house):
    project(house)
    house.script.then(use("terminal_run", command=f"cd . && env X=1 timeout 60 {CHECK}"))
    house.script.then(use("terminal_run", command="cat a.py; git status --short"))
    house.script.then("Done.").then("Still.")
    agent_id = await house.agent("mend it")
    assert "timeout 60" in (await house.rest(agent_id)).activity


async def test_the_evidence_outlives_the_engine(house):
    project(house)
    house.script.then(use("terminal_run", command=CHECK))
    house.script.then(use("ask_person", question="Ready?"))
    agent_id = await house.agent("mend it")
    await house.until(lambda: next(iter(house.hub.snapshot().questions), None))
    house.script.then("All is well.").then("Really.")
    await house.again()
    from agent.protocol.commands.gates import Answer

    question = await house.until(lambda: next(iter(house.hub.snapshot().questions), None))
    await house.carry_out(Answer(question_id=question.id, text="yes"))
    summary = await house.rest(agent_id)
    assert summary.activity.startswith("The last check failed")
    assert len(house.script.requests) == 4


def test_a_check_that_was_not_ended_says_nothing():
    evidence = Evidence()
    checked = use("terminal_run", command="pytest")
    evidence.take(checked, Outcome(ToolStatus.FAILED, "", exit_status=1, checks=True))
    assert evidence.failed is not None
    assert "pytest" in evidence.finish()
    evidence.take(checked, Outcome(ToolStatus.DONE, "still running", checks=True))
    assert evidence.failed is None
    evidence.take(checked, Outcome(ToolStatus.FAILED, "", exit_status=1, checks=True))
    evidence.take(use("terminal_run", command="ls"), Outcome(ToolStatus.DONE, "", exit_status=0))
    assert evidence.failed is not None
    assert len(Evidence.told(evidence)) < 1_000


# Repeats ----------------------------------------------------------------------------------------


async def test_the_same_failure_again_and_again_is_told_and_then_ends_the_turn(house):
    seen = []

    def stubborn(request):
        seen.append(told(request))
        return ResponderMessage([use("file_edit", path="a.py", old_text="zzz", new_text="y")])

    project(house)
    for _ in range(20):
        house.script.then(stubborn)
    agent_id = await house.agent("edit it")
    summary = await house.state(agent_id, "failed")
    assert summary.activity.startswith(f"Stopped: the agent did the same {END_AFTER} times")
    assert "file_edit" in summary.activity
    assert len(house.script.requests) == END_AFTER
    assert [bool(each) for each in seen] == [number == TELL_AFTER for number in range(END_AFTER)]
    house.script.messages.clear()
    await house.prompt(agent_id, "Try something else.")
    await house.state(agent_id, "done")
    assert not house.server.refused


async def test_two_actions_in_turns_are_a_circle_too(house):
    project(house)
    for _ in range(20):
        house.script.then(use("file_edit", path="a.py", old_text="zzz", new_text="y"))
        house.script.then(use("file_read", path="a.py"))
    agent_id = await house.agent("edit it")
    await house.state(agent_id, "failed")
    assert len(house.script.requests) == 2 * END_AFTER


async def test_a_model_that_heeds_what_it_is_told_goes_on(house):
    project(house)

    def learns(request):
        if told(request):
            return ResponderMessage(
                [use("file_edit", path="a.py", old_text="a = 1", new_text="a = 2")]
            )
        if "a = 1" not in (house.project / "a.py").read_text():
            return say("Done.")
        return ResponderMessage([use("file_edit", path="a.py", old_text="zzz", new_text="y")])

    for _ in range(10):
        house.script.then(learns)
    agent_id = await house.agent("edit it")
    assert (await house.rest(agent_id)).activity == "Done."


async def test_waiting_for_a_screen_that_changes_is_no_repetition(house):
    (house.project / "grow.sh").write_text("for n in $(seq 40); do echo $n; sleep 0.05; done\n")
    house.script.then(use("terminal_run", command="bash grow.sh", timeout=0.1))
    for _ in range(12):
        house.script.then(use("terminal_read"))
    for _ in range(8):
        house.script.then(use("terminal_wait", text="never there", timeout=0.05))
    agent_id = await house.agent("watch")
    summary = await house.rest(agent_id)
    assert summary.state == "done"
    assert not any(told(request) for request in house.script.requests)


def failing(text="exit 1 · 0.3 s · pane %1\nno"):
    return Outcome(ToolStatus.FAILED, text, exit_status=1)


def test_only_the_same_result_of_the_same_input_is_a_repetition():
    def after(*steps):
        repeats = Repeats()
        for given, outcome in steps:
            repeats.take(use("terminal_run", command=given), outcome)
        return bool(repeats.note()), bool(repeats.end())

    same = [("pytest", failing(f"exit 1 · {n}.5 s\n1 failed in {n}.03s")) for n in range(9)]
    assert after(*same[: TELL_AFTER - 1]) == (False, False)
    assert after(*same[:TELL_AFTER]) == (True, False)
    assert after(*same[:END_AFTER]) == (True, True)
    assert after(*[("pytest", failing(f"{n} failed")) for n in range(9)]) == (False, False)
    assert after(*[(f"pytest {n}", failing()) for n in range(9)]) == (False, False)
    good = Outcome(ToolStatus.DONE, "fine", exit_status=0)
    assert after(*[("ls", good)] * 20) == (False, False)
    mended = [*same[:5], ("edit", good), *same[:2]]
    assert after(*mended) == (False, False)
    circle = [("a", failing()), ("b", good), ("c", good)]
    assert after(*circle * END_AFTER) == (True, True)


def test_what_is_tried_again_after_waiting_is_no_repetition():
    repeats = Repeats()
    for _ in range(20):
        repeats.take(use("terminal_run", command="curl localhost"), failing())
        repeats.take(use("terminal_wait", idle=5), Outcome(ToolStatus.DONE, "quiet"))
    assert not repeats.note()
    assert not repeats.end()


@pytest.mark.parametrize(
    ("command", "waits"),
    [
        ("sleep 1; test -f ready", True),
        ("python3 -c 'import time; time.sleep(1); open(\"ready\")'", True),
        ("kubectl wait --for=condition=Ready pod/a", True),
        ("read -t 2; test -f ready", True),
        ("test -f ready", False),
        ("pytest tests/test_wait.py", False),
    ],
)
def test_a_command_that_waits_is_no_repetition(command, waits):
    repeats = Repeats()
    for _ in range(END_AFTER):
        repeats.take(use("terminal_run", command=command), failing())
    assert bool(repeats.note()) is not waits
    assert bool(repeats.end()) is not waits
