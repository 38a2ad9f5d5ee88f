# ruff: noqa: E501 - tables and patterns read better unbroken
"""Files that stand in a command's words: written, read, or loaded as code that nobody here wrote.

For programs whose rule does not say what they do with the files they are given.
"""

from __future__ import annotations

import re
from itertools import pairwise

from agent.risk.arguments import wordlist
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import shown
from agent.risk.path_patterns import TEMPORARY
from agent.risk.paths import Zone

_OUTPUT_OPTION = re.compile(
    r"-o|-O|--?(?:[a-z]+-)*(?:out|output|outfile|dest|destination|save|write|save-to|log|logfile|report)"
    r"(?:-(?:file|path|dir|directory|to))?"
)
_LOOKS_LIKE_PATH = re.compile(r"[~/.]|file:")
_SETTINGS_OPTION = re.compile(
    r"--?(?:[\w]+-)*(?:config|conf|configfile|config-file|rcfile|plugin|plugins|plugin-dir|require|preload|loader|import"
    r"|init-script|init|rulesdir|rules-dir|setup|global-?[sS]etup|bootstrap|runner|load|load-plugins|settings|makefile|script"
    r"|rootdir|native-file|cross-file|toolchain|processorpath|processor-path|agentpath|javaagent|agentlib|fplugin|specs|linker"
    r"|post-renderer|resolver|transformer|environment|reporter|formatter|resolve-plugins-relative-to|extension|file|test-command"
    r"|buildfile|build-file|taskfile|justfile|project-directory|ext\.class\.path|classpath)"
)
_TEXT_FILE = re.compile(
    r"--(?:[a-z]+-)*(?:body|notes?|message|msg|description|desc|title|comment|text|content|summary|changelog|cookie|pid|lock|log|out|output"
    r"|data|input|answer|prompt|subject|body-text|release-notes)-?file"
)
"""Options whose file is text, and holds no settings."""
_SHORT_SETTINGS = frozenset(["-c", "-r", "-I", "-f", "-t", "-W"])
_FEW_LETTERS = frozenset(
    wordlist(
        """gcc g++ cc c++ clang clang++ ld as ar ranlib strip nm objdump javac rustc protoc ffmpeg convert magick
        pandoc patch split unzip gzip gunzip bzip2 xz zstd lz4 7z 7za cpio python node sox gs inkscape qpdf jq yq
        tar curl dot ctags nasm yasm flex bison swiftc kotlinc scalac gfortran ghc dmd wrk ab hey siege"""
    )
)
"""Programs whose short options of the same letters mean something else."""

_BUILDS_WITH = re.compile(
    r"(?:^| )(?:-wrapper |-fplugin[=-]|-specs=|-B/(?:tmp|var/tmp|home)|-Xclang -load|-plugin[ =]|-plugin-opt|--dynamic-linker[= ]/(?:tmp|home)"
    r"|-fuse-ld=/|(?:-C ?|--codegen[= ])linker=|-ldflags[= ].*-extld=|-toolexec|-vettool|-agentpath:|-javaagent:/|-javaagent:\S*\.\./"
    r"|-J-javaagent|--enable-exec\b|--post-renderer\b|-D(?:maven\.ext\.class\.path|org\.gradle\.jvmargs)=\S*/tmp|-D\S*=\S*-javaagent:)"
)
_FETCHES_CODE = re.compile(r"(?:fetchTarball|fetchurl|fetchGit|fetchFromGitHub|builtins\.exec)\b")


def foreign_settings(call: Call, program: str, *, letters: bool = True) -> None:
    """Settings and plug-ins of project tools hold code; from elsewhere nobody here wrote it.

    Args:
        call: the command.
        program: its name.
        letters: short options of the usual letters name settings too.
    """
    argv = call.argv
    if len(argv) < 2:
        return
    text = " ".join(argv)
    if "-" not in text:
        return
    if _BUILDS_WITH.search(text) or _FETCHES_CODE.search(text):
        call.high("has a build tool run or load another program", shown(text))
    letters = letters and program not in _FEW_LETTERS
    for before, word in pairwise(argv):
        option, mark, rest = word.partition("=")
        if not mark and word[:1] == "-":
            option, mark, rest = word.partition(":")
        path = rest if mark and _SETTINGS_OPTION.fullmatch(option) else word
        if _TEXT_FILE.fullmatch(option if path is rest else before) is not None:
            continue
        if path is word and not (
            (letters and before in _SHORT_SETTINGS)
            or (before[:1] == "-" and len(before) > 2 and _SETTINGS_OPTION.fullmatch(before))
        ):
            continue
        if path[:1] in ("/", "~", "."):
            place = call.place(path)
            if place.zone in (Zone.TEMPORARY, Zone.OUTSIDE) or f"{place.path}/" in TEMPORARY:
                call.high("takes settings that may hold code from elsewhere", f"uses {shown(path)}")


_MOUNTS = re.compile(
    r"(?:^|=|,)(?:/|/(?:etc|root|home|var|usr)/?|~/?|~/\.(?:ssh|aws|kube|gnupg)):/\S*$"
)
"""`-v /:/host`, `--bind=/etc:/etc`."""


def _edits(argv: list[str]) -> bool:
    """The words say that a file is changed where it is."""
    return any(_IN_PLACE.fullmatch(word) is not None for word in argv[1:24])


_IN_PLACE = re.compile(
    r"-[iIwLU]|--(?:in-?place|inplace|write|edit|overwrite|append|set|insert|update|fix|replace|save)(?:=.*)?"
    r"|set|put|add|append|insert|edit|write|update|merge|del|delete|replace|patch"
)


def touched(call: Call, *, unknown: bool = False, outputs: bool = False) -> None:
    """Judge the files in a command's words, when no rule says what the program does with them.

    Args:
        call: the command.
        unknown: no rule knows the program, so it may write what it is given.
        outputs: only what options say that is written counts.
    """
    argv = call.argv
    for at in range(1, min(len(argv), 64)):
        word, before = argv[at], argv[at - 1]
        option = ""
        if unknown and _MOUNTS.search(word) is not None:
            call.high("gives a container the host's files", f"mounts {shown(word)}")
        if word[:1] == "-":
            option, equals, word = word.partition("=")
            if not equals:
                continue
        elif before[:1] == "-":
            option = before
        if outputs and not (option and _OUTPUT_OPTION.fullmatch(option)):
            continue
        path = word[1:] if word[:1] in "@<" else word
        written = bool(option) and _OUTPUT_OPTION.fullmatch(option) is not None
        if written or (unknown and _edits(argv)):
            call.disturbs(call.place(path).path, None)
        if "/" not in path[1:] and _LOOKS_LIKE_PATH.match(path) is None:
            continue
        if "://" in path or "*" in path:
            continue
        place = call.place(path)
        if place.zone in (Zone.PROJECT, Zone.REGENERABLE, Zone.TEMPORARY, Zone.NULL):
            if place.secret and unknown and place.zone is Zone.PROJECT:
                call.reads(path)
            elif place.startup and (written or (unknown and _edits(argv))):
                call.writes(path)
            continue
        if place.secret or place.own or place.zone is Zone.DEVICE:
            call.reads(path)
        if (place.startup and unknown and place.zone is Zone.HOME) or (
            written and place.zone is not Zone.ROOT
        ):
            call.writes(path)
