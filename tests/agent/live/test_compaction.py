"""Conversations that fill their context and go on from a summary of themselves."""

from __future__ import annotations

import json

import pytest

from agent.context.cache_doctor import diagnose, told
from agent.errors import AgentError
from agent.messages.compaction_block import BETA
from agent.messages.prefix import prefix, serialise
from agent.messages.sendable import Form
from agent.model.local_server.models import ServedModel
from agent.model.local_server.responder import ResponderMessage
from agent.model.local_server.server import LocalMessagesServer
from agent.protocol.commands.prompts import Compact
from agent.sessions.session import Session, text_block, tool_result
from memory.database import Database
from memory.sessions import SessionRecord
from tests.agent.live.conftest import KEY, House, say, use
from tests.agent.live.test_cache_doctor import tamper

SMALL = ServedModel("small", context_window=20_000)
SUMMARISING = ServedModel("summarising", context_window=20_000, compaction=True)
LONG = "x" * 23_000
"""About as much as one tool result may hold: some 6,000 tokens."""


@pytest.fixture
async def house(short_dir):
    made = House(short_dir)
    models = (ServedModel("tungsten-demo"), SMALL, SUMMARISING)
    made.server = LocalMessagesServer(
        made.script, api_key=KEY, models=models, record=True, bind_thinking=True
    )
    try:
        yield await made.open()
    finally:
        await made.demolish()


def asks_for_summary(request):
    return "taken out of your context" in str(request["messages"][-1]["content"][-1]) or (
        "compaction" in request
    )


def bare(messages):
    return [
        {
            **m,
            "content": [{k: v for k, v in b.items() if k != "cache_control"} for b in m["content"]],
        }
        for m in messages
    ]


def thinking(text):
    return {"type": "thinking", "thinking": text, "signature": ""}


class Forgetful:
    """Reads one long file after another, and knows only what a request tells it."""

    def __init__(self, script, reads):
        self.script, self.left = script, reads
        self.summaries = 0
        self.broken = None

    async def respond(self, request):
        self.script.requests.append(request)
        if asks_for_summary(request):
            self.summaries += 1
            if self.broken is not None and (answer := self.broken(request)) is not None:
                return answer
            return say(f"Summary {self.summaries}: {self.left} files are left.")
        if not self.left:
            return say("All files are read.")
        self.left -= 1
        read = use("file_read", path="long.txt", offset=self.left + 1)
        return ResponderMessage([thinking(f"{self.left} left"), read])


async def serve(house, model):
    """Have a model that takes all that the server knows answer."""
    await house.models.turn_to(model)
    house.models._client.endpoint = house.models._client.endpoint.__class__(
        "demo", house.server.base_url, KEY, model
    )


async def reading(house, model, reads=6):
    (house.project / "long.txt").write_text("".join(f"{n} {'y' * 1_900}\n" for n in range(12)))
    (house.project / "AGENTS.md").write_text("Always say please.\n")
    forgetful = Forgetful(house.script, reads)
    house.server._responder = forgetful
    await serve(house, model)
    agent_id = await house.agent("Read every file, all of them.", name="reader", model=model)
    return agent_id, forgetful


async def test_a_context_that_fills_goes_on_from_a_summary_with_the_task(house):
    agent_id, forgetful = await reading(house, "small")
    summary = await house.rest(agent_id)
    assert (summary.state, summary.activity) == ("done", "All files are read.")
    assert forgetful.summaries >= 1
    assert not house.server.refused
    assert summary.context_window == 20_000

    requests = house.script.requests
    at = next(index for index, request in enumerate(requests) if asks_for_summary(request))
    asked, after = requests[at], requests[at + 1]
    # The same beginning as the request before, so that it is read from the cache.
    before = requests[at - 1]
    assert bare(asked["messages"])[: len(before["messages"])] == bare(before["messages"])
    assert (asked["tools"], asked["system"]) == (before["tools"], before["system"])
    begin, told = after["messages"]
    texts = [block["text"] for block in begin["content"]]
    assert "Summary 1: " in texts[0]
    assert "Read every file, all of them." in texts[1]
    assert (begin["role"], told["role"]) == ("user", "system")
    assert "Always say please." in told["content"][0]["text"]
    assert "clear_at" not in told
    assert (after["tools"], after["system"]) == (before["tools"], before["system"])
    notices = [b["text"] for b in await house.blocks(agent_id) if b["kind"] == "notice"]
    assert "Compacted (the context is nearly full)" in notices[0]
    # Nothing that was said is gone.
    rows = await house.rows(agent_id)
    assert sum("long.txt" in serialise(row) for row in rows) >= 6


async def test_the_question_for_a_summary_is_read_from_the_cache(house):
    usages = []
    house.server.on_answer = usages.append
    agent_id, _ = await reading(house, "small")
    await house.rest(agent_id)
    at = next(i for i, request in enumerate(house.script.requests) if asks_for_summary(request))
    before, asked = usages[at - 1], usages[at]
    assert asked.read >= before.total * 0.99


async def test_instructions_stay_in_force_and_are_not_told_twice(house):
    agent_id, _ = await reading(house, "small")
    await house.rest(agent_id)
    await house.prompt(agent_id, "More?")
    await house.until(lambda: "More?" in str(house.script.requests[-1]["messages"][-2:]))
    await house.rest(agent_id)
    last = house.script.requests[-1]["messages"]
    assert "Always say please." in last[1]["content"][0]["text"]
    assert last[-1]["clear_at"] == "next_user_message"
    assert last[-1]["content"][0]["text"].startswith("<project-instructions unchanged>")


async def test_an_endpoint_that_can_writes_the_summary_itself(house):
    usages = []
    house.server.on_answer = usages.append
    agent_id, forgetful = await reading(house, "summarising")
    summary = await house.rest(agent_id)
    assert (summary.state, summary.activity) == ("done", "All files are read.")
    assert not house.server.refused
    assert forgetful.summaries >= 1
    at = next(i for i, request in enumerate(house.script.requests) if asks_for_summary(request))
    asked, after = house.script.requests[at : at + 2]
    assert asked["compaction"]["type"] == "summarize"
    assert "next step" in asked["compaction"]["instructions"]
    block = after["messages"][0]["content"][0]
    assert (block["type"], block["content"][:9]) == ("compaction", "Summary 1")
    assert "Read every file" in after["messages"][1]["content"][-1]["text"]
    assert "Always say please." in after["messages"][2]["content"][0]["text"]
    # What the summary took is counted, though the reply itself took nothing.
    used = summary.usage
    assert used.requests == len(house.script.requests)
    counted = used.input_tokens + used.cache_read_tokens + used.cache_write_tokens
    assert counted == sum(usage.total for usage in usages)
    # A restart sends the block exactly as it came; the server would refuse anything else.
    await house.again()
    await serve(house, "summarising")
    await house.prompt(agent_id, "More?")
    await house.until(lambda: "More?" in str(house.script.requests[-1]["messages"][-2:]))
    await house.rest(agent_id)
    assert bare(house.script.requests[-1]["messages"])[0] == bare(after["messages"])[0]
    assert not house.server.refused
    assert (await diagnose(house.paths, agent_id)).healthy


async def test_another_endpoint_is_told_a_signed_summary_as_text(house):
    agent_id, _ = await reading(house, "summarising")
    await house.rest(agent_id)
    await house.models.turn_to("small")
    live = house.agents.live.get(agent_id)
    await live.save(model="small")
    await house.prompt(agent_id, "More?")
    await house.until(lambda: "More?" in str(house.script.requests[-1]["messages"][-2:]))
    summary = await house.rest(agent_id)
    assert summary.state == "done"
    assert not house.server.refused
    first = house.script.requests[-1]["messages"][0]
    assert first["role"] == "user"
    assert first["content"][0]["text"].startswith("<conversation-summary>\nSummary ")


@pytest.mark.parametrize("model", ["small", "summarising"])
async def test_where_the_window_is_unknown_only_a_refusal_leads_to_a_summary(house, model):
    agent_id, forgetful = await reading(house, model, reads=0)
    await house.rest(agent_id)
    live = house.agents.live.get(agent_id)

    async def nobody_says(client, model):
        return None

    live.learn_window = nobody_says
    live.context_window = None
    forgetful.left = 6
    await house.prompt(agent_id, "Read on.")
    await house.until(lambda: forgetful.left == 0)
    summary = await house.rest(agent_id)
    assert (summary.state, summary.activity) == ("done", "All files are read.")
    assert all(text.startswith("prompt is too long") for text in house.server.refused)
    notices = [b["text"] for b in await house.blocks(agent_id) if b["kind"] == "notice"]
    assert "the endpoint takes no more" in notices[0]
    # The question did not fit either, so the conversation was told in short.
    at = next(i for i, request in enumerate(house.script.requests) if asks_for_summary(request))
    [asked] = house.script.requests[at]["messages"]
    assert asked["content"][0]["text"].startswith("<conversation>")
    assert (await diagnose(house.paths, agent_id)).healthy


async def test_a_full_window_in_the_midst_of_an_answer_leads_to_a_summary_once(house):
    full = ResponderMessage(
        [{"type": "text", "text": "I was about to"}], stop_reason="model_context_window_exceeded"
    )
    house.script.then(full).then("A summary.").then("Done after all.")
    agent_id = await house.agent("go")
    summary = await house.rest(agent_id)
    assert (summary.state, summary.activity) == ("done", "Done after all.")
    house.script.then(full).then("A summary.").then(full)
    await house.prompt(agent_id, "again")
    summary = await house.state(agent_id, "failed")
    assert "/new begins anew" in summary.activity
    assert not house.server.refused


async def test_a_model_that_gives_no_summary_ends_the_turn_in_one_line(house):
    full = ResponderMessage(
        [{"type": "text", "text": "Hm"}], stop_reason="model_context_window_exceeded"
    )
    house.script.then(full)
    for _ in range(5):
        house.script.then(use("file_list"))
    agent_id = await house.agent("go")
    summary = await house.state(agent_id, "failed")
    assert "no summary of it came back" in summary.activity
    await house.prompt(agent_id, "again")
    await house.state(agent_id, "done")
    assert not house.server.refused


async def test_a_summary_that_fails_before_the_window_is_full_does_not_end_the_turn(house):
    agent_id, forgetful = await reading(house, "small", reads=4)
    forgetful.broken = lambda request: ResponderMessage([use("file_list")])
    summary = await house.rest(agent_id)
    assert summary.state in ("done", "failed")
    notices = [b["text"] for b in await house.blocks(agent_id) if b["kind"] == "notice"]
    # Once, and not before each request that follows.
    assert [text.startswith("Not compacted: ") for text in notices] == [True]


async def test_a_first_prompt_that_does_not_fit_is_told_as_that(house):
    await house.models.turn_to("small")
    agent_id = await house.agent("word " * 20_000, model="small")
    summary = await house.state(agent_id, "failed")
    assert "no longer fits small" in summary.activity
    assert not house.script.requests


async def test_compacting_by_hand_while_nothing_runs_starts_no_turn(house):
    agent_id = await house.agent()
    with pytest.raises(AgentError, match="nothing to compact"):
        await house.carry_out(Compact(agent_id=agent_id))
    await house.prompt(agent_id, "The first task.")
    await house.until(lambda: len(house.script.requests) == 1)
    await house.rest(agent_id)
    house.script.then("What matters.")
    await house.carry_out(Compact(agent_id=agent_id))
    summary = await house.state(agent_id, "done")
    assert summary.activity == "compacted"
    assert len(house.script.requests) == 2
    with pytest.raises(AgentError, match="nothing to compact"):
        await house.carry_out(Compact(agent_id=agent_id))
    await house.again()
    assert house.summary(agent_id).state == "done"
    assert len(house.script.requests) == 2
    await house.prompt(agent_id, "And now?")
    await house.until(lambda: len(house.script.requests) == 3)
    await house.rest(agent_id)
    begin, said = house.script.requests[-1]["messages"]
    assert "What matters." in begin["content"][0]["text"]
    assert "The first task." in begin["content"][1]["text"]
    assert said["content"][-1]["text"] == "And now?"
    users = [b["text"] for b in await house.blocks(agent_id) if b["kind"] == "user"]
    assert users == ["The first task.", "And now?"]


async def test_compacting_by_hand_during_a_turn_happens_before_its_next_request(house):
    house.script.then(use("ask_person", question="Ready?")).then("What matters.").then("Done.")
    agent_id = await house.agent("The task.")
    question = await house.until(lambda: next(iter(house.hub.snapshot().questions), None))
    await house.carry_out(Compact(agent_id=agent_id))
    from agent.protocol.commands.gates import Answer

    await house.carry_out(Answer(question_id=question.id, text="yes"))
    summary = await house.state(agent_id, "done")
    assert summary.activity == "Done."
    assert asks_for_summary(house.script.requests[1])
    [begin] = house.script.requests[2]["messages"]
    assert "Go on where the summary ends." in begin["content"][-1]["text"]


async def test_a_role_and_changed_tools_stay_in_force(house, monkeypatch):
    house.script.then("One.")
    agent_id = await house.agent("/coordinate Do it.")
    await house.rest(agent_id)
    [role] = [
        block["text"]
        for block in house.script.requests[0]["messages"][0]["content"]
        if block["text"].startswith("<tungsten-role ")
    ]
    prompts = house.agents.services.prompts.tool
    monkeypatch.setattr(
        type(house.agents.services.prompts),
        "tool",
        lambda self, name: "Reads differently." if name == "file_read" else prompts(name),
    )
    house.script.then("A summary.").then("Two.")
    await house.carry_out(Compact(agent_id=agent_id))
    await house.until(lambda: house.summary(agent_id).activity == "compacted")
    await house.prompt(agent_id, "/coordinate More.")
    await house.until(lambda: len(house.script.requests) == 3)
    await house.rest(agent_id)
    texts = [b["text"] for m in house.script.requests[2]["messages"] for b in m["content"]]
    assert texts.count(role) == 1
    assert texts[0] == role
    assert "Reads differently." in texts[1]
    assert "Do it." in str(texts)


async def test_what_is_asked_for_a_summary_is_counted_and_may_be_refused(house):
    from agent.usage.budget import BudgetSpent

    house.script.then("One.")
    agent_id = await house.agent("The task.")
    await house.rest(agent_id)
    rows = await house.rows(agent_id)

    async def spent(model, endpoint):
        raise BudgetSpent("The budget is spent.")

    live = house.agents.live.get(agent_id)
    live.may_ask = spent
    await house.carry_out(Compact(agent_id=agent_id))
    summary = await house.state(agent_id, "failed")
    assert summary.activity == "The budget is spent."
    assert len(house.script.requests) == 1
    assert await house.rows(agent_id) == rows
    del live.may_ask
    house.script.then("A summary.")
    await house.carry_out(Compact(agent_id=agent_id))
    await house.until(lambda: house.summary(agent_id).activity == "compacted")
    assert house.summary(agent_id).usage.requests == 2


async def test_an_interrupt_while_the_summary_is_written_changes_nothing(house):
    house.script.then("Hello.")
    agent_id = await house.agent("The task.")
    await house.rest(agent_id)
    rows = await house.rows(agent_id)
    house.script.arrived.clear()
    house.script.then(ResponderMessage([{"type": "text", "text": "word " * 400}], delay=0.02))
    await house.carry_out(Compact(agent_id=agent_id))
    await house.script.arrived.wait()
    from agent.protocol.commands.prompts import Interrupt

    await house.carry_out(Interrupt(agent_id=agent_id))
    assert house.summary(agent_id).state == "idle"
    assert await house.rows(agent_id) == rows
    await house.prompt(agent_id, "Go on.")
    await house.state(agent_id, "done")
    assert (await diagnose(house.paths, agent_id)).healthy


async def test_the_doctor_says_where_a_conversation_was_compacted(house):
    house.script.then("One.")
    agent_id = await house.agent("First.", name="bench")
    await house.rest(agent_id)
    house.script.then("A summary.")
    await house.carry_out(Compact(agent_id=agent_id))
    await house.until(lambda: house.summary(agent_id).activity == "compacted")
    for number, text in enumerate(("Second.", "Third."), 3):
        await house.prompt(agent_id, text)
        await house.until(lambda number=number: len(house.script.requests) == number)
        await house.state(agent_id, "done")
    found = await diagnose(house.paths, "bench")
    assert found.healthy
    assert (found.requests, found.anew) == (3, (2,))
    last = house.script.requests[-1]
    whole = prefix(
        bare([{"content": last["tools"]}])[0]["content"],
        bare([{"content": last["system"]}])[0]["content"],
        bare(last["messages"]),
    )
    assert found.bytes == len(whole.encode())
    assert "Request 2 begins anew" in told(found)
    # A change behind the beginning is still found, and named by its row.
    session = house.agents.live.get(agent_id).session
    session.messages[session.first]["content"][0]["text"] += "!"
    await house.prompt(agent_id, "Fourth.")
    await house.until(lambda: len(house.script.requests) == 5)
    await house.state(agent_id, "done")
    [finding] = (await diagnose(house.paths, "bench")).findings
    assert (finding.request, finding.cause) == (4, "sent")
    assert finding.difference.place == "message 1, block 1"
    assert "compacted conversation" in finding.difference.origin


async def test_a_row_behind_a_compaction_that_was_changed_later_is_named(house):
    house.script.then("One.")
    agent_id = await house.agent("First.", name="bench")
    await house.rest(agent_id)
    house.script.then("A summary.")
    await house.carry_out(Compact(agent_id=agent_id))
    await house.until(lambda: house.summary(agent_id).activity == "compacted")
    await house.prompt(agent_id, "Second.")
    await house.until(lambda: len(house.script.requests) == 3)
    await house.state(agent_id, "done")
    await house.shut()
    tamper(
        house,
        "UPDATE transcript SET payload = replace(payload, 'Second.', 'Another.') "
        "WHERE session_id = ? AND role = 'user'",
        agent_id,
    )
    found = await diagnose(house.paths, "bench")
    [finding] = found.findings
    assert (finding.request, finding.cause) == (2, "stored")
    assert finding.difference.place.startswith("message 2, block 1 (row ")
    assert finding.difference.origin == "what the person said: Another."
    assert "changed from outside" in found.chain
    await house.open()


async def test_a_resumed_session_begins_where_the_live_one_does(tmp_path):
    async with await Database.open(tmp_path / "t.db") as database:
        record = await database.sessions.create(
            SessionRecord("s", "n", "/", system_json='[{"type":"text","text":"Be good."}]')
        )
        live = await Session.open(database, record)
        for number in range(3):
            await live.append_user([text_block(f"q{number}")])
            await live.sending("m")
            await live.append_assistant(
                [{"type": "tool_use", "id": f"t{number}", "name": "a", "input": {}}]
            )
            await live.append_user([tool_result(f"t{number}", "r", png=b"\x89PNG")])
            block = {"type": "compaction", "content": f"sum {number}", "signature": "s"}
            begin = [
                {"role": "assistant", "content": [block]},
                {"role": "user", "content": [text_block(f"<task-restated>{number}")]},
            ]
            by = ["m", "host"] if number % 2 else ["", ""]
            await live.begin_anew(
                {"by": by},
                begin[0 if number % 2 else 1 :],
                {"type": "block", "block": {}},
                idle=number == 1,
            )
            resumed = await Session.open(database, record)
            for signed in (True, False):
                assert serialise(resumed.request_messages(form=Form(signed=signed))) == serialise(
                    live.request_messages(form=Form(signed=signed))
                )
            for name in ("first", "compacted_by", "stopped", "messages", "events"):
                assert getattr(resumed, name) == getattr(live, name)
            assert resumed.owes_reply() == live.owes_reply() == (number != 1)
            assert not resumed.has_images()
            assert await resumed.sending("m") is None
            live = await Session.open(database, record)
        assert len(live.messages) == 13
        await database.sessions.verify("s")


async def test_the_server_refuses_a_block_that_is_not_as_it_came(house):
    import anthropic

    house.server._responder = Forgetful(house.script, 0)
    async with anthropic.AsyncAnthropic(
        api_key=KEY, base_url=house.server.base_url, max_retries=0
    ) as sdk:

        async def ask(messages, **more):
            return await sdk.beta.messages.create(
                model="summarising", max_tokens=100, messages=messages, **more
            )

        said = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
        wanted = {"compaction": {"type": "summarize"}}
        answer = await ask(said, betas=[BETA], **wanted)
        assert answer.stop_reason == "compaction"
        assert answer.usage.input_tokens == 0
        [iteration] = answer.usage.iterations
        assert iteration.type == "compaction"
        assert iteration.input_tokens + iteration.cache_creation_input_tokens > 0
        block = answer.content[0].model_dump(exclude_none=True)
        begin = [{"role": "assistant", "content": [block]}, {"role": "user", "content": "go on"}]
        assert (await ask(begin, betas=[BETA])).stop_reason == "end_turn"
        changed = [{"role": "assistant", "content": [{**block, "content": "else"}]}, begin[1]]
        unanswered = [
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": [use("x", "toolu_1")]},
        ]
        for messages, more, wrong in (
            (changed, {"betas": [BETA]}, "signature"),
            ([*said, *begin], {"betas": [BETA]}, "first"),
            ([begin[0], begin[0], begin[1]], {"betas": [BETA]}, "only one"),
            (begin, {"betas": ["other"]}, "expected"),
            (said, {"betas": ["other"], **wanted}, "requires anthropic-beta"),
            (unanswered, {"betas": [BETA], **wanted}, "tool_use"),
            (
                said,
                {"betas": [BETA], "context_management": {"edits": []}, **wanted},
                "",
            ),
        ):
            if not wrong:
                continue
            with pytest.raises(anthropic.BadRequestError, match=wrong):
                await ask(messages, **more)
        with pytest.raises(anthropic.BadRequestError, match="does not support compaction"):
            await sdk.beta.messages.create(
                model="small", max_tokens=100, messages=said, betas=[BETA], **wanted
            )
    assert json.dumps(house.server.refused)
