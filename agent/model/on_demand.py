"""Loads of the model SDK what a conversation needs: its packages give names as they are asked for.

The SDK's `__init__` files name all that it has, and so its import loads three thousand modules for
services that are not used here: a second of processor time at each engine's first turn, and 50 MB
that stay. After `load_sdk`, its packages read their `__init__` as a table of contents instead; one
that is asked for what this does not list runs it after all.
"""

from __future__ import annotations

import ast
import contextlib
import gc
import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = "anthropic"
BELOW = (f"{ROOT}.types", f"{ROOT}.resources")
"""Where packages do nothing but import names, and import most of the SDK with them."""

ONLY_NAMED = (f"{ROOT}.types.beta", f"{ROOT}.types.message_create_params")
"""What the SDK's tracing imports of services that are not used here, to tell answers apart."""

NOT_OF_PYTHON = {"__all__", "__title__", "__version__"}
"""The only names of an `__init__` that look like those that Python gives to modules."""


def load_sdk() -> None:
    """Import what `ModelClient` uses of the SDK, unless it is there already.

    The collector would look through all of it again and again, which takes a fifth of the time. Its
    modules stay for good, so later collections need not look at them either.
    """
    if ROOT in sys.modules:
        return
    gc.disable()
    try:
        sys.meta_path.insert(0, _Finder())
        _load_tracing()
        import anthropic.resources.models
        import anthropic.types.message
        import anthropic.types.raw_message_stream_event

        # Asked for, the root's names are there.
        _ = anthropic.AsyncAnthropic, anthropic.AsyncStream, anthropic.APIConnectionError
    finally:
        gc.freeze()
        gc.enable()


def _load_tracing() -> None:
    """Import the SDK's tracing, and nothing of what it only names: that is half of the SDK's rest.

    Whoever asks for one of those afterwards gets what it really is.
    """
    sys.meta_path.insert(0, named := _Named())
    try:
        with contextlib.suppress(ModuleNotFoundError):
            # Versions that have it elsewhere load all of it.
            importlib.import_module(f"{ROOT}.lib._tracing")
    finally:
        sys.meta_path.remove(named)
        for name in [each for each in sys.modules if _only_named(each)]:
            parent, _, child = name.rpartition(".")
            del sys.modules[name]
            if parent in sys.modules:
                vars(sys.modules[parent]).pop(child, None)


def _only_named(module: str) -> bool:
    return f"{module}.".startswith(tuple(f"{name}." for name in ONLY_NAMED))


class _Package(ModuleType):
    """A package that imports each of its names when it is asked for it."""

    def __getattr__(self, name: str) -> Any:
        own = self.__dict__
        spec = own.get("__spec__")
        if spec is None or own.get("_ran") or (name.startswith("__") and name not in NOT_OF_PYTHON):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        init = Path(spec.origin)
        if "_listed" not in own:
            own["_listed"] = _listed(init)
        if name in own["_listed"]:
            module, theirs = own["_listed"][name]
            value = getattr(importlib.import_module(module, self.__name__), theirs)
            setattr(self, name, value)
            return value
        if init.with_name(f"{name}.py").exists() or init.with_name(name).is_dir():
            return importlib.import_module(f"{self.__name__}.{name}")
        own["_ran"] = True
        SourceFileLoader(self.__name__, spec.origin).exec_module(self)
        return getattr(self, name)


def _listed(init: Path) -> dict[str, tuple[str, str]]:
    """Where an `__init__` has each of its names from: the module, relative, and the name there."""
    return {
        alias.asname or alias.name: ("." * statement.level + statement.module, alias.name)
        for statement in ast.parse(init.read_bytes()).body
        if isinstance(statement, ast.ImportFrom) and statement.level and statement.module
        for alias in statement.names
    }


class _Loader(SourceFileLoader):
    """Makes a `_Package`, and runs nothing."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Package(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


class _Empty(ModuleType):
    """A module whose every name is a class that has no instances."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {"__module__": self.__name__})


class _Named(MetaPathFinder, Loader):
    """Finds an `_Empty` for what is `ONLY_NAMED`."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if _only_named(fullname):
            return ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Empty(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


class _Finder(MetaPathFinder):
    """Finds the SDK's packages for `_Loader`, and its modules as everybody does."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != ROOT and not fullname.startswith(BELOW):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.submodule_search_locations is not None:
            if not isinstance(spec.loader, SourceFileLoader):
                return None
            spec.loader = _Loader(fullname, spec.loader.path)
        return spec
