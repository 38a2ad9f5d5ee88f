# ruff: noqa: E501 - tables and patterns read better unbroken
"""Judges commands of the shape `tool [noun] verb` by their verb, whatever the tool."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from agent.risk.arguments import wordlist
from agent.risk.assessment import Risk
from agent.risk.programs.shared import LOOKING, MUTATING, PROJECT

_PIECES = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[A-Z]+")
_WORD = re.compile(r"@?[A-Za-z][\w:.-]*")
_ASKS_FOR_HELP = frozenset(["--help", "-h", "help", "--version", "-V", "version", "--usage"])

DESTROYING = frozenset(
    wordlist(
        """
        delete destroy purge drop terminate wipe nuke deprovision decommission teardown obliterate
        erase expunge flushall flushdb undeploy revoke failover evict unregister deregister obliterate
        truncate wipeout annihilate
        """
    )
)
"""What programs call it that destroy something which is not a file of the project."""

_DESTROYERS = DESTROYING | {"uninstall", "killall", "nuke"}

WEAK = frozenset(
    wordlist(
        """
        rm remove del reset clear clean prune restore down uninstall flush undo rollback import load
        overwrite replace downgrade zap kill stop detach disable unlink unset discard trash cleanup gc
        """
    )
)
"""Verbs that destroy when an option says that nothing is to be asked, or that all is meant."""

_INSISTING = re.compile(
    r"--(?:force(?:d|fully)?|yes|assume-yes|all|no-(?:confirm|prompt|input|interaction|dry-run)|noinput|skip-confirm\w*|skip-final-snapshot"
    r"|non-?interactive|auto-approve|confirm(?:ed)?|really|i-know[\w-]*|hard|cascade|recursive|full-database)(?:=.*)?"
)
_DESTROYING_OPTION = re.compile(
    r"--?(?:\w+-)*(?:delete|purge|wipe|destroy|erase|nuke|drop|force-reset|remove-all[\w-]*|overwrite-destination"
    r"|accept-data-loss|hard-delete|delete-[\w-]+|purge-[\w-]+|drop-[\w-]+|reset-all|clear-all|factory-reset)(?:=.*)?"
)
_CACHED = frozenset(wordlist("cache caches cached store temp tmp artifacts log logs coverage deps"))


def pieces(word: str) -> list[str]:
    """The parts of a verb: `db:drop-all` and `DeleteInstance` hold `drop` and `delete`."""
    return [piece.lower() for piece in _PIECES.findall(word)] if word else []


def _words(argv: Sequence[str], most: int) -> Iterator[str]:
    """Words that may be nouns or verbs: no options, paths, addresses or settings."""
    found = 0
    for word in argv[1:16]:
        if word.startswith("-"):
            continue
        if _WORD.fullmatch(word) is None:
            continue
        yield word
        found += 1
        if found == most:
            return


def rehearsed(argv: Sequence[str]) -> bool:
    """The command only says what it would do."""
    return any(
        a.replace("_", "-") in ("--dry-run", "--dryrun", "--dry-run=true", "--dry-run=client", "--dry-run=server",
              "--what-if", "--whatif", "--noop", "--simulate", "--preview", "--plan", "--snapshot")
        for a in argv
    )  # fmt: skip


def asks_for_help(argv: Sequence[str]) -> bool:
    """The command asks for help or a version and nothing else."""
    return len(argv) == 1 or argv[-1] in ("--help", "-h") or argv[1] in _ASKS_FOR_HELP


def shared_verb(argv: Sequence[str]) -> Risk:
    """Level of a command of a program that acts on what others share, by its first known verb."""
    if len(argv) == 1 and argv[0] in _ACTS_BARE:
        return Risk.HIGH
    if asks_for_help(argv):
        return Risk.LOW
    if rehearsed(argv):
        return Risk.MEDIUM
    weighed = Risk.HIGH
    words = list(_words(argv, 4))
    for number, word in enumerate(words):
        lower = word.lower()
        last = lower.rpartition(":")[2]
        parts = pieces(word)
        if parts and parts[-1] in _NOUN_OR_VERB:
            # `gcloud run services list`, `fly secrets list`: a noun when a verb follows it.
            later = [w.lower() for w in words[number + 1 :]]
            verb = next(
                (w for w in later if w in MUTATING or (w in LOOKING and w not in _NOUNS)), ""
            )
            if verb in _LISTS or (verb in _SHOWS and parts[-1] not in _SECRET_NOUNS):
                return Risk.LOW
        if last in MUTATING or (parts and parts[0] in DESTROYING):
            return Risk.HIGH
        if last in LOOKING or (":" not in lower and parts and parts[0] in _STEMS):
            # `services delete web`: a noun that lists when nothing follows.
            following = words[number + 1].lower() if number + 1 < len(words) else ""
            if last in _NOUNS:
                weighed = Risk.LOW
                continue
            if last in _MAY_BE_NOUNS and following in MUTATING:
                return Risk.HIGH
            return Risk.LOW
        if last in PROJECT:
            return Risk.MEDIUM
        if parts and any(p in MUTATING for p in (parts[0], parts[-1])):
            return Risk.HIGH
        if weighed is Risk.LOW:
            # A noun was followed by something that is no known verb.
            weighed = Risk.HIGH
    return weighed


_ACTS_BARE = frozenset(wordlist("vercel vc now goreleaser up apex shipit zappa"))
"""Programs that deploy or publish when they are told nothing."""

_NOUN_OR_VERB = frozenset(
    wordlist(
        """run runs deploy release releases secret secrets key keys token tokens restore import credential
        credentials sync archive copy scale lock transfer pub publish password patch rebuild"""
    )
)
_SECRET_NOUNS = frozenset(
    wordlist("secret secrets key keys token tokens credential credentials password")
)
_LISTS = frozenset(wordlist("list ls lst ll status history"))
_SHOWS = frozenset(wordlist("get show describe desc view info read logs log"))
_STEMS = frozenset(
    wordlist("list describe get show view read inspect check validate query search lookup head")
)
_NOUNS = frozenset(
    wordlist(
        """
        names regions zones sizes quota quotas limits pods nodes services topics queues tables databases
        projects apps deployments releases members peers clusters instances buckets images volumes networks
        domains records certificates contexts profiles workflows runs jobs tasks issues prs events event env-list
        endpoint endpoints stream nodes
        """
    )
)
_MAY_BE_NOUNS = frozenset(
    wordlist(
        "manifest digest schema state graph console log logs history version versions docs env"
    )
)


_SECRETS = frozenset(
    wordlist(
        """secret secrets password passwords passwd passphrase credential credentials token tokens vault keychain
        keystore privatekey seed mnemonic keyring"""
    )
)
_REVEALING = frozenset(
    wordlist(
        """get show print read reveal view cat dump export download decrypt unseal unmask peek copy pull fetch
        unlock display echo expose backup"""
    )
)
_REVEALING_OPTION = re.compile(
    r"--?(?:show|reveal|print|with|include|plain|unmask|export|dump)-?(?:secrets?|passwords?|tokens?|credentials?|keys?|plaintext|values?|private\w*)(?:=.*)?"
)


def reveals(argv: Sequence[str], *, always: bool = False) -> str:
    """The words that say that a program shows secrets; empty when none do.

    Args:
        argv: the command.
        always: whatever this program shows is secret; otherwise a word must say so.
    """
    if asks_for_help(argv):
        return ""
    words = list(_words(argv, 3))
    parts = [piece for word in words for piece in pieces(word)]
    named = _SECRETS & {*parts, *pieces(argv[0].rpartition("/")[2])}
    if (named or always) and not _REVEALING.isdisjoint(parts):
        return " ".join(words)
    return next((a for a in argv[1:32] if _REVEALING_OPTION.fullmatch(a) is not None and named), "")


def destroys(argv: Sequence[str], *, options: bool = True) -> str:
    """The word that says that a program, whatever it is, destroys something; empty when none does.

    Args:
        argv: the command.
        options: options such as `--purge` count as well.
    """
    named = pieces(argv[0].rpartition("/")[2])
    if rehearsed(argv) or (asks_for_help(argv) and len(argv) > 1):
        return ""
    if len(named) > 1 and not _DESTROYERS.isdisjoint(named):
        return argv[0]
    weak = ""
    cached = False
    for number, word in enumerate(_words(argv, 3)):
        parts = pieces(word)
        if not parts:
            continue
        if ":" in word and parts[-1] in ("reset", "wipe", "uninstall"):
            return word
        cached = cached or not _CACHED.isdisjoint(parts)
        if parts[0] in DESTROYING or (len(parts) > 1 and parts[-1] in DESTROYING):
            if not cached:
                return word
        elif number < 2 and (parts[0] in WEAK or parts[-1] in WEAK):
            weak = weak or word
    if not options or cached:
        return ""
    for word in argv[1:32]:
        if word == "--":
            break
        if word[:1] == "-" and _DESTROYING_OPTION.fullmatch(word) is not None:
            return word
        if weak and (
            _INSISTING.fullmatch(word) is not None or word in ("-f", "-y", "-rf", "-fy", "-yf")
        ):
            return weak
    return ""


_PUBLISHING = frozenset(
    wordlist(
        "publish unpublish gh-deploy deploy undeploy upload push share send expose tunnel beam"
    )
)
_COMPOUND = frozenset(wordlist("publish release deploy upload promote unpublish"))
_NEARBY = frozenset(
    wordlist(
        """local locally snapshot dry check checks test tests unit notes note list info status plan docs doc
        version preview changelog lint verify validate build assemble compile bundle package variant build
        config configuration dependencies report debug mock staging-list kotlin java resources apk aab"""
    )
)


def publishes(argv: Sequence[str]) -> bool:
    """The first words say that a program, whatever it is, publishes or deploys something."""
    if rehearsed(argv):
        return False
    words = [word for word in argv[1:4] if not word.startswith("-")][:2]
    return any(word.rpartition(":")[2].lstrip("+") in _PUBLISHING for word in words) or any(
        published(word) for word in argv[1:12]
    )


def published(word: str) -> bool:
    """`publishToX`, `:lib:closeAndReleaseX`, `releaseX`: a verb in a word of several."""
    if word[:1] == "-" or _TASK.fullmatch(word) is None:
        return False
    parts = pieces(re.split(r"[:.]", word)[-1])
    joined = len(parts) > 1 and (
        parts[0] in _COMPOUND or any(a == "and" and b in _COMPOUND for a, b in pairwise(parts))
    )
    return joined and _NEARBY.isdisjoint(parts)


_TASK = re.compile(r"[A-Za-z_:][\w.:-]*")
