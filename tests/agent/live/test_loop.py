"""Turns from prompt to end, over real HTTP, tmux and SQLite."""

from __future__ import annotations

import pytest

from agent.errors import AgentError
from agent.model.local_server.faults import Fault
from agent.model.local_server.responder import ResponderMessage
from agent.protocol.commands.agents import SetPaused
from agent.protocol.commands.gates import Answer
from agent.protocol.commands.panes import PersonTyped, RunAsPerson
from agent.protocol.commands.prompts import Interrupt, ReadTranscript, Unqueue


def use(name, **tool_input):
    return {"type": "tool_use", "name": name, "input": tool_input}


async def test_a_prompt_becomes_a_command_in_tmux_and_its_result_goes_back(house):
    house.script.then("Let me look.", use("terminal_run", command="echo $((20+22))"))
    house.script.then("**It** is `42`.")
    agent_id = await house.agent("What is 20+22?")
    summary = await house.rest(agent_id)

    assert (summary.state, summary.activity) == ("done", "It is 42.")
    [result] = house.results()
    assert "is_error" not in result
    assert result["content"].startswith("exit 0")
    assert result["content"].endswith("\n42")
    kinds = [block["kind"] for block in await house.blocks(agent_id)]
    assert kinds == ["user", "assistant", "tool", "assistant"]
    [tool] = await house.tools(agent_id)
    assert (tool["status"], tool["exit_status"]) == ("done", 0)
    assert summary.usage.requests == 2
    assert summary.usage.cost == 0.0
    assert summary.usage.output_tokens > 0
    assert summary.context_tokens > 0
    assert not house.server.refused


async def test_an_exit_status_other_than_0_is_a_result_not_an_error(house):
    house.script.then(use("terminal_run", command="false")).then("It fails.")
    agent_id = await house.agent("go")
    await house.rest(agent_id)
    [result] = house.results()
    assert "is_error" not in result
    assert result["content"].startswith("exit 1")


async def test_reads_go_side_by_side_and_results_keep_the_order(house):
    for name in "abc":
        (house.project / name).write_text(f"I am {name}\n")
    house.script.then(
        use("file_read", path="c"),
        use("file_read", path="a"),
        use("terminal_run", command="echo between"),
        use("file_read", path="b"),
    ).then("Read.")
    agent_id = await house.agent("read")
    await house.rest(agent_id)
    texts = [result["content"] for result in house.results()]
    assert [text.split()[-1] for text in texts] == ["c", "a", "between", "b"]


async def test_a_prompt_during_a_turn_waits_and_becomes_the_next_turn(house):
    house.script.then(use("ask_person", question="Now?")).then("first done").then("second done")
    agent_id = await house.agent("one")
    question = await house.until(lambda: next(iter(house.hub.snapshot().questions), None))
    assert house.summary(agent_id).state == "waiting"
    await house.prompt(agent_id, "two")
    await house.prompt(agent_id, "three")
    assert house.summary(agent_id).queued == ("two", "three")
    await house.carry_out(Answer(question_id=question.id, text="yes"))
    await house.until(lambda: len(house.script.requests) == 3)
    await house.rest(agent_id)
    said = house.script.requests[2]["messages"][-1]["content"]
    assert [block["text"] for block in said] == ["two", "three"]
    assert house.summary(agent_id).queued == ()
    with pytest.raises(AgentError, match="not open any more"):
        await house.carry_out(Answer(question_id=question.id, text="no"))


async def test_queued_prompts_can_be_taken_back(house):
    house.script.then(use("ask_person", question="Now?"))
    agent_id = await house.agent("one")
    await house.state(agent_id, "waiting")
    await house.prompt(agent_id, "two")
    assert await house.carry_out(Unqueue(agent_id=agent_id)) == {"texts": ["two"]}
    assert house.summary(agent_id).queued == ()


async def test_an_interrupt_holds_the_queue_until_the_person_says_something(house):
    house.script.then(use("ask_person", question="Now?")).then("done")
    agent_id = await house.agent("one")
    await house.state(agent_id, "waiting")
    await house.prompt(agent_id, "two")
    await house.prompt(agent_id, "three")
    await house.carry_out(Interrupt(agent_id=agent_id))
    for _ in range(2):
        summary = house.summary(agent_id)
        assert (summary.state, summary.queued) == ("idle", ("two", "three"))
        assert len(house.script.requests) == 1
        # Nor does the next engine begin what was held.
        await house.again()
    page = await house.carry_out(ReadTranscript(agent_id=agent_id))
    assert page["blocks"][-1]["text"] == "Interrupted. What is queued waits for you."
    await house.prompt(agent_id, "four")
    await house.state(agent_id, "done")
    said = [
        block["text"]
        for block in house.script.requests[-1]["messages"][-1]["content"]
        if "text" in block
    ]
    assert said[-3:] == ["two", "three", "four"]
    assert house.summary(agent_id).queued == ()


async def test_what_an_interrupt_holds_can_be_taken_back(house):
    house.script.then(use("ask_person", question="Now?"))
    agent_id = await house.agent("one")
    await house.state(agent_id, "waiting")
    await house.prompt(agent_id, "two")
    await house.carry_out(Interrupt(agent_id=agent_id))
    assert await house.carry_out(Unqueue(agent_id=agent_id)) == {"texts": ["two"]}
    assert house.summary(agent_id).state == "idle"
    assert len(house.script.requests) == 1


async def test_an_interrupt_while_a_command_runs_stops_it_and_keeps_the_transcript_valid(house):
    house.script.then(
        use("terminal_run", command="sleep 600"), use("terminal_run", command="echo never")
    )
    agent_id = await house.agent("wait")
    await house.screen(agent_id, r"sleep 600")
    await house.until(lambda: house.summary(agent_id).activity.startswith("run: "))
    pane = house.summary(agent_id).panes[0].pane_id
    terminal = await house.open_terminal()

    async def sleeps():
        return (await terminal.pane(pane).foreground()).name == "sleep"

    await house.poll(sleeps)
    await house.carry_out(Interrupt(agent_id=agent_id))
    summary = house.summary(agent_id)
    assert (summary.state, summary.activity) == ("idle", "interrupted")
    statuses = [tool["status"] for tool in await house.tools(agent_id)]
    assert statuses == ["interrupted", "interrupted"]

    house.script.then("Fine.")
    await house.prompt(agent_id, "go on")
    await house.state(agent_id, "done")
    first, second = house.script.requests[-1]["messages"][2]["content"]
    assert "interrupted by the person" in first["content"]
    assert "nothing was done" in second["content"]
    assert first["is_error"]
    assert not house.server.refused
    assert (await terminal.pane(pane).foreground()).kind == "shell"


async def test_an_interrupt_right_behind_a_prompt_ends_the_turn(house):
    agent_id = await house.agent("go")
    await house.carry_out(Interrupt(agent_id=agent_id))
    summary = house.summary(agent_id)
    assert (summary.state, summary.activity) == ("idle", "interrupted")


async def test_an_interrupt_while_the_model_streams_discards_the_message(house):
    house.script.then(ResponderMessage([{"type": "text", "text": "word " * 400}], delay=0.02))
    agent_id = await house.agent("talk")
    await house.until(lambda: any(e.type == "block_delta" for e in house.events))
    await house.carry_out(Interrupt(agent_id=agent_id))
    assert [row["role"] for row in await house.rows(agent_id)] == ["user"]
    shown = await house.blocks(agent_id)
    assert [block["kind"] for block in shown] == ["user", "assistant", "notice"]
    assert not shown[1]["streaming"]
    await house.prompt(agent_id, "again")
    await house.state(agent_id, "done")
    last = house.script.requests[-1]["messages"][-1]["content"]
    assert "discarded" in last[0]["text"]
    assert not house.server.refused


async def test_input_that_is_not_whole_never_runs(house):
    house.server.faults.add(Fault("truncated_input"))
    house.script.then(use("terminal_run", command="touch made")).then("I see.")
    agent_id = await house.agent("go")
    summary = await house.rest(agent_id)
    assert not (house.project / "made").exists()
    assert summary.state in ("done", "failed")
    assert not house.server.refused


async def test_the_output_limit_within_a_tool_use_runs_nothing(house):
    house.script.then(
        ResponderMessage([use("terminal_run", command="touch made")], stop_reason="max_tokens")
    ).then("Shorter now.")
    agent_id = await house.agent("go")
    await house.state(agent_id, "done")
    assert not (house.project / "made").exists()
    [result] = house.results()
    assert result["is_error"]
    assert "output limit" in result["content"]


async def test_the_output_limit_in_a_text_lets_the_model_go_on_but_not_for_ever(house):
    for _ in range(4):
        house.script.then("and then", stop_reason="max_tokens")
    agent_id = await house.agent("tell")
    summary = await house.state(agent_id, "failed")
    assert "max_tokens" in summary.activity
    assert len(house.script.requests) == 4


async def test_a_refusal_fails_and_is_not_sent_back(house):
    house.script.then("I will not", stop_reason="refusal").then("Of course.")
    agent_id = await house.agent("bad")
    await house.state(agent_id, "failed")
    await house.prompt(agent_id, "good")
    await house.state(agent_id, "done")
    assert [message["role"] for message in house.script.requests[-1]["messages"]] == [
        "user",
        "user",
    ]


@pytest.mark.parametrize(
    "fault",
    [
        Fault("rate_limited", retry_after=0.01),
        Fault("dropped_stream"),
        Fault("no_message_stop"),
    ],
    ids=lambda fault: fault.kind,
)
async def test_a_fault_is_survived_and_shown_once(house, fault):
    house.server.faults.add(fault)
    house.script.then(use("terminal_run", command="echo hello")).then(
        use("terminal_run", command="echo hello")
    )
    agent_id = await house.agent("go")
    await house.state(agent_id, "done")
    blocks = await house.blocks(agent_id)
    notices = [block["text"] for block in blocks if block["kind"] == "notice"]
    assert len(notices) >= 1
    assert "trying again" in notices[0]
    assert not any(block["streaming"] for block in blocks)
    assert len(house.server.refused) <= 1  # the fault itself


async def test_a_wrong_key_fails_the_turn_in_one_line_and_the_next_prompt_works(house):
    from agent.model.client import ModelClient
    from agent.model.endpoint import Endpoint

    good = house.models._client
    house.models._client = ModelClient(Endpoint("demo", house.server.base_url, "wrong", "x"))
    agent_id = await house.agent("hello")
    summary = await house.state(agent_id, "failed")
    assert "\n" not in summary.activity
    assert summary.activity
    await house.models._client.close()
    house.models._client = good
    await house.prompt(agent_id, "again")
    await house.state(agent_id, "done")


async def test_unknown_tools_and_bad_input_are_told_in_one_line(house):
    house.script.then(
        use("teleport", to="moon"),
        use("terminal_run", cmd="ls"),
        use("terminal_wait", text="a", prompt=True),
        use("terminal_read", pane="%999"),
    )
    agent_id = await house.agent("go")
    await house.state(agent_id, "done")
    texts = [result["content"] for result in house.results()]
    assert all(result["is_error"] for result in house.results())
    assert "no tool 'teleport'" in texts[0]
    assert "command: Field required" in texts[1]
    assert "exactly one of" in texts[2]
    assert "not one of your panes" in texts[3]


async def test_long_output_is_cut_with_a_mark_and_can_be_paged(house):
    house.script.then(use("terminal_run", command="seq 1 20000"))
    house.script.then(
        lambda request: ResponderMessage(
            [use("file_read", path=_path_in(request), offset=5000, limit=2)]
        )
    )
    agent_id = await house.agent("count")
    await house.state(agent_id, "done")
    [cut] = [
        block
        for block in house.script.requests[1]["messages"][-1]["content"]
        if block["type"] == "tool_result"
    ]
    assert "characters cut" in cut["content"]
    assert len(cut["content"]) < 26_000
    [page] = house.results()
    assert "is_error" not in page
    assert page["content"].startswith("5000\t")


def _path_in(request):
    text = request["messages"][-1]["content"][0]["content"]
    return text.partition("the whole text is in ")[2].partition(",")[0]


async def test_instructions_come_in_full_when_new_and_as_a_reminder_after(house):
    (house.project / "AGENTS.md").write_text("Always say please.\n")
    agent_id = await house.agent("one")
    await house.state(agent_id, "done")
    for text in ("two", "three"):
        if text == "three":
            (house.project / "AGENTS.md").write_text("Never say please.\n")
        await house.prompt(agent_id, text)
        await house.until(lambda: house.summary(agent_id).state == "done")
    last = [request["messages"][-1] for request in house.script.requests]
    assert [message["role"] for message in last] == ["system"] * 3
    assert [message.get("clear_at") for message in last] == [None, "next_user_message", None]
    first, second, third = (message["content"][0]["text"] for message in last)
    assert "Always say please." in first
    assert "please" not in second
    assert "unchanged" in second
    assert "Never say please." in third
    assert [file.path for file in house.summary(agent_id).instructions] == [
        str(house.project / "AGENTS.md")
    ]


async def test_a_person_at_the_keyboard_is_told_to_the_agent(house):
    house.script.then(use("ask_person", question="Ready?")).then("ok")
    agent_id = await house.agent("go")
    question = await house.until(lambda: next(iter(house.hub.snapshot().questions), None))
    pane = house.summary(agent_id).panes[0].pane_id
    await house.carry_out(PersonTyped(agent_id=agent_id, pane_id=pane))
    await house.carry_out(Answer(question_id=question.id, text="yes"))
    await house.state(agent_id, "done")
    last = house.script.requests[-1]["messages"][-1]["content"]
    assert "typed into pane" in last[-1]["text"]


async def test_a_persons_own_command_runs_and_the_agent_hears_of_it(house):
    agent_id = await house.agent()
    await house.carry_out(RunAsPerson(agent_id=agent_id, command="echo mine"))
    await house.until(
        lambda: any(
            e.type == "block_changed" and e.block.tool and e.block.tool.status == "done"
            for e in house.events
        )
    )
    await house.prompt(agent_id, "seen?")
    await house.state(agent_id, "done")
    said = house.script.requests[-1]["messages"][-1]["content"]
    assert "The person ran `echo mine`" in said[0]["text"]


async def test_a_persons_second_command_waits_for_the_first(house):
    agent_id = await house.agent()
    go = house.project / "go"
    for command in (f"until [ -e {go} ]; do sleep 0.05; done; echo first >> log", "cat log"):
        await house.carry_out(RunAsPerson(agent_id=agent_id, command=command))

    def tools():
        found = {e.block.id: e.block.tool for e in house.events if e.type == "block_changed"}
        return [tool for tool in found.values() if tool]

    await house.until(lambda: any(tool.status == "running" for tool in tools()))
    await house.until(lambda: any("before it" in tool.decision for tool in tools()))
    go.touch()
    await house.until(lambda: [tool.status for tool in tools()] == ["done", "done"])
    assert "first" in tools()[1].result


async def test_a_pause_holds_before_the_next_step_whatever_becomes_of_the_engine(house):
    agent_id = await house.agent()
    await house.carry_out(SetPaused(paused=True))
    await house.prompt(agent_id, "go")
    await house.until(lambda: house.summary(agent_id).paused)
    assert not house.script.requests
    await house.again()
    await house.until(lambda: house.summary(agent_id).paused)
    assert house.hub.snapshot().paused
    assert not house.script.requests
    await house.carry_out(SetPaused(paused=False))
    await house.state(agent_id, "done")
    assert not house.summary(agent_id).paused
    await house.again()
    assert not house.hub.snapshot().paused


async def test_secrets_on_a_screen_do_not_reach_the_model(house):
    secret = "sk-ant-api03-" + "aB3" * 30
    (house.project / "notes.txt").write_text(f"key {secret}\n")
    house.script.then(use("file_read", path="notes.txt"))
    agent_id = await house.agent("read")
    await house.state(agent_id, "done")
    assert secret not in house.results()[0]["content"]


async def test_each_request_only_adds_to_the_one_before(house):
    for number in range(3):
        house.script.then(f"step {number}", use("terminal_run", command=f"echo {number}"))
    agent_id = await house.agent("go")
    await house.state(agent_id, "done")
    await house.prompt(agent_id, "more")
    await house.until(lambda: len(house.script.requests) == 5)
    await house.state(agent_id, "done")

    def plain(request):
        return [
            {
                **message,
                "content": [
                    {k: v for k, v in block.items() if k != "cache_control"}
                    for block in message["content"]
                ],
            }
            for message in request["messages"]
        ]

    for before, after in zip(house.script.requests, house.script.requests[1:], strict=False):
        assert plain(after)[: len(plain(before))] == plain(before)
        assert after["system"] == before["system"]
        assert after["tools"] == before["tools"]
    assert house.summary(agent_id).usage.cache_read_tokens > 0


async def test_an_answer_that_breaks_off_is_shown_once(house):
    house.server.faults.add(Fault("dropped_stream", after=8))
    text = "one two three four five six seven eight nine ten"
    house.script.then(text, use("terminal_run", command="echo a"))
    house.script.then(text, use("terminal_run", command="echo b"))
    agent_id = await house.agent("go")
    await house.state(agent_id, "done")
    blocks = await house.blocks(agent_id)
    assert [b["kind"] for b in blocks if b["kind"] in ("assistant", "tool")] == [
        "assistant",
        "tool",
        "assistant",
    ]
    assert [b["text"] for b in blocks if b["kind"] == "assistant"] == [text, "done"]
    [tool] = await house.tools(agent_id)
    assert tool["title"] == "echo b"
    # What a front end adds up from events is what is stored.
    shown = {}
    for event in house.events:
        if event.type == "block_changed":
            shown[event.block.id] = event.block.text
        elif event.type == "block_delta":
            shown[event.block_id] += event.text
    assert shown == {block["id"]: block["text"] for block in blocks}


async def test_an_edit_that_does_not_fit_tells_nothing_of_a_secret_file(house):
    (house.project / ".env").write_text("TOKEN=abc\n")
    (house.project / "notes.txt").write_text("abc\n")
    house.script.then(
        use("file_edit", path=".env", old_text="TOKEN=x", new_text="", why="try"),
        use("file_edit", path="notes.txt", old_text="TOKEN=x", new_text="", why="try"),
        use("file_edit", path=".env", old_text="=", new_text="=", why="try"),
    )
    house.script.then("Well.")
    agent_id = await house.agent("probe")
    await house.rest(agent_id)
    secret, notes, other = [result["content"] for result in house.results()]
    assert "file_read it first" in secret
    assert "old_text is not in the file" in notes
    assert other == secret
