"""Functions and modules that Python source hands on as values: who calls them is not seen."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import TYPE_CHECKING

from agent.risk.arguments import wordlist
from agent.risk.python_names import (
    DELETES,
    EVALUATES,
    REACHES,
    RUNS_SPREAD,
    RUNS_TEXT,
    RUNS_WORDS,
)

if TYPE_CHECKING:
    from agent.risk.python_code import Reader

_HANDS_ON = "hands on what can run anything, for which no use is seen"

_CONTAINERS = frozenset(wordlist("dict list set tuple append add insert extend setattr cast iter"))
"""Calls that keep what they are given, for another place to call."""
_LOOKS_AT = frozenset(
    wordlist(
        """isinstance issubclass hasattr getattr setattr delattr type id repr str print len dir help
        vars reload getsource getsourcefile getfile getmembers getdoc signature object patch spy
        spec import_module MagicMock Mock create_autospec"""
    )
)
"""Calls that only look at a module, or put something in its place."""
_METHODS = frozenset(
    name.rpartition(".")[2] for name in (*RUNS_TEXT, *RUNS_WORDS, *DELETES, *EVALUATES)
)


def runs(dotted: str) -> bool:
    """A function that does anything with what it is given."""
    return (
        dotted in RUNS_TEXT
        or dotted in RUNS_WORDS
        or dotted in DELETES
        or dotted in EVALUATES
        or RUNS_SPREAD.match(dotted) is not None
    )


def handed_on(reader: Reader, order: Iterable[ast.AST]) -> None:
    """Judge functions and modules that are put where this source does not show who calls them."""
    nodes = list(order)
    own = _own_names(nodes)
    kept = False
    for node in nodes:
        for value in _kept(node, reader):
            if not isinstance(value, (ast.Name, ast.Attribute)):
                continue
            if isinstance(value, ast.Name) and value.id in own - reader.modules.keys():
                continue
            dotted = reader.name(value)
            if runs(dotted) and not dotted.rpartition(".")[2][:1].isupper():
                reader.call.opaque(_HANDS_ON)
            kept = kept or dotted in REACHES
        if isinstance(node, ast.Call) and reader.name(node.func).rpartition(".")[2] not in (
            _LOOKS_AT
        ):
            for argument in (*node.args, *(k.value for k in node.keywords)):
                if isinstance(argument, ast.Name) and reader.modules.get(argument.id) in REACHES:
                    reader.call.opaque("gives a module that can run anything to what is not known")
    if kept and any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in _METHODS
        and not runs(reader.name(node.func))
        for node in nodes
    ):
        reader.call.opaque(_HANDS_ON)


def _own_names(nodes: Iterable[ast.AST]) -> set[str]:
    """Names that the source itself gives a meaning."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return found


def _kept(node: ast.AST, reader: Reader) -> list[ast.expr]:
    """What a node keeps or gives away of the expressions below it."""
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return node.elts
    if isinstance(node, ast.Dict):
        return node.values
    if isinstance(node, ast.IfExp):
        return [node.body, node.orelse]
    if isinstance(node, ast.BoolOp):
        return node.values
    if isinstance(node, (ast.Return, ast.Yield)) and node.value is not None:
        return [node.value]
    if isinstance(node, ast.Lambda):
        return [node.body]
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        defaults = [*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)]
        return [*defaults, *node.decorator_list]
    if isinstance(node, ast.ClassDef):
        inside = [s.value for s in node.body if isinstance(s, ast.Assign)]
        return [*inside, *node.decorator_list]
    if isinstance(node, ast.Assign):
        return _assigned(node, reader)
    if isinstance(node, ast.Call) and reader.name(node.func).rpartition(".")[2] in _CONTAINERS:
        return [*node.args, *(k.value for k in node.keywords)]
    return []


def _assigned(node: ast.Assign, reader: Reader) -> list[ast.expr]:
    """A name is followed, if it was given nothing else; whatever else is assigned to is not."""
    for target in node.targets:
        if not isinstance(target, ast.Name):
            return [node.value]
        if isinstance(node.value, (ast.Name, ast.Attribute)) and (
            reader.modules.get(target.id) != reader.name(node.value)
        ):
            return [node.value]
    return []
