"""vim's `:` commands at its prompt: which file is edited, what a command runs, what closes it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from agent.risk.assessment import Assessment, Context, Risk
from agent.risk.commands.editors import vim_command
from agent.risk.commands.vim_options import assigned, functions
from agent.risk.evaluation.call import Call
from agent.risk.foregrounds.model import call_in, save

_HANDED_OVER = re.compile(
    r"!\s*(?:\S*/)?(?:env\s+)?(?:\w*sh|python[\d.]*|perl|ruby|node|php|lua)\s*(?:-\s*)?$"
)
_MAX_NESTED = 8
"""Commands inside of commands (`:g/x/exe "…"`) that are followed."""


@dataclass(slots=True)
class Buffer:
    """What is edited.

    Attributes:
        context: where vim runs, as its own `:cd` changes it.
        file: what it was read from, where that is known.
        typed: what was inserted.
        windows: how many are open; the last one closes the editor.
        changed: something was typed since.
        forced: closing was demanded with `!`, or after saving everything.
        inserts: the command started insert mode.
        inserting: an expression's value goes into inserted text.
        stops: it was put into the background.
    """

    context: Context
    file: str = ""
    typed: str = ""
    windows: int = 1
    changed: bool = False
    forced: bool = False
    inserts: bool = False
    inserting: bool = False
    stops: bool = False

    def copy(self) -> Buffer:
        """The same state, to be changed apart from this one."""
        return replace(self)


def saved(buffer: Buffer) -> Assessment:
    """The file is saved under its own name."""
    evaluator, call = call_in(buffer.context, "vim")
    save(call, buffer.file, buffer.typed)
    return evaluator.assessment()


def filtered(context: Context, text: str) -> Assessment:
    """Text of the file is given to a command."""
    evaluator, call = call_in(context, "vim")
    if _HANDED_OVER.search("!" + text):
        call.high("has another program run the text being edited")
    call.shell(text)
    return evaluator.assessment()


def expression(context: Context, text: str) -> Assessment:
    """An expression of the `=` register."""
    evaluator, call = call_in(context, "vim")
    functions(call, text)
    return evaluator.assessment()


def judge(buffer: Buffer, text: str) -> Assessment:
    """A `:` command; the buffer is as it is afterwards."""
    evaluator, call = call_in(buffer.context, "vim")
    _command(call, buffer, text, 0)
    return evaluator.assessment()


def _command(call: Call, buffer: Buffer, text: str, depth: int) -> None:
    if depth > _MAX_NESTED:
        call.opaque("is nested too deeply")
        return
    bare = text.strip().lstrip(": \t")
    if _HARMLESS_MAP.match(bare):
        call.medium("changes what a key of the editor does")
        return
    inner = _wrapped(call, bare)
    if inner is not None:
        _command(call, buffer, inner, depth + 1)
        return
    if re.match(r"^[\s\d,.$%'<>]*!\s*!", bare):
        call.high("runs again what ran last", "runs a line that cannot be known")
    head = _SEPARATED.match(bare)
    if head:
        _command(call, buffer, head[1], depth + 1)
        _command(call, buffer, bare[head.end() :], depth + 1)
        return
    vim_command(call, bare)
    for later in re.findall(r"\|\s*!(.*)", bare):
        call.shell(later)
    if _HANDED_OVER.search(bare):
        call.high("has another program run the text being edited")
    if re.match(r"^(?:ec\w*|mes\w*)\b.*--\s*(?:INSERT|REPLACE|VISUAL)", bare):
        call.high("makes the editor look as if text were typed into it")
    for piece in (
        [bare] if "!" in bare.partition("|")[0][2:] else re.split(r"\s*(?<!\\)\|\s*", bare)
    ):
        word = re.match(r"^[\s\d,.$%'<>;+-]*([A-Za-z]+|[@*&]+)(!?)\s*(.*)$", piece, re.S)
        if word:
            _word(call, buffer, word[1], word[2], word[3].strip(), depth)


_SEPARATED = re.compile(
    r"(?![^|\s]*(?:norm|au|com|map|abb|py|lua|perl|rub|tcl|mz|ter|exe|[gv]/|s/|s#|!))([^|!\"']*?)(?<!\\)\|(?!\|)"
)
"""The first of several commands; some take what follows a bar as their own."""

_MODIFIERS = re.compile(
    r"^(?:sil(?:ent)?!?|verb(?:ose)?|noa(?:utocmd)?|keep\w*|lockm\w*|tab|vert(?:ical)?|top\w*|bot\w*|bo|abo\w*|lefta\w*|rightb\w*|con(?:firm)?|hid(?:e)?|\d*tab)\s+(?=\S)"
)
_EACH = re.compile(r"^[\s\d,.$%']*(?:buf|arg|win|tab|c|l|cf|lf)do?(?:do)?!?\s+(?=\S)")
_GLOBAL = re.compile(
    r"^[\s\d,.$%']*(?:g(?:lobal)?!?|v(?:global)?)\s*([^\w\s\"|\\])(?:\\.|(?!\1)[^\\])*\1?(.*)$",
    re.S,
)
_EXECUTE = re.compile(r"^exe(?:cute?)?\b\s*(.*)$", re.S)
_ABBREVIATION = re.compile(
    r"^(?:[ci]?(?:nore)?a(?:b\w*)?|norea\w*|[ci]a(?:b\w*)?|[ci]norea\w*)\s+(?:<\w+>\s*)*\S+\s+(.+)$",
    re.S,
)


_HARMLESS_MAP = re.compile(
    r"^[nvxsoilct]?(?:nore)?map\s+(?:<(?:silent|buffer)>\s*)*\S+\s+(?::|<cmd>)(?:w|wa|up|q|wq|x|noh\w*|bn\w*|bp\w*|b#|tabn\w*|tabp\w*|cn\w*|cp\w*|Ex\w*)!?<CR>\s*$",
    re.I,
)


def _wrapped(call: Call, text: str) -> str | None:
    """The command inside of one that runs it, None where there is none."""
    for pattern in (_MODIFIERS, _EACH):
        match = pattern.match(text)
        if match:
            return text[match.end() :]
    match = _GLOBAL.match(text)
    if match:
        return match[2].strip() or "p"
    match = _ABBREVIATION.match(text)
    if match:
        return match[1] if match[1].lstrip().startswith(("!", "w", "r")) else "norm " + match[1]
    match = _EXECUTE.match(text)
    if match:
        told = re.sub(r"([\"'])\s*\.{1,2}\s*([\"'])", "", match[1])
        literal = re.fullmatch(r"([\"'])((?:\\.|(?!\1)[^\\\n])*)\1", told.strip())
        if literal:
            return literal[2]
        call.opaque("has the editor run a command that cannot be known")
    return None


_CLOSES = re.compile(r"q|qu|qui|quit|wq|x|xi|xit|exi|exit|clo|close|hid|hide")
_CLOSES_ALL = re.compile(
    r"qa|qal|qall|quita|quital|quitall|wqa|wqal|wqall|xa|xal|xall|cq|cqu|cquit|conf"
)
_SAVES = re.compile(
    r"w|wr|wri|writ|write|wq|x|xi|xit|exi|exit|up|upd|update|wn|wnext|wN|wa|wal|wall|wqa|wqall|xa|xall|wp"
)
_EDITS = re.compile(
    r"e|ed|edi|edit|tabe\w*|tabnew|sp|spl|split|vs|vsp|vsplit|new|vne|vnew|sv|sview|vie|view|vi|vis|visual|dr|drop|fin|find|f|fi|fil|file|sfind|sf"
)
_SPLITS = re.compile(
    r"tabe\w*|tabnew|sp\w*|vs\w*|new|vne\w*|sv\w*|sf\w*|h|he|hel|help|cope\w*|cw\w*|lope\w*|Ex\w*|Vex\w*|Sex\w*|dif\w*|to\w*|ter\w*"
)
_FILES_THAT_RUN = re.compile(
    r"(?:so|sou|sour|sourc|source|ru|runt\w*|luaf\w*|pyf\w*|py3f\w*|pyxf\w*|rubyf\w*|perlf\w*|tclf\w*)"
)
_OWN_SETTINGS = re.compile(
    r"\$MYVIMRC|(?:~|\$HOME)/(?:\.vimrc|\.config/nvim/init\.(?:vim|lua)|\.vim/vimrc)|\$VIMRUNTIME/\S+"
)


_NO_FILES = re.compile(
    r"(?:s|g|v|norm\w*|ec\w*|let|call?|exe\w*|if|ab\w*|[nvixo]?(?:nore)?map|hi\w*|sy\w*)$"
)
"""Commands that take no names of files."""


def _word(call: Call, buffer: Buffer, name: str, bang: str, rest: str, depth: int) -> None:
    """What a command's name says, beyond what any started vim would do with it."""
    if not _NO_FILES.match(name):
        # Words in backquotes are replaced by what a command prints.
        for text in re.findall(r"`([^`=][^`]*)`", rest):
            call.shell(text)
    if name[0] in "@*":
        call.high("replays keys that cannot be known", "replays a macro")
    elif _FILES_THAT_RUN.fullmatch(name):
        if not rest or rest == "%":
            call.high("runs the text being edited", "runs the text being edited")
        elif not _OWN_SETTINGS.fullmatch(rest):
            _run_file(call, rest)
    elif re.fullmatch(r"norm(?:al?)?", name):
        if re.search(r"@[a-zA-Z0-9:@\"*+]|!|:(?:w|r|so|te|sh|lua|py)|Z[ZQ]|g[@xfF]", rest):
            call.high("types keys that run something")
    elif re.fullmatch(r"call?|let|ec\w*|return|if|for|while|eval", name):
        assigned(call, rest)
    elif re.fullmatch(r"lua|luado", name):
        _lua(call, buffer, rest, depth)
    elif name in ("G", "Git", "Gclog", "Gpush"):
        call.shell("git " + ("push " if name == "Gpush" else "") + rest)
    elif re.match(r"Sudo|Suda", name):
        call.high("writes with the rights of root")
    elif name in ("Delete", "Remove", "Unlink"):
        call.deletes(buffer.file, recursive=False) if buffer.file else call.high(
            "deletes a file that cannot be known"
        )
    elif name in ("Chmod", "Move", "Rename", "Copy"):
        call.writes(rest) if rest and name != "Chmod" else call.high("changes what a file may do")
    if re.fullmatch(r"a|i|c|ap\w*|in|ins\w*|cha\w*", name) and not rest:
        buffer.inserts = True
    if re.fullmatch(r"(?:l|t)?cd|(?:l|t)?chd\w*", name):
        where = rest.strip() or "~"
        path = str(buffer.context.home) + where[1:] if where.startswith("~") else where
        buffer.context = replace(buffer.context, cwd=Path(buffer.context.cwd, path))
    if _SAVES.fullmatch(name) and not rest and buffer.file:
        save(call, buffer.file, buffer.typed)
    if _EDITS.fullmatch(name):
        path = re.sub(r"^(?:\+\S*|\+\+\w+=\S+)\s+", "", rest)
        if path:
            # What `%` and `#` stand for is not known; it is no other file than one edited before.
            buffer.file = "" if re.search(r"[%#*`]", path) else path
    elif re.match(r"(?:b|bn|bp|bN|bf|bl|n|N|prev|fir|la|tabn|tabp|ta|tag)\w*$", name):
        buffer.file = ""
    if _SPLITS.fullmatch(name):
        buffer.windows += 1
    if _CLOSES_ALL.fullmatch(name):
        buffer.windows = 0
    elif _CLOSES.fullmatch(name):
        buffer.windows -= 1
    elif re.fullmatch(r"on(?:ly?)?", name):
        buffer.windows = 1
    buffer.forced = bool(bang) or name in ("wq", "x", "xit", "wqa", "xa", "wqall", "xall", "cq")
    if re.fullmatch(r"sus\w*|st|stop", name):
        buffer.stops = True


def _run_file(call: Call, path: str) -> None:
    """A script of editor commands: what is in it is read where it is there."""
    before = call.evaluator.assessment().risk
    if before is Risk.HIGH:
        return
    place = Path(path.split()[0].replace("~", call.evaluator.ground.home, 1))
    if not Path(call.cwd, place).is_file():
        call.opaque(f"runs {path}, which is not there to be read")


def _lua(call: Call, buffer: Buffer, text: str, depth: int) -> None:
    """What Lua has the editor itself do."""
    told = re.search(
        r"(?:vim\.cmd|nvim_command|nvim_exec2?|vim\.api\.nvim_exec)\s*[({\[]?\s*([\"'])(.*?)\1",
        text,
    )
    if told:
        _command(call, buffer, told[2], depth + 1)
    elif re.search(
        r"vim\.(?:cmd|uv|loop|system|ui\.open|fn\.(?:system|job|term|delete|writefile|rename|feedkeys|chansend))|nvim_(?:command|exec|feedkeys|input|chan_send)|dofile|loadfile|load\s*\(",
        text,
    ):
        call.high("has the editor run something")
