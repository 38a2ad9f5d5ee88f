# ruff: noqa: E501 - tables and patterns read better unbroken
"""Files of settings that an agent made and that an option or a variable names: do they run something?

`KUBECONFIG=x kubectl get pods` runs what `users[].user.exec` of the file says. Files that no agent
made are left to the rules of the programs.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

from agent.risk.arguments import value, wordlist
from agent.risk.commands.cmake_files import runs_cmake
from agent.risk.commands.languages import run_text
from agent.risk.commands.script_files import read_script
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import shown
from agent.risk.shell.syntax import UNKNOWN

MAX_TEXT = 200_000
"""Characters of one file that are read."""
MAX_FILES = 32
"""Files of one directory that are read."""


class NamedSettings(NamedTuple):
    """Where a program is told of a file of settings.

    Attributes:
        options: options that name the file; `@` stands for a word that begins with it.
        variables: variables that do.
        read: judges the text of the file.
    """

    options: tuple[str, ...]
    variables: tuple[str, ...]
    read: Callable[[Call, str, str], None]


def named_settings(call: Call, program: str) -> None:
    """Judge the settings that an agent made and that `program` is told to use."""
    evaluator = call.evaluator
    for entry in NAMED_SETTINGS[program]:
        names = [word[1:] for word in call.argv[1:] if word[:1] == "@"] if "@" in entry.options else []  # fmt: skip
        names += value(call.argv, *(option for option in entry.options if option != "@"))
        for variable in entry.variables:
            for places in evaluator.state.variables.get(variable) or ():
                names += places.split(":")
        for name, path in _own(call, names):
            text = evaluator.files[path] if path in evaluator.files else read_script(path, evaluator.digests)  # fmt: skip
            key = f"settings:{path}"
            if key in evaluator.reading or (text is None and path not in evaluator.files):
                continue
            if not isinstance(text, str) or len(text) > MAX_TEXT:
                call.high("takes settings from a file of the agent that cannot be read", f"uses {shown(name)}")  # fmt: skip
                continue
            evaluator.reading.add(key)
            try:
                entry.read(call, text, path)
            finally:
                evaluator.reading.discard(key)


def _own(call: Call, names: list[str]) -> Iterator[tuple[str, str]]:
    """Files of the agent that are named, or that lie in a directory that is."""
    evaluator = call.evaluator
    for name in names:
        path = call.place(name).path
        if UNKNOWN in path:
            continue
        if evaluator.of_agent(path):
            yield name, path
        else:
            inside = (own for own in evaluator.own_files() if own.startswith(f"{path}/"))
            yield from ((own, own) for own in islice(inside, MAX_FILES))


def _names(pattern: str) -> Callable[[Call, str, str], None]:
    """Settings that are HIGH where something in them names a program or code."""
    compiled = re.compile(pattern)

    def read(call: Call, text: str, path: str) -> None:
        if compiled.search(text):
            call.high("takes settings of the agent that name a program", f"uses {shown(path.rpartition('/')[2])}")  # fmt: skip

    return read


def _options(call: Call, text: str, path: str) -> None:
    """One option or several in each line, as they stand on the command line."""
    try:
        words = shlex.split(text, comments=True)
    except ValueError:
        call.high("takes settings from a file of the agent that cannot be read")
        return
    call.run([call.argv[0], *words])


def _assigned_options(call: Call, text: str, path: str) -> None:
    """`name=value` in each line, for options of that name."""
    lines = (line.strip() for line in text.splitlines())
    call.run([call.argv[0], *(f"--{line}" for line in lines if line and line[0] != "#")])


def _mailcap(call: Call, text: str, path: str) -> None:
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip() and line.lstrip()[0] != "#":
            for command in re.split(r"(?<!\\);", line)[1:]:
                call.shell(re.sub(r"^[ \t]*\w+\s*=", "", command).replace("%s", "made-file"))


def _psql(call: Call, text: str, path: str) -> None:
    run_text(call, text, "psql")


def _cmake(call: Call, text: str, path: str) -> None:
    runs_cmake(call, path)


LESS_KEYS = re.compile(
    r"(?im)^[ \t]*LESS(?:OPEN|CLOSE|EDIT|_\w+|SECURE)?\s*\+?=|\b(?:shell|pshell|pipe|visual|examine)\b|^[ \t]*(?:EDITOR|VISUAL|SHELL)\s*\+?="
)
"""What a file of keys for less says to start programs."""

NAMED_SETTINGS: dict[str, tuple[NamedSettings, ...]] = {}
"""Program name → where it is told of settings."""


def _of(names: str, options: str, variables: str, read: Callable[[Call, str, str], None]) -> None:
    entry = NamedSettings(tuple(wordlist(options)), tuple(wordlist(variables)), read)
    for name in wordlist(names):
        NAMED_SETTINGS[name] = (*NAMED_SETTINGS.get(name, ()), entry)


# Sources: the manual of each program, on its files and its environment.
_of("kubectl oc helm k9s kustomize flux argocd stern kubectx kubens istioctl velero helmfile skaffold tilt linkerd cilium",
    "--kubeconfig", "KUBECONFIG", _names(r"(?m)[\s\"'{,-](?:exec|auth-provider|cmd-path)[\"']?\s*:"))  # fmt: skip
_of("aws sam cdk terraform tofu ansible-playbook eksctl chamber s3cmd", "", "AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE",
    _names(r"(?mi)^[ \t]*(?:credential_process|cli_pager|pager)\s*=|^[ \t]*\[plugins"))  # fmt: skip
_of("hg chg", "--config-file", "HGRCPATH", _names(r"(?mi)^[ \t]*\[(?:hooks|extensions|alias|merge-tools|diff-tools|extdiff|pager|fix|ui|schemes)\b|^[ \t]*%include"))  # fmt: skip
_of("psql", "", "PSQLRC", _psql)
_of("run-mailcap see edit compose print mutt neomutt", "", "MAILCAPS", _mailcap)
_of(
    "mutt neomutt",
    "-F",
    "MUTTRC",
    _names(r"`|\||\bset\s+(?:editor|sendmail|shell|query_command)|\bsource\b|\bmacro\b|\blua\b"),
)
_of("cmake", "", "CMAKE_TOOLCHAIN_FILE CMAKE_PROJECT_TOP_LEVEL_INCLUDES", _cmake)
_of("aria2c", "--conf-path", "", _assigned_options)
_of("yt-dlp youtube-dl", "--config-locations --config-location", "", _options)
_of("gcc g++ cc c++ clang clang++ gfortran ld rustc javac", "@ --config", "", _options)
_of("less man more", "--lesskey-src", "LESSKEYIN", _names(LESS_KEYS.pattern))
_of("rg", "", "RIPGREP_CONFIG_PATH", _options)
_of("bat", "--config-file", "BAT_CONFIG_PATH", _options)
_of("ansible ansible-playbook ansible-galaxy ansible-lint", "", "ANSIBLE_CONFIG",
    _names(r"(?mi)^[ \t]*(?:\w*_plugins|library|module_utils|\w*executable|vault_password_file|\w*_args|transport|inventory)\s*="))  # fmt: skip
_of(
    "terraform tofu",
    "",
    "TF_CLI_CONFIG_FILE TERRAFORM_CONFIG",
    _names(r"credentials_helper|dev_overrides|provider_installation"),
)
_of(
    "docker podman nerdctl",
    "--config",
    "DOCKER_CONFIG",
    _names(r"credHelpers|credsStore|cliPluginsExtraDirs|hooks"),
)
_of(
    "screen",
    "-c",
    "SCREENRC",
    _names(r"(?m)^[ \t]*(?:exec|screen|shell|backtick|source|bind|stuff|defshell|printcmd)\b"),
)
_of(
    "openssl",
    "-config",
    "OPENSSL_CONF",
    _names(
        r"(?mi)^[ \t]*(?:dynamic_path|engine_id|module|init|SO_PATH|providers|engines|openssl_conf)\s*="
    ),
)
_of(
    "rclone",
    "--config",
    "RCLONE_CONFIG",
    _names(r"(?mi)^[ \t]*(?:bearer_token_command|ssh|\w*_command|auth_url)\s*="),
)
_of(
    "mysql mariadb mysqldump mysqladmin",
    "--defaults-file --defaults-extra-file",
    "",
    _names(r"(?mi)^[ \t]*(?:pager|init[-_]command|plugin\w*|default[-_]auth|!include\w*)\b"),
)
_of(
    "nano",
    "-f --rcfile",
    "",
    _names(r"(?mi)^[ \t]*(?:set\s+(?:speller|operatingdir)|include|formatter|linter|bind)\b"),
)
_of("lftp", "-f", "", _names(r"(?m)^[ \t]*!|\blocal\b|\bshell\b|connect-program"))
_of("jupyter", "--config", "JUPYTER_CONFIG_DIR", _names(r"."))
_of(
    "celery gunicorn uwsgi supervisord",
    "--config-module --ini -i",
    "",
    _names(r"(?mi)^[ \t]*(?:exec\S*|command|hook\S*|attach-daemon\S*|py\S*|plugins?)\s*="),
)
_of(
    "npm pnpm yarn",
    "--userconfig --globalconfig",
    "",
    _names(
        r"(?mi)^[ \t]*(?:script-shell|shell|node-options|git|editor|registry|onload-script)[ \t]*="
    ),
)
_of(
    "wget",
    "",
    "SYSTEM_WGETRC",
    _names(
        r"(?mi)^[ \t]*(?:use_askpass|output_document|dir_prefix|post_file|body_file|input)[ \t]*="
    ),
)
_of(
    "tig",
    "",
    "TIGRC_USER TIGRC_SYSTEM",
    _names(r"(?m)^[ \t]*(?:bind|source|set[ \t]+(?:editor|diff-))"),
)
_of("starship", "", "STARSHIP_CONFIG", _names(r"(?m)^[ \t]*(?:command|when|shell)[ \t]*=|\[custom"))
_of("supervisord", "-c --configuration", "", _names(r"(?mi)^[ \t]*(?:command|file|files)[ \t]*="))
