"""Numbers without gaps, the ring, and the reducer that the engine and its front ends share."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.hub import Hub
from agent.protocol.agents import AgentSummary
from agent.protocol.conversation import Block, BlockKind
from agent.protocol.dream import DreamStatus
from agent.protocol.events import (
    AgentChanged,
    AgentRemoved,
    BlockChanged,
    BlockDelta,
    DemoChanged,
    DreamChanged,
    Event,
    GateClosed,
    GateOpened,
    Notice,
    PausedChanged,
    QuestionAsked,
    QuestionClosed,
    SetupChanged,
    UsageChanged,
)
from agent.protocol.gates import Gate, Question, RiskLevel
from agent.protocol.server_lines import EventLine
from agent.protocol.snapshot import DemoStatus, Setup
from agent.protocol.state import apply
from agent.protocol.usage import Usage


class Tape:
    def __init__(self) -> None:
        self.lines: list[EventLine] = []

    def receive(self, line: bytes) -> None:
        assert line.endswith(b"\n")
        assert line.count(b"\n") == 1
        self.lines.append(EventLine.model_validate_json(line))


def agent(name: str = "a", **fields: object) -> AgentSummary:
    values = {"id": name, "name": name, "directory": "/", "since": 0.0, "created_at": 0.0}
    return AgentSummary.model_validate({**values, **fields})


def gate(name: str = "g", agent_id: str = "a") -> Gate:
    return Gate(
        id=name,
        agent_id=agent_id,
        agent_name=agent_id,
        opened_at=0,
        risk=RiskLevel.HIGH,
        action="run_command",
        text="rm",
    )


def question(name: str = "q", agent_id: str = "a") -> Question:
    return Question(id=name, agent_id=agent_id, agent_name=agent_id, asked_at=0, text="?")


names = st.sampled_from(["a", "b", "c"])
events: st.SearchStrategy[Event] = st.one_of(
    names.map(lambda n: AgentChanged(agent=agent(n))),
    names.map(lambda n: AgentRemoved(agent_id=n)),
    st.builds(
        lambda n, i, t: BlockChanged(
            agent_id=n, block=Block(id=i, kind=BlockKind.ASSISTANT, at=0, text=t)
        ),
        names,
        st.integers(1, 5),
        st.text(max_size=5),
    ),
    st.builds(
        lambda n, i, t: BlockDelta(agent_id=n, block_id=i, text=t),
        names,
        st.integers(1, 5),
        st.text(max_size=5),
    ),
    st.builds(lambda n, a: GateOpened(gate=gate(n, a)), names, names),
    st.builds(lambda n: GateClosed(gate_id=n, agent_id="a", outcome="denied"), names),
    st.builds(lambda n, a: QuestionAsked(question=question(n, a)), names, names),
    st.builds(lambda n: QuestionClosed(question_id=n, agent_id="a"), names),
    st.booleans().map(lambda on: PausedChanged(paused=on)),
    st.text(max_size=5).map(lambda t: Notice(level="information", text=t)),
)


@given(st.lists(events, max_size=60), st.data())
@settings(max_examples=60, deadline=None)
def test_any_point_can_be_resumed_and_leads_to_the_same_state(
    published: list[Event], data: st.DataObject
) -> None:
    hub = Hub()
    states = [hub.snapshot()]
    for event in published:
        hub.publish(event)
        states.append(hub.snapshot())
    assert hub.seq == len(published)
    seen = data.draw(st.integers(0, hub.seq))
    missed = hub.since(seen)
    assert missed is not None
    assert [line.seq for line in missed] == list(range(seen + 1, hub.seq + 1))
    state = states[seen]
    for line in missed:
        state = apply(state, line.seq, line.event)
    assert state == hub.snapshot()


@given(st.lists(events, max_size=40))
@settings(max_examples=40, deadline=None)
def test_applying_events_again_changes_nothing_and_names_stay_single(
    published: list[Event],
) -> None:
    state = Hub().snapshot()
    for seq, event in enumerate(published, 1):
        state = apply(state, seq, event)
        assert apply(state, seq, event) == state
    for things in (state.agents, state.gates, state.questions):
        assert len({thing.id for thing in things}) == len(things)


def test_every_kind_of_state_is_kept() -> None:
    hub = Hub()
    demo = DemoStatus(directory="/d", state="running")
    dream, setup = DreamStatus(why_not="early"), Setup(provider="demo")
    for event in (
        DreamChanged(dream=dream),
        UsageChanged(usage_today=Usage(requests=3)),
        SetupChanged(setup=setup),
        DemoChanged(demo=demo),
        PausedChanged(paused=True),
    ):
        hub.publish(event)
    state = hub.snapshot()
    assert (state.dream, state.setup, state.demo, state.paused) == (dream, setup, demo, True)
    assert state.usage_today.requests == 3


def test_a_removed_agent_takes_its_gates_and_questions_along() -> None:
    hub = Hub()
    hub.publish(AgentChanged(agent=agent("a")))
    hub.publish(AgentChanged(agent=agent("b")))
    for owner in "ab":
        hub.publish(GateOpened(gate=gate(f"g{owner}", owner)))
        hub.publish(QuestionAsked(question=question(f"q{owner}", owner)))
    hub.publish(AgentRemoved(agent_id="a"))
    state = hub.snapshot()
    assert [thing.id for thing in (*state.agents, *state.gates, *state.questions)] == [
        "b",
        "gb",
        "qb",
    ]


def test_the_last_block_is_known_from_blocks_alone_and_never_goes_back() -> None:
    hub = Hub()
    hub.publish(AgentChanged(agent=agent("a")))
    hub.publish(BlockChanged(agent_id="a", block=Block(id=7, kind=BlockKind.USER, at=0)))
    hub.publish(AgentChanged(agent=agent("a", activity="more")))
    assert hub.snapshot().agents[0].last_block == 7


def test_the_ring_forgets_by_number_and_by_size() -> None:
    hub = Hub(ring_events=10)
    for index in range(25):
        hub.publish(Notice(level="information", text=str(index)))
    assert hub.since(14) is None
    assert [line.seq for line in hub.since(15) or []] == list(range(16, 26))
    assert hub.since(25) == []
    assert hub.since(26) is None

    small = Hub(ring_bytes=1000)
    for _ in range(20):
        small.publish(Notice(level="information", text="x" * 200))
    assert small.since(16) is None
    assert small.since(17) is not None


async def test_streamed_text_is_gathered_in_order_and_without_loss() -> None:
    hub = Hub(flush_seconds=0.01)
    tape = Tape()
    hub.subscribe(tape)
    for index in range(100):
        hub.publish(BlockDelta(agent_id="a", block_id=index % 2, text=f"{index} "))
    hub.publish(Notice(level="information", text="after"))
    assert [type(line.event).__name__ for line in tape.lines] == ["BlockDelta"] * 3 + ["Notice"]
    for block_id in (0, 1):
        text = "".join(
            line.event.text
            for line in tape.lines
            if isinstance(line.event, BlockDelta) and line.event.block_id == block_id
        )
        assert text == "".join(f"{index} " for index in range(block_id, 100, 2))
    assert [line.seq for line in tape.lines] == [1, 2, 3, 4]


async def test_no_timer_runs_when_nothing_streams() -> None:
    hub = Hub(flush_seconds=0.001)
    tape = Tape()
    hub.subscribe(tape)
    hub.publish(BlockDelta(agent_id="a", block_id=1, text="one"))
    hub.publish(BlockDelta(agent_id="a", block_id=1, text="two"))
    while hub._flush_timer is not None:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    assert [line.event.text for line in tape.lines if isinstance(line.event, BlockDelta)] == [
        "one",
        "two",
    ]


async def test_a_new_subscriber_gets_exactly_what_its_snapshot_lacks() -> None:
    hub = Hub()
    hub.publish(BlockDelta(agent_id="a", block_id=1, text="one"))
    hub.publish(BlockDelta(agent_id="a", block_id=1, text="two"))
    before = hub.snapshot().seq
    tape = Tape()
    leave = hub.subscribe(tape)
    hub.publish(Notice(level="information", text="x"))
    assert [line.seq for line in tape.lines] == [before + 1]
    leave()
    leave()
    hub.publish(Notice(level="information", text="y"))
    assert len(tape.lines) == 1


def test_a_listener_may_publish() -> None:
    hub = Hub()
    tape = Tape()
    hub.subscribe(tape)

    def echo(event: Event) -> None:
        if isinstance(event, PausedChanged):
            hub.publish(Notice(level="information", text="paused"))

    hub.listen(echo)
    hub.publish(PausedChanged(paused=True))
    assert [line.seq for line in tape.lines] == [1, 2]


def test_an_event_too_large_for_a_line_keeps_its_number_and_says_so() -> None:
    hub = Hub()
    tape = Tape()
    hub.subscribe(tape)
    block = Block(id=1, kind=BlockKind.ASSISTANT, at=0, text="x" * 17_000_000)
    hub.publish(BlockChanged(agent_id="a", block=block))
    assert [line.seq for line in tape.lines] == [1]
    assert isinstance(tape.lines[0].event, Notice)
