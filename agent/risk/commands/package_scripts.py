"""Rules for `npm run`, `yarn`, `pnpm`: the scripts in package.json."""

from __future__ import annotations

import re
from pathlib import Path

from agent.risk import programs
from agent.risk.arguments import after_options, split, value
from agent.risk.commands.script_code import code
from agent.risk.commands.script_files import read_script, run_file
from agent.risk.commands.tool_runners import package_runner
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.carried import HEADS, carried
from agent.risk.evaluation.findings import shown
from agent.risk.shell.syntax import UNKNOWN


def package_script(call: Call) -> None:
    """`npm run x`, `npm test`, `yarn x`, …: the script in package.json, if it is there."""
    from agent.risk.evaluation.unlisted import simple

    program = call.argv[0].rpartition("/")[2]
    valued = ("--prefix", "-w", "--workspace", "--filter", "-F", "-C", "--cwd", "--registry")
    words = split(call.argv, valued)[1]
    verb = words[0] if words else ""
    if program == "bun":
        for text in value(call.argv, "-e", "--eval", "-p", "--print"):
            code(call, text, "node")
            return
        if _runs_file(call, words):
            return
    for text in value(call.argv, "--script-shell"):
        call.high(f"has {program} run scripts with {shown(text)}")
    for text in value(call.argv, "--registry", "--index-url"):
        if not re.match(r"^https://registry\.(?:npmjs\.org|yarnpkg\.com)/?", text):
            call.high("takes packages from another place")
    if verb in ("exec", "x", "dlx") or (program == "yarn" and verb == "node"):
        at = call.argv.index(verb)
        inner = call.argv[at:]
        for text in value(inner, "-c", "--call"):
            call.shell(text)
            return
        for text in value(inner, "-p", "--package"):
            package_runner(call, [text], remote=False)
        words = after_options(inner, ("-p", "--package"))
        if verb == "node":
            call.run(["node", *inner[1:]])
            return
        if program == "yarn" and verb == "exec" and len(words) == 1:
            # It is given to a shell.
            call.shell(words[0])
            return
        package_runner(call, words, remote=verb == "dlx")
        return
    script = ""
    if verb in ("run", "run-script") and len(words) > 1:
        script = words[1]
    elif verb in ("test", "t", "start", "stop", "restart", "install", "i", "ci"):
        script = {"t": "test", "i": "install", "ci": "install"}.get(verb, verb)
    elif program in ("yarn", "pnpm", "bun") and verb and not _has(program, verb):
        script = verb
    if script:
        if script in HEADS:
            call.run(call.argv[call.argv.index(script) :])
        _scripts(call, script)
        if verb not in ("install", "i", "ci"):
            carried(call, anywhere=False, texts=False)
            call.medium(f"runs the package script {shown(script)}")
            return
    if verb in ("install", "i", "add", "update", "upgrade", "ci"):
        from agent.risk.commands.packages import packages

        packages(call, words[1:])
        if any(a in ("-g", "--global") for a in call.argv) or (
            program == "yarn" and verb == "global"
        ):
            call.medium("installs for the whole user")
    if program == "npm" and verb in ("pkg",) and words[1:2] == ["set"]:
        if any("scripts" in w for w in words[2:]):
            call.high("plants code in package scripts")
        call.medium("changes package.json")
        return
    if program == "npm" and verb == "set":
        call.high("changes the package manager's settings")
        return
    simple(call, program)


_CODE = re.compile(r".*\.[cm]?[jt]sx?")


def _runs_file(call: Call, words: list[str]) -> bool:
    """`bun x.ts`, `bun run x.ts`, `bun --preload x.ts`: files of code, no scripts of a package."""
    for path in value(call.argv, "--preload", "-r", "--require", "--import"):
        if re.match(r"/tmp|data:|https?:", path):  # noqa: S108
            call.high("loads code from elsewhere", f"loads {shown(path)}")
        elif "/" in path:
            run_file(call, path, "node")
    target = words[1] if words[:1] == ["run"] and len(words) > 1 else words[0] if words else ""
    if "://" in target:
        call.high("runs code from an unreviewed address", f"runs {shown(target)}")
    elif _CODE.fullmatch(target) and words[0] in ("run", target):
        run_file(call, target, "node")
        return True
    return False


def _has(program: str, verb: str) -> bool:
    return any(key.split()[0] == verb for key in _table(program))


def _table(program: str) -> dict[str, tuple[int, str]]:

    return programs.SUBCOMMANDS.get(program, {})


def _scripts(call: Call, name: str) -> None:
    import json

    key = call.place("package.json").path
    evaluator = call.evaluator
    text: str | bool | None = None
    known = key in evaluator.files
    if known:
        text = evaluator.files[key]
        if text is None:
            call.high("runs a package script that was just written")
            return
    elif UNKNOWN not in key:
        text = read_script(key, call.evaluator.digests)
    if not isinstance(text, str) or f"{key}:{name}" in evaluator.reading:
        return
    try:
        data = json.loads(text)
        scripts = data.get("scripts", {}) if isinstance(data, dict) else {}
    except (ValueError, RecursionError):
        return
    if not isinstance(scripts, dict):
        return
    evaluator.reading.add(f"{key}:{name}")
    strict = call.strict
    call.strict = strict and (known or Path(key) in evaluator.context.written)
    for each in ("pre" + name, name, "post" + name):
        body = scripts.get(each)
        if isinstance(body, str):
            call.shell(body)
    call.strict = strict
    evaluator.reading.discard(f"{key}:{name}")
