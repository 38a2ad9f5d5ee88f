"""What a person's own settings make of keys at a prompt is known from their files, or HIGH."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.risk import Context, Risk, assess_keys

FISH = ".config/fish/config.fish"


def judged(home: Path, shell: str, keys: list[str]) -> Risk:
    project = home / "project"
    place = Context(cwd=project, home=home, project=project, foreground=shell)
    return assess_keys(keys, place).risk


@pytest.mark.parametrize(
    ("shell", "file", "text", "keys"),
    [
        ("bash", ".inputrc", '"\\C-t": "git push --force\\C-m"', ["C-t"]),
        ("bash", ".inputrc", '"\\C-t": "git push --force\\n"', ["C-t"]),
        ("bash", ".inputrc", "  Control-k: accept-line", ["C-k"]),
        ("bash", ".inputrc", '"gp": "git push --force\\r"', ["gp"]),
        ("bash", ".bashrc", 'bind \'"\\C-t":"reboot\\C-j"\'', ["C-t"]),
        ("bash", ".bashrc", "set -o vi", ["ls", "Escape", "0", "i", "Enter"]),
        ("bash", ".inputrc", "set editing-mode vi", ["ls", "Escape", "b", "Enter"]),
        ("zsh", ".zshrc", "bindkey -s '^T' 'reboot\\n'", ["C-t"]),
        ("zsh", ".zshrc", "bindkey -v", ["ls", "Escape", "dd", "Enter"]),
        ("zsh", ".zshrc", "plugins=(zsh-vi-mode)", ["ls", "Escape", "b", "Enter"]),
        ("fish", FISH, "bind \\ct 'commandline reboot; commandline -f execute'", ["C-t"]),
        ("fish", FISH, "fish_vi_key_bindings", ["ls", "Escape", "b", "Enter"]),
    ],
)
def test_keys_that_the_settings_have_act_are_high(
    tmp_path: Path, shell: str, file: str, text: str, keys: list[str]
) -> None:
    assert judged(tmp_path, shell, keys) < Risk.HIGH
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(f"# settings\n{text}\n")
    assert judged(tmp_path, shell, keys) is Risk.HIGH


@pytest.mark.parametrize(
    ("shell", "file", "text"),
    [
        ("bash", ".inputrc", '"\\e[A": history-search-backward\nset completion-ignore-case on'),
        ("bash", ".inputrc", '# "\\C-t": "reboot\\n"\n"\\C-m": accept-line\n"\\C-g": "cd "'),
        ("bash", ".bashrc", "bind 'set show-all-if-ambiguous on'\n# set -o vi\nalias vi=vim"),
        ("zsh", ".zshrc", "bindkey -e\nbindkey '^[[A' history-search-backward"),
        ("fish", FISH, "bind \\cg 'git status'\nset -g fish_greeting"),
    ],
)
def test_other_settings_leave_keys_what_they_are(
    tmp_path: Path, shell: str, file: str, text: str
) -> None:
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(text)
    for keys in (["ls", "C-t", "Enter"], ["s", "C-a", "l", "Enter"], ["ls -l", "Enter"]):
        assert judged(tmp_path, shell, keys) < Risk.HIGH, keys
