"""Snapshots and conversations that tests of front ends share; the clock stands at `NOW`."""

from __future__ import annotations

from agent.protocol.agents import AgentState, AgentSummary, Mode, PaneSummary
from agent.protocol.conversation import Block, BlockKind, ToolCall, ToolStatus
from agent.protocol.dream import DreamGate, DreamStatus
from agent.protocol.gates import Gate, Question, RiskLevel, Span
from agent.protocol.snapshot import EngineInfo, Setup, Snapshot
from agent.protocol.usage import Usage

NOW = 1_800_000_000.0

ENGINE = EngineInfo(
    version="0.1.0",
    pid=4242,
    epoch="0f3a",
    started_at=NOW - 3_600,
    tmux_socket="/dev/null/tmux.sock",
    directory="/home/ada/parser",
)

DREAM = DreamStatus(
    mode="auto",
    gates=(
        DreamGate(name="idle", open=False, value=240, needed=900, unit="s", text="4 of 15 min"),
        DreamGate(name="gap", open=False, value=68_400, needed=86_400, unit="s", text="19 h of 24"),
        DreamGate(
            name="sessions", open=True, value=6, needed=5, unit="sessions", text="6 of 5 sessions"
        ),
    ),
    why_not="an agent is working",
    last_dream_at=NOW - 68_400,
)

READY = Setup(provider="anthropic", base_url="", model="claude-sonnet-4-5")

MENDER = AgentSummary(
    id="a1",
    name="mend the parser",
    directory="/home/ada/parser",
    model="claude-sonnet-4-5",
    mode=Mode.STANDARD,
    state=AgentState.WORKING,
    activity="python -m unittest",
    since=NOW - 12,
    created_at=NOW - 600,
    panes=(PaneSummary(pane_id="%1", title="bash", width=120, height=40),),
    usage=Usage(
        requests=9,
        input_tokens=1_840,
        cache_read_tokens=96_200,
        cache_write_tokens=14_100,
        output_tokens=3_420,
        cost=0.184,
    ),
    context_tokens=31_400,
    context_window=200_000,
    branch="fix-offsets",
    last_block=8,
)

PUBLISHER = AgentSummary(
    id="a2",
    name="publish",
    directory="/home/ada/parser",
    model="claude-sonnet-4-5",
    mode=Mode.STANDARD,
    state=AgentState.WAITING,
    activity="approve: git push --force",
    since=NOW - 95,
    created_at=NOW - 500,
    panes=(PaneSummary(pane_id="%2", title="bash", width=120, height=40),),
    usage=Usage(requests=3, input_tokens=900, output_tokens=410, cost=0.021),
    context_tokens=8_200,
    context_window=200_000,
    branch="main",
    last_block=2,
)

EDITOR = AgentSummary(
    id="a3",
    name="write the notes",
    directory="/home/ada/notes",
    model="claude-sonnet-4-5",
    mode=Mode.CAREFUL,
    state=AgentState.DONE,
    activity="NOTES.md is written and saved",
    since=NOW - 2_400,
    created_at=NOW - 4_000,
    panes=(PaneSummary(pane_id="%3", title="vim", width=120, height=40),),
    usage=Usage(requests=6, input_tokens=1_200, output_tokens=800, cost=0.044),
    context_tokens=12_000,
    context_window=200_000,
    last_block=4,
)

PUSH = "git push --force origin main"
GATE = Gate(
    id="g1",
    agent_id="a2",
    agent_name="publish",
    opened_at=NOW - 95,
    risk=RiskLevel.HIGH,
    action="run_command",
    text=PUSH,
    spans=(Span(start=9, end=16, reason="rewrites history on the remote"),),
    reasons=("--force can discard commits that others have pushed",),
    effect="replaces branch main on remote origin",
    cwd="/home/ada/parser",
    pane_id="%2",
    foreground="bash",
    intent="publish the fixed parser",
)

EMPTY = Snapshot(seq=0, engine=ENGINE, setup=READY, dream=DREAM)
NO_MODEL = Snapshot(seq=0, engine=ENGINE, dream=DREAM)
BUSY = Snapshot(
    seq=0,
    engine=ENGINE,
    setup=READY,
    agents=(MENDER, PUBLISHER, EDITOR),
    gates=(GATE,),
    dream=DREAM,
    usage_today=Usage(
        requests=18,
        input_tokens=3_940,
        cache_read_tokens=96_200,
        cache_write_tokens=14_100,
        output_tokens=4_630,
        cost=0.249,
    ),
)

DIFF = """\
--- a/parser/offsets.py
+++ b/parser/offsets.py
@@ -12,7 +12,7 @@ def line_of(text: str, offset: int) -> int:
     if offset < 0:
         raise ValueError("offset is negative")
-    return text.count("\\n", 0, offset + 1)
+    return text.count("\\n", 0, offset)


 def column_of(text: str, offset: int) -> int:
"""

CONVERSATION = (
    Block(id=1, kind=BlockKind.USER, at=NOW - 540, text="Make the tests pass, then commit."),
    Block(
        id=2,
        kind=BlockKind.ASSISTANT,
        at=NOW - 530,
        text="I'll run the tests first and read what fails.",
    ),
    Block(
        id=3,
        kind=BlockKind.TOOL,
        at=NOW - 525,
        tool=ToolCall(
            tool_use_id="t1",
            name="run",
            title="python -m unittest",
            input_json='{"command": "python -m unittest"}',
            status=ToolStatus.FAILED,
            risk=RiskLevel.LOW,
            decision="ran (LOW)",
            result="F.....\nFAIL: test_line_of (tests.TestOffsets)\n"
            "AssertionError: 2 != 1\nRan 6 tests in 0.004s\nFAILED (failures=1)",
            exit_status=1,
            seconds=0.42,
            pane_id="%1",
        ),
    ),
    Block(
        id=4,
        kind=BlockKind.THINKING,
        at=NOW - 520,
        text="line_of counts the newline at the offset itself, so it is one too high.",
    ),
    Block(
        id=5,
        kind=BlockKind.ASSISTANT,
        at=NOW - 515,
        text=(
            "The failure is an **off-by-one**: `line_of` counts the newline *at* the offset.\n\n"
            "1. count up to the offset, not past it\n2. run the tests again\n\n"
            '```python\nreturn text.count("\\n", 0, offset)\n```\n'
        ),
    ),
    Block(
        id=6,
        kind=BlockKind.TOOL,
        at=NOW - 500,
        tool=ToolCall(
            tool_use_id="t2",
            name="edit_file",
            title="parser/offsets.py",
            status=ToolStatus.DONE,
            risk=RiskLevel.MEDIUM,
            decision="ran (MEDIUM)",
            reasons=("changes a file inside the project",),
            result="1 replacement",
            seconds=0.01,
            diff=DIFF,
        ),
    ),
    Block(
        id=7,
        kind=BlockKind.NOTICE,
        at=NOW - 60,
        text="You typed into the terminal; the agent is told at its next turn.",
    ),
    Block(
        id=8,
        kind=BlockKind.TOOL,
        at=NOW - 12,
        tool=ToolCall(
            tool_use_id="t3",
            name="run",
            title="python -m unittest",
            status=ToolStatus.RUNNING,
            risk=RiskLevel.LOW,
            decision="ran (LOW)",
            pane_id="%1",
        ),
    ),
)


def fleet(agents: int) -> Snapshot:
    """Many agents, each in a terminal of its own: most work, some wait, one has failed."""
    names = (
        *(
            "mend the parser",
            "publish",
            "write the notes",
            "日本語 の文書",
            "measure",
            "port to 3.13",
        ),
        *("read the logs", "triage", "translate", "fuzz the reader", "sweep", "release 0.2"),
    )
    states = (
        *(AgentState.WORKING, AgentState.WAITING, AgentState.DONE, AgentState.WORKING),
        *(AgentState.WORKING, AgentState.FAILED, AgentState.IDLE, AgentState.WORKING),
    )
    doing = {
        AgentState.WORKING: "python -m unittest",
        AgentState.WAITING: "approve: git push --force",
        AgentState.DONE: "NOTES.md is written and saved",
        AgentState.FAILED: "the model refused the request",
    }
    made = tuple(
        MENDER.model_copy(
            update={
                "id": f"f{number}",
                "name": names[number % len(names)],
                "state": states[number % len(states)],
                "activity": doing.get(states[number % len(states)], ""),
                "since": NOW - 95,
                "panes": (
                    PaneSummary(
                        pane_id=f"%{number}",
                        title="bash",
                        dead=number == 5,
                        exit_status=1 if number == 5 else None,
                        recording=number == 6,
                    ),
                ),
            }
        )
        for number in range(agents)
    )
    gate = GATE.model_copy(update={"agent_id": "f1", "pane_id": "%1"})
    question = Question(
        id="q1",
        agent_id="f9",
        agent_name="fuzz the reader",
        asked_at=NOW - 40,
        text="Which branch shall I begin from?",
        options=("main", "fix-offsets"),
    )
    return BUSY.model_copy(
        update={
            "agents": made,
            "gates": (gate,) if agents > 1 else (),
            "questions": (question,) if agents > 9 else (),
        }
    )
