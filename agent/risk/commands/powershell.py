# ruff: noqa: E501 - tables and patterns read better unbroken
"""Rules for PowerShell and `cmd.exe`: their text is not read as shell, but by its cmdlets."""

from __future__ import annotations

import re

from agent.risk.arguments import wordlist
from agent.risk.commands.script_files import from_stdin, run_file
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import shown
from agent.risk.shell.syntax import UNKNOWN

_LOOKING = frozenset(
    wordlist(
        """get test select where measure sort format write out convertto convertfrom foreach show compare
        find resolve join split group tee read wait assert trace import"""
    )
)
_ORDINARY = frozenset(
    wordlist(
        "new-item set-location push-location pop-location new-object new-variable set-variable"
    )
)
_CMDLET = re.compile(r"(?<![\w.\\/-])([A-Za-z]+)-([A-Z]\w+)")
_NATIVE = re.compile(
    r"(?i)(?:^|[|;&({]\s*)(?:iex|iwr|irm|saps|spps|kill|del|rd|ri|erase|rmdir|format|sc\.exe|sp|si|ni|clc|icm|nsn|etsn)\b"
    r"|::\s*(?:delete|start|writeall\w*|download\w*|move|create\w*|exit|kill|load\w*)|\.(?:delete|download\w*|kill|invoke|create)\s*\("
    r"|\bstart-process\b|frombase64string|-enc(?:odedcommand)?\b|-verb\s+runas"
)
_CMD = re.compile(
    r"(?i)(?:^|[&|(]\s*|/c\s+\W?)(?:rd|rmdir|del|erase|format|diskpart|reg|net|sc|shutdown|schtasks|bcdedit|taskkill|wmic|cipher|takeown"
    r"|icacls|attrib|powershell|pwsh|certutil|bitsadmin|curl|mshta|rundll32|regsvr32|wscript|cscript|move|ren|start|runas|vssadmin|wevtutil)\b"
)


def powershell(call: Call) -> None:
    """`pwsh`, `powershell`: `-Command` text, a script file, or standard input."""
    argv = call.argv
    for at, word in enumerate(argv[1:], 1):
        lower = word.lower()
        if lower in ("-version", "-help", "--version", "--help", "-?"):
            call.low()
            return
        if re.fullmatch(r"-e(?:c|n|nc\w*)?", lower):
            call.high("runs encoded text in a shell that cannot be read")
            return
        if re.fullmatch(r"-f(?:i(?:le?)?)?", lower):
            for path in argv[at + 1 : at + 2]:
                run_file(call, path, "powershell")
            return
        if re.fullmatch(r"-c(?:o\w*)?", lower):
            text(call, " ".join(argv[at + 1 :]))
            return
        if not word.startswith("-") and not re.fullmatch(
            r"(?i)bypass|unrestricted|hidden|single", word
        ):
            if word.lower().endswith(".ps1"):
                run_file(call, word, "powershell")
            else:
                text(call, " ".join(argv[at:]))
            return
    from_stdin(call, "powershell")


def text(call: Call, source: str) -> None:
    """Judge PowerShell source by its cmdlets; what is none of them is tried as a command."""
    if UNKNOWN in source and not source.strip(UNKNOWN + " "):
        call.opaque()
        return
    if _NATIVE.search(source):
        call.high("runs something in a shell that cannot be read", f"runs {shown(source)}")
    cmdlets = [f"{m[1]}-{m[2]}".lower() for m in _CMDLET.finditer(source)]
    for name in cmdlets:
        verb = name.partition("-")[0]
        if verb in _LOOKING or name in _ORDINARY:
            call.medium("runs PowerShell")
        else:
            call.high(f"runs {name} in a shell that cannot be read", f"runs {shown(source)}")
    if not cmdlets:
        call.shell(source)
    call.medium("runs PowerShell")


def windows(call: Call) -> None:
    """`cmd.exe /c …`."""
    source = " ".join(call.argv[1:])
    if _CMD.search(source):
        call.high("runs something in a shell that cannot be read", f"runs {shown(source)}")
    call.medium("runs a command of Windows")
