# ruff: noqa: E501 - tables read better unbroken
"""Rules for `python`: `-c`, `-m`, a file, `manage.py`."""

from __future__ import annotations

import re

from agent.risk import python_code
from agent.risk.arguments import after_options, has, split, value, wordlist
from agent.risk.commands.own_code import TAKES_UP, takes_up
from agent.risk.commands.runner_files import runs_from
from agent.risk.commands.script_files import from_stdin, read_script, run_file
from agent.risk.commands.telltales import TELLTALES, telltales
from agent.risk.commands.unpacking import unpacks_into
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.file_options import files_of
from agent.risk.evaluation.findings import shown
from agent.risk.evaluation.made import makes
from agent.risk.own import own_module
from agent.risk.paths import Zone
from agent.risk.programs.runners import RUNNERS
from agent.risk.shell.syntax import UNKNOWN

_MODULES_LOW = frozenset(
    wordlist(
        """
    json.tool this calendar platform site dis sysconfig tabnanny pyclbr symtable
    keyword
    """
    )
)


_SAME_PROGRAM = frozenset(["keyring", "dotenv", "pyftpdlib", "uploadserver"])
"""Modules that do what the program of that name does."""
_MODULES_HIGH = {
    "smtpd": "opens a server",
    "twine": "publishes a package",
    "pty": "runs a shell",
    "code": "opens another prompt",
}


def python(call: Call) -> None:
    """`python`: `-c`, `-m`, a file or standard input."""
    argv = call.argv
    at = 1
    while at < len(argv):
        argument = argv[at]
        if argument in ("-", "--"):
            at += 1
            break
        if not argument.startswith("-"):
            if UNKNOWN in argument and call.place(argument).path.endswith(UNKNOWN):
                run_file(call, argument, "python")
                return
            call.medium(f"runs {shown(argument)}")
            if argument.rpartition("/")[2] == "setup.py" and {"upload", "register"} & set(
                argv[at:]
            ):
                call.high("publishes a package")
            if argument.rpartition("/")[2] in ("manage.py",):
                django(call, argv[at + 1 :])
            run_file(call, argument, "python" if not argument.endswith((".zip", ".pyz")) else "")
            return
        if argument.startswith("--"):
            if argument in ("--version", "--help"):
                call.low()
                return
            at += 2 if argument == "--check-hash-based-pycs" else 1
            continue
        cluster = argument[1:]
        for index, letter in enumerate(cluster):
            rest = cluster[index + 1 :]
            if letter in "cm":
                text = rest or (argv[at + 1] if at + 1 < len(argv) else "")
                following = argv[at + 1 :] if rest else argv[at + 2 :]
                if letter == "c":
                    if text.strip() == UNKNOWN:
                        call.opaque()
                    else:
                        python_code.judge(call, text)
                else:
                    module(call, text, following)
                return
            if letter in "WX":
                at += 0 if rest else 1
                break
            if letter in "Vh?":
                call.low()
                return
        at += 1
    from_stdin(call, "python")


def module(call: Call, name: str, rest: list[str]) -> None:
    """`python -m name`."""
    if UNKNOWN in name:
        call.opaque()
        return
    top = name.partition(".")[0]
    files_of(call, [top, *rest])
    if top in TELLTALES:
        own, call.argv = call.argv, [top, *rest]
        telltales(call, top)
        call.argv = own
    if top in TAKES_UP and (call.evaluator.files or call.evaluator.context.written):
        takes_up(call, top)
    if top in RUNNERS and call.evaluator.has_own():
        own, call.argv = call.argv, [top, *rest]
        runs_from(call, top)
        call.argv = own
    if top in ("tungsten", "tui", "agent") or own_module(name):
        call.high("controls Tungsten itself")
    elif top in _SAME_PROGRAM:
        call.run([top, *rest])
    elif top in _MODULE_RUNNERS:
        run_by_module(call, top, rest)
    elif name in ("tokenize", "uu", "quopri", "plistlib", "ast"):
        for path in split([name, *rest])[1]:
            call.reads(path)
        call.medium(f"runs the module {name}")
    elif top in ("compileall", "ensurepip", "zipfile", "tarfile") and _writes_outside(
        call, name, rest
    ):
        pass
    elif top == "idlelib" and rest:
        for text in value([name, *rest], "-c"):
            python_code.judge(call, text)
        for path in (*value([name, *rest], "-r"), *split([name, *rest], ("-c", "-r", "-t"))[1]):
            run_file(call, path, "python")
        call.medium("opens an editor")
    elif name == "pydoc" and rest:
        for path in split([name, *rest], ("-k", "-p", "-n"))[1]:
            file = path if path.endswith(".py") else f"{path.replace('.', '/')}.py"
            if call.evaluator.of_agent(call.place(file).path):
                run_file(call, file, "python")
        call.medium("runs pydoc")
    elif top in ("venv", "virtualenv"):
        options, operands = split([top, *rest], ("--prompt", "-p", "--python"))
        for operand in operands:
            if has(options, "", "--clear"):
                # What stands in the directory is deleted first.
                call.deletes(operand, recursive=True)
            call.writes(f"{operand}/pyvenv.cfg")
            makes(call, operand)
        call.medium(f"runs {top}")
    elif top in (
        "pytest",
        "unittest",
        "doctest",
        "coverage",
        "mypy",
        "ruff",
        "black",
        "isort",
        "flake8",
        "pylint",
        "build",
        "tox",
        "nox",
        "compileall",
        "py_compile",
        "ensurepip",
        "timeit",
        "http",
        "pip",
        "pipx",
        "poetry",
        "flask",
        "uvicorn",
        "django",
        "alembic",
        "twine",
        "ansible",
        "awscli",
        "pre_commit",
        "pdm",
        "uv",
        "jupyter",
        "IPython",
        "streamlit",
        "celery",
        "gunicorn",
        "mkdocs",
        "sphinx",
    ):
        if top == "pip":
            call.run(["pip", *rest])
        elif top == "http":
            for directory in value(["x", *rest], "-d", "--directory"):
                place = call.place(directory)
                if place.secret or (
                    place.zone is Zone.ROOT and place.path != call.evaluator.ground.project
                ):
                    call.high("lets others read files outside of the project")
            call.medium("starts a local server")
        elif top in ("coverage", "timeit"):
            if top == "timeit":
                for text in split(["timeit", *rest], ("-n", "-r", "-u", "-s"))[1]:
                    python_code.judge(call, text)
                for text in value(["timeit", *rest], "-s", "--setup"):
                    python_code.judge(call, text)
            else:
                call.run(["coverage", *rest])
        elif top == "django":
            django(call, rest)
        elif top == "doctest":
            for path in split([top, *rest], ("-o",))[1]:
                # In any other text the examples are what runs.
                run_file(call, path, "python" if path.endswith(".py") else "doctest")
            call.medium("runs doctest")
        elif top in (
            "unittest",
            "pytest",
            "mypy",
            "ruff",
            "black",
            "isort",
            "flake8",
            "pylint",
        ):
            call.medium(f"runs {top}")
        elif top == "pre_commit":
            call.run(["pre-commit", *rest])
        elif top in (
            "uv",
            "poetry",
            "pdm",
            "alembic",
            "twine",
            "flask",
            "celery",
            "mkdocs",
            "uvicorn",
        ):
            call.run([top, *rest])
        else:
            call.medium(f"runs {top}")
    elif top in ("pickle", "_pickle") and rest[:1] != ["-h"]:
        call.opaque("runs what a pickle says")
    elif name in ("asyncio", "idlelib") and not rest:
        from_stdin(call, "python")
    elif name == "json.tool":
        operands = split(["x", *rest], ("--indent",))[1]
        for path in operands[:1]:
            call.reads(path)
        for path in operands[1:2]:
            call.writes(path)
        call.low()
    elif name in _MODULES_LOW:
        call.low()
    elif name in _MODULES_HIGH:
        call.high(_MODULES_HIGH[name])
    elif name in (
        "zipfile",
        "tarfile",
        "gzip",
        "shutil",
        "base64",
        "sqlite3",
        "asyncio",
        "ftplib",
        "telnetlib",
        "zipapp",
    ):
        if name in ("sqlite3",):
            call.run(["sqlite3", *rest])
        else:
            for word in rest:
                if not word.startswith("-"):
                    call.reads(word)
            for path in value([name, *rest], "-o", "--output") if name == "zipapp" else ():
                call.writes(path)
        call.medium(f"runs the module {name}")
    else:
        base = name.replace(".", "/")
        for path in (f"{base}.py", f"{base}/__init__.py", f"{base}/__main__.py"):
            target = call.place(path).path
            if target in call.evaluator.files or isinstance(
                read_script(target, call.evaluator.digests) if UNKNOWN not in target else None, str
            ):
                run_file(call, path, "python")
        call.medium(f"runs the module {shown(name)}")


def _writes_outside(call: Call, name: str, rest: list[str]) -> bool:
    """What a module writes where it is told to; True when that is the whole of it."""
    words = [name, *rest]
    if name == "ensurepip":
        for path in value(words, "--root"):
            call.writes(f"{path.rstrip('/')}/usr/lib/python")
    elif name == "compileall":
        for path in split(words, ("-d", "-x", "-i", "-j", "-r", "-o", "-s", "-p", "-e"))[1]:
            if call.place(path).zone not in (Zone.PROJECT, Zone.REGENERABLE, Zone.TEMPORARY) and (
                call.place(path).path != call.evaluator.ground.project
            ):
                call.writes(f"{path.rstrip('/')}/__pycache__/x.pyc")
    elif rest[:1] in (["-e"], ["--extract"]) and len(rest) > 2:
        call.reads(rest[1])
        unpacks_into(call, rest[2:3])
        call.scatters(rest[2])
    else:
        return False
    call.medium(f"runs the module {name}")
    return True


_MODULE_RUNNERS: dict[str, tuple[str, ...]] = {
    "runpy": (), "cProfile": ("-o", "--outfile", "-s", "--sort"), "profile": ("-o", "-s"),
    "pdb": ("-c", "--command", "-p"), "bdb": (), "ipdb": ("-c",), "pudb": ("--log-errors",),
    "trace": ("-f", "--file", "-C", "--coverdir", "--ignore-module", "--ignore-dir"),
    "IPython": ("-c", "--profile", "--ext"), "viztracer": ("-o", "--output_file"), "scalene": ("--outfile",),
    "memory_profiler": ("-o",), "kernprof": ("-o", "-s"), "line_profiler": (), "debugpy": ("--listen", "--connect"),
    "pyinstrument": ("-o", "-r"), "memray": ("-o",), "bpython": (), "ptpython": (), "xdoctest": (), "faulthandler": (),
    "trepan3k": (), "hunter": (), "snakeviz": (), "ddtrace": (), "austin": (), "torch": (), "accelerate": (),
    "mpi4py": (), "kernprof3": (), "multiprocess": (), "cython": (), "nuitka": ("--run",), "xonsh": (), "reloading": (),
}  # fmt: skip
"""Modules that run another one or a file, and their options that take a value."""


def run_by_module(call: Call, runner: str, rest: list[str]) -> None:
    """`python -m cProfile -m x`, `python -m pdb x.py`: what the module runs."""
    call.medium(f"runs something with {runner}")
    words = ["python", *rest]
    for text in value(words, "-c", "--command"):
        python_code.judge(call, text.removeprefix("!").strip())
    for at, word in enumerate(rest):
        if word in ("-m", "--module") and at + 1 < len(rest):
            module(call, rest[at + 1], rest[at + 2 :])
            return
        if re.match(r"^-m\w", word) or word.startswith("--module="):
            module(call, word.partition("=")[2] or word[2:], rest[at + 1 :])
            return
    operands = after_options(words, _MODULE_RUNNERS[runner])
    if operands[:1] in (["run"], ["launch"]):
        operands = after_options(operands)
    if not operands:
        from_stdin(call, "python")
    elif runner == "runpy":
        module(call, operands[0], operands[1:])
    else:
        call.run(["python", *operands])


def django(call: Call, rest: list[str]) -> None:
    """`manage.py flush` and its like."""
    verb = next((w for w in rest if not w.startswith("-")), "")
    if verb in ("flush", "reset_db", "sqlflush", "sqlclear", "dbshell", "shell", "shell_plus") or (
        verb == "migrate" and "zero" in rest
    ):
        if verb in ("shell", "shell_plus"):
            for text in value(["x", *rest], "-c", "--command"):
                python_code.judge(call, text)
                return
            from_stdin(call, "python")
            return
        if verb == "dbshell":
            call.medium("opens a database prompt")
            return
        call.high("drops a database or its data")
    elif verb in ("changepassword", "createsuperuser"):
        call.high("changes who may do what")
    else:
        call.medium(f"runs manage.py {shown(verb)}")
