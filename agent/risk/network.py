# ruff: noqa: E501, SIM102 - tables and patterns read better unbroken
"""Rules for programs that talk to other machines, and for where packages come from."""

from __future__ import annotations

import re

from agent.risk.arguments import after_options, has, split, value, wordlist
from agent.risk.evaluate import UNKNOWN, Call, Handler, shown
from agent.risk.rules import match_domain

_LOCAL = re.compile(
    r"^(?:\w+://)?(?:[^@/]*@)?(?:localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[?::1\]?|host\.docker\.internal|[\w-]+\.localhost|[\w-]+\.test)(?=[:/?]|$)|^:\d+"
)
_METADATA = re.compile(
    r"169\.254\.169\.254|metadata\.google\.internal|169\.254\.170\.2|fd00:ec2::254|100\.100\.100\.200"
)
_CURL_VALUED = frozenset(
    wordlist(
        """
    -X --request -H --header -d --data --data-raw --data-binary --data-urlencode --data-ascii
    --json -F --form --form-string -o --output -u --user -A --user-agent -e --referer -b
    --cookie -c --cookie-jar -T --upload-file -x --proxy -m --max-time --connect-timeout --retry
    --retry-delay -w --write-out -K --config --cacert --cert -E --key -r --range --resolve
    --interface --limit-rate -C --output-dir --url -Y -y -z --unix-socket --create-file-mode
    --oauth2-bearer --netrc-file --retry-max-time --connect-to --max-redirs --aws-sigv4
    --url-query -P -Q
    """
    )
)


def fetch_rules(call: Call, address: str) -> None:
    """Apply the user's Fetch rules to an address."""
    rules = call.evaluator.rules
    host = re.sub(r"^\w+://", "", address).partition("/")[0].rpartition("@")[2].partition(":")[0]
    rule = match_domain(rules.deny, host)
    if rule is not None:
        call.evaluator._deny(rule.text, call)  # noqa: SLF001
    rule = match_domain(rules.ask, host)
    if rule is not None:
        call.evaluator.asked = f"your rule {rule.text}"


def curl(call: Call) -> None:
    """`curl`: what it sends, what it writes, where it reads its options."""
    argv = call.argv
    options, addresses = split(argv, _CURL_VALUED)
    addresses += value(argv, "--url")
    local = bool(addresses) and all(_LOCAL.match(a) for a in addresses)
    for address in addresses:
        fetch_rules(call, address)
        if _METADATA.search(address):
            call.high("asks the cloud for this machine's credentials")
        if address.startswith("file:"):
            call.reads(address)
        if re.match(r"^(?:gopher|dict|telnet|ldap|smtp|ftp|scp|sftp|smb|tftp):", address) and value(
            argv, "-T", "--upload-file"
        ):
            call.high("sends local data to another machine")
    for path in value(argv, "-T", "--upload-file"):
        if not local:
            call.high("sends local data to another machine", f"sends {shown(path)}")
        call.reads(path)
    for text in value(
        argv, "-d", "--data", "--data-binary", "--data-urlencode", "--data-ascii", "--json"
    ):
        at = text.find("@")
        if text.startswith("@") or (at >= 0 and re.match(r"^\w*@", text)):
            path = text[at + 1 :]
            if path == "-":
                _piped(call, local=local)
                continue
            call.reads(path)
            if not local:
                call.high("sends local data to another machine", f"sends {shown(path)}")
        elif UNKNOWN in text and not local:
            _unknown_body(call)
    for text in value(argv, "-F", "--form"):
        _, _, body = text.partition("=")
        if body[:1] in "@<" and body:
            path = body[1:].partition(";")[0]
            call.reads(path)
            if not local:
                call.high("sends local data to another machine", f"sends {shown(path)}")
    for text in value(argv, "-H", "--header", "-b", "--cookie", "-u", "--user"):
        if text.startswith("@"):
            call.reads(text[1:])
            if not local:
                call.high("sends local data to another machine")
        elif UNKNOWN in text and not local and _names_secret(call, variables=False):
            call.high("sends credentials or keys to another machine")
    for address in addresses:
        if UNKNOWN in address and not _LOCAL.match(address) and _names_secret(call):
            call.high("sends local data to another machine")
    for path in value(argv, "-K", "--config"):
        call.high("takes its options from a file") if path == "-" else call.reads(path)
    methods = {m.upper() for m in value(argv, "-X", "--request")}
    if methods & {"DELETE"} and not local:
        call.high("deletes something on another machine", "sends a DELETE request")
    elif (methods & {"PUT", "PATCH"}) and not local:
        call.medium("changes something on another machine")
    for path in value(argv, "--unix-socket", "--abstract-unix-socket"):
        if "docker.sock" in path or "containerd" in path or "tungsten" in path:
            call.high("controls a service through its socket")
    if value(argv, "-x", "--proxy") and not local:
        call.medium("goes through a proxy")
    for path in value(argv, "-o", "--output"):
        if path != "-":
            call.writes(path)
            _fetched(call, path)
    if has(options, "OJ", "--remote-name", "--remote-name-all"):
        for address in addresses:
            name = address.rstrip("/").rpartition("/")[2].partition("?")[0] or "index.html"
            call.writes(name)
            _fetched(call, name)
    sends = value(
        argv,
        "-d",
        "--data",
        "--data-binary",
        "--data-raw",
        "--json",
        "-F",
        "--form",
        "--data-urlencode",
    )
    if local or not sends:
        call.low() if not value(argv, "-o", "--output") else None
    else:
        call.medium("sends data to another machine")


def _fetched(call: Call, path: str) -> None:
    place = call.place(path)
    if UNKNOWN not in place.path:
        call.evaluator.files[place.path] = None


def _piped(call: Call, *, local: bool) -> None:
    if not local and call.feed().kind in ("unknown", "file"):
        call.high("sends local data to another machine", "sends what another command prints")


def _names_secret(call: Call, *, variables: bool = True) -> bool:
    command, script = call.command, call.script
    if command is None or script is None:
        return False
    text = script.text[command.start : command.end]
    if re.search(
        r"\$\((?!date|uuidgen|git rev|gh auth token|gcloud auth)|`|\.ssh|\.aws|\.env\b|\$\(<", text
    ):
        return True
    return variables and bool(re.search(r"TOKEN|SECRET|PASSW|_KEY", text))


def _unknown_body(call: Call) -> None:
    command, script = call.command, call.script
    if command is None or script is None:
        return
    text = script.text[command.start : command.end]
    inner = re.findall(r"\$\(([^()]*)\)|`([^`]*)`", text)
    words = " ".join(a or b for a, b in inner)
    if re.search(
        r"\b(?:cat|env|printenv|base64|tar|gzip|history|ps|find|grep|head|tail|xxd|security|gpg|ssh|aws|git|ls|whoami|id|hostname|uname|ifconfig|<)\b|^\s*<",
        words,
    ):
        call.high("sends local data to another machine", "sends what another command prints")
    elif re.search(r"\$\{?\w*(?:TOKEN|SECRET|PASS|KEY|CRED)", text):
        call.high("sends credentials or keys to another machine")


def wget(call: Call) -> None:
    """`wget`."""
    argv = call.argv
    valued = (
        "-O",
        "-o",
        "-P",
        "-a",
        "-i",
        "-e",
        "-U",
        "--header",
        "--post-data",
        "--post-file",
        "--method",
        "--body-data",
        "--body-file",
        "-T",
        "-t",
        "-w",
        "-Q",
        "-D",
        "-A",
        "-R",
        "-l",
        "--user",
        "--password",
        "--output-document",
        "--directory-prefix",
        "--tries",
        "--timeout",
    )
    _, addresses = split(argv, valued)
    local = bool(addresses) and all(_LOCAL.match(a) for a in addresses)
    for address in addresses:
        fetch_rules(call, address)
        if _METADATA.search(address):
            call.high("asks the cloud for this machine's credentials")
    for path in value(argv, "--post-file", "--body-file"):
        call.reads(path)
        if not local:
            call.high("sends local data to another machine", f"sends {shown(path)}")
    for text in value(argv, "--use-askpass"):
        call.run([text])
    for text in value(argv, "-e", "--execute"):
        if re.search(r"askpass|output|post", text):
            call.high("takes options that run or send something")
    for text in value(argv, "--post-data", "--body-data", "--header"):
        if UNKNOWN in text and not local:
            _unknown_body(call)
    for address in addresses:
        if UNKNOWN in address and not local and _names_secret(call):
            call.high("sends local data to another machine")
    if any(m.upper() == "DELETE" for m in value(argv, "--method")) and not local:
        call.high("deletes something on another machine")
    outputs = value(argv, "-O", "--output-document")
    for path in outputs:
        if path != "-":
            call.writes(path)
            _fetched(call, path)
    if not outputs:
        directory = value(argv, "-P", "--directory-prefix")
        for address in addresses:
            name = address.rstrip("/").rpartition("/")[2].partition("?")[0] or "index.html"
            path = f"{directory[-1]}/{name}" if directory else name
            call.writes(path)
            _fetched(call, path)
    call.low() if outputs == ["-"] else call.medium("downloads files")


def netcat(call: Call) -> None:
    """`nc`: with a program, listening, or with something to send, it hands things out."""
    argv = call.argv
    options, operands = split(
        argv, ("-w", "-p", "-s", "-q", "-i", "-X", "-x", "-e", "-c", "--exec", "--sh-exec")
    )
    if has(options, "U", "--unixsock") or any(
        "tungsten" in o or "docker.sock" in o for o in operands
    ):
        if any(call.place(o).own or "docker.sock" in o for o in operands):
            call.high("controls a service through its socket")
    if has(options, "ec", "--exec", "--sh-exec", "--lua-exec"):
        call.high("hands a shell to a remote party")
    elif has(options, "lk", "--listen", "--keep-open"):
        call.high("opens a port to whoever connects")
    elif has(options, "z"):
        call.low()
    else:
        feed = call.feed()
        host = operands[0] if operands else ""
        if _LOCAL.match(host):
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
        call.medium("connects two ends")


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
    if value(argv, "-F", "-S-none", "-I"):
        call.high("has ssh take its settings from elsewhere")
    if value(argv, "-R", "-D", "-w"):
        call.high("opens a way in or out through another machine")
    if value(argv, "-L") or value(argv, "-W"):
        call.medium("forwards a port")
    if has(options, "A", "--none"):
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
    if feed.kind in ("file", "unknown") and re.match(r"^\s*(?:cat|tee|dd|tar|bash|sh)\b", text):
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


def scp(call: Call) -> None:
    """`scp`, `sftp`, `ftp`: to another machine is sending."""
    argv = call.argv
    options, operands = split(argv, ("-i", "-P", "-F", "-o", "-c", "-l", "-S", "-J", "-b", "-D"))
    del options
    for text in value(argv, "-S", "-o", "-D"):
        if re.search(r"(?i)command|^/|sh\b", text):
            call.high("has it run a command")
    remote = re.compile(r"^(?:[\w.-]+@)?[\w.-]+:|^(?:scp|sftp)://")
    if len(operands) > 1:
        if remote.match(operands[-1]):
            for source in operands[:-1]:
                if not remote.match(source):
                    call.high("sends local data to another machine", f"sends {shown(source)}")
        else:
            call.writes(operands[-1]) if call.place(operands[-1]).zone.name != "ROOT" else None
    elif value(argv, "-b") or call.feed().kind in ("file", "unknown"):
        call.high("runs a file of transfers")
    call.medium("copies files between machines")


def sends(call: Call) -> None:
    """Mail and paste programs: what goes in leaves the machine."""
    feed = call.feed()
    operands = split(call.argv, ("-s", "-a", "-A", "-r"))[1]
    if feed.kind in ("file", "unknown") or value(call.argv, "-a", "-A"):
        call.high("sends local data to another machine")
    for operand in operands:
        call.reads(operand)
    call.high("sends a message or data to somebody else") if feed.kind == "none" else call.medium(
        "sends a message"
    )


def httpie(call: Call) -> None:
    """`http`, `xh`: `METHOD URL item…`."""
    operands = split(call.argv, ("-a", "--auth", "-o", "--output", "--session"))[1]
    method = operands[0].upper() if operands and re.fullmatch(r"[A-Za-z]+", operands[0]) else ""
    rest = operands[1:] if method else operands
    local = bool(rest) and bool(_LOCAL.match(rest[0]))
    if rest:
        fetch_rules(call, rest[0])
    for item in rest[1:]:
        match = re.search(r"(?:@|=@|:=@)(.+)$", item)
        if match:
            call.reads(match[1])
            if not local:
                call.high("sends local data to another machine")
    if method == "DELETE" and not local:
        call.high("deletes something on another machine")
    for path in value(call.argv, "-o", "--output"):
        call.writes(path)
        _fetched(call, path)
    if not local and call.feed().kind in ("file", "unknown"):
        call.high("sends local data to another machine")
    call.low() if method in ("", "GET", "HEAD", "OPTIONS") and len(rest) < 2 else call.medium(
        "sends a request"
    )


def downloader(call: Call) -> None:
    """`aria2c`, `axel`, `yt-dlp`."""
    for text in value(
        call.argv,
        "--on-download-complete",
        "--exec",
        "--exec-before-download",
        "--external-downloader",
    ):
        call.shell(text)
    for path in value(call.argv, "-o", "--out"):
        call.writes(path)
        _fetched(call, path)
    call.medium("downloads files")


_ADDRESS = re.compile(r"^(?:https?|git|git\+\w+|ssh|ftp)(?:://|\+)|^git@|^[\w.-]+@(?:https?|git)")


def packages(call: Call, words: list[str]) -> None:
    """Packages named for an install: by name is everyday, by address or other index is not."""
    argv = call.argv
    for word in words:
        if (
            _ADDRESS.search(word)
            or re.search(r"@\s*(?:https?|git)[+:]|\s@\s", word)
            or re.match(r"^(?:github|gitlab|bitbucket|gist):", word)
        ):
            call.high("installs code from an unreviewed address", f"installs {shown(word)}")
        elif word.startswith("/tmp") or (  # noqa: S108
            word.endswith((".whl", ".tgz", ".tar.gz", ".deb"))
            and "/" in word
            and not word.startswith("./")
        ):
            call.high("installs code from a file elsewhere", f"installs {shown(word)}")
    for text in value(
        argv,
        "--index-url",
        "--extra-index-url",
        "--find-links",
        "--trusted-host",
        "--index",
        "--default-index",
        "--registry",
        "--source",
    ):
        if not re.match(
            r"^https://(?:pypi\.org|registry\.npmjs\.org|registry\.yarnpkg\.com|rubygems\.org|download\.pytorch\.org)(?:/|$)",
            text,
        ) and not text.startswith(("./", "dist", "wheel")):
            call.high("takes packages from another place", f"takes packages from {shown(text)}")
    if argv[0].rpartition("/")[2].startswith("pip"):
        for text in value(argv, "-i", "-f"):
            if "://" in text and not text.startswith("https://pypi.org"):
                call.high("takes packages from another place", f"takes packages from {shown(text)}")
        for path in value(argv, "-r", "--requirement"):
            if "://" in path:
                call.high("installs what another machine lists")
        if value(argv, "--target", "-t", "--prefix", "--root"):
            call.medium("installs somewhere else")
    for text in value(argv, "--git"):
        call.high("installs code from an unreviewed address", f"installs {shown(text)}")


def openssl(call: Call) -> None:
    """`openssl s_client`, `enc`, keys."""
    from agent.risk.evaluate import simple

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
    simple(call, "openssl")


def dns(call: Call) -> None:
    """`dig`, `host`, `nslookup`: a name with something unknown in it carries data out."""
    command, script = call.command, call.script
    raw = script.text[command.start : command.end] if command and script else ""
    if (re.search(r"[)}`]\.[\w-]", raw) and re.search(r"\$\(|`", raw)) or (
        any(UNKNOWN in a for a in call.argv[1:]) and _names_secret(call)
    ):
        call.high("sends local data to another machine", "hides data in a name lookup")
    call.low()


def interface(call: Call) -> None:
    """`ip`, `ifconfig`, `route`, `arp`, `nmcli`: looking is fine, changing is not."""
    words = split(call.argv)[1]
    program = call.argv[0].rpartition("/")[2]
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
    elif all(_LOCAL.match(o) for o in split(call.argv, ("-p",))[1]):
        call.low()
    else:
        call.high("scans other machines")


HANDLERS: dict[str, Handler] = {
    "curl": curl, "wget": wget, "wget2": wget, "nc": netcat, "socat": socat, "ssh": ssh, "mosh": ssh, "scp": scp, "sftp": scp,
    "ftp": scp, "tftp": scp, "lftp": scp, "http": httpie, "https": httpie, "xh": httpie, "httpie": httpie, "aria2c": downloader,
    "axel": downloader, "yt-dlp": downloader, "youtube-dl": downloader, "openssl": openssl, "dig": dns, "host": dns,
    "nslookup": dns, "ping": dns, "ip": interface, "ifconfig": interface, "route": interface, "arp": interface,
    "nmcli": interface, "nmap": scanner_tool, "masscan": scanner_tool, "drill": dns,
    **dict.fromkeys(wordlist(
    """
    mail mailx mutt sendmail msmtp swaks gist pastebinit telnet croc wormhole ffsend transfer
    magic-wormhole hastebin rsend wall-e
    """
    ), sends),
}  # fmt: skip
