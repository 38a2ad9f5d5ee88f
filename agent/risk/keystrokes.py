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
from agent.risk.foregrounds.model import FINE, Model
from agent.risk.foregrounds.nano import Nano
from agent.risk.foregrounds.pager import Pager
from agent.risk.foregrounds.questions import Confirm, Other, Password
from agent.risk.foregrounds.shells import Remote, Shell
from agent.risk.foregrounds.statements import CodePrompt, PythonPrompt, SqlPrompt
from agent.risk.foregrounds.vim import Vim
from agent.risk.keys import strokes

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
    "node": "node", "irb": "ruby", "pry": "ruby", "ruby": "ruby", "php": "php", "lua": "lua", "R": "R", "deno": "node",
    "bun": "node", "julia": "julia", "ghci": "haskell", "iex": "elixir", "scala": "scala", "ts-node": "node", "tsx": "node",
}  # fmt: skip


_EDITORS = frozenset(["vim", "vi", "nvim", "view", "ex", "vimdiff", "editor", "gvim"])


_PAGERS = frozenset(["less", "man", "more", "most", "pager", "git-log"])


_PASSWORDS = frozenset(wordlist("sudo-prompt password sudo su passwd ssh-password"))


def assess_keys(keys: Sequence[str | Paste], context: Context) -> KeysAssessment:
    """Judge keys sent to `context.foreground`. Never raises.

    Args:
        keys: an item is literal text unless it is exactly one of tmux's key names; CR and LF
            inside literal text submit; a `Paste` is a bracketed paste.
        context: `line` says what already stands on the line; None has it read off the screen.
    """
    try:
        with uncollected(sum(len(k) if isinstance(k, str) else len(k.text) for k in keys)):
            return _assess(keys, context)
    except Exception as error:  # noqa: BLE001 - a fault of the judge must not let anything through
        reason = f"could not be analysed ({type(error).__name__})"
        return KeysAssessment(Risk.HIGH, (reason,), "cannot be known", hold_at=0)


def _assess(keys: Sequence[str | Paste], context: Context) -> KeysAssessment:
    worst = FINE
    models: list[Model] = [model_for(context.foreground, context)]
    for stroke in strokes(keys):
        model = models[-1]
        answer = model.feed(stroke)
        if answer is not None:
            if answer.risk > worst.risk or answer.denied_by or (
                answer.asked_by and not worst.asked_by
            ):  # fmt: skip
                worst = answer
            if answer.risk is Risk.HIGH or answer.denied_by:
                return _held(answer, stroke.index)
        if model.opens:
            opened, model.opens = model.opens, ""
            models.append(model_for(opened, replace(context, screen="", line="", echo=True)))
        elif model.closed:
            if len(models) > 1:
                models.pop()
            else:
                models[-1] = Shell(replace(context, screen="", line=""))
    return KeysAssessment(
        worst.risk, worst.reasons, worst.effect, (), worst.denied_by, worst.asked_by, worst.allowed,
        worst.reads,
    )  # fmt: skip


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
    if name in _SHELLS or bare in _SHELLS:
        return Shell(context)
    if name in _PYTHONS or bare in _PYTHONS:
        return PythonPrompt(context)
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
    if name in ("confirm",):
        return Confirm(context)
    return Other(context, name)
