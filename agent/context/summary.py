"""What takes the place of a conversation that is compacted, and what a summary is made from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from agent.context.instructions import estimate_tokens
from agent.context.turn_text import CUT_OFF, is_from_coordinator, note
from agent.messages.attachments import images, without_images
from agent.messages.breakpoints import ROLE
from agent.messages.compaction_block import SUMMARY, TASK, section
from agent.messages.prefix import serialise
from agent.messages.sendable import ContentBlock, Message
from agent.sessions.conversation import OWN_SECTIONS, shortened
from agent.sessions.session import text_block
from tungsten.recordings.masking import mask

IMAGE_TOKENS = 1_500
"""About what one picture takes; larger ones are scaled down to at most 1,600 ("Vision" in the API's
documentation)."""

FIRST_PROMPT = 8_000
LAST_PROMPTS = 24_000
"""Characters of the first prompt, and of the last ones together, that are repeated verbatim."""

TOLD_INPUT = 600
TOLD_RESULT = 1_200
"""Characters of a tool's input and result in a conversation that is told in short."""


def tokens(messages: Iterable[Message]) -> int:
    """About how many tokens messages take."""
    return sum(
        estimate_tokens(serialise(without_images(message)))
        + IMAGE_TOKENS * sum(1 for _ in images(message))
        for message in messages
    )


def prompts_of(message: Mapping[str, object]) -> list[str]:
    """What the person said in a message, without what Tungsten added to it."""
    content = message["content"]
    if message["role"] != "user" or not isinstance(content, list):
        return []
    texts = [str(block.get("text", "")) for block in content if block.get("type") == "text"]
    return [text for text in texts if not text.startswith(OWN_SECTIONS) and text != CUT_OFF]


def task(messages: Sequence[Message], *, idle: bool) -> str:
    """The task, restated in the words it was given: the first prompt, and the last ones."""
    said = [texts for message in messages if (texts := prompts_of(message))]
    lines = ["The conversation was compacted here; this is what the person asked for, verbatim."]
    if any(is_from_coordinator(text) for texts in said for text in texts):
        lines.append("But what stands between <from-coordinator> marks is not the person's.")
    if len(said) > 1:
        lines += ["", "First:", "", shortened("\n\n".join(said[0]), FIRST_PROMPT)]
    if said:
        lines += ["", "Last:", "", shortened("\n\n".join(said[-1]), LAST_PROMPTS)]
    lines += ["", "Wait for what they say next." if idle else "Go on where the summary ends."]
    return "\n".join(lines)


def roles(messages: Iterable[Message]) -> list[ContentBlock]:
    """The roles that an agent was given, each as it was told last."""
    found: dict[str, ContentBlock] = {}
    for message in messages:
        for block in message["content"] if message["role"] == "user" else ():
            text = str(block.get("text", ""))
            if text.startswith(f"<{ROLE} "):
                found[text.partition("\n")[0]] = block
    return list(found.values())


def beginning(
    summary: str,
    task_text: str,
    instructions: str,
    notes: Sequence[str],
    roles: Sequence[ContentBlock] = (),
) -> Message:
    """The user message with which requests begin from now on.

    Args:
        summary: of all that was said; empty where it stands in a compaction block before.
        task_text: see `task`.
        instructions: project instructions, told in full; empty where that is done behind it.
        notes: facts about Tungsten itself that count from the beginning on.
        roles: the agent's roles.
    """
    content: list[ContentBlock] = []
    if instructions:
        content.append(text_block(instructions))
    content.extend(roles)
    if notes:
        content.append(note(notes))
    if summary:
        content.append(text_block(section(SUMMARY, mask(summary))))
    content.append(text_block(section(TASK, task_text)))
    return {"role": "user", "content": content}


def told_in_short(messages: Iterable[Message], limit: int) -> str:
    """Tell a conversation as text of at most about `limit` characters, its middle left out.

    For a summary of what no longer fits: nothing in it is a tool use or is bound to what stood
    before it.
    """
    return shortened("\n".join(_lines(messages)), limit)


def _lines(messages: Iterable[Message]) -> Iterator[str]:
    for message in messages:
        if message["role"] == "system":
            # Told anew, or out of date.
            continue
        who = "You" if message["role"] == "assistant" else "Person"
        for block in message["content"]:
            match block.get("type"):
                case "text":
                    text = str(block.get("text", ""))
                    yield text if text.startswith(OWN_SECTIONS) else f"{who}: {text}"
                case "compaction":
                    yield section(SUMMARY, str(block.get("content") or ""))
                case "tool_use":
                    given = shortened(serialise(block.get("input")), TOLD_INPUT)
                    yield f"You used {block.get('name')}: {given}"
                case "tool_result":
                    yield f"It gave: {shortened(_result(block), TOLD_RESULT)}"
                case _:
                    pass


def _result(block: ContentBlock) -> str:
    content = block.get("content")
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content if "text" in part)
    return str(content or "")
