"""Scenes behind the Gemini API: `generateContent` and `streamGenerateContent`.

Source: Google's Gemini API reference, "Generating content".
"""

from __future__ import annotations

import json
from typing import Any

from agent.model.local_server.http import HttpConnection, HttpRequest
from tests.real_agents.event_server import STREAM_TYPE, EventServer
from tests.real_agents.scripted import Fail, Say, Scenes, Step, Use

KEY = "orchard-0123456789"


class GeminiServer(EventServer):
    """Plays scenes to whoever asks by the Gemini API."""

    def __init__(self, scenes: Scenes) -> None:
        super().__init__()
        self.scenes = scenes

    async def serve(self, connection: HttpConnection, request: HttpRequest) -> bool:
        _, _, method = request.path.rpartition(":")
        if request.method != "POST" or "/models/" not in request.path:
            return False
        if method == "countTokens":
            await self.json(connection, {"totalTokens": 900})
            return True
        if method not in ("generateContent", "streamGenerateContent"):
            return False
        body = json.loads(request.body)
        step: Step = Say("Orchard")
        if body.get("generationConfig", {}).get("responseJsonSchema") or not body.get("tools"):
            step = Say(json.dumps(_sorted(body)))
        else:
            step = await self.scenes.step(*newest(body["contents"]), json.dumps(body["contents"]))
        if isinstance(step, Fail):
            error = {"code": step.status, "message": step.message, "status": "INVALID_ARGUMENT"}
            await self.json(connection, {"error": error}, step.status)
            return True
        answer = _answer(step)
        if method == "generateContent":
            await self.json(connection, answer)
            return True
        await connection.start(200, STREAM_TYPE)
        await connection.send(f"data: {json.dumps(answer)}\r\n\r\n".encode())
        await connection.finish()
        return True


def _sorted(body: dict[str, Any]) -> dict[str, Any]:
    """An answer for the calls by which the client asks which model to take, or who speaks next."""
    schema = body.get("generationConfig", {}).get("responseJsonSchema", {})
    known = {
        "next_speaker": "user",
        "reasoning": "It is done.",
        "model_choice": "pro",
        "complexity_reasoning": "Simple.",
        "complexity_score": 10,
    }
    return {name: known.get(name, "") for name in schema.get("properties", {})}


def _answer(step: Step) -> dict[str, Any]:
    parts: list[dict[str, Any]] = []
    saying = step.text if isinstance(step, Say) else step.saying if isinstance(step, Use) else ""
    if saying:
        parts.append({"text": saying})
    if isinstance(step, Use):
        parts.append({"functionCall": {"name": step.tool, "args": step.given}})
    content = {"role": "model", "parts": parts}
    usage = {"promptTokenCount": 900, "candidatesTokenCount": 20, "totalTokenCount": 920}
    return {
        "candidates": [{"content": content, "finishReason": "STOP", "index": 0}],
        "usageMetadata": usage,
    }


def newest(contents: list[dict[str, Any]]) -> tuple[str, int]:
    """The newest prompt of a person, and how many tool results followed it."""
    prompt, said = "", 0
    for content in contents:
        if content.get("role") != "user":
            continue
        if any("functionResponse" in part for part in content["parts"]):
            said += 1
        else:
            prompt = "\n".join(part.get("text", "") for part in content["parts"])
            said = 0
    return prompt, said
