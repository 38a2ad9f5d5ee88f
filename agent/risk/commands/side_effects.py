# ruff: noqa: E501 - tables read better unbroken
"""Options by which ordinary programs empty directories, unpack outside of the project, or load code."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

from agent.risk.arguments import split, value, wordlist
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import shown
from agent.risk.paths import Zone
from agent.risk.shell.syntax import UNKNOWN


class Emptied(NamedTuple):
    """Which directory a program empties before it works there.

    Attributes:
        options: options that name it; when empty, the last operand does.
        needs: words of which one must be there.
        verb: the first operand must be this one.
    """

    options: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    verb: str = ""


_CLEAR = ("--clear",)
EMPTIES: dict[str, Emptied] = {
    **dict.fromkeys(("pytest", "py.test"), Emptied(("--basetemp",))),
    **dict.fromkeys(("virtualenv", "venv", "pyvenv"), Emptied((), _CLEAR)),
    "uv": Emptied((), (*_CLEAR, "-c"), "venv"),
    "mkdocs": Emptied(("-d", "--site-dir"), (), "build"),
    "jekyll": Emptied(("-d", "--destination"), (), "build"),
    "pelican": Emptied(("-o", "--output"), ("-d", "--delete-output-directory")),
    "vite": Emptied(("--outDir",), ("--emptyOutDir",)),
    "hugo": Emptied(("-d", "--destination"), ("--cleanDestinationDir",)),
    "cargo": Emptied(("--target-dir",), (), "clean"),
}
"""Program → what it empties; the documentation of the options."""

_SAFE = (Zone.REGENERABLE, Zone.TEMPORARY, Zone.NULL, Zone.PROJECT)


def empties(call: Call, program: str) -> None:
    """Judge the directory that a program of `EMPTIES` empties."""
    entry = EMPTIES[program]
    argv = call.argv
    words = {word.partition("=")[0] for word in argv[1:]}
    operands = split(argv, ("-p", "--python", "--prompt"))[1]
    if (entry.needs and words.isdisjoint(entry.needs)) or (entry.verb and operands[:1] != [entry.verb]):  # fmt: skip
        return
    named = value(argv, *entry.options) if entry.options else operands[1 if entry.verb else 0 :][:1]
    for text in named:
        if call.place(text).zone not in _SAFE:
            call.deletes(text, recursive=True)


class Loads(NamedTuple):
    """How a program is told of a library, or of a directory of programs, that it loads.

    Attributes:
        options: options that name it.
        variables: variables that do.
        operands: words that do.
        directory: it is a directory, and what the agent wrote there counts.
    """

    options: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    operands: bool = False
    directory: bool = False


_COMPILERS = wordlist("gcc g++ cc c++ clang clang++ gfortran")
LOADS: dict[str, tuple[Loads, ...]] = {
    "ssh-keygen": (Loads(("-D", "-w")),),
    "ssh-add": (Loads(("-s", "-e")),),
    "openssl": (
        Loads(("-provider-path", "-engine"), ("OPENSSL_MODULES", "OPENSSL_ENGINES")),
        Loads(operands=True),
    ),
    "ld": (Loads(("--plugin", "-plugin")),),
    "pkcs11-tool": (Loads(("--module",)),),
    "p11tool": (Loads(("--provider",)),),
    **dict.fromkeys(
        _COMPILERS, (Loads(("-B",), ("COMPILER_PATH", "GCC_EXEC_PREFIX"), directory=True),)
    ),
}  # fmt: skip
"""Program → what it loads; their manuals."""
_LIBRARY = re.compile(r"\.(?:so|dylib)\b")
_OF_SYSTEM = re.compile(r"/(?:usr|lib\w*|opt|nix|System|Library)/")


def loads(call: Call, program: str) -> None:
    """Judge the code that a program of `LOADS` is told to load."""
    for entry in LOADS[program]:
        names = value(call.argv, *entry.options)
        for variable in entry.variables:
            for text in call.evaluator.state.variables.get(variable) or ():
                names += text.split(":")
        if entry.operands:
            names += [word for word in split(call.argv)[1] if "/" in word and _LIBRARY.search(word)]
        for name in names:
            path = call.place(name).path
            if entry.directory:
                if any(own.startswith(f"{path}/") for own in _programs(call)):
                    call.high(
                        "runs programs that the agent wrote", f"runs what is in {shown(name)}"
                    )
            elif UNKNOWN in path or "/" in name or name in (".", ".."):
                loads_code(call, name)


def loads_code(call: Call, name: str) -> None:
    """A program loads the library, or those in the directory, at a path."""
    path = call.place(name).path
    if UNKNOWN in path:
        call.opaque("which code it loads cannot be known")
    elif not _OF_SYSTEM.match(path):
        call.high("loads code that may be anybody's", f"loads {shown(name)}")


def loads_any(call: Call) -> None:
    """A program of which no table tells is given a library by an option that says so."""
    for before, word in pairwise(call.argv):
        option, equals, rest = word.partition("=")
        named = rest if equals else word
        if (
            _LIBRARY.search(named)
            and "/" in named
            and _LOADING.fullmatch(option if equals else before)
        ):
            loads_code(call, named)


_LOADING = re.compile(
    r"--?(?:[a-z]+-)*(?:load\w*|plugins?|modules?|extensions?|library|lib|provider|engine|preload|dlopen|driver|backend)(?:-(?:file|path))?"
)


_STEPS = frozenset(
    wordlist("as ld cc1 cc1plus collect2 lto1 f951 lto-wrapper gold ld.bfd ld.gold ld.lld cpp")
)


def _programs(call: Call) -> list[str]:
    return [path for path in call.evaluator.own_files() if path.rpartition("/")[2] in _STEPS]
