"""A model that says what a journey tells it to, behind the strict local Messages server.

It runs in a thread of its own, as a server elsewhere would. It keeps no count: each request tells
how far a conversation is, so a turn that an engine resumes goes on at the right place.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any

from agent.model.local_server.responder import ResponderMessage
from agent.model.local_server.server import LocalMessagesServer

KEY = "journey-key"
MODEL = "tungsten-demo"
_NOT_A_PROMPT = ("<project-instructions", "<tungsten-note", "<tungsten-role")

Step = str | Mapping[str, Any] | Sequence[Any] | ResponderMessage


def use(tool: str, **tool_input: Any) -> dict[str, Any]:
    """One tool use."""
    return {"type": "tool_use", "name": tool, "input": tool_input}


def run(command: str, **more: Any) -> dict[str, Any]:
    """Run a command in the agent's terminal."""
    return use("terminal_run", command=command, **more)


class ScriptedModel:
    """Serves scripts, each chosen by a text in the newest prompt.

        with ScriptedModel() as model:
            model.script("mend it", run("make"), "Done.")

    A step is text, a tool use, several of both, or a whole `ResponderMessage`; a step that is not
    the last should use a tool.
    """

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.url = ""
        self._scripts: dict[str, tuple[Step, ...]] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve)
        self._ready = threading.Event()
        self._end = asyncio.Event()

    def __enter__(self) -> ScriptedModel:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(10)
        assert not self._thread.is_alive()

    @property
    def variables(self) -> dict[str, str]:
        """Environment that makes the program use this model."""
        return {
            "ANTHROPIC_BASE_URL": self.url,
            "ANTHROPIC_API_KEY": KEY,
            "TUNGSTEN_MODEL": MODEL,
        }

    def script(self, prompt: str, *steps: Step) -> None:
        """Say `steps`, one a request, to a prompt that holds the text `prompt`."""
        self._scripts[prompt] = steps

    def told(self, text: str) -> bool:
        """Whether the model was told something, in any request."""
        return any(text in str(request["messages"]) for request in self.requests)

    async def respond(self, request: dict[str, Any]) -> ResponderMessage:
        """Answer with the step that comes next."""
        self.requests.append(request)
        prompt, said = _prompt(request["messages"])
        for text, steps in self._scripts.items():
            if text in prompt:
                step = steps[said] if said < len(steps) else "There is nothing more to do."
                return _message(step)
        return _message(f"No script for: {prompt}")

    def _serve(self) -> None:
        runner: Callable[[Any], Any] = self._loop.run_until_complete
        try:
            runner(self._until_end())
        finally:
            self._loop.close()

    async def _until_end(self) -> None:
        async with LocalMessagesServer(self, api_key=KEY) as server:
            self.url = server.base_url
            self._ready.set()
            await self._end.wait()


def _prompt(messages: Sequence[Mapping[str, Any]]) -> tuple[str, int]:
    """The newest prompt, and how many messages of the model followed it."""
    prompt, said = "", 0
    for message in messages:
        if message["role"] == "assistant":
            said += 1
        if message["role"] != "user":
            continue
        content = message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        texts = [block["text"] for block in blocks if block["type"] == "text"]
        texts = [text for text in texts if not text.startswith(_NOT_A_PROMPT)]
        if texts and not any(block["type"] == "tool_result" for block in blocks):
            prompt, said = "\n".join(texts), 0
    return prompt, said


def _message(step: Step) -> ResponderMessage:
    if isinstance(step, ResponderMessage):
        return step
    parts = [step] if isinstance(step, str | Mapping) else step
    return ResponderMessage(
        [{"type": "text", "text": part} if isinstance(part, str) else part for part in parts]
    )
