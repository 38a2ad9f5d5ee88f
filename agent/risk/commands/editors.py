# ruff: noqa: SIM102 - tables and patterns read better unbroken
"""Rules for editors and pagers started from a command: they can run programs."""

from __future__ import annotations

import re

from agent.risk import python_code
from agent.risk.arguments import split, value, wordlist
from agent.risk.commands.script_code import code
from agent.risk.commands.script_files import run_file
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


def pager(call: Call) -> None:
    """`less`, `more`, `man`: `+!command` runs, `-P` and `--pager` name a program."""
    argv = call.argv
    program = argv[0].rpartition("/")[2]
    for argument in argv[1:]:
        if argument.startswith("+") and "!" in argument:
            call.shell(argument.partition("!")[2])
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


_VIM_FORCED = re.compile(r"^[\s\d,.$%']*(?:w|wr|wri|writ|write|sav\w*|wq|x|xit)!\s*(\S.*)$")


_VIM_FILTER = re.compile(
    r"^(?:(?:silent|sil|g/[^/]*/|v/[^/]*/)!?\s*)*(?:[\d,.$%';+\-<>\s]+|/[^/]*/[,\s]*)*"
    r"(?:w|wr|wri|writ|write)?\s*!\s*(?:[\w/.-]*/)?([\w.]+)(?:\s+-)*\s*$"
)


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
    for path in value(argv, "-S", "-s", "-u"):
        if path not in ("NONE", "NORC"):
            run_file(call, path, "vim")
            call.medium("runs an editor script")
    operands = split(argv, ("-c", "--cmd", "-S", "-s", "-u", "-T", "-i", "-w", "-W"))[1]
    words = " | ".join(argv[1:])
    for operand in operands:
        if not operand.startswith("+"):
            edit(call, operand)
            if _EMPTIES.search(words):
                call.writes(operand, truncates=True)
    call.medium("opens an editor")


def vim_command(call: Call, text: str) -> None:
    """One `:` command of vim."""
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
        if re.search(
            r"\b(?:system|systemlist|job_start|jobstart|libcall|term_start|termopen|writefile|delete|rename|py\w*eval|luaeval)\s*\(",
            bare,
        ):
            inner_text = re.search(
                r"(?:system|systemlist|job_start|jobstart|term_start|termopen)\s*\(\s*([\"'])(.*?)\1",
                bare,
            )
            if inner_text:
                call.shell(inner_text[2])
            else:
                call.high("has the editor run or delete something")
        elif re.fullmatch(
            r"te(?:r(?:m(?:i(?:n(?:al?)?)?)?)?)?|sh(?:e(?:ll?)?)?|mak(?:e)?|grep|lgr\w*|gr\w*", name
        ):
            inner_words = rest.replace("++noclose", "").strip()
            if name.startswith("t") and inner_words:
                call.shell(inner_words)
            elif name.startswith(("t", "sh")):
                call.high("opens a shell inside the editor")
            else:
                call.medium("has the editor run a program")
        elif re.fullmatch(
            r"py(?:t(?:h(?:o(?:n)?)?)?)?(?:3|x)?|lua\w*|perl|pe|rub\w*|tcl\w*|mz\w*|pythonx|pyf\w*|py3f\w*|luaf\w*|rubyf\w*",
            name,
        ):
            if name.startswith("py"):
                python_code.judge(call, rest)
            else:
                code(call, rest, name)
        elif re.fullmatch(
            r"so(?:u(?:r(?:ce?)?)?)?|ru(?:n(?:t\w*)?)?|pa(?:c\w*)?|lo(?:ad\w*)?", name
        ):
            if rest and rest != "%":
                run_file(call, rest.split()[0], "vim")
            call.medium("runs an editor script")
        elif re.fullmatch(
            r"w(?:r(?:i(?:te?)?)?)?|wq|x(?:it?)?|sav(?:e\w*)?|wa|wall|wqa\w*|xa\w*|up\w*|wn\w*|redi\w*|mks\w*|mkv\w*|mk|wv\w*|wund\w*|exi\w*|WriteAs",
            name,
        ):
            path = re.sub(r"^(?:>>?|\+\+\w+=\w+|=>)\s*", "", rest).strip()
            if path.startswith("!"):
                call.shell(path[1:])
            elif path and not (name.startswith("redi") and path == "END"):
                call.writes(path.lstrip("> ").strip())
            else:
                call.medium("saves the file")
        elif re.fullmatch(
            r"e(?:d(?:it?)?)?|tabe\w*|tabnew|sp\w*|vs\w*|vi\w*|view|new|vne\w*|r(?:ead?)?|fin\w*|sv\w*|ped\w*|badd?|arge\w*|diffs\w*",
            name,
        ):
            if rest and not rest.startswith("!"):
                call.reads(rest.split()[-1])
        elif re.fullmatch(
            r"au(?:t\w*)?|com(?:m\w*)?|[nvxsoilct]?(?:nore)?map|map|norm(?:al?)?|exe(?:c\w*)?|call?|let|bufdo|argdo|windo|tabdo|g(?:l\w*)?|v(?:g\w*)?|fu\w*|timer\w*",
            name,
        ):
            if (
                "!" in rest
                or re.search(r":\s*(?:w|r|sh|te)", rest)
                or re.search(r"system|shell|delete\(", rest)
            ):
                inner_command = re.search(r"!\s*(.*?)(?:<CR>|['\"]|$)", rest, re.I)
                if inner_command and inner_command[1]:
                    call.shell(inner_command[1])
                else:
                    call.high("has the editor run something")
        elif re.fullmatch(r"se(?:t(?:l\w*|g\w*)?)?", name):
            if re.search(
                r"\b(?:shell|sh|makeprg|mp|grepprg|gp|equalprg|ep|keywordprg|kp|modelineexpr|exrc|formatprg|fp)\s*=",
                rest,
            ):
                call.high("changes what the editor runs")
        del bang
