# ruff: noqa: E501 - tables read better unbroken
"""Rules for build tools beyond `make`: options that name programs, and built-in file commands."""

from __future__ import annotations

import re
from itertools import pairwise

from agent.risk.arguments import split, value
from agent.risk.commands.cmake_files import runs_cmake
from agent.risk.commands.script_code import code
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import shown
from agent.risk.evaluation.unlisted import simple
from agent.risk.paths import Zone

_CMAKE_FILES: dict[str, list[str]] = {
    "copy": ["cp"], "copy_if_different": ["cp"], "copy_if_newer": ["cp"], "copy_directory": ["cp", "-r"],
    "rename": ["mv"], "touch": ["touch"], "create_symlink": ["ln", "-s"], "create_hardlink": ["ln"],
    "make_directory": ["mkdir"], "cat": ["cat"], "remove_directory": ["rm", "-r"], "remove": ["rm"],
    "rm": ["rm"], "env": ["env"], "time": ["time"], "tar": ["tar"],
}  # fmt: skip
_CARGO_RUNS = re.compile(
    r"runner|rustc|linker|wrapper|alias\.|credential|regist|replace-with|rustflags|\[?source"
)


def cmake(call: Call) -> None:
    """`cmake -E` is a set of file commands, `cmake -P` runs a script."""
    argv = call.argv
    if len(argv) > 2 and argv[1] == "-E":
        if argv[2] == "chdir" and len(argv) > 4:
            state = call.evaluator.state
            before, state.cwd = state.cwd, call.place(argv[3]).path
            call.run(argv[4:])
            state.cwd = before
        elif argv[2] in _CMAKE_FILES:
            call.run([*_CMAKE_FILES[argv[2]], *argv[3:]])
        else:
            call.low()
        return
    _cmake_files(call)
    for text in (a for a in argv[1:] if re.match(r"^-D\w*(?:LAUNCHER|COMPILER|PROGRAM)\b", a)):
        program = text.partition("=")[2]
        if program:
            call.shell(program)
    simple(call, "cmake")


_CMAKE_NAMES_FILE = re.compile(
    r"-D(?:CMAKE_TOOLCHAIN_FILE|CMAKE_PROJECT_(?:\w+_)?INCLUDE(?:_BEFORE)?|CMAKE_USER_MAKE_RULES_OVERRIDE\w*"
    r"|CMAKE_PROJECT_TOP_LEVEL_INCLUDES|CTEST_\w*SCRIPT)(?::\w+)?=(.+)"
)
_CMAKE_VALUED = ("-S", "-B", "-C", "-D", "-U", "-G", "-T", "-A", "-P", "--toolchain", "--preset", "-j",
                 "--build", "--install", "--open", "--config", "--target", "-t", "--prefix", "--log-level")  # fmt: skip


def _cmake_files(call: Call) -> None:
    """The CMake files that are run: the one named, or those of the source directory."""
    argv = call.argv
    named = value(argv, "-P", "-C", "--toolchain")
    for text in argv[1:]:
        if match := _CMAKE_NAMES_FILE.fullmatch(text):
            named += match[1].split(";")
    for before, text in pairwise(argv):
        if before == "-D" and (match := _CMAKE_NAMES_FILE.fullmatch(f"-D{text}")):
            named += match[1].split(";")
    for path in named:
        runs_cmake(call, path)
    if any(a.startswith("-P") for a in argv):
        return
    built = value(argv, "--build", "--install")
    sources = value(argv, "-S") or ["."] if built else value(argv, "-S") or split(
        argv, _CMAKE_VALUED
    )[1][:1] or ["."]  # fmt: skip
    for directory in sources:
        runs_cmake(call, f"{directory}/CMakeLists.txt", named=False)
    for directory in built:
        runs_cmake(call, f"{directory}/cmake_install.cmake", generated=True)


def ctest(call: Call) -> None:
    """`ctest -S script` runs a CMake file, as does a directory of tests."""
    for path in value(call.argv, "-S", "-SP", "--script", "--script-new-process"):
        runs_cmake(call, path.partition(",")[0])
    for directory in value(call.argv, "--test-dir") or ["."]:
        runs_cmake(call, f"{directory}/CTestTestfile.cmake", generated=True)
    simple(call, "ctest")


def cpack(call: Call) -> None:
    """`cpack --config FILE`: its settings are a CMake file."""
    for path in value(call.argv, "--config"):
        runs_cmake(call, path)
    runs_cmake(call, "CPackConfig.cmake", generated=True)
    simple(call, "cpack")


def cargo_settings(call: Call) -> None:
    """`cargo --config`: some settings name programs or registries."""
    argv = call.argv[: call.argv.index("--")] if "--" in call.argv else call.argv
    for text in value(argv, "--config"):
        if _CARGO_RUNS.search(text) or "=" not in text:
            call.high("has cargo run or trust something else", f"sets {shown(text)}")


def go_options(call: Call) -> None:
    """`go`: options and lasting settings that put another program into the build."""
    argv = call.argv
    for text in value(argv, "-toolexec", "-vettool", "--toolexec"):
        call.shell(text)
        call.high("has go run another program for every step", f"runs {shown(text)}")
    for text in value(argv, "-exec", "--exec"):
        call.shell(text)
    if argv[1:2] == ["env"] and "-w" in argv:
        for text in argv[2:]:
            name, equals, setting = text.partition("=")
            if equals:
                call.evaluator.variable(name, [setting], call, exported=True)
                if re.search(r"toolexec|-exec", setting) or name in ("CC", "CXX", "GOSUMDB"):
                    call.high("makes later builds run or trust something else")
        call.medium("changes go's settings")


def jvm_build(call: Call) -> None:
    """`mvn`, `gradle`: build code and settings from elsewhere, programs named in properties."""
    argv = call.argv
    program = argv[0].rpartition("/")[2].removesuffix("w")
    names = ("-I", "--init-script", "-b", "--build-file") if program == "gradle" else ()
    for path in value(argv, *names, "-c", "--settings-file") if names else value(
        argv, "-s", "--settings", "-gs", "-f", "--file"
    ):  # fmt: skip
        if call.place(path).zone not in (Zone.PROJECT, Zone.REGENERABLE, Zone.ROOT):
            call.high("builds with code or settings from elsewhere", f"uses {shown(path)}")
    properties = dict(a[2:].partition("=")[::2] for a in argv[1:] if a.startswith("-D"))
    executable = properties.get("exec.executable")
    if executable is not None:
        call.run([executable, *properties.get("exec.args", "").split()])
    simple(call, program)


def rake(call: Call) -> None:
    """`rake -e` runs Ruby code."""
    for text in value(call.argv, "-e", "-E", "-p", "--execute", "--execute-continue"):
        code(call, text, "ruby")
        for match in re.finditer(r"\bsh\s*\(?\s*(['\"])(.*?)\1", text):
            call.shell(match[2])
    simple(call, "rake")


def bazel(call: Call) -> None:
    """`bazel run --run_under=`: another program runs what was built."""
    for text in value(call.argv, "--run_under", "--workspace_status_command", "--shell_executable"):
        call.shell(text)
    simple(call, "bazel")


def extension(call: Call) -> None:
    """`code`, `cursor`: extensions by name are everyday, from a file or an address they are not."""
    for text in value(call.argv, "--install-extension"):
        if "/" in text or text.endswith(".vsix"):
            call.high("installs code from an unreviewed address", f"installs {shown(text)}")
    simple(call, call.argv[0].rpartition("/")[2])


def sbt(call: Call) -> None:
    """`sbt 'set x; publish'`: several commands in one word."""
    for text in call.argv[1:]:
        if re.search(r"(?:^|[;/\s])(?:publish(?:Signed)?|release|sonatype\w*)\s*(?:;|$)", text):
            call.high("publishes or deploys", f"sbt {shown(text)}")
    simple(call, "sbt")


def tox(call: Call) -> None:
    """`tox -x testenv.commands=…` replaces what the environments run."""
    for text in value(call.argv, "-x", "--override"):
        name, _, commands = text.partition("=")
        if "commands" in name:
            call.shell(commands.lstrip("+"))
    simple(call, "tox")
