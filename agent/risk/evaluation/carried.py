# ruff: noqa: E501 - tables and patterns read better unbroken
"""Commands that programs without a rule of their own may carry in their words."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from itertools import pairwise

from agent.risk import programs
from agent.risk.arguments import wordlist
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import shown
from agent.risk.evaluation.names import known_programs
from agent.risk.own import own_module
from agent.risk.shell.syntax import UNKNOWN

MAX_PIECES = 24
"""Pieces of one command's words that are tried as commands."""

MAX_TRIED = 4_000
"""Characters of a word that is searched for commands."""

HEADS = frozenset(
    wordlist(
        """sudo doas su pkexec sh bash zsh dash ksh fish eval exec rm rmdir dd mkfs shred chmod chown curl
        wget nc ncat socat tmux tungsten tmuxp kill pkill killall python python3 perl ruby node php osascript
        ssh scp env xargs git docker kubectl find mv crontab systemctl launchctl dropdb truncate cat tar
        cp tee shutdown reboot halt poweroff iptables mount umount useradd usermod passwd npm"""
    )
)
"""Programs that are looked for in words which need not be commands."""

RUN_OPTIONS = frozenset(
    wordlist(
        """-c -x -s -e -r -i -p -P -a -H --exec --cmd --command --run --shell --script --execute --hook
        --on-change --pre --post --before --after --then --callback --eval --launcher --wrapper --run-under"""
    )
)
_RUN_OPTION = re.compile(
    r"--?(?:[a-z]+-)*(?:exec|cmd|command|commands|run|shell|script|execute|hook|eval|pager|editor|preview"
    r"|opener|program|prog|launcher|wrapper|action|callback|helper|handler|askpass|player|viewer|browser"
    r"|become|filter|transform|on|pre|post|before|after|then|bind|startup|init|setup|teardown|cleanup"
    r"|rsh|remote-cmd|spell\w*|speller|postprocess|preprocess|processor|notify|trigger|alert)(?:-[a-z]+)*"
)
_HOOK_OPTIONS = frozenset(["-wrapper", "--wrapper", "--pager-command", "--prog-name-exec"])
_RUN_VERBS = frozenset(wordlist("run exec shell with do x add submit queue spawn"))
_TEXT_OPTION = re.compile(
    r"-m|-t|-b|--?(?:[a-z]+-)*(?:message|msg|title|body|description|desc|comment|subject|reason|note|notes"
    r"|text|summary|query|pattern|search|grep|match|label|name|format|prompt|content|caption|log|k)"
)
_CODE = re.compile(
    r"(?i)\b(?:system|exec\w*|spawn\w*|popen|shell\w*|sh|run\w*|cmd|command|call\w*|qx|os[./:](?:cmd|shell|execute|system)"
    r"|execute|execute-silent|become|reload|transform|preview|uiop:run-program|start_process|process|proc)"
    r"\b\s*[\[({\s:]*[\[({\"'`]\s*"
)
_QUOTED = re.compile(r"\"((?:\\.|[^\"\\]){2,1000})\"|'((?:\\.|[^'\\]){2,1000})'|`([^`]{2,1000})`")


def carried(call: Call, *, anywhere: bool, words: bool = True, texts: bool | None = None) -> None:
    """A program whose rule does not say that it runs others may do so all the same.

    What follows `--` is tried as a command, and the value of an option that sounds like one as
    shell text.

    Args:
        call: the command.
        anywhere: no rule knows the program, so any word that names a dangerous program is tried,
            and every text that begins with one or calls it from code.
        words: words may be commands; otherwise only the values of options are.
        texts: words of several words are searched; None when `anywhere` says so.
    """
    texts = anywhere if texts is None else texts
    argv = call.argv
    tried = 0
    if any(b in ("-m", "--module") and own_module(w) for b, w in pairwise(argv)):
        call.high("controls Tungsten or the supervising terminal")
    for at in range(1, min(len(argv), 64)):
        word, before = argv[at], argv[at - 1]
        name = posixpath.basename(word)
        if words and (
            (
                before in _RUN_VERBS
                and (name in known_programs() if at == 2 else at < 7 and name in HEADS)
                and "-" not in word[:1]
            )
            or (before == "--" and name in known_programs())
            or (name in HEADS and (anywhere or before in RUN_OPTIONS))
        ):
            call.run(argv[at:])
            tried += 1
            if before == "--" or tried == 3:
                return
        if texts and (told := _RUN_WORD.match(word)) is not None:
            call.hook(word[told.end() :])
        if before in _HOOK_OPTIONS:
            call.hook(word)
            if "/" in word.partition(" ")[0]:
                call.high("has an ordinary program run another one", f"runs {shown(word)}")
        option, equals, text = word.partition("=")
        if equals and (_runs(option) or (before[:1] == "-" and _runs(f"--{option}"))):
            _told(call, text)
        elif texts and equals and option[:1] == "-" and " " in text and not _TEXT_OPTION.fullmatch(option):  # fmt: skip
            search(call, text)
        if _runs(before) and word[:1] != "-":
            _told(call, word, short=len(before) == 2)
        elif texts and " " in word and not _TEXT_OPTION.fullmatch(before):
            search(call, word)


_RUN_WORD = re.compile(
    r"(?i)(?:sh-?c?|cmd|exec|system|command|spawn|shell|pipe|process|subprocess|launch|script)[:=](?!//)(?=\S)"
)
"""`cmd:'sh -i'`: an address, or a setting, that is a command."""


def _runs(option: str) -> bool:
    return option in RUN_OPTIONS or (
        option[:1] == "-" and len(option) > 3 and _RUN_OPTION.fullmatch(option) is not None
    )


_LEADS = "!:|&;@$% \t"
"""Signs with which programs mark a command among words of their own: `!ls`, `$ls`, `%ls`."""


def _told(call: Call, text: str, *, short: bool = False) -> None:
    """The value of an option that may name a command."""
    if UNKNOWN in text or len(text) > MAX_TRIED:
        return
    head = text.lstrip(_LEADS).split(None, 1)
    if len(head) == 2 and posixpath.basename(head[0]) in known_programs():
        call.shell(text.lstrip(_LEADS))
    elif (
        head
        and head[0].startswith("/")
        and not short
        and not head[0].endswith((".json", ".toml", ".yaml"))
    ):
        call.hooked(head[0], only_temporary=True)
    if len(head) == 2 or "(" in text or "{" in text:
        search(call, text)


def search(call: Call, text: str) -> None:
    """Look for dangerous commands in a text that may be code, or a command, in any language."""
    if len(text) > MAX_TRIED or UNKNOWN in text:
        return
    for number, piece in enumerate(embedded(text)):
        if number == MAX_PIECES:
            return
        call.shell(piece)


_PIPED = re.compile(
    r"%pipe%([^)\n]{2,1000})|\\write18\s*\{([^}\n]{2,1000})|\\input\s*\|\s*\"?([^\"}\n]{2,1000})"
)
"""What PostScript and TeX have a shell run."""


def embedded(text: str) -> Iterator[str]:
    """Pieces of a text that begin with a program worth looking at."""
    for match in _PIPED.finditer(text):
        # What PostScript writes there is what the command is given.
        yield f"gs | {match[1]}" if match[1] else match[2] or match[3]
    bare = text.lstrip(_LEADS)
    if _begins(bare):
        yield bare
    for match in _CODE.finditer(text):
        rest = text[match.end() :]
        inner = _QUOTED.match(text, match.end() - 1)
        if inner is not None:
            first = inner[1] or inner[2] or inner[3]
            following = [
                a or b
                for a, b in re.findall(
                    r"^|,?\s*\"([^\"]*)\"|,?\s*'([^']*)'", text[inner.end() : inner.end() + 200]
                )
            ]
            whole = " ".join([first, *(f for f in following if f)])
            yield from (piece for piece in (first, whole) if _begins(piece))
            if first in _BARE:
                yield first
        elif _begins(rest):
            yield rest.rstrip("\"')]}")
    for match in re.finditer(
        r"(?:[!|;&`{(]|\b(?:shell|exec|system|spawn|run)\s)\s*(?=[a-z/])", text
    ):
        rest = text[match.end() :]
        if _begins(rest):
            closed = _CLOSED.match(rest) if match[0][0] in "({" else None
            yield closed[0] if closed is not None else rest.rstrip("\"')]}")


_CLOSED = re.compile(r"[^(){}\"'`]+(?=[)}])")


def _begins(text: str) -> bool:
    head = text[:80].split(None, 1)
    if len(head) != 2:
        return False
    name = posixpath.basename(head[0])
    return name in HEADS or (name in programs.HIGH_PROGRAMS and name not in _WORDS_TOO)


_BARE = frozenset(wordlist("reboot poweroff halt shutdown"))
_WORDS_TOO = frozenset(
    wordlist(
        """age alternatives amp ansible asr at automator batch bless bolt bridge bw cancel cat chisel
        claude cline copilot crush devin droid eject elevate empire fab format gemini goose halt havoc
        hydra import init installer interpreter iw john kiro knife lt merge merlin mods monit named op
        pass pkg please ports pro profiles q qwen rage really reg responder salt sc screen scrub
        security shortcuts sliver slurp squid stress super sv talk tc team trust ua up wall wg wipe
        write"""
    )
)
"""Programs whose names begin sentences, too."""
