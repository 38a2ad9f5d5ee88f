# ruff: noqa: E501 - tables of cases read better unbroken
"""Code that an agent wrote runs wherever other code loads it, and is read there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from agent.risk import Context, Risk, assess_command

EVIL = {
    "evil.py": 'import os\nos.system("rm -rf ~/x")\n',
    "evil.js": 'require("child_process").execSync("rm -rf ~/x")\n',
    "evil.rb": 'system("rm -rf ~/x")\n',
    "evil.pl": 'system("rm -rf ~/x");\n',
    "evil.lua": 'os.execute("rm -rf ~/x")\n',
    "evil.php": '<?php system("rm -rf ~/x");\n',
    "evil.R": 'system("rm -rf ~/x")\n',
    "evil.jl": "run(`rm -rf ~/x`)\n",
    "evil.el": '(shell-command "rm -rf ~/x")\n',
    "evil.org": "#+begin_src sh\nrm -rf ~/x\n#+end_src\n",
    "pkg/evil.py": 'import shutil\nshutil.rmtree("/home/ada/x")\n',
    "pkg/__init__.py": "from .evil import x\n",
    "first.py": "from pkg import (\n    evil,\n)\n",
}
HARMLESS = {
    "fine.py": "import subprocess\n\ndef run(words):\n    return subprocess.run(words, check=True)\n",
    "fine.js": "exports.clean = d => require('fs').rmSync(d, { recursive: true });\n",
    "fine.rb": "require 'fileutils'\ndef clean(d)\n  FileUtils.rm_rf(d)\nend\n",
    "fine.el": '(defun fine () (message "x"))\n',
    "fine.lua": "return { a = 1 }\n",
    "app/__init__.py": "",
    "app/files.py": "import shutil\nimport tempfile\n\ndef work():\n    d = tempfile.mkdtemp()\n    shutil.rmtree(d)\n",
    "app/cli.py": "from app import files\nfrom fine import run\n\nif __name__ == '__main__':\n    run(['git', 'status'])\n    files.work()\n",
    "test_app.py": "from app.files import work\nimport fine\n\ndef test_work():\n    work()\n",
}


def ground(tmp_path: Path, files: dict[str, str]) -> Context:
    home = tmp_path / "home"
    project = home / "project"
    for name, text in files.items():
        file = project / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    written = frozenset(project / name for name in files)
    return Context(cwd=project, home=home, project=project, written=written)


LOADING = [
    "python -c 'import evil'", "python3 -c 'from pkg import evil'", "python -c 'import pkg'",
    "python first.py", "python -c 'import importlib; importlib.import_module(\"evil\")'",
    "node -e 'require(\"./evil\")'", "node -r ./evil.js -e 1", "node --import ./evil.js -e 1",
    "ruby -e 'require_relative \"evil\"'", "ruby -e 'load \"./evil.rb\"'", "ruby -r ./evil -e 1",
    "perl -e 'require \"./evil.pl\"'", "perl -I. -Mevil -e 1", "lua -e 'dofile(\"evil.lua\")'",
    "lua -l evil -e 1", "php -r 'include \"evil.php\";'", "php -d auto_prepend_file=evil.php a.php",
    "Rscript -e 'source(\"evil.R\")'", "julia -e 'include(\"evil.jl\")'",
    "emacs --batch --eval '(load-file \"evil.el\")'", "emacs -batch evil.el -f eval-buffer",
    "emacs -batch -load evil.el", "emacs -x evil.el", "emacs --batch evil.org -f org-babel-execute-buffer",
    "emacsclient --eval '(load \"./evil.el\")'",
]  # fmt: skip


def test_what_other_code_loads_is_read(tmp_path: Path) -> None:
    context = ground(tmp_path, EVIL)
    lower = [line for line in LOADING if assess_command(line, context).risk < Risk.HIGH]
    assert not lower
    # Files of the project that no agent wrote are left to whoever wrote them.
    theirs = replace(context, written=frozenset())
    assert assess_command("python -c 'import evil'", theirs).risk < Risk.HIGH


@pytest.mark.parametrize(
    "line",
    [
        "python -m app.cli", "python app/cli.py", "python -c 'from app import files'", "pytest -q",
        "python -c 'import fine'", "node -e 'require(\"./fine\")'", "ruby -r ./fine -e 1",
        "emacs -batch -l fine.el -f fine", "lua -l fine -e 1",
    ],
)  # fmt: skip
def test_everyday_code_may_be_loaded(tmp_path: Path, line: str) -> None:
    answer = assess_command(line, ground(tmp_path, HARMLESS))
    assert answer.risk < Risk.HIGH, answer.reasons


def test_code_that_loads_itself_is_read_once(tmp_path: Path) -> None:
    files = {"a.py": "import b\n", "b.py": "import a\nimport os\nos.system('rm -rf ~/x')\n"}
    assert assess_command("python -c 'import a'", ground(tmp_path, files)).risk is Risk.HIGH
    several = {f"m{n}.py": f"import m{n + 1}\n" for n in range(80)}
    assert assess_command("python -c 'import m0'", ground(tmp_path, several)).risk <= Risk.MEDIUM


def test_tests_in_a_container_do_not_reach_the_project(tmp_path: Path) -> None:
    context = ground(tmp_path, {"test_a.py": "import os\n\ndef test_a():\n    os.remove('a')\n"})
    for line in ("docker run --rm app:dev pytest", "docker compose run --rm web pytest -q"):
        assert assess_command(line, context).risk < Risk.HIGH, line


def test_examples_in_a_text_are_what_runs(tmp_path: Path) -> None:
    text = "# Use\n\n    >>> import os\n    >>> os.{}\n"
    context = ground(tmp_path, {"fine.md": text.format("getcwd()")})
    assert assess_command("python -m doctest fine.md", context).risk < Risk.HIGH
    context = ground(tmp_path, {"evil.md": text.format("system('rm -rf ~/x')")})
    assert assess_command("python -m doctest evil.md", context).risk is Risk.HIGH
