# ruff: noqa: E501 - patterns read better unbroken
"""Code that an agent wrote and that other code loads: `import x`, `require "./x"`, `source("x.R")`.

What a piece of code loads runs with it, so that a harmless one could stand before a dangerous one.
Only what the agent made is followed; unknown pieces of it are judged as those of tests are.
"""

from __future__ import annotations

import re

from agent.risk.evaluation.call import Call

MAX_LOOKED_AT = 2_000
"""Files of the agent that are looked at for one piece of code."""
MAX_LOADED = 256
"""Files that one judgement follows."""

_ENDINGS = {
    "python": (".py", ".pyw"), "node": (".js", ".cjs", ".mjs", ".ts", ".mts", ".cts", ".jsx", ".tsx"), "ruby": (".rb",),
    "perl": (".pl", ".pm"), "lua": (".lua", ".fnl"), "php": (".php", ".inc"), "R": (".R", ".r"), "julia": (".jl",),
    "lisp": (".el", ".lisp", ".cl", ".hy", ".lsp", ".janet"), "tcl": (".tcl",), "scheme": (".scm", ".ss"), "clojure": (".clj", ".bb"),
    "octave": (".m",), "elixir": (".exs", ".ex"), "gnuplot": (".gp", ".plt"), "groovy": (".groovy",), "prolog": (".pl",),
}  # fmt: skip
_LOADS = re.compile(
    r"\b(?:import|from|require(?:_relative|_once)?|load(?:file|-file|-library)?|dofile|do|use|source|include(?:_once)?|autoload|consult"
    r"|runpy|run_path|run_module|import_module|SourceFileLoader|spec_from_file_location|call|eval_file|Code)\b([^\n;]{0,400})"
)
_IMPORTED = re.compile(r"\bfrom\s+([.\w]+)\s+import\s*\(([^)]{0,2000})\)", re.S)
_WORD = re.compile(r"[\w-]+")


def loads_own(call: Call, text: str, language: str) -> None:
    """Judge what a piece of code loads of the code that the agent made."""
    evaluator = call.evaluator
    endings = _ENDINGS.get(language)
    if endings is None:
        return
    own = [path for path in evaluator.own_files()[-MAX_LOOKED_AT:] if path.endswith(endings)]
    if not own:
        return
    words: set[str] = set()
    for match in _LOADS.finditer(text):
        words.update(_WORD.findall(match[1]))
    for match in _IMPORTED.finditer(text):
        words.update(_WORD.findall(match[1] + " " + match[2]))
    for path in own:
        above, _, name = path.rpartition("/")
        stem = name.rpartition(".")[0]
        if stem in ("__init__", "index", "init"):
            stem = above.rpartition("/")[2]
        if stem in words:
            _run(call, path, language)


def _run(call: Call, path: str, language: str) -> None:
    from agent.risk.commands.languages import run_text
    from agent.risk.commands.script_files import read_script

    evaluator = call.evaluator
    if path in evaluator.loaded:
        return
    if len(evaluator.loaded) >= MAX_LOADED:
        call.opaque("loads more of the agent's files than can be read")
        return
    evaluator.loaded.add(path)
    known = path in evaluator.files
    text = evaluator.files[path] if known else read_script(path, evaluator.digests)
    if isinstance(text, str):
        strict, call.strict = call.strict, False
        try:
            run_text(call, text, language)
        finally:
            call.strict = strict
