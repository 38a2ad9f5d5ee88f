"""`tungsten cache doctor`: where the requests of a session part from each other, and why.

Each request of a session must begin with all of the one before, unless what was said before was
compacted in between; from the first byte where it does not, nothing is read from a prompt cache any
more. Two things are compared: what each request was
found to be when it was sent, and what the transcript says now that it was. So both a request that
was built otherwise and a transcript that was changed later are found.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from agent.errors import AgentError
from agent.messages.attachments import attached
from agent.messages.prefix import Difference, PrefixBlock, blocks, prefix, serialise
from agent.messages.sendable import AS_STORED, Form, Message, numbered, sendable, without_unbound
from agent.paths import Paths
from agent.protocol.agents import SHORT_ID
from agent.sessions.conversation import first_prompt
from agent.sessions.session import BLOCK_DIGITS, FORGOTTEN, form_of, text_block
from memory.database import Database
from memory.digest import sha256
from memory.errors import ChainBroken, NotFound, StorageError
from memory.sessions import Glance, SessionRecord
from memory.transcript import Row
from tungsten.duration import duration
from tungsten.screen.printable import visible_line


class SessionUnknown(AgentError):
    """No session, or more than one, goes by a name."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where a request parts from the one before.

    `request` counts from 1. `cause` is `sent` (it was built otherwise), `model` (another model was
    asked, which reads nothing of the other's cache) or `stored` (the transcript no longer says what
    was sent; the text that was sent is gone, so the byte is where its block begins).
    """

    request: int
    cause: str
    difference: Difference


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found about one session; `bytes` is the length of its last request's prefix."""

    session: str
    name: str
    requests: int
    bytes: int
    findings: tuple[Finding, ...]
    chain: str
    """What is wrong with the transcript's chain of hashes, empty when it holds."""
    anew: tuple[int, ...] = ()
    """Requests that begin anew, since the conversation was compacted before them."""

    @property
    def healthy(self) -> bool:
        """Whether every request begins with the one before, where it is meant to."""
        return not self.findings and not self.chain


async def diagnose(paths: Paths, wanted: str) -> Diagnosis:
    """Examine a session, archived ones among them.

    Args:
        paths: whose sessions.
        wanted: its id or name.

    Raises:
        SessionUnknown: there is no such session, or several have this name.
        AgentError: the database cannot be read.
    """
    if not paths.database.is_file():
        raise SessionUnknown("There are no sessions here yet.")
    try:
        async with await Database.open(paths.database) as database:
            records = await database.sessions.list()
            record = _one(records, wanted, await database.sessions.glances(), time.time())
            chain = ""
            try:
                await database.sessions.verify(record.id)
            except ChainBroken as error:
                chain = str(error)
            rows = await database.sessions.rows(record.id)
            contents = {}
            for reference in (each for row in rows for each in row.attachments):
                with contextlib.suppress(NotFound):
                    content = await database.sessions.attachment(reference.sha256)
                    contents[reference.sha256] = content
            return examine(record, rows, contents, chain)
    except StorageError as error:
        raise AgentError(str(error)) from error


def examine(
    record: SessionRecord, rows: Sequence[Row], contents: Mapping[str, bytes], chain: str = ""
) -> Diagnosis:
    """Compare the requests of a session with each other and with its rows.

    `contents` holds the rows' attachments by their digests.
    """
    tools = json.loads(record.tools_json or "[]")
    system = json.loads(record.system_json or "[]")
    messages: list[dict[str, Any]] = []
    numbers: list[int] = []
    findings: list[Finding] = []
    recorded: list[tuple[int, str]] = []
    head = hashlib.sha256(prefix(tools, system, ()).encode())
    stored = head.copy()
    requests = length = hashed = first = 0
    anew: list[int] = []
    model = joint = ""
    form = asked = AS_STORED
    answered: dict[int, Form] = {}
    parted: Difference | None = None
    followed = True
    for row in rows:
        if row.role != "event":
            if row.role == "assistant":
                answered[len(messages)] = asked
            messages.append(_message(row, contents))
            numbers.append(row.seq)
            continue
        event = {} if row.tombstoned else json.loads(row.payload)
        if event.get("type") == "prefix_changed":
            parted = Difference(*(event[key] for key in ("byte", "place", "origin", "was", "now")))
        if event.get("type") == "compacted":
            first, stored, hashed, joint = len(messages), head.copy(), 0, ""
            form, followed, parted = AS_STORED, True, None
            recorded.clear()
            anew.append(requests + 1)
        if event.get("type") != "request":
            continue
        requests, length = requests + 1, event["bytes"]
        if model and event["model"] != model:
            changed = Difference(0, "the model", "another model", model, event["model"])
            findings.append(Finding(requests, "model", changed))
        model = event["model"]
        if event["anew"]:
            recorded.clear()
        new = [(start, digest) for start, digest in event["blocks"]]
        while recorded and new and recorded[-1][0] >= new[0][0]:
            # What was told otherwise in the end: see `Session.sending`.
            recorded.pop()
        recorded += new
        if parted is not None:
            findings.append(Finding(requests, "sent", parted))
            parted, followed = None, False
        if form_of(event) != form:
            form = form_of(event)
            stored, hashed, joint = head.copy(), 0, ""
        asked = form
        forms = {at - first: was for at, was in answered.items()}
        sent = without_unbound(messages[first : event["messages"]], forms, form)
        settled = _settled(sent, hashed, form)
        for message in sendable(sent[hashed:settled], form):
            stored.update(f"{joint}{serialise(message)}".encode())
            joint = ","
        hashed = settled
        whole = stored.copy()
        for number, message in enumerate(sendable(sent[settled:], form)):
            whole.update(f"{',' if number else joint}{serialise(message)}".encode())
        if followed and event["sha256"] != whole.hexdigest():
            # One change shows in every later request; the first is where it is.
            followed = False
            now = blocks(prefix(tools, system, sendable(sent, form)))
            place = _changed(recorded, now, event["bytes"])
            places = [at for at, _ in numbered(sent, form)]
            named = _with_row(place, [numbers[first + at] for at in places], rows)
            findings.append(Finding(requests, "stored", named))
    # What was compacted and not gone on with since has no request that begins anew.
    begun = tuple(number for number in anew if number <= requests)
    return Diagnosis(record.id, record.name, requests, length, tuple(findings), chain, begun)


def told(found: Diagnosis, *, as_json: bool = False) -> str:
    """What `tungsten cache doctor` prints."""
    if as_json:
        return json.dumps({**asdict(found), "healthy": found.healthy}, ensure_ascii=False)
    head = f"{visible_line(found.name)}: {found.requests} requests"
    lines = [f"{head}, the last with a prefix of {found.bytes:,} bytes."]
    for each in found.findings:
        lines += _lines(each)
    if found.chain:
        lines.append(visible_line(found.chain))
    for number in found.anew:
        lines.append(f"Request {number} begins anew: the conversation was compacted before it.")
    if found.healthy:
        rest = "Each other request" if found.anew else "Each request"
        lines.append(f"{rest} begins with all of the one before, byte for byte.")
    return "\n".join(lines)


def _lines(found: Finding) -> Iterable[str]:
    parted = found.difference
    yours, before = f"Request {found.request}", f"request {found.request - 1}"
    match found.cause:
        case "model":
            yield f"{yours} asks {parted.now}, {before} asked {parted.was}: no cache is shared."
            return
        case "stored":
            yield (
                f"{yours} was sent with other bytes than the transcript holds now, from byte "
                f"{parted.byte:,} on:"
            )
        case _:
            yield f"{yours} parts from {before} at byte {parted.byte:,}:"
    yield f"  where: {visible_line(parted.place)}"
    yield f"  what put it there: {visible_line(parted.origin)}"
    for name, text in (("was", parted.was), ("now", parted.now)):
        if text:
            yield f"  {name}: {visible_line(text)}"


def _one(
    records: Sequence[SessionRecord], wanted: str, glances: Mapping[str, Glance], now: float
) -> SessionRecord:
    found = [record for record in records if wanted in (record.id, record.name)]
    exact = [record for record in found if record.id == wanted]
    if len(wanted) >= SHORT_ID:
        begun = [record for record in records if record.id.startswith(wanted)]
    else:
        begun = []
    found = exact or found or begun
    if not found:
        raise SessionUnknown(f"There is no session {wanted}; /sessions in the app lists all.")
    if len(found) > 1:
        used = {each.id: glances[each.id].last_at or each.created_at for each in found}
        lines = [
            f"  {each.id}  {duration(now - used[each.id]):>10} ago  "
            f"{first_prompt(glances[each.id].first) or each.command or '(nothing was said)'}"
            for each in sorted(found, key=lambda each: -used[each.id])
        ]
        head = f"{len(found)} sessions are called {wanted}: use an id."
        raise SessionUnknown("\n".join([head, *lines]))
    return found[0]


def _message(row: Row, contents: Mapping[str, bytes]) -> dict[str, Any]:
    if row.tombstoned:
        return {"role": row.role, "content": [text_block(FORGOTTEN)]}
    return attached(json.loads(row.payload), contents)


def _changed(
    recorded: Sequence[tuple[int, str]], now: Sequence[PrefixBlock], length: int
) -> Difference:
    """The first block that is not as it was recorded when it was sent."""
    for block, (start, digest) in zip(now, recorded, strict=False):
        if block.start != start or sha256(block.text)[:BLOCK_DIGITS] != digest:
            return Difference(start, block.place, block.origin, "", block.text[:60])
    if len(now) < len(recorded):
        return Difference(recorded[len(now)][0], "behind the last message", "a block is missing")
    if len(now) > len(recorded):
        extra = now[len(recorded)]
        return Difference(length, extra.place, extra.origin, "", extra.text[:60])
    return Difference(0, "between the blocks", "the role of a message")


def _settled(sent: Sequence[Message], known: int, form: Form) -> int:
    """How many messages are sent the same way whatever follows: up to the last answer."""
    for count in range(len(sent), known, -1):
        if [each["role"] for each in sendable([sent[count - 1]], form)] == ["assistant"]:
            return count
    return known


def _with_row(found: Difference, numbers: Sequence[int], rows: Sequence[Row]) -> Difference:
    """Name the row of the transcript that holds a block's message; `numbers` are those sent."""
    word, _, rest = found.place.partition(" ")
    if word != "message":
        return found
    seq = numbers[int(rest.partition(",")[0]) - 1]
    removed = any(row.seq == seq and row.tombstoned for row in rows)
    origin = "its text was removed at the person's request" if removed else found.origin
    return replace(found, place=f"{found.place} (row {seq})", origin=origin)
