"""Whatever fails between the loop and the model, at whatever moment: the history is the same.

One agent takes a turn for each fault, another one a turn without any; what they have said and were
told must agree to the byte. Each turn is a request that uses a tool, a real command in a
real pane, and a request with its result. The server is strict: it refuses what does not follow
the rules, and thinking that does not stand behind the very bytes that it was written behind.
"""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass

import pytest

from agent.model.client import ModelClient
from agent.model.endpoint import Endpoint
from agent.model.local_server.cache import InputUsage
from agent.model.local_server.faults import Fault
from agent.model.local_server.responder import ResponderMessage
from agent.model.local_server.server import LocalMessagesServer
from agent.model.local_server.wire import events, message
from agent.model.retry import RetryPolicy
from tests.agent.live.conftest import KEY, House

AT_ONCE = RetryPolicy(first_delay=0.0, longest_delay=0.0, longest_wait=0.01)
"""The usual patience, without its waits."""

TEXT = "Let me look at it first."
DONE = "That is all there is to it."


@dataclass(frozen=True, slots=True)
class Case:
    """Faults of the requests of one turn, None for those that are answered as they should be."""

    moment: str
    faults: tuple[Fault | None, ...]
    damaged: bool = False
    """Whether the fault is one of the model: its tool use is answered and made once more."""
    shut: bool = False
    """Whether the server ends while the tool runs, and comes back."""

    def __str__(self):
        told = [fault.kind if fault else "well" for fault in self.faults]
        return f"{', '.join(told)} {self.moment}"


class Model:
    """Uses one tool a turn; knows where it stands from the conversation alone."""

    def __init__(self):
        self.waits: dict[str, asyncio.Event] = {}

    async def respond(self, request):
        turn, uses, results = 0, 0, []
        for said in request["messages"]:
            for block in said["content"]:
                found = re.fullmatch(r"turn (\d+)", block.get("text", ""))
                if said["role"] == "user" and found:
                    turn, uses = int(found[1]), 0
                uses += block["type"] == "tool_use"
            results = [block for block in said["content"] if block["type"] == "tool_result"]
        if results and not results[-1].get("is_error"):
            return ResponderMessage([{"type": "text", "text": DONE}])
        return ResponderMessage(answer(turn, uses))


def answer(turn, uses):
    # Long enough to be streamed in several pieces.
    command = f"echo turn-{turn} >> log; until [ ! -e wait ]; do sleep 0.02; done; echo {'é' * 99}"
    return [
        {"type": "thinking", "thinking": "", "signature": ""},
        {"type": "text", "text": TEXT},
        {
            "type": "tool_use",
            "id": f"toolu_{turn}_{uses}",
            "name": "terminal_run",
            "input": {"command": command},
        },
    ]


def place(kind, delta="", number=0):
    """How many events of the answer come before one of them."""
    whole = message(ResponderMessage(answer(1, 0)), "m", InputUsage(1, 1))
    found = [
        index
        for index, event in enumerate(events(whole))
        if event["type"] == kind and delta in str(event.get("delta"))
    ]
    return found[number]


BEFORE = {
    "before its message begins": 0,
    "before its text": place("content_block_start", number=1),
    "in its text": place("content_block_delta", "text_delta", 2),
    "in its tool's input": place("content_block_delta", "input_json_delta", 2),
    "after its tool's input": place("message_delta"),
    "before message_stop": place("message_stop"),
}
AFTER = {"before the answer to the result": 0, "in the answer to the result": 4}

SILENT = [
    (Fault("rate_limited", retry_after=0),),
    (Fault("rate_limited", retry_after=86_400),),
    (Fault("overloaded"),),
    (Fault("overloaded"),) * 6,
    (Fault("server_error"),),
    (Fault("no_answer"),),
    (Fault("slow_tokens", delay=0.001),),
    (Fault("no_message_stop"),),
    (Fault("overloaded"), Fault("no_answer"), Fault("rate_limited"), Fault("server_error")),
]
BREAKS = ("dropped_stream", "stream_error", "malformed_event")

CASES = [
    *[Case("before the tool", faults) for faults in SILENT],
    *[Case("after the tool", (None, *faults)) for faults in SILENT],
    *[
        Case(moment, (Fault(kind, after=after),))
        for kind in BREAKS
        for moment, after in BEFORE.items()
    ],
    *[
        Case(moment, (None, Fault(kind, after=after)))
        for kind in BREAKS
        for moment, after in AFTER.items()
    ],
    Case("around the tool", (Fault("overloaded"), None, Fault("dropped_stream"))),
    Case("while the tool runs", (None,), shut=True),
    Case("while the tool runs", (None, Fault("overloaded")), shut=True),
    Case("of the tool", (Fault("truncated_input"),), damaged=True),
    Case("of the tool", (Fault("malformed_input"),), damaged=True),
    Case("of the tool", (Fault("overloaded"), Fault("malformed_input")), damaged=True),
]


@pytest.fixture
async def house(short_dir):
    made = House(short_dir)
    made.server = LocalMessagesServer(Model(), api_key=KEY, record=True, bind_thinking=True)
    try:
        await made.open()
        await made.models.close()
        endpoint = Endpoint("demo", made.server.base_url, KEY, "tungsten-demo")
        made.models._client = ModelClient(endpoint, AT_ONCE)
        yield made
    finally:
        await made.demolish()


async def life(house, name, cases):
    """Take a turn for each case; gives what was said in each, and how often each tool ran."""
    agent_id = await house.agent(name=name)
    told, ran = [], []
    bodies = []
    house.server.on_body = bodies.append
    for turn, case in enumerate(cases, 1):
        before = len(await house.database.sessions.rows(agent_id))
        refused = len(house.server.refused)
        for fault in case.faults:
            house.server.faults.add(fault)
        if case.shut:
            (house.project / "wait").touch()
        log = house.project / "log"
        bodies.clear()
        await house.prompt(agent_id, f"turn {turn}")
        if case.shut:
            await house.poll(lambda log=log: _there(log))
            port = int(house.server.base_url.rpartition(":")[2])
            await house.server.close()
            await house.server.start(port)
            (house.project / "wait").unlink()
        ended = await house.rest(agent_id)
        rows = (await house.database.sessions.rows(agent_id))[before:]
        told.append([same(row.payload) for row in rows if row.role in ("user", "assistant")])
        ran.append(log.read_text().split() if log.exists() else [])
        log.unlink(missing_ok=True)
        assert (ended.state, ended.activity) == ("done", DONE), case
        # Each fault was met, and a request that was repeated was the same request.
        assert not len(house.server.faults), case
        failed = [fault for fault in case.faults if fault]
        assert len(set(bodies)) == 2 + case.damaged, case
        repeated = sum(fault.kind != "slow_tokens" for fault in failed) - case.damaged
        assert len(bodies) >= 2 + case.damaged + repeated, case
        # Nothing was refused but what a fault refuses.
        for error in house.server.refused[refused:]:
            assert error.startswith(("Simulated", "Overloaded", "Internal")), (case, error)
    await house.database.sessions.verify(agent_id)
    return told, ran


async def _there(path):
    return path.exists()


def same(payload):
    """A row without what no two runs share: which pane, how many seconds, and the signatures."""
    payload = re.sub(r" · \d+\.\d s · pane %\d+", " · T s · pane P", payload)
    return re.sub(r'"signature":"[0-9a-f]{64}"', '"signature":"S"', payload)


def mended(turn, rows, case):
    """What a turn without faults becomes where its model damaged its first tool input."""
    user, used, *rest = rows
    broken = json.loads(used)
    broken["content"][-1]["input"] = {}
    truncated = any(fault and fault.kind == "truncated_input" for fault in case.faults)
    text = (
        "not run: Your message was cut off at the output limit; nothing of an unfinished tool use "
        "was run. Go on where you stopped, in smaller pieces."
        if truncated
        else "your tool input was cut off or is not a JSON object; nothing was run. Write it "
        "again, shorter if it was long."
    )
    result = {"type": "tool_result", "tool_use_id": f"toolu_{turn}_0", "content": text}
    error = {"role": "user", "content": [{**result, "is_error": True}]}
    later = [row.replace(f"toolu_{turn}_0", f"toolu_{turn}_1") for row in (used, *rest)]
    written = [
        json.dumps(each, ensure_ascii=False, separators=(",", ":")) for each in (broken, error)
    ]
    return [user, *written, *later]


async def test_every_fault_at_every_moment_leaves_the_same_history(house):
    [calm], once = await life(house, "calm", [Case("never", ())])
    told, ran = await life(house, "tried", CASES)
    for turn, (case, now) in enumerate(zip(CASES, told, strict=True), 1):
        was = [re.sub(r"\b(turn[ -]|toolu_)1(?!\d)", rf"\g<1>{turn}", row) for row in calm]
        assert now == (mended(turn, was, case) if case.damaged else was), case
    assert once + ran == [["turn-1"], *[[f"turn-{number + 1}"] for number in range(len(CASES))]]


async def test_after_the_last_patience_the_turn_fails_and_the_next_one_goes_on(house):
    agent_id = await house.agent()
    for turn, moment in ((1, ()), (3, (None,))):
        for fault in moment:
            house.server.faults.add(fault)
        house.server.faults.add(Fault("overloaded"), times=1 + AT_ONCE.answers)
        await house.prompt(agent_id, f"turn {turn}")
        ended = await house.state(agent_id, "failed")
        assert "overloaded" in ended.activity
        await house.prompt(agent_id, f"turn {turn + 1}")
        assert (await house.rest(agent_id)).activity == DONE
    assert not [error for error in house.server.refused if error != "Overloaded"]
    assert (house.project / "log").read_text().split() == ["turn-2", "turn-3", "turn-4"]
