# ruff: noqa: E501 - tables and patterns read better unbroken
"""Programs without a rule of their own: tables of programs and of subcommands."""

from __future__ import annotations

import re
from itertools import pairwise

from agent.risk import programs
from agent.risk.arguments import split, value, wordlist
from agent.risk.assessment import Risk
from agent.risk.commands.side_effects import loads_any
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.carried import carried, search
from agent.risk.evaluation.findings import shown
from agent.risk.evaluation.foreign import foreign_settings, touched
from agent.risk.evaluation.named_secrets import OWN_KEY
from agent.risk.evaluation.verbs import (
    destroys,
    published,
    publishes,
    rehearsed,
    reveals,
    shared_verb,
)
from agent.risk.paths import Zone
from agent.risk.programs.looks import LOOKS
from agent.risk.shell.syntax import UNKNOWN


def simple(call: Call, program: str) -> None:
    """Apply the tables to a program without a rule of its own."""
    argv = call.argv
    reason = programs.HIGH_PROGRAMS.get(program)
    if reason is not None:
        looks = LOOKS.get(program)
        if (len(argv) == 2 and argv[1] in ("--version", "--help", "-V", "version", "help")) or (
            looks is not None and looks.fullmatch(" ".join(argv[1:]))
        ):
            call.low()
        elif program in _REHEARSES and rehearsed(argv):
            call.medium(f"{program} only says what it would do")
        elif program == "twine" and argv[1:2] == ["check"]:
            call.low()
        else:
            call.high(f"{program}: {reason}")
        return
    if program.startswith(("mkfs.", "fsck.")):
        call.high(f"{program}: writes over a disk or its partitions")
        return
    table = programs.SUBCOMMANDS.get(program)
    if table is not None:
        subcommand(call, program, table)
    elif program in programs.LOW_PROGRAMS:
        if program == "hostname" and _NAMES_HOST.search(" ".join(argv[1:])):
            call.high("changes the machine", f"sets the name of the machine: {shown(argv[-1])}")
        call.low()
        if not _FIXES.isdisjoint(word.partition("=")[0] for word in argv):
            call.medium(f"{program} changes files in the project")
            _rewritten(call)
        if len(argv) > 2 and program not in _ONLY_SAYS and _NOTABLE.search(" ".join(argv)):
            foreign_settings(call, program)
            carried(call, anywhere=False, words=False)
            touched(call, outputs=True)
        if program in _DATA_EDITORS and not _EDITS_FILES.isdisjoint(argv):
            for operand in split(argv, ("-s", "-e", "-f"))[1]:
                if "/" in operand or "." in operand[1:]:
                    call.writes(operand)
    elif program in programs.SHARED_PROGRAMS:
        shared(call, program)
    elif program not in _NAMES_TESTS and publishes(argv):
        call.high("publishes or deploys", f"{program} {argv[1]}")
    elif program in programs.MEDIUM_PROGRAMS:
        if program == "ffmpeg" and _RECORDS.search(" ".join(argv)):
            call.high("records the screen or what is said")
        if program in ("xterm", "rxvt", "urxvt", "st") and {"-display", "--display"} & set(argv):
            call.high("hands a shell to a remote party")
        if program == "perf" and argv[1:2] == ["trace"]:
            call.high("reads other programs' memory or what is typed")
        if program in _KEEPS_DATA and (destroyed := destroys(argv)):
            call.high("destroys what cannot be made again", f"{program} {shown(destroyed)}")
        call.medium(f"{program} builds, runs or changes something in the project")
        foreign_settings(call, program)
        writing = _FORMATTERS.get(program)
        if writing is not None and not (writing and writing.isdisjoint(argv)):
            _rewritten(call)
        if program == "configure":
            for name, equals, given in (word.partition("=") for word in argv[1:]):
                if equals and name.isidentifier():
                    call.evaluator.variable(name, [given], call, exported=True)
        carried(call, anywhere=False, texts=program not in _NAMES_TESTS | _ONLY_SAYS)
        touched(call)
        loads_any(call)
    elif len(argv) == 2 and argv[1] in ("--version", "--help"):
        call.low()
    elif destroyed := destroys(argv):
        call.high("destroys something that no rule knows", f"{program} {shown(destroyed)}")
    elif not rehearsed(argv) and (revealed := reveals(argv)):
        call.high("reads credentials or keys", f"{program} {shown(revealed)}")
    else:
        call.medium(f"no rule knows {shown(program)}")
        carried(call, anywhere=True)
        touched(call, unknown=True)
        loads_any(call)
        _told(call)
        _runs_address(call, program)
        _may_fetch(call)
    if program in programs.READERS:
        if program == "gpg" and "--verify" in argv:
            return
        for before, argument in pairwise(argv):
            if not argument.startswith("-") and not OWN_KEY.fullmatch(before):
                call.reads(argument)


_NAMES_HOST = re.compile(r"^[^-\0]|^-(?:\w*F|-file|b|-boot)")
"""What `hostname` is told to name the machine anew."""

_FIXES = frozenset(
    wordlist(
        "--fix --fix-dry-run --write --apply --autocorrect --auto-correct --autocorrect-all --autofix"
    )
)
"""Options with which linters change the files that they look at."""

_FORMATTERS: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        wordlist("black isort pyupgrade rustfmt stylua dprint ktfmt swiftformat scalafmt"),
        frozenset(),
    ),
    "ruff": frozenset(["format", "--fix"]),
    "prettier": frozenset(["--write", "-w"]),
    **dict.fromkeys(wordlist("gofmt goimports gofumpt shfmt"), frozenset(["-w"])),
    **dict.fromkeys(
        wordlist("clang-format autopep8 yapf autoflake ormolu google-java-format"),
        frozenset(wordlist("-i --in-place --inplace --replace")),
    ),
}
"""Programs that write files anew in another form → what makes them do so; nothing: they always do."""


def _rewritten(call: Call) -> None:
    """Judge the files outside of the project that a program may write anew, and directories above it."""
    if not _ONLY_COMPARES.isdisjoint(call.argv):
        return
    for word in call.argv[1:64]:
        if word[:1] == "-" or ("/" not in word and word[:1] not in "~."):
            continue
        place = call.place(word)
        project = f"{call.evaluator.context.project}/"
        if project.startswith(f"{place.path.rstrip('/')}/") and place.path != project[:-1]:
            call.high("changes files outside of the project", f"changes what is in {shown(word)}")
        elif place.zone not in (
            Zone.ROOT,
            Zone.PROJECT,
            Zone.REGENERABLE,
            Zone.TEMPORARY,
            Zone.NULL,
        ):
            call.writes(word)


_ONLY_COMPARES = frozenset(
    wordlist("--check --diff --dry-run -n --list-different -l -d --version --help")
)
_DATA_EDITORS = frozenset(
    wordlist(
        "xq tomlq htmlq fx mlr miller xsv qsv gron tidy codespell typos jsonlint yamlfix exiftool"
    )
)
_EDITS_FILES = frozenset(
    wordlist(
        "-i -I -m -w --inplace --in-place --modify --write --write-changes -overwrite_original"
    )
)
_RECORDS = re.compile(
    r"-f (?:x11grab|avfoundation|gdigrab|dshow|alsa|pulse|v4l2|video4linux2|kmsgrab|oss|jack|sndio|decklink)\b"
)
_VERSIONING = frozenset(wordlist("hg chg jj sl svn bzr brz fossil darcs pijul"))
_NAMES_COMMAND = re.compile(
    r"(?:config:)?(?:hooks|alias\w*|extensions|merge-tools|diff-tools|tunnels|pager|fix|ui\.(?:ssh|editor|pager|diff\w*|merge\w*)"
    r"|git\.\w+|signing\.\w+|gpg\.\w+|signing|gpg)(?:[.:][\w.-]+)*"
)


def settings(call: Call) -> None:
    """`hg --config hooks.x=…`: settings from the command line that name programs."""
    for text in value(call.argv, "--config", "--config-option", "--config-toml"):
        name, equals, command = text.partition("=")
        if equals and _NAMES_COMMAND.fullmatch(name.strip()):
            call.hook(command.strip("\"' !"))
            if name.startswith(("hooks", "extensions")) or command.strip("\"' ").startswith("!"):
                call.high("takes settings that name programs", f"sets {shown(name)}")


_FREE_TEXT = frozenset(wordlist("redis-cli gh glab tea jira rabbitmqctl"))
"""Programs that are given text of any kind as data."""
_INTERACTIVE = frozenset(wordlist("shell console repl sh run exec tinker"))
_NOTABLE = re.compile(r"-.*[/~({=]")
"""An option, and behind it something that may be a command or a path."""
_BUILDS_DOCUMENTS = frozenset(["mkdocs", "hugo", "tox", "alembic"])
_ONLY_SAYS = frozenset(
    wordlist(
        """notify-send dialog whiptail logger terminal-notifier zenity kdialog espeak say figlet cowsay
        lolcat expr basename dirname which whereis type"""
    )
)
"""Programs that show the text they are given, or look names up."""


def _told(call: Call) -> None:
    """A program that no rule knows may be an interpreter that reads what it does from a pipe."""
    feed = call.feed()
    if feed.kind == "text":
        for line in feed.text.splitlines()[:64]:
            search(call, line)


_SHARES = "changes what others share"


def shared(call: Call, program: str) -> None:
    """Judge a program that acts on what others share by its verb; an unknown one is HIGH."""
    level = shared_verb(call.argv)
    if (
        level < Risk.HIGH
        and program in programs.SECRET_PROGRAMS
        and reveals(call.argv, always=True)
    ):
        level = Risk.HIGH
    if level is Risk.LOW:
        call.low()
    elif level is Risk.MEDIUM:
        call.medium(f"{program} works on the project or fetches something")
        carried(call, anywhere=False)
    else:
        words = shown(" ".join(call.argv[:4]))
        call.high(programs.SHARED_PROGRAMS.get(program, _SHARES), words)


_KEEPS_DATA = frozenset(
    wordlist(
        """alembic dbmate goose flyway liquibase prisma drizzle-kit knex sequelize typeorm sqlx diesel
        django-admin celery dvc wandb mlflow tilt skaffold localstack act jupyter dotnet-ef watchman
        rails rake mix"""
    )
)
"""Project tools whose verbs reach beyond what a build can make again."""


_NAMES_TESTS = frozenset(
    wordlist("pytest py.test jest vitest mocha ava tap jasmine rspec phpunit pest behat bats ctest")
)
"""Programs whose words are names of tests."""


_CODE_ADDRESS = re.compile(
    r"(?:https?|ftp|gh|github|gist)://?[^\s?#]*\.(?:java|jsh|jar|kts?|groovy|scala|sc|py|pyz|sh|bash|zsh|[cm]?[jt]s|rb|pl|raku|lua|ps1|exs?"
    r"|jl|r|php|go|rs|nim|wasm|clj|bb|hs|tcl|bat|cmd|exe|msi|AppImage|run|bin|deb|rpm|apk|so|dll|dylib)(?:[?#]\S*)?"
)
_RUNS_FIRST = frozenset(
    wordlist(
        "run exec x eval apply launch install execute invoke script source start add load import"
    )
)
_ONLY_FETCHES = re.compile(
    r"(?i)get|fetch|down|\bdl|pull|clone|http|curl|lint|scan|check|view|open|brows|bench|load|test|url|link|ping|crawl|spider|wayback|archiv"
)


def _runs_address(call: Call, program: str) -> None:
    """A program that is given code by its address, or told to run an address, most likely runs it."""
    argv = call.argv
    for before, word in pairwise(argv):
        if "://" not in word or _ONLY_FETCHES.search(program):
            continue
        told = before in _RUNS_FIRST and re.match(r"(?:https?|ftp|git\+?\w*)://", word)
        if told or (before[:1] != "-" and _CODE_ADDRESS.fullmatch(word)):
            call.high("runs code from an unreviewed address", f"{program} {shown(word)}")


def _may_fetch(call: Call) -> None:
    """A program that no rule knows and that is given an address may leave a file of that name."""
    for at, word in enumerate(call.argv[1:], 1):
        if re.match(r"^(?:https?|ftp)://", word):
            names = [word.partition("?")[0].rstrip("/"), *call.argv[at + 1 : at + 2]]
            for name in (n.rpartition("/")[2] for n in names):
                if name:
                    call.evaluator.files.setdefault(call.place(name).path, None)


def subcommand(call: Call, program: str, table: dict[str, tuple[int, str]]) -> None:
    """Apply a table of subcommands; the longest that matches counts, a HIGH option always."""
    argv = call.argv
    if argv[-1] == "--help" and "--" not in argv:
        call.low()
        return
    valued = programs.OPTION_VALUES.get(program, frozenset())
    words: list[str] = []
    skip = False
    level, reason = 0, ""
    for argument in argv[1:]:
        if skip:
            skip = False
            continue
        if argument.startswith("-"):
            entry = table.get(argument.partition("=")[0])
            if entry is not None and entry[0] > level:
                level, reason = entry
            skip = argument in valued
            continue
        words.append(argument.lstrip("+") if program == "sbt" else argument)
    if program in _CASELESS:
        words = [word.lower() for word in words]
    matched = ""
    for size in (3, 2, 1):
        entry = table.get(" ".join(words[:size])) if len(words) >= size else None
        if entry is not None:
            matched = " ".join(words[:size])
            if entry[0] > level:
                level, reason = entry
            break
    # A word right behind an option may be its value and no subcommand: look past it too.
    past = [w for before, w in pairwise(argv) if not before.startswith("-") and w[:1] != "-"]
    for size in (3, 2, 1):
        entry = table.get(" ".join(past[:size])) if len(past) >= size else None
        if entry is not None and entry[0] == Risk.HIGH and not matched:
            level, reason = entry
            break
    if program in _VERSIONING:
        settings(call)
    for key, entry in table.items():
        if entry[0] == Risk.HIGH and " -" in key:
            command, _, option = key.partition(" -")
            if (
                words
                and words[0] == command.split()[0]
                and any(a.partition("=")[0] == "-" + option for a in argv)
            ):
                level, reason = entry
    for word in words[1:]:
        entry = table.get(word)
        loose = ":" in word or program == "service"
        if entry is not None and entry[0] == Risk.HIGH and loose:
            level, reason = entry
    dangerous = any(entry[0] == Risk.HIGH for entry in table.values())
    if dangerous and words and UNKNOWN in words[0]:
        call.opaque(f"which subcommand of {program} runs cannot be known")
        return
    if program == "redis-cli" and not words:
        feed = call.feed()
        for line in feed.text.splitlines()[:64] if feed.kind == "text" else ():
            if line.split():
                call.run([argv[0], *line.split()])
    if program == "date" and any(_SETS_CLOCK.fullmatch(word) for word in words):
        level, reason = table["--set"]
    if level == 0 and words:
        level, reason = table.get("other", (0, ""))
    if level == 0:
        level, reason = table.get("default", (0, ""))
    if level == 0 and any(
        a in ("--version", "--help", "-h", "-V", "version", "help") for a in argv[1:3]
    ):
        level = 1
    if level == Risk.HIGH and program in _REHEARSES and rehearsed(argv):
        call.medium(f"{program} only says what it would do")
        return
    if program == "redis-cli" and matched in ("del", "unlink") and UNKNOWN in "".join(argv):
        level, reason = Risk.HIGH, "deletes what another command lists"
    words_shown = shown(" ".join([program, matched or " ".join(words[:2])]).strip())
    if level == Risk.HIGH:
        call.high(f"{words_shown}: {reason}")
    elif level == Risk.LOW:
        call.low()
        foreign_settings(call, program, letters=False)
    elif program == "rails" and words[:1] in (["runner"], ["r"]) and len(words) > 1:
        from agent.risk.commands.languages import run_text

        run_text(call, words[1], "ruby")
        if re.search(
            r"\b(?:delete_all|destroy_all|drop_\w+|truncate\w*|update_all|execute)\b", words[1]
        ):
            call.high("changes or deletes what is in a database")
    elif not level and program in programs.SHARED_PROGRAMS:
        shared(call, program)
    elif (not level and (destroys(argv) or publishes(argv))) or (
        not matched
        and program not in _FREE_TEXT
        and any(published(w) for w in argv[1:12])
        and not rehearsed(argv)
    ):
        call.high("destroys or publishes something that no rule knows", words_shown)
    else:
        call.medium(f"{words_shown} changes something" if level else f"no rule knows {words_shown}")
        foreign_settings(call, program, letters=program in _BUILDS_DOCUMENTS)
        inside = matched.rpartition(" ")[2] in ("shell", "ssh", "exec", "run", "enter")
        carried(call, anywhere=not level or inside, texts=program not in _FREE_TEXT)
        if not _INTERACTIVE.isdisjoint(words):
            _told(call)
        touched(call, outputs=True)


_CASELESS = frozenset(["redis-cli"])
_SETS_CLOCK = re.compile(r"[0-9]{8}(?:[0-9]{2}){0,2}(?:\.[0-9]{2})?")
"""`MMDDhhmm[[CC]YY][.ss]`, the time that `date` is told to set."""
_REHEARSES = frozenset(
    wordlist(
        """npm pnpm yarn bun cargo poetry uv hatch flit lerna helm semantic-release release-it np
        rclone gsutil restic pdm changeset bq"""
    )
)
"""Programs that know `--dry-run`; another one might ignore it and act."""
