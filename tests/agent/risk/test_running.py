"""Writing what a line that still runs is running from is running it."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from agent.actions import WriteFile
from agent.risk import Context, Risk, assess, assess_command
from agent.risk.assessment import RunningLine
from agent.risk.rules import parse

DANGER = "rm -rf ~\n"
FINE = "echo done\n"


@pytest.fixture
def place(tmp_path: Path) -> Context:
    project = tmp_path / "app"
    (project / "scripts").mkdir(parents=True)
    (project / "src").mkdir()
    for name, text in (
        ("t.sh", "sleep 9\necho hi\n"),
        ("scripts/dev.sh", "npm start\n"),
        ("app.py", "import flask\n"),
        ("src/a.ts", "export const a = 1\n"),
        ("package.json", '{"scripts": {"dev": "vite", "slow": "sleep 9; bash t.sh"}}'),
        ("Makefile", "all:\n\tsleep 9\n\t$(MAKE) late\nlate:\n\techo hi\n"),
    ):
        (project / name).write_text(text)
    (project / "to").symlink_to("scripts")
    return Context(cwd=project, home=tmp_path / "home", project=project)


def during(place: Context, command: str) -> Context:
    """The same place while a line runs there."""
    found = assess_command(command, place)
    reads = [str(path) for path, _ in found.reads]
    reads += [str(Path(path).resolve()) for path in reads]
    loaded = frozenset((*found.loaded, *(str(Path(path).resolve()) for path in found.loaded)))
    line = RunningLine(command, place, tuple(dict.fromkeys(reads)), found.removes, loaded)
    return replace(place, running=(line,))


WAITING = [
    ("sleep 5; bash t.sh", "t.sh"),
    ("bash t.sh", "t.sh"),
    ("sleep 5 && ./new.sh", "new.sh"),
    ("(sleep 5; bash t.sh) &", "t.sh"),
    ("npm run slow", "t.sh"),
    ("sleep 5; bash to/dev.sh", "scripts/dev.sh"),
    ("sleep 5; for f in scripts/*.sh; do bash $f; done", "scripts/other.sh"),
    ("sleep 5; find scripts -name '*.sh' -exec sh {} \\;", "scripts/other.sh"),
]


@pytest.mark.parametrize(("command", "name"), WAITING)
def test_file_tool(place: Context, command: str, name: str) -> None:
    before = assess_command(command, place).risk
    assert before is Risk.MEDIUM
    now = during(place, command)
    path = place.cwd / name
    assert assess(WriteFile(path, DANGER), now).risk is Risk.HIGH
    assert assess(WriteFile(path, FINE), now).risk is Risk.MEDIUM
    assert assess(WriteFile(place.cwd / "other.txt", DANGER), now).risk is Risk.MEDIUM
    assert assess(WriteFile(path, DANGER), place).risk is Risk.MEDIUM


def test_recipes(place: Context) -> None:
    now = during(place, "make")
    path = place.cwd / "Makefile"
    text = path.read_text()
    assert assess(WriteFile(path, text.replace("echo hi", "rm -rf ~")), now).risk is Risk.HIGH
    assert assess(WriteFile(path, text.replace("echo hi", "echo ho")), now).risk is Risk.MEDIUM


@pytest.mark.parametrize(
    "command",
    [
        "echo 'rm -rf ~' > t.sh",
        "echo 'rm -rf ~' >> t.sh",
        "cp other.sh t.sh",
        "sed -i 's/hi/ho/' t.sh",
        "mv other.sh t.sh",
        "ln -sf other.sh t.sh",
        "printf 'rm -rf ~\\n' | tee t.sh",
        "cd scripts && mv other.sh ../t.sh",
        "cp scripts/t.sh .",
    ],
)
def test_other_commands(place: Context, command: str) -> None:
    assert assess_command(command, place).risk is Risk.MEDIUM
    assert assess_command(command, during(place, "sleep 5; bash t.sh")).risk is Risk.HIGH


@pytest.mark.parametrize(
    "command",
    ["ln -sfn src to", "mv scripts old", "mv scripts old && mv src scripts", "ln -sfn src link"],
)
def test_what_leads_there(place: Context, command: str) -> None:
    (place.cwd / "link").symlink_to("scripts")
    waiting = "sleep 5; bash to/dev.sh; bash link/dev.sh"
    assert assess_command(command, place).risk is Risk.MEDIUM
    assert assess_command(command, during(place, waiting)).risk is Risk.HIGH


@pytest.mark.parametrize(
    "running",
    ["npm run dev", "vite", "cargo watch -x test", "pytest-watch", "python app.py", "make &"],
)
@pytest.mark.parametrize(
    "command",
    [
        "sed -i 's/1/2/' src/a.ts",
        "cp src/a.ts src/b.ts",
        "mv src/b.ts src/c.ts",
        "echo 'x = 1' > src/x.py",
        "mkdir -p src/deep && touch src/deep/y.ts",
        "git checkout -b topic",
        "npm install left-pad",
        "sed -i 's/vite/vite --host/' package.json",
        "sed -i 's/flask/quart/' app.py",
        "prettier --write src",
    ],
)
def test_everyday_work_beside_a_server(place: Context, running: str, command: str) -> None:
    now = during(place, running)
    assert assess_command(command, now).risk is Risk.MEDIUM
    assert assess(WriteFile(place.cwd / "src" / "a.ts", "export const a = 2\n"), now).risk < 3


def test_what_was_approved_is_not_asked_again(place: Context) -> None:
    now = during(place, "$CMD; sleep 5; bash t.sh")
    assert assess(WriteFile(place.cwd / "t.sh", FINE), now).risk is Risk.MEDIUM
    assert assess(WriteFile(place.cwd / "t.sh", DANGER), now).risk is Risk.HIGH


def test_rules_of_the_person_count(place: Context) -> None:
    ruled = replace(place, rules=parse({"deny": ["Bash(git push:*)"]}))
    now = during(ruled, "sleep 5; bash t.sh")
    answer = assess(WriteFile(place.cwd / "t.sh", "git push origin main\n"), now)
    assert answer.denied_by == "Bash(git push:*)"
    assert assess_command("echo 'git push' > t.sh", now).denied_by == "Bash(git push:*)"


@pytest.mark.parametrize(
    ("command", "risk"),
    [
        ("(sleep 5; bash t.sh) & echo 'rm -rf ~' > t.sh", Risk.HIGH),
        ("bash t.sh & cp scripts/dev.sh t.sh", Risk.HIGH),
        ("make & printf 'all:\\n\\techo hi\\n' > Makefile", Risk.HIGH),
        ("bash t.sh & echo hi > note.txt", Risk.MEDIUM),
        ("(sleep 5; bash t.sh) & echo 'echo ho' > t.sh", Risk.MEDIUM),
        ("bash t.sh; echo 'rm -rf ~' > t.sh", Risk.MEDIUM),
    ],
)
def test_in_one_line(place: Context, command: str, risk: Risk) -> None:
    assert assess_command(command, place).risk is risk


def test_what_is_put_behind_what_is_there(place: Context) -> None:
    (place.cwd / "bad.sh").write_text(DANGER)
    assert assess_command("echo 'echo hi' >> bad.sh; bash bad.sh", place).risk is Risk.HIGH
    assert assess_command("echo 'echo hi' >> t.sh; bash t.sh", place).risk is Risk.MEDIUM


DELETING = [
    "mkdir -p w/x && sleep 5; rm -rf w/x",
    "mkdir -p w/x; python3 app.py; rm -rf w/x",
    "(sleep 5; rm -rf w/x) &",
    "sleep 5; rm -rf w/x/*",
    "while true; do rm -rf w/x; sleep 5; done",
]


@pytest.mark.parametrize("running", DELETING)
@pytest.mark.parametrize(
    "command",
    ["mv w old", "ln -sfn src w", "mv w old; ln -s src w", "mv src w/x/", "git mv src w/x/src",
     "mv src/a.ts w/x/a.ts"],
)  # fmt: skip
def test_what_will_be_deleted(place: Context, running: str, command: str) -> None:
    assert assess_command(command, place).risk is Risk.MEDIUM
    if not command.startswith("ln"):
        (place.cwd / "w" / "x").mkdir(parents=True)
    assert assess_command(command, during(place, running)).risk is Risk.HIGH


@pytest.mark.parametrize(
    ("running", "command"),
    [
        ("rm -rf w/x; python3 app.py", "mv src w/x/"),
        ("sleep 5; rm -rf w/x", "mv src w/"),
        ("sleep 5; rm -rf w/x", "cp -r src w/x/"),
        ("sleep 5; rm -rf w/x", "mkdir -p w/x"),
        ("sleep 5; rm -f w/x", "mv src w/x/"),
    ],
)
def test_what_is_not_deleted_later(place: Context, running: str, command: str) -> None:
    (place.cwd / "w" / "x").mkdir(parents=True)
    assert assess_command(command, during(place, running)).risk is Risk.MEDIUM


@pytest.fixture
def repository(place: Context) -> Context:
    """The same place as a repository, with a directory whose files are like those beside it."""
    for name, text in (
        (".git/HEAD", "ref: refs/heads/main\n"),
        ("d/t.sh", DANGER),
        ("d/app.py", "import shutil\nshutil.rmtree('/')\n"),
        ("d/deep/x.sh", FINE),
        ("fine/t.sh", FINE),
        ("docs/a.md", "text\n"),
        ("w/x/a.o", ""),
    ):
        path = place.cwd / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (place.cwd / "l").mkdir()
    (place.cwd / "l" / "w").symlink_to("../src")
    return place


SCATTERING = [
    "git checkout main",
    "git checkout -b topic origin/topic",
    "git checkout main -- t.sh",
    "git checkout t.sh",
    "git -C scripts/.. checkout main",
    "git switch main",
    "git switch -",
    "git restore t.sh",
    "git restore --source=HEAD~3 t.sh",
    "git stash",
    "git stash pop",
    "git stash apply stash@{1}",
    "git merge topic",
    "git rebase main",
    "git cherry-pick abc123",
    "git revert --no-edit HEAD",
    "git pull",
    "git bisect good",
    "git am --continue",
    "git diff main topic | git apply",
    "git submodule update --init",
    "git mv -f src/a.ts t.sh",
    "tar xf a.tar",
    "tar -xzf a.tgz -C .",
    "unzip -o a.zip",
    "unzip a.zip -d .",
    "7z x a.7z",
    "gunzip t.sh.gz",
    "cat a.cpio | cpio -idm",
    "cp -r d/. .",
    "cp -a d/* .",
    "cp -r d/t.sh .",
    "rsync -a d/ .",
    "rsync -a d/ ./",
    "rsync -a host:d/ .",
    "rsync -a scripts/../d/t.sh .",
    "hg update topic",
    "svn up",
    "gh pr checkout 12",
    'sed -i s/hi/ho/ *.sh',
    'for f in a t; do echo "$X" > $f.sh; done',
    "unar a.rar",
]  # fmt: skip


@pytest.mark.parametrize("command", SCATTERING)
def test_what_may_be_written_anywhere(repository: Context, command: str) -> None:
    assert assess_command(command, repository).risk is Risk.MEDIUM
    now = during(repository, "sleep 5; bash t.sh")
    assert assess_command(command, now).risk is Risk.HIGH
    later = during(repository, "sleep 5; bash scripts/*.sh; bash t.sh")
    assert assess_command(command, later).risk is Risk.HIGH


@pytest.mark.parametrize("running", ["sleep 5; bash t.sh", "sleep 5; rm -rf w/x", "make"])
@pytest.mark.parametrize(
    "command",
    [
        "git commit -am 'work'",
        "git add -A",
        "git status",
        "git fetch origin",
        "git push origin topic",
        "git checkout -b topic",
        "git switch -c topic",
        "git checkout docs/a.md",
        "git checkout main -- docs",
        "git restore docs/a.md",
        "git restore --staged t.sh",
        "git reset HEAD~1",
        "git stash list",
        "git mv docs/a.md docs/b.md",
        "git worktree add ../app.worktrees/x",
        "tar xf a.tar -C docs",
        "unzip -l a.zip",
        "unzip a.zip -d docs",
        "gunzip docs/a.gz",
        "cp -r d docs/",
        "cp -r docs/. .",
        "rsync -a d/ docs/d/",
        "rsync -a fine/docs/ docs/",
        'for n in 1 2; do date > docs/$n.txt; done',
        "sed -i s/a/b/ docs/*.md",
        "npm run build",
        "cargo build",
        "make -C docs",
        "wget https://example.com/data.csv",
    ],
)  # fmt: skip
def test_what_stays_away_from_what_runs(repository: Context, running: str, command: str) -> None:
    alone = assess_command(command, repository).risk
    assert alone < Risk.HIGH
    assert assess_command(command, during(repository, running)).risk is alone


@pytest.mark.parametrize(
    "running",
    ["python app.py", "node server.js", "npm run dev", "vite", "cd src && python ../app.py"],
)
@pytest.mark.parametrize(
    "command", ["git checkout main", "git pull", "git stash", "cp -r fine/. .", "tar xf a.tar"]
)
def test_a_server_has_read_its_file(repository: Context, running: str, command: str) -> None:
    assert assess_command(command, during(repository, running)).risk is Risk.MEDIUM


@pytest.mark.parametrize(
    "running",
    [
        "sleep 5; python app.py",
        "while true; do python app.py; sleep 5; done",
        "watch -n 5 python app.py",
        "ls *.py | entr python app.py",
        "nodemon --exec python app.py",
        "npm run late",
        "python other.py; python app.py",
        "python app.py; python app.py",
        "make serve",
    ],
)
def test_a_program_that_is_started_later_or_again(repository: Context, running: str) -> None:
    cwd = repository.cwd
    (cwd / "package.json").write_text('{"scripts": {"late": "sleep 9; python app.py"}}')
    (cwd / "Makefile").write_text("serve: wait\n\tpython app.py\nwait:\n\tsleep 9\n")
    for command in ("git checkout main", "cp other.py app.py", "cp -r d/. ."):
        assert assess_command(command, repository).risk is Risk.MEDIUM
        assert assess_command(command, during(repository, running)).risk is Risk.HIGH, command


def git(directory: Path, *words: str) -> None:
    settings = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "gc.auto=0")
    command = ["git", *settings, "-C", str(directory), *words]
    subprocess.run(command, check=True, capture_output=True)


def test_what_a_branch_has_is_read(place: Context) -> None:
    """Branches, tags and older commits, loose and packed, of what is running."""
    top = place.cwd
    (top / "to").unlink()
    git(top, "init", "-q", "-b", "main")
    git(top, "add", "-A")
    git(top, "commit", "-qm", "one")
    git(top, "switch", "-qc", "docs")
    (top / "docs.md").write_text("text\n")
    git(top, "add", "-A")
    git(top, "commit", "-qm", "two")
    for branch, text in (("fine", "sleep 9\necho ho\n"), ("bad", DANGER)):
        git(top, "switch", "-qc", branch, "docs")
        (top / "t.sh").write_text(text * 3)
        git(top, "commit", "-qam", branch)
    git(top, "rm", "-q", "t.sh")
    git(top, "commit", "-qm", "gone")
    git(top, "tag", "-a", "v1", "-m", "v1", "bad~1")
    git(top, "switch", "-qc", "linked", "docs")
    (top / "t.sh").unlink()
    (top / "t.sh").symlink_to("app.py")
    git(top, "commit", "-qam", "linked")
    git(top, "switch", "-q", "main")
    for packed in (False, True):
        if packed:
            git(top, "gc", "-q")
            assert not list((top / ".git" / "objects").glob("[0-9a-f]" * 2))
        now = during(place, "bash t.sh")
        for revision in ("docs", "fine", "main", "HEAD", "docs~1", "bad"):
            for command in (f"git checkout {revision}", f"git switch {revision}"):
                assert assess_command(command, now).risk is Risk.MEDIUM, command
        for revision in ("bad~1", "bad^", "v1", "linked", "-", "nowhere"):
            for command in (f"git checkout {revision}", f"git switch -c x {revision}"):
                assert assess_command(command, now).risk is Risk.HIGH, command
        found = assess_command("git checkout v1", now)
        assert "is running it" in found.reasons[0]
        beside = "(sleep 5; bash t.sh) & git checkout "
        assert assess_command(beside + "docs", place).risk is Risk.MEDIUM
        assert assess_command(beside + "v1", place).risk is Risk.HIGH
    (top / "t.sh").write_text("echo mine\n")
    now = during(place, "bash t.sh")
    assert assess_command("git checkout docs", now).risk is Risk.MEDIUM
    assert assess_command("git checkout -f v1", now).risk is Risk.HIGH


@pytest.mark.parametrize(
    ("running", "command"),
    [
        ("sleep 5; bash t.sh", "codegen --output t.sh spec.yaml"),
        ("sleep 5; bash t.sh", "codegen spec.yaml --out=./t.sh"),
        ("sleep 5; bash t.sh", "tidytool --in-place ./t.sh"),
        ("while true; do node node_modules/x/run.js; sleep 5; done", "npm install left-pad"),
        ("sleep 5; bash .venv/x.sh", "pip install x"),
        ("sleep 5; bash vendor/x.sh", "composer update"),
    ],
)
def test_build_steps_that_write(repository: Context, running: str, command: str) -> None:
    assert assess_command(command, repository).risk is Risk.MEDIUM
    assert assess_command(command, during(repository, running)).risk is Risk.HIGH
    others = during(repository, "sleep 5; bash scripts/dev.sh")
    assert assess_command(command, others).risk is Risk.MEDIUM


def test_a_copied_directory_is_judged_by_what_it_holds(repository: Context) -> None:
    now = during(repository, "sleep 5; bash t.sh")
    assert assess_command("cp -r fine/. .", now).risk is Risk.MEDIUM
    assert assess_command("rsync -a fine/ .", now).risk is Risk.MEDIUM
    found = assess_command("cp -r d/. .", now)
    assert "is running it" in found.reasons[0]
    assert assess_command("cp -r d/. . && bash t.sh", repository).risk is Risk.HIGH
    assert assess_command("cp -r fine/. . && bash t.sh", repository).risk is Risk.MEDIUM
    assert assess_command("cp -r d x && bash x/t.sh", repository).risk is Risk.HIGH
    assert assess_command("(sleep 5; bash t.sh) & cp -r d/. .", repository).risk is Risk.HIGH
    assert assess_command("(sleep 5; bash t.sh) & git checkout main", repository).risk is Risk.HIGH


@pytest.mark.parametrize(
    ("running", "command"),
    [
        ("sleep 5; rm -rf w/x", "git checkout main"),
        ("sleep 5; rm -rf w/x", "git stash pop"),
        ("sleep 5; rm -rf w/x", "tar xf a.tar"),
        ("sleep 5; rm -rf w/x", "cp -a l/. ."),
        ("sleep 5; rm -rf w/x", "rsync -a l/ ."),
        ('sleep 5; rm -rf "w/x/$N"', "mv src w/x/y"),
        ("sleep 5; rm -rf build/x", 'mv src "build/$D"'),
    ],
)
def test_what_may_come_to_be_deleted(repository: Context, running: str, command: str) -> None:
    (repository.cwd / "build" / "x").mkdir(parents=True)
    assert assess_command(command, repository).risk is Risk.MEDIUM
    assert assess_command(command, during(repository, running)).risk is Risk.HIGH


def test_new_tests_of_a_watcher_are_read(place: Context) -> None:
    now = during(place, "sleep 5; pytest")
    path = place.cwd / "test_new.py"
    bad = "import shutil, pathlib\ndef test_x():\n    shutil.rmtree(pathlib.Path.home())\n"
    assert assess(WriteFile(path, bad), place).risk is Risk.MEDIUM
    assert assess(WriteFile(path, bad), now).risk is Risk.HIGH
    assert assess(WriteFile(path, "def test_x():\n    assert 1\n"), now).risk is Risk.MEDIUM
