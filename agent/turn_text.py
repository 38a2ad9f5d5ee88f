"""What Tungsten itself says to a model within a user turn: instructions, notes, the prompt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from agent.instructions import Instructions
from agent.session import ContentBlock, instructions_block, text_block
from tungsten.masking import mask

CUT_OFF = (
    "Your message was cut off at the output limit; nothing of an unfinished tool use was run. "
    "Go on where you stopped, in smaller pieces."
)
DISCARDED = "Your previous message was interrupted by the person and discarded before it was whole."


def note(lines: Sequence[str]) -> ContentBlock:
    """A block with facts from Tungsten, told apart from what the person says."""
    return text_block("<tungsten-note>\n" + mask("\n".join(lines)) + "\n</tungsten-note>")


def user_turn(
    prompts: Iterable[str], instructions: Instructions, known: str, notes: Sequence[str]
) -> list[ContentBlock]:
    """Build a user turn: project instructions, notes, then what the person said.

    Args:
        prompts: what the person said, one block each.
        instructions: as they are on disk now.
        known: hash of the instructions last sent in full.
        notes: facts that the agent must be told first.
    """
    content = []
    told = instructions_block(
        mask(instructions.text),
        instructions.sha256,
        [str(file.path) for file in instructions.files],
        known,
    )
    if told:
        content.append(text_block(told))
    if notes:
        content.append(note(notes))
    content.extend(text_block(prompt) for prompt in prompts)
    return content


def one_line(error: Exception) -> str:
    """Say an error in one line; system errors as `what: which file`."""
    if isinstance(error, OSError) and error.strerror:
        where = f": {Path(str(error.filename))}" if error.filename else ""
        return f"{error.strerror}{where}"
    return " ".join(str(error).split()) or type(error).__name__
