# ruff: noqa: E501 - tables and patterns read better unbroken
"""Rules for docker, podman and compose: what a container is given of the host."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from agent.risk.arguments import after_options, has, split, value, wordlist
from agent.risk.commands.script_files import STANDARD_INPUT, read_script
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


_GLOBAL_VALUED = tuple(
    wordlist(
        """
    -H --host -c --context --config -l --log-level --tlscacert --tlscert --tlskey
    --url --connection --identity --root --runroot --runtime --runtime-flag --storage-driver --storage-opt
    --tmpdir --cgroup-manager --conmon --events-backend --hooks-dir --module --network-cmd-path
    --network-config-dir --ssh --volumepath --imagestore --pull-option --ssh-config
    -n --namespace -a --address --data-root --cni-path --cni-netconfpath --host-gateway-ip --snapshotter
    --hosts-dir
    """
    )
)
"""Options of `docker`, `podman` and `nerdctl` before the verb that take a value."""


def docker(call: Call) -> None:
    """`docker`, `podman`: `run` and `exec` carry a command; some options give the host away."""
    argv = call.argv
    rest = after_options(argv, _GLOBAL_VALUED)
    for text in value(argv[: max(1, len(argv) - len(rest))], "-H", "--host", "--url"):
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
            if any("://" in text for text in value(rest, "-f", "--file")):
                call.high("starts containers that another machine describes")
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
    elif rest[:2] in (["play", "kube"], ["kube", "play"]):
        described(call, split(rest, ("--configmap", "--network", "--log-driver"))[1][1:])
        call.medium("starts containers that a file describes")
    elif verb == "import" or verb == "load":
        call.medium("loads an image")
    else:
        call.argv = ["docker", *rest]
        simple(call, "docker")
        call.argv = argv


_COMPOSE_FILES = tuple(
    f"{name}{override}.{ending}"
    for name in ("compose", "docker-compose")
    for override in ("", ".override")
    for ending in ("yaml", "yml")
)
_GIVES_HOST = re.compile(
    r"(?m)(?:^|[{,])\s*-?\s*[\"']?(?:privileged[\"']?\s*:\s*[\"']?(?:true|yes|on)\b"
    r"|(?:pid|ipc|uts|userns_mode|cgroup)[\"']?\s*:\s*[\"']?host\b"
    r"|hostPID[\"']?\s*:\s*true|hostIPC[\"']?\s*:\s*true)"
    r"|docker\.sock\b|\b(?:SYS_(?:ADMIN|PTRACE|MODULE|RAWIO)|DAC_READ_SEARCH)\b|cap_add\s*:\s*\[?[^\]]*\bALL\b|(?:unconfined|label[:=]disable)\b"
    r"|(?:^|[\s\[\"'-])(?:/dev/(?!null|shm|u?random|zero)\w|/:|/(?:etc|root|home|var|usr|boot|proc|sys|run)\b[^\s:\"',]*:|(?:~|\$\{?HOME\}?)/?(?:\.[\w./-]*)?:)"
    r"|(?:source|path|device)\s*:\s*[\"']?(?:/(?:etc|root|home|var|usr|boot|proc|sys|run)?|~|\$\{?HOME\}?)(?:/\.?[\w./-]*)?[\"']?\s*(?:$|[,}\n])"
)
"""What a compose or pod file gives a container of the host."""


def described(call: Call, texts: list[str]) -> None:
    """Containers that a file describes, at the bytes that are there; `-` is standard input."""
    evaluator = call.evaluator
    for path in texts:
        if path in STANDARD_INPUT:
            feed = call.feed()
            if feed.kind == "text":
                _described(call, feed.text)
            elif feed.kind == "file":
                described(call, list(feed.paths))
            elif feed.kind != "none":
                call.high("starts containers that another command or machine describes")
            continue
        if path.startswith("/dev/fd/sub:"):
            feed = evaluator.substituted_file(path)
            if feed.kind == "text":
                _described(call, feed.text)
            else:
                call.high("starts containers that another command or machine describes")
            continue
        place = call.place(path)
        if place.path in evaluator.files:
            text = evaluator.files[place.path]
            if text is None:
                call.high(
                    "starts containers that a file describes which was just written or fetched"
                )
            else:
                _described(call, text)
        elif UNKNOWN not in place.path:
            found = read_script(place.path, evaluator.digests)
            inside = place.zone in (Zone.PROJECT, Zone.REGENERABLE)
            written = Path(place.path) in evaluator.context.written
            if isinstance(found, str) and (written or not inside):
                _described(call, found)


def _described(call: Call, text: str) -> None:
    if _GIVES_HOST.search(re.sub(r"(?m)#.*$", "", text)):
        call.high("gives a container the host", "starts a container with access to the host")


def _compose(call: Call, inner: list[str], rest: list[str]) -> None:
    verb = inner[0] if inner else ""
    if verb in ("up", "create", "run", "start", "restart", "watch"):
        before = rest[: len(rest) - len(inner)] if inner else rest
        named = value(before, "-f", "--file")
        known = [f for f in _COMPOSE_FILES if call.place(f).path in call.evaluator.files]
        written = [
            f for f in _COMPOSE_FILES if Path(call.place(f).path) in call.evaluator.context.written
        ]
        described(call, named or [*known, *written])
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
    evaluator = call.evaluator
    state, cwd, context = evaluator.state, evaluator.state.cwd, evaluator.context
    state.cwd = "/app"
    # What tests and tasks find there is judged where they run outside of it.
    evaluator.context = replace(context, written=frozenset())
    try:
        call.run(words)
    finally:
        state.cwd, evaluator.context = cwd, context


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
        _host_mount(call, match[1] if match else mount)


_GIVEN = ("-v", "--volume", "-B", "--bind", "-b", "--mount", "-m")


def image(call: Call) -> None:
    """`singularity`, `apptainer`, `enroot`, `udocker`: a container with some of the host in it."""
    argv = call.argv
    valued = (
        *_GIVEN,
        *wordlist("-H --home -W --workdir --pwd -s --shell --env --env-file --app --overlay -o"),
    )
    rest = after_options(argv, valued)
    if rest[:1] == ["instance"]:
        rest = rest[1:]
    if argv[0].endswith("ch-run"):
        rest = ["exec", *rest]
    verb = rest[0] if rest else ""
    if verb in ("push", "delete", "sign", "key", "remote", "registry", "keyserver", "oci"):
        call.high("publishes or deletes a shared image", f"{argv[0]} {verb}")
    words = after_options(rest, valued)
    options = argv[: len(argv) - len(words)]
    for text in value(options, *_GIVEN):
        for mount in text.split(","):
            _host_mount(call, mount.removeprefix("src=").removeprefix("source="))
    for text in value(options, "-H", "--home"):
        _host_mount(call, text)
    if any(
        o.startswith(("--add-caps", "--allow-setuid", "--keep-privs", "--privileged"))
        for o in options
    ):
        call.high("gives a container the host", "starts a container with access to the host")
    inner = words[2:] if words[1:2] == ["--"] else words[1:]
    if verb in ("exec", "run", "shell", "start") and inner:
        inside_container(call, inner)
    if verb in ("build", "inspect", "cache", "pull", "list", "images", "ps", "verify", ""):
        call.medium("works on an image")
    call.medium(f"{argv[0]} {verb}".strip())


def _host_mount(call: Call, mount: str) -> None:
    source = mount.partition(":")[0]
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
            if operands[1] != "-":
                call.brings(operands[0], operands[1])
                if call.place(operands[1]).zone is not Zone.ROOT:
                    call.writes(operands[1])
        else:
            call.reads(operands[0])
    call.medium("copies files of a container")
