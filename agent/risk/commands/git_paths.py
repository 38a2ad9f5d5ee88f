# ruff: noqa: E501 - tables and patterns read better unbroken
"""Rules for the files that git commands read and write by name."""

from __future__ import annotations

from agent.risk.arguments import split, value, wordlist
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import shown
from agent.risk.paths import Zone

_GIT_READS: dict[str, tuple[str, ...]] = {
    "notes": ("-F", "--file"), "tag": ("-F", "--file"), "commit": ("-F", "--file", "-t", "--template"),
    "commit-tree": ("-F",), "merge": ("-F", "--file"), "fmt-merge-msg": ("-F", "--file"),
    "grep": ("-f",), "blame": ("--contents", "-S", "--ignore-revs-file"), "annotate": ("--contents", "-S"),
    "format-patch": ("--signature-file", "--description-file"), "interpret-trailers": ("--trailer-file",),
    "fast-import": ("--import-marks",),
}  # fmt: skip
"""Options whose file's content git shows, or stores where it is pushed from later."""


_GIT_STORES = frozenset(
    wordlist("hash-object add stage apply am update-index mailinfo merge-file interpret-trailers")
)
"""Verbs whose operands' content git stores or shows."""


_GIT_WRITES: dict[str, tuple[str, ...]] = {
    "format-patch": ("-o", "--output-directory", "--output"), "archive": ("-o", "--output"),
    "fast-export": ("--export-marks",), "apply": ("--directory",), "am": ("--directory",),
    "clone": ("--separate-git-dir",), "init": ("--separate-git-dir",), "checkout-index": ("--prefix",),
    **dict.fromkeys(
        wordlist("diff log show whatchanged diff-tree diff-index diff-files shortlog reflog stash range-diff"),
        ("--output",),
    ),
    "bugreport": ("-o", "--output-directory"), "diagnose": ("-o", "--output-directory"),
    "fast-import": ("--export-marks",), "mailsplit": ("-o",),
}  # fmt: skip
"""Options that name where git writes files."""


def git_paths(call: Call, verb: str, argv: list[str], operands: list[str]) -> None:
    """Files outside of the repository that a verb reads into it or writes out of it."""
    for path in value(argv, *_GIT_READS.get(verb, ()), "--pathspec-from-file"):
        call.reads(path)
    if verb == "grep" and "--no-index" in argv:
        for operand in operands:
            call.reads(operand)
            call.gathers(operand)
    if verb in _GIT_STORES:
        for operand in operands:
            if call.place(operand).zone is not Zone.PROJECT:
                call.reads(operand)
    if verb == "interpret-trailers" and "--in-place" in argv:
        for operand in operands:
            call.writes(operand)
    for path in value(argv, *_GIT_WRITES.get(verb, ())):
        place = call.place(path)
        if place.zone is not Zone.ROOT or place.path != call.evaluator.ground.project:
            call.writes(path)
    if verb == "bundle" and operands[:1] == ["create"]:
        for path in operands[1:2]:
            call.writes(path)
    targets: list[str] = []
    if verb == "clone":
        valued = ("-b", "--branch", "--depth", "-o", "--origin", "-u", "-c", "--config", "-j",
                  "--jobs", "--template", "--reference", "--filter", "--separate-git-dir")  # fmt: skip
        targets = split(argv, valued)[1][1:2]
    elif verb == "init":
        targets = split(argv, ("-b", "--initial-branch", "--template"))[1][:1]
    elif verb == "submodule" and operands[:1] == ["add"]:
        targets = split(argv, ("-b", "--branch", "--name", "--reference", "--depth"))[1][2:3]
    elif verb == "worktree" and operands[:1] in (["add"], ["move"]):
        words = split(argv, ("-b", "-B", "--reason"))[1]
        targets = words[1:2] if words[0] == "add" else words[2:3]
    for target in targets:
        place = call.place(target)
        below = call.place(f"{target}/x")
        sensitive = place.startup or place.own or place.secret or place.trace or below.startup
        hidden = place.zone is Zone.HOME and f"{place.path}/".startswith(
            f"{call.evaluator.ground.home}/."
        )
        above = place.zone is Zone.ROOT and place.path != call.evaluator.ground.project
        if sensitive or hidden or above or place.zone in (Zone.SYSTEM, Zone.DEVICE):
            call.high(
                "brings files to where programs look for their settings or code",
                f"fills {shown(target)}",
            )
