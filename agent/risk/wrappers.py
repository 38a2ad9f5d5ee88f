# ruff: noqa: E501, SIM102 - tables and patterns read better unbroken
"""Rules for programs that run another command: they take the risk of what they carry."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from agent.risk import programs
from agent.risk.arguments import after_options, split, value, wordlist
from agent.risk.evaluate import MAX_FILE_BYTES, UNKNOWN, Call, Handler, quote, shown
from agent.risk.paths import Zone

_ENV_VALUED = ("-u", "--unset", "-C", "--chdir", "-S", "--split-string", "-P")
_BWRAP = wordlist("""--unshare-user-try --chdir --setenv --dev --proc --tmpfs --dir""")
_PREFIXES: dict[str, tuple[str, ...]] = {
    "nohup": (), "setsid": (), "stdbuf": ("-i", "-o", "-e", "--input", "--output", "--error"),
    "nice": ("-n", "--adjustment"), "ionice": ("-c", "-n", "-p", "--class", "--classdata"),
    "chrt": (), "taskset": (), "timeout": ("-k", "-s", "--kill-after", "--signal"),
    "time": ("-o", "-f", "--output", "--format"), "builtin": (), "unbuffer": (),
    "catchsegv": (), "faketime": (), "fakeroot": (), "dbus-run-session": (), "dbus-launch": (),
    "firejail": (), "bwrap": tuple(_BWRAP), "caffeinate": ("-t", "-w"), "systemd-inhibit": ("--what", "--who", "--why"),
    "numactl": (), "cpulimit": ("-l", "-p"), "prlimit": (), "proot": (), "exec": ("-a",), "arch": (),
    "rlwrap": ("-H", "-f"), "chronic": (), "ts": (), "softlimit": (), "setarch": (), "linux64": (), "linux32": (),
    "xvfb-run": ("-n", "-s", "--server-args"), "noglob": (), "nocorrect": (), "doppler": (), "dotenv": ("-f", "-e"),
    "dotenvx": (), "cross-env": (), "env-cmd": ("-f",), "aws-vault": (), "envchain": (), "eatmydata": (),
    "torsocks": (), "proxychains": (), "proxychains4": (), "tsocks": (), "pipx": (), "ltrace-none": (),
    "retry": (), "sem": ("-j",), "hyperfine": ("-w", "-r", "-n", "--warmup", "--runs"), "rtk": (), "busctl-none": (),
    "mise": (), "direnv": (), "op-run": (), "sg-run": (), "with-contenv": (), "tini": (), "dumb-init": (), "s6-setuidgid": (),
    "nodemon": ("-w", "--watch", "-e", "--ext"), "concurrently": (), "npm-run-all": (), "wait-on": (), "valgrind": (), "perf": (),
    "heaptrack": (), "rr": (), "coverage": (), "script": (), "run-one": (), "flock": (), "watchexec": ("-e", "-w"), "entr": (),
    "reflex": ("-r", "-g"), "chpst": ("-u",), "start-stop-daemon": (), "daemonize": (), "cgexec": ("-g",), "pkgx": (), "devbox": (),
}  # fmt: skip


def prefix(call: Call) -> None:
    """`nohup`, `timeout 5`, `nice -n 5`, …: the command after the options."""
    program = (
        call.argv[0].rpartition("/")[2].removeprefix("g")
        if call.argv[0] == "gtimeout"
        else (call.argv[0].rpartition("/")[2])
    )
    rest = after_options(call.argv, _PREFIXES.get(program, ()))
    if program in ("timeout", "chrt", "taskset", "faketime", "s6-setuidgid", "cpulimit") and rest:
        rest = rest[1:]
    if program in ("setarch",) and rest and re.match(r"^(?:x86_64|i\d86|linux\d\d)$", rest[0]):
        rest = rest[1:]
    if program == "bwrap":
        argv, at = call.argv, 1
        while at < len(argv) and argv[at].startswith("--"):
            pairs = argv[at].startswith(
                ("--bind", "--ro-bind", "--dev-bind", "--symlink", "--setenv")
            )
            at += 3 if pairs else 2 if argv[at] in _BWRAP else 1
        rest = argv[at:]
    if program == "start-stop-daemon":
        rest = value(call.argv, "--exec", "-x", "--startas", "-a") + rest
        call.high("starts a service")
    if program == "numactl":
        while rest and re.match(r"^[\d,!-]+$", rest[0]):
            rest = rest[1:]
    while (
        rest
        and re.match(r"^[A-Za-z_]\w*=", rest[0])
        and program in ("cross-env", "doppler", "dotenv")
    ):
        name, _, text = rest[0].partition("=")
        call.evaluator.variable(name, [text], call, exported=True)
        rest = rest[1:]
    if program in ("hyperfine", "concurrently", "nodemon", "watchexec", "wait-on") and rest:
        for text in call.argv[1:]:
            if " " in text or (
                program == "hyperfine" and not text.startswith("-") and not text.isdigit()
            ):
                call.shell(text)
        if program in ("nodemon", "watchexec"):
            for text in value(call.argv, "-x", "--exec"):
                call.shell(text)
    if program in (
        "dotenv",
        "dotenvx",
        "doppler",
        "aws-vault",
        "mise",
        "pipx",
        "coverage",
        "perf",
        "rr",
        "direnv",
        "devbox",
    ):
        verbs = ("run", "exec", "x", "stat", "record")
        if rest and rest[0] in verbs:
            rest = after_options(rest)
            if program in ("aws-vault", "direnv") and rest:
                rest = rest[1:]
            if rest[:1] == ["--"]:
                rest = rest[1:]
            if program == "coverage":
                call.run(["python", *call.argv[call.argv.index("run") + 1 :]])
                return
            if program == "pipx":
                _package_runner(call, rest)
                return
        elif program in ("dotenv", "dotenvx"):
            pass
        else:
            from agent.risk.evaluate import simple

            simple(call, program)
            return
    if program == "flock":
        texts = value(call.argv, "-c", "--command")
        for text in texts:
            call.shell(text)
        rest = after_options(call.argv, ("-w", "-E", "--timeout"))[1:]
        if texts or rest[:1] in (["-c"], ["--command"]):
            for text in rest[1:2]:
                call.shell(text)
            return
    if program == "script":
        texts = value(call.argv, "-c", "--command")
        texts += [
            following
            for word, following in zip(call.argv[1:], call.argv[2:], strict=False)
            if re.match(r"^-[a-z]+c$", word)
        ]
        for text in texts:
            call.shell(text)
        for path in [p for p in split(call.argv, ("-c",))[1] if p not in texts]:
            call.writes(path)
        call.medium("records the terminal")
        return
    if program == "exec" and not rest:
        call.low()
        return
    if not rest:
        call.low()
        return
    call.run(rest)


def env(call: Call) -> None:
    """`env A=b command`."""
    argv = call.argv
    for text in value(argv, "-S", "--split-string"):
        call.shell(text + " " + " ".join(quote(a) for a in after_options(argv, _ENV_VALUED)))
        return
    directory = value(argv, "-C", "--chdir")
    rest = after_options(argv, _ENV_VALUED)
    while rest and re.match(r"^[^=]+=", rest[0]):
        name, _, text = rest[0].partition("=")
        call.evaluator.variable(name, [text], call, exported=True)
        rest = rest[1:]
    if not rest:
        call.medium("shows the environment, which may hold secrets")
        return
    state = call.evaluator.state
    before = state.cwd
    if directory:
        state.cwd = call.place(directory[-1]).path
    call.run(rest)
    state.cwd = before


def shell(call: Call) -> None:
    """`bash`, `sh`, …: `-c` text, a script file, or standard input."""
    argv = call.argv
    at = 1
    reads_stdin = False
    while at < len(argv):
        argument = argv[at]
        if argument in ("--rcfile", "--init-file"):
            if at + 1 < len(argv):
                run_file(call, argv[at + 1])
            at += 2
        elif argument in ("-o", "+o", "-O", "+O"):
            at += 2
        elif argument.startswith(("--rcfile=", "--init-file=")):
            run_file(call, argument.partition("=")[2])
            at += 1
        elif argument in ("--command", "-Command", "-EncodedCommand", "-e", "-enc") and (
            "pwsh" in argv[0] or "fish" in argv[0]
        ):
            call.high(
                "runs text in a shell that cannot be read"
            ) if "nc" in argument else call.shell(" ".join(argv[at + 1 :]))
            return
        elif argument == "--":
            at += 1
            break
        elif argument == "-":
            reads_stdin = True
            at += 1
        elif argument.startswith("--"):
            if argument in ("--version", "--help"):
                call.low()
                return
            at += 1
        elif argument.startswith(("-", "+")) and len(argument) > 1:
            if "c" in argument[1:]:
                at += 1
                while at < len(argv) and argv[at].startswith(("-", "+")) and len(argv[at]) > 1:
                    if argv[at] == "--":
                        at += 1
                        break
                    at += 2 if argv[at] in ("-o", "+o", "-O", "+O") else 1
                if at >= len(argv):
                    call.opaque("a shell without the text it should run")
                    return
                _inline(call, argv[at], argv[at + 1 :])
                return
            if "s" in argument[1:]:
                reads_stdin = True
            at += 2 if argument[-1] in "oO" else 1
        elif UNKNOWN in argument:
            call.opaque()
            return
        else:
            break
    if at < len(argv) and not reads_stdin:
        run_file(call, argv[at])
        return
    from_stdin(call, "shell")


def _inline(call: Call, text: str, arguments: list[str]) -> None:
    if text == UNKNOWN or text.strip() == UNKNOWN:
        call.opaque()
        return
    variables = call.evaluator.state.variables
    names = {str(n): arguments[n] for n in range(min(len(arguments), 10))}
    names["@"] = names["*"] = " ".join(arguments[1:])
    saved = {name: variables.get(name) for name in names}
    for name, word in names.items():
        variables.set(name, (word,), add=False)
    try:
        call.shell(text)
    finally:
        for name, before in saved.items():
            variables.set(name, before if before is not None else (UNKNOWN,), add=False)


_STANDARD_INPUT = ("/dev/stdin", "/dev/fd/0", "/proc/self/fd/0", "-")


def from_stdin(call: Call, language: str) -> None:
    """An interpreter that reads its program from standard input."""
    from agent.risk.interpreters import run_text

    feed = call.feed()
    if feed.kind == "none":
        call.medium("starts an interactive program")
    elif feed.kind == "text":
        run_text(call, feed.text, language)
    elif feed.kind == "file":
        for path in feed.paths:
            if path in _STANDARD_INPUT:
                call.opaque("runs what another program gives it")
            else:
                run_file(call, path, language)
    elif feed.kind == "remote":
        call.high("runs text that comes from another machine", "runs downloaded text")
    else:
        call.high(
            f"runs what {feed.text or 'another command'} prints", "runs text that cannot be known"
        )


def run_file(call: Call, path: str, language: str = "") -> None:
    """A command runs a file: judge its content, at the bytes that are there."""
    from agent.risk.interpreters import language_of, run_text

    evaluator = call.evaluator
    if path.startswith("/dev/fd/sub:"):
        feed = evaluator.substituted_file(path)
        if feed.kind == "text":
            run_text(call, feed.text, language or "shell")
        elif feed.kind == "remote":
            call.high("runs text that comes from another machine", "runs downloaded text")
        else:
            call.high("runs text that cannot be known")
        return
    if path in _STANDARD_INPUT:
        from_stdin(call, language or "shell")
        return
    if re.match(r"^[a-z]+://", path) and not path.startswith("file:"):
        call.high("runs text that comes from another machine", "runs downloaded text")
        return
    place = call.place(path)
    if UNKNOWN in place.path:
        if place.zone is Zone.UNKNOWN:
            call.opaque("runs a file that cannot be known")
        else:
            call.medium(f"runs {shown(path)}")
        return
    if place.path in evaluator.files:
        content = evaluator.files[place.path]
        if content is None:
            call.high("runs a file that was just written or fetched", f"runs {shown(path)}")
            return
        if place.path not in evaluator.reading:
            evaluator.reading.add(place.path)
            run_text(call, content, language or language_of(place.path, content))
            evaluator.reading.discard(place.path)
        return
    if place.own:
        call.high("runs Tungsten's own files")
        return
    if place.zone is Zone.NULL:
        call.low()
        return
    if place.zone in (Zone.DEVICE, Zone.NETWORK):
        call.high("runs text from a device or connection")
        return
    text = read_script(place.path, call.evaluator.digests)
    if isinstance(text, str):
        if place.path in evaluator.reading:
            return
        evaluator.reading.add(place.path)
        strict = call.strict
        written = Path(place.path) in evaluator.context.written
        call.strict = strict and (written or place.zone not in (Zone.PROJECT, Zone.REGENERABLE))
        try:
            run_text(call, text, language or language_of(place.path, text))
        finally:
            call.strict = strict
            evaluator.reading.discard(place.path)
        call.medium(f"runs {shown(path)}")
    elif text is False:
        call.high("runs a file that is too long or not text", f"runs {shown(path)}")
    elif place.zone is Zone.TEMPORARY and Path(place.path) in evaluator.context.written:
        call.high("runs a file that cannot be read", f"runs {shown(path)}")
    else:
        call.medium(f"runs {shown(path)}, which is not there to be read")


def read_script(path: str, digests: dict[str, str]) -> str | bool | None:
    """A file's text; None when it is not there, True for a program, False when it can't be judged."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | getattr(os, "O_CLOEXEC", 0))
    except (OSError, ValueError):
        return None
    try:
        import stat

        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return None
        data = os.read(descriptor, MAX_FILE_BYTES + 1)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    digest = hashlib.sha256(data)
    if len(data) > MAX_FILE_BYTES:
        digest.update(f"{status.st_size} {status.st_mtime_ns}".encode())
    digests[path] = digest.hexdigest()
    if data[:4] == b"\x7fELF" or data[:4] in (b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe"):
        return True
    if len(data) > MAX_FILE_BYTES or b"\0" in data:
        return False
    return data.decode("utf-8", "replace")


def local_file(call: Call) -> None:
    """A command named by its path: `./t`, `scripts/deploy.sh`."""
    path = call.argv[0]
    place = call.place(path)
    text = read_script(place.path, call.evaluator.digests) if UNKNOWN not in place.path else None
    if text is True:
        if Path(place.path) in call.evaluator.context.written:
            call.high("runs a program that the agent made", f"runs {shown(path)}")
        else:
            call.medium(f"runs the program {shown(path)}")
        return
    run_file(call, path)


def evaluate_words(call: Call) -> None:
    """`eval`: the words are joined and read again."""
    rest = call.argv[1:]
    if rest[:1] == ["--"]:
        rest = rest[1:]
    text = " ".join(rest)
    if re.search(r"^\0$", text.strip()):
        known = _KNOWN_EVALS.search(_raw(call))
        if known:
            call.medium("sets up the shell")
            return
    call.shell(text, here=True)


_KNOWN_EVALS = re.compile(
    r"\$\(\s*(?:ssh-agent(?: -s)?|direnv (?:hook|export) \w+|pyenv init[^)]*|rbenv init[^)]*|nodenv init[^)]*"
    r"|starship init \w+|zoxide init \w+|fnm env[^)]*|(?:/[\w/.-]+/)?brew shellenv|opam env|dircolors[^)|;&]*"
    r"|docker-machine env[^)|;&]*|minikube[^)|;&]* docker-env|conda shell\.\w+ hook|mise activate \w+)\s*\)"
)


def _raw(call: Call) -> str:
    if call.command is None or call.script is None:
        return ""
    return call.script.text[call.command.start : call.command.end]


def source(call: Call) -> None:
    """`. file`, `source file`."""
    rest = call.argv[1:]
    if not rest:
        call.low()
        return
    path = rest[0]
    place = call.place(path)
    if UNKNOWN not in path and (
        re.search(r"(?:^|/)bin/activate(?:\.\w+)?$", path)
        or place.path
        in {
            f"{call.evaluator.ground.home}/{n}"
            for n in (
                ".bashrc",
                ".profile",
                ".zshrc",
                ".bash_profile",
                ".cargo/env",
                ".nvm/nvm.sh",
                ".zprofile",
            )
        }
    ):
        call.medium(f"sets up the shell from {shown(path)}")
        return
    run_file(call, path, "source")


def command_builtin(call: Call) -> None:
    """`command -v x` looks, `command x` runs."""
    options, _ = split(call.argv[:3])
    if any("v" in o or "V" in o for o in options):
        call.low()
        return
    rest = after_options(call.argv)
    if rest:
        call.run(rest)
    else:
        call.low()


_XARGS_VALUED = (
    "-I",
    "-n",
    "-P",
    "-L",
    "-d",
    "-s",
    "-E",
    "-a",
    "--max-args",
    "--max-procs",
    "--delimiter",
    "--replace",
    "--arg-file",
    "--max-lines",
    "-J",
    "-R",
)


def xargs(call: Call) -> None:
    """`xargs`: its command, with what comes from standard input as arguments."""
    rest = after_options(call.argv, _XARGS_VALUED)
    if not rest:
        call.low()
        return
    feed = call.feed()
    replaced = value(call.argv, "-I", "-J", "--replace")
    if any(a in ("-i", "--replace") for a in call.argv):
        replaced = ["{}"]
    words = feed.text.split() if feed.kind == "text" else producers(call)
    program = rest[0].rpartition("/")[2]
    if program in (
        "sh",
        "bash",
        "zsh",
        "dash",
        "eval",
        "python",
        "python3",
        "perl",
        "node",
        "ruby",
        "env",
    ):
        inline = any(re.match(r"^-\w*[ce]$", a) for a in rest[1:])
        if inline and program in ("perl", "ruby", "node", "python", "python3") and not replaced:
            call.run([*rest, *words])
            return
        words = words if inline and feed.kind == "text" else [UNKNOWN]
        if inline and not replaced and not rest[-1].startswith("-"):
            call.run([*rest, "_", *words])
            return
    if replaced and replaced[0]:
        token = replaced[0]
        if any(token in a for a in rest):
            for word in words or [UNKNOWN]:
                call.run([a.replace(token, word) for a in rest])
            return
        call.run(rest)
        return
    if program in ("kill", "pkill") and call.command is not None and call.script is not None:
        pipe = call.command.pipe
        if pipe is not None:
            before = " ".join(
                word.text or "" for c in call.script.commands[pipe[0] : pipe[1]] for word in c.words
            )
            if re.search(r"tmux|tungsten|agent\.engine|sshd|systemd", before):
                call.high("kills the session or the supervisor")
    if program in ("kill", "docker", "podman", "git", "kubectl") and feed.kind != "text":
        call.run(
            [*rest, *(w for w in words if w != UNKNOWN)]
            if words != [UNKNOWN]
            else [*rest, "7" if program == "kill" else UNKNOWN]
        )
        return
    call.run([*rest, *words])


def producers(call: Call) -> list[str]:
    """Paths that stand for what the command before a pipe finds."""
    from agent.risk.files import listed

    command, script = call.command, call.script
    if command is None or script is None or command.pipe is None:
        return [UNKNOWN]
    paths: list[str] = []
    first, last = command.pipe
    stage = script.commands[first:last]
    # Filters between the search and here only narrow what was found.
    hops = 0
    while stage and hops < 8 and stage[-1].words and stage[-1].pipe is not None:
        name = stage[-1].words[0].text or ""
        if name not in ("grep", "head", "tail", "sort", "uniq", "rg", "tac", "egrep", "tee", "cat"):
            break
        stage = script.commands[stage[-1].pipe[0] : stage[-1].pipe[1]]
        hops += 1
    evaluator = call.evaluator
    for member in stage[-4:]:
        heads, arguments = evaluator._argv(member)  # noqa: SLF001
        for head in heads:
            paths += listed([*head, *arguments], evaluator) or [UNKNOWN]
    return paths or [UNKNOWN]


def parallel(call: Call) -> None:
    """GNU `parallel`: a command with arguments after `:::` or from standard input."""
    argv = call.argv
    rest = after_options(
        argv,
        (
            "-j",
            "--jobs",
            "-a",
            "--arg-file",
            "-I",
            "--colsep",
            "-n",
            "-N",
            "-S",
            "--joblog",
            "--delay",
            "--retries",
        ),
    )
    if value(argv, "-S", "--sshlogin"):
        call.high("runs commands on other machines")
    template: list[str] = []
    arguments: list[str] = []
    seen = False
    for word in rest:
        if re.match(r"^:::", word):
            seen = True
        elif seen:
            arguments.append(word)
        else:
            template.append(word)
    if not seen:
        feed = call.feed()
        arguments = feed.text.splitlines() if feed.kind == "text" else producers(call)
    if not template:
        for text in arguments:
            call.shell(text)
        return
    text = " ".join(template)
    for argument in arguments[:64] or [UNKNOWN]:
        call.shell(text.replace("{}", argument) if "{}" in text else f"{text} {argument}")


def text_runner(call: Call) -> None:
    """`watch`, `entr -s`, …: the words are joined and given to a shell."""
    rest = after_options(call.argv, ("-n", "--interval", "-d-none"))
    if rest:
        call.shell(" ".join(rest))
    call.low()


def trap(call: Call) -> None:
    """`trap 'text' SIGNAL`: the text runs later."""
    rest = after_options(call.argv)
    if len(rest) > 1 and rest[0] not in ("-", ""):
        call.shell(rest[0])
    call.low()


def alias(call: Call) -> None:
    """`alias name=text`: judged as if it were called with something unknown."""
    for argument in call.argv[1:]:
        name, equals, text = argument.partition("=")
        if equals:
            call.evaluator.state.aliases[name] = text
            if re.match(r"^\s*[\w./-]+\s*$", text) and text.strip() in (
                "ls",
                "git",
                "vim",
                "grep",
                "code",
                "docker",
                "kubectl",
                "npm",
                "make",
                "cd",
                "nvim",
            ):
                continue
            call.shell(text + ' "$__unknown"')
    call.low()


def declare(call: Call) -> None:
    """`export`, `declare`, `local`, `readonly`: assignments as arguments."""
    evaluator = call.evaluator
    conditional = call.command is not None and call.command.group is not None
    reference = any(re.match(r"^-\w*n", a) for a in call.argv[1:]) and call.argv[0] != "export"
    if reference:
        for argument in call.argv[1:]:
            evaluator.steering(argument.partition("=")[2], call)
    for argument in call.argv[1:]:
        if argument.startswith(("-", "+")):
            continue
        name, equals, text = argument.partition("=")
        if not equals:
            continue
        name = name.rstrip("+")
        if reference:
            evaluator.state.variables.set(
                name, evaluator.state.variables.get(text) or (UNKNOWN,), add=False
            )
            _refer(call, name, text)
            continue
        evaluator.state.variables.set(name, (text,), add=conditional)
        evaluator.variable(name, [text], call, exported=True)
    call.low()


def _refer(call: Call, name: str, target: str) -> None:
    """A name reference: what the target gets later counts too, so its value is unknown."""
    variables = call.evaluator.state.variables
    variables.set(name, (*(variables.get(target) or ()), UNKNOWN), add=False)


def read(call: Call) -> None:
    """`read`, `mapfile`: variables take what comes in."""
    argv = call.argv
    for text in value(argv, "-C"):
        if argv[0] in ("mapfile", "readarray"):
            call.shell(text)
    whole = argv[0] in ("mapfile", "readarray")
    valued = ("-d", "-n", "-O", "-s", "-u", "-C", "-c") if whole else _READ_VALUED
    names = split(argv, valued)[1] + ([] if whole else value(argv, "-a"))
    feed = call.feed()
    values: tuple[str, ...]
    if feed.kind == "text":
        values = tuple(dict.fromkeys(feed.text.split("\n") + feed.text.split()))
    else:
        values = tuple(_stage_paths(call))
    for name in names:
        if re.fullmatch(r"[A-Za-z_]\w*", name):
            call.evaluator.state.variables.set(name, values or (UNKNOWN,), add=False)
            call.evaluator.steering(name, call)
    call.low()


_READ_VALUED = ("-p", "-d", "-n", "-N", "-t", "-u", "-i", "-a")
_NAMING = {"printf": "-v", "wait": "-p"}


def naming(call: Call) -> None:
    """`printf -v name`, `wait -p name`, `getopts letters name`: a variable takes what comes out."""
    argv = call.argv
    program = argv[0].rpartition("/")[2]
    names = argv[2:3] if program == "getopts" else value(argv, _NAMING[program])
    for name in names:
        if UNKNOWN in name:
            call.medium("sets a variable whose name cannot be known")
            continue
        call.evaluator.steering(name, call)
        printed = None
        if program == "printf" and "-v" in argv[:2]:
            printed = call.evaluator.output(call_of(call, ["printf", *argv[3:]]))
        values = (UNKNOWN if printed is None else printed,)
        call.evaluator.state.variables.set(name.partition("[")[0], values, add=False)
        call.evaluator.variable(name, values, call, exported=False)
    call.low()


def call_of(call: Call, argv: list[str]) -> Call:
    """Another command, standing where this one does."""
    return Call(
        call.evaluator, argv, call.command, call.script, call.where, call.depth, strict=call.strict
    )


def _stage_paths(call: Call) -> list[str]:
    command = call.command
    if command is None:
        return [UNKNOWN]
    if command.pipe is not None:
        return producers(call)
    group = command.group
    while group is not None:
        if group.pipe is not None:
            command.pipe = group.pipe
            paths = producers(call)
            command.pipe = None
            return paths
        if group.redirects:
            for redirect in group.redirects:
                if redirect.operator == "<" and redirect.target is not None:
                    for text in call.evaluator.expander.text(redirect.target):
                        if text.startswith("/dev/fd/sub:"):
                            entry = call.evaluator.groups.get(int(text.rpartition(":")[2]))
                            if entry is not None:
                                command.pipe = (entry[1].first, entry[1].last)
                                paths = producers(call)
                                command.pipe = None
                                return paths
            return [UNKNOWN]
        group = group.parent
    return [UNKNOWN]


def cd(call: Call) -> None:
    """`cd`, `pushd`: later paths are judged from there."""
    operands = split(call.argv)[1]
    state = call.evaluator.state
    if not operands:
        state.cwd = call.evaluator.ground.home
    elif operands[0] == "-":
        state.cwd = "/" + UNKNOWN
    else:
        path = call.place(operands[0]).path
        # No system has a directory with a longer path, and every later path would be as long.
        state.cwd = path if len(path) <= 1024 else "/" + UNKNOWN
    call.low()


def unset(call: Call) -> None:
    """`unset HISTFILE` erases traces."""
    if any(a.startswith("HIST") for a in call.argv[1:]):
        call.high("erases traces of what was done")
    call.low()


def set_builtin(call: Call) -> None:
    """`set`, `shopt`: options of the shell."""
    text = " ".join(call.argv[1:])
    if re.search(r"\+o history|-u.*histappend|-o\s+allexport-none", text):
        call.high("erases traces of what was done")
    if call.argv[1:2] == ["--"]:
        for number, word in enumerate(call.argv[2:12], 1):
            call.evaluator.state.variables.set(str(number), (word,), add=False)
        call.evaluator.state.variables.set("@", (" ".join(call.argv[2:]),), add=False)
        call.evaluator.state.variables.set("*", (" ".join(call.argv[2:]),), add=False)
    call.low()


def kill(call: Call) -> None:
    """`kill`, `killall`, `pkill`: the session, the supervisor and everything are out of bounds."""
    program = call.argv[0].rpartition("/")[2]
    rest = call.argv[1:]
    raw = " ".join(rest) + " " + _raw(call)
    if any(a in ("-l", "-L", "--list") for a in rest) or (program == "kill" and rest[:1] == ["-0"]):
        call.low()
        return
    if re.search(
        r"tmux|tungsten|agent\.engine|pgrep\s+-[uU]|systemd|dbus|sshd|gnome|Xorg|wayland|\bPPID\b|login|init\b|launchd|WindowServer",
        raw,
    ):
        call.high("kills the session or the supervisor")
        return
    if program == "kill":
        operands = [
            a
            for a in rest
            if not re.match(r"^-(?:[A-Z]+[0-9]*|\d+|s|n)$", a) or (a == "-1" and rest.index(a) > 0)
        ]
        if any(
            a in ("-1", "1", "0", "$PPID", "$$") or (re.fullmatch(r"--?", a) is None and a == "-1")
            for a in operands
        ):
            call.high("kills the session or every process")
        if "--" in rest and any(a in ("-1", "1") for a in rest[rest.index("--") :]):
            call.high("kills every process")
        if len(rest) >= 2 and rest[-1] in ("-1", "1"):
            call.high("kills every process")
    else:
        options, operands = split(call.argv, ("-s", "--signal", "-u", "-U", "-g", "-P", "-t"))
        if value(call.argv, "-u", "-U", "--user", "--euid", "--uid") or any(
            o.startswith("-v") for o in options
        ):
            call.high("kills every process of a user")
        names = [o for o in operands if not o.isdigit()]
        if any(
            re.fullmatch(r"\W*|bash|zsh|sh|fish|ssh|\.\*?|docker\w*|containerd", n) for n in names
        ):
            call.high("kills shells, sessions or services")
        if UNKNOWN in raw and any(UNKNOWN in n for n in names):
            call.opaque("kills something that cannot be known")
        if value(call.argv, "-t"):
            call.high("kills a terminal's processes")
    call.medium("ends a process")


def fuser(call: Call) -> None:
    """`fuser -k`: ends whatever uses a port or a file system."""
    options, operands = split(call.argv, ("-n", "-s", "--namespace"))
    if not any(re.match(r"^-\w*k|^--kill", o) for o in options):
        call.low()
    elif any(re.match(r"^-\w*m", o) for o in options) or any(
        not re.match(r"^\d{4,5}(?:/(?:tcp|udp))?$", o) for o in operands
    ):
        call.high("kills whatever uses a system port or a directory")
    else:
        call.medium("ends what uses a port")


def remote_control(call: Call) -> None:
    """`kitty @`, `wezterm cli`: terminals that let themselves be typed into."""
    if call.argv[1:2] in (["@"], ["cli"], ["msg"], ["+kitten"], ["kitten"]) or any(
        a.startswith("send-") for a in call.argv
    ):
        call.high("types into or controls a terminal")
    call.medium("opens a terminal")


def let(call: Call) -> None:
    """`let`: its words are arithmetic, and arithmetic expands once more."""
    for word in call.argv[1:]:
        if "$(" in word or "`" in word:
            call.shell(': "' + word.replace('"', "") + '"')
    call.low()


def tmux(call: Call) -> None:
    """`tmux` beyond looking is self-approval."""
    rest = after_options(call.argv, ("-L", "-S", "-f", "-c"))
    looks = {
        "ls",
        "list-sessions",
        "lsp",
        "list-panes",
        "lsw",
        "list-windows",
        "lsc",
        "list-clients",
        "has",
        "has-session",
        "list-commands",
        "lscm",
        "list-keys",
        "lsk",
        "info",
        "show-messages",
        "display-none",
        "show-options",
        "show",
        "show-environment-none",
        "-V",
    }
    options = [a for a in call.argv[1:] if a.startswith("-") and a not in rest]
    chained = any(a in (";", "\\;") or a.endswith(";") for a in rest)
    if (
        rest and rest[0] in looks and not chained and not value(call.argv, "-c", "-f")
    ) or call.argv[1:] == ["-V"]:
        if any(a == "-F" or "#(" in a for a in rest) and "#(" in " ".join(rest):
            call.high("has tmux run a command")
        call.low()
        return
    del options
    call.high("types into, controls or replaces the supervising terminal", "controls tmux")


def scheduled(call: Call) -> None:
    """`crontab`, `at`: what runs later."""
    if call.argv[1:] in (["-l"], ["-q"]) or (call.argv[1:2] == ["-l"] and len(call.argv) == 2):
        call.low()
        return
    call.high("plants something that runs later, or removes it")


def make(call: Call) -> None:
    """`make`: the recipes of its file, as far as they are there to be read."""
    argv = call.argv
    for argument in argv[1:]:
        name, equals, text = argument.partition("=")
        if name == "--eval" or argument.startswith("--eval"):
            call.high("has make run text from the command line")
        if name == "--shell" and argv[0] == "just":
            call.high("has just run recipes with another shell")
        if name in ("SHELL", ".SHELLFLAGS", "MAKEFLAGS") and equals:
            call.high(f"{name} makes later commands run something else")
        elif equals and re.match(r"^[A-Za-z_]\w*$", name) and re.search(r"[$`;|&]", text):
            call.shell(text)
        if name in ("PREFIX", "DESTDIR") and call.place(text).zone in (Zone.SYSTEM, Zone.OUTSIDE):
            call.high("installs into the system")
    targets = split(
        argv, ("-C", "-f", "-j", "-o", "-W", "-I", "--directory", "--file", "--makefile")
    )[1]
    targets = [t for t in targets if "=" not in t and not t.isdigit()]
    if (
        any(
            re.fullmatch(r"(?:un)?install|publish|deploy\S*|release|upload|push", t)
            for t in targets
        )
        and argv[0] == "make"
    ):
        if "install" in targets and not any(
            a.startswith(("DESTDIR=", "PREFIX=", "prefix=")) for a in argv
        ):
            _makefile(call, targets)
    _makefile(call, targets)
    call.medium("runs make")


def _makefile(call: Call, targets: list[str]) -> None:
    directory = value(call.argv, "-C", "--directory")
    base = call.place(directory[-1]).path if directory else call.cwd
    names = value(call.argv, "-f", "--file", "--makefile") or [
        "GNUmakefile",
        "makefile",
        "Makefile",
    ]
    program = call.argv[0].rpartition("/")[2]
    if program in ("just", "task"):
        names = ["justfile", "Justfile"] if program == "just" else ["Taskfile.yml", "Taskfile.yaml"]
    for name in names:
        if UNKNOWN in name or UNKNOWN in base:
            continue
        if name.startswith("/dev/fd/sub:") or name == "-":
            call.high("has make run text that is not in a file")
            return
        path = name if name.startswith("/") else f"{base}/{name}"
        evaluator = call.evaluator
        key = call.place(path).path
        text: str | bool | None
        known = False
        if key in evaluator.files:
            text = evaluator.files[key]
            known = True
            if text is None:
                call.high("runs a makefile that was just written or fetched")
                return
        else:
            text = read_script(key, call.evaluator.digests)
        if text is False:
            call.high("runs a makefile that is too long or not text")
            return
        if not isinstance(text, str) or "make:" + key in evaluator.reading:
            continue
        evaluator.reading.add("make:" + key)
        strict = call.strict
        call.strict = strict and (known or Path(key) in evaluator.context.written)
        try:
            recipes(call, text, targets)
        finally:
            call.strict = strict
            evaluator.reading.discard("make:" + key)
        return


def recipes(call: Call, text: str, targets: list[str]) -> None:
    """Judge the recipes that the targets (or the first one) may run."""
    text = text.replace("\\\n", " ")
    rules: dict[str, tuple[list[str], list[str]]] = {}
    variables: dict[str, str] = {}
    first = ""
    current: list[str] | None = None
    for line in text.splitlines():
        if line.startswith("\t") and current is not None:
            current.append(line.strip())
            continue
        match = re.match(r"^([A-Za-z_][\w.]*)\s*[:?+]?:?=\s*(.*)$", line)
        if match:
            variables[match[1]] = match[2]
            for inner in re.findall(r"\$\(shell ([^()]*)\)", match[2]):
                call.shell(inner)
            continue
        match = re.match(r"^([^\s:#=][^:=]*):(?!=)\s*([^#;]*)(?:;(.*))?", line)
        if match:
            needs = match[2].split()
            current = [match[3].strip()] if match[3] else []
            for name in match[1].split():
                rules.setdefault(name, ([], current))[0].extend(needs)
                if rules[name][1] is not current:
                    rules[name][1].extend(current)
                if not first and not name.startswith("."):
                    first = name
    pending = targets or [first]
    done: set[str] = set()
    while pending and len(done) < 500:
        name = pending.pop()
        if name in done or name not in rules:
            continue
        done.add(name)
        needs, lines = rules[name]
        pending.extend(needs)
        for line in lines:
            body = line.lstrip("@-+ ")
            for _ in range(4):
                replaced = re.sub(
                    r"\$[({]([A-Za-z_][\w.]*)[)}]", lambda m: variables.get(m[1], m[0]), body
                )
                if replaced == body:
                    break
                body = replaced
            body = re.sub(r"\$[({]MAKE[)}]", "make", body)
            body = re.sub(r"\$[({]shell ([^()]*)[)}]", r"$(\1)", body)
            body = re.sub(r"\$[@<^?*]|\$[({][^)}]*[)}]", "made-file", body).replace("$$", "$")
            call.shell(body)


def package_script(call: Call) -> None:
    """`npm run x`, `npm test`, `yarn x`, …: the script in package.json, if it is there."""
    from agent.risk.evaluate import simple

    program = call.argv[0].rpartition("/")[2]
    valued = ("--prefix", "-w", "--workspace", "--filter", "-F", "-C", "--cwd", "--registry")
    words = split(call.argv, valued)[1]
    verb = words[0] if words else ""
    for text in value(call.argv, "--script-shell"):
        call.high(f"has {program} run scripts with {shown(text)}")
    for text in value(call.argv, "--registry", "--index-url"):
        if not re.match(r"^https://registry\.(?:npmjs\.org|yarnpkg\.com)/?", text):
            call.high("takes packages from another place")
    if verb in ("exec", "x", "dlx") or (program == "yarn" and verb == "node"):
        at = call.argv.index(verb)
        inner = call.argv[at:]
        for text in value(inner, "-c", "--call"):
            call.shell(text)
            return
        _package_runner(call, after_options(inner, ("-p", "--package")), remote=verb == "dlx")
        return
    script = ""
    if verb in ("run", "run-script") and len(words) > 1:
        script = words[1]
    elif verb in ("test", "t", "start", "stop", "restart", "install", "i", "ci"):
        script = {"t": "test", "i": "install", "ci": "install"}.get(verb, verb)
    elif program in ("yarn", "pnpm", "bun") and verb and not _has(program, verb):
        script = verb
    if script:
        _scripts(call, script)
        if verb not in ("install", "i", "ci"):
            call.medium(f"runs the package script {shown(script)}")
            return
    if verb in ("install", "i", "add", "update", "upgrade", "ci"):
        from agent.risk.network import packages

        packages(call, words[1:])
        if any(a in ("-g", "--global") for a in call.argv) or (
            program == "yarn" and verb == "global"
        ):
            call.medium("installs for the whole user")
    if program == "npm" and verb in ("pkg",) and words[1:2] == ["set"]:
        if any("scripts" in w for w in words[2:]):
            call.high("plants code in package scripts")
        call.medium("changes package.json")
        return
    if program == "npm" and verb == "set":
        call.high("changes the package manager's settings")
        return
    simple(call, program)


def _has(program: str, verb: str) -> bool:
    return any(key.split()[0] == verb for key in _table(program))


def _table(program: str) -> dict[str, tuple[int, str]]:

    return programs.SUBCOMMANDS.get(program, {})


def _scripts(call: Call, name: str) -> None:
    import json

    key = call.place("package.json").path
    evaluator = call.evaluator
    text: str | bool | None = None
    known = key in evaluator.files
    if known:
        text = evaluator.files[key]
        if text is None:
            call.high("runs a package script that was just written")
            return
    elif UNKNOWN not in key:
        text = read_script(key, call.evaluator.digests)
    if not isinstance(text, str) or f"{key}:{name}" in evaluator.reading:
        return
    try:
        data = json.loads(text)
        scripts = data.get("scripts", {}) if isinstance(data, dict) else {}
    except (ValueError, RecursionError):
        return
    if not isinstance(scripts, dict):
        return
    evaluator.reading.add(f"{key}:{name}")
    strict = call.strict
    call.strict = strict and (known or Path(key) in evaluator.context.written)
    for each in ("pre" + name, name, "post" + name):
        body = scripts.get(each)
        if isinstance(body, str):
            call.shell(body)
    call.strict = strict
    evaluator.reading.discard(f"{key}:{name}")


def _package_runner(call: Call, rest: list[str], *, remote: bool = True) -> None:
    """The words after `npx`, `uvx`, `pnpm dlx`: a package, perhaps from anywhere."""
    if not rest:
        call.low()
        return
    name = rest[0]
    if re.match(r"^(?:https?|git|git\+\w+|github|gitlab|bitbucket|gist|file|ssh)(?::|\+)", name) or (re.match(
        r"^[\w.-]+/[\w.-]+(?:#.*)?$", name
    ) and not name.startswith("@")) or name.endswith((".tgz", ".tar.gz", ".git", ".whl")):  # fmt: skip
        call.high("runs code from an unreviewed address", f"runs {shown(name)}")
        return
    base = re.sub(r"(?<=.)@[\w.^~-]*$", "", name).rpartition("/")[2]
    call.run([base, *rest[1:]])
    if remote:
        call.medium(f"runs the package {shown(name)}")


def npx(call: Call) -> None:
    """`npx`, `bunx`, `uvx`."""
    for text in value(call.argv, "-c", "--call"):
        call.shell(text)
        return
    valued = (
        "-p",
        "--package",
        "--from",
        "--with",
        "--python",
        "--index-url",
        "--index",
        "--default-index",
    )
    for text in value(call.argv, "-p", "--package", "--from", "--with"):
        if re.match(r"^(?:https?|git|git\+\w+|ssh|file)(?::|\+)", text):
            call.high("runs code from an unreviewed address", f"runs {shown(text)}")
    if value(call.argv, "--index-url", "--index", "--default-index"):
        call.high("takes packages from another place")
    _package_runner(call, after_options(call.argv, valued))


def tool_runner(call: Call) -> None:
    """`poetry run x`, `uv run x`, `pipenv run x`, `bundle exec x`, `cargo run`, and their like."""
    from agent.risk.evaluate import simple
    from agent.risk.network import packages

    program = call.argv[0].rpartition("/")[2]
    words = call.argv[1:]
    verbs = ("run", "exec", "x", "shell", "develop", "tool", "with")
    at = next(
        (
            i
            for i, w in enumerate(words)
            if w in verbs
            and all(p.startswith("-") or (i and words[i - 1].startswith("-")) for p in words[:i])
        ),
        None,
    )
    for text in value(call.argv, "--run", "--command", "-c"):
        if program in ("nix-shell", "nix", "guix", "conda", "devbox"):
            call.shell(
                " ".join([text, *(quote(w) for w in call.argv[call.argv.index(text) + 1 :])])
                if text in call.argv
                else text
            )
    if at is not None:
        inner = words[at:]
        if program == "uv" and inner[0] == "tool":
            if inner[1:2] == ["run"]:
                _package_runner(call, after_options(inner[1:], ("--from", "--with")))
            else:
                call.medium("manages tools")
            return
        if program in ("nix",) and inner[0] == "run":
            target = after_options(inner)
            if target and re.search(r"^(?:github|git|https?|gitlab|path|tarball)[:+]", target[0]):
                call.high("runs code from an unreviewed address")
            call.medium("runs a package")
            return
        if (
            program
            in (
                "cargo",
                "dotnet",
                "go",
                "swift",
                "deno",
                "bun",
                "zig",
                "mix",
                "stack",
                "cabal",
                "dune",
                "rustup",
            )
            and inner[0] == "run"
        ):
            call.medium("runs the project's program")
            if program in ("deno", "go", "bun"):
                for address in after_options(inner)[:1]:
                    if re.match(r"^(?:https?:|git|npm:|jsr:)", address) or re.search(
                        r"^\w[\w.]*\.\w+/\S+@", address
                    ):
                        call.high("runs code from an unreviewed address")
                    elif program != "go":
                        run_file(call, address)
            return
        rest = after_options(
            inner,
            (
                "--with",
                "--extra",
                "--group",
                "--python",
                "-p",
                "-n",
                "--name",
                "--from",
                "--env-file",
                "--project",
                "--directory",
                "-e",
                "--prefix",
            ),
        )
        if program in ("conda",):
            rest = after_options(inner, ("-n", "--name", "-p", "--prefix"))
        if program == "uv":
            for text in value(inner, "--with"):
                if "://" in text:
                    call.high("runs code from an unreviewed address")
            if rest and re.search(r"\.py$", rest[0]):
                rest = ["python", *rest]
            if rest[:1] == ["--"]:
                rest = rest[1:]
            if any(a in ("-m", "--module") for a in inner[1:3]):
                rest = ["python", "-m", *rest]
        if rest[:1] == ["--"]:
            rest = rest[1:]
        if rest and program not in ("hatch", "pdm", "composer", "rustup"):
            call.run(rest)
        elif rest:
            call.run(rest[1:] if program == "rustup" else rest)
        call.medium(f"runs something with {program}")
        return
    if (
        "install" in words
        or "add" in words
        or (program == "uv" and "pip" in words)
        or program in ("gem", "go", "cargo", "pip")
    ):
        packages(call, [w for w in words if not w.startswith("-")][1:])
    simple(call, program)


def systemd_run(call: Call) -> None:
    """`systemd-run`: a payload, outside of this session."""
    rest = after_options(
        call.argv,
        (
            "-p",
            "--property",
            "--unit",
            "-u",
            "--on-calendar",
            "--uid",
            "-M",
            "--on-active",
            "--slice",
        ),
    )
    if (
        any(a.startswith(("--on-", "--uid", "--gid", "--unit", "--timer", "-M")) for a in call.argv)
        or "--user" not in call.argv
    ):
        call.high("runs something as a service, outside of this session")
    call.run(rest)
    call.medium("runs something as a service")


def busybox(call: Call) -> None:
    """`busybox rm`, `toybox rm`."""
    rest = after_options(call.argv)
    if rest:
        call.run(rest)
    else:
        call.low()


def completion(call: Call) -> None:
    """`complete -C`, `compgen -C`, `bind -x`: text that runs later or now."""
    for text in value(call.argv, "-C", "-F-none"):
        call.shell(text)
    if "bind" in call.argv[0]:
        for text in value(call.argv, "-x"):
            call.shell(text.partition(":")[2].strip().strip("\"'"))
        for text in call.argv[1:]:
            if re.search(r"\\C-[mj]|\\[nr]", text):
                call.high("makes a key run something")
        for path in value(call.argv, "-f"):
            call.medium(f"reads key bindings from {shown(path)}")
    call.low()


def shadowing(call: Call) -> None:
    """`hash -p`, `enable -f`: a later, harmless name runs something else."""
    if any(re.match(r"^-\w*[pf]", a) for a in call.argv[1:]):
        call.high("makes later commands run something else")
    call.low()


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(_PREFIXES, prefix),
    "env": env, "sh": shell, "eval": evaluate_words, ".": source, "source": source,
    "command": command_builtin, "xargs": xargs, "parallel": parallel, "watch": text_runner,
    "trap": trap, "alias": alias, "export": declare, "declare": declare, "typeset": declare,
    "local": declare, "readonly": declare, "read": read, "mapfile": read, "readarray": read,
    "complete": completion, "compgen": completion, "bind": completion, "hash": shadowing, "enable": shadowing,
    **dict.fromkeys(("printf", "wait", "getopts"), naming),
    "cd": cd, "pushd": cd, "unset": unset, "set": set_builtin, "shopt": set_builtin,
    "fuser": fuser, "let": let, **dict.fromkeys(("kitty", "wezterm", "alacritty", "foot", "iterm2"), remote_control),
    "kill": kill, "killall": kill, "pkill": kill, "tmux": tmux, "crontab": scheduled, "at": scheduled,
    "batch": scheduled, "make": make, "npm": package_script, "yarn": package_script, "pnpm": package_script,
    "bun": package_script, "npx": npx, "uvx": npx, "systemd-run": systemd_run, "busybox": busybox,
    "toybox": busybox, "@file": local_file,
    **dict.fromkeys(
        wordlist(
    """
    poetry uv pipenv bundle conda nix nix-shell hatch pdm rye pixi guix rbenv pyenv asdf cargo
    go dotnet deno swift gem pip composer rustup volta nvm fnm opam stack cabal devbox mamba brew
    """
    ),
        tool_runner,
    ),
}  # fmt: skip
