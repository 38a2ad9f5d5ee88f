"""Rules for editors and pagers started from a command: they can run programs."""

from __future__ import annotations

import re

from agent.risk import python_code
from agent.risk.arguments import split, value, wordlist
from agent.risk.commands.named_settings import LESS_KEYS
from agent.risk.commands.script_code import code, folded
from agent.risk.commands.script_files import run_file
from agent.risk.commands.vim_options import RUNS, assigned, functions, later, options
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.carried import search
from agent.risk.evaluation.findings import shown
from agent.risk.paths import Zone


def edit(call: Call, path: str) -> None:
    """An editor opens a file; saving it is judged when it happens."""
    for place in call.places(path):
        if (
            place.own
            or place.secret
            or (place.startup and place.zone is not Zone.PROJECT)
            or place.zone is Zone.SYSTEM
        ):
            call.writes(path)
            if place.secret:
                call.reads(path)
        else:
            call.medium(f"edits {shown(path)}")


_PIPES = re.compile(r"\+{1,2}[^|]{0,20}\|[\S](.+)", re.S)
"""`+|$command`: less gives a part of the file to a command."""


def pager(call: Call) -> None:
    """`less`, `more`, `man`: `+!command` runs, `-P` and `--pager` name a program."""
    argv = call.argv
    program = argv[0].rpartition("/")[2]
    for argument in argv[1:]:
        if argument.startswith("+") and "!" in argument:
            call.shell(argument.partition("!")[2])
        elif match := _PIPES.match(argument):
            call.shell(match[1])
    for text in value(argv, "--lesskey-content"):
        if LESS_KEYS.search(text.replace(";", "\n")):
            call.high("gives the pager keys or settings that run something")
    if program == "man":
        for text in value(argv, "-P", "--pager", "-H", "--html"):
            call.hook(text)
        call.low()
        return
    for path in value(argv, "-o", "-O", "--log-file", "-k", "--lesskey-file"):
        call.writes(path)
    for operand in split(argv, ("-o", "-O", "-k", "-t", "-p"))[1]:
        if not operand.startswith("+"):
            call.reads(operand)
    call.low()


def editor(call: Call) -> None:
    """Editors without a rule of their own: the files they open."""
    if call.argv[0].rpartition("/")[2] in ("ed", "red"):
        feed = call.feed()
        if feed.kind == "text":
            if _EMPTIES.search(" | ".join(feed.text.splitlines())):
                for operand in split(call.argv)[1]:
                    call.writes(operand, truncates=True)
            for line in feed.text.splitlines():
                match = re.match(r"^[\d,$.%/\w]*!(.*)|^[\d,$.]*[rwe]\s*!(.*)", line.strip())
                if match:
                    call.shell(match[1] or match[2] or "")
                match = re.match(r"^[\d,$.]*w\s+([^!\s]\S*)", line.strip())
                if match:
                    call.writes(match[1])
        elif feed.kind != "none":
            call.opaque("what the editor is told cannot be known")
    program = call.argv[0].rpartition("/")[2]
    told = [] if program in ("ed", "red") else value(call.argv, "-e", "-c", "-s", "--speller", "-E")
    for text in told:
        search(call, text)
    for operand in split(call.argv)[1]:
        if operand.startswith("+"):
            search(call, operand[1:])
        elif operand not in told:
            edit(call, operand)
    call.medium("opens an editor")


_EMPTIES = re.compile(
    r"(?:^|[|+: ])(?:%|1,\$|,)\s*d(?:elete)?\b.*[|+: ](?:w|wq|x|wa|xa|up\w*|q)!?(?:$|[| ])"
)
_VIM_RUN = re.compile(
    r"^:?\s*(?:\d+|%|\.|\$|'<,'>|silent!?|sil!?)?[\s,\d$.%']*\s*(?:r|re|rea|read|w|wr|wri|write)?\s*!+\s*(.*)$"
)


_EXECUTES = re.compile(r"^[\s:]*(?:sil\w*!?\s*)?exe(?:c|cu|cut|cute)?\s*([\"'])(.*)\1\s*$", re.S)
_VIM_FORCED = re.compile(r"^[\s\d,.$%']*(?:w|wr|wri|writ|write|sav\w*|wq|x|xit)!\s*(\S.*)$")


_VIM_FILTER = re.compile(
    r"^(?:(?:silent|sil|g/[^/]*/|v/[^/]*/)!?\s*)*(?:[\d,.$%';+\-<>\s]+|/[^/]*/[,\s]*)*"
    r"(?:w|wr|wri|writ|write)?\s*!\s*(?:[\w/.-]*/)?([\w.]+)(?:\s+-)*\s*$"
)


_MAX_LATER = 6
"""Commands put off by commands that are put off which are followed."""
_RUNS_EDITED = re.compile(
    r"!\s*(?:\S*/)?(?:\w*sh|python[\d.]*|perl|ruby|node|php|lua)\s+(?:-\w+\s+)*(?:%|#|<cfile>)(?:\S*)(?:\s|$)|!\s*(?:%|#|<cfile>)"
)
_ACTING_KEYS = re.compile(r"g@|gx|g[fF]|(?:^|[^gzf])K|<c-w>f|@[\w:@\"*]", re.I)
_INTERPRETERS = frozenset(
    wordlist("sh bash dash zsh ksh ash fish python python3 perl ruby node php lua env xargs")
)


def vim(call: Call) -> None:
    """`vim`: `-c` and `+` commands, `-S` scripts, files to edit."""
    argv = call.argv
    for at, argument in enumerate(argv):
        # Options may stand in one word: `-sc command`, `-Nu file`.
        cluster = re.match(r"^-[A-Za-z]+?([cSu])(.*)$", argument, re.S) if at else None
        text = "" if cluster is None else cluster[2] or "".join(argv[at + 1 : at + 2])
        if cluster is not None and text and cluster[1] == "c":
            vim_command(call, text)
        elif cluster is not None and text not in ("", "NONE", "NORC"):
            run_file(call, text, "vim")
    silent = any(re.match(r"^-[A-Za-z]*(?:es|e$|Es)", a) for a in argv[1:])
    if silent or (argv[0].rpartition("/")[2] == "ex" and any(a.startswith("-") for a in argv[1:])):
        feed = call.feed()
        if feed.kind == "text":
            for line in feed.text.splitlines():
                vim_command(call, line)
        elif feed.kind == "file":
            for path in feed.paths:
                run_file(call, path, "vim")
            call.opaque("what the editor is told cannot be known")
        elif feed.kind != "none":
            call.opaque("what the editor is told cannot be known")
    commands = value(argv, "-c", "--cmd")
    commands += [a[1:] for a in argv[1:] if a.startswith("+") and len(a) > 1]
    for text in commands:
        vim_command(call, text)
    if argv[0].rpartition("/")[2] == "nvim":
        for path in value(argv, "-l"):
            run_file(call, path, "lua")
    for path in value(argv, "-S", "-s", "-u"):
        if path not in ("NONE", "NORC"):
            run_file(call, path, "vim")
            call.medium("runs an editor script")
    for path in value(argv, "-w", "-W", "-i"):
        if path != "NONE":
            call.writes(path)
    if any(argument.startswith(("--remote-send", "--remote-expr")) for argument in argv):
        call.high("types into another editor")
    operands = split(argv, ("-c", "--cmd", "-S", "-s", "-u", "-T", "-i", "-w", "-W"))[1]
    words = " | ".join(argv[1:])
    for operand in operands:
        if not operand.startswith("+"):
            edit(call, operand)
            if _EMPTIES.search(words):
                call.writes(operand, truncates=True)
    call.medium("opens an editor")


def vim_command(call: Call, text: str, depth: int = 0) -> None:
    """One `:` command of vim."""
    text = folded(text)
    if (told := _EXECUTES.match(text)) is not None and depth < _MAX_LATER:
        vim_command(call, told[2], depth + 1)
    functions(call, text)
    if _RUNS_EDITED.search(text):
        call.high("runs the text being edited", "runs the text being edited")
    for piece in (
        re.split(r"(?<!\\)\|(?!\|)(?=\s*[a-zA-Z!:%])", text) if "!" not in text else [text]
    ):
        bare = piece.strip().lstrip(":").strip()
        forced = _VIM_FORCED.match(bare)
        if forced and not forced[1].startswith("!"):
            call.writes(forced[1])
            continue
        filtered = _VIM_FILTER.match(bare)
        if filtered and filtered[1] in _INTERPRETERS:
            call.high("gives a file's text to an interpreter", f"runs a file with {filtered[1]}")
            return
        match = _VIM_RUN.match(bare)
        if match and "!" in bare[:24]:
            inner = match[1].strip()
            if inner:
                call.shell(inner)
                return
        word = re.match(
            r"^[\s\d,$.%'<>]*(?:silent!?\s+|sil!?\s+|execute\s+|exe\s+)*([A-Za-z]+)(!?)\s*(.*)$",
            bare,
            re.S,
        )
        if not word:
            if re.search(r"!\s*\w", bare):
                call.shell(bare.partition("!")[2])
            continue
        name, bang, rest = word[1], word[2], word[3]
        for inner in later(name, rest) if depth < _MAX_LATER else ():
            vim_command(call, inner, depth + 1)
        if RUNS.search(bare) and not name.startswith("se"):
            # What it runs is judged above.
            pass
        elif re.fullmatch(
            r"te(?:r(?:m(?:i(?:n(?:al?)?)?)?)?)?|sh(?:e(?:ll?)?)?|l?mak(?:e)?|grep|lgr\w*|gr\w*",
            name,
        ):
            inner_words = rest.replace("++noclose", "").strip()
            if name.startswith("t") and inner_words:
                call.shell(inner_words)
            elif name.startswith(("t", "sh")):
                call.high("opens a shell inside the editor")
            else:
                program = ["make"] if "mak" in name else ["grep", "-n"]
                call.run([*program, *inner_words.split()])
                call.medium("has the editor run a program")
        elif re.fullmatch(
            r"py(?:t(?:h(?:o(?:n)?)?)?)?(?:3|x)?|lua\w*|perl|pe|rub\w*|tcl\w*|mz\w*|pythonx|py(?:3|x)?do|perldo|perld|pyf\w*|py3f\w*|luaf\w*|rubyf\w*",
            name,
        ):
            if name.startswith("py"):
                python_code.judge(call, rest)
            else:
                code(call, rest, name)
        elif re.fullmatch(
            r"so(?:u(?:r(?:ce?)?)?)?|ru(?:n(?:t\w*)?)?|pa(?:c\w*)?|lo(?:ad\w*)?", name
        ):
            if depth:
                call.opaque("runs an editor script later, which may be another one by then")
            elif rest and rest != "%":
                run_file(call, rest.split()[0], "vim")
            call.medium("runs an editor script")
        elif re.fullmatch(
            r"w(?:r(?:i(?:te?)?)?)?|wq|x(?:it?)?|sav(?:e\w*)?|wa|wall|wqa\w*|xa\w*|up\w*|wn\w*|redi\w*|mk\w*|hardcopy|ha|wsh\w*|wv\w*|wund\w*|exi\w*|WriteAs",
            name,
        ):
            path = re.sub(r"^(?:>>?|\+\+\w+=\w+|=>)\s*", "", rest).strip()
            path = path.split()[0] if name.startswith("mksp") and path else path
            if path.startswith("!"):
                call.shell(path[1:])
            elif path and not (name.startswith("redi") and path == "END"):
                call.writes(path.lstrip("> ").strip())
            else:
                call.medium("saves the file")
        elif re.fullmatch(
            r"e(?:d(?:it?)?)?|tabe\w*|tabnew|sp\w*|vs\w*|vi\w*|view|new|vne\w*|r(?:ead?)?|fin\w*|sv\w*|ped\w*|badd?|arge\w*|diffs\w*|diffp\w*|[cl]?f(?:ile)?|[cl]g(?:et)?f\w*|[cl]addf\w*|rv\w*|rund\w*|rsh\w*",
            name,
        ):
            if rest in ("<cfile>", "<cWORD>", "<cword>"):
                call.high("opens a file that stands in the text, which cannot be known")
            elif rest and not rest.startswith("!"):
                call.reads(rest.split()[-1])
        elif re.fullmatch(
            r"au(?:t\w*)?|com(?:m\w*)?|[nvxsoilct]?(?:nore)?map|map|\w*menu|norm(?:al?)?|exe(?:c\w*)?|call?|let|bufdo|argdo|windo|tabdo|g(?:l\w*)?|v(?:g\w*)?|fu\w*|timer\w*",
            name,
        ):
            if name.startswith("em"):
                call.opaque("runs what a menu stands for")
            if name == "let":
                assigned(call, rest)
            if name.startswith("norm") and _ACTING_KEYS.search(rest):
                call.high("types keys that run something")
            if "!" in rest or (
                not later(name, rest) and re.search(r"system|shell|(?<!\w):\s*(?:sh|te)", rest)
            ):
                inner_command = re.search(r"!\s*(.*?)(?:<CR>|['\"]|$)", rest, re.I)
                if inner_command and inner_command[1]:
                    call.shell(inner_command[1])
                else:
                    call.high("has the editor run something")
        elif re.fullmatch(r"se(?:t(?:l\w*|g\w*)?)?", name):
            options(call, rest)
        elif re.fullmatch(r"prof(?:i\w*)?", name):
            for path in re.findall(r"^start\s+(\S+)", rest):
                call.writes(path)
        elif re.fullmatch(r"l?vim(?:g\w*)?|lv(?:i\w*)?", name):
            for path in re.sub(r"^(?:([^\w\s])(?:\\.|(?!\1).)*\1[gjf]*|\S+)\s*", "", rest).split():
                call.reads(path)
        del bang
