"""What each agent is put through to be recorded; each frame says what is true meanwhile."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence

from tests.real_agents.pane import Look
from tests.real_agents.scripted import Fail, Hold, Say, Use
from tests.real_agents.stage import Stage

LONG = "for tree in apple pear plum cherry quince; do rm -rf build/$tree && echo gone $tree; done"
QUESTION = "Which tree shall I plant?"
PIES = "Do you want to proceed?\n\u276f 1. Yes\n  2. No\n"
"""What a careless reader of screens takes for a dialog."""

Act = Callable[[Stage], Awaitable[None]]


def dialog_of(look: Look, least: int = 12) -> str:
    """The lowest lines of a screen: a dialog, to be quoted."""
    lines = list(look.lines)
    while lines and not lines[-1].strip():
        lines.pop()
    return "\n".join(lines[-least:])


def quoting(text: str) -> Say:
    return Say(f"This is what it showed me:\n\n```\n{text}\n```")


async def left(stage: Stage, look: Look, *, scene: str = "copied") -> None:
    """The agent is killed with a dialog on the screen; then its picture is shown by others."""
    copy = stage.home / "copy.txt"
    copy.write_text(look.text.rstrip() + "\n")
    stage.kill()
    await stage.frame("gone/killed-in-dialog", "gone", when=r"it left with status")
    stage.pane.type("clear; cat ~/copy.txt")
    await stage.keys("Enter")
    await stage.frame(f"gone/{scene}-above-a-shell", "gone", when=r"^\$\s*\Z|^\$\s*$")
    stage.pane.type("clear; cat ~/copy.txt; sleep 60")
    await stage.keys("Enter")
    await stage.frame(f"gone/{scene}-alone", "gone")


# Claude Code


def bash(command: str, saying: str = "") -> Use:
    return Use("Bash", {"command": command, "description": "Tidy the build folder"}, saying)


async def claude_first(stage: Stage) -> None:
    stage.open(trusted=False)
    await asyncio.sleep(0.5)
    await stage.frame("starting", "starting", moving=True)
    await stage.frame("trust", "waiting", "other", when="trust this folder")
    await stage.keys("Down", "Enter")
    await stage.frame("idle/fresh", "idle", when="manual mode on")
    stage.pane.type(PIES.replace("\n", " "))
    await stage.frame("idle/draft-like-a-dialog", "idle", when="Do you want")
    await stage.keys("C-c", pause=1.0)
    stage.pane.type("?")
    await stage.frame("idle/shortcuts", "idle", when="for bash mode|for commands")
    await stage.keys("BSpace", "C-u")
    stage.pane.type("/model")
    await stage.frame("idle/command-menu", "idle", when="/model")
    await stage.keys("Enter")
    await stage.frame("dialog/model", "waiting", "other", when="[Ss]elect model")
    await stage.keys("Escape")
    stage.pane.type("/help")
    await stage.keys("Enter")
    await stage.frame("dialog/help", "waiting", "other", when="[Ss]hortcuts|[Cc]ommands")
    await stage.keys("Escape")
    await stage.say("fail the pruning", Fail(400, "The orchard is closed."))
    await stage.frame("failed/api", "failed", when="closed")


async def claude_work(stage: Stage) -> None:
    stage.open()
    await stage.frame("idle/start", "idle", when="manual mode on")
    look_read = Use("Read", {"file_path": str(stage.directory / "README.md")}, "I look first.")
    await stage.say("ponder the pears", look_read, Hold())
    await stage.frame("working/thinking", "working", when="esc to interrupt", moving=True)
    await asyncio.sleep(2)
    await stage.frame("working/thinking-later", "working", when="esc to interrupt", moving=True)
    await stage.keys("Escape")
    await stage.let_go()
    await stage.frame("idle/interrupted", "idle", when="Interrupted")
    await stage.keys("C-u")
    await stage.say("tidy the build folder", bash("rm -rf build", "I tidy up."))
    dialog = await stage.frame(
        "permission/shell", "waiting", "permission", when="Do you want to proceed"
    )
    await stage.keys("Down")
    await stage.frame("permission/shell-second", "waiting", "permission", when="\u276f 2")
    await stage.dismiss("Escape", gone="Esc to cancel")
    await stage.frame("idle/denied", "idle", when="Interrupted")
    await stage.say("quote the dialog", quoting(dialog_of(dialog)))
    await stage.frame("done/quotes-a-dialog", "done", when="\u276f ?$")
    await stage.keys("PPage")
    await stage.frame("done/scrolled", "done")
    await stage.keys("NPage", "NPage")
    quote = quoting(dialog_of(dialog)).text
    again = Use("Read", {"file_path": str(stage.directory / "README.md")}, quote)
    await stage.say("quote and ponder", again, Hold())
    await stage.frame("working/quotes-a-dialog", "working", when="esc to interrupt", moving=True)
    await stage.let_go()
    await stage.frame("done/after-work", "done", when="Now it is done")


async def claude_ask(stage: Stage) -> None:
    stage.open()
    await stage.frame("idle/start", "idle", when="manual mode on")
    await stage.say("tidy it the long way", bash(LONG))
    await stage.frame("permission/shell-long", "waiting", "permission", when="Do you want")
    await stage.dismiss("Escape", gone="Esc to cancel")
    (stage.directory / "dialog.txt").write_text(PIES)
    await stage.say("show the file", bash("cat dialog.txt; touch shown"))
    await stage.frame("permission/shell-touch", "waiting", "permission", when="Do you want")
    await stage.keys("1")
    await stage.frame("done/file-shows-a-dialog", "done", when="All of it is done")
    write = {"file_path": str(stage.directory / "notes.md"), "content": "apples\n" + PIES}
    await stage.say("write the notes", Use("Write", write))
    await stage.frame("permission/write", "waiting", "permission", when="Do you want to create")
    await stage.dismiss("Escape", gone="Esc to cancel")
    edit = {
        "file_path": str(stage.directory / "README.md"),
        "old_string": "Apples",
        "new_string": "Plums",
    }
    read = Use("Read", {"file_path": str(stage.directory / "README.md")})
    await stage.say("edit the readme", read, Use("Edit", edit))
    await stage.frame("permission/edit", "waiting", "permission", when="Do you want to make")
    await stage.dismiss("Escape", gone="Esc to cancel")
    options = [
        {"label": "Apple", "description": "Sweet and keeps well"},
        {"label": "Pear", "description": "Soft, for cakes"},
    ]
    asks = {"question": QUESTION, "header": "Tree", "multiSelect": False, "options": options}
    await stage.say("ask me", Use("AskUserQuestion", {"questions": [asks]}))
    await stage.frame("question/choice", "waiting", "question", when="shall I plant")
    await stage.dismiss("Escape", gone="Esc to cancel")
    load = Use("ToolSearch", {"query": "select:WebFetch"})
    fetch = Use("WebFetch", {"url": "https://example.com/", "prompt": "What is here?"})
    await stage.say("fetch the page", load, fetch)
    await stage.frame("permission/fetch", "waiting", "permission", when="Do you want to allow")
    await stage.dismiss("Escape", gone="Esc to cancel")
    stage.pane.type("!cat dialog.txt")
    await stage.keys("Enter")
    await stage.frame("done/own-command-shows-a-dialog", "done", when="Do you want")


async def claude_plan(stage: Stage) -> None:
    stage.open("--permission-mode", "plan")
    await stage.frame("idle/plan-mode", "idle", when="plan mode on")
    load = Use("ToolSearch", {"query": "select:ExitPlanMode"})
    plan = {"plan": "# Plan\n\n1. Remove build/\n2. Plant an apple tree\n"}
    await stage.say("plan the orchard", load, Use("ExitPlanMode", plan))
    await stage.frame("question/plan", "waiting", "question", when="1\\. Yes|proceed")
    await stage.keys("Escape")


async def claude_leave(stage: Stage) -> None:
    stage.open()
    await stage.frame("idle/start", "idle", when="manual mode on")
    await stage.say("run slowly", bash("timeout 20 tail -f /dev/null; rm -rf build"))
    look = await stage.frame("permission/shell-slow", "waiting", "permission", when="Do you want")
    await stage.keys("1")
    await stage.frame("working/tool", "working", when="esc to interrupt", moving=True)
    await stage.keys("Escape")
    await stage.frame("idle/tool-interrupted", "idle", when="Interrupted")
    await stage.say("tidy the build folder", bash("rm -rf build", "I tidy up."))
    look = await stage.frame("permission/shell", "waiting", "permission", when="Do you want")
    await left(stage, look)


async def claude_login(stage: Stage) -> None:
    stage.open(signed_in=False)
    await stage.frame("login/method", "waiting", "login", when="login method|/login")


# Codex


def shell(command: str, why: str = "", saying: str = "", **more: object) -> Use:
    given: dict[str, object] = {"cmd": command, **more}
    if why:
        given |= {"sandbox_permissions": "require_escalated", "justification": why}
    return Use("exec_command", given, saying)


CODEX_READY = "Ask Codex to do anything"


async def codex_ready(stage: Stage, *more: str) -> None:
    """It loses keys that come before it has loaded."""
    stage.open(*more)
    await stage.pane.still(
        lambda look: re.search(r"gpt-\S+ default", look.text) is not None, still=1.0, patience=90
    )


async def codex_first(stage: Stage) -> None:
    stage.open(trusted=False)
    await asyncio.sleep(0.3)
    await stage.frame("starting", "starting", moving=True)
    await stage.frame("idle/before-trust", "idle", when=CODEX_READY)
    await stage.dismiss("Enter", gone=CODEX_READY)
    await stage.frame("trust", "waiting", "other", when="Trust this folder")
    await stage.dismiss("Enter", gone="Trust this folder")
    await stage.frame("idle/fresh", "idle", when=CODEX_READY)
    stage.pane.type(PIES.replace("\n", " "))
    await stage.frame("idle/draft-like-a-dialog", "idle", when="Do you want")
    await stage.keys("C-c", pause=1.0)
    stage.pane.type("?")
    await stage.frame("idle/shortcuts", "idle", when="[Ss]hortcuts +·|for shell")
    await stage.keys("BSpace", "Escape")
    stage.pane.type("/model")
    await stage.frame("idle/command-menu", "idle", when="/model")
    await stage.keys("Enter")
    await stage.frame("dialog/model", "waiting", "other", when="[Ss]elect")


async def codex_error(stage: Stage) -> None:
    await codex_ready(stage)
    await stage.say("fail the pruning", Fail(400, "The orchard is closed."))
    await stage.frame("failed/api", "failed", when="closed")


async def codex_work(stage: Stage) -> None:
    await codex_ready(stage)
    await stage.frame("idle/start", "idle", when=CODEX_READY)
    await stage.say("ponder the pears", shell("cat README.md", saying="I look first."), Hold())
    await stage.frame("working/thinking", "working", when="esc to interrupt", moving=True)
    await asyncio.sleep(2)
    await stage.frame("working/thinking-later", "working", when="esc to interrupt", moving=True)
    await stage.keys("Escape")
    await stage.let_go()
    await stage.frame("idle/interrupted", "idle", when="interrupted")
    tidy = shell("rm -rf build", "Shall I remove the build folder?", "I tidy up.")
    await stage.say("tidy the build folder", tidy)
    dialog = await stage.frame(
        "permission/shell", "waiting", "permission", when="Would you like to run"
    )
    await stage.keys("Down")
    await stage.frame("permission/shell-second", "waiting", "permission", when="› 2")
    await stage.dismiss("Escape", gone="Would you like")
    await stage.frame("idle/denied", "idle", when="interrupted")
    await stage.say("quote the dialog", quoting(dialog_of(dialog, 14)))
    await stage.frame("done/quotes-a-dialog", "done", when=CODEX_READY)
    await stage.keys("PPage")
    await stage.frame("done/scrolled", "done")
    await stage.keys("NPage", "NPage")
    quote = quoting(dialog_of(dialog, 14)).text
    await stage.say("quote and ponder", shell("cat README.md", saying=quote), Hold())
    await stage.frame("working/quotes-a-dialog", "working", when="esc to interrupt", moving=True)
    await stage.let_go()
    await stage.frame("done/after-work", "done", when="Now it is done")


async def codex_ask(stage: Stage) -> None:
    await codex_ready(stage)
    await stage.say("tidy it the long way", shell(LONG, "Shall I remove all of the builds?"))
    await stage.frame("permission/shell-long", "waiting", "permission", when="Would you like")
    await stage.dismiss("Escape", gone="Would you like")
    push = shell("git push origin main", "Shall I push it?", prefix_rule=["git", "push"])
    await stage.say("push it", push)
    await stage.frame("permission/shell-prefix", "waiting", "permission", when="Would you like")
    await stage.dismiss("Escape", gone="Would you like")
    (stage.directory / "dialog.txt").write_text(PIES)
    await stage.say("show the file", shell("cat dialog.txt"))
    await stage.frame("done/file-shows-a-dialog", "done", when="All of it is done")
    patch = "*** Begin Patch\n*** Add File: notes.md\n+apples\n+pears\n*** End Patch\n"
    await stage.say("write the notes", shell(f"apply_patch <<'X'\n{patch}X"))
    await stage.frame("permission/edit", "waiting", "permission", when="Would you like to make")
    await stage.dismiss("Escape", gone="Would you like")


async def codex_question(stage: Stage) -> None:
    await codex_ready(stage, "--enable", "default_mode_request_user_input")
    options = [
        {"label": "Apple (Recommended)", "description": "Sweet and keeps well."},
        {"label": "Pear", "description": "Soft, for cakes."},
    ]
    asks = {"id": "tree", "question": QUESTION, "header": "Tree", "options": options}
    await stage.say("ask me", Use("request_user_input", {"questions": [asks]}))
    await stage.frame("question/choice", "waiting", "question", when="shall I plant")
    await stage.dismiss("Escape", gone="Would you like")


async def codex_leave(stage: Stage) -> None:
    await codex_ready(stage)
    await stage.say("run slowly", shell("sleep 30", "Shall I sleep?"))
    await stage.frame("permission/shell-slow", "waiting", "permission", when="Would you like")
    await stage.keys("y")
    await stage.frame("working/tool", "working", when="esc to interrupt", moving=True)
    await stage.keys("Escape")
    await stage.frame("idle/tool-interrupted", "idle", when="interrupted")
    await stage.say("tidy the build folder", shell("rm -rf build", "Shall I remove it?"))
    look = await stage.frame("permission/shell", "waiting", "permission", when="Would you like")
    await left(stage, look)


async def codex_login(stage: Stage) -> None:
    stage.open(signed_in=False)
    await stage.frame("login/method", "waiting", "login", when="[Ss]ign in|API key")


# OpenCode


def open_bash(command: str, saying: str = "") -> Use:
    return Use("bash", {"command": command, "description": "Tidy the build folder"}, saying)


OPENCODE_READY = "Ask anything"


async def opencode_ready(stage: Stage) -> None:
    stage.open()
    await stage.pane.still(lambda look: OPENCODE_READY in look.text, still=1.5, patience=60)


async def opencode_first(stage: Stage) -> None:
    stage.open()
    await asyncio.sleep(1.0)
    await stage.frame("starting", "starting", moving=True)
    await stage.frame("idle/fresh", "idle", when=OPENCODE_READY, patience=60)
    stage.pane.type(PIES.replace("\n", " "))
    await stage.frame("idle/draft-like-a-dialog", "idle", when="Do you want")
    await stage.keys("C-c", pause=1.0)
    await stage.keys("C-p")
    await stage.frame("dialog/commands", "waiting", "other", when="[Cc]ommands|[Ss]earch")
    await stage.keys("Escape")
    stage.pane.type("/models")
    await stage.frame("idle/command-menu", "idle", when="/models")
    await stage.keys("Enter")
    await stage.frame("dialog/model", "waiting", "other", when="[Ss]elect model")
    await stage.keys("Escape")
    await stage.say("fail the pruning", Fail(400, "The orchard is closed."))
    await stage.frame("failed/api", "failed", when="closed")


async def opencode_work(stage: Stage) -> None:
    await opencode_ready(stage)
    read = {"filePath": str(stage.directory / "README.md")}
    await stage.say("ponder the pears", Use("read", read, "I look first."), Hold())
    await stage.frame("working/thinking", "working", when="esc interrupt", moving=True)
    await asyncio.sleep(2)
    await stage.frame("working/thinking-later", "working", when="esc interrupt", moving=True)
    await stage.keys("Escape")
    await stage.frame("working/asks-again-to-interrupt", "working", when="again", moving=True)
    await stage.keys("Escape")
    await stage.let_go()
    await stage.frame("idle/interrupted", "idle", when="interrupted")
    await stage.say("tidy the build folder", open_bash("rm -rf build", "I tidy up."))
    dialog = await stage.frame(
        "permission/shell", "waiting", "permission", when="Permission required"
    )
    await stage.keys("Right")
    await stage.frame("permission/shell-second", "waiting", "permission", when="Permission req")
    await stage.dismiss("Escape", gone="Permission required")
    await stage.frame("idle/denied", "idle")
    await stage.say("quote the dialog", quoting(dialog_of(dialog, 10)))
    await stage.frame("done/quotes-a-dialog", "done", when="what it showed|```|Permission")
    await stage.keys("PPage")
    await stage.frame("done/scrolled", "done")
    await stage.keys("NPage", "NPage")
    quote = quoting(dialog_of(dialog, 10)).text
    await stage.say("quote and ponder", Use("read", read, quote), Hold())
    await stage.frame("working/quotes-a-dialog", "working", when="esc interrupt", moving=True)
    await stage.let_go()
    await stage.frame("done/after-work", "done", when=r"Now it is done(?s:.)*\d+m?s$(?s:.)*\Z")


async def opencode_ask(stage: Stage) -> None:
    await opencode_ready(stage)
    await stage.say("tidy it the long way", open_bash(LONG))
    await stage.frame("permission/shell-long", "waiting", "permission", when="Permission req")
    await stage.dismiss("Escape", gone="Permission required")
    (stage.directory / "dialog.txt").write_text(PIES)
    await stage.say("show the file", open_bash("cat dialog.txt"))
    await stage.frame("permission/shell-cat", "waiting", "permission", when="Permission req")
    await stage.keys("Enter")
    await stage.frame("done/file-shows-a-dialog", "done", when="All of it is done")
    write = {"filePath": str(stage.directory / "notes.md"), "content": "apples\n" + PIES}
    await stage.say("write the notes", Use("write", write))
    await stage.frame("permission/write", "waiting", "permission", when="Permission req")
    await stage.dismiss("Escape", gone="Permission required")
    fetch = {"url": "https://example.com/", "format": "text"}
    await stage.say("fetch the page", Use("webfetch", fetch))
    await stage.frame("permission/fetch", "waiting", "permission", when="Permission req")
    await stage.keys("Right", "Enter", pause=0.8)
    await stage.frame("permission/always", "waiting", "permission", when="[Aa]lways")
    await stage.keys("Escape", "Escape", pause=1.0)
    options = [
        {"label": "Apple", "description": "Sweet and keeps well"},
        {"label": "Pear", "description": "Soft, for cakes"},
    ]
    asks = {"question": QUESTION, "header": "Tree", "options": options}
    await stage.say("ask me", Use("question", {"questions": [asks]}))
    await stage.frame("question/choice", "waiting", "question", when="shall I plant")
    await stage.keys("Escape")


async def opencode_leave(stage: Stage) -> None:
    await opencode_ready(stage)
    await stage.say("run slowly", open_bash("sleep 30"))
    await stage.frame("permission/shell-slow", "waiting", "permission", when="Permission req")
    await stage.keys("Enter")
    await stage.frame("working/tool", "working", when="esc interrupt", moving=True)
    await stage.dismiss("Escape", gone="esc interrupt|again to interrupt")
    await stage.frame("idle/tool-interrupted", "idle")
    await stage.say("tidy the build folder", open_bash("rm -rf build"))
    look = await stage.frame("permission/shell", "waiting", "permission", when="Permission req")
    await left(stage, look)


async def opencode_login(stage: Stage) -> None:
    stage.open(signed_in=False)
    await stage.frame("idle/no-provider", "idle", when=OPENCODE_READY, patience=60)
    stage.pane.type("/connect")
    await stage.keys("Enter", pause=1.0)
    await stage.frame("login/provider", "waiting", "login", when="Connect a provider")


# Gemini CLI


def gemini_shell(command: str, saying: str = "") -> Use:
    given = {"command": command, "description": "Tidy the build folder"}
    return Use("run_shell_command", given, saying)


GEMINI_READY = "Type your message"


async def gemini_ready(stage: Stage) -> None:
    stage.open()
    await stage.pane.still(lambda look: GEMINI_READY in look.text, still=1.5, patience=60)


async def gemini_first(stage: Stage) -> None:
    stage.open(trusted=False)
    await asyncio.sleep(2.0)
    await stage.frame("starting", "starting", moving=True)
    await stage.frame("trust", "waiting", "other", when="Do you trust", patience=60)
    await stage.keys("1")
    await stage.frame("idle/fresh", "idle", when=GEMINI_READY, patience=60)
    stage.pane.type(PIES.replace("\n", " "))
    await stage.frame("idle/draft-like-a-dialog", "idle", when="Do you want")
    await stage.keys("C-c", pause=1.0)
    stage.pane.type("/model")
    await stage.frame("idle/command-menu", "idle", when="/model")
    await stage.keys("Escape", "Enter")
    await stage.frame("dialog/model", "waiting", "other", when="[Ss]elect [Mm]odel")
    await stage.keys("Escape")
    await stage.say("fail the pruning", Fail(400, "The orchard is closed."))
    await stage.frame("failed/api", "failed", when="closed")


async def gemini_work(stage: Stage) -> None:
    await gemini_ready(stage)
    read = Use("read_file", {"file_path": "README.md"}, "I look first.")
    await stage.say("ponder the pears", read, Hold())
    await stage.frame("working/thinking", "working", when="esc to cancel", moving=True)
    await asyncio.sleep(2)
    await stage.frame("working/thinking-later", "working", when="esc to cancel", moving=True)
    await stage.keys("Escape")
    await stage.let_go()
    await stage.frame("idle/interrupted", "idle", when="cancelled")
    await stage.keys("C-c", pause=0.5)
    await stage.say("tidy the build folder", gemini_shell("rm -rf build", "I tidy up."))
    dialog = await stage.frame("permission/shell", "waiting", "permission", when="Allow execution")
    await stage.keys("Down")
    await stage.frame("permission/shell-second", "waiting", "permission", when="● 2")
    await stage.dismiss("Escape", gone="Allow execution")
    await stage.frame("idle/denied", "idle", when=f"cancelled|{GEMINI_READY}")
    await stage.keys("C-c", pause=0.5)
    await stage.say("quote the dialog", quoting(dialog_of(dialog)))
    await stage.frame("done/quotes-a-dialog", "done", when=GEMINI_READY)
    quote = quoting(dialog_of(dialog)).text
    again = Use("read_file", {"file_path": "README.md"}, quote)
    await stage.say("quote and ponder", again, Hold())
    await stage.frame("working/quotes-a-dialog", "working", when="esc to cancel", moving=True)
    await stage.let_go()
    await stage.frame("done/after-work", "done", when="Now it is done")


async def gemini_ask(stage: Stage) -> None:
    await gemini_ready(stage)
    await stage.say("tidy it the long way", gemini_shell(LONG))
    await stage.frame("permission/shell-long", "waiting", "permission", when="Allow execution")
    await stage.keys("Escape", "C-c", pause=0.8)
    (stage.directory / "dialog.txt").write_text(PIES)
    await stage.say("show the file", gemini_shell("cat dialog.txt; touch shown"))
    await stage.frame("permission/shell-cat", "waiting", "permission", when="Allow execution")
    await stage.keys("1")
    await stage.frame("done/file-shows-a-dialog", "done", when="All of it is done")
    write = {"file_path": str(stage.directory / "notes.md"), "content": "apples\n" + PIES}
    await stage.say("write the notes", Use("write_file", write))
    await stage.frame("permission/write", "waiting", "permission", when="Apply this change")
    await stage.keys("Escape", "C-c", pause=0.8)
    fetch = {"prompt": "What is at https://example.com/ ?"}
    await stage.say("fetch the page", Use("web_fetch", fetch))
    await stage.frame("permission/fetch", "waiting", "permission", when="Do you want to proceed")
    await stage.keys("Escape", "C-c", pause=0.8)
    options = [
        {"label": "Apple", "description": "Sweet and keeps well"},
        {"label": "Pear", "description": "Soft, for cakes"},
    ]
    asks = {"question": QUESTION, "header": "Tree", "type": "choice", "options": options}
    await stage.say("ask me", Use("ask_user", {"questions": [asks]}))
    await stage.frame("question/choice", "waiting", "question", when="shall I plant")
    await stage.keys("Escape")


async def gemini_leave(stage: Stage) -> None:
    await gemini_ready(stage)
    await stage.say("run slowly", gemini_shell("sleep 30; rm -rf build"))
    await stage.frame("permission/shell-slow", "waiting", "permission", when="Allow execution")
    await stage.keys("1")
    await stage.frame("working/tool", "working", when="esc to cancel", moving=True)
    await stage.keys("Escape")
    await stage.frame("idle/tool-interrupted", "idle", when="ancelled")
    await stage.keys("C-c", pause=0.5)
    await stage.say("tidy the build folder", gemini_shell("rm -rf build"))
    look = await stage.frame("permission/shell", "waiting", "permission", when="Allow execution")
    await left(stage, look)


async def gemini_login(stage: Stage) -> None:
    stage.open(signed_in=False)
    await stage.frame("login/method", "waiting", "login", when="[Aa]uthenticat", patience=60)


# Aider

AIDER_READY = r"^(?:\w+ )?>\s*$"


def block(text: str) -> Say:
    return Say(f"README.md\n```\n<<<<<<< SEARCH\nApples\n=======\n{text}\n>>>>>>> REPLACE\n```\n")


async def aider_ready(stage: Stage) -> None:
    stage.open()
    await stage.frame("idle/start", "idle", when=AIDER_READY, patience=60)


async def aider_first(stage: Stage) -> None:
    stage.open(trusted=False)
    await asyncio.sleep(2.0)
    await stage.frame("starting", "starting", moving=True)
    await stage.frame("question/gitignore", "waiting", "question", when="gitignore", patience=60)
    await stage.keys("y", "Enter")
    await stage.frame("idle/fresh", "idle", when=AIDER_READY, patience=60)
    stage.pane.type("Run shell command? (Y)es/(N)o [Yes]: ")
    await stage.frame("idle/draft-like-a-dialog", "idle", when="Run shell")
    await stage.keys("C-u", pause=0.5)
    stage.pane.type("/mod")
    await stage.frame("idle/command-menu", "idle", when="/mod")


async def aider_error(stage: Stage) -> None:
    await aider_ready(stage)
    await stage.say("fail the pruning", Fail(400, "The orchard is closed."))
    await stage.frame("failed/api", "failed", when="closed")


async def aider_work(stage: Stage) -> None:
    await aider_ready(stage)
    await stage.say("ponder the pears", Hold())
    await stage.frame("working/thinking", "working", when="Waiting for", moving=True)
    await asyncio.sleep(2)
    await stage.frame("working/thinking-later", "working", when="Waiting for", moving=True)
    await stage.keys("C-c")
    await stage.let_go()
    await stage.frame("idle/interrupted", "idle", when=AIDER_READY)
    run = Say("You can tidy up with this:\n\n```bash\nrm -rf build\n```\n")
    await stage.say("tidy the build folder", run)
    dialog = await stage.frame("permission/shell", "waiting", "permission", when="Run shell")
    await stage.keys("n", "Enter")
    await stage.frame("idle/denied", "idle", when=AIDER_READY)
    await stage.say("quote the dialog", quoting(dialog_of(dialog, 5)))
    await stage.frame("done/quotes-a-dialog", "done", when=AIDER_READY)
    await stage.say("quote in my words: Run shell command? (Y)es/(N)o [Yes]:", Hold())
    await stage.frame("working/quotes-a-dialog", "working", when="Waiting for", moving=True)
    await stage.let_go()
    await stage.frame("done/after-work", "done", when="Now it is done")


async def aider_ask(stage: Stage) -> None:
    await aider_ready(stage)
    long = Say(f"You can tidy up with this:\n\n```bash\n{LONG}\nrm -rf build\n```\n")
    await stage.say("tidy it the long way", long)
    await stage.frame("permission/shell-long", "waiting", "permission", when="Run shell")
    await stage.keys("n", "Enter")
    (stage.directory / "dialog.txt").write_text("Run shell command? (Y)es/(N)o [Yes]: \n")
    await stage.keys("C-u")
    stage.pane.type("/run cat dialog.txt")
    await stage.keys("Enter")
    await stage.frame("question/add-output", "waiting", "question", when="Add .* to the chat")
    await stage.keys("n", "Enter")
    await stage.frame("done/file-shows-a-dialog", "done", when=AIDER_READY)
    await stage.say("edit the readme", block("Plums"))
    await stage.frame("question/add-file", "waiting", "question", when=r"Add file")
    await stage.keys("n", "Enter")
    await stage.frame("idle/edit-denied", "idle", when=AIDER_READY)
    url = "look at https://example.com/ please"
    await stage.say(url)
    await stage.frame("permission/fetch", "waiting", "permission", when=r"Add URL")
    await stage.keys("n", "Enter")


async def aider_leave(stage: Stage) -> None:
    await aider_ready(stage)
    run = Say("You can tidy up with this:\n\n```bash\nsleep 20\n```\n")
    await stage.say("run slowly", run)
    await stage.frame("permission/shell-slow", "waiting", "permission", when="Run shell")
    await stage.keys("y", "Enter")
    await stage.frame("working/tool", "working", when="Running", held=False)
    await stage.keys("C-c", pause=1.0)
    await stage.frame("question/add-output-of-tool", "waiting", "question", when="Add ")
    await stage.keys("n", "Enter")
    await stage.say("tidy the build folder", Say("So:\n\n```bash\nrm -rf build\n```\n"))
    look = await stage.frame("permission/shell", "waiting", "permission", when="Run shell")
    await left(stage, look)


async def aider_login(stage: Stage) -> None:
    stage.open(signed_in=False)
    await stage.frame("login/method", "waiting", "login", when=r"\(Y\)es", patience=60)


PLAYS: Mapping[str, Sequence[Act]] = {
    "claude": (
        claude_first,
        claude_work,
        claude_ask,
        claude_plan,
        claude_leave,
        claude_login,
    ),
    "codex": (
        codex_first,
        codex_error,
        codex_work,
        codex_ask,
        codex_question,
        codex_leave,
        codex_login,
    ),
    "opencode": (opencode_first, opencode_work, opencode_ask, opencode_leave, opencode_login),
    "gemini": (gemini_first, gemini_work, gemini_ask, gemini_leave, gemini_login),
    "aider": (aider_first, aider_error, aider_work, aider_ask, aider_leave, aider_login),
}
