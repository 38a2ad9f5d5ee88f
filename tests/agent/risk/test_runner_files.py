# ruff: noqa: E501 - the contents of files read better unbroken
"""What task runners and build tools run from files that an agent made is read, or it is HIGH."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from agent.risk import Context, Risk, assess_command
from agent.risk.commands.task_texts import Unreadable, parsed

BAD = "rm -rf ~/x"
CASES = [
    ("a.c", "int main() { return system(\"BAD\"); }\n",
     "int main(int c, char **v) { printf(\"rm -rf %s\", v[1]); return system(v[1]); }\n", "gcc -O2 -o a a.c"),
    ("a.rs", "fn main() { Command::new(\"rm\").arg(\"-rf\").arg(\"/home/ada/x\").status(); }\n",
     "fn main() { Command::new(\"git\").args([\"status\"]).output(); }\n", "rustc a.rs"),
    ("mkdocs.yml", "site_name: x\nx: !!python/object/apply:os.system ['BAD']\n",
     "site_name: x\ntheme: material\nmarkdown_extensions:\n  - pymdownx.emoji:\n      emoji_index: !!python/name:material.extensions.emoji.twemoji\n"
     "plugins: [search]\n", "mkdocs build"),
    ("r.conf", "dir /home/ada/.ssh\ndbfilename authorized_keys\n", "port 7001\ndir /tmp\nsave 60 1\n",
     "redis-server r.conf"),
    ("r.conf", "loadmodule ./x.so\n", "# loadmodule ./x.so\nappendonly no\n", "valkey-server ./r.conf --port 7"),
    ("u.ini", "[uwsgi]\nexec-asap = BAD\n", "[uwsgi]\nmodule = app.wsgi\nhttp = :8000\n", "uwsgi --ini u.ini"),
    ("u.yml", "uwsgi:\n  hook-pre-app: exec:BAD\n", "uwsgi:\n  module: app.wsgi\n", "uwsgi u.yml"),
    ("book.toml", "[preprocessor.x]\ncommand = \"BAD\"\n", "[book]\ntitle = \"x\"\n[output.html]\n", "mdbook build"),
    ("Doxyfile", "INPUT_FILTER = \"BAD\"\n", "PROJECT_NAME = x\nINPUT = src\n", "doxygen"),
    ("lfrc", "cmd open $BAD\n", "set hidden true\nmap x cut\n", "lf -config lfrc"),
    ("pelicanconf.py", "import os\nos.system('BAD')\n", "SITENAME = 'x'\n", "pelican content"),
    ("_plugins/a.rb", "system('BAD')\n", "module Jekyll\nend\n", "jekyll build"),
    (".eleventy.js", "require('child_process').execSync('BAD')\n", "module.exports = () => ({});\n", "npx eleventy"),
    ("Rakefile", "task :default do\n  rm_rf '/home/ada/x'\nend\n",
     "task :default do\n  puts \"ok\"\n  rm_rf \"build\"\n  mkdir_p 'out'\nend\n", "rake"),
    ("Rakefile", "task(:default) { sh 'BAD' }\n",
     "require 'rake/testtask'\nRake::TestTask.new do |t|\n  t.libs << 'test'\nend\ntask default: :test\n",
     "rake test"),
    ("r.rb", "task(:a) { sh 'BAD' }\n", "task(:a) { sh 'bundle exec rspec' }\n", "rake -f r.rb a"),
    ("Gemfile", "system('BAD')\n", "source 'https://rubygems.org'\ngem 'rails', '~> 7.1'\n",
     "bundle install"),
    ("Vagrantfile", "system('BAD')\n",
     "Vagrant.configure('2') do |c|\n  c.vm.box = 'ubuntu/jammy64'\nend\n", "vagrant status"),
    ("justfile", "test:\n    BAD\n",
     "set shell := [\"bash\", \"-c\"]\nv := `git describe`\n# all\ntest *args: build\n    @pytest {{args}}\n\n"
     "build:\n    cargo build\n\nwipe:\n    BAD\n", "just test"),
    ("x.just", "a:\n  BAD\n", "a:\n  echo {{os()}}\n", "just -f x.just"),
    ("Taskfile.yml", "version: '3'\ntasks:\n  a:\n    cmds: ['BAD']\n",
     "version: '3'\nvars:\n  BIN: app\ntasks:\n  default:\n    deps: [a]\n  a:\n    desc: \"Build: all\"\n"
     "    cmds:\n      - go build -o {{.BIN}} .\n      - task: b\n  b:\n    cmds:\n      - |\n        set -e\n"
     "        go test ./...\n  wipe:\n    cmds:\n      - BAD\n", "task a"),
    ("build.xml",
     "<project default='a'><target name='a'><exec executable='rm'><arg value='-rf'/>"
     "<arg value='/home/ada/x'/></exec></target></project>",
     "<project><property name=\"out\" location=\"build\"/><target name=\"clean\">"
     "<delete dir=\"${out}\"/></target><target name=\"a\"><javac srcdir=\"src\" destdir=\"${out}\"/>"
     "<exec executable=\"git\"><arg value=\"describe\"/></exec></target></project>", "ant a"),
    ("pom.xml",
     "<project><executable>rm</executable><arguments><argument>-rf</argument>"
     "<argument>/home/ada/x</argument></arguments></project>",
     "<project><modelVersion>4.0.0</modelVersion><dependencies><dependency><groupId>junit</groupId>"
     "</dependency></dependencies></project>", "mvn -q test"),
    ("build.ninja", "x = -rf\nrule r\n  command = rm $x ~/x\nbuild a: r\n",
     "rule cc\n  command = gcc -c $in -o $out\nbuild a.o: cc a.c\n", "ninja"),
    ("dodo.py", "def task_a():\n    return {'actions': ['BAD']}\n",
     "def task_a():\n    return {'actions': ['pytest -q'], 'file_dep': ['a.py']}\n", "doit"),
    ("tasks.py", "from invoke import task\n@task\ndef a(c):\n    c.run('BAD')\n",
     "from invoke import task\n@task\ndef a(c):\n    c.run('pytest -q')\n    c.run(f'ruff {c.x}')\n",
     "inv a"),
    ("SConstruct", "Execute('BAD')\n", "env = Environment()\nenv.Program('a', ['a.c'])\n", "scons"),
    ("wscript", "def build(b):\n    b(rule='BAD')\n",
     "def configure(c):\n    c.load('compiler_c')\ndef build(b):\n    b.program(source='a.c')\n",
     "waf build"),
    ("Tiltfile", "local('BAD')\n", "docker_build('a', '.')\nk8s_yaml('a.yaml')\n", "tilt up"),
    ("mix.exs", "System.cmd(\"rm\", [\"-rf\", \"/home/ada/x\"])\n",
     "defmodule A.MixProject do\n  use Mix.Project\n  def project, do: [app: :a, version: \"0.1.0\"]\nend\n",
     "mix test"),
    ("build.zig", "_ = b.addSystemCommand(&.{\"rm\", \"-rf\", \"/home/ada/x\"});\n",
     "const std = @import(\"std\");\npub fn build(b: *std.Build) void { _ = b; }\n", "zig build"),
    ("build.sbt", "sys.process.Process(\"BAD\").!\n",
     "name := \"a\"\nscalaVersion := \"3.3.1\"\nlibraryDependencies += \"org.a\" %% \"b\" % \"1\"\n",
     "sbt test"),
    ("app/build.gradle", "'rm -rf /home/ada/x'.execute()\n",
     "plugins { id 'java' }\ndependencies { testImplementation 'junit:junit:4.13' }\n"
     "task clean2(type: Delete) { delete 'build' }\n", "gradle test"),
    ("meson.build", "project('a')\nrun_command('rm', '-rf', '/home/ada/x')\n",
     "project('a', 'c')\nexecutable('a', 'a.c', install : true)\n"
     "v = run_command('git', 'describe', check : false)\n", "meson setup b"),
    ("premake5.lua", "os.execute('BAD')\n", "workspace 'a'\nconfigurations { 'Debug' }\n",
     "premake5 gmake"),
    ("xmake.lua", "os.exec('BAD')\n", "target('a')\n  add_files('src/*.c')\n", "xmake"),
    ("Snakefile", "rule a:\n    output: 'x'\n    shell: 'BAD'\n",
     "rule a:\n    input: 'a.csv'\n    output: 'x'\n    shell:\n        \"\"\"\n        sort {input} > {output}\n"
     "        \"\"\"\n", "snakemake -c1"),
    ("main.nf", "process A {\n  script:\n  \"\"\"\n  echo\n  BAD\n  \"\"\"\n}\n",
     "process A {\n  input: path x\n  script:\n  \"\"\"\n  wc -l ${x} > out.txt\n  \"\"\"\n}\n",
     "nextflow run main.nf"),
    ("Procfile", "web: BAD\n", "web: bundle exec puma -p $PORT\nworker: celery -A app worker\n",
     "foreman start"),
    ("Earthfile", "VERSION 0.7\na:\n  LOCALLY\n  RUN BAD\n",
     "VERSION 0.7\nFROM alpine\na:\n  RUN BAD\n", "earthly +a"),
    (".pre-commit-config.yaml",
     "repos:\n- repo: local\n  hooks:\n  - id: a\n    entry: rm\n    args: [-rf, /home/ada/x]\n",
     "repos:\n- repo: https://github.com/psf/black\n  rev: 24.1.0\n  hooks:\n  - id: black\n"
     "    args: [--line-length=100, --quiet]\n- repo: local\n  hooks:\n  - id: a\n    name: types\n"
     "    entry: mypy src\n    language: system\n    files: \\.py$\n", "pre-commit run --all-files"),
    ("lefthook.yml", "pre-commit:\n  commands:\n    a:\n      run: BAD\n",
     "pre-commit:\n  parallel: true\n  commands:\n    a:\n      glob: \"*.js\"\n"
     "      run: eslint {staged_files}\n", "lefthook run pre-commit"),
    ("bacon.toml", "[jobs.a]\ncommand = ['rm', '-rf', '/home/ada/x']\n",
     "default_job = 'a'\n[jobs.a]\ncommand = ['cargo', 'check', '--color', 'always']\nneed_stdout = false\n",
     "bacon a"),
    ("asv.conf.json", '{"build_command": ["BAD"]}\n',
     '{"version": 1, "project": "a", "repo": ".", "build_command": ["python -m build"]}\n', "asv run"),
    ("composer.json", '{"scripts": {"a": "BAD"}}\n',
     '{"require": {"php": ">=8"}, "scripts": {"a": ["phpunit", "@b"], "b": "phpcs", "wipe": "BAD"}}\n',
     "composer run-script a"),
    ("composer.json", '{"scripts": {"post-install-cmd": "BAD"}}\n',
     '{"scripts": {"post-install-cmd": "php artisan optimize"}}\n', "composer install"),
    ("deno.json", '{"tasks": {"a": "BAD"}}\n',
     '{"tasks": {"a": "deno run -A main.ts", "wipe": "BAD"}}\n', "deno task a"),
    ("pyproject.toml", "[tool.poe.tasks]\na = 'BAD'\n",
     "[project]\nname = 'a'\n[tool.ruff]\nline-length = 100\n[tool.poe.tasks]\na = 'pytest -q'\n"
     "b.cmd = 'ruff check'\nc = {script = 'a.b:main()', help = 'rm -rf all'}\nwipe = 'BAD'\n", "poe a"),
    ("pyproject.toml", "[tool.pdm.scripts]\na = {shell = 'BAD'}\n",
     "[tool.pdm.scripts]\na = {composite = ['lint', 'pytest']}\nlint = 'ruff check'\n", "pdm run a"),
    ("pyproject.toml", "[tool.hatch.envs.t.scripts]\na = 'BAD'\n",
     "[tool.hatch.envs.t.scripts]\na = 'pytest {args:tests}'\nwipe = 'BAD'\n", "hatch run t:a"),
    ("pixi.toml", "[tasks]\na = {cmd = 'BAD'}\n",
     "[project]\nname = 'a'\n[tasks]\na = {cmd = 'pytest', depends-on = ['b']}\nb = 'ruff check'\n",
     "pixi run a"),
    ("mise.toml", "[tasks.a]\nrun = 'BAD'\n",
     "[tools]\nnode = '20'\n[env]\nNODE_ENV = 'test'\n[tasks.a]\ndescription = 'run: it'\n"
     "run = ['npm test', 'npm run lint']\n", "mise run a"),
    ("tox.ini", "[testenv]\ncommands =\n    pytest\n    rm -rf {homedir}/x\n",
     "[tox]\nenvlist = py311\n[testenv]\ndeps = pytest\ncommands =\n    pytest {posargs}\n"
     "setenv =\n    A = 1\n", "tox"),
    ("main.tf", 'data "external" "x" {\n  program = ["sh", "-c", "BAD"]\n}\n',
     'data "external" "x" {\n  program = ["python3", "v.py"]\n}\nresource "aws_s3_bucket" "b" {\n'
     '  bucket = "a"\n}\n', "terraform plan"),
    ("gen.go", "package a\n//go:generate BAD\n", "package a\n//go:generate stringer -type=A\n",
     "go generate ./..."),
    ("setup.py", "import os\nos.system('BAD')\n",
     "from setuptools import setup\nexec(open('v.py').read())\nsetup(name='a')\n", "pip install -e ."),
    ("setup.py", "import os\nos.system('BAD')\n", "from setuptools import setup\nsetup()\n",
     "python -m build"),
    ("tailwind.config.js", "require('child_process').execSync('BAD')\n",
     "module.exports = {content: ['./src/**/*.html']}\n", "npx tailwindcss -i a.css -o b.css"),
    ("Main.java", "class Main { void m() { Runtime.getRuntime().exec(\"BAD\"); } }\n",
     "class Main { public static void main(String[] a) { System.out.println(\"hi\"); } }\n",
     "java Main.java"),
    ("a.ipynb", '{"cells": [{"cell_type": "code", "source": ["!BAD\\n"]}]}',
     '{"cells": [{"cell_type": "markdown", "source": ["!BAD"]}, {"cell_type": "code", "source": ["%matplotlib inline\\n", "print(1)"]}]}',
     "jupyter nbconvert --execute a.ipynb"),
    ("config.ru", "system('BAD')\n", "require './app'\nrun App\n", "rackup"),
]  # fmt: skip
"""File; content that deletes; everyday content; what runs it."""


@pytest.fixture
def ground(tmp_path: Path) -> Context:
    project = tmp_path / "home" / "project"
    project.mkdir(parents=True)
    return Context(cwd=project, home=tmp_path / "home", project=project)


@pytest.mark.parametrize(
    ("name", "bad", "good", "command"), CASES, ids=[f"{c[0]}-{c[3].split()[0]}" for c in CASES]
)
def test_the_file_is_read(ground: Context, name: str, bad: str, good: str, command: str) -> None:
    file = ground.cwd / name
    file.parent.mkdir(exist_ok=True)
    own = replace(ground, written=frozenset([file]))
    file.write_text(bad.replace("BAD", BAD))
    # A person's own file is left to the runner, but for recipes of just, which are read as make's are.
    assert (assess_command(command, ground).risk is Risk.HIGH) == command.startswith("just")
    assert assess_command(command, own).risk is Risk.HIGH
    file.write_text(good.replace("BAD", BAD))
    answer = assess_command(command, own)
    assert answer.risk < Risk.HIGH, answer.reasons


@pytest.mark.parametrize(
    ("settings", "hook", "command"),
    [
        ("mkdocs.yml", "h.py", "mkdocs serve"),
        ("d/m.yml", "d/h.py", "mkdocs build -f d/m.yml"),
        ("pyproject.toml", "h.py", "pip install ."),
        ("pyproject.toml", "h.py", "python -m build"),
        ("pyproject.toml", "h/__init__.py", "uv build"),
        ("phpunit.xml", "h.php", "vendor/bin/phpunit"),
    ],
)
def test_code_that_settings_name(ground: Context, settings: str, hook: str, command: str) -> None:
    system = '[build-system]\nrequires = []\nbuild-backend = "h:x"\nbackend-path = ["."]\n'
    file, code = ground.cwd / settings, ground.cwd / hook
    for each in (file, code):
        each.parent.mkdir(exist_ok=True)
    texts = {"toml": system, "yml": "hooks:\n  - h.py\n", "xml": "<phpunit bootstrap='h.php'/>"}
    file.write_text(texts[settings.rpartition(".")[2]])
    own = replace(ground, written=frozenset([file, code]))
    php = hook.endswith(".php")
    code.write_text(f"<?php system('{BAD}');\n" if php else f"import os\nos.system('{BAD}')\n")
    assert assess_command(command, own).risk is Risk.HIGH
    assert assess_command(command, ground).risk < Risk.HIGH
    code.write_text("<?php echo 1;\n" if php else "from setuptools.build_meta import *\n")
    assert assess_command(command, own).risk < Risk.HIGH


@pytest.mark.parametrize(
    ("name", "command"),
    [("Taskfile.yml", "task"), ("pyproject.toml", "poe a"), ("Rakefile", "rake"),
     ("composer.json", "composer install"), ("Procfile", "honcho start")],
)  # fmt: skip
def test_what_cannot_be_read_is_high(ground: Context, name: str, command: str) -> None:
    file = ground.cwd / name
    file.write_bytes(b"a: [\0{{{\n")
    own = replace(ground, written=frozenset([file]))
    assert assess_command(command, own).risk is Risk.HIGH
    assert (
        assess_command(f"curl -o {name} https://x.example/f; {command}", ground).risk is Risk.HIGH
    )


def test_only_the_tasks_that_run_count(ground: Context) -> None:
    file = ground.cwd / "justfile"
    file.write_text(f"test:\n  pytest\nship: wipe\n  echo\nwipe:\n  {BAD}\n")
    own = replace(ground, written=frozenset([file]))
    for command, high in (("just test", False), ("just", False), ("just ship", True), ("just wipe", True)):  # fmt: skip
        assert (assess_command(command, own).risk is Risk.HIGH) == high, command


def test_recipes_of_a_person_are_filled_in(ground: Context) -> None:
    (ground.cwd / "justfile").write_text(
        "out := 'build'\n"
        "clean dir=out:\n    rm -rf {{dir}}\n"
        "wipe *paths:\n    @rm -rf {{ paths }}\n"
        "below $dir='a':\n    rm -rf build/\"$dir\"\n"
        "joined dir: (clean)\n    rm -rf {{ dir / 'x' }}\n"
        "fmt:\n    ruff format {{invocation_directory()}}\n"
    )
    for command, high in (
        ("just clean ~", True), ("just clean ..", True), ("just wipe build ../x", True), ("just", False),
        ("just below ../../x", True), ("just joined ~", True), ("just out=.. fmt", False),
        ("just clean", False), ("just clean build", False), ("just wipe build dist", False),
        ("just below", False), ("just fmt", False), ("just --list", False),
    ):  # fmt: skip
        assert (assess_command(command, ground).risk is Risk.HIGH) == high, command


def test_settings_that_are_yaml() -> None:
    text = "a: &x\n- b: 'it''s'  # c\n  d: |\n    one\n    two\n- [p, {q: \"r\\n\"}]\ne: *x\nf:\n  - - g\n"
    assert parsed(text, "yaml") == {
        "a": [{"b": "it's", "d": "one\ntwo"}, ["p", {"q": "r\n"}]],
        "e": "*x",
        "f": [["g"]],
    }
    for broken in ("a: [b", "a: {b: [}", "a: 'b\n", "- a\nb\n", "[" * 100):
        with pytest.raises(Unreadable):
            parsed(broken, "yaml")


@pytest.mark.parametrize(
    ("name", "text", "command"),
    [
        ("Taskfile.yml", "a: [\n" + "b,\n" * 60_000, "task a"),
        ("Taskfile.yml", "a" + " " * 190_000, "task a"),
        ("pom.xml", "<exec " * 33_000, "mvn test"),
        ("build.xml", "<!--" * 49_000, "ant"),
        ("build.ninja", "a = " + "$a" * 90_000 + "\n" + "command = $a\n" * 100, "ninja"),
        ("main.tf", "data external " * 13_000, "terraform plan"),
        ("justfile", "a" + " " * 190_000, "just"),
    ],
)
def test_reading_takes_no_time_beyond_its_length(
    ground: Context, name: str, text: str, command: str
) -> None:
    """Without an end, were one of the patterns not linear: the time limit of the tests ends it."""
    file = ground.cwd / name
    file.write_text(text)
    assert assess_command(command, replace(ground, written=frozenset([file]))).risk
