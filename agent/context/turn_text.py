"""What Tungsten itself says to a model within a user turn: instructions, notes, the prompt."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from agent.context.instructions import Instructions
from agent.messages.breakpoints import ROLE
from agent.messages.sendable import ContentBlock, Message
from agent.protocol.commands.prompts import COORDINATE
from agent.sessions.session import instructions_block, text_block
from tungsten.recordings.masking import mask

CUT_OFF = (
    "Your message was cut off at the output limit; nothing of an unfinished tool use was run. "
    "Go on where you stopped, in smaller pieces."
)
DISCARDED = "Your previous message was interrupted by the person and discarded before it was whole."


_FROM_COORDINATOR = re.compile(
    r'<from-coordinator name="(?P<name>[^"]*)">\n(?P<text>.*)\n</from-coordinator>', re.DOTALL
)


def note(lines: Sequence[str]) -> ContentBlock:
    """A block with facts from Tungsten, told apart from what the person says."""
    return text_block("<tungsten-note>\n" + mask("\n".join(lines)) + "\n</tungsten-note>")


def marked(mark: str, name: str, text: str) -> str:
    """Put somebody else's words between marks with their name, which the words cannot end early."""
    body = text.replace(f"</{mark}", f"<\N{ZERO WIDTH SPACE}/{mark}")
    return f'<{mark} name="{name.replace(chr(34), "")}">\n{body}\n</{mark}>'


def spoken(prompt: str) -> str:
    """What of a prompt is said to the model: the task alone, where it is to be coordinated."""
    found = COORDINATE.match(prompt)
    return prompt[found.end() :] if found else prompt


def is_from_coordinator(text: str) -> bool:
    """Whether a prompt is another agent's, and not the person's."""
    return text.startswith("<from-coordinator ")


def shown_prompt(text: str) -> str:
    """A prompt as a conversation shows it: a coordinator's words without their marks."""
    found = _FROM_COORDINATOR.fullmatch(text)
    return f"{found['name']}: {found['text']}" if found else text


def role(name: str, text: str) -> ContentBlock:
    """A block that tells an agent its role in what follows."""
    return text_block(marked(ROLE, name, text))


def told_instructions(found: Instructions, known: str = "") -> str:
    """What is said of project instructions: in full, or in one line where their hash is known."""
    names = [str(file.path) for file in found.files]
    return instructions_block(mask(found.text), found.sha256, names, known)


def system_message(text: str, *, reminds: bool) -> Message:
    """Words of ours as a system message behind a user's.

    One that only reminds is shown until the next user message, and costs nothing after it.
    """
    message: Message = {"role": "system", "content": [text_block(text)]}
    return {**message, "clear_at": "next_user_message"} if reminds else message


def user_turn(
    prompts: Iterable[str],
    instructions: str,
    notes: Sequence[str],
    roles: Sequence[ContentBlock] = (),
    recalled: str = "",
    pictures: Sequence[ContentBlock] = (),
) -> list[ContentBlock]:
    """Build a user turn: project instructions, roles, notes, memories, then what the person said.

    What agents with one role have in common comes first, so that a prompt cache can hold it.

    Args:
        prompts: what the person said, one block each.
        instructions: what is said of them here, empty where that is said behind it.
        notes: facts that the agent must be told first.
        roles: roles that the agent takes on from now on.
        recalled: memories that fit, as a block of data.
        pictures: blocks that show what the prompts mention.
    """
    content = []
    if instructions:
        content.append(text_block(instructions))
    content.extend(roles)
    if notes:
        content.append(note(notes))
    if recalled:
        content.append(text_block(mask(recalled)))
    content.extend(pictures)
    content.extend(text_block(spoken(prompt)) for prompt in prompts)
    return content


def one_line(error: Exception) -> str:
    """Say an error in one line; system errors as `what: which file`."""
    if isinstance(error, OSError) and error.strerror:
        where = f": {Path(str(error.filename))}" if error.filename else ""
        return f"{error.strerror}{where}"
    return " ".join(str(error).split()) or type(error).__name__
