"""Which commands are checks: what tests, builds or lints says by its exit status how things stand.

Only commands whose exit status is about the work itself; what formats or repairs files is not one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.risk.arguments import wordlist

_PROGRAMS = frozenset(
    wordlist(
        """
    pytest py.test unittest nosetests tox nox jest vitest mocha ava tap jasmine karma cypress
    testcafe nightwatch rspec minitest phpunit pest behat bats shellspec busted gtest ginkgo
    gotestsum cargo-nextest ctest mypy dmypy pyright basedpyright pyre pytype flake8 pylint
    pyflakes pycodestyle pydocstyle bandit eslint tsc tslint stylelint biome oxlint rubocop golint
    golangci-lint staticcheck clang-tidy cppcheck ktlint detekt checkstyle swiftlint luacheck
    shellcheck hadolint actionlint yamllint jsonlint markdownlint codespell tflint ansible-lint
    gcc g++ cc c++ clang clang++ rustc javac scalac kotlinc swiftc ghc ocamlc gfortran
    make gmake ninja meson scons bazel bazelisk buck buck2 pants gradle gradlew mvn mvnw ant sbt
    pre-commit doctest compileall py_compile vulture mutmut perlcritic phpstan psalm
    """
    )
)

_SUBCOMMANDS = {
    name: frozenset(words.split())
    for name, words in {
        "npm": "test t tst run run-script",
        "yarn": "test run build",
        "pnpm": "test t run build",
        "bun": "test run build",
        "deno": "test lint check",
        "cargo": "build check clippy test bench nextest doc b c t miri",
        "go": "build test vet",
        "dotnet": "build test msbuild vstest",
        "mix": "test compile credo dialyzer",
        "swift": "build test",
        "zig": "build test",
        "stack": "build test",
        "cabal": "build test check",
        "flutter": "test analyze build",
        "dart": "test analyze compile",
        "rails": "test",
        "rake": "test spec",
        "hatch": "test build",
        "coverage": "run",
        "cmake": "--build",
        "ruff": "check",
        "terraform": "validate test",
        "tofu": "validate test",
        "helm": "lint",
        "composer": "test validate",
        "perl": "-c",
        "bash": "-n",
        "node": "--test --check",
    }.items()
}

_SCRIPT = re.compile(
    r"(?:\w+:)*(?:test|tests|build|lint|check|checks|typecheck|types|verify|ci|spec|e2e|unit)(?:[:-]\w+)*"
)
"""Scripts of a package.json that are checks; these names are custom, not rule."""

_COMPARES = {"black": "--check", "isort": "--check", "prettier": "--check", "rustfmt": "--check"}
"""Formatters, and the option with which they only compare."""

_NO_BUILD = frozenset(
    [
        "clean",
        "distclean",
        "install",
        "uninstall",
        "run",
        "serve",
        "start",
        "stop",
        "help",
        "format",
        "fmt",
        "fix",
        "deploy",
    ]
)
_RUNNERS = frozenset(("npm", "yarn", "pnpm", "bun"))
_PYTHON = re.compile(r"(?:python|pypy)[\d.]*")
_PYTHON_FLAG = re.compile(r"-[bBdEiIOPqsSuvxWX]+|-[WX]\S+")
_ASKS = frozenset(("--help", "--version", "-V", "--collect-only", "--dry-run"))
_GIT_EDITS = frozenset(
    wordlist(
        "apply am checkout restore switch reset stash merge pull rebase cherry-pick revert mv rm"
    )
)


_MAY_CHECK = frozenset((*_PROGRAMS, *_SUBCOMMANDS, *_COMPARES, *_RUNNERS, "ruff"))


def is_check(argv: Sequence[str]) -> bool:
    """Whether a command tests, builds or lints the work, and says so by its exit status."""
    if not argv:
        return False
    name = argv[0].rpartition("/")[2]
    # Asked of every command, so most must be told apart at once.
    if name not in _MAY_CHECK and not name.startswith(("python", "pypy")):
        return False
    rest = list(argv[1:])
    if not _ASKS.isdisjoint(rest):
        return False
    if _PYTHON.fullmatch(name):
        while rest and _PYTHON_FLAG.fullmatch(rest[0]):
            rest = rest[2 if rest[0] in ("-W", "-X") else 1 :]
        return rest[:1] == ["-m"] and len(rest) > 1 and is_check([_top(rest[1]), *rest[2:]])
    words = [word for word in rest if not word.startswith("-")]
    if name in _COMPARES:
        return _COMPARES[name] in rest
    if name == "ruff" and words[:1] == ["format"]:
        return "--check" in rest
    if name in _RUNNERS and words[:1] in (["run"], ["run-script"]):
        return len(words) > 1 and _SCRIPT.fullmatch(words[1]) is not None
    if name in _SUBCOMMANDS:
        return not _SUBCOMMANDS[name].isdisjoint(rest[:2]) and "--fix" not in rest
    return name in _PROGRAMS and "--fix" not in rest and _NO_BUILD.isdisjoint(words)


def _top(module: str) -> str:
    return module.partition(".")[0]


def is_edit(argv: Sequence[str]) -> bool:
    """Whether a command changes files of the work tree without naming them."""
    if argv[:1] == ["git"]:
        return not _GIT_EDITS.isdisjoint(argv[1:4])
    name = argv[0].rpartition("/")[2] if argv else ""
    if name in _COMPARES:
        return _COMPARES[name] not in argv
    return "--fix" in argv or (name == "ruff" and argv[1:2] == ["format"] and "--check" not in argv)
