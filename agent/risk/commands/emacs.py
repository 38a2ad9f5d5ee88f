"""What Emacs loads and evaluates when a command starts it."""

from __future__ import annotations

import re

from agent.risk.arguments import split, value, wordlist
from agent.risk.commands.languages import run_text
from agent.risk.commands.script_files import read_script, run_file
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import shown

EMACS_VALUED = tuple(
    wordlist(
        """-l --load --script -x -f --funcall -L --directory -u --user --init-directory --eval
        --execute"""
    )
)
"""Options of Emacs with a value."""
_ONE_DASH = re.compile(r"-[a-z]{3}")
_RUNS_BUFFER = re.compile(r"eval|load|execute|babel|compile-and")
_BATCH_FUNCTION = re.compile(r"(?:batch|ert|package|org|check|elint|bytecomp|byte)-[\w-]+")
_BLOCK = re.compile(r"(?im)^[ \t]*#\+begin_src[ \t]+([\w-]+).*\n((?:(?![ \t]*#\+end_src).*\n?)*)")
_LANGUAGES = {
    "sh": "shell", "bash": "shell", "shell": "shell", "zsh": "shell", "emacs-lisp": "lisp",
    "elisp": "lisp", "js": "node",
}  # fmt: skip
"""Names of languages in Org files."""


def emacs_loads(call: Call) -> list[str]:
    """Judge what is loaded and which functions are called.

    Returns:
        The words with two dashes before long options, which Emacs takes with one, too.
    """
    argv = [f"-{word}" if _ONE_DASH.match(word) else word for word in call.argv]
    for path in value(argv, "-l", "--load", "--script", "-x"):
        run_file(call, path, "lisp")
    for function in value(argv, "-f", "--funcall"):
        if _RUNS_BUFFER.search(function):
            for operand in split(argv, EMACS_VALUED)[1]:
                _buffer(call, operand)
        if not _BATCH_FUNCTION.fullmatch(function):
            call.medium(f"calls {shown(function)}")
    return argv


def _buffer(call: Call, path: str) -> None:
    """Evaluate a file that was opened: Lisp, or the blocks of code of an Org file."""
    if not path.endswith(".org"):
        run_file(call, path, "lisp")
        return
    place, evaluator = call.place(path), call.evaluator
    known = place.path in evaluator.files
    text = evaluator.files[place.path] if known else read_script(place.path, evaluator.digests)
    if not isinstance(text, str):
        call.opaque("runs blocks of code that cannot be read")
        return
    for language, block in _BLOCK.findall(text):
        run_text(call, block, _LANGUAGES.get(language.lower(), language.lower()))
