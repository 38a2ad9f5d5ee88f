"""What a line makes it may delete again; what was there before, or was moved in, it may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.risk import Context, Risk, assess_command

MADE = [
    "mkdir w && rm -rf w",
    "mkdir w; rm -rf w",
    "mkdir -p w/a/b && touch w/a/f && rm -rf w",
    "mkdir w; cd w; touch a b; rm -f *",
    "mkdir w && cd w && npm init -y && cd .. && rm -rf w",
    "mkdir w && ln -s ../src w/l && rm -rf w",
    "cp -r src copy; diff -r src copy; rm -rf copy",
    "git clone --depth 1 https://github.com/a/b.git && cat b/README.md && rm -rf b",
    "git worktree add wt && cd wt && make; cd ..; rm -rf wt",
    'd=$(mktemp -d ./w.XXXX); cp src/a.py "$d/"; rm -rf "$d"',
    'd=$(mktemp -d -p .) && cd "$d" && touch x; cd ..; rm -rf "$d"',
    "python3 -m venv w; w/bin/pip list; rm -rf w",
    "unzip a.zip -d w; ls w; rm -rf w",
    "cargo new w && cd w && cargo build && cd .. && rm -rf w",
    "curl --create-dirs -o w/f https://example.org/f; rm -rf w",
    "mkdir ~/w && rm -rf ~/w",
]
NOT_MADE = [
    "mkdir -p src && rm -rf src",
    "mkdir src; rm -rf src",
    "mkdir w && rm -rf w src",
    "mkdir w && rm -rf w*",
    "mkdir w && rm -rf w/..",
    "mkdir w && rm -rf w/../src",
    "mkdir w; mv src w/; rm -rf w",
    "mv src w && rm -rf w",
    "git mv src w && rm -rf w",
    "mkdir w; find src -name '*.py' -exec mv {} w \\; ; rm -rf w",
    "mkdir w && ls src | xargs -I{} mv src/{} w/ && rm -rf w",
    "mkdir w; rsync -a --remove-source-files src/ w/; rm -rf w",
    "git stash pop; mkdir -p w; rm -rf w",
    "ln -s ~/docs w; rm -rf w/*",
    "mkdir w && ln -s ../src w/l && rm -rf w/l/*",
    "mkdir link/w; rm -rf link",
    "cp -a src w; rm -rf w/deep/er",
    "cp -a link w; rm -rf w/",
    'mkdir w && perl -e \'rename "src", "w/src"\' && rm -rf w',
    "mkdir w && python3 mv.py && rm -rf w",
    "mkdir w && unheard-of src w && rm -rf w",
    "mkdir w && make collect && rm -rf w",
    "mkdir w && bash collect.sh && rm -rf w",
    "mkdir w && tar -C w --remove-files -cf w/x.tar src && rm -rf w",
    "touch w/a; rename s/src/w/ src/*; rm -rf w",
    "mkdir w & sleep 5; rm -rf w &",
    "mkdir .git; rm -rf .git",
    "mkdir ~/.ssh; rm -rf ~/.ssh",
]
FAILS_WHERE_IT_IS = {
    "mkdir w && rm -rf w",
    "mkdir w && ln -s ../src w/l && rm -rf w",
    "mkdir w && cd w && npm init -y && cd .. && rm -rf w",
    "git clone --depth 1 https://github.com/a/b.git && cat b/README.md && rm -rf b",
    "mkdir ~/w && rm -rf ~/w",
}
"""Where the disk does not tell, a command tells that nothing was there."""
NEW_NAMES = {text for text in MADE if "mktemp" in text}


@pytest.fixture
def real(tmp_path: Path) -> Context:
    # Below a home, since everything that is temporary may be deleted.
    home = Path("/home/dev")
    project = tmp_path / "app"
    (project / "src").mkdir(parents=True)
    (project / "src" / "a.py").write_text("")
    (project / "link").symlink_to("src")
    return Context(cwd=project, home=home, project=project)


@pytest.mark.parametrize("command", MADE)
def test_what_the_line_makes(real: Context, context: Context, command: str) -> None:
    assert assess_command(command, real).risk is Risk.MEDIUM
    certain = command in FAILS_WHERE_IT_IS | NEW_NAMES
    assert assess_command(command, context).risk is (Risk.MEDIUM if certain else Risk.HIGH)


@pytest.mark.parametrize("command", NOT_MADE)
def test_what_it_does_not_make(real: Context, context: Context, command: str) -> None:
    assert assess_command(command, real).risk is Risk.HIGH
    assert assess_command(command, context).risk is Risk.HIGH


@pytest.mark.parametrize("command", MADE)
def test_what_was_there_before(real: Context, command: str) -> None:
    if command in NEW_NAMES:
        return
    for name in ("w", "b", "wt", "copy"):
        (real.cwd / name).mkdir()
    home = real.cwd / "home"
    (home / "w").mkdir(parents=True)
    there = Context(cwd=real.cwd, home=home, project=real.cwd)
    assert assess_command(command, there).risk is Risk.HIGH
