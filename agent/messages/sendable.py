"""Messages as they are sent: what of a conversation an endpoint and a model are told, and how.

Rows stay as they were written, also those that not every model takes. What one does not take is
told otherwise, by rules that give the same text for the same rows, now and after any restart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.messages.attachments import without_images
from agent.messages.compaction_block import as_text, is_compacted

Message = dict[str, Any]
ContentBlock = dict[str, Any]

CLEAR_BETA = "mid-conversation-system-clear-at-2026-08-21"
"""Switches on `clear_at`, for each request that carries it. Source: "Mid-conversation system
messages" in the API's documentation."""

EFFORT_BETA = "mid-conversation-output-config-2026-07-01"
"""Switches on an effort within the conversation. Source: "Per-message effort" there."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a conversation is sent: what of it is taken as it is stored."""

    images: bool = True
    """Otherwise a line of text stands for each."""

    signed: bool = True
    """A compaction block, which only the endpoint that signed it takes, and thinking, which is
    bound to what stood before it. Otherwise its text stands for the one, and nothing for the other.
    """

    system: bool = True
    """Messages of role `system`. Otherwise their text stands at the end of the user message that
    they follow."""

    effort: bool = True
    """Messages that change the effort. Otherwise they are left out."""


AS_STORED = Form()


def effort_message(level: str) -> Message:
    """A message that changes the effort from the next user message on ("Per-message effort")."""
    return {"role": "system", "content": [], "output_config": {"effort": level}}


def effort_of(message: Mapping[str, Any]) -> str:
    """The effort that a message changes to; empty where it is no such message."""
    if message["role"] != "system" or message["content"]:
        return ""
    return str((message.get("output_config") or {}).get("effort") or "")


def clears(message: Mapping[str, Any]) -> bool:
    """Whether a message is shown to the model only until the next user message."""
    return message.get("clear_at") == "next_user_message"


def betas_of(messages: Iterable[Mapping[str, Any]]) -> list[str]:
    """The betas that messages need."""
    found = set()
    for message in messages:
        if message["role"] == "system":
            found |= {CLEAR_BETA} if clears(message) else set()
            found |= {EFFORT_BETA} if effort_of(message) else set()
    return sorted(found)


def sendable(messages: Iterable[Message], form: Form = AS_STORED) -> list[Message]:
    """Messages as they are sent: without blank texts, and without messages of nothing else.

    The API does not take them back: its 400 says "text content blocks must contain non-whitespace
    text". Nor does it take a system message that neither ends the conversation nor stands before
    an answer, as after a turn that ended without one: its text then stands at the end of the user
    message that it follows.
    """
    return [message for _, message in numbered(messages, form)]


def numbered(messages: Iterable[Message], form: Form = AS_STORED) -> list[tuple[int, Message]]:
    """As `sendable`, each with its place, from 0, among those that were given."""
    kept: list[tuple[int, Message]] = []
    for place, message in enumerate(messages):
        if not form.signed and is_compacted(message):
            message = as_text(message)
        if effort_of(message):
            if form.effort:
                kept.append((place, message))
            continue
        content = [block for block in message["content"] if _is_sent(block, form)]
        if content:
            whole = len(content) == len(message["content"])
            kept.append((place, message if whole else {**message, "content": content}))
    found: list[tuple[int, Message]] = []
    last = ""
    for at, (place, message) in enumerate(kept):
        if message["role"] != "system":
            last = message["role"]
        elif not effort_of(message) and not (
            form.system and last == "user" and _closed_by(kept, at) != "user"
        ):
            _tell_as_user(found, place, message["content"])
            last = "user"
            continue
        found.append((place, message))
    if form.images:
        return found
    return [(place, without_images(message)) for place, message in found]


def _closed_by(messages: Sequence[tuple[int, Message]], at: int) -> str:
    """The role of the next message that is no system message; empty where there is none."""
    following = (messages[index][1]["role"] for index in range(at + 1, len(messages)))
    return next((role for role in following if role != "system"), "")


def _tell_as_user(
    found: list[tuple[int, Message]], place: int, content: Sequence[ContentBlock]
) -> None:
    if found and found[-1][1]["role"] == "user":
        before, message = found[-1]
        found[-1] = (before, {**message, "content": [*message["content"], *content]})
    else:
        found.append((place, {"role": "user", "content": list(content)}))


def without_unbound(
    messages: Sequence[Message], forms: Mapping[int, Form], form: Form
) -> Sequence[Message]:
    """Messages without the thinking that was written behind something that is told otherwise now.

    It is bound to what stood before it, and would be refused.

    Args:
        messages: as they are stored.
        forms: how the requests were sent that were answered with them, by place, from 0.
        form: how they are to be sent.
    """
    if all((each.system, each.effort) == (form.system, form.effort) for each in forms.values()):
        return messages
    found = []
    told = changed = False
    for place, message in enumerate(messages):
        if message["role"] == "system":
            told, changed = told or not effort_of(message), changed or bool(effort_of(message))
        was = forms.get(place, form)
        otherwise = (told and was.system != form.system) or (changed and was.effort != form.effort)
        if message["role"] == "assistant" and otherwise:
            content = [block for block in message["content"] if block.get("type") not in _BOUND]
            message = {**message, "content": content}
        found.append(message)
    return found


def lasting(messages: Sequence[Message]) -> int:
    """How many of the messages that a request ends with stay as they are, whatever follows.

    A system message at the end may be told otherwise later, and so may stand what is told of it
    at the end of a user message: the last of those that stay is then still open.
    """
    count = len(messages)
    while count and messages[count - 1]["role"] == "system":
        count -= 1
    return count


_BOUND = ("thinking", "redacted_thinking")
"""Kinds of blocks that are bound to what stood before them."""


def _is_sent(block: ContentBlock, form: Form) -> bool:
    match block.get("type"):
        case "text":
            return bool(str(block.get("text") or "").strip())
        case kind:
            return form.signed or kind not in _BOUND
