# ruff: noqa: E501, SIM102 - tables and patterns read better unbroken
"""Rules for git, forges, containers, clusters and clouds."""

from __future__ import annotations

import re

from agent.risk import programs
from agent.risk.arguments import after_options, has, split, value, wordlist
from agent.risk.evaluate import UNKNOWN, Call, Handler, shown, simple
from agent.risk.paths import Zone

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
    bugreport difftool-none get-tar-commit-id merge-tree patch-id stripspace column
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
_GIT_COMMANDS = re.compile(
    r"^(?:core\.(?:pager|editor|sshcommand|hookspath|fsmonitor|gitproxy|askpass|alternaterefscommand|worktree)|sequence\.editor|diff\.external|diff\..*\.(?:command|textconv)"
    r"|pager\..*|credential\.helper|credential\..*\.helper|gpg\.program|gpg\..*\.program|merge\..*\.driver|filter\..*\.(?:clean|smudge|process)|mergetool\..*\.(?:cmd|path)"
    r"|difftool\..*\.(?:cmd|path)|alias\..*|remote\..*\.(?:uploadpack|receivepack|vcs|proxy)|protocol\..*|url\..*\.(?:insteadof|pushinsteadof)|include\.path|includeif\..*"
    r"|init\.templatedir|browser\..*|man\..*\.cmd|sendemail\..*|http\.(?:proxy|sslverify|.*\.sslverify|extraheader|cookiefile)|uploadpack\..*|receive\..*|interactive\.difffilter|trailer\..*\.(?:command|cmd)|ssh\..*|submodule\..*\.update|web\.browser|instaweb\..*|fsmonitor.*|tar\..*\.command|safe\.(?:directory|barerepository)|hook\..*|guitool\..*|commit\.gpgsign-none|user\.signingkey-none)$",
    re.I,
)
_HARMLESS_VALUES = re.compile(
    r"^(?:cat|less(?: [-\w]+)*|delta|diff-so-fancy.*|more|vim?|nvim|nano|true|:|false|code --wait|emacs|bat.*|never|always|\d+|)$"
)


_GIT_PUSHES = re.compile(
    r"^(?:remote\..*\.(?:push|mirror|url|pushurl)|remote\.pushdefault|push\.default"
    r"|branch\..*\.(?:pushremote|remote))$",
    re.I,
)
"""Settings that decide where and how a later, plain `git push` goes."""
_PUSHES_AS_USUAL = re.compile(
    r"(?:simple|current|upstream|tracking|nothing|false|no|off|0|origin|HEAD"
    r"|(?:HEAD:)?refs/(?:heads|for)/[\w./-]+)?",
    re.I,
)


def git_setting(call: Call, name: str, text: str | None) -> None:
    """A setting that git would use, from `-c` or `config`."""
    if text is not None and _GIT_PUSHES.match(name):
        if not _PUSHES_AS_USUAL.fullmatch(text):
            call.high(f"changes where or how git pushes ({name})", f"sets {name}")
        return
    if not _GIT_COMMANDS.match(name) or text is None:
        return
    lower = name.lower()
    if lower.startswith("alias."):
        if text.startswith("!"):
            call.shell(text[1:])
        else:
            call.run(["git", *text.split()])
        return
    if lower in ("core.pager", "core.editor", "sequence.editor") or lower.startswith("pager."):
        if not _HARMLESS_VALUES.match(text):
            call.shell(text)
            if UNKNOWN in text:
                call.opaque("has git run something unknown")
        return
    if lower == "core.fsmonitor" and text in ("true", "false", ""):
        return
    if lower == "protocol.version" or (
        lower.startswith("protocol.") and text in ("never", "user", "2", "1")
    ):
        return
    if lower == "credential.helper" and text in (
        "",
        "cache",
        "osxkeychain",
        "manager",
        "libsecret",
    ):
        if text:
            call.medium("changes where credentials are kept")
        return
    if lower.endswith("sslverify") and text.lower() in ("true", "1", "yes"):
        return
    if lower.startswith("submodule.") and text in ("checkout", "rebase", "merge", "none"):
        return
    if lower.startswith("safe."):
        call.medium("trusts a repository")
        return
    call.high(f"has git run or trust something else ({name})", f"sets {name}")


def git(call: Call) -> None:
    """`git`."""
    argv = call.argv
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
            elif option.startswith("--work-tree"):
                tree = option.partition("=")[2] or following
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
        _git_verb(call, argv[at], argv[at:])
    finally:
        state.cwd = cwd


def _git_verb(call: Call, verb: str, argv: list[str]) -> None:
    if UNKNOWN in verb:
        call.opaque("which git command runs cannot be known")
        return
    options, operands = split(argv)
    _git_paths(call, verb, argv, operands)
    if verb in ("push", "send-pack"):
        _push(call, argv)
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
            if any(o in (".", ":/", "*", "..", "./") for o in operands):
                call.high("throws away all work that was not committed")
            else:
                call.medium("throws away changes of named files")
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
        elif has(options, "M") or (has(options, "f", "--force") and len(operands) > 1):
            call.medium("renames or moves a branch")
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
        if operands[:1] in (["add"], ["set-url"]):
            addresses = operands[2:] or operands[1:]
            if any(a.startswith("ext::") for a in addresses):
                call.high("has git run a command")
            call.medium("changes remotes")
        elif operands[:1] in (
            ["remove"],
            ["rm"],
            ["rename"],
            ["prune"],
            ["update"],
            ["set-head"],
            ["set-branches"],
        ):
            call.medium("changes remotes")
        else:
            call.low()
    elif verb == "config":
        _config(call, argv, options)
    elif verb == "worktree":
        if operands[:1] == ["remove"] and has(options, "f", "--force"):
            call.high("throws away work that was not committed")
        elif operands[:1] == ["list"]:
            call.low()
        else:
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
        if any(o.startswith("ext::") for o in operands):
            call.high("has git run a command")
        if verb == "pull" and has(options, "f", "--force"):
            call.medium("pulls")
        for path in value(argv, "-o", "--output") if verb == "archive" else []:
            call.writes(path)
        if verb == "fetch" and any(
            o.startswith("+") or (":" in o and not re.match(r"^\w+://|^git@", o)) for o in operands
        ):
            call.medium("overwrites local branches")
        call.low() if verb in ("ls-remote", "archive") else call.medium(f"git {verb}")
    elif verb == "grep":
        for text in value(argv, "-O", "--open-files-in-pager"):
            call.shell(text)
        call.low()
    elif verb in ("diff", "log", "show", "blame", "whatchanged"):
        for path in value(argv, "--output"):
            call.writes(path)
        if "--ext-diff" in argv:
            call.medium("runs the configured diff program")
        for operand in operands:
            if "--no-index" in argv:
                call.reads(operand)
        call.low()
    elif verb == "difftool":
        for text in value(argv, "-x", "--extcmd"):
            call.shell(text)
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
        call.medium("makes a repository")
    elif verb == "symbolic-ref":
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
    elif verb == "svn":
        call.high("changes a shared repository") if operands[:1] == ["dcommit"] else call.medium(
            "git svn"
        )
    elif verb == "hook":
        call.medium("runs the repository's hooks")
    elif verb in _GIT_LOW:
        call.low()
    elif verb in _GIT_MEDIUM:
        call.medium(f"git {verb}")
    else:
        _alias(call, verb, argv)


_GIT_READS: dict[str, tuple[str, ...]] = {
    "notes": ("-F", "--file"), "tag": ("-F", "--file"), "commit": ("-F", "--file", "-t", "--template"),
    "commit-tree": ("-F",), "merge": ("-F", "--file"),
}  # fmt: skip
"""Options whose file's content git stores, where it is pushed from later."""
_GIT_STORES = frozenset(wordlist("hash-object add stage apply am update-index mailinfo"))
"""Verbs whose operands' content git stores or shows."""
_GIT_WRITES: dict[str, tuple[str, ...]] = {
    "format-patch": ("-o", "--output-directory", "--output"), "archive": ("-o", "--output"),
    "fast-export": ("--export-marks",), "apply": ("--directory",), "am": ("--directory",),
    "clone": ("--separate-git-dir",), "init": ("--separate-git-dir",), "checkout-index": ("--prefix",),
    "diff": ("--output",), "log": ("--output",), "show": ("--output",),
}  # fmt: skip
"""Options that name where git writes files."""


def _git_paths(call: Call, verb: str, argv: list[str], operands: list[str]) -> None:
    """Files outside of the repository that a verb reads into it or writes out of it."""
    for path in value(argv, *_GIT_READS.get(verb, ())):
        call.reads(path)
    if verb in _GIT_STORES:
        for operand in operands:
            if call.place(operand).zone is not Zone.PROJECT:
                call.reads(operand)
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


def _push(call: Call, argv: list[str]) -> None:
    valued = ("-o", "--push-option", "--repo", "--receive-pack", "--exec")
    options, operands = split(argv, valued)
    for text in value(argv, "--receive-pack", "--exec"):
        call.shell(text)
        call.high("has git run another program")
    forced = has(options, "f", "--force", "--force-with-lease", "--force-if-includes") or any(
        o.startswith(("--forc", "--mirro")) for o in options
    )
    deleting = has(options, "d", "--delete", "--prune", "--mirror")
    for ref in operands[1:]:
        if ref.startswith("+"):
            forced = True
        if ref.startswith(":") and len(ref) > 1:
            deleting = True
    if any(o.startswith("ext::") for o in operands):
        call.high("has git run a command")
    if has(options, "n", "--dry-run") and not value(argv, "--receive-pack", "--exec"):
        call.low()
        return
    remote = shown(operands[0]) if operands else "the remote"
    if deleting:
        call.high(
            "deletes a shared branch or tag on the remote", f"deletes branches or tags on {remote}"
        )
    elif forced:
        call.high("rewrites a shared branch on the remote", f"rewrites a shared branch on {remote}")
    elif any(UNKNOWN in o for o in operands) and any(o.startswith(UNKNOWN) for o in operands[1:]):
        call.medium("pushes a branch whose name is not known")
    else:
        call.medium("pushes to the remote", f"pushes to {remote}")


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
            call.medium("throws away changes of named files")
    elif "." in operands[1:]:
        call.high("throws away all work that was not committed")
    elif has(options, "B"):
        call.medium("moves a branch")
    else:
        call.medium("switches branches")


def _config(call: Call, argv: list[str], options: list[str]) -> None:
    words = split(argv, ("-f", "--file", "--type", "--blob"))[1]
    if words[:1] in (["get"], ["list"], ["get-all"]) or has(
        options,
        "l",
        "--get",
        "--list",
        "--get-all",
        "--get-regexp",
        "--show-origin",
        "--get-urlmatch",
        "--show-scope",
    ):
        call.low()
        return
    if has(options, "e", "--edit") or words[:1] == ["edit"]:
        call.high("edits git's settings")
        return
    if words[:1] in (["set"], ["unset"], ["remove-section"], ["rename-section"]):
        words = words[1:]
    if len(words) == 1 and not has(
        options, "", "--unset", "--unset-all", "--remove-section", "--add"
    ):
        call.low()
        return
    everywhere = any(
        o in ("--global", "--system") or o.startswith(("--gl", "--sy")) for o in options
    )
    for path in value(argv, "-f", "--file"):
        call.writes(path)
    name = words[0] if words else ""
    if len(words) > 1:
        git_setting(call, name, words[1])
    if any(o.startswith("--sy") for o in options):
        call.high("changes git's settings for everybody")
    elif everywhere and _GIT_COMMANDS.match(name):
        call.high("changes git's settings everywhere")
    call.medium("changes git's settings")


def _alias(call: Call, verb: str, argv: list[str]) -> None:
    """An unknown verb: perhaps an alias in a settings file that can be read."""
    from agent.risk.wrappers import read_script

    project = call.evaluator.ground.project
    for path in (f"{project}/.git/config", f"{call.evaluator.ground.home}/.gitconfig"):
        text = read_script(path, call.evaluator.digests)
        if not isinstance(text, str):
            continue
        match = re.search(rf"^\s*{re.escape(verb)}\s*=\s*(.+)$", text, re.M | re.I)
        if match and "[alias]" in text:
            body = match[1].strip().strip('"')
            key = "git:" + verb
            if key in call.evaluator.reading:
                return
            call.evaluator.reading.add(key)
            if body.startswith("!"):
                call.shell(body[1:] + " " + " ".join(argv[1:]))
            else:
                call.run(["git", *body.split(), *argv[1:]])
            call.evaluator.reading.discard(key)
            return
    call.medium(f"no rule knows git {shown(verb)}")


_DOCKER_VALUED = frozenset(
    wordlist(
        """
    -v --volume -e --env --env-file -p --publish --name -w --workdir -u --user --network --net
    --entrypoint -h --hostname -m --memory --cpus -l --label --mount --device --cap-add
    --cap-drop --security-opt --pid --ipc --uts --userns --restart --platform --add-host --tmpfs
    --ulimit --shm-size --gpus --runtime --pull --log-driver --log-opt --dns --expose --link
    --volumes-from --cgroupns --cgroup-parent --cidfile --detach-keys --group-add --health-cmd
    --init-path --ip --isolation --stop-signal --sysctl --index --context -c -H --host
    --project-name --profile -f --file --privileged-none --publish-all-none --annotation
    --storage-opt --cpuset-cpus --memory-swap
    """
    )
)


def docker(call: Call) -> None:
    """`docker`, `podman`: `run` and `exec` carry a command; some options give the host away."""
    argv = call.argv
    globals_ = ("-H", "--host", "-c", "--context", "--config", "-l", "--log-level")
    rest = after_options(argv, globals_)
    for text in value(argv[: max(1, len(argv) - len(rest))], "-H", "--host"):
        if not text.startswith("unix:"):
            call.high("controls containers on another machine")
    if not rest:
        simple(call, "docker")
        return
    verb = rest[0]
    if verb == "unshare":
        call.run(after_options(rest))
        call.medium("runs something as the containers' root")
        return
    if verb in ("container", "compose") and len(rest) > 1:
        if verb == "compose":
            inner = after_options(
                rest,
                (
                    "-f",
                    "--file",
                    "-p",
                    "--project-name",
                    "--profile",
                    "--env-file",
                    "--project-directory",
                ),
            )
            _compose(call, inner, rest)
            return
        rest = rest[1:]
        verb = rest[0]
    if verb in ("run", "create", "exec"):
        _container(call, verb, rest)
    elif verb == "cp":
        _docker_copy(call, rest)
    elif verb in ("rm", "kill", "stop") or (verb in ("rmi",)):
        if verb in ("rm",) and has(split(rest)[0], "v", "--volumes"):
            call.high("deletes containers with their data")
        if any(UNKNOWN in w for w in rest[1:]):
            call.high("removes containers or images that cannot be known") if verb in (
                "rm",
                "rmi",
            ) else call.medium("stops containers")
        call.medium(f"docker {verb}")
    elif verb == "build" or (verb in ("buildx", "image", "builder") and "build" in rest[:2]):
        if any(a in ("--push",) for a in rest):
            call.high("publishes an image")
        for text in value(rest, "--secret", "--ssh"):
            call.medium("lends secrets to the build")
            del text
        for operand in split(
            rest,
            (
                "-t",
                "--tag",
                "-f",
                "--file",
                "--build-arg",
                "--target",
                "--platform",
                "--cache-from",
                "--cache-to",
                "-o",
                "--output",
                "--secret",
                "--ssh",
                "--label",
                "--network",
                "--progress",
            ),
        )[1]:
            if "://" in operand or operand.startswith("git@"):
                call.high("builds from an unreviewed address")
        call.medium("builds an image")
    elif verb == "system" and "prune" in rest:
        call.high("deletes containers, images and perhaps volumes")
    elif (
        verb in ("volume", "network", "image", "builder", "buildx")
        and "prune" in rest
        and verb == "volume"
    ):
        call.high("deletes volumes with their data")
    elif verb == "import" or verb == "load":
        call.medium("loads an image")
    else:
        call.argv = ["docker", *rest]
        simple(call, "docker")
        call.argv = argv


def _compose(call: Call, inner: list[str], rest: list[str]) -> None:
    verb = inner[0] if inner else ""
    if verb in ("exec", "run"):
        words = after_options(
            inner,
            (
                "-e",
                "--env",
                "-u",
                "--user",
                "-w",
                "--workdir",
                "--index",
                "-p",
                "--publish",
                "-v",
                "--volume",
                "--entrypoint",
                "--name",
            ),
        )
        if words[1:]:
            _inside(call, words[1:])
        call.medium("runs something in a container")
    elif verb in ("down", "rm") and (
        has(split(inner)[0], "v", "--volumes") or ("--rmi" in " ".join(inner) and "-v" in inner)
    ):
        call.high("deletes containers with their data")
    else:
        argv = call.argv
        call.argv = ["docker", "compose", *inner]
        simple(call, "docker")
        call.argv = argv
    del rest


def compose(call: Call) -> None:
    """`docker-compose`."""
    inner = after_options(
        call.argv,
        ("-f", "--file", "-p", "--project-name", "--profile", "--env-file", "--project-directory"),
    )
    _compose(call, inner, call.argv)


def _inside(call: Call, words: list[str]) -> None:
    """A command inside a container: it can destroy what is in there, not the project."""
    state = call.evaluator.state
    cwd = state.cwd
    state.cwd = "/app"
    before = call.evaluator.worst
    del before
    call.run(words)
    state.cwd = cwd


def _container(call: Call, verb: str, rest: list[str]) -> None:
    options = rest[1:]
    inner: list[str] = []
    at = 1
    while at < len(rest):
        word = rest[at]
        if word == "--":
            inner = rest[at + 1 :]
            break
        if not word.startswith("-"):
            inner = rest[at:]
            break
        at += 2 if word in _DOCKER_VALUED else 1
    options = rest[1 : len(rest) - len(inner)] if inner else rest[1:]
    text = " ".join(options)
    if re.search(
        r"--privileged(?!=false)|--cap-add[= ](?:ALL|SYS_\w+|NET_ADMIN|DAC_\w+)|--(?:pid|ipc|uts|userns|cgroupns|net|network)[= ]host|--security-opt[= ]\S*(?:unconfined|disable)|--device(?:=|\s)|docker\.sock|--group-add[= ](?:docker|root|0)",
        text,
    ):
        if not re.fullmatch(r".*--(?:net|network)[= ]host.*", text) or re.search(
            r"--privileged|--pid|docker\.sock|--cap-add|--device", text
        ):
            call.high("gives a container the host", "starts a container with access to the host")
        else:
            call.medium("shares the host's network")
    for mount in value(options, "-v", "--volume") + value(options, "--mount"):
        match = re.search(r"(?:src|source)=([^,]+)", mount)
        source = match[1] if match else mount.partition(":")[0]
        if source.startswith(("/", "~", ".")) or UNKNOWN in source:
            place = call.place(source)
            if (
                place.zone in (Zone.SYSTEM, Zone.DEVICE)
                or place.path in ("/", call.evaluator.ground.home, "/home")
                or place.own
                or place.secret
                or place.path.endswith("docker.sock")
            ):
                call.high("gives a container the host's files", f"mounts {shown(source)}")
    for path in value(options, "--env-file"):
        if call.place(path).zone is not Zone.PROJECT:
            call.reads(path)
    words = inner[1:]
    entry = value(options, "--entrypoint")
    if entry:
        words = [*entry[-1].split(), *words]
    if words:
        _inside(call, words)
    call.medium(f"docker {verb}")


def _docker_copy(call: Call, rest: list[str]) -> None:
    operands = split(rest)[1]
    if len(operands) == 2:
        if ":" in operands[0]:
            if call.place(operands[1]).zone is not Zone.ROOT and operands[1] != "-":
                call.writes(operands[1])
        else:
            call.reads(operands[0])
    call.medium("copies files of a container")


def kubectl(call: Call) -> None:
    """`kubectl`: `exec` carries a command, secrets are secrets."""
    argv = call.argv
    valued = programs.OPTION_VALUES["kubectl"]
    rest = after_options(argv, valued)
    if not rest:
        simple(call, "kubectl")
        return
    verb = rest[0]
    if verb == "exec":
        inner = (
            rest[rest.index("--") + 1 :]
            if "--" in rest
            else split(rest, (*valued, "-c", "--container"))[1][1:]
        )
        if inner:
            _inside(call, inner)
            if re.search(r"^(?:sh|bash|ash|zsh)$", inner[0].rpartition("/")[2]) and len(inner) == 1:
                call.medium("opens a shell in a pod")
        call.medium("runs something in a pod")
        return
    if (
        verb in ("get", "describe")
        and any(re.match(r"^secrets?(?:/|$)", w) for w in rest[1:3])
        and (value(argv, "-o", "--output") or (verb == "get" and len(rest) > 2))
    ):
        if any(
            re.search(r"yaml|json|template|jsonpath|custom", o)
            for o in value(argv, "-o", "--output")
        ):
            call.high("reads credentials or keys")
    if any(a.startswith("--dry-run") and not a.endswith("none") for a in rest) and verb not in (
        "exec",
    ):
        call.low()
        return
    if verb == "config" and rest[1:2] == ["view"] and "--raw" in rest:
        call.high("reads credentials or keys")
    if verb in ("create",) and rest[1:2] == ["token"]:
        call.high("makes credentials")
    simple(call, "kubectl")


_CLOUD_HIGH = re.compile(
    r"^(?:delete|terminate|remove|destroy|purge|deregister|revoke|detach|disable|reset|schedule-key-deletion|stop|reboot|put|create|update|modify|attach|"
    r"authorize|set|add|release|abort|cancel|restore|empty|rb|rm|mv|sync|cp|deploy|invoke|run|start|send|publish|import|upload|associate|disassociate|enable|"
    r"replace|assume-role|get-secret-value|get-parameter|get-parameters|decrypt|get-session-token|get-federation-token|batch-delete|execute|rotate|scale|"
    r"suspend|tag|untag|register|change|swap|promote|failover|move|drain|rollback|patch|apply|bind|grant|undelete|ssh|connect|access|print-access-token|"
    r"admin|add-iam-policy-binding|remove-iam-policy-binding|set-iam-policy|versions-none|clear|list-keys|regenerate|download-none|show-secret|login-none|presign|mb|"
    r"generate|export|copy|write|reset-password|list-secrets-none|keys|credential)(?:$|-\w|\w*$)"
)
_CLOUD_LOW = re.compile(
    r"^(?:ls|list|describe|get|show|view|help|wait|search|lookup|check|validate|query|read|tail|filter|batch-get|head|estimate|preview|configure|sso|version|info|status|logs)(?:-|$)"
)
_CLOUD_CREDENTIAL = re.compile(
    r"get-secret-value|get-parameters?(?:-by-path)?\b.*with-decryption|kms decrypt|get-session-token|assume-role|get-credentials-none|print-access-token|print-identity-token|"
    r"secrets versions access|keyvault secret show|account get-access-token|create-access-key|keys list|list-keys|get-login-password-none|application-default print|iam service-accounts keys create|export-credentials|"
    r"configure get aws_secret"
)


def cloud(call: Call) -> None:
    """`aws`, `gcloud`, `az`: by the verb in their words."""
    argv = call.argv
    program = argv[0].rpartition("/")[2]
    valued = frozenset(
        wordlist(
            """
    --profile --region --output --project --subscription --query --endpoint-url -g
    --resource-group --format --zone --account -n --name -o
    """
        )
    )
    words = split(argv, valued)[1]
    text = " ".join(argv[1:])
    if any(UNKNOWN in w for w in words[:2]):
        call.opaque(f"which {program} command runs cannot be known")
        return
    if _CLOUD_CREDENTIAL.search(text):
        call.high("reads or makes credentials", f"{program} {shown(' '.join(words[:3]))}")
        return
    if any("localhost" in u or "127.0.0.1" in u for u in value(argv, "--endpoint-url")):
        call.medium("changes a local stand-in of a cloud")
        return
    if any(a in ("--dry-run", "--dryrun", "--no-execute-changeset") for a in argv):
        call.low()
        return
    if program == "aws" and words[:1] == ["s3"] and len(words) > 1:
        if words[1] == "ls":
            call.low()
        elif (
            words[1] in ("cp", "sync")
            and len(words) > 3
            and words[2].startswith("s3://")
            and not words[3].startswith("s3://")
            and "--delete" not in argv
        ):
            call.medium("downloads from a bucket") if words[3] == "-" or call.place(
                words[3]
            ).zone is Zone.ROOT else call.writes(words[3])
            call.medium("downloads from a bucket")
        else:
            call.high(
                "changes a bucket or sends local data to it", f"aws {shown(' '.join(words[:4]))}"
            )
        return
    entry = programs.SUBCOMMANDS.get(program, {})
    for size in (3, 2, 1):
        found = entry.get(" ".join(words[:size]))
        if found is not None and len(words) >= size:
            simple(call, program)
            return
    verbs = words[1:2] if program == "aws" else words
    if program == "aws" and len(words) > 1:
        verb = words[1]
        if _CLOUD_LOW.match(verb):
            call.low()
        elif _CLOUD_HIGH.match(verb):
            call.high("changes shared infrastructure", f"aws {shown(' '.join(words[:2]))}")
        else:
            call.high("changes shared infrastructure") if verb not in ("help",) else call.low()
        return
    for verb in verbs:
        if _CLOUD_HIGH.match(verb) and not _CLOUD_LOW.match(verb):
            call.high("changes shared infrastructure", f"{program} {shown(' '.join(words[:4]))}")
            return
    if any(_CLOUD_LOW.match(w) for w in words) or not words:
        call.low()
    else:
        call.medium(f"no rule knows {program} {shown(' '.join(words[:3]))}")


def gh(call: Call) -> None:
    """`gh`: `api` by its method."""
    argv = call.argv
    words = split(
        argv,
        (
            "-R",
            "--repo",
            "-X",
            "--method",
            "-f",
            "-F",
            "-H",
            "-q",
            "--jq",
            "-t",
            "--field",
            "--raw-field",
            "--header",
            "--input",
            "--body",
            "-b",
            "--title",
        ),
    )[1]
    if words[:1] == ["api"]:
        methods = {m.upper() for m in value(argv, "-X", "--method")}
        fields = value(argv, "-f", "-F", "--field", "--raw-field", "--input")
        if not methods and fields:
            methods = {"POST"}
        path = words[1] if len(words) > 1 else ""
        if path == "graphql":
            if any("mutation" in f for f in fields):
                call.high("changes or exposes a shared forge")
            elif any(f.startswith(("@", "query=@")) or "=@" in f for f in fields):
                call.high("sends a query that cannot be read")
            else:
                call.low()
            return
        if methods - {"GET", "HEAD"}:
            if methods == {"POST"} and re.search(
                r"/(?:comments|reviews|reactions|labels|issues)(?:/\w+)?$", path
            ):
                call.medium("writes to the forge")
            else:
                call.high(
                    "changes or exposes a shared forge",
                    f"sends {'/'.join(sorted(methods))} to the forge",
                )
        else:
            call.low()
        return
    if words[:2] == ["repo", "clone"] or words[:2] == ["pr", "checkout"]:
        call.medium("fetches a repository")
        return
    if words[:2] == ["pr", "merge"]:
        call.high(
            "merges into a shared branch"
            if "--admin" not in argv
            else "merges past the branch's protection"
        )
        return
    if words[:2] == ["pr", "close"] and has(split(argv)[0], "d", "--delete-branch"):
        call.high("deletes a shared branch")
    if words[:2] == ["gist", "create"]:
        call.high("sends local data to another machine")
    if words[:2] == ["release", "download"] or words[:2] == ["run", "download"]:
        call.medium("downloads files")
        return
    if words[:2] == ["auth", "status"] and ("--show-token" in argv or "-t" in argv):
        call.high("reads credentials or keys")
    for path in value(argv, "-F", "--body-file", "--notes-file"):
        if words[:1] in (["pr"], ["issue"], ["release"]) and path != "-":
            call.reads(path)
    simple(call, "gh")


def terraform(call: Call) -> None:
    """`terraform`: `plan -destroy` looks; `apply` needs a person."""
    simple(call, call.argv[0].rpartition("/")[2])


def ansible(call: Call) -> None:
    """`ansible`, `ansible-playbook`: `--check` looks."""
    program = call.argv[0].rpartition("/")[2]
    if any(
        a
        in (
            "--check",
            "--syntax-check",
            "--list-hosts",
            "--list-tasks",
            "--list-tags",
            "-C",
            "--version",
        )
        for a in call.argv[1:]
    ):
        call.low()
        return
    modules = value(call.argv, "-m", "--module-name")
    if program == "ansible" and modules[-1:] in (["ping"], ["setup"], ["debug"], ["gather_facts"]):
        call.low()
        return
    call.high("runs something on many machines", "runs something on many machines")


def agent(call: Call) -> None:
    """Other coding agents: with their checks off they are HIGH, and any start needs a look."""
    text = " ".join(call.argv[1:])
    if call.argv[1:] in (["--version"], ["--help"], ["-h"], ["-v"]):
        call.low()
    elif re.search(
        r"dangerously|bypass|yolo|full-auto|--yes|skip-permissions|no-confirm|auto-approve|never|-y\b|--allow-all|auto_edit",
        text,
    ):
        call.high("starts another agent with its checks off")
    else:
        call.high("starts another agent")


HANDLERS: dict[str, Handler] = {
    "git": git, "docker": docker, "docker-compose": compose, "kubectl": kubectl, "oc": kubectl, "aws": cloud, "gcloud": cloud,
    "az": cloud, "gh": gh, "ansible": ansible, "ansible-playbook": ansible, "ansible-console": ansible, "ansible-pull": ansible,
    "podman-compose": compose,
    **dict.fromkeys(wordlist(
    """
    claude claude-code codex aider gemini gemini-cli cursor-agent opencode amp crush copilot cline qwen
    """
    ), agent),
}  # fmt: skip
