from __future__ import annotations

import pytest

from tungsten.recordings.masking import MASK, mask

# Assembled so that no secret scanner mistakes this file for a leak.
TOKENS = [
    "sk-ant-" + "api03-" + "a1B2" * 8,
    "sk-" + "proj-" + "Zz9" * 10,
    "ghp_" + "a1" * 18,
    "github_pat_" + "A1b2" * 8,
    "glpat-" + "x9" * 10,
    "AKIA" + "ABCDEFGHIJ012345",
    "AIza" + "b" * 35,
    "xoxb-" + "1234567890-abc",
    "sk_live_" + "9" * 20,
    "npm_" + "q" * 36,
    "hf_" + "r" * 34,
    "eyJ" + "hbGciOiJIUzI1" + ".eyJzdWIiOiIxMjM0" + ".SflKxwRJSMeKKF2QT4",
]


@pytest.mark.parametrize("token", TOKENS)
def test_known_tokens_vanish(token: str) -> None:
    assert mask(f"before {token} after") == f"before {MASK} after"
    assert token not in mask(f'curl -H "X-Thing: {token}"')


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("export DB_PASSWORD=correcthorse", "correcthorse"),
        ("AWS_SECRET_ACCESS_KEY = wJalrXUtnFEMI/K7MDENG", "wJalrXUtnFEMI/K7MDENG"),
        ('{"apiKey": "abcdefgh"}', "abcdefgh"),
        ("password: hunter2hunter2", "hunter2hunter2"),
        ("postgres://me:s3cret@db/x", "s3cret"),
        ("Authorization: Bearer abcdef123456", "abcdef123456"),
        ("x-api-key: abcdef123456", "abcdef123456"),
        ("client-secret='qwertyuiop'", "qwertyuiop"),
        ("The staging password is correct7horse.", "correct7horse"),
        ("the portal's API key is `abc-4471-def`, ask Mo", "abc-4471-def"),
        (
            "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1r\nZXk=\n"
            "-----END OPENSSH PRIVATE KEY-----\nnext",
            "b3BlbnNzaC1r",
        ),
    ],
)
def test_secrets_by_place_vanish(text: str, hidden: str) -> None:
    masked = mask(text)
    assert hidden not in masked
    assert MASK in masked
    assert mask(masked) == masked


@pytest.mark.parametrize(
    "text",
    [
        "commit 4eafd82ab1c9d0e1f2a3b4c5d6e7f8091a2b3c4d",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "max_tokens=4096",
        "the token is required, and the secret is kept in vault",
        "the password is $DB_PASSWORD2 and the api key is <KEY_1>",
        "token: str | None = None",
        "password = os.environ['PASSWORD']",
        "token = $TOKEN",
        "https://example.org:8080/path",
        "tokens: 1234",
        "drwxr-xr-x 2 root root 4096 Nov 22 14:43 tungsten",
        "def secret(self) -> bool:",
        "git@github.com:owner/repository.git",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize(
    "piece",
    [
        *("x", "x1", "-a", "A_", "eyJ-", "sk-", "a://b:", "cookie", "secret=", 'a="', "\n"),
        *("-----BEGIN ", "-----BEGIN PRIVATE KEY-----", "PRIVATE KEY ", "a:" + " " * 500),
    ],
)
def test_long_runs_of_anything_are_read_once(piece: str) -> None:
    # What takes the square of this length does not end within a test's time limit.
    size = 700_000 // len(piece)
    assert mask("password=abc123xyz\n" + piece * size).startswith(f"password={MASK}\n")


@pytest.mark.parametrize(
    "text",
    ["--api-key=abc123xyz", "9API_KEY=abc123xyz", "_TOKEN: abc123xyz"],
)
def test_a_name_counts_from_its_first_letter(text: str) -> None:
    assert mask(text) == text.replace("abc123xyz", MASK)
