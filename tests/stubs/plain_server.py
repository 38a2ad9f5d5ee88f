"""A Messages server as plain as those that run local models, and stricter than most of them.

What each was seen to lack: vLLM takes no role but user and assistant within the conversation, reads
a bearer token and no other key, and lists models with `max_model_len`; Ollama reports input and
output tokens and nothing of a cache; llama.cpp and LM Studio know no single entry of the model
list. None of them counts `cache_control` for anything, and this one refuses it, as it does every
field, header and path that is not part of text, tools and streaming. Its faults are worded as
FastAPI words them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.model.local_server import wire
from agent.model.local_server.cache import estimate
from agent.model.local_server.http import HttpConnection, HttpRequest
from agent.model.local_server.server import JSON_TYPE, STREAM_TYPE, LocalMessagesServer


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Text(Strict):
    type: Literal["text"]
    text: str


class ToolUse(Strict):
    type: Literal["tool_use"]
    id: str
    name: str
    input: dict[str, Any]


class ToolResult(Strict):
    type: Literal["tool_result"]
    tool_use_id: str
    content: str | list[Text]
    is_error: bool = False


class Message(Strict):
    role: Literal["user", "assistant"]
    content: str | list[Annotated[Text | ToolUse | ToolResult, Field(discriminator="type")]]


class Tool(Strict):
    name: str
    description: str = ""
    input_schema: dict[str, Any]


class Request(Strict):
    model: str
    max_tokens: int = Field(ge=1)
    messages: list[Message]
    system: str | list[Text] = ""
    tools: list[Tool] = []
    stream: bool = False


class PlainServer(LocalMessagesServer):
    """Serves a responder; `lists` makes it answer `GET /v1/models` as vLLM does.

    Attributes:
        asked: method and path of every request.
        blind: refuse every request without saying why.
    """

    def __init__(self, *arguments: Any, lists: bool = False, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.lists = lists
        self.blind = False
        self.asked: list[str] = []

    async def _serve(self, connection: HttpConnection, request: Any) -> None:
        self.asked.append(f"{request.method} {request.path}")
        if request.headers.get("authorization") != f"Bearer {self._api_key}":
            await self._say(connection, 401, {"error": "Unauthorized"})
        elif request.headers.get("anthropic-beta"):
            await self._say(connection, 400, {"detail": "anthropic-beta is not supported"})
        elif request.path == "/v1/messages":
            await self._message(connection, request)
        elif request.path == "/v1/models" and self.lists:
            models = [
                {"id": model.id, "object": "model", "max_model_len": 32_768}
                for model in self._models.values()
            ]
            await self._say(connection, 200, {"object": "list", "data": models})
        else:
            await self._say(connection, 404, {"detail": "Not Found"})

    async def _message(self, connection: HttpConnection, request: HttpRequest) -> None:
        body = json.loads(request.body)
        try:
            Request.model_validate(body)
        except ValidationError as error:
            faults = error.errors(include_url=False, include_input=False)
            self.refused.append(str(faults))
            detail = "Bad Request" if self.blind else [
                {**fault, "loc": ["body", *fault["loc"]]} for fault in faults
            ]  # fmt: skip
            await self._say(connection, 422, {"detail": detail})
            return
        self.received.append(body)
        answer = wire.with_ids((await self._responder.respond(body)).content)
        usage = {"input_tokens": estimate(body), "output_tokens": estimate(answer)}
        if not body.get("stream"):
            await self._say(connection, 200, {"type": "message", "content": answer, "usage": usage})
            return
        await connection.start(200, STREAM_TYPE)
        for event in events(body["model"], answer, usage):
            await connection.send(wire.encode(event))
        await connection.send(b"data: [DONE]\n\n")
        await connection.finish()

    async def _say(self, connection: HttpConnection, status: int, value: object) -> None:
        await connection.answer(status, JSON_TYPE, json.dumps(value).encode())


def events(
    model: str, answer: list[dict[str, Any]], usage: Mapping[str, int]
) -> Iterator[dict[str, Any]]:
    """The least that makes up a streamed message."""
    opened = {
        "id": "chatcmpl-1",
        "type": "message",
        "role": "assistant",
        "model": f"{model}:latest",
    }
    yield {"type": "message_start", "message": opened}
    uses = False
    for index, block in enumerate(answer):
        if block["type"] == "tool_use":
            uses = True
            begun = {**block, "input": {}}
            delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
        else:
            begun = {"type": "text"}
            delta = {"type": "text_delta", "text": block["text"]}
        yield {"type": "content_block_start", "index": index, "content_block": begun}
        yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    reason = "tool_use" if uses else "end_turn"
    yield {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage}
    yield {"type": "message_stop"}
