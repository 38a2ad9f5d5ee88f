# ruff: noqa: E501 - tables and patterns read better unbroken
"""Rules for programs that stand before a command: `nohup`, `timeout 5`, `nice`, `env A=b`."""

from __future__ import annotations

import re

from agent.risk.arguments import after_options, split, value, wordlist
from agent.risk.commands.tool_runners import package_runner
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.environments import shows_environment
from agent.risk.evaluation.findings import quote
from agent.risk.paths import Zone

_ENV_VALUED = ("-u", "--unset", "-C", "--chdir", "-S", "--split-string", "-P")


_BWRAP = wordlist("""--unshare-user-try --chdir --setenv --dev --proc --tmpfs --dir""")


_RUNNER_VALUED = tuple(wordlist("--spec --python --pip-args --index-url --suffix -i"))


_SCRIPT_VALUED = tuple(wordlist("-c --command -I -O -B -T -t -o -m -E -F"))


PREFIXES: dict[str, tuple[str, ...]] = {
    "nohup": (), "setsid": (), "stdbuf": ("-i", "-o", "-e", "--input", "--output", "--error"),
    "nice": ("-n", "--adjustment"), "ionice": ("-c", "-n", "-p", "--class", "--classdata"),
    "chrt": (), "taskset": (), "timeout": ("-k", "-s", "--kill-after", "--signal"),
    "time": ("-o", "-f", "--output", "--format"), "builtin": (), "unbuffer": (),
    "catchsegv": (), "faketime": (), "fakeroot": (), "dbus-run-session": (), "dbus-launch": (),
    "firejail": (), "bwrap": tuple(_BWRAP), "caffeinate": ("-t", "-w"), "systemd-inhibit": ("--what", "--who", "--why"),
    "numactl": (), "cpulimit": ("-l", "-p"), "prlimit": (), "proot": (), "exec": ("-a",), "arch": (),
    "rlwrap": ("-H", "-f"), "chronic": (), "ts": (), "softlimit": (), "setarch": (), "linux64": (), "linux32": (),
    "xvfb-run": ("-n", "-s", "--server-args"), "noglob": (), "nocorrect": (), "doppler": (), "dotenv": ("-f", "-e"),
    "dotenvx": ("-f", "--env-file"), "dotenv-cli": ("-e", "-v"), "cross-env": (), "env-cmd": ("-f",), "aws-vault": (), "envchain": (), "eatmydata": (),
    "torsocks": (), "proxychains": (), "proxychains4": (), "tsocks": (), "pipx": (),
    "retry": (), "sem": ("-j",), "hyperfine": ("-w", "-r", "-n", "--warmup", "--runs"), "rtk": (),
    "mise": (), "direnv": (), "with-contenv": (), "tini": (), "dumb-init": (), "s6-setuidgid": (),
    "nodemon": ("-w", "--watch", "-e", "--ext"), "concurrently": (), "npm-run-all": (), "wait-on": (), "valgrind": (), "perf": (),
    "sshpass": ("-p", "-f", "-d", "-P"), "heaptrack": (), "rr": (), "coverage": (), "script": (), "run-one": (), "flock": (), "watchexec": ("-e", "-w"), "entr": (),
    "reflex": ("-r", "-g"), "chpst": ("-u",), "start-stop-daemon": (), "daemonize": (), "cgexec": ("-g",), "pkgx": (), "devbox": (), "wsl": ("-d", "-u", "--distribution", "--user", "--cd"), "xcrun": ("--sdk", "--toolchain"), "ifne": ("-n",), "choom": ("-n",), "lckdo": ("-W",), "setlock": (), "logsave": (), "multitime": ("-n",),
    "tsp": ("-L", "-N", "-D"), "nq": (), "dockerize": ("-wait", "-timeout"), "wait-for-it": ("-t", "-h", "-p"), "zsh-defer": (), "grc": ("-c",), "systemd-cat": ("-t", "-p"), "schedtool": (), "with-readline": (), "envdir": (), "setuidgid": (), "envuidgid": (), "pgrphack": (), "fghack": (), "argv0": (),
}  # fmt: skip


def prefix(call: Call) -> None:
    """`nohup`, `timeout 5`, `nice -n 5`, …: the command after the options."""
    program = (
        call.argv[0].rpartition("/")[2].removeprefix("g")
        if call.argv[0] == "gtimeout"
        else (call.argv[0].rpartition("/")[2])
    )
    rest = after_options(call.argv, PREFIXES.get(program, ()))
    if (
        program
        in (
            "timeout",
            "chrt",
            "taskset",
            "faketime",
            "s6-setuidgid",
            "cpulimit",
            "lckdo",
            "setlock",
            "logsave",
            "envdir",
            "setuidgid",
            "envuidgid",
            "argv0",
        )
        and rest
    ):
        if "--" not in call.argv or program == "timeout":
            rest = rest[1:]
        if rest[:1] == ["--"]:
            rest = rest[1:]
    if program in ("setarch",) and rest and re.match(r"^(?:x86_64|i\d86|linux\d\d)$", rest[0]):
        rest = rest[1:]
    if program in ("bwrap", "proot", "firejail"):
        _opened_up(call)
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
        if program in ("hyperfine", "concurrently"):
            # Each of the words is the text of a command, and none is the words of one.
            return
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
            rest = after_options(rest, _RUNNER_VALUED)
            if program in ("mise", "aws-vault", "direnv") and "--" in rest:
                rest = rest[rest.index("--") + 1 :]
            elif program in ("aws-vault", "direnv") and rest:
                rest = rest[1:]
            if rest[:1] == ["--"]:
                rest = rest[1:]
            if program == "coverage":
                call.run(["python", *call.argv[call.argv.index("run") + 1 :]])
                return
            if program == "pipx":
                package_runner(call, rest)
                return
        elif program in ("dotenv", "dotenvx"):
            pass
        else:
            from agent.risk.commands.packages import packages
            from agent.risk.evaluation.unlisted import simple

            if program == "pipx":
                packages(call, [word for word in call.argv[2:] if not word.startswith("-")])
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
        operands = [p for p in split(call.argv, _SCRIPT_VALUED)[1] if p not in texts]
        for path in operands[:1]:
            call.writes(path)
        call.run(operands[1:])
        call.medium("records the terminal")
        return
    if program == "exec" and not rest:
        call.low()
        return
    if not rest:
        call.low()
        return
    call.run(rest)


_BINDS = re.compile(r"^--(?:dev-)?bind(?:-try|-fd|-data)?$")


def _opened_up(call: Call) -> None:
    """A container made by hand that is given what it should be kept from."""
    argv = call.argv
    for at, word in enumerate(argv[:-1]):
        if _BINDS.match(word) or word in ("-r", "-b", "--rootfs", "-S", "-R"):
            place = call.place(argv[at + 1])
            outside = place.zone in (Zone.ROOT, Zone.HOME, Zone.OUTSIDE, Zone.SYSTEM)
            inside = place.path == call.evaluator.ground.project
            if (outside and not inside) or place.own or place.secret:
                call.high("hands a container the machine, writable, and leaves the supervision")
    if any(a in ("--cap-add", "--noprofile", "--privileged") for a in argv):
        call.high("gives a container rights over the machine")


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
        shows_environment(call)
        return
    state = call.evaluator.state
    before = state.cwd
    if directory:
        state.cwd = call.place(directory[-1]).path
    call.run(rest)
    state.cwd = before


def busybox(call: Call) -> None:
    """`busybox rm`, `toybox rm`."""
    rest = after_options(call.argv)
    if rest:
        call.run(rest)
    else:
        call.low()
