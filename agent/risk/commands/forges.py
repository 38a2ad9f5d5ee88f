"""Rules for `gh`: a shared forge is changed or only looked at."""

from __future__ import annotations

import re

from agent.risk.arguments import has, split, value
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.unlisted import simple


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
    if "--help" in argv:
        call.low()
        return
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
    if words[:2] == ["workflow", "run"] and re.search(
        r"(?i)deploy|release|publish|prod", " ".join(argv)
    ):
        call.high("has the forge deploy or publish")
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
        targets = value(argv, "-D", "--dir", "-O", "--output") or ["."]
        call.evaluator.fetched.extend(call.place(target).path for target in targets)
        call.medium("downloads files")
        return
    if words[:2] == ["auth", "status"] and ("--show-token" in argv or "-t" in argv):
        call.high("reads credentials or keys")
    for path in value(argv, "-F", "--body-file", "--notes-file"):
        if words[:1] in (["pr"], ["issue"], ["release"]) and path != "-":
            call.reads(path)
    simple(call, "gh")
