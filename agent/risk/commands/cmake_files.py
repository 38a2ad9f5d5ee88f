# ruff: noqa: E501 - tables read better unbroken
"""What CMake's own files run, write and delete: `cmake -P x.cmake`, `CMakeLists.txt`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from agent.risk.arguments import wordlist
from agent.risk.commands.script_files import read_script
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import quote, shown
from agent.risk.paths import Zone
from agent.risk.shell.syntax import UNKNOWN

MAX_FILES = 200
"""CMake files that one command may bring in; more are not read, and are HIGH."""

_COMMENT = re.compile(r"#\[(=*)\[.*?\]\1\]|#[^\n]*", re.S)
_WORD = re.compile(
    r"\[(=*)\[(.*?)\]\1\]|\"((?:\\.|[^\"\\])*)\"|([()])|([^\s()\"#;]+)|#[^\n]*", re.S
)
_COMMAND = re.compile(r"([A-Za-z_]\w*)\s*\(")
_REFERENCE = re.compile(r"\$(?:ENV|CACHE)?\{([^${}]*)\}")
_ENDS_COMMAND = frozenset(
    wordlist(
        """COMMAND WORKING_DIRECTORY TIMEOUT RESULT_VARIABLE RESULTS_VARIABLE OUTPUT_VARIABLE ERROR_VARIABLE
    INPUT_FILE OUTPUT_FILE ERROR_FILE OUTPUT_QUIET ERROR_QUIET COMMAND_ECHO ENCODING ECHO_OUTPUT_VARIABLE
    ECHO_ERROR_VARIABLE COMMAND_ERROR_IS_FATAL OUTPUT_STRIP_TRAILING_WHITESPACE ARGS DEPENDS COMMENT VERBATIM
    ERROR_STRIP_TRAILING_WHITESPACE BYPRODUCTS MAIN_DEPENDENCY IMPLICIT_DEPENDS DEPFILE JOB_POOL USES_TERMINAL
    COMMAND_EXPAND_LISTS TARGET PRE_BUILD PRE_LINK POST_BUILD APPEND SOURCES CONFIGURATIONS"""
    )
)
_PROJECT_COMMAND = re.compile(
    r"(?:CONFIGURE|BUILD|INSTALL|TEST|PATCH|UPDATE|DOWNLOAD)_COMMAND|COMMAND"
)
_RUNS = frozenset(
    wordlist(
        """execute_process exec_program add_custom_command add_custom_target add_test
    externalproject_add externalproject_add_step fetchcontent_declare ctest_run_command"""
    )
)
_PLACES = {
    "CMAKE_CURRENT_LIST_DIR": "", "CMAKE_CURRENT_SOURCE_DIR": "", "CMAKE_SOURCE_DIR": "",
    "PROJECT_SOURCE_DIR": "", "CMAKE_BINARY_DIR": "build", "CMAKE_CURRENT_BINARY_DIR": "build",
    "PROJECT_BINARY_DIR": "build", "CMAKE_COMMAND": "cmake", "CMAKE_CTEST_COMMAND": "ctest",
    "Python3_EXECUTABLE": "python3", "Python_EXECUTABLE": "python3", "PYTHON_EXECUTABLE": "python3",
    "GIT_EXECUTABLE": "git", "CMAKE_C_COMPILER": "cc", "CMAKE_CXX_COMPILER": "c++",
    "CMAKE_MAKE_PROGRAM": "make",
}  # fmt: skip
"""Variables that CMake sets itself; a path of the source tree is taken as relative to the file."""


def runs_cmake(call: Call, path: str, *, named: bool = True, generated: bool = False) -> None:
    """A command runs a CMake file: judge its content, and HIGH when it cannot be read.

    Args:
        call: the command.
        path: the file.
        named: the command names it; otherwise it is found in a directory.
        generated: CMake writes it itself, from files that were judged, unless the agent wrote it.
    """
    evaluator = call.evaluator
    place = call.place(path)
    if UNKNOWN in place.path:
        if named:
            call.opaque("which CMake file runs cannot be known")
        return
    known = place.path in evaluator.files
    written = known or Path(place.path) in evaluator.context.written
    inside = place.zone in (Zone.PROJECT, Zone.REGENERABLE)
    if generated and not written:
        return
    if path.startswith("/dev/") or (named and not (inside or written)):
        call.high("runs build code from elsewhere", f"runs {shown(path)}")
    text = evaluator.files[place.path] if known else read_script(place.path, evaluator.digests)
    if isinstance(text, str):
        key = f"cmake:{place.path}\n{text}"
        if key in evaluator.reading:
            return
        if sum(name.startswith("cmake:") for name in evaluator.reading) > MAX_FILES:
            call.high("brings in more CMake files than can be read")
            return
        strict = call.strict
        call.strict = strict and (written or not inside)
        state = evaluator.state
        before, state.cwd = state.cwd, place.path.rpartition("/")[0] or "/"
        evaluator.reading.add(key)
        try:
            _judge(call, text)
        finally:
            call.strict, state.cwd = strict, before
    elif text is False or written or evaluator.came(place.path):
        call.high("runs build code that was just written or fetched, or cannot be read")


def _commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """Commands of a CMake file, their names in small letters, with their arguments."""
    text = _COMMENT.sub(lambda m: " " * (m.end() - m.start()), text)
    at = 0
    while match := _COMMAND.search(text, at):
        depth, at = 1, match.end()
        words: list[str] = []
        while depth and (word := _WORD.search(text, at)):
            at = word.end()
            if word[4]:
                depth += 1 if word[4] == "(" else -1
            elif word[2] is not None:
                words.append(word[2])
            elif word[3] is not None:
                words.append(re.sub(r"\\([\"\\$@;()# ])", r"\1", word[3]))
            elif word[5]:
                words.append(word[5])
        yield match[1].lower(), words
        if depth:
            return


def _judge(call: Call, text: str) -> None:
    variables = dict(_PLACES)

    def filled(word: str) -> str:
        for _ in range(8):
            replaced = _REFERENCE.sub(lambda m: variables.get(m[1], UNKNOWN), word)
            if replaced == word:
                break
            word = replaced
        return word.removeprefix("/") if word.startswith("//") else word

    for name, raw in _commands(text):
        words = [_relative(raw_word, filled(raw_word)) for raw_word in raw]
        if name == "set" and len(words) > 1:
            value = ";".join(words[1:])
            variables[words[0]] = value if variables.get(words[0], value) == value else UNKNOWN
            if words[0].startswith("ENV{"):
                call.evaluator.variable(words[0][4:-1], words[1:2], call, exported=True)
            elif re.search(r"_(?:LAUNCHER|COMPILER)$|^CMAKE_MAKE_PROGRAM$", words[0]):
                call.shell(words[1])
        elif name in _RUNS:
            for argv in _argvs(name, words):
                _run(call, argv)
        elif name in ("file", "configure_file", "write_file"):
            _file(call, name, words)
        elif name == "cmake_language":
            if words[:1] == ["EVAL"]:
                _judge(call, " ".join(words[2:]))
            elif UNKNOWN in " ".join(words[:2]):
                call.opaque("which CMake command runs cannot be known")
        elif name == "include" and words:
            if "/" in words[0] or words[0].endswith(".cmake"):
                runs_cmake(call, words[0])
            elif UNKNOWN in words[0]:
                call.opaque("which CMake file runs cannot be known")
        elif name == "add_subdirectory" and words and UNKNOWN not in words[0]:
            runs_cmake(call, f"{words[0]}/CMakeLists.txt", named=False)
        elif name == "install" and words[:1] and words[0] in ("CODE", "SCRIPT"):
            if words[0] == "CODE":
                _judge(call, " ".join(words[1:]))
            else:
                runs_cmake(call, words[1] if len(words) > 1 else UNKNOWN)
        elif name == "ctest_run_script" and words:
            runs_cmake(call, words[0])


def _relative(raw: str, word: str) -> str:
    """A word that begins with the source directory is relative to the file."""
    return word.lstrip("/") if raw.startswith("${") and raw.find("SOURCE_DIR}") > 0 else (
        f".{word}" if raw.startswith("${CMAKE_CURRENT_LIST_DIR}/") else word
    )  # fmt: skip


def _argvs(name: str, words: list[str]) -> Iterator[list[str]]:
    """The commands in the arguments of `execute_process` and its like."""
    if name == "exec_program":
        yield [part for word in words for part in word.split() if part != "ARGS"]
        return
    at = 0
    while at < len(words):
        if _PROJECT_COMMAND.fullmatch(words[at]):
            end = at + 1
            while end < len(words) and words[end] not in _ENDS_COMMAND and not (
                _PROJECT_COMMAND.fullmatch(words[end])
            ):  # fmt: skip
                end += 1
            argv = words[at + 1 : end]
            yield [part for word in argv for part in word.split(";")]
            at = end
        else:
            at += 1


def _run(call: Call, argv: list[str]) -> None:
    if argv:
        call.shell(" ".join(quote(word) for word in argv))


_WRITES = frozenset(["WRITE", "APPEND", "TOUCH", "TOUCH_NOCREATE", "CONFIGURE"])
_SHELL = {
    "REMOVE": ["rm", "-f"], "REMOVE_RECURSE": ["rm", "-rf"], "RENAME": ["mv"], "COPY": ["cp", "-r"],
    "INSTALL": ["cp", "-r"], "COPY_FILE": ["cp"], "READ": ["cat"], "STRINGS": ["cat"],
    "CREATE_LINK": ["ln", "-s"], "MAKE_DIRECTORY": ["mkdir", "-p"],
}  # fmt: skip
_COPY_OPTIONS = re.compile(r"(?:FILES_MATCHING|PATTERN|REGEX|(?:FILE|DIRECTORY)_PERMISSIONS)")


def _file(call: Call, name: str, words: list[str]) -> None:
    """`file(…)`: as the shell command that does the same."""
    if name != "file":
        for path in words[1:2] if name == "configure_file" else words[:1]:
            call.writes(path)
        return
    verb, rest = (words[0].upper() if words else ""), words[1:]
    if verb in _WRITES:
        if rest[:1] == ["OUTPUT"]:
            rest = rest[1:]
        for path in rest[:1]:
            call.writes(path, content="".join(rest[1:]) if verb == "WRITE" else None)
    elif verb == "GENERATE" and "OUTPUT" in rest[:-1]:
        call.writes(rest[rest.index("OUTPUT") + 1])
    elif verb == "DOWNLOAD":
        _run(call, ["curl", "-o", rest[1] if len(rest) > 1 else "-", *rest[:1]])
    elif verb == "UPLOAD" and len(rest) > 1:
        _run(call, ["curl", "-T", rest[0], rest[1]])
    elif verb in _SHELL:
        if verb in ("READ", "STRINGS"):
            rest = rest[:1]
        elif "DESTINATION" in rest[:-1]:
            at = rest.index("DESTINATION")
            rest = [*(w for w in rest[:at] if not _COPY_OPTIONS.match(w)), rest[at + 1]]
        _run(call, [*_SHELL[verb], *(w for w in rest if w not in ("SYMBOLIC", "RESULT"))])
