# ruff: noqa: E501, SIM102 - tables and patterns read better unbroken
"""Rules for programs that run text in another language: inline, from a file or from a pipe."""

from __future__ import annotations

import re

from agent.risk import python_code, sql
from agent.risk.arguments import split, value, wordlist
from agent.risk.evaluate import UNKNOWN, Call, Handler, shown
from agent.risk.paths import Zone
from agent.risk.wrappers import from_stdin, read_script, run_file

MAX_CODE = 40_000
"""Characters of a program in another language that are read."""

_RUNS = re.compile(
    r"""\b(?:system|exec|execSync|execFile|execFileSync|spawn|spawnSync|popen|Popen|shell_exec|passthru|proc_open|pcntl_exec|
    os\.execute|io\.popen|qx|pipeline|system2|shell|fork_exec|Kernel\.\w*exec|IO\.popen|Open3\.\w+|Process\.spawn|
    start_process|call-process|shell-command|run-program|Runtime\.getRuntime\(\)\.exec|ProcessBuilder|run)\s*[({\s]\s*
    (?:\[\s*)?(["'`])(.{0,2000}?)(?<!\\)\1""",
    re.X | re.S,
)
_OPAQUE_RUN = re.compile(
    r"""\b(?:system|execSync|execFile(?:Sync)?|spawnSync|spawn|popen|shell_exec|passthru|proc_open|pcntl_exec|os\.execute|io\.popen|
    IO\.popen|Open3\.\w+|Process\.spawn|system2|Kernel\.(?:system|exec)|call-process|shell-command)\s*\(?\s*(?!["'`\s)])
    |child_process|\beval\s*\(|\beval\b\s*[^\s(=]|new\s+Function|\bFunction\s*\(|\bassert\s*\(\s*\$|create_function|call_user_func
    |\bload\s*\(|loadstring|instance_eval|class_eval|unserialize|Marshal\.load|\bvm\.run|process\.binding
    |base64_decode|hex2bin|pack\s*\(?\s*["']H|unpack|atob\s*\(|fromCharCode|Buffer\.from\([^)]*(?:hex|base64)|\bgzinflate|str_rot13
    |__import__|\bsyscall\b|\bdlopen\b|FFI\b|\bffi\b|\bDL\b|\bprocess\.dlopen|\bsend\s*\(?:?\s*:?["']?(?:system|exec)|public_send|\bmethod\(
    |\bconst_get\b|\bdo\s+["'`/]|\brequire\s*\(\s*[^"'\s)]|\bimport\s*\(\s*[^"'\s)]|global\.process|mainModule|constructor\s*[.(\[]""",
    re.X,
)
_BACKTICKS = re.compile(
    r"`([^`]{0,2000})`|%x[{(\[](.{0,2000}?)[})\]]|qx[{(/|](.{0,2000}?)[})/|]", re.S
)
_DELETES = re.compile(
    r"""\b(?:unlinkSync|unlink|rmSync|rmdirSync|rmdir|rm_rf|rm_r|rm_f|rm|rmtree|remove_tree|remove_entry_secure|remove_dir|
    FileUtils\.\w*rm\w*|File\.(?:delete|unlink)|Dir\.(?:rmdir|delete)|os\.remove|file\.remove|removeSync|emptyDirSync|Deno\.remove(?:Sync)?|
    delete|File::remove|Files\.delete)\s*\(?\s*\[?\s*(["'`])(.{0,2000}?)\1([^;\n]*)""",
    re.X | re.S,
)
_OPAQUE_DELETE = re.compile(
    r"\b(?:rmSync|rm_rf|rmtree|remove_tree|rm_r|rmdirSync|unlinkSync|removeSync|remove_entry_secure)\b\s*\(?\s*(?![\"'`\s(\[])"
    r"|\bunlink\s*\(?\s*(?:glob|<|\$|@|Sys\.|path|list)|\bunlink\s*\(?\s*c\("
)
_WRITES = re.compile(
    r"""\b(?:writeFileSync|writeFile|appendFileSync|appendFile|createWriteStream|file_put_contents|File\.write|IO\.write|
    File\.open|copyFileSync|renameSync|symlinkSync|chmodSync|truncateSync|Deno\.writeTextFile(?:Sync)?|fopen|writeLines|Bun\.write|
    io\.open|open)\s*\(?\s*(?:[A-Z]+\s*,\s*)?(["'`])(.{0,2000}?)\1(?:\s*,\s*(["'`])(.{0,2000}?)\3)?""",
    re.X | re.S,
)
_READS = re.compile(
    r"""\b(?:readFileSync|readFile|file_get_contents|File\.read|IO\.read|readfile|readLines|readlines|createReadStream|
    Deno\.readTextFile(?:Sync)?|slurp|File\.readlines|file|scan|Bun\.file)\s*\(?\s*(["'`])(.{0,2000}?)\1""",
    re.X | re.S,
)
_CONNECTS = re.compile(
    r"fsockopen|TCPSocket|net\.(?:connect|createConnection|Socket|createServer)|Socket\.(?:tcp|new)|IO::Socket|socket\s*\(|"
    r"stream_socket_client|/dev/(?:tcp|udp)|/inet/|ngx\.socket|require\s*\(?['\"]socket|use\s+Socket|socketConnection|socket\.tcp"
)
_ENVIRONMENT = re.compile(
    r"process\.env\b(?!\.\w|\[)|ENV\.(?:to_h|inspect|each)|getenv\(\)|%ENV|Sys\.getenv\(\)"
)
_SENDS = re.compile(
    r"fetch\s*\(|https?\.request|axios\.(?:post|put)|Net::HTTP\.post|curl_exec|LWP|http\.post", re.I
)
_KILLS = re.compile(
    r"process\.kill\s*\(\s*(?:-1|1|process\.ppid)|kill\s*\(?\s*['\"]?\w*['\"]?\s*,\s*(?:-1|1|getppid)|\bposix_kill|setuid|POSIX::setuid|Process::UID|Process::Sys|chroot"
)
_IMPORT_URL = re.compile(r"(?:import|require|from)\s*\(?\s*[\"'](?:https?:|data:)")


def code(call: Call, text: str, language: str) -> None:
    """Judge text in a scripting language by what it calls; opaque calls are HIGH."""
    if len(text) > MAX_CODE:
        call.opaque(f"the {language} code is too long to be read")
        return
    call.medium(f"runs {language} code") if _WRITES.search(text) else call.low()
    if UNKNOWN in text and text.strip(UNKNOWN + " ;\n'\"") == "":
        call.opaque()
        return
    text = re.sub(r"(?m)^\s*(?://|#(?!\{)).*$", "", text)
    if language != "node" or "child_process" in text or re.search(r"\$`", text):
        for match in _BACKTICKS.finditer(text):
            inner = match[1] or match[2] or match[3] or ""
            if language in ("R", "lua", "awk"):
                continue
            if "#{" in inner or "$" in inner:
                inner = re.sub(r"#\{[^}]*\}|\$\{?\w+\}?", UNKNOWN, inner)
            call.shell(inner)
    text = _folded(text)
    ran = False
    for match in _RUNS.finditer(text):
        before = text[max(0, match.start() - 1) : match.start()]
        if (
            before == "."
            and match[0].startswith(("exec", "run", "pipeline"))
            and "child_process" not in text
            and language in ("node", "R")
        ):
            if not re.search(r"require|import", text) or match[0].startswith("exec("):
                continue
        rest = text[match.end() : match.end() + 400]
        words = re.match(r"\s*,\s*\[((?:[^\]]|\n)*)\]|((?:\s*,\s*[\"'][^\"']*[\"'])+)", rest)
        command = match[2]
        if words:
            extra = re.findall(r"[\"'](.*?)[\"']", words[1] or words[2] or "")
            call.run([command, *extra])
        elif (
            re.match(r"\s*(?:\+|\.(?!\w)|\.\.|%)\s*[^\s)]", rest)
            or "${" in command
            or "#{" in command
        ):
            call.shell(re.sub(r"\$\{[^}]*\}|#\{[^}]*\}", UNKNOWN, command) + UNKNOWN)
        else:
            call.shell(command.replace("\\n", "\n").replace('\\"', '"'))
        ran = True
    opaque = _OPAQUE_RUN.search(text)
    if opaque and not (opaque[0] == "child_process" and ran):
        call.opaque(f"{language} code runs something that cannot be known")
    for match in _DELETES.finditer(text):
        call.deletes(
            match[2],
            recursive=bool(
                re.search(r"rm_r|rmSync|rmtree|recursive|remove_tree|emptyDir|unlink\(", match[0])
            ),
        )
    if _OPAQUE_DELETE.search(text):
        call.opaque(f"{language} code deletes paths that cannot be known")
    for match in _WRITES.finditer(text):
        mode, path = match[4] or "", match[2]
        if language == "perl" and re.match(r"^\s*[|+]|\|\s*$", path):
            call.shell(path.strip("|+ "))
            continue
        if language == "perl" and re.match(r"^[+<>|-]+$", path):
            path, mode = mode, "w" if ">" in path else "r"
            if "|" in match[2] or match[2] == "-|":
                call.shell(path)
                continue
        if re.match(r"^\s*>", path):
            call.writes(path.lstrip("> "))
        elif match[0].startswith(("open", "File.open", "fopen", "io.open")) and not set(mode) & set(
            "wax+"
        ):
            call.reads(path)
        else:
            call.writes(path)
            if match[0].startswith(("copy", "rename", "symlink")) and mode:
                call.writes(mode)
    read_local = False
    for match in _READS.finditer(text):
        if match[0].startswith("file_get_contents") and re.match(r"^https?:", match[2]):
            call.medium("fetches something from the network")
            continue
        call.reads(match[2])
        read_local = True
    if language == "tcl":
        for match in re.finditer(
            r"(?m)(?:^|[;\[{\s])(?:exec|spawn|system)\s+(?:--\s+)?([^\]\n;}]+)", text
        ):
            call.shell(match[1].replace("{", "").replace("|", " | "))
    shells = re.search(r"child_process|spawn|exec", text)
    if _CONNECTS.search(text) or (shells and re.search(r"require\([\"']net[\"']\)", text)):
        call.high(f"{language} code opens a network connection", "opens a network connection")
    if (read_local or _ENVIRONMENT.search(text)) and _SENDS.search(text):
        call.high("sends local data to another machine")
    if _KILLS.search(text):
        call.high(f"{language} code kills processes or changes privileges")
    if _IMPORT_URL.search(text):
        call.high("runs code from an unreviewed address")


def _folded(text: str) -> str:
    """Join literal pieces: `'sys' + 'tem'`, `"a" . "b"`."""
    for _ in range(6):
        folded = re.sub(r"(['\"])((?:\\.|(?!\1).)*)\1\s*(?:\+|\.|\.\.)\s*\1", r"\1\2", text)
        if folded == text:
            break
        text = folded
    return text


def run_text(call: Call, text: str, language: str) -> None:
    """Judge text that an interpreter of `language` runs."""
    if language in ("shell", "source"):
        call.shell(text, here=language == "source")
    elif language == "python":
        python_code.judge(call, text)
    elif language in ("psql", "mysql", "sqlite", "mongo", "cql"):
        sql.judge(call, text, language)
    elif language == "make":
        call.medium("runs make")
    else:
        code(call, text, language)


_ENDINGS = {
    "py": "python", "sh": "shell", "bash": "shell", "zsh": "shell", "js": "node", "mjs": "node", "cjs": "node",
    "ts": "node", "rb": "ruby", "pl": "perl", "php": "php", "lua": "lua", "r": "R", "R": "R", "pyw": "python",
    "tsx": "node", "awk": "awk", "ksh": "shell", "command": "shell", "sql": "psql",
}  # fmt: skip


def language_of(path: str, text: str) -> str:
    """Language of a script, by its first line, else by its ending; shell when nothing tells."""
    first = text[:200].partition("\n")[0]
    if first.startswith("#!"):
        match = re.search(r"\b(python|node|deno|bun|ruby|perl|php|lua|Rscript|awk|make|tsx)", first)
        if match:
            return {"deno": "node", "bun": "node", "tsx": "node", "Rscript": "R"}.get(
                match[1], match[1]
            )
        return "shell"
    return _ENDINGS.get(path.rpartition(".")[2] if "." in path.rpartition("/")[2] else "", "shell")


_MODULES_LOW = frozenset(
    wordlist(
        """
    json.tool this calendar platform site tokenize dis sysconfig tabnanny pyclbr ast symtable
    keyword
    """
    )
)
_MODULES_HIGH = {
    "webbrowser-none": "",
    "smtpd": "opens a server",
    "twine": "publishes a package",
    "pty": "runs a shell",
    "code": "opens another prompt",
    "idlelib-none": "",
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
    if top in ("tungsten", "tui", "agent"):
        call.high("controls Tungsten itself")
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
        "venv",
        "virtualenv",
        "tox",
        "nox",
        "compileall",
        "py_compile",
        "ensurepip",
        "timeit",
        "cProfile",
        "trace",
        "pdb",
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
        elif top in ("pdb", "cProfile", "trace", "coverage", "timeit"):
            if top == "timeit":
                for text in split(["timeit", *rest], ("-n", "-r", "-u", "-s"))[1]:
                    python_code.judge(call, text)
                for text in value(["timeit", *rest], "-s"):
                    python_code.judge(call, text)
            elif top == "coverage":
                call.run(["coverage", *rest])
            else:
                operands = split(["x", *rest], ("-o", "-s", "-c", "-m"))[1]
                call.run(["python", *operands])
        elif top == "django":
            django(call, rest)
        elif top in (
            "unittest",
            "pytest",
            "doctest",
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
        "runpy",
    ):
        if name in ("sqlite3",):
            call.run(["sqlite3", *rest])
        else:
            for word in rest:
                if not word.startswith("-"):
                    call.reads(word)
        call.medium(f"runs the module {name}")
    else:
        path = name.replace(".", "/")
        target = call.place(path + ".py").path
        if target in call.evaluator.files or isinstance(
            read_script(target, call.evaluator.digests) if UNKNOWN not in target else None, str
        ):
            run_file(call, path + ".py", "python")
        call.medium(f"runs the module {shown(name)}")


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
        call.medium(f"manage.py {shown(verb)}")


_INLINE: dict[str, tuple[str, tuple[str, ...]]] = {
    "node": ("node", ("-e", "--eval", "-p", "--print", "-pe", "-r", "--require", "--import", "--loader")),
    "perl": ("perl", ("-e", "-E")), "ruby": ("ruby", ("-e",)),
    "php": ("php", ("-r", "-R", "-B", "-E", "--run")), "lua": ("lua", ("-e",)), "R": ("R", ("-e",)),
    "deno": ("node", ("eval",)), "bun": ("node", ("-e", "--eval", "-p")), "julia": ("julia", ("-e", "-E", "--eval", "--print")),
    "groovy": ("groovy", ("-e",)), "scala": ("scala", ("-e",)), "elixir": ("elixir", ("-e", "--eval", "--rpc-eval")),
    "erl": ("erlang", ("-eval", "-s", "-run")), "ghc": ("haskell", ("-e",)), "guile": ("scheme", ("-c", "-e")), "racket": ("racket", ("-e",)),
    "tclsh": ("tcl", ()), "expect": ("tcl", ("-c",)), "wish": ("tcl", ()), "osascript": ("osascript", ("-e",)),
    "octave": ("octave", ("--eval",)), "sbcl": ("lisp", ("--eval",)), "clojure": ("clojure", ("-e",)), "bb": ("clojure", ("-e",)), "swipl": ("prolog", ("-g",)),
    "jshell": ("java", ()), "crystal": ("crystal", ("eval",)), "gjs": ("node", ("-c",)), "qjs": ("node", ("-e",)), "d8": ("node", ("-e",)), "raku": ("perl", ("-e",)),
    "emacs": ("lisp", ("--eval", "-eval", "--execute")), "iex": ("elixir", ("-e",)), "ipython": ("python", ("-c",)), "jq-none": ("jq", ()), "bc-none": ("bc", ()), "dc-none": ("dc", ()),
    "gdb": ("gdb", ("-ex", "--eval-command", "-iex")), "lldb": ("gdb", ("-o", "-O")), "maxima": ("maxima", ("--batch-string",)),
}  # fmt: skip


def inline(call: Call) -> None:
    """`node -e`, `perl -e`, `ruby -e`, `php -r`, …: text, a file or standard input."""
    from agent.risk.evaluate import _ALIASES, simple

    argv = call.argv
    program = argv[0].rpartition("/")[2]
    program = _ALIASES.get(program, re.sub(r"[\d.]+$", "", program) or program)
    language, names = _INLINE.get(program, (program, ("-e",)))
    if argv[1:] in (["--version"], ["-v"], ["-V"], ["--help"], ["-h"]):
        call.low()
        return
    texts = [
        t
        for name in names
        if name not in ("-r", "--require", "--import", "--loader") or program != "node"
        for t in value(argv, name)
    ]
    if program in ("perl", "ruby", "php", "raku"):
        for at, argument in enumerate(argv[:-1]):
            if re.match(r"^-[a-zA-Z0-9]*[eE]$", argument) and argument not in names:
                texts.append(argv[at + 1])
        editing = any(re.match(r"^-[a-zA-Z0]*i", a) for a in argv[1:])
        if editing:
            for operand in split(argv, ("-e", "-E"))[1]:
                if operand not in texts:
                    call.writes(operand)
        elif texts:
            for operand in split(argv, ("-e", "-E", "-r"))[1]:
                if operand not in texts:
                    call.reads(operand)
    if program == "node":
        for path in value(argv, "-r", "--require", "--import", "--loader", "--experimental-loader"):
            if re.match(r"^(?:/tmp|data:|https?:)", path):
                call.high("loads code from elsewhere")
            elif "/" in path:
                run_file(call, path, "node")
        if any(a in ("-c", "--check", "--test", "--watch-none") for a in argv[1:]):
            call.medium("runs node")
            return
    if program in ("emacs",):
        for path in value(argv, "-l", "--load", "--script"):
            run_file(call, path, "lisp")
    if program == "gdb":
        if "--args" in argv:
            call.run(argv[argv.index("--args") + 1 :])
        if any(re.search(r"shell|!|python|call|system|attach|pipe", t) for t in texts) or value(
            argv, "-p", "--pid"
        ):
            call.high("has a debugger run a command or enter a process")
        call.medium("runs a debugger")
        return
    if program == "osascript":
        call.high("controls other programs")
        return
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
        "emacs": ("-l", "--load"),
        "node": ("--loader", "-r", "--require", "--import", "--env-file"),
    }.get(program, ("-I",))
    operands = split(argv, valued)[1]
    if program == "php" and value(argv, "-S"):
        call.medium("starts a local server")
        return
    if program == "php" and operands[:1] == ["artisan"]:
        simple(call_with(call, operands), "artisan")
        return
    if program in ("deno", "bun"):
        simple(call, program)
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


def call_with(call: Call, argv: list[str]) -> Call:
    """The same call with other words."""
    call.argv = argv
    return call


def edit(call: Call, path: str) -> None:
    """An editor opens a file; saving it is judged when it happens."""
    place = call.place(path)
    if (
        place.own
        or place.secret
        or (place.startup and place.zone.name not in ("PROJECT",))
        or place.zone.name == "SYSTEM"
    ):
        call.writes(path)
        if place.secret:
            call.reads(path)
    else:
        call.medium(f"edits {shown(path)}")


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
        awk_text(call, text)
    for operand in operands:
        if "inplace" in argv:
            call.writes(operand)
        elif "=" not in operand:
            call.reads(operand)
    call.low()


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
        call.shell((match[1] or match[2] or "").replace('\\"', '"'))
    if re.search(
        r"\w\s*\|&?\s*getline|(?<!\|)\|&?(?!\|)\s*[a-zA-Z_$(]",
        re.sub(r"/(?:\\.|[^/\n])+/", "", bare),
    ):
        call.opaque("has awk run a command that cannot be known")
    for match in re.finditer(r'print[^;}\n]*>>?\s*"((?:\\.|[^"\\])*)"', text):
        call.writes(match[1])
    if "/inet" in text:
        call.high("opens a network connection")
    if "@load" in text:
        call.opaque("loads a library into awk")


def pager(call: Call) -> None:
    """`less`, `more`, `man`: `+!command` runs, `-P` and `--pager` name a program."""
    argv = call.argv
    program = argv[0].rpartition("/")[2]
    for argument in argv[1:]:
        if argument.startswith("+") and "!" in argument:
            call.shell(argument.partition("!")[2])
    if program == "man":
        for text in value(argv, "-P", "--pager", "-H", "--html"):
            call.shell(text)
        call.low()
        return
    for path in value(argv, "-o", "-O", "--log-file", "-k", "--lesskey-file"):
        call.writes(path)
    for operand in split(argv, ("-o", "-O", "-k", "-t", "-p"))[1]:
        if not operand.startswith("+"):
            call.reads(operand)
    call.low()


def editor(call: Call) -> None:
    """Editors without a rule of their own: the files they open."""
    if call.argv[0].rpartition("/")[2] in ("ed", "red"):
        feed = call.feed()
        if feed.kind == "text":
            for line in feed.text.splitlines():
                match = re.match(r"^[\d,$.%/\w]*!(.*)|^[\d,$.]*[rwe]\s*!(.*)", line.strip())
                if match:
                    call.shell(match[1] or match[2] or "")
                match = re.match(r"^[\d,$.]*w\s+([^!\s]\S*)", line.strip())
                if match:
                    call.writes(match[1])
        elif feed.kind != "none":
            call.opaque("what the editor is told cannot be known")
    for operand in split(call.argv)[1]:
        if not operand.startswith("+"):
            edit(call, operand)
    call.medium("opens an editor")


_VIM_RUN = re.compile(
    r"^:?\s*(?:\d+|%|\.|\$|'<,'>|silent!?|sil!?)?[\s,\d$.%']*\s*(?:r|re|rea|read|w|wr|wri|write)?\s*!+\s*(.*)$"
)


_VIM_FORCED = re.compile(r"^[\s\d,.$%']*(?:w|wr|wri|writ|write|sav\w*|wq|x|xit)!\s*(\S.*)$")
_VIM_FILTER = re.compile(
    r"^(?:(?:silent|sil|g/[^/]*/|v/[^/]*/)!?\s*)*(?:[\d,.$%';+\-<>\s]+|/[^/]*/[,\s]*)*"
    r"(?:w|wr|wri|writ|write)?\s*!\s*(?:[\w/.-]*/)?([\w.]+)(?:\s+-)*\s*$"
)
_INTERPRETERS = frozenset(
    wordlist("sh bash dash zsh ksh ash fish python python3 perl ruby node php lua env xargs")
)


def vim(call: Call) -> None:
    """`vim`: `-c` and `+` commands, `-S` scripts, files to edit."""
    argv = call.argv
    for at, argument in enumerate(argv):
        # Options may stand in one word: `-sc command`, `-Nu file`.
        cluster = re.match(r"^-[A-Za-z]+?([cSu])(.*)$", argument, re.S) if at else None
        text = "" if cluster is None else cluster[2] or "".join(argv[at + 1 : at + 2])
        if cluster is not None and text and cluster[1] == "c":
            vim_command(call, text)
        elif cluster is not None and text not in ("", "NONE", "NORC"):
            run_file(call, text, "vim")
    silent = any(re.match(r"^-[A-Za-z]*(?:es|e$|Es)", a) for a in argv[1:])
    if silent or (argv[0].rpartition("/")[2] == "ex" and any(a.startswith("-") for a in argv[1:])):
        feed = call.feed()
        if feed.kind == "text":
            for line in feed.text.splitlines():
                vim_command(call, line)
        elif feed.kind == "file":
            for path in feed.paths:
                run_file(call, path, "vim")
            call.opaque("what the editor is told cannot be known")
        elif feed.kind != "none":
            call.opaque("what the editor is told cannot be known")
    commands = value(argv, "-c", "--cmd")
    commands += [a[1:] for a in argv[1:] if a.startswith("+") and len(a) > 1]
    for text in commands:
        vim_command(call, text)
    for path in value(argv, "-S", "-s", "-u"):
        if path not in ("NONE", "NORC"):
            run_file(call, path, "vim")
            call.medium("runs an editor script")
    operands = split(argv, ("-c", "--cmd", "-S", "-s", "-u", "-T", "-i", "-w", "-W"))[1]
    for operand in operands:
        if not operand.startswith("+"):
            edit(call, operand)
    call.medium("opens an editor")


def vim_command(call: Call, text: str) -> None:
    """One `:` command of vim."""
    for piece in (
        re.split(r"(?<!\\)\|(?!\|)(?=\s*[a-zA-Z!:%])", text) if "!" not in text else [text]
    ):
        bare = piece.strip().lstrip(":").strip()
        forced = _VIM_FORCED.match(bare)
        if forced and not forced[1].startswith("!"):
            call.writes(forced[1])
            continue
        filtered = _VIM_FILTER.match(bare)
        if filtered and filtered[1] in _INTERPRETERS:
            call.high("gives a file's text to an interpreter", f"runs a file with {filtered[1]}")
            return
        match = _VIM_RUN.match(bare)
        if match and "!" in bare[:24]:
            inner = match[1].strip()
            if inner:
                call.shell(inner)
                return
        word = re.match(
            r"^[\s\d,$.%'<>]*(?:silent!?\s+|sil!?\s+|execute\s+|exe\s+)*([A-Za-z]+)(!?)\s*(.*)$",
            bare,
            re.S,
        )
        if not word:
            if re.search(r"!\s*\w", bare):
                call.shell(bare.partition("!")[2])
            continue
        name, bang, rest = word[1], word[2], word[3]
        if re.search(
            r"\b(?:system|systemlist|job_start|jobstart|libcall|term_start|termopen|writefile|delete|rename|py\w*eval|luaeval)\s*\(",
            bare,
        ):
            inner_text = re.search(
                r"(?:system|systemlist|job_start|jobstart|term_start|termopen)\s*\(\s*([\"'])(.*?)\1",
                bare,
            )
            if inner_text:
                call.shell(inner_text[2])
            else:
                call.high("has the editor run or delete something")
        elif re.fullmatch(
            r"te(?:r(?:m(?:i(?:n(?:al?)?)?)?)?)?|sh(?:e(?:ll?)?)?|mak(?:e)?|grep|lgr\w*|gr\w*", name
        ):
            inner_words = rest.replace("++noclose", "").strip()
            if name.startswith("t") and inner_words:
                call.shell(inner_words)
            elif name.startswith(("t", "sh")):
                call.high("opens a shell inside the editor")
            else:
                call.medium("has the editor run a program")
        elif re.fullmatch(
            r"py(?:t(?:h(?:o(?:n)?)?)?)?(?:3|x)?|lua\w*|perl|pe|rub\w*|tcl\w*|mz\w*|pythonx|pyf\w*|py3f\w*|luaf\w*|rubyf\w*",
            name,
        ):
            if name.startswith("py"):
                python_code.judge(call, rest)
            else:
                code(call, rest, name)
        elif re.fullmatch(
            r"so(?:u(?:r(?:ce?)?)?)?|ru(?:n(?:t\w*)?)?|pa(?:c\w*)?|lo(?:ad\w*)?", name
        ):
            if rest and rest != "%":
                run_file(call, rest.split()[0], "vim")
            call.medium("runs an editor script")
        elif re.fullmatch(
            r"w(?:r(?:i(?:te?)?)?)?|wq|x(?:it?)?|sav(?:e\w*)?|wa|wall|wqa\w*|xa\w*|up\w*|wn\w*|redi\w*|mks\w*|mkv\w*|mk|wv\w*|wund\w*|exi\w*|WriteAs",
            name,
        ):
            path = re.sub(r"^(?:>>?|\+\+\w+=\w+|=>)\s*", "", rest).strip()
            if path.startswith("!"):
                call.shell(path[1:])
            elif path and not (name.startswith("redi") and path == "END"):
                call.writes(path.lstrip("> ").strip())
            else:
                call.medium("saves the file")
        elif re.fullmatch(
            r"e(?:d(?:it?)?)?|tabe\w*|tabnew|sp\w*|vs\w*|vi\w*|view|new|vne\w*|r(?:ead?)?|fin\w*|sv\w*|ped\w*|badd?|arge\w*|diffs\w*",
            name,
        ):
            if rest and not rest.startswith("!"):
                call.reads(rest.split()[-1])
        elif re.fullmatch(
            r"au(?:t\w*)?|com(?:m\w*)?|[nvxsoilct]?(?:nore)?map|map|norm(?:al?)?|exe(?:c\w*)?|call?|let|bufdo|argdo|windo|tabdo|g(?:l\w*)?|v(?:g\w*)?|fu\w*|timer\w*",
            name,
        ):
            if (
                "!" in rest
                or re.search(r":\s*(?:w|r|sh|te)", rest)
                or re.search(r"system|shell|delete\(", rest)
            ):
                inner_command = re.search(r"!\s*(.*?)(?:<CR>|['\"]|$)", rest, re.I)
                if inner_command and inner_command[1]:
                    call.shell(inner_command[1])
                else:
                    call.high("has the editor run something")
        elif re.fullmatch(r"se(?:t(?:l\w*|g\w*)?)?", name):
            if re.search(
                r"\b(?:shell|sh|makeprg|mp|grepprg|gp|equalprg|ep|keywordprg|kp|modelineexpr|exrc|formatprg|fp)\s*=",
                rest,
            ):
                call.high("changes what the editor runs")
        del bang


def sqlite(call: Call) -> None:
    """`sqlite3 db 'statements'`."""
    argv = call.argv
    operands = split(
        argv, ("-cmd", "-init", "-separator", "-newline", "-nullvalue", "-vfs", "-escape")
    )[1]
    for text in value(argv, "-cmd"):
        sql.judge(call, text, "sqlite")
    for path in value(argv, "-init"):
        run_file(call, path, "sqlite")
    if operands:
        place = call.place(operands[0])
        if (operands[0] != ":memory:" and (place.own or place.secret)) or re.search(
            r"cookies|login data|places\.sqlite|key4|Keychain|tungsten", operands[0], re.I
        ):
            call.high("opens somebody else's stored data", f"opens {shown(operands[0])}")
    for text in operands[1:]:
        sql.judge(call, text, "sqlite")
    if len(operands) < 2:
        database_input(call, "sqlite")
    call.low() if len(operands) > 1 else call.medium("opens a database")


def database_input(call: Call, dialect: str) -> None:
    """A database client that reads statements from a pipe or file."""
    feed = call.feed()
    if feed.kind == "text":
        sql.judge(call, feed.text, dialect)
    elif feed.kind == "file":
        for path in feed.paths:
            text = (
                read_script(call.place(path).path, call.evaluator.digests)
                if UNKNOWN not in path
                else None
            )
            if isinstance(text, str):
                sql.judge(call, text, dialect)
            else:
                call.medium(f"runs the statements of {shown(path)}")
    elif feed.kind == "remote":
        call.high("runs statements that come from another machine")
    elif feed.kind == "unknown":
        call.medium("runs statements that cannot be known")


def database(call: Call) -> None:
    """`psql`, `mysql`, `cqlsh`, `clickhouse-client`."""
    argv = call.argv
    program = argv[0].rpartition("/")[2]
    dialect = (
        "psql"
        if program in ("psql", "pgcli", "cockroach")
        else "mongo"
        if program in ("mongosh", "mongo")
        else "mysql"
    )
    names = {
        "psql": ("-c", "--command"), "pgcli": ("-c",), "mongosh": ("--eval",), "mongo": ("--eval",),
        "sqlcmd": ("-Q", "-q"), "clickhouse-client": ("-q", "--query"), "clickhouse": ("-q", "--query"), "duckdb": ("-c", "-s"), "bq": (),
        "cockroach": ("-e", "--execute"), "sqlplus": (), "snowsql": ("-q",), "influx": ("-execute", "--execute"), "usql": ("-c",), "trino": ("--execute",), "presto": ("--execute",), "beeline": ("-e",), "hive": ("-e",), "impala-shell": ("-q",), "cypher-shell": (), "surreal": (),
    }.get(program, ("-e", "--execute", "--init-command"))  # fmt: skip
    texts = value(argv, *names)
    if program == "influx" and split(argv)[1]:
        from agent.risk.evaluate import simple

        simple(call, program)
        return
    if program in ("cypher-shell", "duckdb"):
        texts += split(argv, ("-u", "-p", "-a", "-c"))[1][(1 if program == "duckdb" else 0) :]
    for text in texts:
        if program == "cypher-shell" and re.search(r"detach\s+delete|drop\s+|delete\b", text, re.I):
            call.high("drops or changes a database")
        if UNKNOWN in text and not text.strip(UNKNOWN + " "):
            call.opaque("which statements run cannot be known")
        sql.judge(call, text, dialect)
        if re.search(r"(?i)^\s*drop\s+(?:keyspace|table|stream|measurement)", text):
            call.high("drops a database or its data")
    for path in value(argv, "-f", "--file"):
        text_of = (
            read_script(call.place(path).path, call.evaluator.digests)
            if UNKNOWN not in path
            else None
        )
        if path.startswith("/dev/fd/sub:"):
            run_file(call, path, dialect)
        elif isinstance(text_of, str):
            sql.judge(call, text_of, dialect)
        elif call.place(path).path in call.evaluator.files:
            run_file(call, path, dialect)
        else:
            call.medium(f"runs the statements of {shown(path)}")
    for text in value(argv, "--pager"):
        call.shell(text)
    if not texts:
        database_input(call, dialect)
        call.medium("opens a database")


HANDLERS: dict[str, Handler] = {
    "python": python, "awk": awk, "vim": vim, "sqlite3": sqlite,
    **dict.fromkeys(("nano", "micro", "ed", "helix", "hx", "joe", "kak", "mcedit", "code-none", "gedit", "kate"),
                    editor),
    **dict.fromkeys(("less", "more", "man", "most"), pager),
    **dict.fromkeys(_INLINE, inline),
    **dict.fromkeys(
        wordlist(
    """
    psql mysql cqlsh mongosh sqlcmd clickhouse-client clickhouse duckdb cockroach influx usql
    trino presto beeline hive impala-shell cypher-shell isql sqlplus
    """
    ),
        database,
    ),
}  # fmt: skip
HANDLERS.pop("deno")
HANDLERS.pop("bun")
