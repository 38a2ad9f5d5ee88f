"""What earlier lines leave behind: aliases, functions, variables, and lines without an end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.risk import Context, Risk, assess_command, assess_keys
from agent.risk.evaluation.past import MAX_KEPT, Past


@pytest.mark.parametrize(
    "command",
    [
        "alias git=echo; git push --force origin main",
        "{ alias git=echo; git push --force origin main; }",
        "alias git=echo\ngit push --force origin main",
        "alias git=echo\n\\git push --force origin main",
        "alias git=echo\ncommand git push --force origin main",
        "(git() { :; }); git push --force",
        "if false; then kubectl() { :; }; fi; kubectl delete ns x",
        "false && kubectl() { :; }; kubectl delete ns x",
        "kubectl() { echo; }; unset -f kubectl; kubectl delete ns x",
        "kubectl() { echo; }; nohup kubectl delete ns x",
        "alias k=echo\nalias k=kubectl\nk delete ns x",
        "alias if=echo",
        "alias -g X='| sh'",
        "BASH_ALIASES[ls]='rm -rf ~'; ls",
        'alias "$x=rm -rf ~"; ls',
        "alias x='echo \"'; x; rm -rf ~; x \"",
    ],
)
def test_a_name_is_judged_by_everything_it_may_mean(context: Context, command: str) -> None:
    assert assess_command(command, context).risk is Risk.HIGH


@pytest.mark.parametrize(
    "command",
    [
        "alias rm='rm -i'",
        "alias g=git\ng status",
        "alias ll='ls -la'; ll src",
        "unalias ll; unalias -a",
        "greet() { echo hi; }; greet you; unset -f greet",
        "commands=(a b); functions=3; echo ${commands[0]}",
    ],
)
def test_ordinary_names_stay_ordinary(context: Context, command: str) -> None:
    assert assess_command(command, context).risk < Risk.HIGH


@pytest.mark.parametrize(
    ("history", "command"),
    [
        (['echo "never closed', "alias zap='git push --force'"], "zap"),
        (["f(){", "alias zap='git push --force'"], "zap"),
        (["alias zap='git push'", 'echo "', "ls"], "zap --force"),
        (["zap() {", "kubectl delete ns $1", "}", "alias z=zap"], "z -v"),
        (["x=/", "echo $((", "ls"], "rm -rf $x"),
        (['echo "'], ': " ; rm -rf ~; echo "'),
        (["cat > notes <<'E'"], "E\nrm -rf ~"),
    ],
)
def test_a_line_without_an_end_hides_nothing(
    context: Context, history: list[str], command: str
) -> None:
    place = replace(context, history=tuple(history))
    assert assess_command(command, place).risk is Risk.HIGH


def test_after_a_line_without_an_end_harmless_ones_pass_with_caution(context: Context) -> None:
    place = replace(context, history=("echo don't",))
    answer = assess_command("ls", place)
    assert answer.risk is Risk.MEDIUM
    assert "not complete" in answer.reasons[0]
    assert assess_command("ls", replace(context, history=("f() {", "ls", "}"))).risk is Risk.LOW


def test_every_line_that_matters_is_kept_and_no_other(context: Context) -> None:
    past = Past()
    past.add("alias zap='git push'")
    for number in range(500):
        past.add(f"ls src/{number}")
        past.add(f"cd src/{number} && npm test > out.txt 2>&1")
    past.add("export A=1")
    past.add('cd "$A"')
    past.add("greet() { ls; }")
    past.add("zap")
    past.add("for f in a b; do echo $f; done")
    past.add("alias zap='git push'")
    assert past.lines == (
        "export A=1",
        'cd "$A"',
        "greet() { ls; }",
        "zap",
        "for f in a b; do echo $f; done",
        "alias zap='git push'",
    )
    place = replace(context, history=past.lines)
    assert assess_command("zap --force", place).risk is Risk.HIGH


@pytest.mark.parametrize(
    "line",
    [
        ". ./env.sh", 'eval "$(x)"', "$x", "read a", "printf -v a b", "set -- rm", "unalias a",
        "((a=1))", ": ${a:=b}", "echo 'open", "hash -p /tmp/x ls", "coproc X { ls; }",
        "shopt -s expand_aliases",
        "a=1", "command export A=1", "mine --quiet", "trap ls EXIT",
    ],
)  # fmt: skip
def test_what_may_matter_is_kept(line: str) -> None:
    past = Past()
    past.add(line)
    assert past.lines == (line,)


def test_past_the_bound_everything_waits_for_a_person(context: Context) -> None:
    past = Past()
    for number in range(200):
        past.add(f"a{number}={'x' * (MAX_KEPT // 100)}")
    assert past.full
    assert sum(map(len, past.lines)) <= MAX_KEPT
    place = replace(context, history=past.lines, forgotten=past.full)
    answer = assess_command("ls", place)
    assert answer.risk is Risk.HIGH
    assert "more settings than can be kept" in answer.reasons[0]


def test_keys_know_the_earlier_lines_without_recalling_them(context: Context) -> None:
    place = replace(context, history=("alias zap='git push'",), recalls=False, line="")
    assert assess_keys(["zap --force", "Enter"], place).risk is Risk.HIGH
    assert assess_keys(["Up", "Enter"], place).risk is Risk.HIGH
    assert assess_keys(["ls", "Enter"], place).risk is Risk.LOW
