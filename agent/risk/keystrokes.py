# ruff: noqa: E501 - tables and patterns read better unbroken
"""Judges keys for the program that will read them, at the key that makes it act.

Danger can be assembled: `rm -rf `, then `/`, then Enter. So each program has a model of what
stands on its line and of when it acts; the first key that would make something HIGH happen is
withheld (`hold_at`), with everything after it. The models are in `agent.risk.foregrounds`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from agent.risk.arguments import wordlist
from agent.risk.assessment import Assessment, Context, KeysAssessment, Paste, Risk
from agent.risk.evaluation.breathing import uncollected
from agent.risk.foregrounds.command_prompts import COMMANDS, CommandPrompt
from agent.risk.foregrounds.model import FINE, Model, last_row
from agent.risk.foregrounds.nano import Nano
from agent.risk.foregrounds.pager import Pager
from agent.risk.foregrounds.questions import Confirm, Other, Password, Questioned, asks
from agent.risk.foregrounds.screens import SCREENS, Screen
from agent.risk.foregrounds.shells import Prompt, Remote, Shell
from agent.risk.foregrounds.statements import CodePrompt, PdbPrompt, PythonPrompt, SqlPrompt
from agent.risk.foregrounds.vim import Vim
from agent.risk.keys import Stroke, strokes

_SHELLS = frozenset(wordlist("bash sh zsh dash ksh fish shell ash mksh rbash"))


_PYTHONS = frozenset(
    wordlist("python python3 ipython pypy pypy3 ptpython bpython python2 ipython3")
)


_SQL = {
    "psql": "psql", "pgcli": "psql", "mysql": "mysql", "mariadb": "mysql", "mycli": "mysql",
    "sqlite3": "sqlite", "sqlite": "sqlite", "litecli": "sqlite", "duckdb": "sqlite", "cqlsh": "cql",
    "mongosh": "mongo", "mongo": "mongo",
}  # fmt: skip


_CODE = {
    "node": "node", "irb": "ruby", "pry": "pry", "ruby": "ruby", "php": "php", "lua": "lua", "R": "R", "deno": "node",
    "bun": "node", "julia": "julia", "ghci": "haskell", "iex": "elixir", "scala": "scala", "ts-node": "node", "tsx": "node",
}  # fmt: skip


_EDITORS = frozenset(["vim", "vi", "nvim", "view", "ex", "vimdiff", "editor", "gvim"])


_PAGERS = frozenset(["less", "man", "more", "most", "pager", "git-log"])


_CONTAINERS = frozenset(wordlist("docker podman kubectl oc nerdctl lxc nsenter docker-compose"))


_AGENTS = frozenset(
    wordlist(
        "claude codex aider gemini opencode goose cursor-agent copilot amp crush qwen tungsten"
    )
)
"""Other agents: a yes there is a decision that is a person's."""


_PDB = re.compile(r"^(?:\(Pdb\+*\)|ipdb>)")


_PASSWORD_ASKED = re.compile(
    r"(?i)(?:\b(?:password|passphrase|passcode|PIN|one-time code|OTP)\b[^\n$#>]*:|\[sudo\][^\n]*:) *$"
)


_PASSWORDS = frozenset(wordlist("sudo-prompt password sudo su passwd ssh-password"))


def assess_keys(keys: Sequence[str | Paste], context: Context) -> KeysAssessment:
    """Judge keys sent to `context.foreground`. Never raises.

    Args:
        keys: an item is literal text unless it is exactly one of tmux's key names; CR and LF
            inside literal text submit; a `Paste` is a bracketed paste.
        context: `line` says what already stands on the line; None has it read off the screen.
    """
    try:
        with uncollected():
            return _assess(keys, context)
    except Exception as error:  # noqa: BLE001 - a fault of the judge must not let anything through
        reason = f"could not be analysed ({type(error).__name__})"
        return KeysAssessment(Risk.HIGH, (reason,), "cannot be known", hold_at=0)


def _assess(keys: Sequence[str | Paste], context: Context) -> KeysAssessment:
    worst = FINE
    made: dict[str, None] = {}
    readings = [_Reading([model_for(context.foreground, context)], context)]
    for stroke in strokes(keys):
        for reading in list(readings):
            answer = reading.feed(stroke)
            other = reading.other
            if other is not None:
                readings.append(other)
                reading.other = None
            if answer is None:
                continue
            made.update(dict.fromkeys(answer.writes))
            if answer.risk > worst.risk or answer.denied_by or (
                answer.asked_by and not worst.asked_by
            ):  # fmt: skip
                worst = answer
            if answer.risk is Risk.HIGH or answer.denied_by:
                return replace(_held(answer, stroke.index), writes=tuple(made))
        if len(readings) > MAX_READINGS:
            return _held(_UNKNOWN_READER, stroke.index)
    return KeysAssessment(
        worst.risk, worst.reasons, worst.effect, (), worst.denied_by, worst.asked_by, worst.allowed,
        worst.reads, allowed_by=worst.allowed_by, writes=tuple(made),
    )  # fmt: skip


MAX_READINGS = 24
"""Ways in which the same keys may be read by different programs, past which they are HIGH."""

_UNKNOWN_READER = Assessment(
    Risk.HIGH, ("which program reads this cannot be known",), "cannot be known"
)


class _Reading:
    """One way in which the keys may be read: the programs that have been started in each other.

    Attributes:
        models: the programs, the one that reads last.
        stopped: programs in the background.
        certain: False where this reading assumes that a program ended at once, or took the
            screen though it may not have. What is not surely meant for it counts for nothing
            then: the other reading judges it.
        other: another reading that starts here.
    """

    def __init__(self, models: list[Model], context: Context, *, certain: bool = True) -> None:
        self.models = models
        self.context = replace(context, screen="", line="", echo=True)
        self.stopped: list[Model] = []
        self.certain = certain
        self.other: _Reading | None = None

    def feed(self, stroke: Stroke) -> Assessment | None:
        """Let the program that reads take an event, and see who reads the next one."""
        model = self.models[-1]
        answer = model.feed(stroke)
        if answer is not None and not self.certain:
            told = answer.reasons[0] if answer.reasons else ""
            if not model.sure or "cannot be" in told:
                answer = None
        if model.child is not None:
            child, model.child = model.child, None
            self.models.append(child)
        elif model.opens == "fg":
            model.opens = ""
            back = self.stopped.pop() if self.stopped else Other(self.context, "a stopped program")
            back.reopened()
            self.models.append(back)
        elif model.opens:
            opened, model.opens = model.opens, ""
            if model.may_fail:
                model.may_fail = False
                self.other = self._fork(certain=False)
            self.models.append(model_for(opened, self.context))
        elif model.may_page:
            model.may_page = False
            self.other = self._fork(certain=self.certain)
            self.other.models.append(Pager(self.context, doubtful=True))
        elif model.closed or model.stopped:
            if model.may_stay:
                self.other = self._fork(certain=self.certain)
                self.other.models[-1].reopened()
            self._leave(model)
        return answer

    def _fork(self, *, certain: bool) -> _Reading:
        other = _Reading([model.fork() for model in self.models], self.context, certain=certain)
        other.stopped = [model.fork() for model in self.stopped]
        return other

    def _leave(self, model: Model) -> None:
        if len(self.models) > 1:
            self.models.pop()
        elif model.stopped or not isinstance(model, Shell):
            self.models[-1] = Shell(self.context)
        if model.stopped:
            self.stopped.append(model)
        self.models[-1].reopened()


def _held(answer: Assessment, index: int) -> KeysAssessment:
    return KeysAssessment(
        answer.risk, answer.reasons, answer.effect, (), answer.denied_by, answer.asked_by,
        answer.allowed, answer.reads, hold_at=index,
    )  # fmt: skip


def model_for(foreground: str, context: Context) -> Model:
    """The model of a program by its name (or by the word for its kind)."""
    name = foreground.rpartition("/")[2].lstrip("-")
    bare = re.sub(r"(?<=[a-z])[\d.]+$", "", name)
    if not context.echo or name in _PASSWORDS:
        return Password(context)
    inner = _model_for(name, bare, context)
    if not isinstance(inner, (Vim, Nano, Pager)) and _PASSWORD_ASKED.search(
        last_row(context.screen)
    ):
        return Password(context)
    if context.line is not None or name in _AGENTS or not asks(context.screen):
        return inner
    if isinstance(inner, (Other, CommandPrompt, Screen)):
        return Confirm(context)
    if isinstance(inner, Prompt):
        return Questioned(_model_for(name, bare, replace(context, screen="", line="")), context)
    return inner


def _model_for(name: str, bare: str, context: Context) -> Model:
    if name in _SHELLS or bare in _SHELLS:
        return Shell(context, name)
    if name in ("pdb", "ipdb", "pudb") or (
        name.startswith("python") and _PDB.match(last_row(context.screen))
    ):
        return PdbPrompt(context)
    if name in _PYTHONS or bare in _PYTHONS:
        return PythonPrompt(context, magic="ipython" in name)
    if name in _SQL:
        return SqlPrompt(context, _SQL[name])
    if name in _CODE:
        return CodePrompt(context, _CODE[name])
    if name in _EDITORS:
        return Vim(context)
    if name in ("nano", "pico"):
        return Nano(context)
    if name in _PAGERS:
        return Pager(context)
    if name in ("ssh", "mosh", "telnet"):
        return Remote(context)
    if name in _CONTAINERS and re.search(r"[#$](?: |$)", last_row(context.screen)):
        return Remote(context)
    if name in COMMANDS:
        return CommandPrompt(context, name)
    if name == "git" and re.fullmatch(r":|\(END\)", last_row(context.screen)):
        return Pager(context)
    if name in SCREENS:
        return Screen(context, name)
    if name == "confirm":
        return Confirm(context)
    return Other(context, name)
