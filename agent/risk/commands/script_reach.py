"""What code in any scripting language reaches: paths it deletes, code it loads, shared services."""

from __future__ import annotations

import re

from agent.risk.commands.script_files import run_file
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.carried import search
from agent.risk.evaluation.findings import shown
from agent.risk.paths import Zone

_DELETES_TREE = re.compile(
    r"""\bfile\s+delete\s+(?:-force\s+)?(?:--\s+)?\{?([^\s\]};]+)|\bfile\s+rename\s+(?:-force\s+)?([^\s\]};]+)
    |(?:delete-directory(?:-tree|-recursively)?|delete-file|delete-directory/files|remove-directory|rmdir-recursive|io/delete-file|fs/delete-tree|fs/delete
      |removeDirectoryRecursive|removePathForcibly|removeDirectory|removeFile|removeDir|FileUtils\.deleteDirectory|FileUtils\.forceDelete|delete_directory_and_contents
      |delete_file|delete_directory|File\.rm_rf!?|File\.rm!?|File\.rmdir|file:del_dir_r|file:delete|file:del_dir|Sys\.remove|Sys\.rmdir|Unix\.(?:unlink|rmdir)
      |lfs\.rmdir|os\.rmdir_all|os\.rm|rmtree|DeleteDirectory|DeleteFile|FileManager\.default\.removeItem|removeItem|rm_rf|remove_dir_all|os\.RemoveAll|os\.Remove)
      [\s(#:]*(?:Path|p|pathname|atPath:|truename|File|Paths\.get|new\s+File|io/file|expanduser|Path\.expand)?[\s(]*["']([~/.][^"']*)["']
    |(?:new\s+File|File|Directory|Paths\.get|Path\.of)\s*\(\s*["']([^"']+)["']\s*\)(?:\.\w+\(\))*\.(?:delete\w*|deleteDir|toFile\(\)\.delete\w*)""",
    re.X,
)
_DELETER = re.compile(
    r"(?i)(?<![\w-])(?:unlink\w*|rmdir\w*|rm_?r?f?!?|rmsync|rmtree|remove(?:_?(?:file|dir|tree|item|all|path|directory)\w*)?(?:sync)?|delete(?:[-_]?(?:file|dir|tree|directory|recursively)\w*)?"
    r"|fileutils\.rm\w*|del_dir_r|file\.remove|os\.remove\w*|deletedir|foreach\(rm)(?=[\s(:,\"'!.\]]|$)"
)
_AWAY = re.compile(r"[\"'`]((?:/(?!/)|~)[^\"'`\n$]{0,200})[\"'`]")
_HOME = re.compile(
    r"(?i)\bDir\.home\b|homedir\s*\(|home_?dir\b|ENV\[[\"']HOME|getenv\(?\s*[\"']HOME|get_env!?\(\s*[\"']HOME|env\.HOME\b|env\.get\([\"']HOME|ENV\{?HOME|\$HOME\b|\bpath_home\(|UserHomeDir"
    r"|user-homedir-pathname|environ\[[\"']HOME|NSHomeDirectory|homeDirectory"
)
_LOADS = re.compile(
    r"\b(?:load|require|require_relative|dofile|loadfile|source|include|include_once|require_once|do|import|consult|use-module)\s*\(?\s*[\"'](/[^\"']+|https?:[^\"']+)[\"']"
)
_FETCHES = re.compile(r"\bdownload(?:\.file|_file)?\s*\(")
_TAKES = re.compile(r"\b(?:source|include|eval|load|exec)\s*[(\s]")
_PIPE_OPENED = re.compile(r"\bopen\s+[\"{]\s*\|\s*([^\"}\]]+)")
_BANG = re.compile(r"(?m)^\s*:?\s*!\s*(\S.*)$")
_WORDS = re.compile(
    r"(?:\bcmd:\s*\[|\bexec\s*\{[^}]*\}\s*\(?|\bargs:\s*\[)((?:\s*[\"'][^\"']*[\"']\s*,?)+)"
)
_FORKS = re.compile(
    r"\bfork\s*(?:\(\))?\s*while\b|while\s*\(?\s*(?:1|true|True)\s*\)?\s*[:{]?\s*(?:os\.)?fork\b|\bloop\s*\{\s*fork\b"
)
SHARED_CALL = re.compile(
    r"(?i)[.>:](?:flush_?all|flush_?db|drop_?(?:database|collection|table|schema|index|keyspace|all)\w*|delete_?(?:bucket|object|table|stack|cluster|instance|function|namespace\w*"
    r"|topic|queue|user|role|volume|snapshot|repository|repo|project|secret|domain|zone|db_\w+|deployment\w*|pod\w*|service\w*|collection\w*|index)\w*|terminate_?instances?"
    r"|delete_?many\s*\(\s*(?:\{\s*\})?\s*\)|remove_?volume\w*|purge_?queue\w*|truncate_?\w*|destroy_?all|delete_?all)\s*\("
)
"""Methods of database and cloud libraries that destroy what others share."""


def reach(call: Call, text: str, language: str) -> None:
    """Judge what code in `language` deletes, loads and destroys, whatever its words for it."""
    for match in _DELETES_TREE.finditer(text):
        path = next(group for group in match.groups() if group)
        call.deletes(path.replace('"', ""), recursive=True)
    if _DELETER.search(text):
        for match in _AWAY.finditer(text):
            place = call.place(match[1])
            if place.zone in (Zone.HOME, Zone.ROOT, Zone.OUTSIDE, Zone.SYSTEM):
                call.deletes(match[1], recursive=True)
        if _HOME.search(text):
            call.high("deletes outside of the project")
    for match in _LOADS.finditer(text):
        if language == "ruby" and match[0].startswith("source"):
            continue  # `source "https://rubygems.org"` says where gems come from.
        if match[1].startswith("http"):
            call.high("runs text that comes from another machine", "runs downloaded text")
        else:
            run_file(call, match[1])
    if _FETCHES.search(text) and _TAKES.search(text):
        call.high("runs text that comes from another machine", "runs downloaded text")
    for match in (*_PIPE_OPENED.finditer(text), *_BANG.finditer(text)):
        if language != "gdb":
            call.shell(match[1])
    for match in _WORDS.finditer(text):
        call.run([a or b for a, b in re.findall(r"\"([^\"]*)\"|'([^']*)'", match[1])])
    if _FORKS.search(text):
        call.high("starts processes without an end")
    if SHARED_CALL.search(text):
        call.high("destroys what others share", f"runs {shown(text)}")
    search(call, text)
