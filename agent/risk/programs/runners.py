"""Programs that run what stands in a file of the project: which files, and in which form.

Sources: the documentation of each program, about the names that it looks for and the options that
name another file.
"""

from __future__ import annotations

from typing import NamedTuple

from agent.risk.arguments import wordlist


class Runner(NamedTuple):
    """What a program takes its work from.

    Attributes:
        files: names that are looked for where the program runs and above, up to the project's top;
            with a star, anywhere in the project, by the whole path where they hold a slash.
        options: options that name the file.
        form: how the file says what it runs; see `agent.risk.commands.runner_files`.
        verbs: it does so for these words only; for any when empty.
        table: where the tasks of a shared file (`pyproject.toml`) stand below `tool`.
        picks: words of the command line name the tasks that are run.
        operands: the words of the command line name the files.
    """

    files: tuple[str, ...]
    options: tuple[str, ...]
    form: str
    verbs: frozenset[str] = frozenset()
    table: str = ""
    picks: bool = False
    operands: bool = False


RUNNERS: dict[str, tuple[Runner, ...]] = {}
"""Program name → what it takes its work from."""


def _of(
    names: str,
    files: str,
    form: str,
    options: str = "",
    *,
    verbs: str = "",
    table: str = "",
    picks: bool = False,
    operands: bool = False,
) -> None:
    runner = Runner(
        tuple(wordlist(files)),
        tuple(wordlist(options)),
        form,
        frozenset(wordlist(verbs)),
        table,
        picks,
        operands,
    )
    for name in wordlist(names):
        RUNNERS[name] = (*RUNNERS.get(name, ()), runner)


_of("rake", "Rakefile rakefile Rakefile.rb rakefile.rb *.rake", "ruby", "-f --rakefile")
_of("thor", "Thorfile *.thor", "ruby")
_of("fastlane", "Fastfile *Fastfile", "ruby")
_of("guard", "Guardfile", "ruby", "-G --guardfile")
_of("cap", "Capfile deploy.rb", "ruby", "-f")
_of("bundle bundler", "Gemfile gems.rb *.gemspec", "ruby", "--gemfile")
_of("gem", "*.gemspec", "ruby", verbs="build")
_of("pod", "Podfile *.podspec", "ruby")
_of("brew", "Brewfile", "ruby", "--file", verbs="bundle")
_of("vagrant", "Vagrantfile", "ruby")
_of("just", "justfile Justfile .justfile", "just", "-f --justfile", picks=True)
_of(
    "task go-task",
    "Taskfile.yml Taskfile.yaml taskfile.yml taskfile.yaml Taskfile.dist.yml Taskfile.dist.yaml",
    "yaml",
    "-t --taskfile",
    picks=True,
)
_of("task", "pyproject.toml", "toml", table="taskipy", picks=True)
_of("ant", "build.xml", "xml", "-f -file -buildfile")
_of("mvn mvnw", "pom.xml", "xml", "-f --file")
_of("ninja samu", "build.ninja", "ninja", "-f")
_of("doit", "dodo.py", "python", "-f --file")
_of("invoke inv", "tasks.py", "python", "-c --collection")
_of("fab fabric", "fabfile.py tasks.py", "python", "-f --fabfile -c --collection")
_of("scons", "SConstruct Sconstruct sconstruct *SConscript", "python", "-f --file --sconstruct")
_of("waf", "wscript *wscript", "python")
_of("conan", "conanfile.py", "python")
_of("locust", "locustfile.py", "python", "-f --locustfile")
_of("sphinx-build", "*conf.py", "python")
_of("alembic", "*env.py", "python")
_of("gunicorn", "gunicorn.conf.py", "python", "-c --config")
_of("tilt", "Tiltfile", "python", "-f --file", verbs="up ci args trigger")
_of("bazel bazelisk buck buck2", "*BUILD *BUILD.bazel *BUCK *.bzl WORKSPACE MODULE.bazel", "python")
_of("rackup thin unicorn puma", "config.ru *puma.rb *unicorn.rb", "ruby", "-C --config -c")
_of("phpunit", "*bootstrap.php", "php", "--bootstrap")
_of("phpunit", "phpunit.xml phpunit.xml.dist", "phpunit", "-c --configuration")
_of("knex", "knexfile.js knexfile.ts", "node", "--knexfile")
_of("pm2", "ecosystem.config.js ecosystem.config.cjs", "node", verbs="start reload restart")
_of("mix", "mix.exs", "elixir")
_of("zig", "build.zig", "zig", "--build-file", verbs="build")
_of("sbt", "*build.sbt *.sbt", "scala")
_of(
    "gradle gradlew",
    "*build.gradle *build.gradle.kts *settings.gradle *settings.gradle.kts init.gradle",
    "groovy",
    "-b --build-file -I --init-script -c --settings-file",
)
_of("meson", "*meson.build", "meson")
_of("premake5 premake4 premake", "premake5.lua premake4.lua", "lua", "--file")
_of("xmake", "xmake.lua *xmake.lua", "lua", "-F --file")
_of("luarocks", "*.rockspec", "lua")
_of("snakemake", "Snakefile snakefile workflow/Snakefile *.smk", "snakemake", "-s --snakefile")
_of("nextflow", "main.nf nextflow.config *.nf", "groovy", "-c -C -config", verbs="run")
_of("cabal stack", "*Setup.hs *Setup.lhs", "haskell")
_of(
    "foreman honcho overmind hivemind goreman forego ultrahook node-foreman nf procodile",
    "Procfile Procfile.dev",
    "procfile",
    "-f --procfile",
)
_of("earthly", "Earthfile", "earthly")
_of("pre-commit prek", ".pre-commit-config.yaml", "yaml", "-c --config", verbs="run try-repo")
_of(
    "lefthook",
    "lefthook.yml lefthook.yaml .lefthook.yml .lefthook.yaml lefthook-local.yml",
    "yaml",
    verbs="run",
)
_of("lefthook", "lefthook.toml", "toml", verbs="run")
_of("dvc", "*dvc.yaml", "yaml", verbs="repro exp stage")
_of("goreleaser", ".goreleaser.yml .goreleaser.yaml goreleaser.yml", "yaml", "-f --config")
_of("process-compose", "process-compose.yml process-compose.yaml", "yaml", "-f --config")
_of("mprocs", "mprocs.yaml", "yaml", "-c --config")
_of("skaffold", "skaffold.yaml", "yaml", "-f --filename")
_of("tmuxinator", ".tmuxinator.yml", "yaml", "-p --project-config", verbs="start local s")
_of("tmuxp", ".tmuxp.yaml .tmuxp.yml", "yaml", verbs="load")
_of("bacon", "bacon.toml", "toml", picks=True)
_of("air", ".air.toml", "toml", "-c")
_of("cargo-make makers", "Makefile.toml", "toml", "--makefile", picks=True)
_of("asv", "asv.conf.json", "json", "--config", verbs="run continuous dev")
_of("nodemon", "nodemon.json", "json", "--config")
_of("lint-staged", ".lintstagedrc .lintstagedrc.json", "json", "-c --config")
_of("composer", "composer.json", "json", picks=True)
_of("deno", "deno.json deno.jsonc", "json", "-c --config", verbs="task", picks=True)
_of("poe", "poe_tasks.toml", "toml", picks=True)
_of("poe", "pyproject.toml", "toml", table="poe", picks=True)
_of("pdm", "pyproject.toml", "toml", table="pdm", verbs="run", picks=True)
_of("rye", "pyproject.toml", "toml", table="rye", verbs="run", picks=True)
_of("hatch", "hatch.toml", "toml", verbs="run test fmt env", picks=True)
_of("hatch", "pyproject.toml", "toml", table="hatch", verbs="run test fmt env", picks=True)
_of("pixi", "pixi.toml", "toml", verbs="run", picks=True)
_of("pixi", "pyproject.toml", "toml", table="pixi", verbs="run", picks=True)
_of("pipenv", "Pipfile", "toml", verbs="run", picks=True)
_of("mise", "mise.toml .mise.toml mise.local.toml", "toml", verbs="run r watch", picks=True)
_of("tox", "tox.ini", "ini", "-c --conf")
_of(
    "terraform tofu",
    "*.tf",
    "hcl",
    verbs="plan apply destroy refresh import console test",
)
_of("go", "*.go", "go-generate", verbs="generate")
_of("mkdocs", "mkdocs.yml mkdocs.yaml", "mkdocs", "-f --config-file")
_of("redis-server valkey-server keydb-server redis-sentinel", "", "redis", operands=True)
_of(
    "uwsgi",
    "",
    "settings",
    "--ini --yaml --yml -y --json -j --xml -x --config --include --inherit",
    operands=True,
)
_of("supervisord", "supervisord.conf", "settings", "-c --configuration")
_of("mdbook", "book.toml", "settings")
_of("doxygen", "Doxyfile", "settings", operands=True)
_of("lf", "lfrc", "settings", "-config")
_of("pelican", "pelicanconf.py publishconf.py", "python", "-s --settings")
_of("nikola", "conf.py", "python", "--conf")
_of("jekyll", "*/_plugins/*.rb", "ruby")
_of(
    "eleventy",
    ".eleventy.js eleventy.config.js eleventy.config.cjs eleventy.config.mjs",
    "node",
    "--config",
)
_of(
    "nginx haproxy dnsmasq mosquitto caddy traefik monit dovecot lighttpd",
    "Caddyfile",
    "settings",
    "-c -f -C --conf-file --config --configFile",
    verbs="",
)
_of("dart", "", "dart", operands=True)
_of("scala-cli amm", "", "scala", operands=True)
_of("java", "", "java", operands=True)
_of("tcc gcc cc clang g++ c++ clang++", "", "c", operands=True)
_of("rustc", "", "rust", operands=True)
_of("gfortran", "", "fortran", operands=True)
_of("nim crystal v ghc ocamlopt ocamlfind dmd ldc2", "", "compiled", operands=True)
_of("runhaskell stack", "", "haskell", operands=True)
_of("swift", "", "swift", operands=True)
_of("zig", "", "zig", operands=True)
_of("rust-script", "", "rust", operands=True)
_of("jupyter papermill", "", "notebook", operands=True)
_BACKENDS = "setup.py hatch_build.py pdm_build.py"
_of("pip", "", "in-tree", verbs="install wheel download")
_of("uv", "", "in-tree", verbs="sync build run pip lock")
_of("build pyproject-build cibuildwheel", "", "in-tree")
_of("poetry pdm hatch", "", "in-tree", verbs="install build sync run")
_of("pip", _BACKENDS, "backend", verbs="install wheel download")
_of("uv", _BACKENDS, "backend", verbs="sync build run pip lock")
_of("build pyproject-build cibuildwheel", _BACKENDS, "backend")
_of("poetry", "build.py", "backend", verbs="install build")
_of("pdm", _BACKENDS, "backend", verbs="install build sync")
_of("hatch", _BACKENDS, "backend", verbs="build run")
