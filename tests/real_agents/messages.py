"""Scenes behind the strict local Messages server."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from agent.model.local_server.errors import ApiError
from agent.model.local_server.responder import ResponderMessage
from tests.real_agents.scripted import Fail, Say, Scenes, Use

KEY = "sk-ant-api03-orchard-0123456789"


class MessagesScenes:
    """A responder of the local Messages server that plays scenes."""

    def __init__(self, scenes: Scenes, *, tools: bool = True) -> None:
        self.scenes = scenes
        self._tools = tools

    async def respond(self, request: dict[str, Any]) -> ResponderMessage:
        prompt, said = newest(request["messages"], self.scenes.steps)
        if self._tools and not request.get("tools"):
            # A client may want a title for the session.
            return ResponderMessage([{"type": "text", "text": "Orchard"}])
        match await self.scenes.step(prompt, said, json.dumps(request["messages"])):
            case Use(tool, given, saying):
                blocks: list[Mapping[str, Any]] = []
                if saying:
                    blocks.append({"type": "text", "text": saying})
                return ResponderMessage(
                    [*blocks, {"type": "tool_use", "name": tool, "input": given}]
                )
            case Fail(_, message):
                raise ApiError("invalid_request_error", message)
            case Say(text, delay):
                return ResponderMessage([{"type": "text", "text": text}], delay=delay)
        raise AssertionError


def newest(messages: list[dict[str, Any]], scenes: Collection[str]) -> tuple[str, int]:
    """The newest prompt of a person, and how many messages of the model followed it."""
    prompt, said = "", 0
    for message in messages:
        if message["role"] == "assistant":
            said += 1
            continue
        if message["role"] != "user":
            continue
        content = message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        texts = [block["text"] for block in blocks if block["type"] == "text"]
        if any(block["type"] == "tool_result" for block in blocks):
            # Beside a result stands what the agent has to say of it, or, if the tool was
            # interrupted, the next prompt.
            texts = [text for text in texts if any(scene in text for scene in scenes)]
        texts = [text for text in texts if not text.startswith("<system-reminder")]
        if texts:
            prompt, said = "\n".join(texts), 0
    return prompt, said
