"""The demo model with a prompt of the person's own: it says what it is, and takes a few orders."""

from __future__ import annotations

import re

from agent.demo.talk import Say, Talk, Used

ABOUT = """\
I am Tungsten's **demo model**: a script, not an intelligence. I cannot think about your task, but \
everything I do is real, and passes the gate like the work of any model. Try one of these:

- `run: git status` runs a command in my terminal
- `run: sudo -n true` asks for root's rights to do nothing: it waits for your decision
- `read: README.md` reads a file
- `ask: Tea or coffee?` asks you something

`/demo` runs the demo itself. For real work, choose a model with `/model`: a key, or an endpoint \
such as Ollama or LM Studio.
"""

_ORDER = re.compile(r"^\s*(run|read|ask):[ \t]*(\S.*?)\s*$", re.MULTILINE | re.IGNORECASE)


def next_move(talk: Talk) -> Say:
    """Carry out a literal order once, and say what came of it."""
    if talk.last is not None:
        return Say(_told(talk.last))
    order = _ORDER.search(talk.prompt)
    if order is None:
        return Say(ABOUT)
    word, rest = order.group(1).lower(), order.group(2)
    match word:
        case "run":
            return Say(
                "I am a scripted demo model, and run this as you wrote it.",
                "terminal_run",
                {"command": rest, "why": "you asked for exactly this", "timeout": 60},
            )
        case "read":
            return Say("I am a scripted demo model. I read it.", "file_read", {"path": rest})
        case _:
            return Say(
                "I am a scripted demo model, and ask you this.", "ask_person", {"question": rest}
            )


def _told(last: Used) -> str:
    if last.stopped:
        return f"That did not happen: {last.reason} I leave it at that."
    if last.is_error:
        return f"That did not work: {last.reason}"
    if last.name == "terminal_run":
        status = last.exit_status
        return "It ended well." if status == 0 else f"It did not end well: {last.reason}"
    if last.name == "file_read":
        return f"It begins so:\n\n```\n{chr(10).join(last.result.splitlines()[:10])}\n```"
    return last.reason
