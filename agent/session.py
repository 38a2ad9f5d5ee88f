"""One agent's conversation with the model: an append-only transcript and the requests made of it.

Rows are stored exactly as sent and received: a row of role `user` or `assistant` holds one Messages
API message (images by digest, see `agent.attachments`), a row of role `event` holds something of
ours that is never sent (a finished block of the conversation as the person sees it, a note, what a
request consisted of). Nothing is ever edited; a request is always the rows so far, with cache
breakpoints put on copies while sending. What was compacted stays where it is and is no longer sent:
a request then begins with the rows that took its place.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.attachments import (
    attached,
    characters,
    detached,
    images,
    png_block,
    without_images,
)
from agent.compaction_block import as_text, is_compacted
from agent.errors import AgentError
from agent.prefix import Difference, blocks, difference, message_blocks, prefix, serialise
from memory.database import Database
from memory.digest import canonical_sha256, first_prefix, next_prefix, sha256
from memory.sessions import SessionRecord
from memory.transcript import Row

Message = dict[str, Any]
ContentBlock = dict[str, Any]

SYSTEM_CACHE = {"type": "ephemeral", "ttl": "1h"}
"""Tools and system never change within a session: worth the long time to live."""

TAIL_CACHE = {"type": "ephemeral"}
"""Messages grow with each request, minutes apart at most."""

MARK_EVERY = 15
"""Least blocks from one breakpoint of the conversation to the next. A breakpoint finds what an
earlier request wrote up to 19 blocks before it (prompt caching documentation, "lookback window"),
so between breakpoints this far apart no block is out of reach."""

MAX_MARKS = 3
"""Breakpoints on the conversation; the API takes four in all, and one is the system prompt's."""

ROLE = "tungsten-role"
"""Mark around a block that tells an agent its role: the same for all that have it."""

BLOCK_DIGITS = 12
"""Hex digits kept of each block's digest: enough to find the one that differs."""

FORGOTTEN = "[removed at the person's request]"
"""What is sent in the place of a row whose text was tombstoned."""

MAX_IMAGES = 100
"""Images that a request may carry; some models take more. Source: "Vision" in the API's
documentation."""

MAX_IMAGE_CHARACTERS = 16 * 1024 * 1024
"""Base64 after which no more images are added: half of the largest request that the API takes."""

_INSTRUCTIONS = re.compile(r'^<project-instructions sha256="([0-9a-f]+)"')


class SessionDamaged(AgentError):
    """The stored transcript cannot be continued."""


def clean(text: str) -> str:
    """Make any text fit to be sent: no lone surrogates, no NUL."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\N{SYMBOL FOR NULL}")


def text_block(text: str) -> ContentBlock:
    """A text block."""
    return {"type": "text", "text": clean(text) or " "}


def tool_result(
    tool_use_id: str, text: str, *, is_error: bool = False, png: bytes | None = None
) -> ContentBlock:
    """A tool_result block, its image before its text; `is_error` is only written when true."""
    block: ContentBlock = {
        "type": "tool_result",
        "tool_use_id": tool_use_id,
        "content": clean(text) or "(no output)",
    }
    if png is not None:
        block["content"] = [png_block(png), text_block(text)]
    if is_error:
        block["is_error"] = True
    return block


@dataclass(slots=True)
class Session:
    """A live transcript. `system` and `tools` are what the session was born with."""

    id: str
    system: list[ContentBlock]
    tools: list[dict[str, Any]]
    database: Database
    messages: list[Message] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    damaged: bool = False
    stopped: bool = False
    """Whether the last turn ended before the model had answered for good."""
    first: int = 0
    """Which message requests begin with: the first of what took the place of what was compacted."""
    compacted_by: tuple[str, str] = ("", "")
    """Model and address of the endpoint that signed the compaction block of the first message."""
    held: set[str] = field(default_factory=set)
    """Tool uses that must not run, whatever the transcript says: their input is not whole."""
    _sent: str = ""
    """The prefix of the last request, empty before the first."""
    _sent_messages: int = 0
    """How many messages it had."""
    _sent_images: bool = True
    """Whether it carried its images."""
    _sent_signed: bool = True
    """Whether its compaction block, if it had one, was sent as such."""

    @classmethod
    async def open(
        cls, database: Database, record: SessionRecord, *, verify: bool = True
    ) -> Session:
        """Read a session back and check that its rows are those that were written.

        Without `verify` it is only good for being looked at, and counts as damaged.

        Raises:
            SessionDamaged: the chain of hashes is broken, or a row is not JSON.
            StorageError: the database cannot be read.
        """
        from memory.errors import ChainBroken, NotFound

        try:
            if verify:
                await database.sessions.verify(record.id)
        except ChainBroken as error:
            raise SessionDamaged(
                f"The transcript of {record.name} was changed outside Tungsten ({error}): "
                "start a new agent; the old text stays readable."
            ) from error
        try:
            session = cls(
                record.id,
                json.loads(record.system_json or "[]"),
                json.loads(record.tools_json or "[]"),
                database,
                damaged=not verify,
            )
            rolled = first_prefix(
                record.system_json and serialise(session.system),
                record.tools_json and serialise(session.tools),
            )
            for row in await database.sessions.rows(record.id):
                contents = {}
                for reference in () if row.tombstoned else row.attachments:
                    with contextlib.suppress(NotFound):
                        content = await database.sessions.attachment(reference.sha256)
                        contents[reference.sha256] = content
                session._take(row, contents)
                rolled = next_prefix(rolled, row.role, session._digest(row))
                if verify and rolled != row.prefix_sha256:
                    raise SessionDamaged(
                        f"What {record.name} would send differs from what was sent before, from "
                        f"row {row.seq} on: start a new agent; the old text stays readable."
                    )
        except ValueError as error:
            raise SessionDamaged(
                f"The transcript of {record.name} cannot be read: start a new agent."
            ) from error
        return session

    def _take(self, row: Row, contents: Mapping[str, bytes]) -> None:
        if row.role == "event":
            if not row.tombstoned:
                event = json.loads(row.payload)
                self.events.append(event)
                if event.get("type") == "held":
                    self.held.update(event["tool_use_ids"])
                elif event.get("type") == "stopped":
                    self.stopped = True
                elif event.get("type") == "compacted":
                    self._begin_here(event)
                elif event.get("type") == "request":
                    self._sent_messages = event["messages"]
                    self._sent_images = event["images"]
                    self._sent_signed = event.get("signed", True)
            return
        self.stopped = False
        if row.tombstoned:
            self.messages.append({"role": row.role, "content": [text_block(FORGOTTEN)]})
        else:
            self.messages.append(attached(json.loads(row.payload), contents))

    def _digest(self, row: Row) -> str:
        """The digest of a row as it is here, which is what will be sent."""
        if row.role == "event" or row.tombstoned:
            return row.digest
        stored, _ = detached(self.messages[-1])
        return canonical_sha256(serialise(stored))

    async def append_user(self, content: Sequence[ContentBlock]) -> None:
        """Append a user message."""
        await self._append({"role": "user", "content": list(content)})

    async def append_assistant(self, content: Sequence[ContentBlock]) -> None:
        """Append what the model said, block for block as it came."""
        await self._append({"role": "assistant", "content": list(content)})

    async def _append(self, message: Message) -> None:
        stored, attachments = detached(message)
        await self.database.sessions.append(
            self.id, message["role"], serialise(stored), attachments=attachments
        )
        self.messages.append(message)
        self.stopped = False

    async def begin_anew(
        self,
        event: Mapping[str, Any],
        messages: Sequence[Message],
        block: Mapping[str, Any],
        *,
        idle: bool,
    ) -> None:
        """Append what requests begin with from now on, in one write; nothing before it is sent.

        Args:
            event: what is to be known of the compaction; `by`, if it holds a compaction block:
                model and address of who signed it.
            messages: the beginning, without images; the last one is the user's.
            block: the event of the block that tells the person.
            idle: no turn is under way, so the model owes no reply.
        """
        event = {"type": "compacted", **event}
        stopped = {"type": "stopped", "state": "done", "reason": "compacted"}
        said = [(message["role"], message) for message in messages]
        events = [block, stopped] if idle else [block]
        rows = [("event", event), *said, *(("event", each) for each in events)]
        await self.database.sessions.append_all(
            self.id, [(role, serialise(value)) for role, value in rows]
        )
        self.events += [event, *map(dict, events)]
        self._begin_here(event)
        self.messages.extend(messages)
        self.stopped = idle

    def _begin_here(self, event: Mapping[str, Any]) -> None:
        self.first = len(self.messages)
        model, address = event.get("by") or ("", "")
        self.compacted_by = (model, address)
        self._sent, self._sent_messages = "", 0
        self._sent_images = self._sent_signed = True

    async def stop(self, state: str, reason: str) -> None:
        """Note that a turn ended early, and how, so that no later engine goes on with it."""
        await self.append_event({"type": "stopped", "state": state, "reason": reason})
        self.stopped = True

    def why_stopped(self) -> tuple[str, str]:
        """State and reason with which the turn that ended last before its time did so."""
        for event in reversed(self.events):
            if event.get("type") == "stopped":
                return str(event.get("state", "idle")), str(event.get("reason", ""))
        return "", ""

    async def append_event(self, event: dict[str, Any]) -> None:
        """Append something of ours that is stored with the session and never sent."""
        await self.database.sessions.append(self.id, "event", serialise(event))
        self.events.append(event)

    async def hold(self, tool_use_ids: Sequence[str]) -> None:
        """Note, before their message is appended, that tool uses must never run."""
        if tool_use_ids:
            await self.append_event({"type": "held", "tool_use_ids": list(tool_use_ids)})
            self.held.update(tool_use_ids)

    def request_system(self, *, cache: bool = True) -> list[ContentBlock]:
        """Give the system blocks as sent: the breakpoint on the last one."""
        if not cache or not self.system:
            return self.system
        return [*self.system[:-1], {**self.system[-1], "cache_control": SYSTEM_CACHE}]

    @property
    def window(self) -> list[Message]:
        """The messages that are sent, as they are stored."""
        return self.messages[self.first :]

    def unsent(self) -> list[Message]:
        """The messages that no request has carried yet."""
        return self.messages[max(self.first, self._sent_messages) :]

    def is_signed_for(self, model: str, address: str) -> bool:
        """Whether the compaction block that the messages begin with, if any, is taken there."""
        return self.compacted_by in (("", ""), (model, address))

    def has_signed(self) -> bool:
        """Whether the messages begin with a compaction block."""
        return self.compacted_by != ("", "")

    def image_room(self) -> int:
        """How many more images the conversation can take, so that it can still be sent."""
        found = [block for message in self.window for block in images(message)]
        if sum(map(characters, found)) > MAX_IMAGE_CHARACTERS:
            return 0
        return max(0, MAX_IMAGES - len(found))

    def has_images(self) -> bool:
        """Whether any message carries an image."""
        return any(True for message in self.window for _ in images(message))

    def request_messages(
        self, *, cache: bool = True, with_images: bool = True, signed: bool = True
    ) -> list[Message]:
        """Give the messages as sent: breakpoints where this request ends, and earlier ones ended.

        A breakpoint stands only at the end of a user message, where a request ended and wrote the
        cache, and at least `MARK_EVERY` blocks before the next one. So the last entry that was
        written is found however many blocks came since: it is within reach of a breakpoint, or
        at one. The first request has one more at the end of a role, which other agents with that
        role can read. Blank text blocks, which a model may send but the Messages API does not take
        back, are left out. Without `with_images`, a line of text stands for each image; without
        `signed`, its text stands for a compaction block.
        """
        messages = sendable(self.window, with_images=with_images, signed=signed)
        if not cache:
            return messages
        marked = 0
        since = MARK_EVERY
        for index in range(len(messages) - 1, -1, -1):
            length = len(messages[index]["content"])
            if messages[index]["role"] == "user" and since >= MARK_EVERY:
                messages[index] = _marked(messages[index])
                marked += 1
                since = 0
                if marked == MAX_MARKS:
                    break
            since += length
        if len(messages) == 1:
            messages[0] = _role_marked(messages[0])
        return messages

    def _prefix(self, messages: int, *, with_images: bool, signed: bool) -> str:
        window = self.messages[self.first : messages]
        sent = sendable(window, with_images=with_images, signed=signed)
        return prefix(self.tools, self.system, sent)

    async def sending(
        self, model: str, *, with_images: bool = True, signed: bool = True
    ) -> Difference | None:
        """Record what a request to `model` consists of, before it is sent.

        Returns:
            Where its prefix parts from the one of the request before, which must not be: what a
            cache holds is lost from there on. None when it begins with all of it, or is the first
            one since the conversation was compacted.
        """
        before = self._sent
        if not before and self._sent_messages:
            before = self._prefix(
                self._sent_messages, with_images=self._sent_images, signed=self._sent_signed
            )
        now = self._prefix(len(self.messages), with_images=with_images, signed=signed)
        parted = None if now.startswith(before) else difference(before, now)
        if parted:
            await self.append_event({"type": "prefix_changed", **parted.as_json()})
        if before and not parted:
            added = sendable(self.unsent(), with_images=with_images, signed=signed)
            new = list(message_blocks(added, len(before.encode()) + 1))
        else:
            new = blocks(now)
        await self.append_event(
            {
                "type": "request",
                "model": model,
                "messages": len(self.messages),
                "images": with_images,
                **({} if signed else {"signed": False}),
                "bytes": len(now.encode()),
                "sha256": sha256(now),
                "anew": bool(parted),
                "blocks": [[block.start, sha256(block.text)[:BLOCK_DIGITS]] for block in new],
            }
        )
        self._sent, self._sent_messages = now, len(self.messages)
        self._sent_images, self._sent_signed = with_images, signed
        return parted

    def unanswered(self) -> list[ContentBlock]:
        """The tool uses of the last message that have no result yet, in order."""
        if not self.messages or self.messages[-1]["role"] != "assistant":
            return []
        return [block for block in self.messages[-1]["content"] if block["type"] == "tool_use"]

    def owes_reply(self) -> bool:
        """Whether the model has yet to answer: the last message is the user's, and it stands."""
        return bool(self.messages) and self.messages[-1]["role"] == "user" and not self.stopped

    def instructions_sha256(self) -> str:
        """Give the hash of the project instructions last sent in full, empty when none were."""
        for message in reversed(self.window):
            if message["role"] != "user":
                continue
            for block in message["content"]:
                found = _INSTRUCTIONS.match(block.get("text", ""))
                if found:
                    return found[1]
        return ""


def sendable(
    messages: Iterable[Message], *, with_images: bool = True, signed: bool = True
) -> list[Message]:
    """Messages as they are sent: without blank texts, and without messages of nothing else.

    The API does not take them back: its 400 says "text content blocks must contain non-whitespace
    text". Without `with_images`, a line of text stands for each image. Without `signed`, its text
    stands for a compaction block, which only the endpoint that signed it takes, and thinking, which
    is bound to what stood before it, is left out.
    """
    found = []
    for message in messages:
        if not signed and is_compacted(message):
            message = as_text(message)
        content = message["content"]
        kept = [block for block in content if _is_sent(block, signed=signed)]
        if kept:
            found.append(message if len(kept) == len(content) else {**message, "content": kept})
    return found if with_images else [without_images(message) for message in found]


def _is_sent(block: ContentBlock, *, signed: bool) -> bool:
    match block.get("type"):
        case "text":
            return bool(str(block.get("text") or "").strip())
        case "thinking" | "redacted_thinking":
            return signed
        case _:
            return True


def _marked(message: Message) -> Message:
    content = message["content"]
    return {**message, "content": [*content[:-1], {**content[-1], "cache_control": TAIL_CACHE}]}


def _role_marked(message: Message) -> Message:
    content = message["content"]
    for index in range(len(content) - 2, -1, -1):
        block = content[index]
        if str(block.get("text", "")).startswith(f"<{ROLE} "):
            marked = {**block, "cache_control": TAIL_CACHE}
            return {**message, "content": [*content[:index], marked, *content[index + 1 :]]}
    return message


def instructions_block(text: str, sha256: str, files: Iterable[str], known: str) -> str:
    """Put project instructions into a user turn: whole when new, one line otherwise.

    Args:
        text: all instruction files, joined; empty when there are none.
        sha256: its hash.
        files: names for the reminder.
        known: hash last sent in full, empty when none was.

    Returns:
        Text for a block of its own, empty when there is nothing to say.
    """
    none = "0"
    if not text:
        if known in ("", none):
            return ""
        return f'<project-instructions sha256="{none}">\nNone any more.\n</project-instructions>'
    if sha256 == known:
        return f"<project-instructions unchanged>{', '.join(files)}</project-instructions>"
    # An instruction file must not be able to end its own section early.
    body = text.replace("</project-instructions", "<\N{ZERO WIDTH SPACE}/project-instructions")
    return f'<project-instructions sha256="{sha256}">\n{body}\n</project-instructions>'
