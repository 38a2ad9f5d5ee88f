"""Names and values in Python source, as far as the source itself tells."""

from __future__ import annotations

import ast
import re
import threading
import warnings

from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import shown
from agent.risk.evaluation.variables import steers
from agent.risk.python_names import EVALUATES
from agent.risk.shell.syntax import UNKNOWN


class Unknown:
    """A value that the source does not tell."""


NOTHING = Unknown()

_parsing = threading.Lock()
"""Neither is for two threads at once: `catch_warnings` swaps filters of the whole process, and
CPython 3.11 counts the depth of trees that are being made in one place for all threads
(`recursion_depth` of Python-ast.c), where a SystemError was seen that no input explains.
"""


def parsed(source: str) -> ast.Module | None:
    """The syntax tree, None when there is none; Python's own warnings are not for anybody here."""
    try:
        with _parsing, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


_PLAIN = frozenset(["PATH", "PYTHONPATH", "HOME"])
"""Variables that ordinary code sets to what it computes."""

_IMPORTS = frozenset(
    ["__import__", "import_module", "resolve_name", "locate", "import_string", "import_object"]
)
_ASKED = frozenset(["__getattribute__", "__getattr__"])
_HOLDERS = {"partial": 0, "reload": 0, "staticmethod": 0}
"""Calls that give what behaves as an argument of theirs does; which one."""

_LIBRARIES = frozenset(["ctypes.cdll", "ctypes.pydll", "ctypes.windll", "ctypes.oledll"])

_SAME = re.compile(r"^(?:posix|nt|_posixsubprocess)(?=\.|$)")
_WITHIN = re.compile(r"^.*\.(?=(?:os|subprocess|shutil|pty|builtins|ctypes|importlib)\.)")
_CALLED = re.compile(r"(?:\.__call__)+$")


def plain(dotted: str) -> str:
    """A dotted name as the tables have it: `shutil.os.system`, `posix.system` are `os.system`."""
    return _CALLED.sub("", _WITHIN.sub("", _SAME.sub("os", dotted)))


class Values:
    """What names of modules and literal values are known of a source."""

    call: Call
    modules: dict[str, str]
    values: dict[str, object]

    def _assign(self, targets: list[ast.expr], expression: ast.expr) -> None:
        value = self.value(expression)
        name = self.name(expression)
        for target in targets:
            if isinstance(target, ast.Name):
                if value is not NOTHING:
                    if target.id in self.values and self.values[target.id] != value:
                        value = NOTHING
                    self.values[target.id] = value
                if name and (
                    name.partition(".")[0] in self.modules.values()
                    or name in EVALUATES
                    or "." in name
                    or self._imports(expression)
                ):
                    self.modules.setdefault(target.id, name)
            elif isinstance(target, ast.Attribute) and self.name(target).startswith("os.environ"):
                self.call.medium("changes the environment of this program")
            elif isinstance(target, ast.Subscript) and self.name(target.value).startswith(
                "os.environ"
            ):
                self.sets(self.value(target.slice), expression)

    def sets(self, key: object, expression: ast.expr) -> None:
        """A variable is set for the programs that are started from here on."""
        value = self.value(expression)
        known = isinstance(value, str) and value.strip(UNKNOWN) != ""
        if isinstance(key, str) and known:
            self.call.evaluator.variable(key, (str(value),), self.call, exported=True)
        elif isinstance(key, str) and key not in _PLAIN and steers(key):
            self.call.high(f"sets {shown(key)} for the programs that it starts")
        self.call.medium("changes the environment of this program")

    def _loop(self, node: ast.For) -> None:
        value = self.value(node.iter)
        if isinstance(node.target, ast.Name) and isinstance(value, list) and len(value) == 1:
            self.values[node.target.id] = value[0]

    def name(self, node: ast.AST) -> str:
        """Dotted name of what an expression refers to, through imports and simple aliases."""
        pieces: list[str] = []
        for _ in range(32):
            if isinstance(node, ast.Attribute):
                pieces.append(node.attr)
                node = node.value
            elif isinstance(node, ast.NamedExpr):
                node = node.value
            elif isinstance(node, ast.Call):
                inner = node.func
                last = self._last(inner)
                at = _HOLDERS.get(last)
                if self._imports(node):
                    value = self.value(node.args[0])
                    pieces.append(value.replace(":", ".") if isinstance(value, str) else "?")
                    break
                if last in _ASKED and len(node.args) == 1 and isinstance(inner, ast.Attribute):
                    value = self.value(node.args[0])
                    pieces.append(value if isinstance(value, str) else "?")
                    node = inner.value
                elif last in ("getattr", "getattr_static", *_ASKED) and len(node.args) > 1:
                    value = self.value(node.args[1])
                    pieces.append(value if isinstance(value, str) else "?")
                    node = node.args[0]
                elif at is not None and len(node.args) > at:
                    node = node.args[at]
                else:
                    node = inner
            elif isinstance(node, ast.Name):
                pieces.append(self.modules.get(node.id, node.id))
                break
            elif isinstance(node, ast.Subscript) and self.name(node.value) in _LIBRARIES:
                return "ctypes.CDLL"
            else:
                break
        return plain(".".join(reversed(pieces)))

    def _last(self, node: ast.AST) -> str:
        """The last part of a name, through imports."""
        if isinstance(node, ast.Attribute):
            return node.attr
        name = self.modules.get(node.id, node.id) if isinstance(node, ast.Name) else ""
        return name.rpartition(".")[2]

    def _imports(self, node: ast.AST) -> bool:
        """A call that gives the module, or the part of one, of which it is given the name."""
        if not isinstance(node, ast.Call) or not node.args:
            return False
        if self._last(node.func) in _IMPORTS:
            return True
        func = node.func
        return (
            isinstance(func, ast.Attribute)
            and func.attr in ("get", "pop", "__getitem__", "setdefault")
            and self.name(func.value) == "sys.modules"
        )

    def value(self, node: ast.AST, depth: int = 0) -> object:
        """Literal value of an expression: text, numbers, lists, formatted text, paths."""
        if depth > 40:
            return NOTHING
        if isinstance(node, ast.Constant):
            if isinstance(node.value, bytes):
                return node.value.decode("utf-8", "replace")
            return node.value
        if isinstance(node, ast.Name):
            if node.id in self.values:
                return self.values[node.id]
            return {"__file__": "script.py", "__name__": "__main__"}.get(node.id, NOTHING)
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            return [self.value(e, depth + 1) for e in node.elts]
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            number = self.value(node.operand, depth + 1)
            return -number if isinstance(number, int) else NOTHING
        if isinstance(node, ast.BinOp):
            left, right = self.value(node.left, depth + 1), self.value(node.right, depth + 1)
            if isinstance(node.op, ast.Add):
                if isinstance(left, list) and isinstance(right, list):
                    return left + right
                return _join(left, right)
            if isinstance(node.op, ast.Div):
                whole = _join(_join(left, "/"), right)
                return whole if isinstance(left, str) or isinstance(right, str) else NOTHING
            if isinstance(node.op, ast.Mult) and isinstance(left, str) and isinstance(right, int):
                return left * min(max(right, 0), 100)
            if isinstance(node.op, ast.Mod) and isinstance(left, str):
                return re.sub(
                    r"%[srd]", lambda _: right if isinstance(right, str) else UNKNOWN, left
                )
            return NOTHING
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
                return base.rpartition("/")[0] or "." if isinstance(base, str) else NOTHING
            return NOTHING
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
            if self.name(node.value) == "os.environ" and index in ("HOME", "PATH"):
                return self.call.evaluator.ground.home if index == "HOME" else "$PATH"
            return NOTHING
        if isinstance(node, ast.Call):
            return self._call_value(node, depth)
        return NOTHING

    def _slice(self, node: ast.Slice, base: str, depth: int) -> object:
        bounds: list[int | None] = []
        for bound in (node.lower, node.upper, node.step):
            value = None if bound is None else self.value(bound, depth + 1)
            if value is not None and not isinstance(value, int):
                return NOTHING
            bounds.append(value)
        return NOTHING if bounds[2] == 0 else base[slice(*bounds)]

    def _call_value(self, node: ast.Call, depth: int) -> object:
        dotted = self.name(node.func)
        arguments = [self.value(a, depth + 1) for a in node.args]
        first = arguments[0] if arguments else NOTHING
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
                return NOTHING
            if isinstance(first, str):
                text = first
                for other in arguments[1:]:
                    text = f"{text}/{other}" if isinstance(other, str) else f"{text}/{UNKNOWN}"
                return text.replace("$HOME", home)
            return "." if not arguments and "Path" in dotted else NOTHING
        if dotted in ("os.path.join", "posixpath.join"):
            return "/".join(a if isinstance(a, str) else UNKNOWN for a in arguments)
        if dotted in ("pathlib.Path.home", "Path.home"):
            return home
        if dotted in ("os.getcwd", "pathlib.Path.cwd", "Path.cwd"):
            return self.call.cwd
        if dotted in ("os.environ.get", "os.getenv"):
            return {"HOME": home, "PATH": "$PATH"}.get(str(first), NOTHING)
        if dotted.startswith("tempfile."):
            return "/tmp/tempfile.x"  # noqa: S108
        if dotted == "shlex.split" and isinstance(first, str):
            return list(first.split())
        if dotted == "shlex.quote" and isinstance(first, str):
            return first
        if dotted == "chr" and isinstance(first, int) and 0 <= first < 0x110000:
            return chr(first)
        if dotted == "bytes.fromhex" and isinstance(first, str):
            return NOTHING
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
        return NOTHING


def _join(left: object, right: object) -> object:
    if isinstance(left, str) or isinstance(right, str):
        return (left if isinstance(left, str) else UNKNOWN) + (
            right if isinstance(right, str) else UNKNOWN
        )
    if isinstance(left, int) and isinstance(right, int):
        return left + right
    return NOTHING
