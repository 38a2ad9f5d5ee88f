# ruff: noqa: E501 - tables and patterns read better unbroken
"""Rules for docker, podman and compose: what a container is given of the host."""

from __future__ import annotations

import re

from agent.risk.arguments import after_options, has, split, value, wordlist
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import shown
from agent.risk.evaluation.unlisted import simple
from agent.risk.paths import Zone
from agent.risk.shell.syntax import UNKNOWN

_DOCKER_VALUED = frozenset(
    wordlist(
        """
    -v --volume -e --env --env-file -p --publish --name -w --workdir -u --user --network --net
    --entrypoint -h --hostname -m --memory --cpus -l --label --mount --device --cap-add
    --cap-drop --security-opt --pid --ipc --uts --userns --restart --platform --add-host --tmpfs
    --ulimit --shm-size --gpus --runtime --pull --log-driver --log-opt --dns --expose --link
    --volumes-from --cgroupns --cgroup-parent --cidfile --detach-keys --group-add --health-cmd
    --init-path --ip --isolation --stop-signal --sysctl --index --context -c -H --host
    --project-name --profile -f --file --annotation
    --storage-opt --cpuset-cpus --memory-swap
    """
    )
)


def docker(call: Call) -> None:
    """`docker`, `podman`: `run` and `exec` carry a command; some options give the host away."""
    argv = call.argv
    globals_ = ("-H", "--host", "-c", "--context", "--config", "-l", "--log-level")
    rest = after_options(argv, globals_)
    for text in value(argv[: max(1, len(argv) - len(rest))], "-H", "--host"):
        if not text.startswith("unix:"):
            call.high("controls containers on another machine")
    if not rest:
        simple(call, "docker")
        return
    verb = rest[0]
    if verb == "unshare":
        call.run(after_options(rest))
        call.medium("runs something as the containers' root")
        return
    if verb in ("container", "compose") and len(rest) > 1:
        if verb == "compose":
            inner = after_options(
                rest,
                (
                    "-f",
                    "--file",
                    "-p",
                    "--project-name",
                    "--profile",
                    "--env-file",
                    "--project-directory",
                ),
            )
            _compose(call, inner, rest)
            return
        rest = rest[1:]
        verb = rest[0]
    if verb in ("run", "create", "exec"):
        _container(call, verb, rest)
    elif verb == "cp":
        _docker_copy(call, rest)
    elif verb in ("rm", "kill", "stop") or (verb in ("rmi",)):
        if verb in ("rm",) and has(split(rest)[0], "v", "--volumes"):
            call.high("deletes containers with their data")
        if any(UNKNOWN in w for w in rest[1:]):
            call.high("removes containers or images that cannot be known") if verb in (
                "rm",
                "rmi",
            ) else call.medium("stops containers")
        call.medium(f"docker {verb}")
    elif verb == "build" or (verb in ("buildx", "image", "builder") and "build" in rest[:2]):
        if any(a in ("--push",) for a in rest):
            call.high("publishes an image")
        for text in value(rest, "--secret", "--ssh"):
            call.medium("lends secrets to the build")
            del text
        for operand in split(
            rest,
            (
                "-t",
                "--tag",
                "-f",
                "--file",
                "--build-arg",
                "--target",
                "--platform",
                "--cache-from",
                "--cache-to",
                "-o",
                "--output",
                "--secret",
                "--ssh",
                "--label",
                "--network",
                "--progress",
            ),
        )[1]:
            if "://" in operand or operand.startswith("git@"):
                call.high("builds from an unreviewed address")
            elif operand == "-" and call.feed().kind in ("remote", "unknown"):
                call.high("builds what another machine or command says")
        call.medium("builds an image")
    elif verb == "system" and "prune" in rest:
        call.high("deletes containers, images and perhaps volumes")
    elif (
        verb in ("volume", "network", "image", "builder", "buildx")
        and "prune" in rest
        and verb == "volume"
    ):
        call.high("deletes volumes with their data")
    elif verb == "import" or verb == "load":
        call.medium("loads an image")
    else:
        call.argv = ["docker", *rest]
        simple(call, "docker")
        call.argv = argv


def _compose(call: Call, inner: list[str], rest: list[str]) -> None:
    verb = inner[0] if inner else ""
    if verb in ("exec", "run"):
        words = after_options(
            inner,
            (
                "-e",
                "--env",
                "-u",
                "--user",
                "-w",
                "--workdir",
                "--index",
                "-p",
                "--publish",
                "-v",
                "--volume",
                "--entrypoint",
                "--name",
            ),
        )
        if words[1:]:
            inside_container(call, words[1:])
        _host_options(call, inner[: len(inner) - len(words)])
        call.medium("runs something in a container")
    elif verb in ("down", "rm") and (
        has(split(inner)[0], "v", "--volumes") or ("--rmi" in " ".join(inner) and "-v" in inner)
    ):
        call.high("deletes containers with their data")
    else:
        argv = call.argv
        call.argv = ["docker", "compose", *inner]
        simple(call, "docker")
        call.argv = argv
    del rest


def compose(call: Call) -> None:
    """`docker-compose`."""
    inner = after_options(
        call.argv,
        ("-f", "--file", "-p", "--project-name", "--profile", "--env-file", "--project-directory"),
    )
    _compose(call, inner, call.argv)


def inside_container(call: Call, words: list[str]) -> None:
    """A command inside a container: it can destroy what is in there, not the project."""
    state = call.evaluator.state
    cwd = state.cwd
    state.cwd = "/app"
    before = call.evaluator.worst
    del before
    call.run(words)
    state.cwd = cwd


def _container(call: Call, verb: str, rest: list[str]) -> None:
    options = rest[1:]
    inner: list[str] = []
    at = 1
    while at < len(rest):
        word = rest[at]
        if word == "--":
            inner = rest[at + 1 :]
            break
        if not word.startswith("-"):
            inner = rest[at:]
            break
        at += 2 if word in _DOCKER_VALUED else 1
    options = rest[1 : len(rest) - len(inner)] if inner else rest[1:]
    options = ["", *options]
    _host_options(call, options)
    for path in value(options, "--env-file"):
        if call.place(path).zone is not Zone.PROJECT:
            call.reads(path)
    words = inner[1:]
    entry = value(options, "--entrypoint")
    if entry:
        words = [*entry[-1].split(), *words]
    if words:
        inside_container(call, words)
    call.medium(f"docker {verb}")


def _host_options(call: Call, options: list[str]) -> None:
    """Options that give a container more of the host than the project."""
    text = " ".join(options)
    if re.search(
        r"--privileged(?!=false)|--cap-add[= ](?:ALL|SYS_\w+|NET_ADMIN|DAC_\w+)|--(?:pid|ipc|uts|userns|cgroupns|net|network)[= ]host|--security-opt[= ]\S*(?:unconfined|disable)|--device(?:=|\s)|docker\.sock|--group-add[= ](?:docker|root|0)",
        text,
    ):
        if not re.fullmatch(r".*--(?:net|network)[= ]host.*", text) or re.search(
            r"--privileged|--(?:pid|ipc|uts|userns|cgroupns)[= ]host|docker\.sock|--cap-add|--device",
            text,
        ):
            call.high("gives a container the host", "starts a container with access to the host")
        else:
            call.medium("shares the host's network")
    for mount in value(options, "-v", "--volume") + value(options, "--mount"):
        match = re.search(r"(?:src|source)=([^,]+)", mount)
        source = match[1] if match else mount.partition(":")[0]
        if source.startswith(("/", "~", ".")) or UNKNOWN in source:
            place = call.place(source)
            if (
                place.zone in (Zone.SYSTEM, Zone.DEVICE)
                or place.path in ("/", call.evaluator.ground.home, "/home")
                or place.own
                or place.secret
                or place.path.endswith("docker.sock")
            ):
                call.high("gives a container the host's files", f"mounts {shown(source)}")


def _docker_copy(call: Call, rest: list[str]) -> None:
    operands = split(rest)[1]
    if len(operands) == 2:
        if ":" in operands[0]:
            if call.place(operands[1]).zone is not Zone.ROOT and operands[1] != "-":
                call.writes(operands[1])
        else:
            call.reads(operands[0])
    call.medium("copies files of a container")
