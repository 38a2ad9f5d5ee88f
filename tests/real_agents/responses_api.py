"""Scenes behind the Responses API: `POST /v1/responses`, streamed.

Source: OpenAI's API reference, "Responses" and "Streaming events".
"""

from __future__ import annotations

import asyncio
import itertools
import json
from typing import Any

from agent.model.local_server.http import HttpConnection, HttpRequest
from tests.real_agents.event_server import STREAM_TYPE, EventServer
from tests.real_agents.scripted import Fail, Say, Scenes, Step, Use

KEY = "sk-orchard-0123456789"
MODEL = "gpt-5.4"


class ResponsesServer(EventServer):
    """Plays scenes to whoever asks by the Responses API."""

    def __init__(self, scenes: Scenes) -> None:
        super().__init__()
        self.scenes = scenes
        self._count = itertools.count(1)

    async def serve(self, connection: HttpConnection, request: HttpRequest) -> bool:
        match request.method, request.path:
            case "GET", "/v1/models":
                await self.json(connection, {"object": "list", "data": [], "models": []})
            case "POST", "/v1/responses":
                body = json.loads(request.body)
                # A client may want a title for the session.
                titled = {"title": "Tend the orchard"}
                step: Step = Say(json.dumps(titled))
                if body.get("tools"):
                    step = await self.scenes.step(*newest(body["input"]), json.dumps(body["input"]))
                if isinstance(step, Fail):
                    error = {"message": step.message, "type": "invalid_request_error"}
                    await self.json(connection, {"error": error}, step.status)
                else:
                    await self._stream(connection, body["model"], step)
            case _:
                return False
        return True

    async def _stream(self, connection: HttpConnection, model: str, step: Step) -> None:
        number = next(self._count)
        response = {
            "id": f"resp_{number}",
            "object": "response",
            "model": model,
            "output": [],
            "created_at": 0,
            "status": "in_progress",
        }
        await connection.start(200, STREAM_TYPE)
        order = itertools.count()

        async def send(kind: str, **more: Any) -> None:
            event = {"type": kind, "sequence_number": next(order), **more}
            await connection.send(f"event: {kind}\ndata: {json.dumps(event)}\n\n".encode())

        await send("response.created", response=response)
        items = list(_items(step, number))
        for index, item in enumerate(items):
            if item["type"] == "message":
                empty = {**item, "status": "in_progress", "content": []}
                await send("response.output_item.added", output_index=index, item=empty)
                where = {"item_id": item["id"], "output_index": index, "content_index": 0}
                text = item["content"][0]["text"]
                part = {"type": "output_text", "text": "", "annotations": []}
                await send("response.content_part.added", **where, part=part)
                for word in text.splitlines(keepends=True):
                    await send("response.output_text.delta", **where, delta=word)
                    if isinstance(step, Say) and step.delay:
                        await asyncio.sleep(step.delay)
                await send("response.output_text.done", **where, text=text)
            else:
                await send("response.output_item.added", output_index=index, item=item)
            await send("response.output_item.done", output_index=index, item=item)
        usage = {
            "input_tokens": 900,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 20,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 920,
        }
        done = {**response, "status": "completed", "output": items, "usage": usage}
        await send("response.completed", response=done)
        await connection.finish()


def _items(step: Step, number: int) -> list[dict[str, Any]]:
    saying = step.text if isinstance(step, Say) else step.saying if isinstance(step, Use) else ""
    items: list[dict[str, Any]] = []
    if saying:
        content = [{"type": "output_text", "text": saying, "annotations": []}]
        items.append(
            {
                "type": "message",
                "id": f"msg_{number}",
                "role": "assistant",
                "status": "completed",
                "content": content,
            }
        )
    if isinstance(step, Use):
        known = {"id": f"fc_{number}", "call_id": f"call_{number}", "name": step.tool}
        given = step.given
        if set(given) == {"input"}:
            call = {"type": "custom_tool_call", "input": given["input"]}
        else:
            call = {"type": "function_call", "arguments": json.dumps(given)}
        items.append({**call, **known, "status": "completed"})
    return items


def newest(items: list[dict[str, Any]]) -> tuple[str, int]:
    """The newest prompt of a person, and how many tool results followed it."""
    prompt, said = "", 0
    for item in items:
        if item["type"] in ("function_call_output", "custom_tool_call_output"):
            said += 1
        if item["type"] == "message" and item["role"] == "user":
            prompt = "\n".join(part.get("text", "") for part in item["content"])
            said = 0
    return prompt, said
