# ruff: noqa: E501 - patterns read better unbroken
"""Credentials that the words of any command name: what is given their path can show them.

The rules of the programs say more; this holds for every program, known or not.
"""

from __future__ import annotations

import re

from agent.risk.arguments import wordlist
from agent.risk.evaluation.call import Call
from agent.risk.paths import Place, Zone

MAX_WORDS = 256
"""Words of one command that are looked at."""

_ONLY_NAMES = frozenset(
    wordlist(
        """
    ls dir vdir ll la l tree exa eza lsd stat file du dust duf df test [ [[ : true false echo printf say
    basename dirname realpath readlink which whereis type whatis man apropos help tldr cd pushd popd dirs
    find fd locate plocate lsattr getfacl namei mountpoint findmnt fuser lsof pathchk getopts shift
    export declare typeset set local readonly unset let return exit alias unalias trap wait umask
    touch mkdir rmdir rm unlink chmod chown chgrp chattr restorecon install-list history hash type_of
    grep egrep fgrep rg ag ack zgrep ugrep sed awk git-check-ignore logger notify-send figlet cowsay expr
    ssh ssh-add ssh-copy-id ssh-keygen ssh-keyscan sshpass mosh autossh ssh-agent pgrep pkill ps kill
    """
    )
)
"""Programs that do not show what is in the files they name, or whose rules say whether they do."""

_USES = re.compile(
    r"--?(?:[\w-]+-)?(?:identity|identity-file|private-key|key|keyfile|key-file|kubeconfig|cert|cacert|ca-bundle|cert-file|keytab"
    r"|netrc-file|homedir|keyring|config|userconfig|profile|credentials?|creds|defaults-(?:extra-)?file|rsh|exclude\w*|ignore|env-file|secret|mount|volume|v"
    r"|out|output|target|dest|destination|dir|data-dir|cache-dir|log-file|message|title|body|m)"
)
"""Options whose value a program uses for itself, writes or leaves out, and does not show."""

OWN_KEY = re.compile(r"--(?:kubeconfig|private-key|identity|identity-file|key-file|keyfile)")
"""Options by which a program is told of the credentials that it works with."""
_MAY_BE_SECRET = re.compile(r"(?:^| |-\w|[=:@])[/~]|/\.|\.\.|^@")
_INSIDE = re.compile(r"(?:^|[=@])(?:file://(?:localhost)?)?(~?/[^\s=@]*|\.[./][^\s=@]*)|^-\w(/\S*)")
_SHARED = re.compile(r"/(?:usr|opt|lib\w*|nix|snap|etc/(?:ssl/certs|pki|ca-certificates|apt))/")
"""Where what looks like a key is there for everybody to read."""
_ZONES = frozenset([Zone.HOME, Zone.SYSTEM, Zone.OUTSIDE, Zone.ROOT, Zone.UNKNOWN])


def names_secrets(call: Call, argv: list[str]) -> None:
    """Judge the paths among the words of a command.

    Args:
        call: the command.
        argv: its words, as they were before its rule looked at them.
    """
    if argv[0] in _ONLY_NAMES or argv[0].rpartition("/")[2] in _ONLY_NAMES:
        return
    evaluator = call.evaluator
    outside = not call.cwd.startswith(evaluator.ground.project or call.cwd)
    if not outside and _MAY_BE_SECRET.search(" ".join(argv)) is None:
        return
    own = len(argv) - call.handed
    for at in range(1, min(own, MAX_WORDS)):
        word = argv[at]
        if outside and word[:1] not in "-/~":
            _look(call, word)
            continue
        if _MAY_BE_SECRET.search(word) is None or _USES.fullmatch(argv[at - 1]):
            continue
        option, equals, _ = word.partition("=")
        if equals and _USES.fullmatch(option):
            continue
        for match in _INSIDE.finditer(word):
            _look(call, match[1] or match[2])


def _look(call: Call, path: str) -> None:
    for place in call.places(path):
        if _gives_away(call, place):
            call.reads(path)
            return


def _gives_away(call: Call, place: Place) -> bool:
    if not place.secret and not call.evaluator.of_own(place):
        return False
    return place.zone in _ZONES and _SHARED.match(place.path) is None
