"""Reading a command's options, abbreviated and clustered ones too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def split(argv: Sequence[str], valued: Iterable[str] = ()) -> tuple[list[str], list[str]]:
    """Options and operands of `argv[1:]`; `valued` options take the next word with them."""
    takes = frozenset(valued)
    options: list[str] = []
    operands: list[str] = []
    ended = skip = False
    for argument in argv[1:]:
        if skip:
            skip = False
        elif ended or argument == "-" or not argument.startswith("-"):
            operands.append(argument)
        elif argument == "--":
            ended = True
        else:
            options.append(argument)
            skip = argument in takes
    return options, operands


def has(options: Sequence[str], short: str, *long: str) -> bool:
    """An option is there: a letter in a cluster, or a long one, possibly abbreviated."""
    for option in options:
        if option.startswith("--"):
            name = option.partition("=")[0]
            if len(name) > 3 and any(full.startswith(name) for full in long):
                return True
        elif any(letter in option[1:] for letter in short) or option in long:
            return True
    return False


def value(argv: Sequence[str], *names: str) -> list[str]:
    """Values of options: `--name v`, `--name=v`, `-n v`, `-nv`; unambiguous abbreviations too."""
    found: list[str] = []
    for at, argument in enumerate(argv):
        if at == 0 or not argument.startswith("-"):
            continue
        for name in names:
            if argument == name and at + 1 < len(argv):
                found.append(argv[at + 1])
            elif name.startswith("--"):
                head, equals, rest = argument.partition("=")
                abbreviated = len(head) > 3 and name.startswith(head)
                if abbreviated and equals:
                    found.append(rest)
                elif abbreviated and argument != name and at + 1 < len(argv):
                    found.append(argv[at + 1])
            elif not argument.startswith("--") and argument.startswith(name) and argument != name:
                found.append(argument[len(name) :].removeprefix("="))
    return found


def spread(argv: Sequence[str], valued: Iterable[str]) -> list[str]:
    """The same words with every cluster of short options taken apart: `-so f` is `-s -o f`."""
    takes = frozenset(valued)
    found = list(argv[:1])
    skip = False
    for argument in argv[1:]:
        if skip or not argument.startswith("-") or argument == "-":
            found.append(argument)
            skip = False
        elif argument.startswith("--"):
            found.append(argument)
            skip = argument in takes
        else:
            for at, letter in enumerate(argument[1:], 2):
                found.append(f"-{letter}")
                if f"-{letter}" in takes:
                    if argument[at:]:
                        found.append(argument[at:])
                    skip = not argument[at:]
                    break
    return found


def after_options(argv: Sequence[str], valued: Iterable[str] = ()) -> list[str]:
    """`argv` from the first operand on: the command that a wrapper runs."""
    takes = frozenset(valued)
    at = 1
    while at < len(argv):
        argument = argv[at]
        if argument == "--":
            return list(argv[at + 1 :])
        if not argument.startswith("-") or argument == "-":
            return list(argv[at:])
        at += 2 if argument in takes else 1
    return []


def wordlist(text: str) -> list[str]:
    """A table of words, written as text."""
    return text.split()
