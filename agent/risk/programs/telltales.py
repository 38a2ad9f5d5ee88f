# ruff: noqa: E501 - patterns read better unbroken
"""What the words of a program say by themselves: that it shows secrets, or lets the network in.

Sources: the manual pages and `--help` of each program. A pattern is compared with the joined words
behind the program's name, from their start.
"""

from __future__ import annotations

import re

_TELLING = r"(?:_auth|[pP]assword|[tT]oken|[sS]ecret|api_?key)"
"""What the name of a setting holds that is secret."""
_ANYONE = r"(?:0\.0\.0\.0|\*|\[?::\]?)"
"""An address on which a server answers every machine."""

SHOWS_SECRETS = {
    program: re.compile(pattern)
    for programs_of, pattern in (
        ("npm pnpm yarn bun", rf"(?:config )?get (?:-\S+ )*\S*{_TELLING}"),
        ("pulumi", r".*--show-secrets(?!=false)\b|(?:\S+ )*?stack export\b"),
        (
            "terraform tofu terragrunt",
            rf"(?:-\S+ )*(?:state pull\b|output\b.*{_TELLING})",
        ),
        ("kubectl oc", r"(?:.* )?config view\b.* --(?:raw|flatten)(?!=false)\b"),
        ("oc", r"(?:.* )?whoami\b.* (?:-t|--show-token)\b"),
        ("vault", r"print token\b"),
        ("nomad", r"(?:-\S+ )*var get\b"),
        (
            "glab gh railway heroku fly flyctl vercel netlify",
            r"(?:\S+ )*?(?:whoami|auth:?\s?(?:status|whoami))\b.* (?:-t|--token|--show-token)\b",
        ),
        (
            "aws",
            r"(?:.* )?(?:codeartifact get-authorization-token|ecr get-authorization-token|sso get-role-credentials|ec2 get-password-data"
            r"|eks get-token|rds generate-db-auth-token|redshift(?:-serverless)? get-(?:cluster-)?credentials\S*|lightsail get-instance-access-details"
            r"|cognito-identity get-credentials-for-identity|iot get-\S*credentials\S*|configure export-credentials)\b",
        ),
        ("gcloud", r"(?:.* )?(?:config config-helper|sql generate-login-token)\b"),
        (
            "az",
            r"(?:.* )?(?:acr login\b.* --expose-token|acr credential show|ad sp credential list|webapp deployment list-publishing-credentials"
            r"|aks get-credentials\b.* -f -|storage account show-connection-string|\S+ keys? (?:list|show))\b",
        ),
        ("firebase", r"login:ci\b"),
        ("granted", r"credentials\b|credential-process\b"),
        ("conda mamba", r"token list\b"),
        (
            "chezmoi",
            r"(?:-\S+ )*(?:dump\b|secret\b|execute-template\b.*(?:pass|secret|keyring|vault|bitwarden))",
        ),
        (
            "git",
            rf"(?:-[cC] \S+ |-\S+ )*(?:secret (?:reveal|cat)|config (?:.* )?(?:get|--get\S*) (?:-\S+ )*(?:\S*extraheader|credential\.\S+|\S*{_TELLING}\S*))(?: |$)",
        ),
        ("systemd-creds", r"(?:-\S+ )*(?:decrypt|cat)\b"),
        (
            "rails",
            r"(?:runner|r) .*\b(?:puts|p|pp|print|warn)\b.*\.(?:credentials|secrets|secret_key_base)\b",
        ),
    )
    for program in programs_of.split()
}  # fmt: skip
"""Programs that show secrets when they are told so."""

_TOKENLESS = r"--(?:\w+)\.(?:token|password)=?['\"]*(?= |$)"

LETS_IN = {
    program: re.compile(pattern)
    for programs_of, pattern in (
        (
            "code code-insiders codium code-server openvscode-server",
            rf"(?=.*(?:--host|--bind-addr|--listen)[= ]{_ANYONE})(?=.*(?:--without-connection-token|--auth[= ]none))",
        ),
        (
            "jupyter jupyter-lab jupyter-notebook",
            rf"(?=.*(?:--ip|--\w+\.ip)[= ]['\"]?{_ANYONE})(?=.*{_TOKENLESS})",
        ),
        ("debugpy", rf"(?:.* )?--listen[= ]{_ANYONE}"),
        ("node bun deno tsx ts-node", rf"(?:.* )?--inspect(?:-\w+)*[= ]{_ANYONE}"),
        (
            "gdbserver lldb-server",
            rf"(?:.* )?(?:--listen[= ]|tcp:)?(?:{_ANYONE})?:\d+(?: |$)",
        ),
        ("dlv", rf"(?=.*--headless).*--listen[= ](?:{_ANYONE})?:\d"),
        ("java", r"(?:.* )?-(?:agentlib:jdwp=|Xrunjdwp:)\S*address=(?:\*|0\.0\.0\.0):"),
        ("rdbg", rf"(?=.*--open).*--host[= ]{_ANYONE}"),
        (
            "redis-server valkey-server keydb-server",
            rf"(?=.*--protected-mode no\b)(?:.*--bind (?:\S+ )*?{_ANYONE}|(?!.*--bind))",
        ),
        ("dockerd podman", rf"(?:.* )?(?:-H|--host)[= ]?tcp://{_ANYONE}(?!.*--tlsverify)"),
    )
    for program in programs_of.split()
}  # fmt: skip
"""Programs that run code or hand out data for whoever connects, when they are told so."""
