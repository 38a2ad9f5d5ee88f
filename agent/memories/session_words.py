"""What was said in a session, by whom, and what of it a model's answer may keep.

Who said something follows from where it stands in the transcript, never from what an answer says
of it. What was recalled from memory is marked there, and is nobody's words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from agent.context.summary import prompts_of
from agent.context.turn_text import is_from_coordinator
from agent.memories.remembering import CONFIDENCE
from agent.sessions.conversation import OWN_SECTIONS, shortened
from agent.tools.inputs import MemorySave
from agent.tools.memory import SHORTEST_QUOTE, stated
from agent.turns.asking_apart import NoAnswer, rows_of
from memory.memories import MAX_CHARACTERS
from memory.orders import gives_orders, takes_over
from memory.transcript import Row
from memory.versions import Memory, Source
from memory.words import content, normalise, share
from tungsten.recordings.masking import MASK, holds_secret, mask

Speaker = Literal["person", "agent", "tool"]

ROOM = 60_000
"""Characters that are told of a session: about 15,000 tokens."""

LONGEST = {"person": 6_000, "agent": 2_000, "tool": 1_500}
"""Characters of one message that are told."""

MOST = 10
"""Memories of one answer that are kept."""

AGAIN = 0.8
"""Share of a text's words from which on it repeats something that was recalled."""

_ANSWERED = "The person answers: "
_MEMORY_TOOLS = ("memory_save", "memory_search")
_SECTION = "<tungsten-memory>"
_SPACE = re.compile(r"\s+")
_FIELDS = {"message", "quote", "text", "type", "scope"}


@dataclass(frozen=True, slots=True)
class Said:
    """One message, or a part of one, as it is told; `seq` is its row in the transcript."""

    seq: int
    who: Speaker
    text: str


@dataclass(slots=True)
class SessionWords:
    """A session, or the end of one, read."""

    said: list[Said] = field(default_factory=list)
    recalled: list[str] = field(default_factory=list)
    """Texts that stand in it because they were remembered before."""

    @property
    def persons(self) -> str:
        """All that the person said, secrets masked."""
        return "\n".join(one.text for one in self.said if one.who == "person")

    def told(self) -> Iterator[Mapping[str, Any]]:
        """The messages, numbered, as rows of data."""
        for number, one in enumerate(self.said, 1):
            yield {"message": number, "who": one.who, "text": one.text}


def read(rows: Iterable[Row]) -> SessionWords:
    """Read rows of a transcript; what does not fit is left out, the person's words last."""
    words = SessionWords()
    tools: dict[str, str] = {}
    for row in rows:
        try:
            message = json.loads(row.payload)
            if row.role in ("user", "assistant"):
                _read(message, row, words, tools)
        except (ValueError, KeyError, TypeError, AttributeError):
            # A text that was removed, or what another version wrote.
            continue
    words.said = _fitting(words.said)
    return words


def memories_of(
    answer: str, words: SessionWords, session_id: str, project: Path, known: Iterable[str] = ()
) -> list[Memory]:
    """What an answer keeps of a session, as memories that are not stored yet.

    Whatever does not rest on words that stand there, holds a secret, or was recalled or known
    before is left out.

    Raises:
        NoAnswer: it is not in the format.
    """
    before = {tuple(normalise(text)) for text in known}
    found: list[Memory] = []
    for row in rows_of(answer, "memories"):
        memory = _memory(row, words, session_id, project)
        if memory is not None and (key := tuple(normalise(memory.text))) not in before:
            before.add(key)
            found.append(memory)
    return found[:MOST]


def _memory(
    row: Mapping[str, Any], words: SessionWords, session_id: str, project: Path
) -> Memory | None:
    number = row.get("message")
    if set(row) != _FIELDS or type(number) is not int or not 1 <= number <= len(words.said):
        return None
    said = words.said[number - 1]
    try:
        given = MemorySave.model_validate({key: row[key] for key in _FIELDS - {"message"}})
    except ValueError:
        return None
    text, quote = given.text.strip(), given.quote
    if len(_SPACE.sub(" ", quote).strip()) < SHORTEST_QUOTE or quote not in said.text:
        return None
    if MASK in quote or len(text) > MAX_CHARACTERS or holds_secret(text) or holds_secret(quote):
        return None
    source: Source = "tool_observed" if said.who == "tool" else "agent_inferred"
    if said.who == "person" and stated(text, quote, words.persons):
        source = "user_stated"
    if source != "user_stated" and _was_recalled(text, quote, words.recalled):
        return None
    held = source == "agent_inferred" and (gives_orders(text) or takes_over(text))
    return Memory(
        "",
        text,
        type=given.type,
        scope=given.scope,
        project=str(project) if given.scope == "project" else None,
        source=source,
        session_id=session_id,
        message=said.seq,
        quote=quote,
        confidence=CONFIDENCE[source],
        status="quarantined" if held else "active",
    )


def _was_recalled(text: str, quote: str, recalled: Sequence[str]) -> bool:
    own = content(normalise(text))
    return any(quote in other or share(own, other) >= AGAIN for other in recalled)


def _read(message: Mapping[str, Any], row: Row, words: SessionWords, tools: dict[str, str]) -> None:
    blocks = message["content"]
    if isinstance(blocks, str):
        blocks = [{"type": "text", "text": blocks}]
    if row.role == "assistant":
        for block in blocks:
            if block.get("type") == "tool_use":
                tools[str(block["id"])] = str(block.get("name"))
            elif block.get("type") == "text":
                _add(words, row, "agent", str(block["text"]))
        return
    for text in prompts_of({"role": "user", "content": blocks}):
        _add(words, row, "agent" if is_from_coordinator(text) else "person", text)
    for block in blocks:
        text = str(block.get("text", ""))
        if text.startswith(_SECTION):
            words.recalled += text.splitlines()
        if block.get("type") == "tool_result":
            _result(block, row, words, tools.get(str(block.get("tool_use_id")), ""))


def _result(block: Mapping[str, Any], row: Row, words: SessionWords, tool: str) -> None:
    inner = block.get("content", "")
    if not isinstance(inner, str):
        inner = "\n".join(str(part.get("text", "")) for part in inner)
    if tool in _MEMORY_TOOLS:
        words.recalled += inner.splitlines()
    elif tool == "ask_person" and inner.startswith(_ANSWERED):
        _add(words, row, "person", inner.removeprefix(_ANSWERED))
    elif not inner.startswith(OWN_SECTIONS):
        _add(words, row, "agent" if tool.startswith("worker_") else "tool", inner)


def _add(words: SessionWords, row: Row, who: Speaker, text: str) -> None:
    if text.strip():
        words.said.append(Said(row.seq, who, shortened(mask(text), LONGEST[who])))


def _fitting(said: Sequence[Said]) -> list[Said]:
    """What fits: the person's words first, then the agent's, then the tools', the last first."""
    room = ROOM
    kept: set[int] = set()
    for who in ("person", "agent", "tool"):
        for place in range(len(said) - 1, -1, -1):
            one = said[place]
            if one.who == who and len(one.text) <= room:
                room -= len(one.text)
                kept.add(place)
    return [one for place, one in enumerate(said) if place in kept]


__all__ = ["NoAnswer", "Said", "SessionWords", "memories_of", "read"]
