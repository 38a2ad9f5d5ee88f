"""Rules for raw connections, look-ups and network interfaces."""

from __future__ import annotations

import re

from agent.risk.arguments import has, split, value
from agent.risk.commands.fetching import LOCAL, names_secret
from agent.risk.commands.service_sockets import connects
from agent.risk.evaluation.call import Call
from agent.risk.shell.syntax import UNKNOWN


def netcat(call: Call) -> None:
    """`nc`: with a program, listening, or with something to send, it hands things out."""
    argv = call.argv
    options, operands = split(
        argv, ("-w", "-p", "-s", "-q", "-i", "-X", "-x", "-e", "-c", "--exec", "--sh-exec")
    )
    for operand in operands:
        connects(call, operand)
    if has(options, "ec", "--exec", "--sh-exec", "--lua-exec") or any(
        re.fullmatch(r"(?:\S*/)?(?:ba|da|z|k|a)?sh", word) for word in operands[2:]
    ):
        call.high("hands a shell to a remote party")
    elif has(options, "lk", "--listen", "--keep-open"):
        call.high("opens a port to whoever connects")
    elif has(options, "z"):
        call.low()
    else:
        feed = call.feed()
        host = operands[0] if operands else ""
        if feed.kind == "text" and re.search(
            r"(?im)^\W*(?:flush_?all|flush_?db|shutdown|config set|dump|kill|drop|delete)\b",
            feed.text,
        ):
            call.high("tells a server to drop its data or to stop")
        elif LOCAL.match(host):
            call.medium("talks to a local server")
        elif feed.kind == "text":
            call.medium("sends text to another machine")
        elif feed.kind == "none":
            call.high("opens a network connection by hand") if _redirected(call) else call.medium(
                "opens a network connection"
            )
        else:
            call.high("sends local data to another machine")


def _redirected(call: Call) -> bool:
    command = call.command
    return command is not None and bool(command.redirects)


def socat(call: Call) -> None:
    """`socat`: its addresses may run programs."""
    text = " ".join(call.argv[1:])
    if re.search(
        r"(?i)\b(?:exec|system|shell|listen|open|create|gopen)\b|tcp|udp|openssl|pty|tun|socks|proxy|vsock",
        text,
    ):
        call.high("connects a program or file to a network")
    else:
        for word in call.argv[1:]:
            for part in re.split(r"[:,]", word):
                connects(call, part)
        call.medium("connects two ends")


def openssl(call: Call) -> None:
    """`openssl s_client`, `enc`, keys."""
    from agent.risk.evaluation.unlisted import simple

    if call.argv[1:2] == ["s_client"]:
        feed = call.feed()
        if feed.kind == "unknown" or (feed.kind == "file" and feed.paths != ("/dev/null",)):
            call.high("sends local data to another machine")
        call.low()
        return
    if (
        call.argv[1:2] == ["enc"]
        and any(a in ("-base64", "-a") for a in call.argv)
        and not any(a.startswith(("-aes", "-k", "-pass", "-des")) for a in call.argv)
    ):
        for path in value(call.argv, "-in"):
            call.reads(path)
        call.low()
        return
    for path in value(call.argv, "-in", "-inkey", "-key", "-keyin"):
        call.reads(path)
    if call.argv[1:2] in (
        ["genrsa"],
        ["genpkey"],
        ["req"],
        ["rand"],
        ["ecparam"],
        ["x509"],
        ["dhparam"],
    ):
        for path in value(call.argv, "-out", "-keyout"):
            call.writes(path)
        call.medium("makes a key or a certificate")
        return
    simple(call, "openssl")


def dns(call: Call) -> None:
    """`dig`, `host`, `nslookup`: a name with something unknown in it carries data out."""
    command, script = call.command, call.script
    raw = script.text[command.start : command.end] if command and script else ""
    if (re.search(r"[)}`]\.[\w-]", raw) and re.search(r"\$\(|`", raw)) or (
        any(UNKNOWN in a for a in call.argv[1:]) and names_secret(call)
    ):
        call.high("sends local data to another machine", "hides data in a name lookup")
    call.low()


def interface(call: Call) -> None:
    """`ip`, `ifconfig`, `route`, `arp`, `nmcli`: looking is fine, changing is not."""
    words = split(call.argv)[1]
    program = call.argv[0].rpartition("/")[2]
    if program == "nmcli" and has(split(call.argv)[0], "s", "--show-secrets"):
        call.high("reads credentials or keys")
    if (
        any(
            w
            in (
                "add",
                "del",
                "delete",
                "set",
                "flush",
                "replace",
                "change",
                "up",
                "down",
                "append",
                "exec",
                "off",
                "on",
                "modify",
                "connect",
                "disconnect",
                "reload",
                "edit",
            )
            for w in words
        )
        or (program == "ifconfig" and len(words) > 1)
        or (any(a in ("-d", "-s") for a in call.argv[1:]) and program == "arp")
    ):
        call.high("changes the machine's network")
    else:
        call.low()


def scanner_tool(call: Call) -> None:
    """`nmap`: scripts run."""
    if any(a.startswith(("--script", "--interactive")) for a in call.argv[1:]):
        call.high("runs scripts against another machine")
    elif all(LOCAL.match(o) for o in split(call.argv, ("-p",))[1]):
        call.low()
    else:
        call.high("scans other machines")
