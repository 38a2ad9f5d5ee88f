# ruff: noqa: E501 - tables and patterns read better unbroken
"""Rules for the clouds' command lines, by the verb in their words."""

from __future__ import annotations

import re

from agent.risk import programs
from agent.risk.arguments import split, value, wordlist
from agent.risk.assessment import Risk
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import shown
from agent.risk.evaluation.unlisted import shared, simple
from agent.risk.evaluation.verbs import shared_verb
from agent.risk.paths import Zone
from agent.risk.shell.syntax import UNKNOWN

_CLOUD_HIGH = re.compile(
    r"^(?:delete|terminate|remove|destroy|purge|deregister|revoke|detach|disable|reset|schedule-key-deletion|stop|reboot|put|create|update|modify|attach|"
    r"authorize|set|add|release|abort|cancel|restore|empty|rb|rm|mv|sync|cp|deploy|invoke|run|start|send|publish|import|upload|associate|disassociate|enable|"
    r"replace|assume-role|get-secret-value|get-parameter|get-parameters|decrypt|get-session-token|get-federation-token|batch-delete|execute|rotate|scale|"
    r"suspend|deallocate|restart|generalize|redeploy|resize|lock|unlock|archive|tag|untag|register|change|swap|promote|failover|move|drain|rollback|patch|apply|bind|grant|undelete|ssh|connect|access|print-access-token|"
    r"admin|add-iam-policy-binding|remove-iam-policy-binding|set-iam-policy|clear|list-keys|regenerate|show-secret|presign|mb|"
    r"generate|export|copy|write|reset-password|keys|credential)(?:$|-\w|\w*$)"
)


_CLOUD_LOW = re.compile(
    r"^(?:ls|list|describe|get|show|view|help|wait|search|lookup|check|validate|query|read|tail|filter|batch-get|head|estimate|preview|configure|sso|version|info|status|logs)(?:-|$)"
)


_CLOUD_CREDENTIAL = re.compile(
    r"get-secret-value|get-parameters?(?:-by-path)?\b.*with-decryption|kms decrypt|get-session-token|assume-role|print-access-token|print-identity-token|"
    r"secrets versions access|keyvault secret show|account get-access-token|create-access-key|keys list|list-keys|application-default print|iam service-accounts keys create|export-credentials|"
    r"configure get aws_secret"
)


def cloud(call: Call) -> None:
    """`aws`, `gcloud`, `az`: by the verb in their words."""
    argv = call.argv
    program = argv[0].rpartition("/")[2]
    valued = frozenset(
        wordlist(
            """
    --profile --region --output --project --subscription --query --endpoint-url -g
    --resource-group --format --zone --account -n --name -o
    """
        )
    )
    words = split(argv, valued)[1]
    text = " ".join(argv[1:])
    if any(UNKNOWN in w for w in words[:2]):
        call.opaque(f"which {program} command runs cannot be known")
        return
    if _CLOUD_CREDENTIAL.search(text):
        call.high("reads or makes credentials", f"{program} {shown(' '.join(words[:3]))}")
        return
    if any("localhost" in u or "127.0.0.1" in u for u in value(argv, "--endpoint-url")):
        call.medium("changes a local stand-in of a cloud")
        return
    if any(a in ("--dry-run", "--dryrun", "--no-execute-changeset") for a in argv):
        call.low()
        return
    if program == "aws" and words[:1] == ["s3"] and len(words) > 1:
        if words[1] == "ls":
            call.low()
        elif (
            words[1] in ("cp", "sync")
            and len(words) > 3
            and words[2].startswith("s3://")
            and not words[3].startswith("s3://")
            and "--delete" not in argv
        ):
            if words[3] != "-":
                call.brings(words[2], words[3])
            call.medium("downloads from a bucket") if words[3] == "-" or call.place(
                words[3]
            ).zone is Zone.ROOT else call.writes(words[3])
            call.medium("downloads from a bucket")
        else:
            call.high(
                "changes a bucket or sends local data to it", f"aws {shown(' '.join(words[:4]))}"
            )
        return
    entry = programs.SUBCOMMANDS.get(program, {})
    for size in (3, 2, 1):
        found = entry.get(" ".join(words[:size]))
        if found is not None and len(words) >= size:
            simple(call, program)
            return
    verbs = words[1:2] if program == "aws" else words
    if program == "aws" and len(words) > 1:
        verb = words[1]
        if _CLOUD_LOW.match(verb):
            call.low()
        elif _CLOUD_HIGH.match(verb):
            call.high("changes shared infrastructure", f"aws {shown(' '.join(words[:2]))}")
        else:
            call.high("changes shared infrastructure") if verb not in ("help",) else call.low()
        return
    if shared_verb([program, *words]) is Risk.LOW:
        call.low()
        return
    for verb in verbs:
        if _CLOUD_HIGH.match(verb) and not _CLOUD_LOW.match(verb):
            call.high("changes shared infrastructure", f"{program} {shown(' '.join(words[:4]))}")
            return
    if any(_CLOUD_LOW.match(w) for w in words) or not words:
        call.low()
    else:
        shared(call, program)
