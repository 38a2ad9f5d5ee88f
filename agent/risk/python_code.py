"""Judges Python source by its syntax tree: inline (`python -c`), piped, or in a file."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

from agent.risk.arguments import wordlist
from agent.risk.assessment import Risk
from agent.risk.commands.loaded_code import loads_own
from agent.risk.commands.script_files import run_file
from agent.risk.commands.service_sockets import connects
from agent.risk.commands.unpacking import unpacks_into
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import quote, shown
from agent.risk.own import OWN_PROGRAMS, own_module
from agent.risk.python_names import (
    COOKIES,
    DELETES,
    EVALUATES,
    FETCHES,
    HIGH_CALLS,
    LINKS,
    LOADS,
    METHODS_DELETE,
    METHODS_MOVE,
    METHODS_READ,
    METHODS_SAVE,
    METHODS_WRITE,
    MOVES,
    OPENS,
    PACKS,
    PROGRAM_CALLS,
    PROGRAMS,
    RUNS_ON_ANY,
    RUNS_SPREAD,
    RUNS_STATEMENTS,
    RUNS_TEXT,
    RUNS_WORDS,
    SECRET_FILES,
    SECRET_LOADERS,
    SECRET_MADE,
    SENDS,
    SOURCES,
    SQL_METHODS,
    TARGETS,
    UNSAFE_YAML,
    WRITES,
)
from agent.risk.python_references import handed_on, runs
from agent.risk.python_values import NOTHING, Values, parsed, plain
from agent.risk.shell.syntax import UNKNOWN

__all__ = ["Reader", "judge", "parsed"]

_MAX_NODES = 60_000


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
    if call.evaluator.has_own():
        loads_own(call, source, "python")


_STATEMENTS = ("stmt", "setup", "statement", "cmd")

_SHOUTS = re.compile(
    r"system|subprocess|rmtree|exec|eval|import os|__import__|unlink|remove|socket"
)


_ONLY_LOOKS = frozenset(
    wordlist(
        """isinstance issubclass hasattr getattr setattr callable type id repr str print cast wraps
        signature getsource is_ Mock MagicMock create_autospec spec assertIs assertEqual patch
        object update_wrapper unwrap getdoc help Optional Union list dict set tuple append partial
        partialmethod"""
    )
)
"""Functions that do not call what they are given, or whose result is judged where it is called."""
_SHOWING = frozenset(wordlist("print pprint pp write dumps info debug warning"))
_BROWSERS = re.compile(r"webbrowser\.(?:get|GenericBrowser|BackgroundBrowser|register)")


def _ways(behind: list[ast.expr]) -> list[list[ast.expr]]:
    """How a function may be called with what stands behind it: as it is, or with each of a list."""
    found: list[list[ast.expr]] = []
    for argument in behind[:4]:
        if isinstance(argument, (ast.Tuple, ast.List)) and argument.elts:
            found.append(list(argument.elts))
            found += [[element] for element in argument.elts[:64]]
    return found or ([behind] if behind else [])


def _base(target: ast.expr) -> ast.expr:
    return target.value if isinstance(target, ast.Subscript) else target


_PRINTS = re.compile(r"write|print|dump|save|copyfile|to_\w+\(|\bas\b")


class Reader(Values):
    """Walks a tree once, with names of modules and literal values that were assigned."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.modules: dict[str, str] = {}
        self.values: dict[str, object] = {}
        self.partials: dict[str, ast.Call] = {}
        """Names to which the result of a call was assigned last."""
        self.environments: dict[str, ast.expr] = {}
        """What was assigned to a name last."""
        self.computed: set[str] = set()
        """Names that hold what an expression made, which may be text."""
        self.secrets: set[str] = set()
        """Names that hold what a file of secrets says."""
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
            if isinstance(node, ast.Assign) and isinstance(
                node.value, (ast.Call, ast.BinOp, ast.JoinedStr, ast.Subscript)
            ):
                made = self.name(node.value.func) if isinstance(node.value, ast.Call) else ""
                if made.rpartition(".")[2] != "partial":
                    self.computed.update(t.id for t in node.targets if isinstance(t, ast.Name))
            stack.extend(reversed(list(ast.iter_child_nodes(node))))
        for node in order:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                self._import(node)
        for node in order:
            if isinstance(node, ast.Assign):
                self._assign(node.targets, node.value)
                for target in node.targets:
                    if isinstance(target, ast.Name) and isinstance(node.value, ast.Call):
                        self.partials[target.id] = node.value
                    if isinstance(target, ast.Name):
                        self.environments[target.id] = node.value
                if isinstance(node.value, ast.Call) and self.name(node.value.func) in SECRET_MADE:
                    self.secrets.update(t.id for t in node.targets if isinstance(t, ast.Name))
            elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
                self._assign([node.target], node.value)
            elif isinstance(node, ast.AugAssign) and self.name(_base(node.target)) == "os.environ":
                for key, value in self._pairs(node.value) or [(NOTHING, node.value)]:
                    index = getattr(node.target, "slice", None)
                    self.sets(self.value(index) if index is not None else key, value)
            elif isinstance(node, ast.For):
                self._loop(node)
            elif isinstance(node, ast.withitem) and node.optional_vars is not None:
                self._assign([node.optional_vars], node.context_expr)
        handed_on(self, order)
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
            if name.name == "*":
                for dotted in (*RUNS_TEXT, *RUNS_WORDS, *DELETES, *EVALUATES, *HIGH_CALLS, *MOVES):
                    module, _, function = dotted.rpartition(".")
                    if module and module == plain(node.module or ""):
                        self.modules.setdefault(function, dotted)

    def _local(self, expression: ast.expr) -> bool:
        """A name of the code's own, such as `self`: no library's client."""
        return isinstance(expression, ast.Name) and expression.id in ("self", "cls")

    def _shadowed(self, name: str) -> None:
        """A module that the agent wrote under the name of one of Python's own is run instead."""
        evaluator = self.call.evaluator
        if name not in sys.stdlib_module_names or not evaluator.has_own():
            return
        for path in (f"{name}.py", f"{name}/__init__.py"):
            target = self.call.place(path).path
            if target in evaluator.files or Path(target) in evaluator.context.written:
                run_file(self.call, path, "python")

    def _statements(self, node: ast.Call) -> None:
        """`timeit.timeit(stmt, setup)`: text is judged; a function was read where it stands."""
        given = [*node.args[:2], *(k.value for k in node.keywords if k.arg in _STATEMENTS)]
        for argument in given:
            text = self.value(argument)
            if isinstance(text, str) and UNKNOWN not in text:
                judge(self.call, text)
            elif isinstance(argument, ast.Name):
                if argument.id in self.computed:
                    self.call.opaque("runs Python text that cannot be known")
            elif not isinstance(argument, (ast.Lambda, ast.Dict, ast.Constant, ast.Attribute)):
                self.call.opaque("runs Python text that cannot be known")

    def _call(self, node: ast.Call) -> None:
        call = self.call
        dotted = self.name(node.func)
        node = self._merged(node)
        last = dotted.rpartition(".")[2]
        if last in RUNS_ON_ANY and "." in dotted and node.args and not runs(dotted):
            dotted = RUNS_ON_ANY[last]
        first = self.value(node.args[0]) if node.args else NOTHING
        if last in ("update", "setdefault", "putenv") and "os." in dotted:
            self._environment(node, dotted)
        for keyword in node.keywords:
            if keyword.arg == "env":
                for key, variable in self._pairs(keyword.value):
                    self.sets(key, variable)
            elif keyword.arg == "executable" and dotted in RUNS_WORDS:
                self._words([self.value(keyword.value)])
        if last in LOADS:
            self._loads(node)
        if last in _SHOWING:
            self._shows(node)
        if node.args or node.keywords:
            self._handed_over(node, last)
        if _BROWSERS.fullmatch(dotted) and isinstance(first, str) and " " in first.strip():
            self._text(first.replace("%s", "page"))
        elif _BROWSERS.fullmatch(dotted) and isinstance(first, list):
            self._words(first)
        if last == "dlopen":
            call.opaque("loads machine code")
        if dotted in RUNS_TEXT or (dotted.startswith("os.popen")):
            self._text(first)
            return
        if dotted in RUNS_WORDS:
            if not node.args:
                for keyword in node.keywords:
                    if keyword.arg == "args":
                        first = self.value(keyword.value)
            if dotted == "asyncio.create_subprocess_exec" and node.args:
                first = [self.value(a) for a in node.args]
            self._words(first)
            return
        if RUNS_SPREAD.match(dotted):
            values: list[object] = []
            for argument in node.args:
                value = self.value(argument)
                values.extend(value if isinstance(value, list) else [value])
            texts = [v for v in values if not isinstance(v, int)]
            for key, variable in self._pairs(node.args[-1]) if node.args else ():
                self.sets(key, variable)
            self._words(texts[1:] if len(texts) > 1 and isinstance(texts[1], str) else texts)
            return
        if PROGRAM_CALLS.match(dotted) and any(map(PROGRAMS.match, self.modules.values())):
            # `from sh import rm`, `plumbum.cmd.rm`: a function of a program's name runs it.
            values = [self.value(argument) for argument in node.args]
            self._words([last, *(v for v in values if not isinstance(v, int))])
            return
        if COOKIES.match(dotted):
            call.high("Python: reads a browser's cookies")
            return
        if dotted in DELETES:
            self._path(first, "deletes", recursive=DELETES[dotted])
            return
        if dotted in EVALUATES:
            if last in ("__import__", "import_module") and isinstance(first, str):
                return
            if last == "run_path" and isinstance(first, str) and UNKNOWN not in first:
                call.run(["python", first])
                return
            if last in ("eval", "exec") and isinstance(first, str) and UNKNOWN not in first:
                judge(call, first)
                return
            call.opaque("runs Python text that cannot be known")
            return
        if dotted in RUNS_STATEMENTS:
            self._statements(node)
            return
        if dotted == "doctest.testfile" and isinstance(first, str) and UNKNOWN not in first:
            run_file(call, first, "doctest")
            return
        if dotted in ("yaml.load", "yaml.load_all") and self._unsafe_loader(node):
            call.opaque("runs what a YAML file says")
            return
        if last in ("spec_from_file_location", "SourceFileLoader", "SourcelessFileLoader"):
            path = self._given(node, 1, "location", "path")
            if isinstance(path, str) and UNKNOWN not in path:
                call.run(["python", path])
            return
        if dotted == "runpy.run_module":
            if isinstance(first, str) and UNKNOWN not in first:
                call.run(["python", "-m", first])
            else:
                call.opaque("runs Python text that cannot be known")
            return
        if dotted in HIGH_CALLS:
            call.high(f"Python: {HIGH_CALLS[dotted]}")
            return
        if dotted in ("os.kill",):
            target = self.name(node.args[0]) if node.args else ""
            if first in (-1, 0, 1) or "getppid" in target or "getpgid" in target:
                call.high("kills the session or every process")
            call.medium("ends a process")
            return
        if dotted in ("os.chmod",):
            mode = self.value(node.args[1]) if len(node.args) > 1 else NOTHING
            if isinstance(first, str) and isinstance(mode, int):
                call.run(["chmod", format(mode, "o"), first])
            call.medium("changes permissions")
            return
        if dotted in MOVES:
            first = self._given(node, 0, *SOURCES)
            second = self._given(node, 1, *TARGETS)
            verb = "mv" if "move" in last or "ren" in last or last == "replace" else "cp"
            if dotted in LINKS:
                verb = "ln"
            words = [verb, "-r"] if last == "copytree" else [verb]
            call.run([*words, *(w if isinstance(w, str) else "./file" for w in (first, second))])
            return
        if dotted in PACKS:
            place = self._given(node, PACKS[dotted], "root_dir", "extract_dir")
            if isinstance(place, str) and last == "make_archive":
                call.reads(place)
                call.gathers(place)
            elif last != "make_archive":
                unpacks_into(call, [place if isinstance(place, str) else "."])
            call.medium("packs or unpacks files")
            return
        if last == "extractall" or dotted in ("tarfile.open.extract", "zipfile.ZipFile.extract"):
            place = self._given(node, int(last == "extract"), "path")
            unpacks_into(call, [place if isinstance(place, str) else "."])
            call.medium("packs or unpacks files")
            return
        if dotted in WRITES or dotted == "logging.basicConfig":
            self._written(self._given(node, WRITES.get(dotted, 99), "filename", "file", "f"))
            return
        if dotted in OPENS:
            self._open(node, first)
            return
        if dotted in ("fileinput.input", "fileinput.FileInput"):
            inplace = self._given(node, 1, "inplace")
            for path in first if isinstance(first, list) else [first]:
                if isinstance(path, str):
                    (call.reads if inplace in (NOTHING, False) else call.writes)(path)
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
            connects(self.call, first)
        if SENDS.search(dotted):
            self._sends(node)
        elif FETCHES.match(dotted):
            call.medium("fetches something from the network")
        if isinstance(node.func, ast.Subscript):
            base = self.name(node.func.value)
            if base in ("globals", "locals", "vars", "os.__dict__", "__builtins__.__dict__"):
                call.opaque("calls a part of Python that cannot be known")

    def _merged(self, node: ast.Call) -> ast.Call:
        """A call of `partial(f, x)` is one of `f` with `x` before what it is given itself."""
        for _ in range(8):
            func = node.func
            made = self.partials.get(func.id) if isinstance(func, ast.Name) else func
            if not isinstance(made, ast.Call) or not made.args:
                break
            if self.name(made.func).rpartition(".")[2] not in ("partial", "partialmethod"):
                break
            merged = ast.Call(
                func=made.args[0],
                args=[*made.args[1:], *node.args],
                keywords=[*made.keywords, *node.keywords],
            )
            node = ast.copy_location(merged, node)
        return node

    def _environment(self, node: ast.Call, dotted: str) -> None:
        """`os.environ.update(…)`, `os.putenv(…)`: variables of what is started from here on."""
        if dotted in ("os.putenv", "os.environ.setdefault") and len(node.args) > 1:
            self.sets(self.value(node.args[0]), node.args[1])
        elif dotted.startswith("os.environ.") and dotted.endswith("update"):
            for key, value in self._pairs(node):
                self.sets(key, value)
            self.call.medium("changes the environment of this program")

    def _pairs(self, node: ast.expr, depth: int = 0) -> list[tuple[object, ast.expr]]:
        """The variables that an expression for an environment sets, and their values."""
        found: list[tuple[object, ast.expr]] = []
        if depth > 8:
            return found
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                found += (
                    self._pairs(value, depth + 1) if key is None else [(self.value(key), value)]
                )
        elif isinstance(node, ast.Call):
            for argument in node.args:
                found += self._pairs(argument, depth + 1)
            for keyword in node.keywords:
                if keyword.arg is None:
                    found += self._pairs(keyword.value, depth + 1)
                else:
                    found.append((keyword.arg, keyword.value))
        elif isinstance(node, ast.BinOp):
            found += self._pairs(node.left, depth + 1) + self._pairs(node.right, depth + 1)
        elif isinstance(node, ast.Name) and node.id in self.environments:
            found += self._pairs(self.environments[node.id], depth + 1)
        return found

    def _unsafe_loader(self, node: ast.Call) -> bool:
        loader = node.args[1] if len(node.args) > 1 else None
        for keyword in node.keywords:
            loader = keyword.value if keyword.arg == "Loader" else loader
        return loader is not None and self.name(loader).rpartition(".")[2] in UNSAFE_YAML

    def _handed_over(self, node: ast.Call, last: str) -> None:
        """`Thread(target=os.system, args=(x,))`: a function is given to what calls it."""
        if last in _ONLY_LOOKS:
            return
        given = [*node.args, *(k.value for k in node.keywords)]
        for at, argument in enumerate(given[:32]):
            if not isinstance(argument, (ast.Attribute, ast.Name)):
                continue
            dotted = self.name(argument)
            if not runs(dotted):
                continue
            behind = [k.value for k in node.keywords if k.arg in ("args", "argument", "a")]
            if at < len(node.args):
                behind += node.args[at + 1 :]
            calls = [ast.Call(func=argument, args=args, keywords=[]) for args in _ways(behind)]
            for each in calls or [ast.Call(func=argument, args=[], keywords=[])]:
                self._call(ast.copy_location(each, node))
            if node.keywords and dotted in DELETES and not behind:
                self.call.opaque("what a function is called with cannot be known")

    def _shows(self, node: ast.Call) -> None:
        """What is printed may be what a file of secrets holds, or has set."""
        loaded = not SECRET_LOADERS.isdisjoint(m.partition(".")[0] for m in self.modules.values())
        if not loaded and not self.call.evaluator.secret_environment:
            return
        parts: set[int] = set()
        for argument in (*node.args, *(k.value for k in node.keywords)):
            for inner in ast.walk(argument):
                if isinstance(inner, (ast.Subscript, ast.Attribute)):
                    parts.add(id(inner.value))
                dotted = ""
                if isinstance(inner, ast.Call):
                    dotted = self.name(inner.func)
                elif isinstance(inner, (ast.Attribute, ast.Name)) and id(inner) not in parts:
                    dotted = self.name(inner)
                if (
                    dotted in SECRET_FILES
                    or dotted == "os.environ"
                    or (isinstance(inner, ast.Name) and inner.id in self.secrets)
                ):
                    self.call.high("reads credentials or keys", f"shows {shown(dotted)}")
                    return

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
        return NOTHING

    def _method(self, node: ast.Call, func: ast.Attribute, dotted: str, first: object) -> None:
        from agent.risk.commands.fetching import LOCAL
        from agent.risk.commands.script_reach import SHARED_CALL

        call = self.call
        method = func.attr
        if method in LINKS or (method in METHODS_MOVE and len(node.args) == 1):
            base = self.value(func.value)
            base = base[0] if isinstance(base, list) and base else base
            other = first if isinstance(first, str) else None
            if isinstance(base, str) and method in LINKS:
                call.run(["ln", other or "./file", base])
                return
            if isinstance(base, str) and other is not None and method in METHODS_MOVE:
                call.run([METHODS_MOVE[method], base, other])
                return
        if method in METHODS_DELETE or method in METHODS_WRITE or method in METHODS_READ:
            base = self.value(func.value)
            if isinstance(base, list):
                base = base[0] if base else NOTHING
            if method in METHODS_DELETE:
                self._path(base, "deletes", recursive=METHODS_DELETE[method])
            elif isinstance(base, str):
                if method in METHODS_READ:
                    call.reads(base)
                else:
                    self._written(base)
            elif method not in METHODS_READ:
                call.medium("writes a file")
        elif method in METHODS_SAVE and isinstance(first, str):
            self._written(first)
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
        elif method in SQL_METHODS and isinstance(first, str):
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
            self._written(first)

    def _written(self, path: object, *, truncates: bool = False) -> None:
        """A file is written, of whose path perhaps only the end is known."""
        if isinstance(path, str) and UNKNOWN not in path:
            self.call.writes(path, truncates=truncates)
        elif isinstance(path, str) and self.call.place(path).startup:
            self.call.high("plants something that runs later", f"writes {shown(path)}")
        else:
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
        target = self.value(node.args[0]) if node.args else NOTHING
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
