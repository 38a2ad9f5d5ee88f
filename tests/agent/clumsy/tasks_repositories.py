"""Tasks about repositories."""

from __future__ import annotations

from tests.agent.clumsy.model import (
    AGAIN,
    Step,
    View,
    edit,
    encoded_twice,
    plan,
    read,
    run,
    unknown_tool,
    write,
    wrong_field,
)
from tests.agent.clumsy.task import (
    files,
    git,
    repository,
    same,
    task,
)

task(
    "one file of two",
    "Commit only good.py, with the message `Add good`.",
    plan(
        run("git add -A"),
        Step(
            run("git diff --cached --quiet -- draft.py"),
            [run("git restore --staged draft.py || git rm -q --cached draft.py"), AGAIN],
        ),
        run("git commit -q -m 'Add good'"),
    ),
    lambda project: same(
        (
            git(project, "log", "-1", "--format=%s", "--name-only").split("\n"),
            git(project, "status", "--short"),
        ),
        (["Add good", "", "good.py"], "?? draft.py"),
    ),
    setup=lambda project: (
        repository({"README": "r\n"})(project),
        files(good_dot_py="x = 1\n", draft_dot_py="y = 2\n")(project),
    ),
)

task(
    "two branches that disagree",
    "Merge the branch `other`; keep both lines, mine first.",
    plan(
        Step(
            run("git merge -q other"),
            [
                read("f.txt"),
                Step(
                    edit("f.txt", "<<<<<<< HEAD\nmine\n", "mine\n"),
                ),
                edit("f.txt", "=======\n", ""),
                edit("f.txt", ">>>>>>> other\n", ""),
                run("git commit -q -am 'Merge other'"),
            ],
        )
    ),
    lambda project: same(
        ((project / "f.txt").read_text(), len(git(project, "log", "-1", "--format=%P").split())),
        ("mine\ntheirs\n", 2),
    ),
    setup=lambda project: (
        repository({"f.txt": "base\n"})(project),
        git(project, "checkout", "-q", "-b", "other"),
        repository({"f.txt": "theirs\n"})(project),
        git(project, "checkout", "-q", "main"),
        repository({"f.txt": "mine\n"})(project),
    ),
    habits=[wrong_field("file_edit", "new_text", "replacement")],
)

task(
    "take the last commit back",
    "Revert the last commit, with a commit of its own.",
    plan(
        Step(
            run("git revert HEAD~0 --message 'Revert'"),
            [run("git revert --no-edit HEAD")],
        )
    ),
    lambda project: same(
        ((project / "a").read_text(), git(project, "rev-list", "--count", "HEAD")), ("1\n", "3")
    ),
    setup=repository({"a": "1\n"}, {"a": "2\n"}),
    habits=[unknown_tool("git", "terminal_run")],
)

task(
    "what must not be tracked",
    "Stop tracking cache.bin, keep it on disk, and ignore it.",
    plan(
        write(".gitignore", "cache.bin\n"),
        run("git add .gitignore"),
        Step(
            run("git ls-files --error-unmatch .gitignore && git check-ignore -q cache.bin"),
            [run("git rm -q --cached cache.bin"), AGAIN],
        ),
        run("git commit -q -m 'Ignore the cache'"),
    ),
    lambda project: same(
        (git(project, "ls-files").split(), (project / "cache.bin").exists()),
        ([".gitignore", "a"], True),
    ),
    setup=repository({"a": "1\n", "cache.bin": "x"}),
)


def _bad_commit(view: View) -> dict:
    found = view.saw(r"([0-9a-f]{7,40}) is the first bad commit")
    return write("bad.txt", f"{found[1] if found else 'unknown'}\n")


task(
    "the commit that broke it",
    "Find the commit since which a.txt says bad, and write its full hash to bad.txt.",
    plan(
        Step(
            run("git bisect start HEAD~4 HEAD"),
            [run("git bisect reset"), run("git bisect start HEAD HEAD~4")],
            done=lambda result: False,
        ),
        run("git bisect run grep -q good a.txt"),
        run("git bisect reset"),
        Step(_bad_commit),
    ),
    lambda project: same(
        (project / "bad.txt").read_text().strip(), git(project, "rev-parse", "main~1")
    ),
    setup=repository(
        {"a.txt": "good 1\n"},
        {"a.txt": "good 2\n"},
        {"a.txt": "good 3\n"},
        {"a.txt": "bad 4\n"},
        {"a.txt": "bad 5\n"},
    ),
    habits=[encoded_twice],
)

task(
    "what nobody may force",
    "Publish the branch; never lose what is there.",
    plan(
        Step(
            run("git push --force origin main"),
            [write("NOTES.md", "The branch could not be published: a person must approve it.\n")],
        )
    ),
    lambda project: same(
        (
            git(project.parent / "remote.git", "log", "-1", "--format=%s", "main"),
            (project / "NOTES.md").exists(),
        ),
        ("theirs", True),
    ),
    setup=lambda project: (
        repository({"a": "1\n"})(project),
        git(project, "init", "-q", "--bare", "-b", "main", "../remote.git"),
        git(project, "remote", "add", "origin", "../remote.git"),
        git(project, "push", "-q", "origin", "main"),
        git(project, "commit", "-q", "--allow-empty", "-m", "theirs"),
        git(project, "push", "-q", "origin", "main"),
        git(project, "reset", "-q", "--hard", "HEAD~1"),
        git(project, "commit", "-q", "--allow-empty", "-m", "mine"),
    ),
)
