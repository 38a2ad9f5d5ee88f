# ruff: noqa: E501, SIM102 - tables and patterns read better unbroken
"""Rules for `ssh`, `scp` and other ways to reach another machine."""

from __future__ import annotations

import re

from agent.risk.arguments import after_options, has, split, value
from agent.risk.commands.copying import FAR
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.carried import search
from agent.risk.evaluation.findings import shown


def ssh(call: Call) -> None:
    """`ssh host command`: the command runs on another machine."""
    argv = call.argv
    valued = (
        "-b",
        "-c",
        "-D",
        "-E",
        "-e",
        "-F",
        "-I",
        "-i",
        "-J",
        "-L",
        "-l",
        "-m",
        "-O",
        "-o",
        "-p",
        "-Q",
        "-R",
        "-S",
        "-W",
        "-w",
        "-B",
    )
    options = split(argv, valued)[0]
    if argv[1:2] in (["-V"], ["-Q"], ["-G"]):
        call.low()
        return
    for text in value(argv, "-o"):
        if re.match(
            r"(?i)^\s*(?:ProxyCommand|LocalCommand|PermitLocalCommand|KnownHostsCommand|PKCS11Provider|SecurityKeyProvider|RemoteCommand|SmartcardDevice|XAuthLocation)\s*[= ]",
            text,
        ):
            if not re.match(r"(?i)^\s*ProxyCommand\s*[= ]\s*(?:none|ssh -W %h:%p \S+)$", text):
                call.high("has ssh run a command")
    if value(argv, "-F", "-I"):
        call.high("has ssh take its settings from elsewhere")
    if value(argv, "-R", "-D", "-w"):
        call.high("opens a way in or out through another machine")
    if value(argv, "-L") or value(argv, "-W"):
        call.medium("forwards a port")
    if has(options, "A"):
        call.high("lends the key agent to another machine")
    rest = after_options(argv, valued)
    if not rest:
        call.medium("connects to another machine")
        return
    inner = rest[1:]
    while inner[:1] and inner[0].startswith("-") and inner[0] != "--":
        inner = inner[2 if inner[0] in valued else 1 :]
    inner = inner[1:] if inner[:1] == ["--"] else inner
    if rest[0].endswith(("git@github.com", "git@gitlab.com", "git@bitbucket.org")) or rest[
        0
    ].startswith("git@"):
        call.medium("connects to another machine")
        return
    if not inner:
        feed = call.feed()
        if feed.kind == "none":
            call.medium("opens a shell on another machine")
        elif feed.kind == "text":
            call.shell(feed.text)
            call.medium("runs commands on another machine")
        else:
            call.high("runs commands on another machine that cannot be known")
        return
    text = " ".join(inner)
    call.shell(text)
    call.medium("runs a command on another machine")
    remote_writes(call, text)
    feed = call.feed()
    if feed.kind in ("file", "unknown") and feed.paths != ("/dev/null",):
        call.high("sends local data to another machine")


def remote_writes(call: Call, text: str) -> None:
    """On another machine the project's paths mean nothing: what deletes there is HIGH."""
    if re.search(
        r"(?:^|[;&|]\s*)(?:rm|mv|dd|truncate|shred|systemctl|service|reboot|kill\w*|pkill|docker\s+(?:rm|stop|kill|system)|git\s+(?:reset|clean|push))\b",
        text,
    ):
        call.high(
            "deletes or stops something on another machine",
            f"runs {shown(text)} on another machine",
        )


_PUTS = re.compile(
    r"(?:^|[;&\n'\"] *)(?:m?put|reput|mirror +(?:-\w*R|--reverse)\S*|rm|mrm|rmdir|mdelete|delete|send|append|prompt)\b|^!"
)


def scp(call: Call) -> None:
    """`scp`, `sftp`, `ftp`: to another machine is sending."""
    argv = call.argv
    options, operands = split(argv, ("-i", "-P", "-F", "-o", "-c", "-l", "-S", "-J", "-b", "-D"))
    del options
    for text in value(argv, "-S", "-o", "-D"):
        if re.search(r"(?i)command|^/|sh\b", text):
            call.high("has it run a command")
    for text in value(argv, "-S", "-D"):
        call.shell(text)
    if any(
        _PUTS.search(text)
        for text in (*value(argv, "-e", "-c", "--command"), " ".join(operands[1:]))
    ):
        call.high("sends local data to another machine, or deletes there")
    if len(operands) > 1:
        if FAR.match(operands[-1]):
            for source in operands[:-1]:
                if not FAR.match(source):
                    call.high("sends local data to another machine", f"sends {shown(source)}")
        else:
            for source in operands[:-1]:
                name = source.rstrip("/").rpartition("/")[2].rpartition(":")[2]
                if call.place(operands[-1]).zone.name == "ROOT" and name:
                    call.evaluator.files[call.place(f"{operands[-1]}/{name}").path] = None
            if operands[-1].endswith("/") and call.place(operands[-1]).zone.name != "ROOT":
                for source in operands[:-1]:
                    call.writes(f"{operands[-1]}{source.rpartition('/')[2].rpartition(':')[2]}")
            elif call.place(operands[-1]).zone.name != "ROOT":
                call.writes(operands[-1])
    elif value(argv, "-b") or call.feed().kind in ("file", "unknown"):
        call.high("runs a file of transfers")
    else:
        feed = call.feed()
        if feed.kind == "text" and re.search(
            r"(?m)^\s*-?@?(?:m?put|reput|rm|rmdir|mdelete|delete|rename|!)", feed.text
        ):
            call.high("sends local data to another machine, or deletes there")
    call.medium("copies files between machines")


_SENDS_FILES = frozenset(
    [
        "croc",
        "wormhole",
        "magic-wormhole",
        "ffsend",
        "transfer",
        "gist",
        "pastebinit",
        "rsend",
        "hastebin",
    ]
)


def sends(call: Call) -> None:
    """Mail and paste programs: what goes in leaves the machine."""
    feed = call.feed()
    operands = split(call.argv, ("-s", "-a", "-A", "-r"))[1]
    for text in value(call.argv, "-e"):
        # mutt takes the output of what stands in backquotes into its settings.
        search(call, text)
    if feed.kind in ("file", "unknown") or value(call.argv, "-a", "-A"):
        call.high("sends local data to another machine")
    for operand in operands:
        call.reads(operand)
    program = call.argv[0].rpartition("/")[2]
    if (
        program in _SENDS_FILES
        and operands
        and operands[0] not in ("receive", "download", "version", "list")
    ):
        call.high("sends local data to another machine", f"sends {shown(operands[-1])}")
    call.high("sends a message or data to somebody else") if feed.kind == "none" else call.medium(
        "sends a message"
    )
