"""Finds the rule for a command by its name."""

from __future__ import annotations

from agent.risk.arguments import wordlist
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import quote, shown
from agent.risk.evaluation.names import (
    LOADER,
    ORDINARY,
    OTHER_NAMES,
    PLAIN_NAME,
    UNRESOLVED,
    known_programs,
    versionless,
)
from agent.risk.evaluation.outputs import Outputs
from agent.risk.evaluation.unlisted import simple
from agent.risk.evaluation.variables import indexed
from agent.risk.shell.syntax import UNKNOWN, Group


class Dispatcher(Outputs):
    """Finds the rule for a command by its name."""

    def dispatch(self, call: Call) -> None:
        """Find the rule for a command and apply it."""
        argv = call.argv
        name = argv[0]
        if self.rules.deny or self.rules.ask or self.rules.allow:
            self._command_rules(argv, call)
        self._judge(name, call)
        if len(self.tree) < 5_000:
            self.tree.append((call.depth, " ".join(shown(a) for a in argv)[:200], call.level))

    def _judge(self, name: str, call: Call) -> None:
        from agent.risk.commands.table import HANDLERS

        if not PLAIN_NAME.fullmatch(name) and name not in ("[", "[["):
            if UNKNOWN in name or name.startswith("$__unknown"):
                call.opaque()
                return
            if name == "":
                call.opaque("the command's name is empty")
                return
            if not name.isascii() or UNRESOLVED.search(name):
                call.opaque("the command's name is deceptive or cannot be resolved")
                return
        if name in self.state.aliases:
            value = self.state.aliases[name]
            self.state.aliases.pop(name)
            call.shell(value + " " + " ".join(quote(a) for a in call.argv[1:]), here=True)
            self.state.aliases[name] = value
            return
        if name in self.state.functions:
            if call.command is not None and _inside(call.command.group, name):
                call.high("a function calls itself: a fork bomb, or a loop without an end")
            for argument in call.argv[1:]:
                if argument[:1] in ("-", "+", ":") and len(argument) > 1:
                    call.opaque("what a function does with an option cannot be known")
                else:
                    self.steering(argument, call)
                    call.reads(argument)
            self.state.cwd = self.state.moves.get(name, self.state.cwd)
            call.low()
            return
        program = name[name.rfind("/") + 1 :]
        if program.startswith("ld") and LOADER.fullmatch(program):
            call.high("has the system's loader run a program")
            return
        if "/" in name and (not ORDINARY.search(name) or program not in known_programs()):
            HANDLERS["@file"](call)
            return
        if program in _COUNTING and any(indexed(word) for word in call.argv[1:]):
            call.high("an index in it runs a command")
        key = OTHER_NAMES.get(program) or versionless(program)
        handler = HANDLERS.get(key)
        if handler is not None:
            handler(call)
            return
        simple(call, key)


def _inside(group: Group | None, name: str) -> bool:
    """A command stands in the body of the function `name`, and in a pipeline there."""
    hops = 0
    while group is not None and hops < 64:
        if group.function == name:
            return name == ":" or not name.isidentifier()
        group = group.parent
        hops += 1
    return False


_COUNTING = frozenset(
    wordlist(
        """let test [ printf read unset wait mapfile readarray getopts declare typeset local
        export readonly"""
    )
)
