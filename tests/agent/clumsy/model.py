"""A model that errs as real ones do: a policy over what a request shows it, and no memory else.

A `View` is read from the request alone. A policy gives the next move for a view; habits are bad
ones that sit on top of a policy, each until the model sees what came of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.model.local_server.faults import Fault, Faults
from agent.model.local_server.responder import ResponderMessage

Use = dict[str, Any]
Move = list[Use] | str
"""Tool uses to be made, or a text that ends the turn."""


@dataclass(frozen=True)
class Result:
    """What one tool use gave; `given` is its input as the transcript has it."""

    name: str
    given: Mapping[str, Any]
    text: str
    error: bool

    @property
    def failed(self) -> bool:
        """Whether it did not work, by what a model can read."""
        return self.error or re.match(r"exit [1-9]", self.text) is not None


@dataclass
class View:
    """What the model sees."""

    request: Mapping[str, Any]
    results: list[Result] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    """What it said itself."""
    summary: str = ""

    @classmethod
    def of(cls, request: Mapping[str, Any]) -> View:
        view = cls(request)
        uses: dict[str, tuple[str, Any]] = {}
        for message in request["messages"]:
            for block in message["content"]:
                match block["type"]:
                    case "tool_use":
                        uses[block["id"]] = block["name"], block["input"]
                    case "tool_result":
                        content = block["content"]
                        text = content if isinstance(content, str) else content[-1]["text"]
                        name, given = uses[block["tool_use_id"]]
                        view.results.append(Result(name, given, text, bool(block.get("is_error"))))
                    case "text" if message["role"] == "assistant":
                        view.texts.append(block["text"])
                    case "text" if block["text"].startswith("<conversation-summary>"):
                        view.summary = block["text"]
                    case "text":
                        view.notes.append(block["text"])
        return view

    @property
    def last(self) -> Result | None:
        return self.results[-1] if self.results else None

    def of_use(self, wanted: Use) -> list[Result]:
        """Results of just this use, oldest first."""
        return [r for r in self.results if (r.name, r.given) == (wanted["name"], wanted["input"])]

    def saw(self, pattern: str) -> re.Match[str] | None:
        """Find a pattern in any result, the newest first."""
        found = (re.search(pattern, result.text) for result in reversed(self.results))
        return next((match for match in found if match), None)

    def told(self, pattern: str) -> bool:
        """Whether a text in the user's turns, other than results, holds a pattern."""
        return any(re.search(pattern, note) for note in self.notes)


Policy = Callable[[View], Move]
Habit = Callable[[Policy], Policy]


def use(tool: str, /, **given: Any) -> Use:
    return {"type": "tool_use", "name": tool, "input": given}


def run(command: str, **more: Any) -> Use:
    return use("terminal_run", command=command, **more)


def write(path: str, content: str) -> Use:
    return use("file_write", path=path, content=content)


def edit(path: str, old: str, new: str) -> Use:
    return use("file_edit", path=path, old_text=old, new_text=new)


def read(path: str, **more: Any) -> Use:
    return use("file_read", path=path, **more)


def ask(question: str, *options: str) -> Use:
    return use("ask_person", question=question, options=list(options))


@dataclass(frozen=True)
class Step:
    """One thing to get done; where it failed, `instead` says what is tried then."""

    wanted: Use | Callable[[View], Use]
    instead: Sequence[Step | Use] = ()
    done: Callable[[Result], bool] = lambda result: not result.failed


def plan(*steps: Step | Use, end: str = "Done.") -> Policy:
    """Do one step after the other, each until it is seen to have worked; then end."""

    def decide(view: View) -> Move:
        for step in steps:
            move = _next(step, view)
            if move is not None:
                return move
        return end

    return decide


def _next(step: Step | Use, view: View) -> Move | None:
    """What is to be done for a step; None when it is done."""
    if not isinstance(step, Step):
        step = Step(step)
    wanted = step.wanted(view) if callable(step.wanted) else step.wanted
    results = view.of_use(wanted)
    if not results:
        return [wanted]
    if step.done(results[-1]):
        return None
    for other in step.instead:
        if other is AGAIN:
            continue
        move = _next(other, view)
        if move is not None:
            return move
    # All that was tried instead has worked: once more, if it may now go well, else it is enough.
    return [wanted] if step.instead and step.instead[-1] is AGAIN else None


AGAIN = Step(use("again"), done=lambda result: True)
"""Last of what is tried instead: then the step itself is done again."""


# Habits ------------------------------------------------------------------------------------------


def unknown_tool(wrong: str, right: str) -> Habit:
    """Calls a tool by a name from elsewhere, until it is told that there is none."""

    def habit(policy: Policy) -> Policy:
        def decide(view: View) -> Move:
            move = policy(view)
            if isinstance(move, str) or view.saw(f"there is no tool '{wrong}'"):
                return move
            return [{**u, "name": wrong} if u["name"] == right else u for u in move]

        return decide

    return habit


def wrong_field(tool: str, right: str, wrong: str) -> Habit:
    """Misnames a field of a tool's input, until it reads which one is required."""

    def habit(policy: Policy) -> Policy:
        def decide(view: View) -> Move:
            move = policy(view)
            if isinstance(move, str) or view.saw(f"{tool}: .*{right}: Field required"):
                return move
            return [
                {**u, "input": {wrong if k == right else k: v for k, v in u["input"].items()}}
                if u["name"] == tool
                else u
                for u in move
            ]

        return decide

    return habit


def encoded_twice(policy: Policy) -> Policy:
    """Writes a tool's input as a string that holds JSON, until it is told that it is no object."""

    def decide(view: View) -> Move:
        move = policy(view)
        if isinstance(move, str) or view.saw("not a JSON object"):
            return move
        return [{**u, "input": json.dumps(u["input"])} for u in move]

    return decide


def damaged(kind: str, tool: str) -> Habit:
    """Breaks off, or misspells the JSON of, the input of a tool until it hears of it."""

    def habit(policy: Policy) -> Policy:
        def decide(view: View) -> Move:
            move = policy(view)
            if isinstance(move, str) or view.saw("cut off|not a JSON object"):
                return move
            return [{**u, "damage": kind} if u["name"] == tool else u for u in move]

        return decide

    return habit


def stubborn(wanted: Use, *between: Use) -> Habit:
    """Does the same again, whatever comes of it, until it is told that it goes in a circle."""

    def habit(policy: Policy) -> Policy:
        def decide(view: View) -> Move:
            if view.told("with the same failing result"):
                return policy(view)
            circle = [wanted, *between]
            return [circle[len(view.results) % len(circle)]]

        return decide

    return habit


def too_early(after: int, text: str = "All done, everything works.") -> Habit:
    """Calls itself done after so many results, until it is told what the last check said."""

    def habit(policy: Policy) -> Policy:
        def decide(view: View) -> Move:
            if len(view.results) >= after and not view.told("The last check failed"):
                return text
            return policy(view)

        return decide

    return habit


def all_at_once(policy: Policy) -> Policy:
    """Puts its first moves into one message, without waiting for what the first one gives."""

    def decide(view: View) -> Move:
        if view.results:
            return policy(view)
        moves: list[Use] = []
        imagined = View(view.request, notes=view.notes)
        for _ in range(4):
            move = policy(imagined)
            if isinstance(move, str):
                break
            moves += move
            imagined.results += [Result(u["name"], u["input"], "exit 0", False) for u in move]
        return moves or policy(view)

    return decide


def talkative(policy: Policy) -> Policy:
    """Thinks aloud before each move, and says what it is about to do as if it had done it."""

    def decide(view: View) -> Move:
        move = policy(view)
        if isinstance(move, str):
            return move
        said = f"Great, step {len(view.results) + 1} is complete! ```json\n{json.dumps(move)}\n```"
        return [{"type": "text", "text": said}, *move]

    return decide


def asks_first(question: str, *options: str) -> Habit:
    """Asks the person before anything else, and once more, and only then decides by itself."""

    def habit(policy: Policy) -> Policy:
        def decide(view: View) -> Move:
            answers = [result for result in view.results if result.name == "ask_person"]
            if len(answers) < 2:
                return [ask(question if not answers else f"{question} (please answer)", *options)]
            return policy(view)

        return decide

    return habit


class Damaging(Faults):
    """Lets an answer say how it is damaged, though the fault is taken before there is one."""

    def __init__(self) -> None:
        super().__init__()
        self.now = Fault("slow_tokens", delay=0.0)

    def take(self) -> Fault | None:
        fault = super().take()
        self.now = Fault("slow_tokens", delay=0.0)
        return self.now if fault is None else fault

    def damage(self, kind: str) -> None:
        object.__setattr__(self.now, "kind", kind)


class Clumsy:
    """What answers the requests of one task."""

    def __init__(self, policy: Policy, habits: Sequence[Habit], faults: Damaging) -> None:
        for habit in habits:
            policy = habit(policy)
        self._policy = policy
        self._faults = faults
        self.requests: list[Mapping[str, Any]] = []

    async def respond(self, request: dict[str, Any]) -> ResponderMessage:
        self.requests.append(request)
        last = str(request["messages"][-1]["content"][-1])
        if "taken out of your context" in last:
            return ResponderMessage([{"type": "text", "text": summed_up(View.of(request))}])
        move = self._policy(View.of(request))
        if isinstance(move, str):
            return ResponderMessage([{"type": "text", "text": move}])
        for block in move:
            if damage := block.get("damage"):
                self._faults.damage(damage)
        return ResponderMessage([{k: v for k, v in b.items() if k != "damage"} for b in move])


def summed_up(view: View) -> str:
    """What it keeps of a conversation: the last number that it has seen, or kept before."""
    kept = re.findall(r"kept (\d+)", view.summary) + re.findall(
        r"total (\d+)", "\n".join(result.text for result in view.results)
    )
    return f"I have kept {kept[-1] if kept else 0}."
