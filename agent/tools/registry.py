"""Tool definitions as they are sent to the model, and the check of what it sends back."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from agent.errors import AgentError
from agent.tools.inputs import INPUTS, ToolInput


class InvalidToolInput(AgentError):
    """The model named an unknown tool or wrote an input that does not fit; the text goes back."""


def definitions(description: Callable[[str], str]) -> list[dict[str, Any]]:
    """Build the `tools` array of a request, sorted by name.

    Args:
        description: gives the text for a tool's name.
    """
    return [
        {
            "name": name,
            "description": description(name),
            "input_schema": input_schema(model),
        }
        for name, model in sorted(INPUTS.items())
    ]


def changes(before: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]) -> str:
    """Announce to a conversation that began with other tools what counts from now on.

    What it began with stays at its beginning: changing a definition there would cost all that is
    cached, and the model may refuse to go on from a changed beginning.

    Args:
        before: the definitions that the conversation began with.
        now: those of this program.
    """
    known = {tool["name"]: tool for tool in before}
    present = {tool["name"]: tool for tool in now}
    lines = []
    for name, tool in present.items():
        if name not in known:
            lines.append(f"- {name} is new: {tool['description']}")
        elif tool["description"] != known[name]["description"]:
            lines.append(f"- {name}: {tool['description']}")
        if name not in known or tool["input_schema"] != known[name]["input_schema"]:
            schema = json.dumps(tool["input_schema"], ensure_ascii=False, separators=(",", ":"))
            lines.append(f"- {name} takes: {schema}")
    lines += [f"- {name} is gone; do not use it." for name in known if name not in present]
    if not lines:
        return "The tools are again exactly as this conversation began with."
    head = "Tungsten's tools changed since this conversation began. This counts from now on:"
    return "\n".join([head, *lines])


@functools.cache
def input_schema(model: type[ToolInput]) -> dict[str, Any]:
    """Give the JSON Schema of a tool's input, without what only costs tokens.

    Made once, as it takes a millisecond: whoever asks shares it and must not change it.
    """
    schema = model.model_json_schema()
    properties = {name: _plain(field) for name, field in schema.get("properties", {}).items()}
    result: dict[str, Any] = {"type": "object", "properties": properties}
    if schema.get("required"):
        result["required"] = schema["required"]
    result["additionalProperties"] = False
    return result


def parse(name: str, value: object) -> ToolInput:
    """Check a tool use.

    Raises:
        InvalidToolInput: one line that tells the model what is wrong.
    """
    model = INPUTS.get(name)
    if model is None:
        raise InvalidToolInput(f"there is no tool {name!r}; the tools are {', '.join(INPUTS)}")
    if not isinstance(value, Mapping):
        raise InvalidToolInput(f"{name}: the input must be a JSON object")
    try:
        return model.model_validate_json(json.dumps(value))
    except ValidationError as error:
        raise InvalidToolInput(f"{name}: {one_line_of(error)}") from error
    except ValueError as error:
        raise InvalidToolInput(f"{name}: {error}") from error


def _plain(field: dict[str, Any]) -> dict[str, Any]:
    """Drop titles and null alternatives; keep a default only where it says something."""
    field = {key: value for key, value in field.items() if key != "title"}
    alternatives = field.pop("anyOf", None)
    if alternatives is not None:
        kept = [each for each in alternatives if each.get("type") != "null"]
        field = {**kept[0], **field} if len(kept) == 1 else {"anyOf": kept, **field}
    if field.get("default") in (None, "", [], {}, False):
        field.pop("default", None)
    if "items" in field:
        field["items"] = _plain(field["items"])
    return field


def one_line_of(error: ValidationError) -> str:
    """Say in one line what is wrong with a tool's input."""
    parts = []
    for item in error.errors(include_url=False, include_context=False, include_input=False):
        where = ".".join(str(part) for part in item["loc"])
        message = item["msg"].removeprefix("Value error, ")
        parts.append(f"{where}: {message}" if where else message)
    return "; ".join(parts)
