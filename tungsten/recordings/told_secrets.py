"""Secrets that a sentence gives away: a password, key or token, said rather than assigned."""

from __future__ import annotations

import re

_NAMED = re.compile(
    r"\b(?:(?:api|access|private|secret|signing|deploy|license|service|auth|account|client"
    r"|encryption|master"
    r"|webhook|session|ssh|admin|shared|bearer|storage|root|test|live|write|read)[ _-]?)*"
    r"(?P<name>keys?|tokens?|passwords?|passphrases?|secrets?|credentials?|pins?|passwd|pwd|pw"
    r"|passcodes?)\b"
    r"(?P<of>[^.;:=]{0,60}?)(?:\bis\b|\bare\b|=|:|\bwas\b|\b(?:set|changed|reset|rotated) to\b"
    r"|\bbecame\b|\bequals\b|->|→)\s*"
    r"(?:now |currently |still |(?:set|changed|reset|rotated) to |called |just"
    r" )*[`'\"“(]?(?P<value>[^\s`'\"”,;)]{4,})",
    re.IGNORECASE,
)
_LOOKUP = re.compile(
    r"\b(?:cache|partition|sort|primary|foreign|idempotency|leader|hot|shortcut|row|map"
    r"|translation|config|redis"
    r"|lookup|index|shard|routing|dedup|object|unique|composite|range|hash|natural|surrogate|json"
    r"|public|space"
    r"|arrow|function|group|record|message|topic|csrf|design|pagination|page|next)[ -]?(?:key"
    r"|token)s?$",
    re.IGNORECASE,
)
_LOGIN = re.compile(
    r"\b(?:login|credentials?|account|user)\b(?: is| are|:|=) [^\s/]+ ?[/:]"
    r" ?(?P<pair>[^\s`'\",;]{6,})|"
    r"\b(?:log ?in|sign ?in|logs in|authenticate|connect|password"
    r"|account)\b[^.;]{0,40}?\bwith\b[^.;]{0,40}?"
    r"(?:\bpassword\b|/)\s*[`'\"]?(?P<value>[^\s`'\",;]{6,})|://[^\s/:@]+:(?P<inline>[^\s/@]{3,})@",
    re.IGNORECASE,
)
_KNOWN = re.compile(
    r"\b(?:sk|pk|rk)[-_](?:live|test|proj|ant|fake|example)?[-_]?[A-Za-z0-9_-]{8,}"
    r"|\bgh[pousr]_[A-Za-z0-9_]{6,}"
    r"|\bgithub_pat_\w+|\bglpat-[\w-]{6,}|\bxox[abprs]-[\w-]{6,}|\bA(?:KIA|SIA)[0-9A-Z]{8,}"
    r"|\beyJ[\w-]{4,}\.[\w-]{3,}|-----BEGIN [A-Z ]*PRIVATE KEY|\bAIza[\w-]{10,}|\bnpm_\w{8,}"
    r"|\bhf_\w{8,}"
    r"|\bBearer [\w.-]{8,}|\bdop_v1_\w+|\bwhsec_\w{6,}"
)
_NUMBERED = re.compile(
    r"\b(?=[\w-]*(?:key|token|secret|passwor|pw|cred))\w+(?:[-_]\w+)*[-_]\w+[-_]\d{3,}\b"
)
_NUMBERED_WORDS = ("key", "token", "secret", "passwor", "pw", "cred")
"""One of them stands wherever `_NUMBERED` matches; to look for it costs a tenth of that."""
_PLACE = re.compile(r"^(?:\$|~|/|\./|<|\{|%|https?://|vault|op://)|\.(?:ya?ml|json|toml|env|pem|txt|md|py|ts)$"
                    r"|^\d+(?:[.,]\d+)?$|^\d{4}-\d\d-\d\d"
                    r"|^[\w.-]+/[\w./-]+$|^\d+[A-Za-z%]{1,8}$|^(?:sha|aes|rsa|ed|hs|rs|es|argon"
                    r"|md|ecdsa|pbkdf)-?\d*",
                    re.IGNORECASE)  # fmt: skip

_SETTING = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$|[a-z]+\d*-(?:[a-z]+ed|bit|based|only)$")
"""The name of a variable, or a word of several parts."""


def gives_away(text: str) -> bool:
    """Whether a sentence gives a password, key or token away, rather than saying where it is."""
    if _KNOWN.search(text):
        return True
    if any(word in text for word in _NUMBERED_WORDS) and _NUMBERED.search(text):
        return True
    for match in _NAMED.finditer(text):
        if _LOOKUP.search(text[: match.end("name")]):
            continue
        if match["name"].lower() in ("pin", "passcode") and re.match(r"\d{4,8}\b", match["value"]):
            return True
        if _made_up(match["value"], text[match.end() :]):
            return True
    for match in _LOGIN.finditer(text):
        value = match["value"] or match["inline"] or match["pair"]
        if (match["inline"] or _made_up(value, text[match.end() :])) and not _PLACE.search(value):
            return True
    return False


def _made_up(value: str, rest: str) -> bool:
    """Whether a value is one that no sentence has: letters with digits or marks inside."""
    value = value.strip(".!?*_")
    if len(value) < 4 or _PLACE.search(value) or _SETTING.match(value):
        return False
    digits = any(character.isdigit() for character in value)
    letters = any(character.isalpha() for character in value)
    marks = any(character in "!@#$^&*+=" for character in value)
    if digits and letters and (len(value) >= 6 or marks):
        return True
    if marks and len(value) >= 6 and letters:
        return True
    # A word alone at the end, such as "hunter-tango-fox": three or more parts are no prose.
    return value.count("-") + value.count("_") >= 2 and not rest.strip(" .!`'\"")
