"""What zsh has its own words for, in those of other shells; what these have none for is judged.

Texts keep their length, so that places in them stay what they are.
"""

from __future__ import annotations

import re

from agent.risk.evaluation.call import Call

_EXPANDS = re.compile(r"(?:^|(?<=[;&|({\n])|(?<=[;&|({\n]\s))=(?=[A-Za-z_])")
_CLOBBERS = re.compile(r"(>>?)!(?=\s*[^\s=(])")
_MODULE = re.compile(
    r"\bzmodload\b[^;&|\n]{0,200}\bzsh/(?:files|mapfile|net/tcp|net/socket|system|zpty)\b"
)
_QUALIFIED = re.compile(r"(?<=[*?\])/\w.])\((?:#q)?")
_CLOSING_BRACE = re.compile(r"(?<=[^\s;{&|]) \}(?=[\s;&|)]|$)")
"""`{ ls }`: a brace closes behind a word, too."""
_CHOOSES = re.compile(
    r"[-^/.=*@p%rwxAIERWXstFNDGTMn,]|[UGufd]\d*|[Lamc][kKmMgGtTpPwhdsS]?[-+]?\d+|[oO][nLlamcdN]|Y\d+|\[-?\d+(?:,-?\d+)?\]|:[a-zA-Z]"
)
"""Qualifiers that only choose among the files of a pattern, or sort them (zshexpn(1))."""
_CLOSES = {"{": "}", "[": "]", "<": ">", "(": ")"}
_PROMPTED = re.compile(r"(?:^|[;&|({\n])\s*(?:builtin\s+)?print\s+(?:-\w+\s+)*-\w*P")
_SUBSTITUTED = re.compile(r"\\?\$\(((?:[^()]|\([^()]*\)){1,500})\)|\\?`([^`\\]{1,500})\\?`")
_PROMPT_SUBSTITUTES = re.compile(r"(?i)prompt_?(?:subst|vars)")
MAX_QUALIFIER = 2_000
"""Characters of one qualifier that are read."""


def plain_zsh(call: Call, text: str) -> str:
    """Text for zsh as other shells would be given it."""
    text = _qualifiers(call, text)
    text = _EXPANDS.sub(" ", text)
    text = _CLOBBERS.sub(r"\1 ", text)
    text = _CLOSING_BRACE.sub(";}", text)
    if _PROMPTED.search(text):
        for inner in _SUBSTITUTED.findall(text):
            call.shell(inner[0] or inner[1])
        told = (text, *call.argv, *call.evaluator.context.history)
        if "$" in text and any(map(_PROMPT_SUBSTITUTES.search, told)):
            call.high("prints text as a prompt, which runs what stands in it")
    if _MODULE.search(text) or any(map(_MODULE.search, call.evaluator.context.history)):
        text = _MODULE_COMMAND.sub("   ", text)
        for match in re.finditer(r"\bmapfile\[([^\]]{1,500})\]=", text):
            call.shell(f"> {match[1]}")
        if re.search(r"\b(?:ztcp|zsocket)[ \t]+(?!\s|-c\b)", text):
            call.high("opens a network connection through the shell")
    return text


_MODULE_COMMAND = re.compile(r"\bzf_(?=(?:rm|mv|ln|mkdir|rmdir|chmod|chown|chgrp|sync)\b)")


def _qualifiers(call: Call, text: str) -> str:
    """Judge and take away what stands in parentheses behind patterns: `*(.)`, `*(e:code:)`."""
    kept: list[str] = []
    at = 0
    for match in _QUALIFIED.finditer(text):
        if match.start() < at:
            continue
        end = _closing(text, match.end())
        code = _codes(re.sub(r"[\"']", "", text[match.end() : end]))
        if code is None:
            continue
        for each in code:
            call.shell(each)
            if "$" not in each and " " not in each:
                call.opaque(f"has {each} look at every file")
        kept.append(text[at : match.start()] + " " * (end + 1 - match.start()))
        at = end + 1
    kept.append(text[at:])
    return "".join(kept)


def _closing(text: str, at: int) -> int:
    """Where the parenthesis that was opened before `at` is closed."""
    depth = 1
    for end in range(at, min(len(text), at + MAX_QUALIFIER)):
        depth += {"(": 1, ")": -1}.get(text[end], 0)
        if not depth:
            return end
    return at


def _codes(qualifiers: str) -> list[str] | None:
    """What qualifiers run for each file; None where they are none."""
    found: list[str] = []
    at = 0
    while at < len(qualifiers):
        ordered = qualifiers[at] in "oO" and qualifiers[at + 1 : at + 2] in ("e", "+")
        at += ordered
        if qualifiers[at] == "e" and at + 1 < len(qualifiers):
            opens = qualifiers[at + 1]
            end = qualifiers.find(_CLOSES.get(opens, opens), at + 2)
            if opens.isalnum() or opens.isspace() or end < 0:
                return None
            found.append(qualifiers[at + 2 : end])
            at = end + 1
        elif name := re.compile(r"\+(\w+)").match(qualifiers, at):
            found.append(name[1])
            at = name.end()
        elif chooses := _CHOOSES.match(qualifiers, at):
            at = chooses.end()
        else:
            return None
    return found if qualifiers else None
