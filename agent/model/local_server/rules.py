"""The Messages API's documented rules that no type can say.

Each check stands for one documented 400. Wording follows the real answers, so that what a client
learns to recognise here is what it will meet there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from agent.model.local_server import images, options, system_messages
from agent.model.local_server.errors import ApiError, invalid
from agent.model.local_server.models import ServedModel

API_VERSIONS = ("2023-01-01", "2023-06-01", "2026-10-21")
"""Values of `anthropic-version`. Source: the API's versioning page and the SDK's constant."""

SAMPLING_REMOVED = "2026-10-21"
"""From this version on, sampling parameters are unknown fields to every model."""

SAMPLING = ("temperature", "top_p", "top_k")
MAX_BREAKPOINTS = 4
MAX_MESSAGES = 100_000

_TOOL_NAME = re.compile(r"^[a-zA-Z0-9_-]{1,128}$")
_TOOL_USE_ID = re.compile(r"^[a-zA-Z0-9_-]+$")

Block = Mapping[str, Any]


def blocks_of(content: str | list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The content of a message or system prompt as blocks."""
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def take_sampling(body: dict[str, Any], version: str, model: ServedModel | None) -> None:
    """Check and remove sampling parameters, which only older API versions know.

    Raises:
        ApiError: the model refuses them, or a value is out of range.
    """
    if version >= SAMPLING_REMOVED:
        return
    for name in SAMPLING:
        if name not in body:
            continue
        value = body.pop(name)
        if model is not None and not model.sampling:
            raise invalid(f"`{name}` is deprecated for this model.")
        top = 1 if name != "top_k" else 500
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= top:
            raise invalid(f"{name}: range: 0..{top}")


def check(body: Mapping[str, Any], model: ServedModel, betas: Iterable[str] = ()) -> None:
    """Apply every rule to a body that has the right shape.

    Args:
        body: the request.
        model: that it is for.
        betas: that it switches on.

    Raises:
        ApiError: the first rule that is broken.
    """
    _check_limits(body, model)
    _check_roles(body["messages"], model, replied=body.get("compaction") is None)
    system_messages.check(body["messages"], model, betas)
    _check_texts(body)
    _check_tools(body)
    _check_tool_use(body)
    _check_breakpoints(body)
    options.check(body, model)
    _check_images(body["messages"], model)


def _check_limits(body: Mapping[str, Any], model: ServedModel) -> None:
    most = body.get("max_tokens", 0)
    if most < 0:
        raise invalid("max_tokens: Input should be greater than or equal to 0")
    if most > model.max_output:
        raise invalid(
            f"max_tokens: {most} > {model.max_output}, which is the maximum allowed number of "
            f"output tokens for {model.id}"
        )
    if not body["messages"]:
        raise invalid("messages: at least one message is required")
    if len(body["messages"]) > MAX_MESSAGES:
        raise invalid(f"messages: List should have at most {MAX_MESSAGES} items")


def _check_roles(messages: list[dict[str, Any]], model: ServedModel, *, replied: bool) -> None:
    before = ""
    begin = blocks_of(messages[0]["content"])[:1] if messages else []
    compacted = bool(begin) and begin[0]["type"] == "compaction"
    for role in (message["role"] for message in messages if message["role"] != "system"):
        if not before and role != "user" and not compacted:
            raise invalid('messages: first message must use the "user" role')
        before = role
    if before == "assistant" and replied and not model.prefill:
        raise invalid(
            "This model does not support assistant message prefill. "
            "The conversation must end with a user message."
        )


def _check_texts(body: Mapping[str, Any]) -> None:
    last = len(body["messages"]) - 1
    for number, message in enumerate(body["messages"]):
        effort = message["role"] == "system" and (message.get("output_config") or {}).get("effort")
        ends = number == last and message["role"] == "assistant"
        if not message["content"] and not ends and not effort:
            raise invalid(
                f"messages.{number}: {message['role']} messages must have non-empty content"
            )
    for block in _text_blocks(body):
        if not block["text"]:
            if block.get("cache_control"):
                raise invalid("cache_control cannot be set for empty text blocks")
            raise invalid("messages: text content blocks must be non-empty")
        if block["text"].isspace():
            raise invalid("messages: text content blocks must contain non-whitespace text")


def _text_blocks(body: Mapping[str, Any]) -> Iterator[Block]:
    yield from blocks_of(body["system"]) if body.get("system") else ()
    for message in body["messages"]:
        if isinstance(message["content"], str) and not message["content"]:
            continue
        for block in blocks_of(message["content"]):
            if block["type"] == "text":
                yield block


def _check_tools(body: Mapping[str, Any]) -> None:
    names: set[str] = set()
    for number, tool in enumerate(body.get("tools", ())):
        name = tool.get("name", "")
        if "input_schema" in tool and not _TOOL_NAME.match(name):
            raise invalid(
                f"tools.{number}.custom.name: String should match pattern "
                f"'^[a-zA-Z0-9_-]{{1,128}}$'"
            )
        if name and name in names:
            raise invalid("tools: Tool names must be unique.")
        names.add(name)
    choice = body.get("tool_choice", {})
    if choice.get("type") == "tool" and choice["name"] not in names:
        raise invalid(f"tool_choice.tool.name: Tool '{choice['name']}' not found in provided tools")
    if choice and not names:
        raise invalid("tool_choice may only be specified while providing tools.")


def _check_tool_use(body: Mapping[str, Any]) -> None:
    seen: set[str] = set()
    waiting: list[str] = []
    used = False
    for number, role, blocks in _turns(body["messages"]):
        results = [block for block in blocks if block["type"] == "tool_result"]
        uses = [block for block in blocks if block["type"] == "tool_use"]
        used = used or bool(results or uses)
        if role == "user":
            if uses:
                raise invalid(
                    f"messages.{number}: `tool_use` blocks can only be in `assistant` messages"
                )
            _check_results(number, blocks, results, waiting)
            waiting = []
        else:
            if results:
                raise invalid(
                    f"messages.{number}: `tool_result` blocks can only be in `user` messages"
                )
            waiting = []
            for block in uses:
                if not _TOOL_USE_ID.match(block["id"]):
                    raise invalid(
                        f"messages.{number}.content.tool_use.id: String should match pattern "
                        f"'^[a-zA-Z0-9_-]+$'"
                    )
                if block["id"] in seen:
                    raise invalid(f"messages.{number}: `tool_use` ids must be unique")
                seen.add(block["id"])
                waiting.append(block["id"])
    if waiting:
        raise _unanswered(len(body["messages"]) - 1, waiting)
    if used and not body.get("tools"):
        raise invalid("Requests which include `tool_use` or `tool_result` blocks must define tools")


def _check_results(
    number: int, blocks: list[dict[str, Any]], results: list[dict[str, Any]], waiting: list[str]
) -> None:
    answered: set[str] = set()
    for position, block in enumerate(results):
        id_ = block["tool_use_id"]
        if id_ not in waiting:
            raise invalid(
                f"messages.{number}.content.{position}: unexpected `tool_use_id` found in "
                f"`tool_result` blocks: {id_}. Each `tool_result` block must have a corresponding "
                f"`tool_use` block in the previous message."
            )
        if id_ in answered:
            raise invalid(
                f"messages.{number}.content.{position}: each tool_use must have a single result. "
                f"Found multiple `tool_result` blocks with id: {id_}"
            )
        answered.add(id_)
    missing = [id_ for id_ in waiting if id_ not in answered]
    # Results come first: text before them parts them from their tool uses.
    if missing or blocks[: len(results)] != results:
        raise _unanswered(number - 1, missing or waiting)


def _unanswered(number: int, ids: list[str]) -> ApiError:
    return invalid(
        f"messages.{number}: `tool_use` ids were found without `tool_result` blocks immediately "
        f"after: {', '.join(ids)}. Each `tool_use` block must have a corresponding `tool_result` "
        f"block in the next message."
    )


def _turns(messages: list[dict[str, Any]]) -> Iterator[tuple[int, str, list[dict[str, Any]]]]:
    """Messages as turns: consecutive ones of a role are one turn, system messages are aside."""
    turn: tuple[int, str, list[dict[str, Any]]] | None = None
    for number, message in enumerate(messages):
        if message["role"] == "system":
            continue
        if turn is not None and turn[1] == message["role"]:
            turn[2].extend(blocks_of(message["content"]))
            continue
        if turn is not None:
            yield turn
        turn = (number, message["role"], list(blocks_of(message["content"])))
    if turn is not None:
        yield turn


def _check_breakpoints(body: Mapping[str, Any]) -> None:
    marks = [
        block["cache_control"] for block in cacheable_blocks(body) if block.get("cache_control")
    ]
    if body.get("cache_control"):
        last = blocks_of(body["messages"][-1]["content"])[-1].get("cache_control")
        if last is None:
            marks.append(body["cache_control"])
        elif last.get("ttl", "5m") != body["cache_control"].get("ttl", "5m"):
            raise invalid(
                "cache_control: the last block has a breakpoint with another ttl than the request"
            )
    if len(marks) > MAX_BREAKPOINTS:
        raise invalid(
            f"A maximum of {MAX_BREAKPOINTS} blocks with cache_control may be provided. "
            f"Found {len(marks)}."
        )
    short = False
    for mark in marks:
        if mark.get("ttl", "5m") == "5m":
            short = True
        elif short:
            raise invalid(
                "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control "
                "block. Note that blocks are processed in the following order: tools, "
                "system, messages."
            )


def _check_images(messages: list[dict[str, Any]], model: ServedModel) -> None:
    found = []
    for number, message in enumerate(messages):
        for position, block in enumerate(blocks_of(message["content"])):
            place = f"messages.{number}.content.{position}"
            inner = block.get("content")
            if block["type"] == "image":
                if message["role"] != "user":
                    raise invalid(
                        f"{place}: 'image' blocks are not permitted within assistant turns"
                    )
                found.append((place, block))
            elif block["type"] == "tool_result" and isinstance(inner, list):
                if block.get("is_error") and any(part["type"] != "text" for part in inner):
                    raise invalid(
                        f'{place}.tool_result: all content must be type "text" '
                        'if "is_error" is true'
                    )
                found += [
                    (f"{place}.tool_result.content.{at}", part)
                    for at, part in enumerate(inner)
                    if part["type"] == "image"
                ]
    most = images.most(model.context_window)
    if len(found) > most:
        raise invalid(f"too many images and documents: {len(found)} + 0 > {most}")
    for place, block in found:
        if not model.images:
            raise invalid(f"{place}: '{model.id}' does not support image input.")
        images.check(block["source"], f"{place}.image.source", many=len(found) > images.FEW)


def cacheable_blocks(body: Mapping[str, Any]) -> Iterator[Block]:
    """Every block in the order of the cache's prefix: tools, system, messages."""
    yield from body.get("tools", ())
    yield from blocks_of(body["system"]) if body.get("system") else ()
    for message in body["messages"]:
        for block in blocks_of(message["content"]):
            yield block
            # A breakpoint may stand inside a tool result; it belongs to that block's position.
            inner = block.get("content")
            if block["type"] == "tool_result" and isinstance(inner, list):
                yield from (part for part in inner if part.get("cache_control"))
