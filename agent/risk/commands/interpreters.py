# ruff: noqa: E501 - tables and patterns read better unbroken
"""Rules for the other interpreters: their inline options, awk, and code from files."""

from __future__ import annotations

import re

from agent.risk import python_code
from agent.risk.arguments import split, value
from agent.risk.commands.editors import edit
from agent.risk.commands.emacs import EMACS_VALUED, emacs_loads
from agent.risk.commands.loaded_code import loads_own
from agent.risk.commands.script_code import code
from agent.risk.commands.script_files import from_stdin, read_script, run_file
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import shown
from agent.risk.paths import Zone
from agent.risk.shell.syntax import UNKNOWN

INLINE: dict[str, tuple[str, tuple[str, ...]]] = {
    "node": ("node", ("-e", "--eval", "-p", "--print", "-pe", "-r", "--require", "--import", "--loader")),
    "perl": ("perl", ("-e", "-E")), "ruby": ("ruby", ("-e",)),
    "php": ("php", ("-r", "-R", "-B", "-E", "--run")), "lua": ("lua", ("-e",)), "R": ("R", ("-e",)),
    "deno": ("node", ("eval",)), "bun": ("node", ("-e", "--eval", "-p")), "julia": ("julia", ("-e", "-E", "--eval", "--print")),
    "groovy": ("groovy", ("-e",)), "scala": ("scala", ("-e",)), "elixir": ("elixir", ("-e", "--eval", "--rpc-eval")),
    "erl": ("erlang", ("-eval", "-s", "-run")), "ghc": ("haskell", ("-e",)), "guile": ("scheme", ("-c", "-e")), "racket": ("racket", ("-e",)),
    "tclsh": ("tcl", ()), "expect": ("tcl", ("-c",)), "wish": ("tcl", ()), "osascript": ("osascript", ("-e",)),
    "octave": ("octave", ("--eval",)), "sbcl": ("lisp", ("--eval",)), "clojure": ("clojure", ("-e",)), "bb": ("clojure", ("-e",)), "swipl": ("prolog", ("-g",)),
    "jshell": ("java", ()), "crystal": ("crystal", ("eval",)), "gjs": ("node", ("-c",)), "qjs": ("node", ("-e",)), "d8": ("node", ("-e",)), "raku": ("perl", ("-e",)),
    "emacs": ("lisp", ("--eval", "-eval", "--execute", "-execute")), "iex": ("elixir", ("-e",)), "ipython": ("python", ("-c",)),
    "gdb": ("gdb", ("-ex", "--eval-command", "-iex")), "lldb": ("gdb", ("-o", "-O")), "gnuplot": ("gnuplot", ("-e",)), "kotlin": ("kotlin", ("-e",)), "kotlinc": ("kotlin", ("-e",)), "ocaml": ("ocaml", ("-e",)), "runghc": ("haskell", ("-e",)),
    "clj": ("clojure", ("-e", "-M:e", "-Me")), "csi": ("scheme", ("-e", "-eval", "-p")), "chicken": ("scheme", ("-e",)), "gsi": ("scheme", ("-e",)), "chibi-scheme": ("scheme", ("-e", "-p")), "mit-scheme": ("scheme", ("--eval",)), "gosh": ("scheme", ("-e",)),
    "gforth": ("forth", ("-e", "--evaluate")), "v": ("v", ("-e",)), "io": ("io", ("-e",)), "jrunscript": ("node", ("-e",)), "jjs": ("node", ("-e",)), "bsh": ("java", ("-e",)), "janet": ("lisp", ("-e",)), "fennel": ("lua", ("-e", "--eval")),
    "escript": ("erlang", ()), "xonsh": ("xonsh", ("-c",)), "hy": ("lisp", ("-c",)), "sage": ("python", ("-c",)), "matlab": ("matlab", ("-batch", "-r")), "wolframscript": ("wolfram", ("-code", "-c")), "gp": ("gp", ("-c",)), "ecl": ("lisp", ("-eval", "--eval")), "clisp": ("lisp", ("-x",)), "ccl": ("lisp", ("-e", "--eval")),
    "newlisp": ("lisp", ("-e",)), "picolisp": ("lisp", ()), "j": ("j", ("-js",)), "scheme": ("scheme", ()), "ghci": ("haskell", ("-e",)), "scilab": ("scilab", ("-e",)), "rhino": ("node", ("-e",)), "mujs": ("node", ()), "txiki": ("node", ()),
    "emacsclient": ("lisp", ("-e", "--eval")), "nim": ("nim", ("--eval", "--eval:")), "maxima": ("maxima", ("--batch-string",)),
}  # fmt: skip


def _behind(argv: list[str], text: str) -> list[str]:
    """What stands behind the inline text, without the `--` that ends options."""
    rest = argv[argv.index(text) + 1 :] if text in argv else []
    return [word for word in rest if word != "--"]


_PIPED = re.compile(r"(?s)\s*([^|].*?)\s*\|\s*|\s*\|\s*(.+)")


def inline(call: Call) -> None:
    """`node -e`, `perl -e`, `ruby -e`, `php -r`, …: text, a file or standard input."""
    from agent.risk.evaluation.names import OTHER_NAMES as _ALIASES
    from agent.risk.evaluation.unlisted import simple

    argv = call.argv
    program = argv[0].rpartition("/")[2]
    program = _ALIASES.get(program, re.sub(r"[\d.]+$", "", program) or program)
    language, names = INLINE.get(program, (program, ("-e",)))
    if argv[1:] in (["--version"], ["-v"], ["-V"], ["--help"], ["-h"]):
        call.low()
        return
    texts = [
        t
        for name in names
        if name not in ("-r", "--require", "--import", "--loader") or program != "node"
        for t in value(argv, name)
    ]
    texts += [a[len(name) + 1 :] for name in names for a in argv[1:] if a.startswith(f"{name}:")]
    if program in ("perl", "ruby", "php", "raku"):
        for at, argument in enumerate(argv[:-1]):
            if re.match(r"^-[a-zA-Z0-9]*[eE]$", argument) and argument not in names:
                texts.append(argv[at + 1])
        if program == "perl":
            for operand in argv[2:]:
                # What `<>` opens, as -n and -p do, is a command where a pipe stands at an end.
                if (
                    operand not in texts
                    and operand[:1] != "-"
                    and (piped := _PIPED.fullmatch(operand))
                ):
                    call.shell(piped[1] or piped[2])
        editing = any(re.match(r"^-[a-zA-Z0]*i", a) for a in argv[1:])
        if editing:
            prints = any(re.match(r"^-[a-zA-Z0]*p", a) for a in argv[1:]) or any(
                re.search(r"print|puts|say|write|\$_\s*=", t) for t in texts
            )
            for operand in split(argv, ("-e", "-E"))[1]:
                if operand not in texts:
                    call.writes(operand, truncates=not prints)
        elif texts:
            if program == "ruby" and "-run" in argv:
                # Its library `un`: the text is the name of a command, which takes the other words.
                call.run([texts[0], *_behind(argv, texts[0])])
            if "-run" in argv and "httpd" in texts:
                serves(call, split(argv, ("-e", "-p", "--port"))[1])
            for operand in split(argv, ("-e", "-E", "-r"))[1]:
                if operand not in texts:
                    call.reads(operand)
    if program == "node":
        for path in value(argv, "-r", "--require", "--import", "--loader", "--experimental-loader"):
            if re.match(r"^(?:/tmp|data:|https?:)", path):
                call.high("loads code from elsewhere")
            elif "/" in path:
                run_file(call, path, "node")
        if any(a in ("-c", "--check", "--test") for a in argv[1:]):
            call.medium("runs node")
            return
    if program == "emacs":
        argv = emacs_loads(call)
    if program in ("gdb", "lldb"):
        if "--args" in argv:
            call.run(argv[argv.index("--args") + 1 :])
        for path in value(argv, "-x", "--command", "-ix", "-s", "--source"):
            run_file(call, path, "gdb")
        feed = call.feed()
        for text in (*texts, *(feed.text.splitlines() if feed.kind == "text" else ())):
            debugger_text(call, text)
        if feed.kind in ("remote", "unknown", "file"):
            call.opaque("what the debugger is told cannot be known")
        if value(argv, "-p", "--pid") or any(a.isdigit() for a in argv[2:]):
            call.high("has a debugger run a command or enter a process")
        call.medium("runs a debugger")
        return
    if program == "osascript":
        call.high("controls other programs")
        return
    if program in ("crystal", "nim") and argv[1:2] in (["eval"], ["e"]):
        texts += [a.removeprefix("--eval:") for a in argv[2:]]
    if call.evaluator.has_own():
        modules = value(argv, *_LOADING.get(program, ()))
        loads_own(call, "".join(f"require '{name}'\n" for name in modules), language)
    if texts:
        for text in texts:
            if language == "python":
                python_code.judge(call, text)
            elif UNKNOWN in text and not text.strip(UNKNOWN + "'\" ;"):
                call.opaque()
            else:
                code(call, text, language)
        call.medium(f"runs {language} code") if call.level < 2 and language != "node" else None
        return
    valued = {
        "php": ("-S", "-t", "-d", "-f"),
        "emacs": EMACS_VALUED,
        "node": ("--loader", "-r", "--require", "--import", "--env-file"),
    }.get(program, ("-I",))
    operands = split(argv, valued)[1]
    if program == "php" and value(argv, "-S"):
        serves(call, value(argv, "-t"))
        return
    if program == "php" and operands[:1] == ["artisan"]:
        simple(call_with(call, operands), "artisan")
        return
    if program in ("deno", "bun"):
        simple(call, program)
        return
    if operands and "(" in operands[0]:
        code(call, operands[0], language)
        return
    if operands and operands[0] != "-":
        if program in ("emacs",):
            for operand in operands:
                edit(call, operand)
            return
        run_file(call, operands[0], language if language != "lisp" else "")
        call.medium(f"runs {shown(operands[0])}")
        return
    from_stdin(call, language)


_LOADING = {
    "ruby": ("-r",), "perl": ("-M", "-m"), "lua": ("-l",), "php": ("-d",), "node": ("-r", "--require", "--import", "--loader"),
    "julia": ("-L", "--load"), "guile": ("-l",), "sbcl": ("--load",), "elixir": ("-r",),
}  # fmt: skip
"""Program → options that name code that is loaded before the rest."""


def debugger_text(call: Call, text: str) -> None:
    """Commands of a debugger: some of them run programs or enter a process."""
    if re.search(
        r"shell|!|python|call|system|attach|pipe|\bprint .*\(|platform|script\b|make\b", text
    ):
        call.high("has a debugger run a command or enter a process")


def serves(call: Call, roots: list[str]) -> None:
    """A local server of files: of the project, or of more than that."""
    for root in roots:
        place = call.place(root)
        inside = place.zone in (Zone.PROJECT, Zone.REGENERABLE, Zone.TEMPORARY)
        if not inside and place.path != call.evaluator.ground.project:
            call.high("shows files outside of the project to whoever asks")
    call.medium("starts a local server")


def file_server(call: Call) -> None:
    """`serve`, `http-server`, `live-server`, `httpd`: a local server of a directory."""
    from agent.risk.evaluation.unlisted import simple

    valued = (
        "-p",
        "--port",
        "-l",
        "--listen",
        "-a",
        "--address",
        "-c",
        "-h",
        "--home",
        "-b",
        "--bind",
    )
    program = call.argv[0].rpartition("/")[2]
    if program == "caddy" and "file-server" not in call.argv[1:2]:
        simple(call, program)
        return
    roots = value(call.argv, *_ROOTS.get(program, ()))
    operands = [] if program in _NAMES_ROOT else split(call.argv, valued)[1]
    serves(call, roots + operands)


_ROOTS = {
    "httpd": ("-h", "--home"), "caddy": ("-r", "--root"), "pyftpdlib": ("-d", "--directory"),
    "uploadserver": ("-d", "--directory"), "static-web-server": ("-d", "--root"), "webfsd": ("-r",),
    "filebrowser": ("-r", "--root"), "goshs": ("-d",), "gohttpserver": ("-r", "--root"), "thttpd": ("-d",),
}  # fmt: skip
"""Servers of files, and the options that name the directory."""
_NAMES_ROOT = frozenset(["caddy", "pyftpdlib", "uploadserver", "static-web-server", "filebrowser"])
"""Those of which a bare word names no directory."""


def call_with(call: Call, argv: list[str]) -> Call:
    """The same call with other words."""
    call.argv = argv
    return call


def awk(call: Call) -> None:
    """`awk`: `system`, pipes, `getline` from commands, output files."""
    argv = call.argv
    operands = split(
        argv, ("-F", "-v", "-f", "-e", "-i", "-E", "--assign", "--file", "--source", "-l")
    )[1]
    programs = value(argv, "-e", "--source")
    for path in value(argv, "-f", "-E", "--file"):
        run_file(call, path, "awk")
    for library in value(argv, "-l", "-i"):
        if library != "inplace":
            call.medium("loads a library")
    if not programs and operands and not value(argv, "-f", "-E", "--file"):
        programs, operands = operands[:1], operands[1:]
    for text in programs:
        if text == UNKNOWN:
            call.opaque("which awk program runs cannot be known")
        awk_text(call, text)
    for operand in operands:
        if "inplace" in argv:
            call.writes(operand, truncates=all(_AWK_SILENT.fullmatch(text) for text in programs))
        elif "=" not in operand:
            call.reads(operand)
    call.low()


_AWK_SILENT = re.compile(r"\s*(?:0|\"\"|!1|1==0|NR<\d|[^{]*\{(?!.*print).*\})\s*")
_SHELL_ITSELF = re.compile(r"\s*(?:\S*/)?(?:ba|da|z|k|a)?sh(?:\s+-\w+)*\s*$")


def awk_text(call: Call, text: str) -> None:
    """Judge an awk program."""
    bare = re.sub(r'"(?:\\.|[^"\\])*"', '""', text)
    for match in re.finditer(r'\bsystem\s*\(\s*"((?:\\.|[^"\\])*)"\s*(\)?)', text):
        call.shell(match[1].replace('\\"', '"') if match[2] else match[1] + UNKNOWN)
    if re.search(r"\bsystem\s*\(\s*[^\"\s]", bare):
        call.opaque("has awk run a command that cannot be known")
    for match in re.finditer(
        r'"((?:\\.|[^"\\])*)"\s*\|&?\s*getline|\|&?\s*"((?:\\.|[^"\\])*)"', text
    ):
        command = (match[1] or match[2] or "").replace('\\"', '"')
        call.shell(command)
        if match[2] and _SHELL_ITSELF.match(command):
            call.high("gives what awk prints to a shell")
    if re.search(
        r"\w\s*\|&?\s*getline|(?<!\|)\|&?(?!\|)\s*[a-zA-Z_$(]",
        re.sub(r"/(?:\\.|[^/\n])+/", "", bare),
    ):
        call.opaque("has awk run a command that cannot be known")
    for match in re.finditer(r'print([^;}\n]*?)>(>?)\s*"((?:\\.|[^"\\])*)"', text):
        empty = not match[2] and match[1].strip() in ('""', 'f ""', 'f("")')
        call.writes(match[3], truncates=empty)
    if "/inet" in text:
        call.high("opens a network connection")
    if re.search(r"@\s*[A-Za-z_]\w*\s*\(", bare):
        call.opaque("has awk call a function that cannot be known")
    if "@load" in text:
        call.opaque("loads a library into awk")


def _piped_files(call: Call) -> list[str]:
    """The files that `cat` before it in a pipeline shows."""
    command, script = call.command, call.script
    if command is None or script is None or command.pipe is None:
        return []
    first, last = command.pipe
    before = [c for c in script.commands[first:last] if c.words and c.words[0].text == "cat"]
    return [word.text for c in before for word in c.words[1:] if word.text]


def _of_file(call: Call, path: str) -> str:
    """What a file says that the program takes for its text; empty where that is not known."""
    evaluator = call.evaluator
    place = call.place(path)
    if UNKNOWN in place.path:
        return ""
    if place.path in evaluator.files:
        text: str | bool | None = evaluator.files[place.path]
    else:
        text = read_script(place.path, evaluator.digests)
    if not isinstance(text, str) and evaluator.of_agent(place.path):
        call.high("runs a file of the agent that cannot be read", f"runs {shown(path)}")
    return text if isinstance(text, str) else ""


def calculator(call: Call) -> None:
    """`dc` and `m4`: their text may start programs with `!` and `syscmd`."""
    feed = call.feed()
    texts = value(call.argv, "-e", "--expression")
    if feed.kind == "text":
        texts.append(feed.text)
    paths = list(feed.paths) if feed.kind == "file" else []
    if feed.kind in ("unknown", "remote"):
        paths += _piped_files(call)
        if feed.kind == "remote":
            call.high("runs text that comes from another machine", "runs downloaded text")
    paths += [a for a in call.argv[1:] if a[:1] != "-"]
    texts += [text for path in paths if (text := _of_file(call, path))]
    for text in texts:
        for match in re.finditer(r"(?m)^\s*!(.+)|\be?syscmd\(([^)]*)\)", text):
            call.shell(match[1] or match[2].strip("`'"))
    call.low()
