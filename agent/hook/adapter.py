"""What one kind of agent says to its hook, and what it understands in return.

One module for each kind: `claude`, `codex`, `opencode`, `gemini`, `aider`. Each says which
version its facts were read from.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from agent.hook.spending import Entries
from agent.protocol.agents import AgentState

Kind = Literal["permission", "question", "login", "other"]

HOLD_SECONDS = 3600.0
"""How long a question is held open where the agent shows its own prompt beside it meanwhile."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A tool that an agent wants to use, and asks about.

    Attributes:
        tool: its name, as the agent calls it.
        input: what it is given; anything at all.
        cwd: the agent's working directory, as it says.
        session: its conversation.
        thread: which of the conversation's agents asks; empty for the main one.
        intent: the agent's own words for why.
        request: the agent's own number for this question; empty without one.
    """

    tool: str
    input: Any
    cwd: str = ""
    session: str = ""
    thread: str = ""
    intent: str = ""
    request: str = ""

    @property
    def key(self) -> str:
        """The same for the same use of the same tool."""
        return json.dumps([self.tool, self.input], sort_keys=True, default=str)


@dataclass(frozen=True, slots=True)
class Heard:
    """What happened in an agent, as its hook tells: evidence of its state.

    Attributes:
        event: the agent's own word.
        state: what it does from now on; None if this says nothing of that.
        kind: what it waits for, with `waiting`.
        detail: more, in one line.
        once: whether it tells of a moment, and nothing says when that is over.
        settles: which questions are answered by now: `tool`, those about `done`; `turn`, all of
            its main thread; `request`, the one of the number `request`; empty, none.
        done: the tool that was used.
        transcript: the file of the conversation, as the agent says.
        began: when the hook was started that tells it, in seconds since the epoch, where that is
            known: it may be heard only after what it tells of is over.
    """

    event: str
    state: AgentState | None = None
    kind: Kind | None = None
    detail: str = ""
    once: bool = False
    settles: Literal["", "tool", "turn", "request"] = ""
    session: str = ""
    done: Asked | None = None
    request: str = ""
    transcript: str = ""
    began: float | None = None


@dataclass(frozen=True, slots=True)
class Released:
    """A question whose hook was let go: the agent's own prompt stands and is answered by key.

    What a hook says is data, and may be another thing than what the prompt on the screen is about:
    who answers by key must find `text` there.

    Attributes:
        gate_id: the gate that the person decides.
        pane_id: where the agent runs.
        agent: the adapter's name.
        tool: the tool, as the agent calls it.
        text: what the person reads in the gate: a command line, a path.
    """

    gate_id: str
    pane_id: str
    agent: str
    tool: str
    text: str


@dataclass(frozen=True, slots=True)
class Adapter:
    """One kind of agent.

    Attributes:
        name: the word behind `tungsten hook`.
        title: what a person calls it.
        read: what a hook's input means; None if it means nothing to us.
        allow: what to print so that the tool is used, without asking anybody.
        deny: what to print so that it is not, given why not.
        change: what to print so that the tool is used with another command, given what it asked
            with and that command; None where the agent takes none.
        remark: what to print so that the model is told something, given an event that a hook tells
            of; nothing printed where that event cannot.
        hold: seconds for which a hook waits for the person before it lets go, with nothing
            printed. Then the agent's own prompt stands, and is answered by key.
        spends: how the file of a conversation, which a hook names, tells what that has used; None
            where none does.
        recorded: the version that all this was read from.
    """

    name: str
    title: str
    read: Callable[[Mapping[str, Any]], Asked | Heard | None]
    allow: Callable[[], bytes]
    deny: Callable[[str], bytes]
    hold: float = HOLD_SECONDS
    recorded: str = ""
    change: Callable[[Mapping[str, Any], str], bytes] | None = None
    remark: Callable[[str, str], bytes] = lambda event, text: b""
    spends: Entries | None = None

    @property
    def asks(self) -> bool:
        """Whether its hook asks about what it wants to do, and not only tells."""
        return self.allow is not nothing


def parse(payload: bytes) -> dict[str, Any] | None:
    """Read a hook's input, None if it is no JSON object."""
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def text(value: Mapping[str, Any], name: str) -> str:
    """A field that is text, else empty."""
    found = value.get(name)
    return found if isinstance(found, str) else ""


def nothing() -> bytes:
    """Print nothing: the agent's own prompt stands."""
    return b""


def no_denial(why: str) -> bytes:
    """Print nothing, where an agent cannot be told no."""
    return b""


@dataclass(frozen=True, slots=True)
class HookSettings:
    """One hook as JSON settings files name it: its event, and what it is limited to."""

    event: str
    matcher: str = ""
    timeout: int = 30
    more: Mapping[str, Any] = field(default_factory=dict)
