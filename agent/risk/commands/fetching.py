"""Rules for `curl`, `wget` and their like: what is fetched, and what is sent along."""

from __future__ import annotations

import re
from collections.abc import Iterable

from agent.risk.arguments import has, split, spread, value, wordlist
from agent.risk.commands.option_files import curl_settings, settings_file
from agent.risk.commands.service_sockets import connects
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.carried import carried
from agent.risk.evaluation.findings import shown
from agent.risk.rules import match_domain
from agent.risk.shell.syntax import UNKNOWN

LOCAL = re.compile(
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
        call.evaluator.denies(rule.text, call)
    rule = match_domain(rules.ask, host)
    if rule is not None:
        call.evaluator.asked = f"your rule {rule.text}"


_STORES = re.compile(r":(?:9200|5984|8086|2379|8500|6333|8108|7700|8200)(?:/|$)")
"""Ports where Elasticsearch, CouchDB, InfluxDB, etcd, Consul and their like listen."""


_SERVICES = re.compile(
    r"api\.github\.com|gitlab\.[\w.-]+/api|api\.bitbucket\.org|/api/v[134]/(?:projects|repos|groups)|api\.(?:digitalocean|cloudflare|heroku|vercel|netlify"
    r"|linode|stripe|sendgrid|fastly|hetzner|vultr|scaleway|machines\.dev|render)\b|management\.azure\.com|googleapis\.com|amazonaws\.com|registry\."
)
_TALK = re.compile(r"/(?:comments|reviews|reactions|labels|issues|notes|discussions)(?:/\w+)?/?$")
_ACTS = re.compile(
    r"/(?:merges?|releases|hooks|keys|collaborators|transfer|dispatches|deployments|forks|actions/\S*|repos|projects|droplets|servers|dns_records)(?:/|$)"
)
_CONTROLS = re.compile(r":(?:2375|2376|10250|10255|6443|8443|4243|9090|9323)(?:/|$)")
"""Ports where container engines and clusters are controlled."""


def curl(call: Call) -> None:
    """`curl`: what it sends, what it writes, where it reads its options."""
    argv = spread(call.argv, _CURL_VALUED)
    options, addresses = split(argv, _CURL_VALUED)
    addresses += value(argv, "--url")
    local = bool(addresses) and all(LOCAL.match(a) for a in addresses)
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
        elif UNKNOWN in text and not local and names_secret(call, variables=False):
            call.high("sends credentials or keys to another machine")
        elif UNKNOWN in text:
            _for_its_maker(call, addresses)
    for address in addresses:
        if UNKNOWN in address and not LOCAL.match(address) and names_secret(call):
            call.high("sends local data to another machine")
    for path in value(argv, "-K", "--config"):
        settings_file(call, path, named=True)
    if call.argv[1:2] not in (["-q"], ["--disable"]):
        for path in curl_settings(call):
            settings_file(call, path, named=False)
    methods = {m.upper() for m in value(argv, "-X", "--request")}
    if methods & {"DELETE"} and not local:
        call.high("deletes something on another machine", "sends a DELETE request")
    elif methods & {"DELETE"} and any(_STORES.search(a) for a in addresses):
        call.high("deletes from a data store", "sends a DELETE request")
    elif any(_SERVICES.search(a) and not _TALK.search(a) for a in addresses) and (
        methods & {"PUT", "PATCH"}
        or (methods == {"POST"} and any(_ACTS.search(a) for a in addresses))
    ):
        call.high("changes what a forge, cloud or registry holds")
    elif (methods & {"PUT", "PATCH"}) and not local:
        call.medium("changes something on another machine")
    asks = bool(methods - {"GET", "HEAD"}) or bool(value(argv, "-d", "--data", "--json"))
    if asks and any(_CONTROLS.search(a) for a in addresses):
        call.high("controls a service through its port")
    for path in value(argv, "--unix-socket", "--abstract-unix-socket"):
        connects(call, path)
    if value(argv, "-x", "--proxy") and not local:
        call.medium("goes through a proxy")
    for path in value(argv, "-o", "--output"):
        if path != "-":
            call.writes(path)
            _fetched(call, path)
    if has(options, "OJ", "--remote-name", "--remote-name-all"):
        for address in addresses:
            name = address.rstrip("/").rpartition("/")[2].partition("?")[0] or "index.html"
            if UNKNOWN in name:
                # Whatever it is called, it is put into the directory.
                call.medium("downloads files")
                continue
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
    if local:
        return
    command, script = call.command, call.script
    if call.feed().kind in ("unknown", "file"):
        call.high("sends local data to another machine", "sends what another command prints")
    elif command is not None and script is not None and command.pipe is not None:
        first, last = command.pipe
        for before in script.commands[first : min(last, first + 16)]:
            if re.search(r"TOKEN|SECRET|PASSW|_KEY", script.text[before.start : before.end]):
                call.high("sends credentials or keys to another machine")


def names_secret(call: Call, *, variables: bool = True) -> bool:
    """The command, or what it sends, names a credential."""
    command, script = call.command, call.script
    if command is None or script is None:
        return False
    text = script.text[command.start : command.end]
    if re.search(
        r"\$\((?!date|uuidgen|git rev|gh auth token|gcloud auth)|`|\.ssh|\.aws|\.env\b|\$\(<", text
    ):
        return True
    return variables and bool(re.search(r"TOKEN|SECRET|PASSW|_KEY", text))


_KEY_NAME = re.compile(r"\$\{?([A-Z]+)_(?:[A-Z0-9]+_)*(?:TOKEN|KEY|PAT|SECRET|PASSWORD)\b")
_MAKERS = {
    "GITHUB": ("github", "ghe.", "ghcr.io"),
    "GH": ("github", "ghe.", "ghcr.io"),
    "NPM": ("npm",),
    "PYPI": ("pypi",),
    "OPENAI": ("openai",),
    "ANTHROPIC": ("anthropic", "claude"),
    "GEMINI": ("googleapis", "google"),
    "HF": ("huggingface", "hf.co"),
    "HUGGINGFACE": ("huggingface", "hf.co"),
    "AWS": ("amazonaws", "aws"),
    "SLACK": ("slack",),
    "STRIPE": ("stripe",),
    "CLOUDFLARE": ("cloudflare",),
    "DIGITALOCEAN": ("digitalocean",),
    "HEROKU": ("heroku",),
    "VERCEL": ("vercel",),
    "NETLIFY": ("netlify",),
}
"""How variables with a key for one service only begin → what its hosts have in their names."""


def _for_its_maker(call: Call, addresses: Iterable[str]) -> None:
    """A key in a header is what a service asks for, but only its own."""
    hosts = [re.sub(r"^\w+://(?:[^/@]*@)?|[/:?#].*", "", address) for address in addresses]
    for maker in {found[1] for found in _KEY_NAME.finditer(_raw(call))} & _MAKERS.keys():
        for host in hosts:
            known = not host or UNKNOWN in host or LOCAL.match(host)
            if not known and not any(part in host.lower() for part in _MAKERS[maker]):
                call.high(
                    "sends credentials or keys to another machine",
                    f"a key of another service goes to {shown(host)}",
                )


_IDENTIFIES = re.compile(
    r"(?:\$\(|`)\s*(?:whoami|hostname|id|uname|pwd|ifconfig|ip|cat|ls|env|ps)\b"
)


def _raw(call: Call) -> str:
    """The command as it is written."""
    command, script = call.command, call.script
    return script.text[command.start : command.end] if command and script else ""


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


_WGET_ACTS = re.compile(
    r"(?i)ask-?_?pass|output|post|body|log_?-?file|save_?-?cookies|hsts_?-?file|^\s*input|dir_?-?prefix|warc|rejected"
)


def wget(call: Call) -> None:
    """`wget`."""
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
    argv = spread(call.argv, valued)
    _, addresses = split(argv, valued)
    local = bool(addresses) and all(LOCAL.match(a) for a in addresses)
    for address in addresses:
        fetch_rules(call, address)
        if _METADATA.search(address):
            call.high("asks the cloud for this machine's credentials")
    if not local and _IDENTIFIES.search(_raw(call)):
        call.high("tells another machine who and where this is")
    for path in value(argv, "--post-file", "--body-file"):
        call.reads(path)
        if not local:
            call.high("sends local data to another machine", f"sends {shown(path)}")
    for text in value(argv, "--use-askpass"):
        call.hook(text)
    for text in value(argv, "-e", "--execute"):
        if _WGET_ACTS.search(text):
            call.high("takes options that run or send something")
    for path in value(argv, "--config"):
        settings_file(call, path, named=True)
    for path in call.evaluator.state.variables.get("WGETRC") or ():
        settings_file(call, path, named=True)
    for home in call.evaluator.state.variables.get("HOME") or ():
        settings_file(call, f"{home}/.wgetrc", named=False)
    for text in value(argv, "--post-data", "--body-data", "--header"):
        if UNKNOWN in text and not local:
            _unknown_body(call)
            _for_its_maker(call, addresses)
    for address in addresses:
        if UNKNOWN in address and not local and names_secret(call):
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


def httpie(call: Call) -> None:
    """`http`, `xh`: `METHOD URL item…`."""
    operands = split(call.argv, ("-a", "--auth", "-o", "--output", "--session"))[1]
    method = operands[0].upper() if operands and re.fullmatch(r"[A-Za-z]+", operands[0]) else ""
    rest = operands[1:] if method else operands
    local = bool(rest) and bool(LOCAL.match(rest[0]))
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
    carried(call, anywhere=False, words=False)
    for text in value(
        call.argv,
        *(
            "--on-download-complete",
            "--on-download-start",
            "--on-download-stop",
            "--on-bt-download-complete",
        ),
        *("--on-download-error", "--on-download-pause", "--exec", "--exec-before-download"),
        *("--external-downloader", "--downloader", "--use-postprocessor", "--netrc-cmd"),
    ):
        call.hook(text)
    for path in value(call.argv, "-o", "--out"):
        call.writes(path)
        _fetched(call, path)
    for address in (a for a in call.argv[1:] if re.match(r"^(?:https?|ftp)://", a)):
        name = address.partition("?")[0].rstrip("/").rpartition("/")[2]
        if name:
            _fetched(call, name)
    call.medium("downloads files")
