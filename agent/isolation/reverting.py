"""Reverting a step or a turn for the person: looked at first, then done, told, and undone alike.

Only a person asks for it; no agent has a tool for it. It touches files of the working tree alone:
git's index, stash, branches, HEAD and reflog stay as they are.
"""

from __future__ import annotations

import asyncio
import logging
import os
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from agent.errors import AgentError
from agent.isolation.plan import Plan, Span, diff, plan
from agent.isolation.revert import Left, carry_on, revert, shown
from agent.protocol.commands.isolation import PathLeft, PreviewRevert, Revert, RevertPreview
from agent.protocol.conversation import Block, BlockKind, ToolCall, ToolStatus
from agent.protocol.events import Notice
from memory.tree_steps import TreeStep

if TYPE_CHECKING:
    from agent.agents.live_agent import LiveAgent
    from agent.agents.services import Services

log = logging.getLogger("agent.snapshots")

REVERT = "revert"
"""Name of the tool in blocks that show a revert of the person's."""

REVERTED = "revert_"
"""Begin of the ids that stand in the place of a tool use's for reverts."""

TOLD_PATHS = 20
"""Paths that an agent is told of by name."""


class NothingToRevert(AgentError):
    """There is nothing that could be reverted; the text says why."""


class NotReverted(AgentError):
    """A revert was not done; nothing was changed."""


@dataclass(frozen=True, slots=True)
class _OfTree:
    """What is to happen in one tree."""

    top: Path
    steps: tuple[TreeStep, ...]
    plan: Plan


async def preview(agent: LiveAgent, command: PreviewRevert) -> RevertPreview:
    """Say what a revert would do.

    Raises:
        NothingToRevert: there is no snapshot of it.
        TreeNotKept, ContentLost, StorageError: it cannot be told.
    """
    title, found = await _plans(agent, command.block, turn=command.turn)
    objects = agent.services.snapshots.objects
    texts, over = [], []
    for each in found:
        of_conflicts = [operation for operation, _ in each.plan.conflicts]
        texts.append(await asyncio.to_thread(diff, objects, each.plan.operations))
        over.append(await asyncio.to_thread(diff, objects, of_conflicts))
    plans = [each.plan for each in found]
    conflicts = [
        PathLeft(path=shown(each.path), why=why) for one in plans for each, why in one.conflicts
    ]
    return RevertPreview(
        token=_token(found) if any(one.operations or one.conflicts for one in plans) else "",
        title=title,
        diff="".join(texts),
        count=sum(len(one.operations) for one in plans),
        conflicts=tuple(conflicts),
        conflicts_diff="".join(over),
        stays=tuple(_told(left) for one in plans for left in one.stays),
        remarks=_remarks(found),
    )


async def carry_out(agent: LiveAgent, command: Revert) -> dict[str, Any]:
    """Revert what was looked at.

    Raises:
        NotReverted: something has changed since, or an agent is at it; nothing was done.
        NothingToRevert, RevertRefused, TreeNotKept, ContentLost, StorageError: nothing was done.
    """
    title, found = await _plans(agent, command.block, turn=command.turn)
    if not command.token or _token(found) != command.token:
        raise NotReverted("Something has changed since you looked: look again, then revert.")
    # What is begun is ended: a command that is cancelled must leave no tree half reverted.
    return await asyncio.shield(asyncio.ensure_future(_revert(agent, title, found, command.over)))


async def _revert(
    agent: LiveAgent, title: str, found: Sequence[_OfTree], over: bool
) -> dict[str, Any]:
    snapshots = agent.services.snapshots
    use = f"{REVERTED}{uuid.uuid4().hex[:16]}"
    left: list[Left] = []
    done: list[bytes] = []
    changed = 0
    for number, each in enumerate(found):
        operations = each.plan.chosen(over=over)
        if not operations:
            continue
        begun = await snapshots.begin_revert(agent, each.top, use, title)
        try:
            top, journal = os.fsencode(each.top), snapshots.journals / f"{use}-{number}.json"
            arguments = (top, f"{use}-{number}", operations, snapshots.objects, journal)
            of_tree = await asyncio.to_thread(revert, *arguments)
        finally:
            changed += await snapshots.end(begun)
        missed = {one.path for one in of_tree}
        left += of_tree
        done += [operation.path for operation in operations if operation.path not in missed]
    await _tell(agent, use, title, changed, done, left)
    said = f"{title}: {_counted(len(done))} went back"
    if left:
        said += f", {_counted(len(left))} did not: {shown(left[0].path)}: {left[0].why}"
    return {"said": said, "left": [_told(each).model_dump(mode="json") for each in left]}


async def _tell(
    agent: LiveAgent,
    use: str,
    title: str,
    changed: int,
    done: Sequence[bytes],
    left: Sequence[Left],
) -> None:
    """Show the revert in the conversation, write it down, and keep a note for the agent."""
    names = [shown(path) for path in done[:TOLD_PATHS]]
    more = f" and {len(done) - TOLD_PATHS} more" if len(done) > TOLD_PATHS else ""
    lines = [*names, *((more.strip(),) if more else ())]
    lines += [f"left: {shown(each.path)}: {each.why}" for each in left[:TOLD_PATHS]]
    tool = ToolCall(
        tool_use_id=use,
        name=REVERT,
        # Its name says the verb.
        title=title.removeprefix(f"{REVERT}: ").removeprefix(f"{REVERT} "),
        status=ToolStatus.DONE if not left else ToolStatus.FAILED,
        decision="by you",
        result="\n".join(lines),
        changed=changed,
    )
    block = agent.conversation.open(BlockKind.TOOL, tool=tool)
    await agent.conversation.store(block)
    data = {"tool_use_id": use, "title": title, "paths": names, "left": len(left)}
    await agent.services.database.journal.append("tree_reverted", agent.id, data)
    if done:
        await agent.note(
            f"The person reverted in your working tree ({title}). These files are again as they "
            f"were before, look at them anew: {', '.join(names)}{more}."
        )


def _counted(number: int) -> str:
    return f"{number} file" + ("" if number == 1 else "s")


def _told(left: Left) -> PathLeft:
    return PathLeft(path=shown(left.path), why=left.why)


# What is meant ---------------------------------------------------------------------------------


async def _plans(agent: LiveAgent, block_id: int, *, turn: bool) -> tuple[str, list[_OfTree]]:
    blocks = list(agent.conversation.blocks)
    block = next((each for each in blocks if each.id == block_id), None)
    if block is None or (block.tool is None and not turn):
        raise NothingToRevert("This is no step: choose a tool call in the conversation.")
    chosen = _turn_of(blocks, block) if turn else [block]
    uses = [each.tool.tool_use_id for each in chosen if each.tool is not None]
    steps = await agent.services.database.tree_steps.of_uses(agent.id, uses)
    what = "turn" if turn else "step"
    if not steps:
        raise NothingToRevert(
            f"There is nothing to revert: this {what} changed no file of a trusted repository, or "
            "its snapshots are gone."
        )
    snapshots = agent.services.snapshots
    if any(begun.agent.id == agent.id for begun in snapshots.going_on):
        raise NotReverted(f"{agent.name} is changing files right now: interrupt it, or wait.")
    tops = dict.fromkeys(step.top for step in steps)
    found = [
        await _of_tree(agent, top, tuple(step for step in steps if step.top == top)) for top in tops
    ]
    return _title(block, turn=turn), found


def _turn_of(blocks: Sequence[Block], block: Block) -> list[Block]:
    """The blocks of a turn: from what the person said to the next time they said something."""
    place = blocks.index(block)
    first = place
    while first > 0 and blocks[first].kind is not BlockKind.USER:
        first -= 1
    last = place + 1
    while last < len(blocks) and blocks[last].kind is not BlockKind.USER:
        last += 1
    # A revert is no step of the turn during which it was asked for.
    return [each for each in blocks[first:last] if each.tool is None or each.tool.name != REVERT]


def _title(block: Block, *, turn: bool) -> str:
    if turn:
        return "revert the turn"
    assert block.tool is not None
    if block.tool.name == REVERT:
        return f"revert the revert: {block.tool.title}"[:200]
    return f"revert: {block.tool.title}"[:200]


async def _of_tree(agent: LiveAgent, top: Path, steps: tuple[TreeStep, ...]) -> _OfTree:
    services = agent.services
    scan = await services.snapshots.keep(top, insist=True)
    if scan is None:
        raise NotReverted(f"{top} cannot be read now, so that nothing is reverted: see the notice.")
    spans = []
    for step in steps:
        shared: dict[bytes, str] = {}
        if not step.only:
            for other in await services.database.tree_steps.beside(step):
                name = services.fleet.name_of(other.agent_id)
                shared |= dict.fromkeys(other.paths, name or "another agent")
        spans.append(Span(step.before, step.after, step.only, shared))
    found = await asyncio.to_thread(plan, services.snapshots.objects, spans, scan.root)
    return _OfTree(top, steps, found)


def _token(found: Sequence[_OfTree]) -> str:
    return "-".join(each.plan.token() for each in found)


def _remarks(found: Sequence[_OfTree]) -> tuple[str, ...]:
    said = []
    for each in found:
        heads = {(step.before_head, step.after_head) for step in each.steps if step.after}
        if any(before != after for before, after in heads):
            said.append(
                "git's HEAD moved meanwhile (a commit, or another branch): that stays, only files "
                "go back"
            )
    return tuple(dict.fromkeys(said))


# After a kill ----------------------------------------------------------------------------------


async def carry_on_all(find: Callable[[str], LiveAgent | None], services: Services) -> None:
    """Carry on with reverts that an earlier engine was killed in, and say so.

    Args:
        find: gives an agent of the list by its id.
        services: whose snapshots.
    """
    snapshots = services.snapshots
    for journal in sorted(await asyncio.to_thread(_journals, snapshots.journals)):
        try:
            done, left = await asyncio.to_thread(carry_on, journal, snapshots.objects)
        except (ValueError, OSError, AgentError) as error:
            log.warning("%s cannot be carried on with: %s", journal, error)
            text = f"A revert was cut short and cannot be carried on with: {journal} ({error})"
            services.hub.publish(Notice(level="error", text=" ".join(text.split())))
            continue
        names = ", ".join(f"{shown(each.path)}: {each.why}" for each in left[:3])
        text = f"A revert in {shown(done.top)} had been cut short; it is done now"
        text += f", but for {_counted(len(left))}: {names}" if left else ""
        level: Literal["warning", "information"] = "warning" if left else "information"
        services.hub.publish(Notice(level=level, text=f"{text}."))
        use = done.id.rpartition("-")[0]
        for step in await services.database.tree_steps.of_use(use):
            if step.after or os.fsencode(step.top) != done.top:
                continue
            scan = await snapshots.keep(step.top)
            if scan is not None:
                paths = [each.path for each in done.operations]
                await services.database.tree_steps.end(
                    step.number, after=scan.root, head=step.before_head, paths=paths
                )
            if (agent := find(step.agent_id)) is not None:
                missed = {each.path for each in left}
                back = [each.path for each in done.operations if each.path not in missed]
                await _tell(agent, use, step.title, len(back), back, left)


def _journals(directory: Path) -> list[Path]:
    return list(directory.glob("*.json")) if directory.is_dir() else []
