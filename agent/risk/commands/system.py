"""Rules for programs that look at the machine until they are told to change or enter something."""

from __future__ import annotations

import re

from agent.risk.arguments import after_options, has, split, value
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.unlisted import simple

_TRACER_VALUED = (
    "-e", "-o", "-s", "-E", "-u", "-a", "-I", "-O", "-S", "-P", "-b", "-X", "-p", "--output",
)  # fmt: skip
_BUS_LOOKS = re.compile(r"Introspect|\.Get|\.List|\bintrospect\b|\bmonitor\b|\bwait\b|^$")
_BUS_ACTS = frozenset(["call", "set-property", "emit"])


def sysctl(call: Call) -> None:
    """`sysctl name` reads; `-w`, `-p` and `name=value` set the kernel's settings."""
    options, operands = split(call.argv)
    if has(options, "wp", "--write", "--load", "--system") or any("=" in o for o in operands):
        call.high("changes the machine, its network or its defences")
    else:
        call.low()


def tracer(call: Call) -> None:
    """`strace`, `ltrace`: enter a running process with `-p`, else carry a command."""
    if value(call.argv, "-p", "--attach"):
        call.high("reads other programs' memory or what is typed")
    for path in value(call.argv, "-o", "--output"):
        call.shell(path[1:]) if path[:1] in "|!" else call.writes(path)
    for text in value(call.argv, "-E", "--env"):
        name, _, setting = text.partition("=")
        call.evaluator.variable(name, [setting], call, exported=True)
    call.run(after_options(call.argv, _TRACER_VALUED))
    call.medium("watches a program's system calls")


def bus(call: Call) -> None:
    """`busctl`, `gdbus`, `dbus-send`, `qdbus`: other services act on what they are told."""
    program = call.argv[0].rpartition("/")[2]
    operands = split(call.argv)[1]
    if program in ("busctl", "gdbus"):
        acts = operands[:1] and operands[0] in _BUS_ACTS
    else:
        acts = not any("Introspect" in word or ".Get" in word for word in operands)
        acts = acts and len(operands) > 1
    if acts:
        call.high("has another service of the machine do something")
    elif program in ("dbus-send", "gdbus") and not _BUS_LOOKS.search(" ".join(operands)):
        call.medium("tells other programs something")
    else:
        call.low()


def core_dumps(call: Call) -> None:
    """`coredumpctl`: a dump holds what was in a program's memory."""
    verb = split(call.argv, ("-o", "--output"))[1][:1]
    if verb and verb[0] in ("dump", "debug", "gdb"):
        call.high("reads other programs' memory")
    else:
        call.low()


def ssh_keys(call: Call) -> None:
    """`ssh-keygen`: `-l`, `-B` and `-F` only look."""
    options, operands = split(call.argv, ("-f", "-E", "-F", "-t", "-b", "-C", "-N"))
    if has(options, "lBF") and not has(options, "RpyA"):
        for path in operands:
            call.reads(path)
        call.low()
    else:
        simple(call, "ssh-keygen")


def dmesg(call: Call) -> None:
    """`dmesg` reads the kernel's messages; `-C` and `-c` clear them."""
    if has(split(call.argv)[0], "CcDE", "--clear", "--read-clear", "--console-off"):
        call.high("erases traces of what was done")
    else:
        call.low()
