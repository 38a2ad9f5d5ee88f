"""Files of variables that are secret: what is loaded from them, and what shows or sends it."""

from __future__ import annotations

import re

from agent.risk.arguments import value, wordlist
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import shown
from agent.risk.shell.syntax import VARIABLE

_ENV_FILE = ("--env-file", "--env-file-if-exists", "--env-from-file")
_DEFAULT = {
    "dotenv": ("-f", "--file", "-e"),
    "dotenvx": ("-f", "--env-file"),
    "dotenv-cli": ("-e",),
    "env-cmd": ("-f", "--file"),
    "dotenv-run": ("-f", "--file"),
}
"""Programs that load `.env` unless an option names another file."""
_OF_VAULTS = frozenset(wordlist("aws-vault envchain"))
"""Programs that put stored passwords into the environment of what they run."""
_RUNS = frozenset(
    wordlist(
        """node bun deno tsx npx npm pnpm yarn uv uvx docker podman nerdctl docker-compose
        podman-compose just task mise poetry flask python pipenv vite wrangler nodemon ruby"""
    )
)
"""Programs that know `--env-file`, or load what loads `.env` by `-r`."""

LOADERS = frozenset([*_DEFAULT, *_OF_VAULTS, *_RUNS])

_SHOWN = re.compile(r"(?:get|list|ls|decrypt|print)$")


def loads_secrets(call: Call, program: str) -> bool:
    """Whether what a program runs finds secrets in its environment.

    Judges the programs that print such a file as well.
    """
    argv = call.argv
    if program in _OF_VAULTS:
        return True
    if any(name.startswith("dotenv") for name in value(argv, "-r", "--require", "--import")):
        return True
    own = _DEFAULT.get(program)
    named = value(argv, *(own if own is not None else _ENV_FILE))
    if not named and own is None:
        return False
    secret = [path for path in named or [".env"] if call.place(path).secret]
    if not secret:
        return False
    words = [word for word in argv[1:] if word[:1] != "-" and word not in named]
    if own is not None and "--" not in argv and words and _SHOWN.match(words[0]):
        call.reads(secret[0])
    if "compose" in (*words[:1], program.rpartition("-")[2]) and "config" in words:
        call.reads(secret[0])
    return True


def shows_environment(call: Call) -> None:
    """The command shows the whole environment, which is HIGH when secrets were loaded into it."""
    if call.evaluator.secret_environment:
        call.high("shows a secret of the environment", "shows what a file of secrets has set")


_HARMLESS = re.compile(
    r"(?:URL|HOST|PORT|ENV|NAME|DOMAIN|REGION|VERSION|DEBUG|LEVEL|DIR|PATH|HOME)$"
)
SENDERS = frozenset(
    wordlist(
        "curl wget wget2 http https xh httpie nc ncat mail mailx sendmail telnet websocat grpcurl"
    )
)
"""Programs that hand their words, or what is fed to them, to another machine."""


def sends_environment(call: Call) -> None:
    """A variable that a file of secrets may have set goes to another machine."""
    from agent.risk.commands.fetching import LOCAL

    command = call.command
    if command is None or any(LOCAL.match(word) for word in call.argv[1:]):
        return
    known = call.evaluator.state.variables
    for word in command.words[1:]:
        for part in word.parts if word.text is None else ():
            name = part.text
            if part.kind == VARIABLE and known.get(name) is None and not _HARMLESS.search(name):
                call.high("sends local data to another machine", f"sends {shown(name)}")
                return
