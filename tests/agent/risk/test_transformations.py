# ruff: noqa: E501 - tables of cases read better unbroken
"""Saying the same in other words: no transformation of a command or of keys lowers its risk.

What is transformed are the labelled sets, which hold ordinary and dangerous commands of every
family. Each text here is judged and never run.
"""

from __future__ import annotations

import json
import random
import re
import string
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.risk import Assessment, Context, Paste, Risk, assess_command, assess_keys
from agent.risk.evaluate import evaluate
from agent.risk.rules import parse
from tests.agent.risk.mutations import WRAPPERS, escaped, octal
from tests.agent.risk.shell_texts import Grammar

DATA = Path(__file__).parent / "data"
HOME = Path("/home/dev")
CONTEXT = Context(cwd=HOME / "project", home=HOME, project=HOME / "project", line="")


def load(name: str) -> list[str]:
    return [
        json.loads(line)["command"] for line in (DATA / f"{name}.jsonl").read_text().splitlines()
    ]


def complete(text: str) -> bool:
    """One piece of shell that can stand inside another, whose wrappers carry it in `X`."""
    return (
        text.isprintable()
        and not re.search(r"\$\{?!?X\b", text)
        and not text.startswith(("!", "^"))
        and "#" not in text
        and not ARGUMENTS.search(text)
        and not READING.search(text)
        and not evaluate(text, CONTEXT).scripts[0].errors
    )


# What a wrapper gives something else to, so that it does something else, or nothing.
ARGUMENTS = re.compile(r"\$\{?[@*1-9]")
READING = re.compile(r"\bread\b")


@cache
def risks() -> dict[str, Risk]:
    """Each command with its risk; not judged by who only collects the tests."""
    found = {
        command: assess_command(command, CONTEXT)
        for name in ("dangerous", "benign", "families")
        for command in load(name)
        if complete(command)
    }
    # What waits for a person does nothing when something else is its standard input.
    return {
        command: judged.risk
        for command, judged in found.items()
        if "starts an interactive program" not in judged.reasons
    }


def some(wanted: Callable[[str], object] = lambda command: True) -> st.SearchStrategy[str]:
    return st.deferred(lambda: st.sampled_from([c for c in risks() if wanted(c)]))


commands = some()
# Words that mean the same in any quotes: no expansions, no assignment or keyword in front.
plain = some(
    lambda c: re.fullmatch(r"[A-Za-z0-9_./ :,@+=-]+", c)
    and re.match(r"[\w./-]+(?: |$)", c)
    and not re.match(r"(?:time|coproc|function|if|for|while|until|case|select|export|declare|local|readonly|typeset|alias|let|\w+=)\b", c)
)  # fmt: skip
# What leaves another directory, name or shell behind would change what comes after it.
harmless = some(
    lambda c: risks()[c] is Risk.LOW and not re.search(r"\b(?:cd|pushd|popd|alias|exit|exec|return|set|trap|read|unset|source|export|break)\b|[={(]|^\. ", c)
)  # fmt: skip
few = settings(
    max_examples=100,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
many = settings(few, max_examples=20_000)


def judged(text: str) -> Risk:
    return assess_command(text, CONTEXT).risk


# words ------------------------------------------------------------------------------------------


@st.composite
def spelled(draw: st.DrawFn) -> tuple[str, str]:
    """A plain command, and the same with each word in other quotes."""
    command = draw(plain)
    before: list[str] = []
    words = []
    for number, word in enumerate(command.split()):
        cut = draw(st.integers(0, len(word)))
        left, right = word[:cut], word[cut:]
        name = f"v{number}"
        how = draw(st.integers(0, 12))
        if how == 9:
            before.append(f"{name}={word}")
        if how == 10:
            before.append(f"{name}=({left} {right})" if left and right else f"{name}=({word})")
        words.append(
            [
                word, f"'{word}'", f'"{word}"', f"{left}''{right}", f'{left}"{right}"',
                "".join(f"\\{c}" for c in word), f"$'{escaped(word)}'", f"$'{octal(word)}'",
                f"{left}\\\n{right}", f"${name}", f'"${{{name}[*]}}"'.replace("[*]", "[0]") + (f'"${{{name}[1]}}"' if left and right else ""),
                f"${{none:-{word}}}", f"{left}$'{right}'",
            ][how]
        )  # fmt: skip
    return command, "".join(f"{line}; " for line in before) + " ".join(words)


def check_spelling(pair: tuple[str, str]) -> None:
    command, text = pair
    assert judged(text) >= risks()[command], text


test_quoting_never_lowers = few(given(spelled())(check_spelling))
test_quoting_never_lowers_at_length = pytest.mark.soak(
    pytest.mark.timeout(900)(many(given(spelled())(check_spelling)))
)


# wrappers ---------------------------------------------------------------------------------------


def wrap(command: str, names: list[str], seed: int) -> str:
    chance = random.Random(seed)
    for name in names:
        command = WRAPPERS[name](command, chance)
    return command


wrapped = st.tuples(
    commands,
    st.lists(st.sampled_from(sorted(WRAPPERS)), min_size=1, max_size=4, unique=True),
    st.integers(0, 1000),
)


def check_wrapping(drawn: tuple[str, list[str], int]) -> None:
    command, names, seed = drawn
    assert judged(wrap(command, names, seed)) >= risks()[command], (command, names)


test_wrapping_never_lowers = few(given(wrapped)(check_wrapping))


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_every_wrapper_around_every_command() -> None:
    lowered = []
    for name in sorted(WRAPPERS):
        for number, command in enumerate(risks()):
            if judged(wrap(command, [name], number)) < risks()[command]:
                lowered.append((name, command))
    assert not lowered, f"{len(lowered)}, such as {lowered[:10]}"


# padding ----------------------------------------------------------------------------------------

pads = st.lists(harmless, max_size=30)
padded = st.tuples(commands, pads, pads, st.sampled_from(["\n", "; ", " && ", " & "]))


def check_padding(drawn: tuple[str, list[str], list[str], str]) -> None:
    command, before, after, joiner = drawn
    text = joiner.join([*before, command]) + "\n" + "\n".join(after)
    assert judged(text) >= risks()[command], text


test_padding_never_lowers = few(given(padded)(check_padding))
test_padding_never_lowers_at_length = pytest.mark.soak(
    pytest.mark.timeout(900)(many(given(padded)(check_padding)))
)


# positions --------------------------------------------------------------------------------------

DENY = replace(CONTEXT, rules=parse({"deny": ["Bash(git push:*)"]}))
JOINERS = ("; ", " && ", " | ", "\n")
MARKED = 20
"""Denied commands that one answer marks."""


def denied(position: int, length: int, joiner: str) -> Assessment:
    commands = ["echo a"] * length
    commands[position - 1] = "git -C sub push origin x"
    return assess_command(joiner.join(commands), DENY)


@pytest.mark.parametrize(
    ("position", "joiner"),
    [(1, "; "), (50, " | "), (51, "\n"), (5001, " && "), (9999, "; "), (10_000, " | ")],
)
def test_a_denied_command_is_found_in_ten_thousand(position: int, joiner: str) -> None:
    assert denied(position, 10_000, joiner).denied_by == "Bash(git push:*)"


@pytest.mark.parametrize("joiner", JOINERS)
def test_a_denied_command_is_found_at_every_position_of_a_hundred(joiner: str) -> None:
    for position in range(1, 101, 3):
        assert denied(position, 100, joiner).denied_by, position


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("joiner", JOINERS)
def test_a_denied_command_is_found_at_every_position(joiner: str) -> None:
    """Each position of 10,000 once, marked where it stands; a sample alone, in whole chains.

    An answer marks the first 20 denied commands, so one text shows 20 positions: it costs what
    its length does, and a text for each position would come to 50 million commands.
    """
    harmless, push = "echo a", "git -C sub push origin x"
    for first in range(1, 10_001, MARKED):
        commands = [harmless] * (first - 1) + [push] * MARKED + [harmless] * 5
        answer = assess_command(joiner.join(commands), DENY)
        start = (first - 1) * len(harmless + joiner)
        wanted = [start + number * len(push + joiner) for number in range(MARKED)]
        marked = [(span.start, span.end) for span in answer.spans]
        assert marked == [(at, at + len(push)) for at in wanted], (first, joiner)
    for position in range(50 * (JOINERS.index(joiner) + 1), 10_001, 50 * len(JOINERS)):
        assert denied(position, 10_000, joiner).denied_by, (position, joiner)


# keys -------------------------------------------------------------------------------------------

typeable = some(lambda c: "\t" not in c and "!" not in c)


@st.composite
def typed(draw: st.DrawFn) -> tuple[str, list[str | Paste]]:
    """A command, and one way to get it onto the line."""
    command = draw(typeable)
    keys: list[str | Paste] = []
    at = 0
    while at < len(command):
        piece = command[at : at + draw(st.integers(1, 12))]
        at += len(piece)
        how = draw(st.integers(0, 7))
        # What is exactly a key's name would be that key.
        letters: list[str | Paste] = ["Space" if c == " " else c for c in piece]
        if how <= 2:
            keys += letters
        elif how == 3:
            keys.append(Paste(piece))
        elif how == 4:
            keys += [*letters, "x", "BSpace"]
        elif how == 5:
            keys += ["C-a", "z", "C-h", "C-e", *letters]
        elif how == 6:
            keys += [*letters, "Left", "Right", "C-b", "C-f"]
        else:
            keys += [*letters, "q", "Left", "C-k"]
    return command, keys


def check_typing(drawn: tuple[str, list[str | Paste]]) -> None:
    command, keys = drawn
    one = assess_keys([Paste(command), "Enter"], CONTEXT)
    split = assess_keys([*keys, "Enter"], CONTEXT)
    assert split.risk is one.risk, keys
    assert split.hold_at == (len(keys) if one.hold_at is not None else None)


test_any_way_of_typing_gives_the_same_verdict = few(given(typed())(check_typing))
test_any_way_of_typing_gives_the_same_verdict_at_length = pytest.mark.soak(
    pytest.mark.timeout(900)(many(given(typed())(check_typing)))
)


@pytest.mark.parametrize(
    "text",
    [
        "for x in a; do x='rm -rf ~'; bash -c \"$x\"; done",
        "echo y | while read x; do x='rm -rf ~'; bash -c \"$x\"; done",
        "printf '%s\\n' \"printf 'rm -rf ~' > s; . ./s\" > s; . ./s",
        "true | xargs -a list.txt rm -rf",
        "true | { croc send src; }",
    ],
)
def test_what_was_lowered_once(text: str) -> None:
    assert judged(text) is Risk.HIGH


@pytest.mark.parametrize("command", ["rm -rf ~", "sudo id", "git push --force", "ls", "make"])
def test_every_split_in_three(command: str) -> None:
    whole = assess_keys([Paste(command), "Enter"], CONTEXT)
    for one in range(1, len(command)):
        for two in range(one, len(command)):
            keys = [Paste(command[:one]), Paste(command[one:two]), Paste(command[two:]), "Enter"]
            split = assess_keys(keys, CONTEXT)
            assert split.risk is whole.risk, keys
            assert (split.hold_at is None) == (whole.hold_at is None)


# garbage ----------------------------------------------------------------------------------------

KEYS = ["Enter", "C-a", "C-k", "C-y", "Up", "Down", "M-b", "M-d", "Tab", "Escape", "C-r", "C-x", "C-c", "C-d", "BSpace", ":", "!", "C-o", "M-.", "0x41"]  # fmt: skip
FOREGROUNDS = ["bash", "python", "psql", "mysql", "sqlite3", "node", "vim", "less", "nano", "ssh", "confirm", "sudo-prompt", "x", "fish"]  # fmt: skip


def garbage(chance: random.Random) -> str:
    """Text of any kind: noise, shell with something wrong, commands cut, joined and bent."""
    how = chance.randrange(6)
    if how == 0:
        return "".join(chr(chance.choice([chance.randrange(32, 127), chance.randrange(0x110000)]))
                       for _ in range(chance.randrange(60)))  # fmt: skip
    if how == 1:
        return "".join(chance.choices(string.punctuation + " \n\taeb01\0", k=chance.randrange(80)))
    if how == 2:
        return Grammar(chance).broken()
    commands = list(risks())
    text = chance.choice(commands)
    for _ in range(chance.randrange(1, 4)):
        at, to = chance.randrange(len(text) + 1), chance.randrange(len(text) + 1)
        bend: list[Callable[[], str]] = [
            lambda: text[:at] + chance.choice(string.punctuation + "\n\0") + text[at:],  # noqa: B023
            lambda: text[:at] + text[max(at, to) :],  # noqa: B023
            lambda: text + chance.choice([";", "|", "\n", " ", "&&"]) + chance.choice(commands),  # noqa: B023
            lambda: text[:at] + chance.choice(commands)[: chance.randrange(20)] + text[at:],  # noqa: B023
            lambda: WRAPPERS[chance.choice(list(WRAPPERS))](text, chance),  # noqa: B023
        ]
        text = chance.choice(bend)()
    return text


def survive(seeds: range) -> None:
    """Neither raises, nor says that something was raised inside."""
    for seed in seeds:
        chance = random.Random(f"garbage {seed}")
        text = garbage(chance)
        answer = assess_command(text, CONTEXT)
        assert not any("could not be analysed" in r for r in answer.reasons), (seed, text)
        assert answer.reasons or answer.risk is Risk.LOW, (seed, text)
        if seed % 4 == 0:
            keys: list[str | Paste] = []
            for _ in range(chance.randrange(12)):
                draw = chance.randrange(4)
                piece = text[chance.randrange(len(text) + 1) :][: chance.randrange(12)]
                keys.append(
                    chance.choice(KEYS) if draw < 2 else Paste(piece) if draw == 2 else piece
                )
            place = replace(CONTEXT, foreground=chance.choice(FOREGROUNDS))
            held = assess_keys(keys, place)
            assert not any("could not be analysed" in r for r in held.reasons), (seed, keys, place)
            assert (held.hold_at is not None) == (held.risk is Risk.HIGH), (seed, keys, place)


@pytest.mark.parametrize(
    "text",
    [
        "select x in)A=$x",
        "for x in; do $x; done",
        "for x in; do echo a$x >$x; done",
        "aws secretsmanager )get-secret-value --secret-id prod",
        "cat<<E|while \n`e",
        "find . $-name '*.sh' -exec bash -n {} \\;",
        ":#.,%/|\"]&b0&|)+! e^{`$'\n-1::@~:1`a*}$_(!]'}",
    ],
)
def test_garbage_that_was_not_survived(text: str) -> None:
    assert not any("could not be analysed" in r for r in assess_command(text, CONTEXT).reasons)


def test_garbage_is_survived() -> None:
    survive(range(400))


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_two_hundred_thousand_pieces_of_garbage_are_survived() -> None:
    survive(range(400, 200_400))
    sys.stdout.write("200,000 inputs\n")
