"""A tmux command that was sent, what waits for its reply, and what kind of reply that is."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tungsten.errors import CommandFailed, ServerGone, TerminalError
from tungsten.tmux.control_protocol import Reply

TEXTLESS = frozenset(
    {
        "send-keys",
        "paste-buffer",
        "set-buffer",
        "delete-buffer",
        "set-option",
        "set-hook",
        "resize-window",
        "kill-pane",
        "kill-session",
        "kill-window",
        "link-window",
        "unlink-window",
        "select-pane",
        "rename-window",
        "wait-for",
        "refresh-client",
        "copy-mode",
        "if-shell",
    }
)
"""Commands whose reply holds no text from a pane, hence needs no guard."""

NESTING = "if-shell"
"""The command that answers twice, for itself and for the branch it ran; both must be given."""


def lasts(argv: Sequence[str]) -> bool:
    """Whether tmux answers a command, and those after it, only when something has happened."""
    return argv[0] == "run-shell" or (argv[0] == "wait-for" and "-S" not in argv)


class Pending:
    """One command on the wire and what waits for its reply.

    Attributes:
        argv: its words.
        future: done once the reply is there; None where nobody awaits one.
        begin: its first byte's place in all that was sent.
        reply: the reply, also one that came when nobody waited any more.
        failure: why there was none in time.
    """

    __slots__ = ("argv", "begin", "failure", "future", "reply")

    def __init__(
        self, argv: Sequence[str], future: asyncio.Future[Reply] | None, begin: int
    ) -> None:
        self.argv = argv
        self.future = future
        self.begin = begin
        self.reply: Reply | None = None
        self.failure: TerminalError | None = None

    def resolve(self, reply: Reply) -> None:
        """Take the reply, and give it to who waits."""
        self.reply = reply
        if self.future is not None and not self.future.done():
            self.future.set_result(reply)

    def fail(self, error: TerminalError) -> None:
        """Tell who waits that no reply is to be waited for."""
        self.failure = error
        if self.future is not None and not self.future.done():
            self.future.set_exception(error)
            # Nobody may be waiting any more; then nobody needs to hear of it.
            self.future.exception()

    def lines(self) -> list[str]:
        """Give the reply's lines; raises why there are none."""
        if self.reply is None:
            raise self.failure or ServerGone()
        return lines_of(self.argv, self.reply)


def lines_of(argv: Sequence[str], reply: Reply) -> list[str]:
    """Give a reply's lines.

    Raises:
        CommandFailed: tmux refused the command.
    """
    if not reply.ok:
        raise CommandFailed(argv, " ".join(reply.lines))
    return reply.lines
