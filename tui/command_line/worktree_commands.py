"""`tungsten worktrees`: the git worktrees of a repository, compared, merged and removed."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent import paths
from tungsten.screen.printable import clean, counted, visible_line

if TYPE_CHECKING:
    from agent.isolation.worktrees import Listed
    from agent.protocol.agents import AgentSummary

worktrees = typer.Typer(
    help="List the git worktrees of this repository, with what removing each would lose.",
    rich_markup_mode=None,
    invoke_without_command=True,
)

Named = Annotated[str, typer.Argument(help="Its path, or its directory's or its branch's name.")]


@worktrees.callback()
def listed(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the worktrees: branch, whose it is, what is not committed, merged or kept by git."""
    if context.invoked_subcommand is None:
        asyncio.run(_list(as_json=as_json))


async def _list(*, as_json: bool) -> None:
    from agent.isolation import worktrees as trees

    agents = await _agents()
    rows = []
    known = await trees.listed(Path.cwd())
    paths_known = [each.path for each in known]
    for each in known:
        loss = trees.Loss() if each.gone or each.main else await trees.loss(each.path)
        names = [
            agent.name
            for agent in agents
            if trees.within(Path(agent.directory), paths_known) == each.path
        ]
        rows.append((each, loss, names))
    if as_json:
        told = [
            {
                "path": str(each.path),
                "branch": each.branch,
                "main": each.main,
                "gone": each.gone,
                "agents": names,
                "uncommitted": list(loss.uncommitted),
                "ignored": list(loss.ignored),
                "unmerged": loss.unmerged,
            }
            for each, loss, names in rows
        ]
        print(json.dumps({"worktrees": told}, indent=1))
        return
    for each, loss, names in rows:
        facts = [each.branch or each.head[:7], *names]
        facts += ["the repository itself"] if each.main else []
        facts += ["its directory is gone"] if each.gone else []
        if not each.main and not each.gone:
            facts += [f"{counted(loss.unmerged, 'commit')} not merged"] if loss.unmerged else []
            nothing = "nothing is in it yet" if loss.untouched else "nothing would be lost"
            facts += loss.told() or ((nothing,) if not loss.unmerged else ())
        print(f"{visible_line(str(each.path))}  {visible_line(' · '.join(facts))}")


@worktrees.command("diff")
def diff(name: Named) -> None:
    """Print what a worktree has that the repository's own branch has not, committed or not."""
    from agent.isolation import worktrees as trees

    async def told() -> str:
        return await trees.diff((await _found(name)).path)

    print(clean(asyncio.run(told())), end="")


@worktrees.command("merge")
def merge(name: Named) -> None:
    """Merge a worktree's branch into what is checked out in the repository itself."""
    from agent.isolation import worktrees as trees

    async def done() -> str:
        return await trees.merge((await _found(name)).path)

    print(visible_line(asyncio.run(done())))


@worktrees.command("remove")
def remove(
    name: Named,
    lose: Annotated[
        str, typer.Option("--lose", metavar="CODE", help="Agree to lose what a refusal names.")
    ] = "",
) -> None:
    """Remove a worktree, and its branch if it is merged; refuses where work would be lost.

    What would be lost is told with a code. Only with that code, and only while it is still just
    that, it is removed all the same. Commits are never lost: their branch stays.
    """
    from agent.isolation import worktrees as trees
    from agent.isolation.git_program import GitFailed

    async def done() -> str:
        found = await _found(name)
        agents = await _agents()
        busy = [each.name for each in agents if Path(each.directory).is_relative_to(found.path)]
        if busy:
            raise GitFailed(
                f"{', '.join(busy)} works in {found.path}: archive it first (/archive in the app)"
            )
        try:
            stays = await trees.remove(trees.Worktree(found.path, found.branch), agreed=lose)
        except trees.WouldLose as error:
            raise GitFailed(f"{error}. To lose it: --lose {error.loss.token()[:8]}") from error
        return f"{found.path} is removed" + (f"; {stays}" if stays else "")

    print(visible_line(asyncio.run(done())))


async def _found(name: str) -> Listed:
    from agent.isolation import worktrees as trees
    from agent.isolation.git_program import GitFailed

    known = await trees.listed(Path.cwd())
    path = await asyncio.to_thread(Path(name).resolve)
    names = (lambda each: each.path == path, lambda each: name in (each.path.name, each.branch))
    for of in names:
        if found := [each for each in known if of(each)]:
            if len(found) > 1:
                raise GitFailed(f"several worktrees are called {name}: say its path")
            return found[0]
    raise GitFailed(f"no worktree here is called {name}: tungsten worktrees lists them")


async def _agents() -> tuple[AgentSummary, ...]:
    """The agents of the engine that runs; none where none runs."""
    from agent.engine.client import EngineClient
    from agent.errors import AgentError

    try:
        client = await EngineClient.connect(paths.find(), start=False, client="command line")
    except AgentError:
        return ()
    try:
        snapshot = client.welcome.snapshot
        return snapshot.agents if snapshot is not None else ()
    finally:
        await client.close()
