"""The front door: judge a command line or any other action. Nothing here ever raises."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from pathlib import Path

from agent.actions import (
    Action,
    AllowDialog,
    AnswerDialog,
    CallTool,
    ClosePane,
    FetchUrl,
    MessageWorker,
    OpenPane,
    PatchFiles,
    ReadFile,
    ReadScreen,
    Remember,
    RemoveWorktree,
    RunCommand,
    SearchMemory,
    SearchWeb,
    StartWorker,
    StopWorker,
    TypeKeys,
    WriteFile,
)
from agent.risk.assessment import Assessment, Context, KeysAssessment, Risk, Span
from agent.risk.evaluate import evaluate
from agent.risk.evaluation.breathing import uncollected
from agent.risk.links import Links
from agent.risk.paths import Ground, Place, Zone, judge
from agent.risk.rules import match_path
from agent.risk.running import disturbed
from memory.orders import gives_orders


def assess_command(command: str, context: Context) -> Assessment:
    """Judge shell text as a shell prompt in `context.cwd` would run it.

    Never raises: what goes wrong inside is HIGH.
    """
    try:
        with uncollected():
            evaluator = evaluate(command, context)
            answer = evaluator.assessment()
            evaluator.release()
        return answer
    except Exception as error:  # noqa: BLE001 - a fault of the judge must not let anything through
        return _unjudged(error, len(command))


def assess(action: Action, context: Context) -> Assessment:
    """Judge any action; a kind that no rule knows is HIGH. Never raises."""
    try:
        with uncollected():
            return _assess(action, context)
    except Exception as error:  # noqa: BLE001 - a fault of the judge must not let anything through
        return _unjudged(error, 0)


def _unjudged(error: Exception, length: int) -> Assessment:
    reason = f"could not be analysed ({type(error).__name__})"
    spans = (Span(0, length, reason),) if length else ()
    return Assessment(Risk.HIGH, (reason,), "cannot be known", spans)


def _assess(action: Action, context: Context) -> Assessment:
    if isinstance(action, RunCommand):
        return assess_command(action.command, context)
    if isinstance(action, TypeKeys):
        from agent.risk.keystrokes import assess_keys

        return _marked(action, assess_keys(action.keys, context))
    if isinstance(action, OpenPane):
        return Assessment(Risk.LOW, ("opens a pane",), f"opens a pane in {action.cwd}")
    if isinstance(action, ClosePane):
        return Assessment(Risk.LOW, ("closes one of its own panes",), "closes a pane")
    if isinstance(action, ReadScreen):
        return Assessment(Risk.LOW, ("looks at one of its own panes",))
    if isinstance(action, SearchMemory):
        return Assessment(Risk.LOW, ("looks up what was remembered",))
    if isinstance(action, Remember):
        return _remember(action)
    if isinstance(action, ReadFile):
        return _worst([_read(action, p, context) for p in _places(action.path, context)])
    if isinstance(action, WriteFile):
        return _worst([_write(action, p, context) for p in _places(action.path, context)])
    if isinstance(action, PatchFiles):
        return _patch(action, context)
    if isinstance(action, FetchUrl):
        return _fetch(action, context)
    if isinstance(action, SearchWeb):
        return _ruled_medium("tells a search engine what is looked for", "searches", context)
    if isinstance(action, CallTool):
        reason = f"no rule knows what the tool {action.tool} does"
        return Assessment(Risk.HIGH, (reason,), "cannot be known")
    if isinstance(action, AllowDialog):
        whole = (Span(0, len(action.text), action.doubt),)
        return Assessment(Risk.HIGH, (action.doubt,), "", whole)
    if isinstance(action, AnswerDialog):
        reason = "tells the agent no" if action.denies else "gives the agent your own answer"
        return Assessment(Risk.LOW, (reason,), reason)
    if isinstance(action, StartWorker):
        return _worst([_start(action, p, context) for p in _places(action.directory, context)])
    if isinstance(action, MessageWorker):
        return _ruled_medium("tells a worker what to do", f"{action.name} goes on", context)
    if isinstance(action, StopWorker):
        return Assessment(Risk.LOW, ("stops one of its own workers",), "stops a worker")
    if isinstance(action, RemoveWorktree):
        reason = "removes a work tree in which everything is committed"
        return Assessment(Risk.LOW, (reason,), f"removes {action.path}")
    return Assessment(Risk.HIGH, (f"no rule knows the action “{action.kind}”",), "cannot be known")


def _remember(action: Remember) -> Assessment:
    """A memory changes nothing but what agents are told; what they all are told weighs more."""
    if action.scope == "user":
        reason = "every agent in every project will be told"
        return Assessment(Risk.MEDIUM, (reason,), "remembers something about you")
    if gives_orders(action.fact) and action.source != "user_stated":
        reason = "it tells its reader what to do, and you did not say it"
        return Assessment(Risk.MEDIUM, (reason,), "remembers it, held back until you look at it")
    return Assessment(Risk.LOW, ("agents in this project will be told",), "remembers a fact")


def _marked(action: TypeKeys, answer: KeysAssessment) -> KeysAssessment:
    """Mark what is HIGH in the keys' text: from the line's first key to the one that submits it."""
    if answer.hold_at is None:
        return answer
    first = answer.hold_at
    while first and not _SUBMITS.search(action.keys[first - 1]):
        first -= 1
    start = len(" ".join(action.keys[:first])) + (1 if first else 0)
    end = len(" ".join(action.keys[: answer.hold_at + 1]))
    reason = answer.reasons[0] if answer.reasons else ""
    return replace(answer, spans=(Span(start, end, reason),) if end > start else ())


_SUBMITS = re.compile(r"^(?:Enter|KPEnter|C-[mMjJcC])$|[\r\n]")


def ground_of(context: Context) -> Ground:
    """The directories that paths are judged against."""
    project = str(context.project) if context.project is not None else ""
    return Ground(str(context.home), project, tuple(str(path) for path in context.own))


def _places(path: object, context: Context) -> list[Place]:
    """A path as it is named, and where symbolic links on the disk lead from it."""
    text, cwd, ground = str(path), str(context.cwd), ground_of(context)
    place = judge(text, cwd, ground)
    links = Links(ground)
    target = links.climbed(text, cwd) or links.followed(place.path)
    return [place] if target is None else [place, judge(target, cwd, ground)]


def _worst(answers: list[Assessment]) -> Assessment:
    return max(answers, key=lambda a: (a.denied_by is not None, a.risk, a.asked_by is not None))


def _ruled(
    kind: str, place: Place, context: Context, risk: Risk, reason: str, effect: str
) -> Assessment:
    rules = context.rules
    home = str(context.home)
    root = str(context.project or context.cwd)
    deny = match_path(rules.deny, kind, place.path, home, root)
    ask = match_path(rules.ask, kind, place.path, home, root)
    allow = match_path(rules.allow, kind, place.path, home, root)
    broken = f"your rules: {rules.problem}" if rules.problem else None
    asked = f"your rule {ask.text}" if ask is not None else broken
    reasons = [reason]
    if deny is not None:
        reasons.insert(0, f"denied by your rule {deny.text}")
    elif asked is not None:
        reasons.insert(0, f"asks because of {asked}")
    spans = (Span(0, len(place.path), reason),) if risk is Risk.HIGH or deny is not None else ()
    allowed = allow is not None and risk < Risk.HIGH and asked is None and deny is None
    return Assessment(
        risk,
        tuple(reasons),
        effect,
        spans,
        deny.text if deny is not None else None,
        asked,
        allowed,
        allowed_by=(allow.text,) if allow is not None and allowed else (),
    )


def _ruled_medium(reason: str, effect: str, context: Context) -> Assessment:
    """What no rule names; where rules cannot be read it asks, as everything does."""
    problem = context.rules.problem
    asked = f"your rules: {problem}" if problem else None
    reasons = (f"asks because of {asked}", reason) if asked else (reason,)
    return Assessment(Risk.MEDIUM, reasons, effect, asked_by=asked)


def _start(action: StartWorker, place: Place, context: Context) -> Assessment:
    """A worker takes its directory for its project: one elsewhere could do more than its maker."""
    effect = f"another agent works in {action.directory}, up to {action.ceiling}"
    root = str(context.project or context.cwd)
    made = action.worktree is not None
    ground = f"{root}.worktrees" if made else root
    inside = place.path.startswith(f"{ground}/") and (made or context.project is not None)
    special = place.own or place.secret or place.startup or place.zone is Zone.GIT
    if special or not (inside or place.path == root):
        reason = "starts a worker outside of the project"
        return Assessment(Risk.HIGH, (reason,), effect, (Span(0, len(action.text), reason),))
    found = _ruled_medium("starts a worker", effect, context)
    if action.worktree is None:
        return found
    adding = shlex.join(["git", "worktree", "add", "-b", action.branch, str(action.worktree)])
    ruled = assess_command(adding, context)
    return replace(found, denied_by=ruled.denied_by, asked_by=found.asked_by or ruled.asked_by)


def _read(action: ReadFile, place: Place, context: Context) -> Assessment:
    effect = f"reads {action.path}"
    if place.own and place.zone is not Zone.PROJECT:
        return _ruled("Read", place, context, Risk.HIGH, "reads Tungsten's own files", effect)
    if place.secret:
        return _ruled("Read", place, context, Risk.HIGH, "reads credentials or keys", effect)
    if place.zone is Zone.DEVICE:
        return _ruled("Read", place, context, Risk.HIGH, "reads a raw device", effect)
    inside = place.zone in (Zone.PROJECT, Zone.REGENERABLE, Zone.TEMPORARY, Zone.GIT) or (
        context.project is not None and place.path == str(context.project)
    )
    if inside or place.zone in (Zone.SYSTEM, Zone.NULL):
        return _ruled("Read", place, context, Risk.LOW, "reads a file", effect)
    return _ruled("Read", place, context, Risk.MEDIUM, "reads outside of the project", effect)


def _write(action: WriteFile, place: Place, context: Context) -> Assessment:
    effect = f"writes {action.path}"
    risk, reason = Risk.HIGH, ""
    if place.own:
        reason = "changes Tungsten's own files or a tmux server's"
    elif place.trace:
        reason = "erases traces of what was done"
    elif place.startup:
        reason = "plants something that runs later"
    elif place.secret and place.zone is not Zone.TEMPORARY:
        reason = "changes credentials or keys"
    elif place.zone is Zone.GIT:
        reason = "changes the repository's own data"
    elif place.zone in (Zone.PROJECT, Zone.REGENERABLE, Zone.TEMPORARY):
        risk, reason = Risk.MEDIUM, f"writes {place.name}"
    else:
        reason = "writes outside of the project"
    found = list(disturbed(context, place.path, action.content))
    if found and risk is not Risk.HIGH:
        risk, reason = Risk.HIGH, found[0].reason
    if risk is Risk.MEDIUM and place.name == "package.json":
        reason = _package_hooks(action)
        risk = Risk.HIGH if reason else Risk.MEDIUM
        reason = reason or "writes package.json"
    answer = _ruled("Edit", place, context, risk, reason, effect)
    denied = next((each.denied for each in found if each.denied), None)
    return answer if denied is None else replace(answer, denied_by=answer.denied_by or denied)


def _patch(action: PatchFiles, context: Context) -> Assessment:
    """As each of its files would be judged: what is written as writing, what is deleted as `rm`."""
    found = [
        _write(WriteFile(Path(path), action.patch, diff=action.patch), place, context)
        for path in action.paths
        for place in _places(path, context)
    ]
    found += [assess_command(shlex.join(["rm", "--", path]), context) for path in action.removed]
    if not found:
        return Assessment(Risk.HIGH, ("it does not say which files it changes",), "cannot be known")
    worst = _worst(found)
    effect = f"changes {len(action.paths)} files" if action.paths else ""
    effect += ", " if effect and action.removed else ""
    effect += f"deletes {len(action.removed)} files" if action.removed else ""
    allowed = all(each.allowed for each in found)
    return replace(worst, effect=effect, spans=(), allowed=allowed, writes=action.paths)


def _fetch(action: FetchUrl, context: Context) -> Assessment:
    """As `curl` that only shows the page: what the address carries away is looked at there."""
    if not _ADDRESS.fullmatch(action.url):
        return Assessment(Risk.HIGH, ("this is no plain address of the web",), "cannot be known")
    found = assess_command(shlex.join(["curl", "-sS", "--", action.url]), context)
    return replace(found, effect=found.effect or f"reads {action.url}", spans=())


_ADDRESS = re.compile(r"https?://[!-~]+", re.I)


def _package_hooks(action: WriteFile) -> str:
    """A package script that runs by itself, added in the diff."""
    import re

    added = [line for line in action.diff.splitlines() if line.startswith("+")] or (
        [] if action.before else action.content.splitlines()
    )
    if any(re.search(r'"(?:pre|post)?install"\s*:|"prepare"\s*:', line) for line in added):
        return "plants a package script that runs by itself"
    return ""
