"""Variables: what they hold, and which of them decide what later commands do."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.risk import programs
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.carried import search
from agent.risk.evaluation.findings import shown
from agent.risk.evaluation.judgement import Judgement
from agent.risk.evaluation.names import ORDINARY, shadows
from agent.risk.evaluation.settings_homes import (
    is_settings_home,
    reads_own,
    settings_home,
)
from agent.risk.evaluation.subscripts import count_assigned
from agent.risk.path_patterns import TEMPORARY
from agent.risk.paths import Zone
from agent.risk.programs.variables import SANITIZERS, WRITTEN_VARIABLES
from agent.risk.shell.syntax import ARRAY, UNKNOWN, Command, Word


class VariableJudge(Judgement):
    """Follows what variables hold, and judges those that decide what later commands do."""

    def steering(self, name: str, call: Call) -> None:
        """A variable takes a value that is not seen: some make later commands run another thing."""
        if steers(name):
            call.high(f"{name} makes later commands run or trust something else")

    def _assign(self, word: Word, *, add: bool) -> tuple[str, tuple[str, ...]]:
        values = self.expander.text(word)
        name = ""
        found: list[str] = []
        for value in values:
            name, _, rest = value.partition("=")
            if name.endswith("+"):
                name = name[:-1]
                earlier = self.state.variables.get(name.partition("[")[0]) or ("",)
                found.extend(e + rest for e in earlier)
                found.extend(f"{e} {rest}" for e in earlier if "(" in (word.text or "("))
            else:
                found.append(rest)
        name = name.partition("[")[0]
        arrays = [part for part in word.parts if part.kind == ARRAY]
        elements = [
            field
            for part in arrays[:1]
            for piece in part.words
            for way in self.expander.word(piece)[:1]
            for field in way
        ]
        self.state.variables.arrays.pop(name, None)
        if any(" " in element for element in elements):
            self.state.variables.arrays[name] = tuple(elements)
        given = any(UNKNOWN in value for value in found) and not self.expander.doubted(word.parts)
        self.state.variables.set(name, tuple(dict.fromkeys(found)), add=add, given=given)
        return name, tuple(found)

    def assignment(self, word: Word, call: Call, *, exported: bool, add: bool) -> None:
        """Judge `NAME=value`, before a command or alone."""
        name, values = self._assign(word, add=add)
        if word.text is None and any(
            indexed(value.partition("]=")[0] + "]") for value in self.expander.text(word)
        ):
            call.high("an index in it runs a command")
        count_assigned(self.expander, name, word, values)
        self.variable(name, values, call, exported=exported)

    def settles(self, path: str, call: Call) -> None:
        """A file is made: it may be settings that programs have been told to take."""
        reads_own(call, (path,))

    def variable(self, name: str, values: Sequence[str], call: Call, *, exported: bool) -> None:
        """Judge a variable being set: some make later commands run something else."""
        if name == "PATH":
            for value in values:
                self._search_path(value, call)
            return
        if name in ("BASH_ALIASES", "BASH_CMDS"):
            call.high(f"{name} makes later commands mean something else")
            return
        if name in ("PS1", "PS2", "PS4"):
            if any(re.search(r"\$\(|`|\0", value) for value in values):
                call.high(f"{name} makes later prompts run something")
            return
        if name == "PWD" or (name in ("HOME", "TMPDIR") and not exported):
            call.high(f"{name} makes paths of later commands mean something else")
            return
        if any(indexed(value) for value in values):
            call.high("holds an index that runs a command where it is counted with")
        if name in programs.COMMAND_VARIABLES:
            for value in values:
                if value == UNKNOWN:
                    call.opaque(f"{name} makes other programs run something unknown")
                elif value:
                    call.hook(value)
                    program = value.split()[0] if value.split() else ""
                    if "/" in program and not ORDINARY.search(program):
                        call.high(f"{name} makes other programs run {shown(program)}")
            return
        if exported and name in ("GIT_DIR", "GIT_COMMON_DIR", "XDG_CONFIG_HOME", "HOME"):
            from agent.risk.commands.git_directories import git_place

            git_place(call, name, tuple(values))
        if is_settings_home(name):
            settings_home(call, name, values)
        if exported and WRITTEN_VARIABLES.fullmatch(name):
            for value in values:
                if value[:1] in "/~." and not value.startswith("/dev/"):
                    call.writes(value)
        elif exported and SANITIZERS.fullmatch(name):
            for path in re.findall(r"log_path=['\"]?([^\s:'\"]+)", " ".join(values)):
                call.writes(path)
        elif exported and name == "PYTEST_ADDOPTS":
            for value in values:
                call.run(["pytest", *value.split()])
        if name in ("MAKEFLAGS", "GNUMAKEFLAGS", "MFLAGS"):
            from agent.risk.commands.make import flags_run

            if any(flags_run(value) for value in values):
                call.high(f"{name} makes later builds run something else")
            return
        if _PACKAGE_SETTINGS.fullmatch(name):
            call.high(f"{name} makes later commands run or trust something else")
            return
        if name in programs.BUILD_VARIABLES:
            for value in values:
                call.opaque(f"{name} is unknown") if value == UNKNOWN else call.hook(value)
            return
        if _FLAGS.fullmatch(name) and any(_BUILDS_WITH.search(value) for value in values):
            call.high(f"{name} makes later builds run something else")
            return
        if name in programs.PLACES:
            for value in values:
                for piece in value.split(":"):
                    place = call.place(piece)
                    if place.zone in _ELSEWHERE or f"{place.path}/" in TEMPORARY:
                        call.high(
                            f"{name} makes later commands take settings or code from elsewhere"
                        )
            return
        if _SOURCES.fullmatch(name):
            for value in values:
                if _ADDRESS.match(value) and not _OFFICIAL.match(value):
                    call.high(f"{name} makes later commands take packages from elsewhere")
            return
        if name in _PAGER_OPTIONS or name in (
            "FZF_DEFAULT_OPTS",
            "ERL_FLAGS",
            "ERL_AFLAGS",
            "ERL_ZFLAGS",
            "ELIXIR_ERL_OPTIONS",
        ):
            for value in values:
                search(call, value)
                if name in _PAGER_OPTIONS:
                    self._pager_options(name, value, call)
                elif re.search(r"-eval|-s |-run\b|os:cmd", value):
                    call.high(f"{name} makes later commands run something")
            return
        if name in ("GOSUMDB", "PYTHONHTTPSVERIFY") and {"0", "off"} & set(values):
            call.high(f"{name} makes later commands trust what nobody vouches for")
            return
        if exported and _COMMAND_NAME.fullmatch(name):
            for value in values:
                if " " in value and UNKNOWN not in value:
                    search(call, value)
                elif value.startswith("/"):
                    call.hooked(value, only_temporary=True)
        if name == "NODE_OPTIONS":
            for value in values:
                if re.search(r"-r\b|--require|--import|--loader|--inspect|\0", value):
                    call.high(f"{name} makes later commands run something else")
            return
        if name == "PYTHONPATH" or name == "NODE_PATH":
            for value in values:
                for piece in value.split(":"):
                    place = call.place(piece or ".")
                    if place.zone in (Zone.TEMPORARY, Zone.SYSTEM, Zone.OUTSIDE):
                        call.high(f"{name} makes later commands load code from elsewhere")
            return
        if name in ("HOME", "TMPDIR", "XDG_CONFIG_HOME") and exported:
            return
        if name.startswith(("TUNGSTEN_", "GIT_CONFIG_KEY", "GIT_CONFIG_VALUE", "BASH_FUNC_")) or (
            name in programs.INJECTING_VARIABLES
        ):
            harmless = {"", "0"} if name.startswith("HIST") is False else set()
            if name in (
                "HISTCONTROL",
                "GOFLAGS",
                "MAVEN_OPTS",
                "JAVA_OPTS",
                "ANT_OPTS",
                "SBT_OPTS",
                "JVM_OPTS",
                "GRADLE_OPTS",
                "BUNDLE_GEMFILE",
                "CLASSPATH",
                "JAVA_TOOL_OPTIONS",
                "GEM_HOME",
                "GEM_PATH",
                "HISTSIZE",
                "HISTFILESIZE",
                "PS4",
                "DOCKER_HOST",
                "XDG_CONFIG_HOME",
                "HOME",
                "GOPROXY",
            ):
                risky = any(
                    re.search(r"agent|toolexec|/tmp|://|exec|\$\(|`|ignore|^0$|^unset$|\0", v)
                    for v in values
                )
                if name == "GOPROXY":
                    risky = not all(
                        re.fullmatch(r"(?:direct|off|https://proxy\.golang\.org|,)*", v)
                        for v in values
                    )
                if not risky:
                    return
            if (
                all(value in harmless for value in values)
                and name != "NODE_TLS_REJECT_UNAUTHORIZED"
            ):
                return
            if name.startswith("HIST"):
                call.high("erases traces of what was done")
                return
            call.high(f"{name} makes later commands run or trust something else")

    def _pager_options(self, name: str, value: str, call: Call) -> None:
        """`LESS='+!id'`: a pager that is told so runs commands and writes files."""
        if value == UNKNOWN:
            call.opaque(f"{name} makes pagers do something unknown")
            return
        for match in _PAGER_RUNS.finditer(value):
            call.hook(match[1])
            call.high(f"{name} makes pagers run something", f"runs {shown(match[1])}")
        for match in _PAGER_WRITES.finditer(value):
            call.writes(match[1])
        if _PAGER_KEYS.search(value):
            call.high(f"{name} makes pagers take their keys from a file")
        if name == "MANOPT" and value:
            call.run(["man", *value.split()])

    def _search_path(self, value: str, call: Call) -> None:
        if not _KEEPS_PATH.search(value):
            call.high("PATH makes later commands run something else")
        for piece in value.split(":"):
            if piece in (UNKNOWN, "$PATH"):
                continue
            place = call.place(piece or ".")
            self.searched.add(place.path)
            own = (*self.files, *map(str, self.context.written))
            if any(shadows(path, place.path) for path in own):
                call.high("PATH makes later commands run what the agent wrote under their name")
            if (
                place.zone in (Zone.TEMPORARY, Zone.ROOT, Zone.OUTSIDE)
                or piece in ("", ".")
                or place.path in ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108
                or (
                    place.zone in (Zone.PROJECT, Zone.REGENERABLE)
                    and not re.search(
                        r"(?:^|/)s?bin$|\.bin$|scripts$|tools$|target/(?:debug|release)$",
                        place.path,
                    )
                )
            ):
                call.high("PATH makes later commands run something else")

    def _bind_loop(self, command: Command) -> None:
        group = command.group
        if group is None or not group.variable:
            return
        values: list[str] = []
        for word in command.words:
            for way in self.expander.word(word):
                values.extend(way)
        given = any(UNKNOWN in value for value in values) and not any(
            self.expander.doubted(word.parts) for word in command.words
        )
        # A list of nothing (`for x in; do …`) is no loop, and leaves the variable as good as empty.
        found = tuple(dict.fromkeys(values)) or ("",)
        self.state.variables.set(group.variable, found, add=False, given=given)


_INDEX_PIECE = re.compile(r"(?<=\w)\[|\]|\$\(|`|@P\}")


def indexed(text: str) -> bool:
    """An array index with a command in it; bash runs it wherever it takes a word for a number."""
    if "[" not in text or not ("$(" in text or "`" in text or "@P" in text):
        return False
    depth = 0
    for piece in _INDEX_PIECE.findall(text):
        if piece == "[":
            depth += 1
        elif piece == "]":
            depth = max(0, depth - 1)
        elif depth:
            return True
    return False


def steers(name: str) -> bool:
    """A variable that decides what later commands run, trust or remember."""
    return (
        name in _STEERING
        or name in programs.INJECTING_VARIABLES
        or name in programs.COMMAND_VARIABLES
        or name.startswith(_STEERING_PREFIXES)
    )


_STEERING = frozenset(["PATH", "PS1", "PS2", "PS4", "PWD", "HOME", "NODE_OPTIONS", "PYTHONPATH"])


_STEERING_PREFIXES = ("TUNGSTEN_", "GIT_CONFIG_KEY", "GIT_CONFIG_VALUE", "BASH_FUNC_")


_PACKAGE_SETTINGS = re.compile(
    r"(?i:npm_config_(?:script_shell|userconfig|globalconfig|git|node_options|shell|editor))"
    r"|CARGO_TARGET_\w+_(?:RUNNER|LINKER)|CARGO_REGISTR\w+_INDEX|UV_\w*INDEX\w*|GIT_CONFIG_\w+"
)
_PAGER_OPTIONS = frozenset(["LESS", "MORE", "SYSTEMD_LESS", "MANLESS", "MANOPT", "DELTA_LESS"])
"""Variables whose value is options of a pager."""
_PAGER_RUNS = re.compile(r"\+{1,2}[^!|\s]*[!|#]\s*(.*)")
_PAGER_WRITES = re.compile(r"(?:^|\s)(?:-[oO]|--(?:log|LOG)-(?:file|FILE)[= ])\s*(\S+)")
_PAGER_KEYS = re.compile(r"(?:^|\s)(?:-k|--lesskey-\w+)\s*=?\s*\S")
_ELSEWHERE = (Zone.TEMPORARY, Zone.OUTSIDE, Zone.UNKNOWN)
_FLAGS = re.compile(r"(?:\w+_)?(?:RUST|C|CXX|CPP|LD|F|CGO_C|CGO_LD|CGO_CPP|CGO_CXX)FLAGS(?:_\w+)?")
_BUILDS_WITH = re.compile(
    r"linker=|-fplugin|-wrapper|-specs=|-B\s*/tmp|-fuse-ld=/|-Wl,(?:-rpath|-dynamic-linker|--dynamic-linker)[=,]/(?:tmp|var)"
    r"|\$\(|`|-include\s*/(?:tmp|home)"
)
_SOURCES = re.compile(
    r"(?i)\w*(?:registry|pypi|npm|gem|crates|maven|index|repo)\w*_?(?:mirror|registry|index|url|server|source)\w*|\w*(?:_registry|_mirror|_index_url)(?:_server)?"
)
_ADDRESS = re.compile(r"\w+://")
_OFFICIAL = re.compile(
    r"https://(?:registry\.(?:npmjs\.org|yarnpkg\.com)|pypi\.org|files\.pythonhosted\.org|(?:index\.|static\.)?crates\.io"
    r"|rubygems\.org|proxy\.golang\.org|repo1?\.maven\.(?:apache\.)?org)\b|\w+://(?:localhost|127\.0\.0\.1)\b"
)
_COMMAND_NAME = re.compile(
    r"\w*(?:EDITOR|PAGER|COMMAND|_CMD|_SHELL|SHELL|ASKPASS|_HELPER|_WRAPPER|_RUNNER|_LAUNCHER|_HOOK|_LINKER|_SSH|_RSH|BROWSER"
    r"|_EXEC|_EXECUTABLE|_BINARY|_PROGRAM|_LOADER|PRELOAD|_HANDLER"
    r"|_DIFF|MERGE|CCACHE_PREFIX(?:_CPP)?)"
)
_KEEPS_PATH = re.compile(r"\0|\$PATH|(?:^|:)/(?:usr/(?:local/)?|opt/homebrew/)?s?bin(?::|$)")
