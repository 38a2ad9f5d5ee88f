"""What test runners, bundlers and compilers take up of the files that the agent wrote.

`pytest` runs the tests that are there; those that the agent wrote, in this line or since a person
last looked, are read as the files of a trusted project are: what cannot be known is MEDIUM, what is
dangerous is HIGH.
"""

from __future__ import annotations

import fnmatch
from pathlib import Path

from agent.risk.arguments import wordlist
from agent.risk.commands.languages import language_of, run_text
from agent.risk.commands.script_files import read_script
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import shown

MAX_FILES = 128
"""Files that are read for one command."""

_PYTHON_TESTS = ("test_*.py", "*_test.py", "conftest.py", "tests.py", "noxfile.py")
_SCRIPT_TESTS = ("*.test.*", "*.spec.*", "*.config.*js", "*.config.*ts", "*.setup.*", "setup*.?s")
_BUNDLED = ("*.config.*js", "*.config.*ts")

TAKES_UP: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        wordlist("pytest py.test unittest nose2 nox tox ptw pytest-watch"), _PYTHON_TESTS
    ),
    **dict.fromkeys(
        wordlist("vitest jest mocha ava jasmine playwright cypress tap tape karma"), _SCRIPT_TESTS
    ),
    **dict.fromkeys(
        wordlist(
            """vite webpack rollup esbuild tsup next nuxt astro gulp grunt svelte-kit parcel
            tailwindcss tailwind drizzle-kit postcss babel svgo remix wrangler expo vue-cli-service
            turbo storybook typedoc vitepress docusaurus gatsby metro size-limit knip tsdown unbuild
            rspack rsbuild
            semantic-release release-it lint-staged eleventy wxt tinacms orval kysely-codegen
            graphql-codegen changelogen"""
        ),
        _BUNDLED,
    ),
    **dict.fromkeys(wordlist("bun deno"), _SCRIPT_TESTS),
    "rspec": ("*_spec.rb", "spec_helper.rb", "rails_helper.rb"),
    "go": ("*.go",),
    "cargo": ("*.rs",),
}
"""Program → names of the files that it runs, or builds and runs, without being told each."""

_ONLY_THEN = {
    "go": ("run", "test", "generate"),
    "cargo": ("run", "test", "bench", "build", "check", "nextest"),
    "bun": ("test",),
    "deno": ("test",),
}  # fmt: skip
"""Programs that do so for some of their verbs only."""


def takes_up(call: Call, program: str) -> None:
    """Judge what a program of `TAKES_UP` runs of what the agent wrote."""
    verbs = _ONLY_THEN.get(program)
    if verbs is not None and not any(word in verbs for word in call.argv[1:3]):
        return
    evaluator = call.evaluator
    names = TAKES_UP[program]
    # Only what was written since it was judged last: a line may do both thousands of times.
    since = evaluator.taken_up.get(program, -1)
    written = evaluator.context.written
    own = [*(map(str, written) if since < 0 else ()), *evaluator.writings[max(0, since) :]]
    evaluator.taken_up[program] = len(evaluator.writings)
    if not own:
        return
    top = f"{evaluator.ground.project or call.cwd}/"
    found = [
        path
        for path in dict.fromkeys(own)
        if path.startswith(top)
        and any(fnmatch.fnmatchcase(path.rpartition("/")[2], name) for name in names)
    ]
    if len(found) > MAX_FILES:
        call.opaque(f"{program} takes up more of what the agent wrote than can be read")
    for path in found[-MAX_FILES:]:
        text = evaluator.files[path] if path in evaluator.files else read_script(
            path, evaluator.digests
        )  # fmt: skip
        entry = f"own:{path}"
        if not isinstance(text, str) or entry in evaluator.reading:
            continue
        strict, call.strict = call.strict, False
        evaluator.reading.add(entry)
        try:
            run_text(call, text, _LANGUAGES.get(Path(path).suffix) or language_of(path, text))
            call.medium(f"takes up {shown(path.rpartition('/')[2])}")
        finally:
            call.strict = strict
            evaluator.reading.discard(entry)


_LANGUAGES = {".go": "go", ".rs": "rust", ".jsx": "node", ".mts": "node", ".cts": "node"}
