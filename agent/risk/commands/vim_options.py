# ruff: noqa: E501 - tables and patterns read better unbroken
"""What options and functions of vim run, load, read or write; sources: vim's options.txt and builtin.txt, nvim's api.txt."""

from __future__ import annotations

import re

from agent.risk.arguments import wordlist
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import shown

_PROGRAMS = frozenset(
    wordlist("""shell sh shellcmdflag shcf shellpipe sp shellredir srr shellquote shq shellxquote sxq shellxescape sxe
    makeprg mp grepprg gp equalprg ep formatprg fp keywordprg kp cscopeprg csprg cscopepathcomp osfiletype
    luadll perldll pythondll pythonthreedll pythonhome pythonthreehome rubydll tcldll mzschemedll mzschemegcdll libcall""")
)
"""Options whose value is run, or a part of every command that is run."""

_LOADS = frozenset(wordlist("runtimepath rtp packpath pp helpfile hf"))
"""Options that say where scripts are loaded from."""

_EXPRESSIONS = frozenset(
    wordlist("""foldexpr fde foldtext fdt indentexpr inde includeexpr inex formatexpr fex balloonexpr bexpr charconvert ccv
    statusline stl tabline tal rulerformat ruf titlestring iconstring winbar wbr statuscolumn stc guitablabel gtl
    guitabtooltip gtt completefunc cfu omnifunc ofu tagfunc tfu thesaurusfunc tsrfu quickfixtextfunc qftf findfunc ffu
    imactivatefunc imaf imstatusfunc imsf errorformat efm""")
)
"""Options whose value is an expression, or the name of a function, that is called by itself."""

_CALLS = frozenset(wordlist("opfunc operatorfunc diffexpr dex patchexpr pex printexpr pexpr"))
"""The same where the function is given text or files to act on."""

_WRITES = frozenset(
    wordlist("verbosefile vfile viminfofile vif shadafile sdf spellfile spf makeef mef")
)
_READS = frozenset(wordlist("dictionary dict thesaurus tsr errorfile ef tags tag"))
_TURNS = frozenset(
    wordlist(
        "exrc ex modelineexpr mle nosecure noinsecure insecure langmap lmap cedit pastetoggle pt altkeymap termwinkey twk wildcharm wcm"
    )
)
"""Options that trust what stands in files, or give keys another meaning."""

_OPTION = re.compile(r"(?<![^\s])(?:inv)?([a-z]+)(?:[!?&<]|([+^-]?[=:])((?:\\.|[^\s\\])*))?")
_LET = re.compile(r"&(?:[lg]:)?([a-z]+)\s*(?:\.{1,2}|[+-])?=(?![=~])\s*(.*)", re.S)

_RUNNING = (
    "system systemlist job_start jobstart jobsend libcall libcallnr term_start term_sendkeys term_dumpwrite termopen termstart "
    "writefile delete rename setfperm filecopy mkdir luaeval rubyeval perleval mzeval tcleval pyeval py3eval pyxeval execute "
    "win_execute assert_fails eval feedkeys chansend rpcrequest rpcnotify rpcstart serverstart sockconnect stdioopen "
    "remote_send remote_expr remote_startserver remote_foreground server2client ch_open ch_sendraw ch_sendexpr ch_evalraw "
    "ch_evalexpr ch_logfile timer_start call function funcref popup_create popup_menu popup_dialog prompt_setcallback "
    "channel_open sound_playfile test_feedinput nvim_exec nvim_exec2 nvim_command nvim_feedkeys nvim_input nvim_eval "
    "nvim_call_function nvim_open_term nvim_exec_lua dictwatcheradd"
)
RUNS = re.compile(
    rf"(?<![\w#:.])(?:{'|'.join(sorted(_RUNNING.split(), key=len, reverse=True))})\s*\("
)
"""A call of a function that runs, writes, deletes or connects."""

_HARMLESS_CALLS = re.compile(
    r"(?<![\w#:.])(?:call|function|funcref)\s*\(\s*(['\"])(?!(?:system|systemlist|job|term|lib|writefile|delete|rename|setfperm|exec|eval|feedkeys|nvim|rpc|ch_|chan|sock|remote|timer|\w*eval))[\w#:.]+\1"
)
_MADE_DIRECTORY = re.compile(
    r"\bmkdir\s*\(\s*(['\"])([^'\"]*)\1\s*(?:,\s*(['\"])p?\3\s*(?:,\s*\w+\s*)?)?\)"
)
_SYSTEM = re.compile(
    r"(?:system|systemlist|job_start|jobstart|term_start|termopen)\s*\(\s*([\"'])(.*?)\1"
)
_EXECUTES = re.compile(r"\bexecute\s*\(\s*(['\"])([\w ]+)\1\s*\)")
_READ = re.compile(r"\b(?:readfile|readblob)\s*\(\s*(?:(['\"])([^'\"]*)\1\s*[,)])?")
_BACKTICKS = re.compile(r"\b(?:expand|glob|globpath|expandcmd)\s*\([^)]*?`([^`]*)`")


def functions(call: Call, text: str) -> None:
    """Judge the functions that a text of vim's language calls."""
    rest = _EXECUTES.sub(" ", _HARMLESS_CALLS.sub(" ", text))
    for match in _EXECUTES.finditer(text):
        from agent.risk.commands.editors import vim_command

        vim_command(call, match[2])
    for match in _MADE_DIRECTORY.finditer(rest):
        call.writes(match[2] + "/.")
    rest = _MADE_DIRECTORY.sub(" ", rest)
    if RUNS.search(rest):
        told = _SYSTEM.search(rest)
        if told:
            call.shell(told[2])
            if RUNS.search(rest.replace(told[0], " ", 1)):
                call.high("has the editor run or delete something")
        else:
            call.high("has the editor run or delete something")
    for match in _READ.finditer(text):
        if match[2]:
            call.reads(match[2])
        else:
            call.opaque("reads a file that cannot be known")
    for match in _BACKTICKS.finditer(text):
        call.shell(match[1])


def options(call: Call, text: str) -> None:
    """Judge `:set` and its like, by what is behind the command's name."""
    for match in _OPTION.finditer(text):
        name, given = match[1], match[2] is not None
        option(call, name, match[3].replace("\\ ", " ") if given else None)


def assigned(call: Call, text: str) -> None:
    """Judge `:let &option = expression`."""
    match = _LET.search(text)
    if match:
        value = match[2].strip()
        literal = re.fullmatch(r"(['\"])((?:(?!\1).)*)\1", value, re.S)
        if match[1] in _WRITES | _READS and literal is None:
            call.opaque(f"sets {match[1]} to something that cannot be known")
        else:
            option(call, match[1], literal[2] if literal else value)


def option(call: Call, name: str, value: str | None) -> None:
    """Judge one option; None as its value where it is only turned on, off or asked for."""
    bare = name.removeprefix("no").removeprefix("inv")
    if name in _TURNS or (value is not None and bare in _TURNS):
        if not name.startswith("no") or name in ("nosecure", "noinsecure"):
            call.high("has the editor trust files or take keys for something else")
    elif value is None or value == "":
        return
    elif name in _PROGRAMS:
        call.high("changes what the editor runs")
    elif name in _CALLS:
        call.high("changes what a key or a command of the editor calls")
    elif name in _LOADS:
        call.high("changes where the editor loads scripts from")
    elif name in _EXPRESSIONS:
        functions(call, value)
        if value.startswith("%!"):
            functions(call, value[2:])
    elif name in _WRITES:
        for path in value.split(","):
            call.writes(path)
            call.medium(f"has the editor write to {shown(path)}")
    elif name in _READS:
        for path in re.split(r"[,;]", value):
            call.reads(path)


_AUTOCOMMAND = re.compile(
    r"(?:\w+\s+)?(?:[A-Z]\w*(?:,[A-Z]\w*)*)\s+(?:<\w+(?:=\w+)?>|\S+)\s+(?:(?:\+\+)?(?:once|nested)\s+)*(.+)",
    re.S,
)
_DEFINED = re.compile(r"(?:-\S+\s+)*[A-Z]\w*\s+(.+)", re.S)
_MAPPED = re.compile(r"(?::|<cmd>)(?:<c-u>)?([^:]*?)(?:<cr>|<bar>|$)", re.I)


def later(name: str, rest: str) -> list[str]:
    """The commands that `:autocmd`, `:command`, `:map` and `:menu` put off, as far as they are told."""
    if re.fullmatch(r"au(?:t\w*)?", name):
        match = _AUTOCOMMAND.fullmatch(rest)
        return [match[1]] if match else []
    if re.fullmatch(r"com(?:m\w*)?", name):
        match = _DEFINED.fullmatch(rest)
        return [match[1]] if match else []
    if re.fullmatch(r"\w*(?:map|menu)|\w*nore(?:map|me\w*)?", name):
        return [text for text in _MAPPED.findall(rest) if text.strip()]
    return []
