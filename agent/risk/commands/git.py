# ruff: noqa: SIM102 - tables and patterns read better unbroken
"""Rules for git: what each of its commands does to work, history and shared branches."""

from __future__ import annotations

import os
import re

from agent.risk.arguments import has, split, value, wordlist
from agent.risk.commands.git_directories import git_place, git_surroundings
from agent.risk.commands.git_losses import throws_away
from agent.risk.commands.git_paths import git_paths
from agent.risk.commands.git_remotes import names_remotes, push
from agent.risk.commands.git_settings import git_alias, git_config, git_setting
from agent.risk.commands.git_trees import git_trees
from agent.risk.commands.patches import git_patch
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import shown
from agent.risk.evaluation.made import makes
from agent.risk.paths import Zone
from agent.risk.shell.syntax import UNKNOWN

_GIT_VALUED = (
    "-C",
    "-c",
    "--git-dir",
    "--work-tree",
    "--namespace",
    "--exec-path",
    "--super-prefix",
    "--config-env",
)


_GIT_LOW = frozenset(
    wordlist(
        """
    status log diff show ls-files ls-tree ls-remote blame annotate shortlog describe rev-parse
    rev-list cat-file grep help version whatchanged name-rev for-each-ref merge-base cherry
    count-objects var check-ignore check-attr diff-tree diff-index diff-files show-ref
    show-branch range-diff verify-commit verify-tag fsck request-pull symbolic-ref archive
    bugreport get-tar-commit-id merge-tree patch-id stripspace column
    interpret-trailers verify-pack check-mailmap check-ref-format
    """
    )
)


_GIT_MEDIUM = frozenset(
    wordlist(
        """
    add commit pull fetch merge rebase cherry-pick revert mv rm tag branch checkout switch
    restore stash clone init apply am format-patch notes bisect submodule worktree remote config
    push sparse-checkout gc prune maintenance repack pack-refs lfs reset clean reflog mergetool
    difftool update-index read-tree write-tree commit-tree hash-object bundle rerere
    fmt-merge-msg merge-file subtree flow review town absorb gui citool gitk instaweb replace
    mktag mktree unpack-objects index-pack pack-objects update-ref send-email svn p4
    filter-branch filter-repo credential daemon hook shell upload-pack receive-pack send-pack
    fast-import fast-export quiltimport range-diff restore-mtime cvsserver http-push imap-send
    crypt secret annex alias-list
    """
    )
)


def git(call: Call) -> None:
    """`git`."""
    argv = call.argv
    if len(argv) == 3 and argv[2] in ("--help", "-h"):
        call.low()
        return
    at = 1
    state = call.evaluator.state
    cwd = state.cwd
    try:
        while at < len(argv) and argv[at].startswith("-"):
            option = argv[at]
            following = argv[at + 1] if at + 1 < len(argv) else ""
            if option == "-c":
                name, equals, text = following.partition("=")
                git_setting(call, name, text if equals else "true")
            elif option.startswith("--config-env"):
                call.high("takes git settings from the environment")
            elif option.startswith("--exec-path="):
                call.high("has git run something else")
            elif option == "-C":
                state.cwd = call.place(following).path
            elif option.startswith("--git-dir"):
                git_place(call, "GIT_DIR", (option.partition("=")[2] or following,))
            elif option.startswith("--work-tree"):
                tree = option.partition("=")[2] or following
                call.scatters(tree)
                if call.place(tree).zone in (Zone.HOME, Zone.ROOT, Zone.SYSTEM, Zone.OUTSIDE) and (
                    call.place(tree).path != call.evaluator.ground.project
                ):
                    call.high("has git write outside of the project")
            elif option in ("--version", "--help", "-h", "--exec-path", "--html-path"):
                call.low()
                return
            at += 2 if option in _GIT_VALUED else 1
        if at >= len(argv):
            call.low()
            return
        git_surroundings(call)
        _git_verb(call, argv[at], argv[at:])
    finally:
        state.cwd = cwd


def _git_verb(call: Call, verb: str, argv: list[str]) -> None:
    if UNKNOWN in verb:
        call.opaque("which git command runs cannot be known")
        return
    options, operands = split(argv)
    git_paths(call, verb, argv, operands)
    git_trees(call, verb, argv)
    if verb in ("push", "send-pack"):
        push(call, argv)
    elif verb == "subtree" and operands[:1] == ["push"]:
        push(call, ["push", *split(argv, ("-P", "--prefix"))[1][1:]])
    elif verb == "commit":
        call.medium("commits")
        _hooks(call, argv)
    elif verb in ("reset",):
        _reset(call, options, operands)
    elif verb == "clean":
        _clean(call, argv)
    elif verb == "checkout":
        _checkout(call, argv, options, operands)
    elif verb == "restore":
        if not has(options, "S", "--staged") or has(options, "W", "--worktree"):
            if any(o in (".", ":/", "*", "..", "./") or o.endswith("/") for o in operands):
                call.high("throws away all work that was not committed")
            else:
                throws_away(
                    call,
                    split(argv, ("-s", "--source"))[1],
                    staged=has(options, "S", "--staged"),
                )
        else:
            call.medium("unstages files")
    elif verb == "switch":
        if has(options, "fC", "--force", "--discard-changes", "--force-create"):
            call.high("throws away work that was not committed")
        call.medium("switches branches")
    elif verb == "stash":
        if operands[:1] in (["drop"], ["clear"]):
            call.high("deletes stashed work", f"git stash {operands[0]}")
        elif operands[:1] in (["list"], ["show"]):
            call.low()
        else:
            if operands[:1] in (["pop"], ["apply"], ["branch"]):
                call.evaluator.restored = True
            call.medium("stashes work")
    elif verb == "branch":
        if (
            has(options, "D")
            or (has(options, "d", "--delete") and has(options, "f", "--force"))
            or has(options, "C")
        ):
            call.high(
                "deletes or overwrites branches with work that may be nowhere else",
                f"deletes the branch {shown(' '.join(operands))}",
            )
        elif has(options, "f", "--force") and len(operands) > 1:
            call.high("moves a branch away from work that may be nowhere else")
        elif has(options, "M"):
            call.medium("renames a branch")
        elif has(options, "dm", "--delete", "--move") or operands:
            call.medium("changes branches")
        else:
            call.low()
    elif verb == "tag":
        if not operands or has(options, "l", "--list") or has(options, "nv", "--verify"):
            call.low()
        elif has(options, "d", "--delete"):
            call.medium("deletes a local tag")
        else:
            call.medium("tags")
    elif verb == "reflog":
        if operands[:1] in (["expire"], ["delete"]):
            call.high("deletes git's way back")
        else:
            call.low()
    elif verb in ("gc", "prune", "repack", "maintenance"):
        if (
            any(a.startswith("--prune=") and not a.endswith("ago") for a in argv)
            or (verb == "prune" and not has(options, "n", "--dry-run"))
            or ("--aggressive" in argv and "--prune" in argv)
        ):
            call.high(
                "deletes git's way back"
            ) if verb != "prune" or "--expire=now" in argv or "--expire" in argv or len(
                argv
            ) < 3 else None
        if verb == "maintenance" and operands[:1] in (["start"], ["register"]):
            call.high("plants something that runs later")
        call.medium("tidies the repository")
    elif verb in ("filter-branch", "filter-repo", "replace", "fast-import"):
        call.high("rewrites history", f"git {verb} rewrites history")
    elif verb == "update-ref":
        call.high("moves or deletes references by hand") if has(
            options, "d", "--stdin"
        ) else call.medium("moves a reference")
    elif verb == "remote":
        if operands[:1] in (["add"], ["set-url"], ["rename"]):
            names_remotes(call, operands)
        elif operands[:1] in (
            ["remove"],
            ["rm"],
            ["prune"],
            ["update"],
            ["set-head"],
            ["set-branches"],
        ):
            call.medium("changes remotes")
        else:
            call.low()
    elif verb == "config":
        git_config(call, argv, options)
    elif verb == "worktree":
        if operands[:1] == ["remove"] and has(options, "f", "--force"):
            call.high("throws away work that was not committed")
        elif operands[:1] == ["list"]:
            call.low()
        else:
            if operands[:1] == ["add"]:
                for operand in split(argv, ("-b", "-B", "--reason"))[1][1:2]:
                    makes(call, operand, exclusive=True)
            call.medium("changes worktrees")
    elif verb == "submodule":
        if operands[:1] == ["foreach"]:
            rest = [
                a
                for a in argv[argv.index("foreach") + 1 :]
                if a not in ("--recursive", "-q", "--quiet")
            ]
            call.shell(" ".join(rest))
        if operands[:1] == ["deinit"] and has(options, "f", "--force"):
            call.high("throws away work that was not committed")
        call.medium("changes submodules") if operands[:1] not in (
            [],
            ["status"],
            ["summary"],
        ) else call.low()
    elif verb == "bisect":
        if operands[:1] == ["run"]:
            call.run(argv[argv.index("run") + 1 :])
        call.medium("bisects")
    elif verb == "rebase":
        for text in value(argv, "-x", "--exec"):
            call.shell(text)
        if "--root" in argv:
            call.high("rewrites history")
        call.medium("rebases")
    elif verb in ("clone", "fetch", "pull", "ls-remote", "archive"):
        if verb == "clone" and operands:
            name = operands[0].rstrip("/").removesuffix(".git").rpartition("/")[2]
            target = operands[1] if len(operands) > 1 else name.rpartition(":")[2]
            call.evaluator.fetched.append(call.place(target).path)
            makes(call, target, exclusive=True)
        for text in value(argv, "-u", "--upload-pack", "--exec"):
            if verb == "archive" and text == "HEAD":
                continue
            call.shell(text)
            call.high("has git run another program") if text not in ("git-upload-pack",) else None
        for text in value(argv, "-c", "--config"):
            name, _, setting = text.partition("=")
            git_setting(call, name, setting)
        if value(argv, "--template"):
            call.high("plants code in the repository's hooks")
        if any(word.removeprefix("--remote=").startswith("ext::") for word in argv):
            call.high("has git run a command")
        if verb == "pull" and has(options, "f", "--force"):
            call.medium("pulls")
        for path in value(argv, "-o", "--output") if verb == "archive" else []:
            call.writes(path)
        if verb == "fetch" and any(
            o.startswith("+") or (":" in o and not re.match(r"^\w+://|^git@", o)) for o in operands
        ):
            if any(
                ":" in o and (o.startswith("+") or has(options, "f", "--force")) for o in operands
            ):
                call.high("overwrites local branches")
            call.medium("moves local branches")
        if verb == "clone":
            _cloned(call, operands)
            address = operands[0].rstrip("/") if operands else ""
            usual = address.rpartition("/")[2].rpartition(":")[2].removesuffix(".git")
            _set_apart(call, argv, operands[1] if len(operands) > 1 else usual)
        call.low() if verb in ("ls-remote", "archive") else call.medium(f"runs git {verb}")
    elif verb == "grep":
        for text in value(argv, "-O", "--open-files-in-pager"):
            call.hook(f"{text} ./*")
        for operand in operands[0 if value(argv, "-e") else 1 :]:
            call.reads(operand)
        call.low()
    elif verb in ("diff", "log", "show", "blame", "whatchanged"):
        for path in value(argv, "--output"):
            call.writes(path)
        if "--ext-diff" in argv:
            call.medium("runs the configured diff program")
        for operand in operands:
            if "--no-index" in argv:
                call.reads(operand)
                call.gathers(operand, hidden=True)
            elif verb != "blame" and ":" in operand:
                _kept(call, operand.partition(":")[2])
            elif verb != "log" or has(options, "p", "--patch"):
                _kept(call, operand)
        call.low()
    elif verb == "difftool":
        for text in value(argv, "-x", "--extcmd"):
            call.hook(text)
        call.medium("runs a diff program")
    elif verb in ("credential", "credential-store", "credential-cache"):
        call.high("reads or changes stored credentials")
    elif verb in ("daemon", "instaweb", "shell", "upload-pack", "receive-pack", "http-backend"):
        call.high("opens the repository to others")
    elif verb == "send-email":
        call.high("sends mail")
    elif verb == "rm":
        if has(options, "f", "--force") or has(options, "r"):
            if any(o in (".", "*", ":/", "./") for o in operands) and not has(
                options, "n", "--cached", "--dry-run"
            ):
                call.high("deletes the whole working tree")
        call.medium("removes files")
    elif verb == "init":
        if value(argv, "--template"):
            call.high("plants code in the repository's hooks")
        for path in value(argv, "--separate-git-dir"):
            call.evaluator.moved_to(call.place(path).path)
        _set_apart(call, argv, operands[0] if operands else ".")
        call.medium("makes a repository")
    elif verb == "symbolic-ref":
        if has(options, "d", "--delete"):
            call.high("deletes a reference")
        call.medium("moves a reference") if len(operands) > 1 else call.low()
    elif verb == "checkout-index":
        call.high("throws away work that was not committed") if has(
            options, "f", "--force"
        ) else call.medium("checks out files")
    elif verb == "read-tree":
        call.high("throws away work that was not committed") if has(
            options, "u", "--reset"
        ) else call.medium("changes the index")
    elif verb == "lfs":
        call.run(["git-lfs", *argv[1:]])
    elif verb == "p4" and operands[:1] == ["submit"]:
        call.high("changes a shared repository")
    elif verb == "svn":
        call.high("changes a shared repository, or throws work away") if operands[:1] in (
            ["dcommit"],
            ["reset"],
            ["set-tree"],
        ) else call.medium("runs git svn")
    elif verb == "mv":
        for operand in operands[-1:]:
            target = call.place(operand).path
            call.evaluator.moved_to(target)
            for source in operands[:-1]:
                origin = call.place(source)
                call.renames(origin, target)
                call.copies(origin.path, target)
        call.medium("moves files")
    elif verb in ("apply", "am"):
        git_patch(call, verb, argv)
    elif verb == "hook":
        call.medium("runs the repository's hooks")
    elif verb in _GIT_LOW:
        call.low()
    elif verb in _GIT_MEDIUM:
        call.medium(f"runs git {verb}")
    else:
        git_alias(call, verb, argv)


_ADDRESS = re.compile(r"\w+://|[\w.-]+@[\w.-]+:|gh:")


def _set_apart(call: Call, argv: list[str], made: str) -> None:
    """Note where a new repository's settings are, where they are not below it."""
    for path in value(argv, "--separate-git-dir"):
        apart, top = call.place(path).path, call.place(made).path
        if made and UNKNOWN not in top:
            call.evaluator.files[f"{top}/.git"] = f"gitdir: {apart}\n"


def _cloned(call: Call, operands: list[str]) -> None:
    """What a clone brings is as foreign as what is downloaded."""
    at = next((at for at, word in enumerate(operands) if _ADDRESS.match(word)), -1)
    if at < 0:
        return
    named = operands[at + 1 : at + 2]
    name = named[0] if named else operands[at].rstrip("/").rpartition("/")[2]
    name = name.rpartition(":")[2].removesuffix(".git")
    if name and UNKNOWN not in name:
        call.evaluator.fetched.append(call.place(name).path)
        makes(call, name, exclusive=True)


def _kept(call: Call, path: str) -> None:
    """What the repository keeps of a file with credentials is as secret as the file."""
    if path and call.place(path).secret:
        call.reads(path)


def _hooks(call: Call, argv: list[str]) -> None:
    for path in value(argv, "-F", "--file", "-t", "--template"):
        call.reads(path)


def _reset(call: Call, options: list[str], operands: list[str]) -> None:
    if any(o.startswith("--h") for o in options) or any(o.startswith("--me") for o in options):
        call.high(
            "throws away work that was not committed",
            f"git reset {shown(' '.join(options + operands))}",
        )
    else:
        call.medium("moves the branch or unstages files")


def _clean(call: Call, argv: list[str]) -> None:
    options, operands = split(argv, ("-e", "--exclude"))
    if has(options, "n", "--dry-run"):
        call.low()
    elif has(options, "f", "--force"):
        safe = operands and all(call.place(o).zone is Zone.REGENERABLE for o in operands)
        if safe or (has(options, "X") and not has(options, "x")):
            call.medium("deletes ignored files")
        else:
            call.high(
                "deletes files that git does not track", "deletes files that git does not track"
            )
    else:
        call.medium("cleans the working tree")


def _checkout(call: Call, argv: list[str], options: list[str], operands: list[str]) -> None:
    if has(options, "f", "--force"):
        call.high("throws away work that was not committed")
    elif "--" in argv or operands[:1] == ["."]:
        paths = argv[argv.index("--") + 1 :] if "--" in argv else operands
        if any(p in (".", ":/", "*", "./", "..") for p in paths):
            call.high("throws away all work that was not committed")
        else:
            at = argv.index("--") if "--" in argv else 1
            throws_away(call, paths, staged=any(a[:1] != "-" for a in argv[1:at]))
    elif "." in operands[1:]:
        call.high("throws away all work that was not committed")
    elif has(options, "B"):
        call.medium("moves a branch")
    elif has(options, "bp", "--orphan", "--patch", "--detach"):
        call.medium("switches branches")
    elif named := [o for o in operands if os.path.lexists(call.place(o).path)]:
        throws_away(call, named, staged=named != operands)
    elif len(operands) > 1:
        throws_away(call, operands[1:], staged=True)
    else:
        call.medium("switches branches")
