# ruff: noqa: SIM102 - tables and patterns read better unbroken
"""Reads code in scripting languages by what it calls: node, ruby, perl, php, lua, R."""

from __future__ import annotations

import re

from agent.risk.commands.loaded_code import loads_own
from agent.risk.commands.script_reach import reach
from agent.risk.commands.service_sockets import connects_in_code
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import shown
from agent.risk.evaluation.variables import steers
from agent.risk.shell.syntax import UNKNOWN

MAX_CODE = 40_000
"""Characters of a program in another language that are read."""


_RUNS = re.compile(
    r"""\b(?:system|exec|execSync|execFile|execFileSync|spawn|spawnSync|popen|Popen|shell_exec|passthru|proc_open|pcntl_exec|
    os\.execute|io\.popen|qx|pipeline|system2|shell|fork_exec|Kernel\.\w*exec|IO\.popen|Open3\.\w+|Process\.spawn|
    start_process|call-process|shell-command|run-program|Runtime\.getRuntime\(\)\.exec|ProcessBuilder|run)\s*[({\s]?\s*
    (?:\[\s*)?(["'`])(.{0,2000}?)(?<!\\)\1""",
    re.X | re.S,
)


_OPAQUE_RUN = re.compile(
    r"""\b(?:system|execSync|execFile(?:Sync)?|spawnSync|spawn|popen|shell_exec|passthru|proc_open|pcntl_exec|os\.execute|io\.popen|
    IO\.popen|Open3\.\w+|Process\.spawn|system2|Kernel\.(?:system|exec)|call-process|shell-command)\s*\(?\s*(?!["'`\s)])
    |child_process|\beval\s*\(|\beval\b\s*[^\s(=]|new\s+Function|\bFunction\s*\(|\bassert\s*\(\s*\$|create_function|call_user_func
    |\bload\s*\(|loadstring|instance_eval|class_eval|unserialize|Marshal\.load|\bvm\.run|runIn(?:This|New)?Context|compileFunction|process\.binding
    |base64_decode|hex2bin|pack\s*\(?\s*["']H|unpack|atob\s*\(|fromCharCode|Buffer\.from\([^)]*(?:hex|base64)|\bgzinflate|str_rot13
    |__import__|\bloadlib\b|\bsyscall\b|\bdlopen\b|FFI\b|\bffi\b|\bDL\b|\bprocess\.dlopen|\bsend\s*\(?:?\s*:?["']?(?:system|exec)|public_send|\bmethod\(
    |\bconst_get\b|\bdo\s+["'`/]|\brequire\s*\(\s*[^"'\s)]|\bimport\s*\(\s*[^"'\s)]|global\.process|mainModule|constructor\s*[.(\[]""",
    re.X,
)


_SAID = re.compile(
    r"(?<=[\s(;])(?:print\w*|puts|say|echo|display\w*|disp|writeln|print_endline|message)[\s(]{1,4}\"(?:\\[nt]|[^\"\\$#@`{])*\""
)
"""Plain text that is shown."""
_PLAINLY = re.compile(
    r"""(?:system2?|exec|shell_exec|passthru|popen|pcntl_exec|os\.execute|[iI][oO]\.popen|Open3\.\w+|Process\.spawn|spawn
    |Kernel\.(?:system|exec))\s*\(\s*(?:(?:"[^"$#@`\\\n]*"|'[^'\\\n]*')(?:\s*,\s*(?:"[^"$#@`\\\n]*"|'[^'\\\n]*'))*\s*\)
    |(?:qw|\*?%w)(?:\([^()$@]*\)|\[[^\[\]$@]*\])\s*\))""",
    re.X,
)
"""A call that has nothing but literal words; what it runs was judged."""


_NODE_PLAINLY = re.compile(
    r"""(?:exec|spawn|fork)\w*(?:\s*[,}:]
    |\s*\(\s*(?:"[^"\\\n]*"|'[^'\\\n]*'|`[^`$\\]*`)(?:\s*,\s*\[(?:\s*(?:"[^"\\\n]*"|'[^'\\\n]*')\s*,?)*\s*\])?
    \s*(?:\)|,\s*(?:\{|\(|function\b|async\b|\w+\s*=>)))""",
    re.X,
)
"""The same in Node, with options or a callback behind; or only a name that is taken over."""


_NODE_OTHER = re.compile(r"(?:pipeline|run|shell)\b")
_NODE_RUNS = re.compile(r"child_process|shelljs|execa|\bzx\b|\bBun\b|\bDeno\b|spawn")
"""Names of many things in Node, which run something only beside one of these."""


_LISTED = re.compile(
    r"""\b(?:system|exec|run|spawn|shell|popen|capture\w*|Proc::Async\.new|Open3\.\w+|IO\.popen)\s*[({\[]?\s*\*?\s*
    (?:(?:qw|qqw|%w|%W|~w)\s*(?:\(([^)]{2,500})\)|\{([^}]{2,500})\}|\[([^\]]{2,500})\]|<([^>]{2,500})>|\|([^|]{2,500})\||!([^!]{2,500})!|/([^\s]{2,200})/)
    |<([a-z][^<>\n=;]{2,500})>)""",
    re.X,
)
"""Commands as lists of words: `system(qw(rm -r x))`, `run <rm -r x>`."""


_BACKTICKS = re.compile(
    r"`([^`]{0,2000})`|%x[{(\[](.{0,2000}?)[})\]]|qx[{(/|](.{0,2000}?)[})/|]", re.S
)


_DELETES = re.compile(
    r"""\b(?:unlinkSync|unlink|rmSync|rmdirSync|rmdir|rm_rf|rm_r|rm_f|rm|rmtree|remove_tree|remove_entry_secure|remove_dir|
    FileUtils\.\w*rm\w*|File\.(?:delete|unlink)|Dir\.(?:rmdir|delete)|os\.remove|file\.remove|removeSync|emptyDirSync|Deno\.remove(?:Sync)?|
    delete|File::remove|Files\.delete)\s*\(?\s*\[?\s*(["'`])(.{0,2000}?)\1([^;\n]*)""",
    re.X | re.S,
)


_OPAQUE_DELETE = re.compile(
    r"\b(?:rmSync|rm_rf|rmtree|remove_tree|rm_r|rmdirSync|unlinkSync|removeSync|remove_entry_secure|Deno\.remove(?:Sync)?|emptyDirSync|remove_dir_all|RemoveAll|rm_rf!?|removeDirectoryRecursive|delete-directory-tree|delete-tree)\b\s*\(?\s*(?![\"'`\s(\[#])"
    r"|(?<![\"']\))\.(?:deleteDir|deleteRecursively|deleteTree)\s*\(\s*\)"
    r"|\brm\s*\(\s*(?:homedir|expanduser|joinpath|ENV\b)"
    r"|\bunlink\s*\(?\s*(?:glob|<|\$|@|Sys\.|path|list)|\bunlink\s*\(?\s*c\("
    r"|\barray_(?:map|walk)\s*\([^;\n]{0,200}[\"'](?:unlink|rmdir)[\"']|\bos\.remove\s*\(\s*(?![\"'\s)])"
)


_WRITES = re.compile(
    r"""\b(?:writeFileSync|writeFile|appendFileSync|appendFile|createWriteStream|file_put_contents|File\.write|IO\.write|
    File\.open|copyFileSync|renameSync|symlinkSync|chmodSync|truncateSync|Deno\.writeTextFile(?:Sync)?|fopen|writeLines|Bun\.write|
    io\.open|open)\s*\(?\s*(?:(?:[A-Z]+|(?:my\s*\(?\s*)?\$\w+\)?)\s*,\s*)?(["'`])(.{0,2000}?)\1(?:\s*,\s*(["'`])(.{0,2000}?)\3)?""",
    re.X | re.S,
)


_PERMITS = re.compile(
    r"\b(?:l?chmod|l?chown|fchmodat|chgrp)\w*\b[^;\n]{0,80}?([\"'])([~/][^\"'\n]*)\1"
)


_PRINTS = re.compile(r"print|puts|say|write|put|<<")


_READS = re.compile(
    r"""\b(?:readFileSync|readFile|file_get_contents|File\.read|IO\.read|readfile|readLines|readlines|createReadStream|
    Deno\.readTextFile(?:Sync)?|io\.lines|slurp|File\.readlines|file|scan|Bun\.file)\s*\(?\s*(["'`])(.{0,2000}?)\1""",
    re.X | re.S,
)


_CONNECTS = re.compile(
    r"fsockopen|TCPSocket|(?:\bnet|[\"\'](?:node:)?(?:net|tls)[\"\']\s*\))\.(?:connect|createConnection|Socket|createServer)|dgram|Socket\.(?:tcp|new)|IO::Socket|socket\s*\(|"
    r"stream_socket_client|/dev/(?:tcp|udp)|/inet/|ngx\.socket|require\s*\(?['\"]socket|use\s+Socket|socketConnection|socket\.tcp"
)


_ENVIRONMENT = re.compile(
    r"process\.env\b(?!\.\w|\[)|ENV\.(?:to_h|inspect|each)|getenv\(\)|%ENV|Sys\.getenv\(\)"
)


_SHOWN_ENVIRONMENT = re.compile(
    r"(?:console\.\w+|JSON\.stringify|inspect|print_r|var_dump|var_export|\b(?:puts|pp?|print))[\s(]+(?:JSON\.stringify\()?"
    r"(?:process\.env\b(?!\.\w|\[)|Bun\.env\b(?!\.\w|\[)|Deno\.env\.toObject|ENV\.(?:to_h|inspect|each)|ENV\b(?![\[.])|\$_ENV\b(?!\[)|%ENV)"
    r"|(?:\b(?:in|of)\s+|\bObject\.\w+\(\s*)process\.env\b(?!\.\w|\[)|^\s*(?:process|Bun)\.env\s*;?\s*$|config\([^)]*\)\.parsed"
)
"""The whole environment is shown; one variable is looked at in other places."""


_SENDS = re.compile(
    r"fetch\s*\(|https?\.request|axios\.(?:post|put)|Net::HTTP\.post|curl_exec|LWP|http\.post", re.I
)


_KILLS = re.compile(
    r"process\.kill\s*\(\s*(?:-1|1|process\.ppid)|kill\s*\(?\s*['\"]?\w*['\"]?\s*,\s*(?:-1|1|getppid)|\bposix_kill|setuid|POSIX::setuid|Process::UID|Process::Sys|chroot"
)


_IMPORT_URL = re.compile(r"(?:import|require|from)\s*\(?\s*[\"'](?:https?:|data:)")


def code(call: Call, text: str, language: str) -> None:
    """Judge text in a scripting language by what it calls; opaque calls are HIGH."""
    if len(text) > MAX_CODE:
        call.opaque(f"the {language} code is too long to be read")
        return
    call.medium(f"runs {language} code") if _WRITES.search(text) else call.low()
    if UNKNOWN in text and text.strip(UNKNOWN + " ;\n'\"") == "":
        call.opaque()
        return
    text = homely(re.sub(r"(?m)^\s*(?://|#(?!\{)).*$", "", text))
    if language != "node" or "child_process" in text or re.search(r"\$`", text):
        for match in _BACKTICKS.finditer(text):
            inner = match[1] or match[2] or match[3] or ""
            if language in ("R", "lua", "awk"):
                continue
            if "#{" in inner or "$" in inner:
                inner = re.sub(r"#\{[^}]*\}|\$\{?\w+\}?", UNKNOWN, inner)
            call.shell(inner)
    text = folded(text)
    if language == "lua":
        text = _INDEXED.sub(r".\2", text)
    _environment(call, text)
    if language == "php" and _NAMED.search(text):
        call.opaque("has php call a function by its name")
    ran = False
    for match in _RUNS.finditer(text):
        before = text[max(0, match.start() - 1) : match.start()]
        if language == "node" and _NODE_OTHER.match(match[0]) and not _NODE_RUNS.search(text):
            continue
        if (
            before == "."
            and match[0].startswith(("exec", "run", "pipeline"))
            and "child_process" not in text
            and language in ("node", "R")
        ):
            if not re.search(r"require|import", text) or match[0].startswith("exec("):
                continue
        rest = text[match.end() : match.end() + 400]
        words = re.match(r"\s*,\s*\[((?:[^\]]|\n)*)\]|((?:\s*,\s*[\"'][^\"']*[\"'])+)", rest)
        if language in ("perl", "ruby") and re.match(r"[^;\n]*,\s*[$@]\w", rest):
            call.run([match[2], *re.findall(r"[\"'](.*?)[\"']", rest.partition(";")[0]), UNKNOWN])
        command = match[2]
        if words:
            extra = re.findall(r"[\"'](.*?)[\"']", words[1] or words[2] or "")
            call.run([command, *extra])
        elif (
            re.match(r"\s*(?:\+|\.(?!\w)|\.\.|%)\s*[^\s)]", rest)
            or "${" in command
            or "#{" in command
        ):
            call.shell(re.sub(r"\$\{[^}]*\}|#\{[^}]*\}", UNKNOWN, command) + UNKNOWN)
        else:
            call.shell(command.replace("\\n", "\n").replace('\\"', '"'))
        ran = True
    for match in _LISTED.finditer(text):
        call.run(next(group for group in match.groups() if group).split())
    if language == "node" and "shell" in text and _NODE_RUNS.search(text):
        _node_shells(call, text)
    elif language == "perl" and "|" in text and _PERL_OPENS.search(text):
        for match in _PERL_PIPED.finditer(text):
            call.shell(match[1] or match[2])
    said = _SAID.sub("0", text)
    for opaque in _OPAQUE_RUN.finditer(said):
        if _PLAINLY.match(said, opaque.start()):
            continue
        if language == "node" and (
            (opaque[0] == "child_process" and ran) or _NODE_PLAINLY.match(said, opaque.start())
        ):
            continue
        call.opaque(f"{language} code runs something that cannot be known")
        break
    for match in _DELETES.finditer(text):
        call.deletes(
            match[2],
            recursive=bool(
                re.search(r"rm_r|rmSync|rmtree|recursive|remove_tree|emptyDir|unlink\(", match[0])
            ),
        )
    for match in _PERMITS.finditer(text):
        call.run(["chmod", "-R", "777", match[2]])
    if _OPAQUE_DELETE.search(text):
        call.opaque(f"{language} code deletes paths that cannot be known")
    for match in _WRITES.finditer(text):
        mode, path = match[4] or "", match[2]
        if language == "perl" and path.strip() in ("|-", "-|"):
            _perl_pipe(call, match[4], text[match.end() : match.end() + 400], path)
            continue
        if language == "perl" and re.search(r"^\s*[|+]|\w.*\|\s*$", path):
            call.shell(path.strip("|+ "))
            continue
        if language == "perl" and re.match(r"^[+<>|-]+$", path):
            path, mode = mode, "w" if ">" in path else "r"
        if re.match(r"^\s*>", path):
            call.writes(path.lstrip("> "), truncates=">>" not in path and not _PRINTS.search(text))
        elif match[0].startswith(("open", "File.open", "fopen", "io.open")) and not set(mode) & set(
            "wax+"
        ):
            call.reads(path)
        else:
            call.writes(path, truncates="w" in mode and not _PRINTS.search(text))
            if match[0].startswith(("copy", "rename", "symlink")) and mode:
                call.writes(mode)
    if re.search(r"\b(?:0x5412|TIOCSTI|21522)\b", text):
        call.high("types into a terminal")
    if language not in _READ_CLOSELY:
        _elsewhere(call, text, language)
    read_local = False
    for match in _READS.finditer(text):
        if match[0].startswith("file_get_contents") and re.match(r"^https?:", match[2]):
            call.medium("fetches something from the network")
            continue
        call.reads(match[2])
        read_local = True
    reach(call, text, language)
    if language == "tcl":
        for match in re.finditer(
            r"(?m)(?:^|[;\[{\s])(?:exec|spawn|system)\s+(?:--\s+)?([^\]\n;}]+)", text
        ):
            call.shell(match[1].replace("{", "").replace("|", " | "))
    shells = re.search(r"child_process|spawn|exec", text)
    if _CONNECTS.search(text) or (shells and re.search(r"require\([\"']net[\"']\)", text)):
        runs = re.search(r"child_process|spawn|popen|system|execSync|/bin/", text)
        reason = f"{language} code opens a network connection"
        call.high(reason, "opens a network connection") if runs else call.opaque(reason)
    if _SHOWN_ENVIRONMENT.search(text) and (call.evaluator.secret_environment or "dotenv" in text):
        call.high("shows a secret of the environment")
    if (read_local or _ENVIRONMENT.search(text)) and _SENDS.search(text):
        call.high("sends local data to another machine")
    connects_in_code(call, text)
    if _KILLS.search(text):
        call.high(f"{language} code kills processes or changes privileges")
    if _IMPORT_URL.search(text):
        call.high("runs code from an unreviewed address")
    if call.evaluator.has_own():
        loads_own(call, text, language)


_SHELL_OPTION = re.compile(
    r"(?:\bshell[\"']?\s*:|\.shell\s*=(?![=>])|[{,]\s*shell\s*(?=\}(?!\s*=)))\s*(?:(true\b|!0|1\b|process\.platform\b)|([\"'`])([^\"'`\n$]*)\2|(?!false\b|null\b|undefined\b|!1|0\b|[\"'`]{2})\S)"
)
"""Which shell Node is to start a program with: a usual one, one by its path, or what else."""
_SHELLED = re.compile(
    r"\b(?:spawn|execFile)(?:Sync)?\s*\(\s*([\"'`])([^\"'`\n]*)\1\s*,\s*\[([^\]]{0,2000})\]"
)
_USUAL_SHELL = re.compile(
    r"(?:/(?:usr/(?:local/)?)?bin/)?(?:ba|da|z|k|fi)?sh|cmd(?:\.exe)?|p(?:ower)?w?sh(?:ell)?(?:\.exe)?|"
)


def _node_shells(call: Call, text: str) -> None:
    """The `shell` of Node's options: a program that is run, and words that are shell text."""
    found = list(_SHELL_OPTION.finditer(text))
    for match in found:
        if match[3] is not None and not _USUAL_SHELL.fullmatch(match[3]):
            call.hooked(match[3])
            call.run([match[3], "-c", "made"])
        elif match[1] is None and match[3] is None:
            call.opaque("which shell node starts programs with cannot be known")
    for match in _SHELLED.finditer(text) if found else ():
        call.shell(" ".join([match[2], *(a or b for a, b in _PIECE.findall(match[3]))]))


_PERL_OPENS = re.compile(r"<\s*(?:>|[\"'$]|ARGV\b|STDIN\b)|\bopen\b|@ARGV\b|\b-[np]")
_PERL_PIPED = re.compile(
    r"\"\s*([\w./~][^\"\n]{0,1000}?\S\s*)\|\s*\"|'\s*([\w./~][^'\n]{0,1000}?\S\s*)\|\s*'"
)
"""The name of a file that perl opens, which is a command where a pipe stands at its end."""


def _perl_pipe(call: Call, first: str | None, rest: str, mode: str) -> None:
    """`open F, "|-", WORDS`: one word is shell text, several are a command."""
    more = re.match(r"((?:\s*,\s*(?:\"[^\"\n]*\"|'[^'\n]*'))*)\s*(,?)", rest)
    words = [a or b for a, b in _PIECE.findall(more[1])] if more else []
    if first is None or (more and more[2]):
        call.opaque("perl code runs something that cannot be known")
    if first is not None:
        tell = call.hook if mode.strip() == "|-" else call.shell
        call.run([first, *words]) if words else tell(first)


_INDEXED = re.compile(r"\[\s*([\"'])([A-Za-z_]\w*)\1\s*\]")
_NAMED = re.compile(
    r"([\"'])(?:system|exec|shell_exec|passthru|popen|proc_open|pcntl_exec|assert|eval)\1(?!\s*=>)"
)
"""A function of PHP by its name in a text, which may be called by it."""
_SETS = re.compile(
    r"(?:\bprocess\.env\.|\bprocess\.env\[[\"']|\bENV\[[\"']|\$ENV\{[\"']?|\$_ENV\[[\"'])(\w+)[\"'\]}]*"
    r"\s*(?:\|\|)?=(?![=~>])\s*(?:([\"'`])([^\"'`\n]*)\2\s*(?![\s+.]))?"
)
_PUT = re.compile(r"\b(?:put|set)env\s*\(?\s*[\"'](\w+)(?:=|[\"']\s*,\s*[\"'])([^\"'\n]*)[\"']")
_HANDED = re.compile(r"\benv\s*(?::|=>)\s*\{([^{}]{0,2000})\}")
_PAIR = re.compile(r"[\"']?\b(\w+)[\"']?\s*(?::|=>)\s*([\"'`])([^\"'`\n]*)\2")
_COMPUTED = frozenset(["PATH", "HOME", "NODE_OPTIONS", "NODE_PATH"])
"""Variables that ordinary code sets to what it computes."""


def _environment(call: Call, text: str) -> None:
    """Variables that code sets for what it starts."""
    found = [(m[1], m[3]) for m in _SETS.finditer(text)]
    found += [(m[1], m[2]) for m in _PUT.finditer(text)]
    for handed in _HANDED.finditer(text):
        found += [(m[1], m[3]) for m in _PAIR.finditer(handed[1])]
    for name, value in found:
        if value is not None:
            call.evaluator.variable(name, (value,), call, exported=True)
        elif name not in _COMPUTED and steers(name):
            call.opaque(f"sets {shown(name)} for the programs that it starts")


_READ_CLOSELY = frozenset(["node", "ruby", "perl", "php", "lua", "R", "awk", "tcl", "gdb"])
_ACTS = re.compile(
    r"(?i)exec|system|call|process|shell|spawn|popen|command|\bcmd\b|\brun\w*|\.!|\bsh\b"
)
_STRING = re.compile(
    r'"((?:\\.|[^"\\]){1,2000})"|`([^`]{1,2000})`|(?<![\w)])\'((?:\\.|[^\'\\\n]){1,2000})\''
)
_PIECE = re.compile(r"\"([^\"]{0,500})\"|'([^']{0,500})'")
_LIST_CALLED = re.compile(
    r"\[\s*(?:[\"'][^\"'\n]{0,500}[\"']\s*,?\s*)+\](?:\s*as\s+String\[\]\s*\))?\s*\.execute\b"
    r"|\bSeq\(\s*(?:\"[^\"\n]{0,500}\"\s*,?\s*)+\)\s*\.?(?:!{1,2}|run\b|lazyLines)"
)
"""`["rm", "-r", "x"].execute()`, `Seq("rm", "-r").!`."""
_MORE = re.compile(r"(?:\s*(?:[,;]\s*)?(?:[\[(]\s*)?(?:\"[^\"\n]{0,500}\"|'[^'\n]{0,500}'))+")
"""Further strings behind the first, as `Command.new("rm", "-r", …)` has them."""
_CALLING = re.compile(
    r"(?i)(?:exec\w*|system\w*|cmd|command\w*|call\w*|process\w*|shell\w*|spawn\w*|popen\w*|run\w*|pipe\w*|sh|open_port|port)"
    r"\b[!?*]?(?:[\s(\[{:,=#'@]|~[a-zA-Z]?)*$"
)
"""Code before a string that says that the string is run."""
_CALLED = re.compile(
    r"\s*(?:as\s+String\[\]\s*\)?\s*)?\.(?:execute|exec|run|spawn|lineStream|lazyLines|!!?)\b|\s*\.?!{1,2}(?!=)|\s*!\s*$|\s*#(?:!|&&)"
)
"""Code behind a string that says the same: Groovy, Scala."""
_DANGEROUS_HEAD = re.compile(
    r"\s*(?:\S*/)?(?:rm|sudo|doas|su|dd|mkfs\S*|shred|chmod|chown|curl|wget|nc|ssh|scp|git|kill|pkill"
    r"|killall|tmux|bash|sh|zsh|env|xargs|python3?|perl|crontab|dropdb|find|docker|kubectl)\s"
)
SAYS = re.compile(
    r"(?:\b\w*(?:print\w*|puts|echo|log|warn\w*|error)\b[\s(]*(?:std\w+,\s*)?|<<\s*)$"
)
"""Code before a string that says that the string is shown."""
_DELETES_ELSEWHERE = re.compile(
    r"\b(?:delete-directory(?:/files)?|delete-file|f-delete|removeItem|removeDirectoryRecursive"
    r"|removePathForcibly|removeFile|removeDirectory|del_dir_r|delete-tree|rm_rf!?|rm!?|remove\.all"
    r"|removeDir|remove-directory|new\s+File|deleteRecursively|rmtree|remove_dir_all)"
    r"[\s(:\w]*[\"']([^\"']*)[\"']\)?([^\n;]*)"
)
_WRITES_ELSEWHERE = re.compile(
    r"\b(?:write-region|append-to-file|with-temp-file|write-file|File\.write!?|writeFile|appendFile"
    r"|spit|set_file_contents)\b[^\"\n;]*\"([^\"]*)\""
)


def _elsewhere(call: Call, text: str, language: str) -> None:
    """Languages without a closer reading: strings that are commands, and calls that delete."""
    acts = _ACTS.search(_STRING.sub('""', text)) is not None
    for match in _STRING.finditer(text):
        literal = match[1] or match[2] or match[3]
        before = text[max(0, match.start() - 40) : match.start()]
        if _CALLING.search(before) or _CALLED.match(text, match.end()):
            following = _MORE.match(text, match.end())
            words = [a or b for a, b in _PIECE.findall(following[0])] if following else []
            call.run([literal, *words]) if words else call.shell(literal)
        elif acts and _DANGEROUS_HEAD.match(literal) and not SAYS.search(before):
            call.shell(literal)
        elif language == "gnuplot" and literal.lstrip()[:1] in "<|":
            call.shell(literal.lstrip(" <|"))
    for match in _LIST_CALLED.finditer(text):
        call.run([a or b for a, b in _PIECE.findall(match[0])])
    for match in _DELETES_ELSEWHERE.finditer(text):
        if not match[0].startswith("new") or "delete" in match[2]:
            call.deletes(match[1], recursive=True)
    for match in _WRITES_ELSEWHERE.finditer(text):
        call.writes(match[1])


_HOME_VALUE = (
    r"(?:process\.env(?:\.HOME\b|\[[\"']HOME[\"']\])|(?:Bun|Deno)\.env\.get\([\"']HOME[\"']\)"
    r"|(?:require\([\"'](?:node:)?os[\"']\)|\bos)?\.?\bhomedir\(\)|\bENV\[[\"']HOME[\"']\]"
    r"|\bENV\.fetch\([\"']HOME[\"']\)|\bDir\.home\b|\$ENV\{[\"']?HOME[\"']?\}|\bgetenv\(?\s*[\"']HOME[\"']\)?"
    r"|\$_(?:SERVER|ENV)\[[\"']HOME[\"']\]|\bos\.getenv\([\"']HOME[\"']\)|\bSys\.getenv\([\"']HOME[\"']\))"
)
_HOME_ADDED = re.compile(_HOME_VALUE + r"\s*(?:\+|\.\.|\.(?!\w))\s*([\"'`])")
_HOME_INSIDE = re.compile(r"[$#]\{\s*" + _HOME_VALUE + r"\s*\}|(?<=[\"`])" + _HOME_VALUE + r"(?=/)")
_HOME_ALONE = re.compile(_HOME_VALUE)
_JOINED = re.compile(
    r"(?:\bpath\.|\brequire\([\"'](?:node:)?path[\"']\)\.|\b)(?:join|resolve|File\.join|catfile|file\.path)\(\s*"
    r"([\"'])([^\"'\n]*)\1((?:\s*,\s*([\"'])[^\"'\n]*\4)*)\s*\)"
)


def homely(text: str) -> str:
    """Write the home directory, and paths that are joined from known pieces, as one literal."""
    if "HOME" in text or "homedir" in text or "Dir.home" in text:
        text = _HOME_ADDED.sub(r"\1~", text)
        text = _HOME_INSIDE.sub("~", text)
        text = _HOME_ALONE.sub("'~'", text)
    return _JOINED.sub(
        lambda m: f"{m[1]}{'/'.join((m[2], *re.findall(_ELEMENT, m[3] or '')))}{m[1]}", text
    )


_ELEMENT = re.compile(r"[\"']([^\"'\n]*)[\"']")


def folded(text: str) -> str:
    """Join literal pieces: `'sys' + 'tem'`, `"a" . "b"`."""
    for _ in range(6):
        folded = re.sub(r"(['\"])((?:\\.|(?!\1)[^\\\n])*)\1\s*(?:\+|\.|\.\.)\s*\1", r"\1\2", text)
        if folded == text:
            break
        text = folded
    return text
