# ruff: noqa: E501 - tables and patterns read better unbroken
"""Prompts whose lines start with a command word: debuggers, key-value stores, file transfer.

What is listed as looking or as working is let through; a shell escape is judged as shell text;
every other line is HIGH.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from agent.risk.arguments import wordlist
from agent.risk.assessment import Assessment, Context, Risk
from agent.risk.foregrounds.model import call_in
from agent.risk.foregrounds.shells import Prompt


@dataclass(frozen=True, slots=True)
class _Grammar:
    prompt: str
    safe: frozenset[str]
    shell: str
    ends: str
    saves: str = r"(?!)"
    dangerous: str = r"(?!)"


_CALLS = r"\b(?:system|exec\w*|popen|fork|vfork|unlink|remove|rename|kill|dlopen|setuid|posix_spawn|open|creat|chmod|chown|mprotect|ptrace|Process|NSTask)\w*\s*\("

_DEBUGGER = wordlist(
    """bt backtrace where info i print p inspect ptype whatis list l break b br tbreak tb start continue c cont cn next n nexti ni
    step s stepi si finish fin until u advance frame f up down thread t display undisplay delete d clear disable enable watch rwatch
    awatch layout tui focus refresh help h quit q symbol-file cd pwd disassemble disas x output echo ignore condition skip info_all
    directory dir apropos search winheight rc record reverse-continue reverse-next reverse-step"""
)

COMMANDS: dict[str, _Grammar] = {
    "gdb": _Grammar(
        r"^\(gdb\) ?", frozenset(_DEBUGGER), r"^(?:shell\s+|!\s*)(.*)$|^(?:pipe\s+|\|)\s*.*?\|\s*(.*)$", r"q(?:uit)?|exit", dangerous=_CALLS
    ),
    "lldb": _Grammar(
        r"^\(lldb\) ?",
        frozenset(_DEBUGGER) | frozenset(wordlist("po v r run register memory breakpoint target image settings_show version var variable expr expression")),
        r"^(?:platform\s+)?shell\s+(.*)$", r"q(?:uit)?|exit", dangerous=_CALLS + r"|\bscript\b|target\s+(?:modules\s+add|symbols)",
    ),
    "redis-cli": _Grammar(
        r"^(?:[\w.\[\]:-]+|not connected)> ?",
        frozenset(wordlist("""ping echo get mget getrange strlen exists type ttl pttl keys scan dbsize info time hget hmget hgetall hkeys hvals hlen hexists hscan
            lrange llen lindex smembers scard sismember srandmember sscan zrange zrangebyscore zrevrange zcard zscore zrank zcount zscan xrange xlen xinfo
            object memory monitor lastsave select set setex setnx mset append incr incrby decr decrby hset hmset hincrby lpush rpush lset sadd zadd
            expire pexpire persist del hdel srem zrem lpop rpop spop help clear command bitcount getbit pfcount geodist geopos subscribe unsubscribe multi
            exec discard watch unwatch role randomkey dump""")),
        r"(?!)", r"quit|exit",
        dangerous=r"(?i)^(?:config|client|acl|debug|script|eval|function|module|cluster|replicaof|slaveof|shutdown|flush|migrate|save|bgsave|restore|failover|swapdb)",
    ),
    "sftp": _Grammar(
        r"^sftp> ?", frozenset(wordlist("ls dir cd lcd pwd lpwd lls df help ? version progress get reget mget lumask mkdir")), r"^!\s*(.*)$", r"bye|exit|quit", saves=r"^(?:re|m)?get\s+(?:-\S+\s+)*(\S+)(?:\s+(\S+))?",
    ),
    "ftp": _Grammar(
        r"^ftp> ?", frozenset(wordlist("ls dir nlist cd lcd pwd status binary ascii bin passive prompt hash verbose help ? get recv mget size modtime system type mkdir open")), r"^!\s*(.*)$", r"bye|exit|quit", saves=r"^(?:get|recv|mget)\s+(\S+)(?:\s+(\S+))?",
    ),
    "lftp": _Grammar(
        r"^lftp [^>]*> ?", frozenset(wordlist("ls cls nlist cd lcd pwd lpwd du find cat more zcat help get mget pget get1 jobs version debug cache")), r"^!\s*(.*)$", r"bye|exit|quit", saves=r"^(?:p|m)?get1?\s+(?:-\S+\s+)*(\S+)(?:\s+-o\s+(\S+))?", dangerous=r"\|",
    ),
    "bc": _Grammar(r"^", frozenset(), r"(?!)", r"quit|exit"),
    "dc": _Grammar(r"^", frozenset(), r"!\s*(.*)$", r"q"),
}  # fmt: skip

_CALCULATORS = frozenset(["bc", "dc"])


class CommandPrompt(Prompt):
    """One of `COMMANDS`: each line starts with a command word."""

    pastes_whole = False

    def __init__(self, context: Context, name: str) -> None:
        self.grammar = COMMANDS[name]
        self.prompt = self.grammar.prompt
        self.name = name
        super().__init__(context)

    def submit(self, text: str) -> Assessment | None:
        """Judge a line by its first word."""
        line, grammar = text.strip(), self.grammar
        if re.fullmatch(grammar.ends, line, re.I):
            self.closed = True
            return None
        evaluator, call = call_in(self.context, self.name)
        escape = re.search(grammar.shell, line)
        word = re.match(r"[^\s/(]*", line)
        if escape is not None:
            told = next((group for group in escape.groups() if group), "")
            call.shell(told) if told.strip() else call.high("opens a shell")
        elif not line:
            # A debugger does the last thing again; the others nothing.
            call.low()
        elif self.name in _CALCULATORS:
            call.low()
        elif re.match(r"(?:run|r|starti?|set\s+args)\b", line) and self.name in ("gdb", "lldb"):
            # gdb starts programs through the shell.
            call.medium("runs the program that is debugged")
            told = re.sub(r"^(?:run|r|starti?|set\s+args)\b", "program", line)
            call.shell(told) if told != "program" else call.low()
        elif re.search(grammar.dangerous, line):
            found = re.match(
                r"(?i)(?:config\s+get|client\s+(?:list|info|getname)|cluster\s+info)\b", line
            )
            call.low() if found else call.high(
                f"has {self.name} do something far-reaching", "does something far-reaching"
            )
        elif word is not None and word[0].lower() in grammar.safe:
            call.medium(f"gives {self.name} a command")
            saved = re.match(grammar.saves, line)
            if saved:
                call.writes(saved[2] or saved[1].rpartition("/")[2] or saved[1])
        elif re.match(
            r"set\s+(?:var(?:iable)?|print|pagination|confirm|listsize|width|height|disassembly-flavor)\b",
            line,
        ):
            call.medium(f"gives {self.name} a command")
        else:
            return Assessment(
                Risk.HIGH,
                (f"what {self.name} does with this cannot be known",),
                "cannot be known",
            )
        return evaluator.assessment()
