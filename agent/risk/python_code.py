# ruff: noqa: E501 - tables and patterns read better unbroken
"""Judges Python source by its syntax tree: inline (`python -c`), piped, or in a file."""

from __future__ import annotations

import ast
import re
import sys
import warnings
from pathlib import Path

from agent.risk.arguments import wordlist
from agent.risk.assessment import Risk
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import quote, shown
from agent.risk.own import OWN_PROGRAMS, own_module
from agent.risk.shell.syntax import UNKNOWN

_RUNS_TEXT = {
    "os.system",
    "os.popen",
    "subprocess.getoutput",
    "subprocess.getstatusoutput",
    "commands.getoutput",
    "asyncio.create_subprocess_shell",
    "pty.spawn-none",
    "popen2.popen2",
    "IPython.get_ipython.system",
    "platform.popen",
}
_RUNS_WORDS = {
    "subprocess.run",
    "subprocess.call",
    "subprocess.Popen",
    "subprocess.check_call",
    "subprocess.check_output",
    "asyncio.create_subprocess_exec",
    "pty.spawn",
    "sh.Command",
}
_RUNS_SPREAD = re.compile(r"^os\.(?:exec|spawn|posix_spawn)\w*$")
_DELETES = {
    "os.remove": False,
    "os.unlink": False,
    "shutil.rmtree": True,
    "os.rmdir": False,
    "os.removedirs": True,
    "os.truncate": False,
}
_METHODS_DELETE = {"unlink": False, "rmdir": False, "rmtree": True, "rmtree_p": True}
_METHODS_WRITE = {"write_text", "write_bytes", "touch", "symlink_to", "hardlink_to"}
_METHODS_READ = {"read_text", "read_bytes"}
_MOVES = {
    "os.rename",
    "os.replace",
    "shutil.move",
    "os.renames",
    "os.symlink",
    "os.link",
    "shutil.copy",
    "shutil.copyfile",
    "shutil.copytree",
    "shutil.copy2",
    "shutil.copymode",
    "shutil.copystat",
}
_LINKS = {"os.symlink", "os.link", "symlink_to", "hardlink_to", "link_to"}
_METHODS_MOVE = {"rename": "mv", "replace": "mv", "copy": "cp", "move": "mv", "copy_into": "cp"}
_PACKS = {"shutil.make_archive": 2, "shutil.unpack_archive": 1}
"""Which argument is the directory that is packed, or unpacked into."""
_SOURCES = ("src", "source", "oldpath", "target_of_link", "old", "path")
_TARGETS = ("dst", "dest", "destination", "newpath", "new", "target")
_EVALUATES = {
    "eval",
    "exec",
    "compile",
    "__import__",
    "builtins.eval",
    "builtins.exec",
    "builtins.__import__",
    "importlib.import_module",
    "runpy.run_path",
    "code.interact-none",
    "execfile",
    "pickle.loads",
    "pickle.load",
    "marshal.loads",
    "types.FunctionType",
    "ctypes.CDLL",
    "ctypes.cdll.LoadLibrary",
    "cPickle.loads",
    "dill.loads",
    "yaml.unsafe_load",
    "builtins.compile",
    "timeit.timeit-none",
    "code.InteractiveInterpreter",
    "types.CodeType",
}
_HIGH_CALLS = {
    "os.setuid": "changes privileges", "os.setgid": "changes privileges", "os.chroot": "escapes",
    "os.killpg": "kills a group of processes", "os.dup2": "hands the terminal to something else",
    "os.chown": "changes who owns files", "shutil.chown": "changes who owns files", "os.lchown": "changes who owns files",
    "os.reboot": "reboots", "pty.fork": "hands the terminal to something else", "os.forkpty": "hands the terminal to something else",
    "ctypes.pythonapi": "runs machine code", "shutil.disk_usage-none": "", "sys.settrace-none": "",
    "socket.create_server": "opens a server that can hand out access", "code.interact": "opens another prompt",
    "keyring.get_password": "reads stored passwords", "getpass.getpass-none": "", "winreg.SetValue": "changes the machine",
    "fcntl.ioctl": "types into the terminal", "libtmux.Server": "controls the supervising terminal", "antigravity-none": "",
    "smtplib.SMTP": "sends mail", "ftplib.FTP": "sends data to another machine", "telnetlib.Telnet": "opens a connection",
    "paramiko.SSHClient": "runs commands on another machine", "os.mknod": "makes a device",
    "mmap.mmap-none": "", "resource.setrlimit-none": "", "faulthandler-none": "",
}  # fmt: skip
_SENDS = re.compile(
    r"^(?:requests|httpx|aiohttp|urllib3|session|client)\.(?:\w+\.)?(?:post|put|patch|request)$|^urllib\.request\.(?:urlopen|Request)$|\.(?:upload_file|put_object|sendall|upload_fileobj)$"
)
_FETCHES = re.compile(
    r"^(?:requests|httpx|urllib3)\.(?:get|request)$|^urllib\.request\.(?:urlopen|urlretrieve)$"
)
_SQL_METHODS = {"execute", "executescript", "executemany", "raw", "text"}
_LOADS = frozenset(
    wordlist(
        """__import__ import_module run_module run_path _run_module_as_main find_spec load_module
        get_loader find_loader resolve_name locate load_entry_point import_string import_object
        import_from_string spec_from_file_location SourceFileLoader SourcelessFileLoader EntryPoint
        entry_points get_entry_info import_file importorskip safeimport module_from_spec reload
        find_module load_source lazy_import __getattr__"""
    )
)
"""Functions that load a module named by a text; the last part of their name."""
_READ_ENVIRON = re.compile(r"^(?:dict|print|str|list|repr|json\.dumps|pprint\.pprint)$")
_MAX_NODES = 60_000


class _Unknown:
    """A value that the source does not tell."""


_NOTHING = _Unknown()


def parsed(source: str) -> ast.Module | None:
    """The syntax tree, None when there is none; Python's own warnings are not for anybody here."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def judge(call: Call, source: str) -> None:
    """Judge Python source; what cannot be parsed is HIGH."""
    source = source.replace(UNKNOWN, "__unknown__")
    if len(source) > 200_000:
        call.high("the Python source is too long to be read")
        return
    tree = parsed(source)
    if tree is None:
        if _SHOUTS.search(source):
            call.high("the Python source cannot be parsed and holds dangerous words")
        else:
            call.opaque("the Python source cannot be parsed")
        return
    call.evaluator.work += len(source)
    reader = Reader(call)
    reader.prints = _PRINTS.search(source) is not None
    reader.read(tree)


_SHOUTS = re.compile(
    r"system|subprocess|rmtree|exec|eval|import os|__import__|unlink|remove|socket"
)


_PRINTS = re.compile(r"write|print|dump|save|copyfile|to_\w+\(|\bas\b")


class Reader:
    """Walks a tree once, with names of modules and literal values that were assigned."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.modules: dict[str, str] = {}
        self.values: dict[str, object] = {}
        self.called: set[int] = set()
        self.prints = True
        """Something in the source may fill the files that it opens."""

    def learn(self, source: str) -> None:
        """Take names and values from statements that ran before, without judging them."""
        tree = parsed(source)
        if tree is None:
            return
        for node in list(ast.walk(tree))[:20_000]:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                self._import(node)
            elif isinstance(node, ast.Assign):
                self._assign(node.targets, node.value)

    def judge(self, source: str) -> None:
        """Judge source that is known to parse."""
        tree = parsed(source)
        if tree is not None:
            self.read(tree)

    def read(self, tree: ast.AST) -> None:
        """Judge everything in the tree, in source order."""
        self.call.note(Risk.LOW, "runs Python code")
        stack: list[ast.AST] = [tree]
        nodes = 0
        order: list[ast.AST] = []
        while stack:
            node = stack.pop()
            nodes += 1
            if nodes > _MAX_NODES:
                self.call.high("the Python source is too long to be read")
                break
            order.append(node)
            stack.extend(reversed(list(ast.iter_child_nodes(node))))
        for node in order:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                self._import(node)
        for node in order:
            if isinstance(node, ast.Assign):
                self._assign(node.targets, node.value)
            elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
                self._assign([node.target], node.value)
            elif isinstance(node, ast.For):
                self._loop(node)
            elif isinstance(node, ast.withitem) and node.optional_vars is not None:
                self._assign([node.optional_vars], node.context_expr)
        for node in order:
            if isinstance(node, ast.Call):
                self._call(node)
            elif isinstance(node, ast.Attribute):
                self._attribute(node)
            elif isinstance(node, ast.Subscript):
                self._subscript(node)
            elif isinstance(node, ast.Delete):
                continue
            elif isinstance(node, ast.Name) and node.id == "__builtins__":
                self.call.opaque("reaches into Python's builtins")

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        modules = (
            [name.name for name in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
        )
        if isinstance(node, ast.ImportFrom):
            modules += [f"{node.module or ''}.{name.name}" for name in node.names]
        for module in modules[:16]:
            self._shadowed(module.partition(".")[0])
        if any(own_module(module) for module in modules):
            self.call.high("controls Tungsten or the supervising terminal")
        if isinstance(node, ast.Import):
            for name in node.names:
                self.modules[name.asname or name.name.partition(".")[0]] = (
                    name.name if name.asname else name.name.partition(".")[0]
                )
            return
        for name in node.names:
            self.modules[name.asname or name.name] = f"{node.module or ''}.{name.name}"
            if name.name == "*" and node.module in ("os", "subprocess", "shutil", "pty"):
                for function in (
                    "system",
                    "popen",
                    "remove",
                    "unlink",
                    "rmtree",
                    "run",
                    "call",
                    "Popen",
                    "spawn",
                ):
                    self.modules.setdefault(function, f"{node.module}.{function}")

    def _local(self, expression: ast.expr) -> bool:
        """A name of the code's own, such as `self`: no library's client."""
        return isinstance(expression, ast.Name) and expression.id in ("self", "cls")

    def _shadowed(self, name: str) -> None:
        """A module of the directory that was just written is run by being imported."""
        evaluator = self.call.evaluator
        if not evaluator.files and not evaluator.context.written:
            return
        for path in (f"{name}.py", f"{name}/__init__.py"):
            target = self.call.place(path).path
            standard = name in sys.stdlib_module_names
            written = standard and Path(target) in evaluator.context.written
            if written or (target in evaluator.files and (standard or evaluator.files[target])):
                from agent.risk.commands.script_files import run_file

                run_file(self.call, path, "python")

    def _assign(self, targets: list[ast.expr], expression: ast.expr) -> None:
        value = self.value(expression)
        name = self.name(expression)
        for target in targets:
            if isinstance(target, ast.Name):
                if value is not _NOTHING:
                    if target.id in self.values and self.values[target.id] != value:
                        value = _NOTHING
                    self.values[target.id] = value
                if name and (
                    name.partition(".")[0] in self.modules.values()
                    or name in _EVALUATES
                    or "." in name
                ):
                    self.modules.setdefault(target.id, name)
            elif (
                isinstance(target, ast.Attribute) and self.name(target).startswith("os.environ")
            ) or (isinstance(target, ast.Subscript) and self.name(target.value) == "os.environ"):
                self.call.medium("changes the environment of this program")

    def _loop(self, node: ast.For) -> None:
        value = self.value(node.iter)
        if isinstance(node.target, ast.Name) and isinstance(value, list) and len(value) == 1:
            self.values[node.target.id] = value[0]

    def name(self, node: ast.AST) -> str:
        """Dotted name of what an expression refers to, through imports and simple aliases."""
        pieces: list[str] = []
        hops = 0
        while hops < 32:
            hops += 1
            if isinstance(node, ast.Attribute):
                pieces.append(node.attr)
                node = node.value
            elif isinstance(node, ast.Call):
                inner = node.func
                if (
                    isinstance(inner, ast.Name)
                    and inner.id in ("__import__", "import_module")
                    and node.args
                ):
                    value = self.value(node.args[0])
                    pieces.append(value if isinstance(value, str) else "?")
                    break
                if isinstance(inner, ast.Attribute) and inner.attr == "import_module" and node.args:
                    value = self.value(node.args[0])
                    pieces.append(value if isinstance(value, str) else "?")
                    break
                if isinstance(inner, ast.Name) and inner.id == "getattr" and len(node.args) > 1:
                    value = self.value(node.args[1])
                    pieces.append(value if isinstance(value, str) else "?")
                    node = node.args[0]
                    continue
                node = inner
            elif isinstance(node, ast.Name):
                pieces.append(self.modules.get(node.id, node.id))
                break
            else:
                break
        return ".".join(reversed(pieces))

    def value(self, node: ast.AST, depth: int = 0) -> object:
        """Literal value of an expression: text, numbers, lists, joined and formatted text, paths."""
        if depth > 40:
            return _NOTHING
        if isinstance(node, ast.Constant):
            if isinstance(node.value, bytes):
                return node.value.decode("utf-8", "replace")
            return node.value
        if isinstance(node, ast.Name):
            if node.id in self.values:
                return self.values[node.id]
            return {"__file__": "script.py", "__name__": "__main__"}.get(node.id, _NOTHING)
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            return [self.value(e, depth + 1) for e in node.elts]
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            number = self.value(node.operand, depth + 1)
            return -number if isinstance(number, int) else _NOTHING
        if isinstance(node, ast.BinOp):
            left, right = self.value(node.left, depth + 1), self.value(node.right, depth + 1)
            if isinstance(node.op, ast.Add):
                if isinstance(left, list) and isinstance(right, list):
                    return left + right
                return _join(left, right)
            if isinstance(node.op, ast.Div):
                return _join(_join(left, "/"), right) if isinstance(left, str) else _NOTHING
            if isinstance(node.op, ast.Mult) and isinstance(left, str) and isinstance(right, int):
                return left * min(max(right, 0), 100)
            if isinstance(node.op, ast.Mod) and isinstance(left, str):
                return re.sub(
                    r"%[srd]", lambda _: right if isinstance(right, str) else UNKNOWN, left
                )
            return _NOTHING
        if isinstance(node, ast.JoinedStr):
            out = ""
            for part in node.values:
                piece = self.value(
                    part.value if isinstance(part, ast.FormattedValue) else part, depth + 1
                )
                out += (
                    piece
                    if isinstance(piece, str)
                    else str(piece)
                    if isinstance(piece, int)
                    else UNKNOWN
                )
            return out
        if isinstance(node, ast.Attribute):
            dotted = self.name(node)
            if dotted == "sys.executable":
                return "python"
            if dotted == "os.sep":
                return "/"
            if node.attr in ("parent",):
                base = self.value(node.value, depth + 1)
                return base.rpartition("/")[0] or "." if isinstance(base, str) else _NOTHING
            return _NOTHING
        if isinstance(node, ast.Subscript):
            base = self.value(node.value, depth + 1)
            index = self.value(node.slice, depth + 1)
            if (
                isinstance(base, (str, list))
                and isinstance(index, int)
                and -len(base) <= index < len(base)
            ):
                return base[index]
            if isinstance(node.slice, ast.Slice) and isinstance(base, str):
                return self._slice(node.slice, base, depth)
            if self.name(node.value) == "os.environ" and index == "HOME":
                return self.call.evaluator.ground.home
            return _NOTHING
        if isinstance(node, ast.Call):
            return self._call_value(node, depth)
        return _NOTHING

    def _slice(self, node: ast.Slice, base: str, depth: int) -> object:
        bounds: list[int | None] = []
        for bound in (node.lower, node.upper, node.step):
            value = None if bound is None else self.value(bound, depth + 1)
            if value is not None and not isinstance(value, int):
                return _NOTHING
            bounds.append(value)
        return _NOTHING if bounds[2] == 0 else base[slice(*bounds)]

    def _call_value(self, node: ast.Call, depth: int) -> object:
        dotted = self.name(node.func)
        arguments = [self.value(a, depth + 1) for a in node.args]
        first = arguments[0] if arguments else _NOTHING
        home = self.call.evaluator.ground.home
        if dotted in (
            "os.path.expanduser",
            "os.path.abspath",
            "os.path.realpath",
            "str",
            "pathlib.Path",
            "Path",
            "os.fspath",
            "os.path.expandvars",
            "pathlib.PosixPath",
            "bytes",
            "open",
        ):
            if dotted == "open":
                return _NOTHING
            if isinstance(first, str):
                text = first
                for other in arguments[1:]:
                    text = f"{text}/{other}" if isinstance(other, str) else f"{text}/{UNKNOWN}"
                return text.replace("$HOME", home)
            return "." if not arguments and "Path" in dotted else _NOTHING
        if dotted in ("os.path.join", "posixpath.join"):
            return "/".join(a if isinstance(a, str) else UNKNOWN for a in arguments)
        if dotted in ("pathlib.Path.home", "Path.home"):
            return home
        if dotted in ("os.getcwd", "pathlib.Path.cwd", "Path.cwd"):
            return self.call.cwd
        if dotted in ("os.environ.get", "os.getenv"):
            return home if first == "HOME" else _NOTHING
        if dotted.startswith("tempfile."):
            return "/tmp/tempfile.x"  # noqa: S108
        if dotted == "shlex.split" and isinstance(first, str):
            return list(first.split())
        if dotted == "shlex.quote" and isinstance(first, str):
            return first
        if dotted == "chr" and isinstance(first, int) and 0 <= first < 0x110000:
            return chr(first)
        if dotted == "bytes.fromhex" and isinstance(first, str):
            return _NOTHING
        if isinstance(node.func, ast.Attribute):
            base = self.value(node.func.value, depth + 1)
            method = node.func.attr
            if isinstance(base, str):
                if method == "join" and isinstance(first, list):
                    return base.join(a if isinstance(a, str) else UNKNOWN for a in first)
                if method in ("joinpath",):
                    return "/".join(
                        [base, *(a if isinstance(a, str) else UNKNOWN for a in arguments)]
                    )
                if method in (
                    "expanduser",
                    "resolve",
                    "absolute",
                    "as_posix",
                    "strip",
                    "encode",
                    "decode",
                    "rstrip",
                ):
                    return base
                if method == "split" and not arguments:
                    return list(base.split())
                if method == "format":
                    return re.sub(
                        r"\{[^}]*\}", lambda _: first if isinstance(first, str) else UNKNOWN, base
                    )
                if (
                    method == "replace"
                    and len(arguments) == 2
                    and all(isinstance(a, str) for a in arguments)
                ):
                    return base.replace(str(arguments[0]), str(arguments[1]))
                if method in ("lower", "upper", "title"):
                    return str(getattr(base, method)())
                if method in ("glob", "rglob", "iterdir"):
                    return [f"{base}/{first if isinstance(first, str) else '*'}"]
        if dotted in ("glob.glob", "glob.iglob") and isinstance(first, str):
            return [first]
        if dotted == "os.listdir":
            return ["./*"]
        return _NOTHING

    def _call(self, node: ast.Call) -> None:
        call = self.call
        dotted = self.name(node.func)
        last = dotted.rpartition(".")[2]
        first = self.value(node.args[0]) if node.args else _NOTHING
        if last in _LOADS:
            self._loads(node)
        if dotted in _RUNS_TEXT or (dotted.startswith("os.popen")):
            self._text(first)
            return
        if dotted in _RUNS_WORDS:
            if not node.args:
                for keyword in node.keywords:
                    if keyword.arg == "args":
                        first = self.value(keyword.value)
            if dotted == "asyncio.create_subprocess_exec" and node.args:
                first = [self.value(a) for a in node.args]
            self._words(first)
            return
        if _RUNS_SPREAD.match(dotted):
            values: list[object] = []
            for argument in node.args:
                value = self.value(argument)
                values.extend(value if isinstance(value, list) else [value])
            texts = [v for v in values if not isinstance(v, int)]
            variadic = "p" in dotted.rpartition(".")[2]
            del variadic
            self._words(texts[1:] if len(texts) > 1 and isinstance(texts[1], str) else texts)
            return
        if dotted in _DELETES:
            self._path(first, "deletes", recursive=_DELETES[dotted])
            return
        if dotted in _EVALUATES:
            if last in ("__import__", "import_module") and isinstance(first, str):
                return
            if last == "run_path" and isinstance(first, str) and UNKNOWN not in first:
                call.run(["python", first])
                return
            if (
                last in ("eval", "exec", "compile")
                and isinstance(first, str)
                and UNKNOWN not in first
            ):
                judge(call, first)
                return
            if (
                last == "compile"
                and dotted == "compile"
                and "re" in self.modules
                and not isinstance(first, str)
            ):
                pass
            call.opaque("runs Python text that cannot be known")
            return
        if dotted in _HIGH_CALLS:
            call.high(f"Python: {_HIGH_CALLS[dotted]}")
            return
        if dotted in ("os.kill",):
            target = self.name(node.args[0]) if node.args else ""
            if first in (-1, 0, 1) or "getppid" in target or "getpgid" in target:
                call.high("kills the session or every process")
            call.medium("ends a process")
            return
        if dotted in ("os.chmod",):
            mode = self.value(node.args[1]) if len(node.args) > 1 else _NOTHING
            if isinstance(first, str) and isinstance(mode, int):
                call.run(["chmod", format(mode, "o"), first])
            call.medium("changes permissions")
            return
        if dotted in _MOVES:
            first = self._given(node, 0, *_SOURCES)
            second = self._given(node, 1, *_TARGETS)
            verb = "mv" if "move" in last or "ren" in last or last == "replace" else "cp"
            if dotted in _LINKS:
                verb = "ln"
            words = [verb, "-r"] if last == "copytree" else [verb]
            call.run([*words, *(w if isinstance(w, str) else "./file" for w in (first, second))])
            return
        if dotted in _PACKS:
            place = self._given(node, _PACKS[dotted], "root_dir", "extract_dir")
            if isinstance(place, str) and last == "make_archive":
                call.reads(place)
                call.gathers(place)
            elif isinstance(place, str):
                call.writes(f"{place}/unpacked")
            call.medium("packs or unpacks files")
            return
        if dotted in ("open", "io.open", "os.open", "codecs.open", "builtins.open"):
            self._open(node, first)
            return
        if dotted == "getattr" and len(node.args) > 1:
            attribute = self.value(node.args[1])
            if not isinstance(attribute, str) and self.name(node.args[0]).partition(".")[0] in (
                "os",
                "subprocess",
                "shutil",
                "builtins",
                "__builtins__",
            ):
                call.opaque("calls a part of Python that cannot be known")
            return
        if isinstance(node.func, ast.Attribute):
            self._method(node, node.func, dotted, first)
        if dotted.startswith("?") or ".?" in dotted:
            call.opaque("calls a part of Python that cannot be known")
        if dotted in ("socket.socket",) or last == "create_connection":
            call.medium("opens a network connection")
        if last in ("connect", "connect_ex", "open_unix_connection") and isinstance(first, str):
            self._connects(first)
        if _SENDS.search(dotted):
            self._sends(node)
        elif _FETCHES.match(dotted):
            call.medium("fetches something from the network")
        if isinstance(node.func, ast.Subscript):
            base = self.name(node.func.value)
            if base in ("globals", "locals", "vars", "os.__dict__", "__builtins__.__dict__"):
                call.opaque("calls a part of Python that cannot be known")

    def _connects(self, path: str) -> None:
        """A socket is connected to a path."""
        if self.call.place(path).own or path.endswith(("docker.sock", "containerd.sock")):
            self.call.high("talks to a program that acts for others", f"connects to {shown(path)}")

    def _loads(self, node: ast.Call) -> None:
        """A module is loaded by its name."""
        for argument in (*node.args, *(k.value for k in node.keywords)):
            value = self.value(argument)
            if isinstance(value, str) and (
                own_module(value) or value.rpartition("/")[2] in OWN_PROGRAMS
            ):
                self.call.high("controls Tungsten or the supervising terminal")

    def _given(self, node: ast.Call, at: int, *names: str) -> object:
        """An argument by position or by one of its names."""
        if at < len(node.args):
            return self.value(node.args[at])
        for keyword in node.keywords:
            if keyword.arg in names:
                return self.value(keyword.value)
        return _NOTHING

    def _method(self, node: ast.Call, func: ast.Attribute, dotted: str, first: object) -> None:
        from agent.risk.commands.fetching import LOCAL
        from agent.risk.commands.script_reach import SHARED_CALL

        call = self.call
        method = func.attr
        if method in _LINKS or (method in _METHODS_MOVE and len(node.args) == 1):
            base = self.value(func.value)
            base = base[0] if isinstance(base, list) and base else base
            other = first if isinstance(first, str) else None
            if isinstance(base, str) and method in _LINKS:
                call.run(["ln", other or "./file", base])
                return
            if isinstance(base, str) and other is not None and method in _METHODS_MOVE:
                call.run([_METHODS_MOVE[method], base, other])
                return
        if method in _METHODS_DELETE or method in _METHODS_WRITE or method in _METHODS_READ:
            base = self.value(func.value)
            if isinstance(base, list):
                base = base[0] if base else _NOTHING
            if method in _METHODS_DELETE:
                self._path(base, "deletes", recursive=_METHODS_DELETE[method])
            elif isinstance(base, str):
                if method in _METHODS_READ:
                    call.reads(base)
                else:
                    call.writes(base)
            elif method not in _METHODS_READ:
                call.medium("writes a file")
        elif method == "open" and dotted.rpartition(".")[0] not in self.modules.values():
            base = self.value(func.value)
            if isinstance(base, str):
                mode = first if isinstance(first, str) else "r"
                (call.writes if set(mode) & set("wax+") else call.reads)(base)
        elif SHARED_CALL.match(f".{method}(") and not self._local(func.value):
            call.high("destroys what others share", f"calls {shown(method)}")
        elif method == "delete" and dotted.startswith(("requests.", "httpx.")):
            if not (isinstance(first, str) and LOCAL.match(first)):
                call.high("deletes something on another machine", "sends a DELETE request")
        elif method in ("run", "sudo") and "Connection" in dotted and isinstance(first, str):
            call.shell(first)
            call.high("runs a command on another machine")
        elif method in ("delete", "raw_delete", "_raw_delete") and ".objects" in dotted:
            call.high("deletes what is in a database")
        elif method in _SQL_METHODS and isinstance(first, str):
            from agent.risk.sql import judge as judge_sql

            judge_sql(call, first, "sqlite")
        elif method in ("system", "popen") and dotted.startswith("get_ipython"):
            self._text(first)

    def _open(self, node: ast.Call, first: object) -> None:
        mode: object = self.value(node.args[1]) if len(node.args) > 1 else "r"
        for keyword in node.keywords:
            if keyword.arg == "mode":
                mode = self.value(keyword.value)
        writing = not isinstance(mode, str) or bool(set(mode) & set("wax+"))
        if isinstance(first, str) and UNKNOWN not in first:
            if writing:
                empties = isinstance(mode, str) and "w" in mode and not self.prints
                self.call.writes(first, truncates=empties)
            else:
                self.call.reads(first)
        elif writing:
            self.call.medium("writes a file")

    def _sends(self, node: ast.Call) -> None:
        for inner in ast.walk(node):
            if isinstance(inner, ast.Call) and inner is not node:
                dotted = self.name(inner.func)
                if dotted in ("open",) or dotted.endswith(
                    (".read_text", ".read_bytes", "os.environ")
                ):
                    self.call.high("sends local data to another machine")
                    return
            if isinstance(inner, ast.Attribute) and self.name(inner) == "os.environ":
                self.call.high("sends local data to another machine")
                return
        has_body = any(k.arg in ("data", "json", "files", "content", "body") for k in node.keywords)
        target = self.value(node.args[0]) if node.args else _NOTHING
        local = isinstance(target, str) and re.match(
            r"^https?://(?:localhost|127\.|0\.0\.0\.0|\[::1\])", target
        )
        if local or not has_body:
            self.call.medium("talks to a server")
        else:
            self.call.medium("sends data to another machine")

    def _attribute(self, node: ast.Attribute) -> None:
        if node.attr in (
            "__subclasses__",
            "__globals__",
            "__builtins__",
            "__code__",
            "__bases__",
            "__mro__",
        ):
            self.call.opaque("reaches into Python's internals")

    def _subscript(self, node: ast.Subscript) -> None:
        base = self.name(node.value)
        if base in ("sys.modules", "globals", "locals", "vars") and isinstance(node.ctx, ast.Load):
            self.call.opaque("reaches into Python's internals")

    def _text(self, value: object) -> None:
        if isinstance(value, str) and value.strip(UNKNOWN + " "):
            self.call.shell(value)
        else:
            self.call.opaque("has Python run a command that cannot be known")

    def _words(self, value: object) -> None:
        if isinstance(value, str):
            self._text(value)
        elif isinstance(value, list) and value:
            words = [v if isinstance(v, str) else UNKNOWN for v in value]
            if words[0] == UNKNOWN:
                self.call.opaque("has Python run a command that cannot be known")
            elif words[0] in ("sh", "bash") and len(words) > 2:
                self.call.shell(" ".join(quote(w) for w in words))
            else:
                self.call.run(words)
        else:
            self.call.opaque("has Python run a command that cannot be known")

    def _path(self, value: object, verb: str, *, recursive: bool) -> None:
        if isinstance(value, str) and UNKNOWN not in value:
            self.call.deletes(value, recursive=recursive)
        elif recursive or not isinstance(value, str):
            self.call.opaque(f"{verb} a path that cannot be known")
        else:
            self.call.deletes(value, recursive=recursive)


def _join(left: object, right: object) -> object:
    if isinstance(left, str) or isinstance(right, str):
        return (left if isinstance(left, str) else UNKNOWN) + (
            right if isinstance(right, str) else UNKNOWN
        )
    if isinstance(left, int) and isinstance(right, int):
        return left + right
    return _NOTHING


__all__ = ["judge", "shown"]
