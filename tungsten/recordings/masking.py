"""Hide secrets in text before it goes to a model.

Known token formats, private keys, credentials in URLs and headers, and values assigned to names
that promise a secret, or told in words (`the password is …`). Deliberately precise: guessing by
entropy would hide commit hashes and checksums, which agents work with. What has no known shape and
no telling name is not hidden, so this lowers a risk and is no boundary.
"""

from __future__ import annotations

import re

from tungsten.tmux.environment import is_secret

# Every pattern here must take time linear in the text: it reads whatever a program prints, a line
# of a million characters among it, and holds the whole engine meanwhile. So what may begin anywhere
# in a run of characters is bounded, and a name is looked at once, from the beginning of its run.

MASK = "‹secret masked›"
"""What stands where a secret stood."""

_TOKENS = re.compile(
    r"""(?<![A-Za-z0-9])(?:
        sk-ant-[A-Za-z0-9_-]{16,}                       # Anthropic
      | sk-(?:proj-|svcacct-|or-v1-)?[A-Za-z0-9_-]{20,}  # OpenAI, OpenRouter
      | gh[opusr]_[A-Za-z0-9]{30,}                      # GitHub
      | github_pat_[A-Za-z0-9_]{22,}
      | gl(?:pat|dt|rt|ptt|cbt)-[A-Za-z0-9_-]{20,}      # GitLab
      | (?:AKIA|ASIA)[A-Z0-9]{16}                       # AWS key ids
      | AIza[A-Za-z0-9_-]{35}                           # Google
      | ya29\.[A-Za-z0-9_-]{20,}
      | xox[abeoprs]-[A-Za-z0-9-]{10,}                  # Slack
      | xapp-[A-Za-z0-9-]{10,}
      | (?:sk|rk|pk)_live_[A-Za-z0-9]{16,}              # Stripe
      | sk_test_[A-Za-z0-9]{16,}
      | npm_[A-Za-z0-9]{36,}
      | pypi-[A-Za-z0-9_-]{50,}
      | hf_[A-Za-z0-9]{30,}                             # Hugging Face
      | SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}      # SendGrid
      | dop_v1_[a-f0-9]{64}                             # DigitalOcean
      | AGE-SECRET-KEY-1[A-Z0-9]{50,}
      | eyJ[A-Za-z0-9_-]{8,1000}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}  # JSON Web Tokens
    )""",
    re.VERBOSE,
)

_PRIVATE_KEY = re.compile(
    r"(-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----).*?"
    r"(-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\Z)",
    re.DOTALL,
)

_URL = re.compile(r"([a-z][a-z0-9+.-]{0,30}://[^/\s:@]*:)([^@\s/]+)(@)", re.IGNORECASE)

_HEADER = re.compile(
    r"((?:authorization|x-api-key|proxy-authorization|cookie|set-cookie)['\"]?\s*[:=]\s*['\"]?"
    r"(?:(?:bearer|basic|token|digest)\s+)?)([^\s'\",;]{6,})",
    re.IGNORECASE,
)

_ASSIGNED = re.compile(
    r"(?P<before>(?<![A-Za-z0-9_.-])[0-9_.-]*(?P<name>[A-Za-z][A-Za-z0-9_.-]*)"
    r"(?P<close>[\"']?)\s*(?:=|:|=>)\s*)"
    r"(?:(?P<quote>[\"'])(?P<quoted>[^\"'\n]{4,})(?P=quote)|(?P<bare>[^\s\"',;(){}\[\]<>]{4,}))"
)

_TOLD = re.compile(
    r"(?P<before>\b(?:pass(?:word|phrase|code)|"
    r"(?:api|access|secret|private|signing|encryption)[ _-]key|token|secret|credentials?)"
    r"\s{1,3}(?:is|was|are)\s{1,3}[\"'`]?)"
    r"(?P<told>[^\s\"'`,;]{5,}[^\s\"'`,;.!?)])",
    re.IGNORECASE,
)
"""As people write it: `the staging password is …`."""

_NOT_A_SECRET = re.compile(
    r"(?:\$|%|<|\{|\*{3}|x{4}|\.\.\.|/|~|true$|false$|none$|null$|undefined$|os\.|process\.|env\.|"
    r"str$|int$|string$|bytes$|optional|required|self\.)",
    re.IGNORECASE,
)


def mask(text: str) -> str:
    """Replace each secret found in `text`; everything else stays as it is."""
    text = _PRIVATE_KEY.sub(rf"\1\n{MASK}\n\2", text)
    text = _TOKENS.sub(MASK, text)
    text = _URL.sub(rf"\1{MASK}\3", text)
    text = _HEADER.sub(_header, text)
    text = _TOLD.sub(_told, text)
    return _ASSIGNED.sub(_assigned, text)


def holds_secret(text: str) -> bool:
    """Whether a text may not be kept: `mask` would hide some of it, or it tells a secret."""
    # Loaded late: whoever only masks does without.
    from tungsten.recordings.told_secrets import gives_away

    return bool(spans(text)) or gives_away(text)


def spans(text: str) -> list[tuple[int, int]]:
    """Say where secrets stand, as (start, end) in ascending order, without overlaps.

    For text that must keep its shape around them; `mask` hides the same secrets.
    """
    found = [(match.end(1), match.start(2)) for match in _PRIVATE_KEY.finditer(text)]
    found += [match.span() for match in _TOKENS.finditer(text)]
    # Signs without which a pattern matches nothing cost far less to look for than it does.
    if "://" in text:
        found += [match.span(2) for match in _URL.finditer(text)]
    found += [match.span(2) for match in _HEADER.finditer(text) if _header(match) != match[0]]
    found += [match.span("told") for match in _TOLD.finditer(text) if _told(match) != match[0]]
    for match in _ASSIGNED.finditer(text) if "=" in text or ":" in text else ():
        if _assigned(match) != match[0]:
            found.append(match.span("bare" if match["quoted"] is None else "quoted"))
    merged: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif end > start:
            merged.append((start, end))
    return merged


def _header(match: re.Match[str]) -> str:
    if MASK.startswith(match[2][:3]) or _NOT_A_SECRET.match(match[2]):
        return match[0]
    return match[1] + MASK


def _told(match: re.Match[str]) -> str:
    if _NOT_A_SECRET.match(match["told"]) or not _made_up(match["told"]):
        return match[0]
    return match["before"] + MASK


def _assigned(match: re.Match[str]) -> str:
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[.-]", "_", match["name"])
    value = match["quoted"] or match["bare"]
    if not is_secret(name) or value.startswith("‹") or _NOT_A_SECRET.match(value):
        return match[0]
    # Upper-case names are variables of the environment; other names are also words of programs
    # and prose, where only what looks made up is a secret.
    if not name.isupper() and match["quoted"] is None and not _made_up(value):
        return match[0]
    quote = match["quote"] or ""
    return match["before"] + quote + MASK + quote


def _made_up(value: str) -> bool:
    return (
        len(value) >= 6
        and any(character.isdigit() for character in value)
        and any(character.isalpha() for character in value)
    )
