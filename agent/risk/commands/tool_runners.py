# ruff: noqa: E501 - tables and patterns read better unbroken
"""Rules for `npx`, `uv run`, `poetry run`, `cargo run` and their like."""

from __future__ import annotations

import re

from agent.risk.arguments import after_options, split, value
from agent.risk.commands.build_tools import cargo_settings, go_options
from agent.risk.commands.script_code import code
from agent.risk.commands.script_files import run_file
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.file_options import files_of
from agent.risk.evaluation.findings import quote, shown
from agent.risk.paths import Zone


def package_runner(call: Call, rest: list[str], *, remote: bool = True) -> None:
    """The words after `npx`, `uvx`, `pnpm dlx`: a package, perhaps from anywhere."""
    if not rest:
        call.low()
        return
    name = rest[0]
    files_of(call, rest)
    if re.match(r"^(?:https?|git|git\+\w+|github|gitlab|bitbucket|gist|file|ssh)(?::|\+)", name) or (re.match(
        r"^[\w.-]+/[\w.-]+(?:#.*)?$", name
    ) and not name.startswith("@")) or name.endswith((".tgz", ".tar.gz", ".git", ".whl")):  # fmt: skip
        call.high("runs code from an unreviewed address", f"runs {shown(name)}")
        return
    for word in (*call.argv[1:6], *rest[:4]):
        source = word.partition("=")[2] if word.startswith("--") else word
        if re.match(r"^(?:git\+\w+|git|ssh):", source) or (
            re.match(r"^https?:", source)
            and source.endswith((".git", ".whl", ".gz", ".zip", ".tgz"))
        ):
            call.high("runs code from an unreviewed address", f"runs {shown(source)}")
    base = re.sub(r"(?<=.)@[\w.^~-]*$", "", name).rpartition("/")[2]
    call.run([base, *rest[1:]])
    if remote:
        call.medium(f"runs the package {shown(name)}")


def npx(call: Call) -> None:
    """`npx`, `bunx`, `uvx`."""
    valued = (
        "-p",
        "--package",
        "--from",
        "--with",
        "--python",
        "--index-url",
        "--index",
        "--default-index",
    )
    for text in value(call.argv, "-c", "--call"):
        call.shell(text)
        # Behind the name of a package it is an option of that.
        files_of(call, after_options(call.argv, (*valued, "-c", "--call")))
        return
    for text in value(call.argv, "-p", "--package", "--from", "--with"):
        if re.match(r"^(?:https?|git|git\+\w+|ssh|file)(?::|\+)", text):
            call.high("runs code from an unreviewed address", f"runs {shown(text)}")
    if value(call.argv, "--index-url", "--index", "--default-index"):
        call.high("takes packages from another place")
    package_runner(call, after_options(call.argv, valued))


def tool_runner(call: Call) -> None:
    """`poetry run x`, `uv run x`, `pipenv run x`, `bundle exec x`, `cargo run`, and their like."""
    from agent.risk.commands.packages import packages
    from agent.risk.evaluation.unlisted import simple

    program = call.argv[0].rpartition("/")[2]
    words = call.argv[1:]
    if program == "cargo":
        cargo_settings(call)
        if words[:1] == ["watch"]:
            for text in value(call.argv, "-s", "--shell"):
                call.shell(text)
    elif program == "go":
        go_options(call)
    elif program == "swift" and value(call.argv, "-e"):
        for text in value(call.argv, "-e"):
            code(call, text, "swift")
        return
    elif program == "deno" and words[:1] == ["eval"]:
        for text in split(call.argv)[1][1:]:
            code(call, text, "node")
        return
    verbs = ("run", "exec", "x", "shell", "develop", "tool", "with")
    at = next(
        (
            i
            for i, w in enumerate(words)
            if w in verbs
            and all(
                p.startswith("-") or (j and words[j - 1].startswith("-"))
                for j, p in enumerate(words[:i])
            )
        ),
        None,
    )
    for text in value(call.argv, "--run", "--command", "-c"):
        if program in ("nix-shell", "nix", "guix", "conda", "devbox"):
            call.shell(
                " ".join([text, *(quote(w) for w in call.argv[call.argv.index(text) + 1 :])])
                if text in call.argv
                else text
            )
    if at is not None:
        inner = words[at:]
        if program == "uv" and inner[0] == "tool":
            if inner[1:2] == ["run"]:
                package_runner(call, after_options(inner[1:], ("--from", "--with")))
            else:
                packages(call, [w for w in inner[2:] if not w.startswith("-")])
                call.medium("manages tools")
            return
        if program in ("nix",) and inner[0] == "run":
            target = after_options(inner)
            if target and re.search(r"^(?:github|git|https?|gitlab|path|tarball)[:+]", target[0]):
                call.high("runs code from an unreviewed address")
            call.medium("runs a package")
            return
        if (
            program
            in (
                "cargo",
                "dotnet",
                "go",
                "swift",
                "deno",
                "bun",
                "zig",
                "mix",
                "stack",
                "cabal",
                "dune",
                "rustup",
            )
            and inner[0] == "run"
        ):
            call.medium("runs the project's program")
            if program in ("deno", "go", "bun"):
                for address in after_options(inner)[:1]:
                    if re.match(r"^(?:https?:|git|npm:|jsr:)", address) or re.search(
                        r"^\w[\w.]*\.\w+/\S+@", address
                    ):
                        call.high("runs code from an unreviewed address")
                    elif program != "go":
                        run_file(call, address)
            return
        rest = after_options(
            inner,
            (
                "--with",
                "--extra",
                "--group",
                "--python",
                "-p",
                "-n",
                "--name",
                "--from",
                "--env-file",
                "--project",
                "--directory",
                "-e",
                "--prefix",
            ),
        )
        if program in ("conda",):
            rest = after_options(inner, ("-n", "--name", "-p", "--prefix"))
        if program == "uv":
            for text in value(inner, "--with"):
                if "://" in text or call.place(text).zone is Zone.TEMPORARY:
                    call.high("runs code from an unreviewed address")
            if rest and re.search(r"\.py$", rest[0]):
                rest = ["python", *rest]
            if rest[:1] == ["--"]:
                rest = rest[1:]
            if any(a in ("-m", "--module") for a in inner[: len(inner) - len(rest)]):
                rest = ["python", "-m", *rest]
        if rest[:1] == ["--"]:
            rest = rest[1:]
        if rest and program not in ("hatch", "pdm", "composer", "rustup"):
            call.run(rest)
        elif rest:
            call.run(rest[1:] if program == "rustup" else rest)
        call.medium(f"runs something with {program}")
        return
    if (
        "install" in words
        or "add" in words
        or (program == "uv" and "pip" in words)
        or program in ("gem", "go", "cargo", "pip", "brew")
    ):
        packages(call, [w for w in words if not w.startswith("-")][1:])
    simple(call, program)
