"""One agent's conversation with the model: an append-only transcript and the requests made of it.

Rows are stored exactly as sent and received: one of role `user`, `assistant` or `system` holds a
Messages API message (images by digest, see `agent.messages.attachments`), one of role `event`
something of ours that is never sent (a finished block of the conversation as the person sees it, a
note, what a request consisted of). Nothing is ever edited; a request is always the rows so far,
with cache breakpoints put on copies while sending. What was compacted stays where it is and is no
longer sent: a request then begins with the rows that took its place.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.errors import AgentError
from agent.messages.attachments import attached, characters, detached, images, png_block
from agent.messages.breakpoints import with_breakpoint, with_breakpoints
from agent.messages.prefix import Difference, blocks, difference, message_blocks, prefix, serialise
from agent.messages.sendable import (
    AS_STORED,
    ContentBlock,
    Form,
    Message,
    effort_of,
    lasting,
    sendable,
    without_unbound,
)
from memory.database import Database
from memory.digest import canonical_sha256, first_prefix, next_prefix, sha256
from memory.sessions import Entry, SessionRecord
from memory.transcript import Row

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
    heard: set[str] = field(default_factory=set)
    """What the person said during a turn and the agent was told, by `agent.turns.steering`'s
    ids."""
    within_turn: set[int] = field(default_factory=set)
    """The places of messages that the person said within a turn."""
    held: set[str] = field(default_factory=set)
    """Tool uses that must not run, whatever the transcript says: their input is not whole."""
    _sent: _Sent | None = None
    """What the last request was, as far as later ones must begin with it; None: to be worked out.
    """
    _sent_messages: int = 0
    """How many messages the last request had, 0 before the first."""
    _sent_form: Form = AS_STORED
    """How they were sent."""
    _forms: dict[int, Form] = field(default_factory=dict)
    """How the requests were sent that were answered with messages, by their places."""

    @classmethod
    async def for_reading(cls, database: Database, record: SessionRecord) -> Session:
        """Read a session that is not to be continued, as far as it can be read."""
        try:
            return await cls.open(database, record, verify=False)
        except AgentError:
            return cls(record.id, [], [], database, damaged=True)

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
                elif event.get("type") == "heard":
                    self._hear(event)
                elif event.get("type") == "stopped":
                    self.stopped = True
                elif event.get("type") == "compacted":
                    self._begin_here(event)
                elif event.get("type") == "request":
                    self._sent_messages = event["messages"]
                    self._sent_form = form_of(event)
            return
        self.stopped = False
        self._note_form(row.role)
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

    async def append_turn(
        self, messages: Sequence[Message], heard: Sequence[str] = (), *, within: bool = False
    ) -> None:
        """Append a user message, and the system messages around it, in one write.

        Args:
            messages: what is appended.
            heard: ids of what the person said while a turn ran, and is said with it.
            within: the turn is still the same; the user message comes first.
        """
        event = {"type": "heard", "ids": list(heard), "within": within}
        events = [event] if heard else []
        rows: list[Entry] = [("event", serialise(event)) for event in events]
        for message in messages:
            stored, attachments = detached(message)
            rows.append((message["role"], serialise(stored), attachments))
        await self.database.sessions.append_all(self.id, rows)
        for event in events:
            self.events.append(event)
            self._hear(event)
        self.messages.extend(messages)
        self.stopped = False

    def _hear(self, event: Mapping[str, Any]) -> None:
        self.heard.update(event["ids"])
        if event["within"]:
            self.within_turn.add(len(self.messages))

    async def append_assistant(self, content: Sequence[ContentBlock]) -> None:
        """Append what the model said, block for block as it came."""
        await self._append({"role": "assistant", "content": list(content)})

    async def _append(self, message: Message) -> None:
        stored, attachments = detached(message)
        await self.database.sessions.append(
            self.id, message["role"], serialise(stored), attachments=attachments
        )
        self._note_form(message["role"])
        self.messages.append(message)
        self.stopped = False

    def _note_form(self, role: str) -> None:
        if role == "assistant":
            self._forms[len(self.messages)] = self._sent_form

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
            messages: the beginning, without images; the last one is the user's, but for system
                messages behind it.
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
        self._sent, self._sent_messages, self._sent_form = None, 0, AS_STORED

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
        return with_breakpoint(self.system) if cache else self.system

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
        self,
        *,
        cache: bool = True,
        form: Form = AS_STORED,
        question: Sequence[Message] = (),
    ) -> list[Message]:
        """Give the messages as sent; see `agent.messages.breakpoints` for what is marked.

        Args:
            cache: whether there are breakpoints at all.
            form: how the conversation is sent.
            question: what is asked behind it, and does not become a part of it.
        """
        messages = sendable([*self._told(form), *question], form)
        if not cache:
            return messages
        end = len(messages) - len(question)
        return [*with_breakpoints(messages[:end]), *messages[end:]]

    async def sending(self, model: str, form: Form = AS_STORED) -> Difference | None:
        """Record what a request to `model` consists of, before it is sent.

        Returns:
            Where its prefix parts from the one of the request before, which must not be: what a
            cache holds is lost from there on. None when it begins with all of it, or is the first
            one since the conversation was compacted.
        """
        before = self._sent
        if before is None and self._sent_messages:
            stored = self._told(self._sent_form, self._sent_messages)
            before = self._as_sent(sendable(stored, self._sent_form))[1]
        sent = sendable(self._told(form), form)
        now, lasts = self._as_sent(sent)
        parted = None
        if before is not None and not now.startswith(before.text):
            parted = difference(before.closed, now)
            await self.append_event({"type": "prefix_changed", **parted.as_json()})
        if before is None or parted:
            new = blocks(now)
        else:
            added = message_blocks(sent[before.whole :], before.start)
            new = [block for block in added if block.start >= before.bytes]
        await self.append_event(
            {
                "type": "request",
                "model": model,
                "messages": len(self.messages),
                "images": form.images,
                **{name: False for name in _FORMS if not getattr(form, name)},
                "bytes": len(now.encode()),
                "sha256": sha256(now),
                "anew": bool(parted),
                "blocks": [[block.start, sha256(block.text)[:BLOCK_DIGITS]] for block in new],
            }
        )
        self._sent, self._sent_messages, self._sent_form = lasts, len(self.messages), form
        return parted

    def _told(self, form: Form, end: int | None = None) -> Sequence[Message]:
        """The messages up to `end` that can be sent in this form, as they are stored."""
        forms = {place - self.first: was for place, was in self._forms.items()}
        return without_unbound(self.messages[self.first : end], forms, form)

    def _as_sent(self, sent: Sequence[Message]) -> tuple[str, _Sent]:
        """The prefix of a request with these messages, and what of it stays."""
        now = prefix(self.tools, self.system, sent)
        count = lasting(sent)
        text = now if count == len(sent) else prefix(self.tools, self.system, sent[:count])
        return now, _Sent.of(text, sent[:count])

    def unanswered(self) -> list[ContentBlock]:
        """The tool uses of the last message that have no result yet, in order."""
        if not self.messages or self.messages[-1]["role"] != "assistant":
            return []
        return [block for block in self.messages[-1]["content"] if block["type"] == "tool_use"]

    def owes_reply(self) -> bool:
        """Whether the model has yet to answer: the last message is the user's, and it stands."""
        last = self.last_said()
        return last is not None and last["role"] == "user" and not self.stopped

    def last_said(self) -> Message | None:
        """The last message that the person or the model said; None where there is none."""
        said = (message for message in reversed(self.messages) if message["role"] != "system")
        return next(said, None)

    def effort(self, *, before_window: bool = False) -> str:
        """The effort that was changed to last; empty where it never was.

        With `before_window`, by what is not sent any more, since the conversation was compacted.
        """
        end = self.first if before_window else len(self.messages)
        return next(filter(None, map(effort_of, reversed(self.messages[:end]))), "")

    def instructions_sha256(self) -> str:
        """Give the hash of the project instructions last sent in full, empty when none were."""
        for message in reversed(self.window):
            if message["role"] == "assistant":
                continue
            for block in message["content"]:
                found = _INSTRUCTIONS.match(block.get("text", ""))
                if found:
                    return found[1]
        return ""


_FORMS = ("signed", "system", "effort")
"""What a recorded request names only where it was sent otherwise."""


def form_of(event: Mapping[str, Any]) -> Form:
    """How a recorded request was sent."""
    return Form(event["images"], *(event.get(name, True) for name in _FORMS))


@dataclass(frozen=True, slots=True)
class _Sent:
    """The part of a request's prefix that later requests begin with."""

    text: str
    """It, open at the end of its last user message: what is told otherwise later stands there."""
    bytes: int
    whole: int
    """How many messages before that one stay as they are."""
    start: int
    """Byte at which what follows them begins."""

    @property
    def closed(self) -> str:
        """It, with its last message closed, as a request would be that ends with it."""
        return self.text if self.start >= self.bytes else f"{self.text}{_CLOSED}"

    @classmethod
    def of(cls, text: str, messages: Sequence[Message]) -> _Sent:
        """What stays of a prefix that ends with these messages."""
        size = len(text.encode())
        if not messages or messages[-1]["role"] != "user":
            return cls(text, size, len(messages), size + bool(messages))
        start = size - len(serialise(messages[-1]).encode())
        return cls(text[: -len(_CLOSED)], size - len(_CLOSED), len(messages) - 1, start)


_CLOSED = "]}"
"""How a message ends."""


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
