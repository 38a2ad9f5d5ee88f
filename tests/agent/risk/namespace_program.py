"""A throw-away machine for shell text that destroys: started by `throwaway.py`, never by hand.

It leaves its user, mount, process and network namespaces for new ones, makes an empty tmpfs its
root (the system's programs are there, read-only), lets the old root go, gives up every capability,
and proves to itself that nothing of the real machine can be reached. Only then it reads texts from
standard input, runs each with bash, and answers which canaries it destroyed. One JSON value a line.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import resource
import shutil
import signal
import socket
import stat
import sys
import time
from pathlib import Path

NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = (
    0x20000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000,
)  # fmt: skip
MS_BIND, MS_REC, MS_PRIVATE, MS_NOSUID, MS_NODEV, MNT_DETACH = 0x1000, 0x4000, 1 << 18, 2, 4, 2
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 4, 24, 38
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
MOUNT_SETATTR, AT_RECURSIVE, MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID = 442, 0x8000, 1, 2
NOBODY, INSIDE = 65534, 1000
SECONDS = 10.0
libc = ctypes.CDLL(None, use_errno=True)


class Refused(Exception):
    """The machine cannot be had."""


class Open(Exception):
    """It is there, and something of the real machine can be reached."""


def check(result: int, what: str) -> None:
    if result != 0:
        raise Refused(f"{what}: {os.strerror(ctypes.get_errno())}")


def mount(source: str, target: Path, kind: str, flags: int, data: str = "") -> None:
    target.mkdir(parents=True, exist_ok=True)
    answer = libc.mount(
        source.encode(), str(target).encode(), kind.encode(), ctypes.c_ulong(flags), data.encode()
    )
    check(answer, f"mount {target}")


def bind(source: Path, target: Path) -> None:
    """`source` at `target`, read-only with everything mounted below it."""
    if source.is_dir():
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    flags = ctypes.c_ulong(MS_BIND | MS_REC)
    check(libc.mount(bytes(source), bytes(target), None, flags, None), f"bind {source}")
    attributes = (ctypes.c_uint64 * 4)(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, 0, 0, 0)
    answer = libc.syscall(
        MOUNT_SETATTR, -100, bytes(target), AT_RECURSIVE, ctypes.byref(attributes), 32
    )
    check(answer, f"make {target} read-only")


def leave() -> None:
    """New namespaces; inside, the process is user 1000 and owns nothing of the real machine."""
    if os.geteuid() == 0:
        # The real root mapped into a namespace would still own /proc/sys and the like.
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
    user, group = os.geteuid(), os.getegid()
    check(libc.unshare(NEWUSER | NEWNS | NEWPID | NEWNET | NEWIPC | NEWUTS), "unshare")
    try:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{INSIDE} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{INSIDE} {group} 1")
    except OSError as error:
        raise Refused(f"map users: {error.strerror}") from error


def settle() -> None:
    """An empty root with the system's programs in it; the old root is gone afterwards."""
    machine = os.uname().machine
    if machine not in PIVOT_ROOT:
        raise Refused(f"no number for pivot_root on {machine}")
    check(libc.mount(b"none", b"/", None, ctypes.c_ulong(MS_REC | MS_PRIVATE), None), "private /")
    # Every machine has a /tmp; only this process sees the tmpfs over it.
    root = Path("/tmp")
    mount("tmpfs", root, "tmpfs", MS_NOSUID | MS_NODEV, "size=128m,mode=755")
    os.chdir(root)
    bind(Path("/usr"), root / "usr")
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        source = Path("/") / name
        if source.is_symlink():
            (root / name).symlink_to(source.readlink())
        elif source.is_dir():
            bind(source, root / name)
    for name in ("alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d"):
        if (source := Path("/etc") / name).exists():
            bind(source, root / "etc" / name)
    for name in ("null", "zero", "full", "random", "urandom"):
        bind(Path("/dev") / name, root / "dev" / name)
    for name, target in {
        "fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1",
        "stderr": "/proc/self/fd/2",
    }.items():  # fmt: skip
        (root / "dev" / name).symlink_to(target)
    mount("devpts", root / "dev/pts", "devpts", MS_NOSUID, "newinstance,ptmxmode=0666")
    (root / "dev/ptmx").symlink_to("pts/ptmx")
    mount("proc", root / "proc", "proc", MS_NOSUID | MS_NODEV)
    (root / "tmp").mkdir(mode=0o1777)
    old = root / "old"
    old.mkdir()
    check(libc.syscall(PIVOT_ROOT[machine], bytes(root), bytes(old)), "pivot_root")
    os.chdir("/")
    check(libc.umount2(b"/old", MNT_DETACH), "let the old root go")
    Path("/old").rmdir()


def give_up() -> None:
    """No capability is left, and none can come back."""
    Path("/proc/sys/user/max_user_namespaces").write_text("0")
    for number in range(64):
        libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    check(libc.capset(ctypes.byref(header), ctypes.byref((ctypes.c_uint32 * 6)())), "capset")
    check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges")


def prove(outside: Path) -> None:
    """Nothing of the real machine is here; `outside` is a directory that exists there."""
    if os.getpid() != 1:
        raise Open("it sees processes of others")
    if [name for _, name in socket.if_nameindex()] not in ([], ["lo"]):
        raise Open("it has a network")
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        left, _, right = line.partition(" - ")
        fields, kind = left.split(), right.split()[0]
        if kind not in ("proc", "devpts") and "ro" not in fields[5].split(",") and fields[4] != "/":
            raise Open(f"{fields[4]} can be written")
        if fields[4] == "/" and kind != "tmpfs":
            raise Open("its root is a real file system")
    if outside.exists() or outside.parent.exists():
        raise Open(f"{outside} can be seen")
    status = Path("/proc/self/status").read_text()
    if any(int(line.split()[1], 16) for line in status.splitlines() if line[:6] == "CapEff"):
        raise Open("it has kept capabilities")
    for place in ("/usr/canary", "/usr/bin/canary"):
        try:
            Path(place).write_text("")
        except OSError as error:
            if error.errno not in (errno.EROFS, errno.EACCES):
                raise Open(f"{place}: {error.strerror}") from error
        else:
            raise Open("the system can be written")


class Tree:
    """The files that a text may destroy, put back after each one."""

    def __init__(self, given: dict) -> None:
        self.home = Path(given["home"])
        self.project = Path(given["project"])
        self.files: dict[str, tuple[int, str]] = {k: tuple(v) for k, v in given["files"].items()}
        self.canaries: list[str] = given["canaries"]
        self.times: dict[str, tuple] = {}
        (Path("/etc") / "passwd").write_text(f"dev:x:{INSIDE}:{INSIDE}::{self.home}:/bin/bash\n")
        (Path("/etc") / "group").write_text(f"dev:x:{INSIDE}:\n")
        self.restore()

    def state(self) -> dict[str, tuple]:
        """Everything below home, by what a change cannot leave as it is."""
        found = {}
        for folder, _, names in os.walk(self.home):
            for name in [*names, "."]:
                path = os.path.join(folder, name)  # noqa: PTH118 - walked many thousand times
                status = os.lstat(path)
                found[path] = (
                    status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns,
                )  # fmt: skip
        return found

    def destroyed(self) -> list[str]:
        """Canaries that are gone, or do not hold any more what they held."""
        lost = []
        for name in self.canaries:
            try:
                text = (self.home / name).read_bytes().decode("latin-1")
            except OSError:
                lost.append(name)
                continue
            if self.files[name][1] not in text:
                lost.append(name)
        return lost

    def restore(self) -> None:
        """As if nothing had happened."""
        if self.times and self.home.is_dir() and self.state() == self.times and not self.strays():
            return
        for place in [Path("/tmp"), self.home]:
            if not place.is_dir():
                place.unlink(missing_ok=True)
            self._empty(place)
        for name, (mode, text) in self.files.items():
            path = self.home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode("latin-1"))
            path.chmod(mode)
        self.project.mkdir(parents=True, exist_ok=True)
        self.times = self.state()

    def strays(self) -> list[str]:
        """What a text left in /tmp, beside the home that is there."""
        return [str(p) for p in Path("/tmp").iterdir() if p not in self.home.parents]

    def _empty(self, place: Path) -> None:
        if not place.exists():
            return
        for folder, folders, _ in os.walk(place):
            for name in folders:
                inner = Path(folder) / name
                if not inner.is_symlink():
                    inner.chmod(0o700)
        for entry in place.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()


def run(job: dict, tree: Tree) -> dict:
    """Run one text with bash, wait for all it started, and look."""
    for name, text in job.get("files", {}).items():
        path = tree.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
    said = os.memfd_create("said")
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            os.chdir(tree.project)
            os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
            os.dup2(said, 1)
            os.dup2(said, 2)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 25, 1 << 25))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            environment = {
                "HOME": str(tree.home), "PATH": "/usr/local/bin:/usr/bin:/bin", "USER": "dev",
                "LANG": "C.UTF-8", "TERM": "dumb", "GIT_OPTIONAL_LOCKS": "0",
            }  # fmt: skip
            os.execve("/bin/bash", ["bash", "-O", "expand_aliases", "-c", job["text"]], environment)
        finally:
            os._exit(127)
    status, late = wait(pid)
    size = os.fstat(said).st_size
    output = os.pread(said, 600, max(0, size - 600)).decode("utf-8", "replace")
    os.close(said)
    lost = tree.destroyed()
    tree.restore()
    return {"id": job["id"], "lost": lost, "status": status, "late": late, "output": output}


def wait(pid: int) -> tuple[int, bool]:
    """Reap everything; what runs on after its time is killed. Orphans are children of pid 1."""
    deadline = time.monotonic() + SECONDS
    status = -1
    late = False
    while True:
        try:
            ended, code = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return status, late
        if ended == pid:
            status = os.waitstatus_to_exitcode(code)
            deadline = min(deadline, time.monotonic() + 3)
        elif ended == 0:
            if time.monotonic() > deadline:
                late = True
                os.kill(-1, signal.SIGKILL)
            time.sleep(0.0005)


def say(value: dict) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def inside(given: dict, outside: Path) -> None:
    """Life as process 1."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    try:
        settle()
        give_up()
        prove(outside)
        tree = Tree(given)
    except (Refused, OSError) as error:
        say({"refused": str(error), "open": False})
        return
    except Open as error:
        say({"refused": str(error), "open": True})
        return
    say({"refused": ""})
    for line in sys.stdin:
        say(run(json.loads(line), tree))


def main() -> None:
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    given = json.loads(sys.stdin.readline())
    outside = Path(given["outside"])
    if not stat.S_ISDIR(outside.stat().st_mode):
        raise SystemExit("nothing to prove it with")
    try:
        leave()
    except (Refused, OSError) as error:
        say({"refused": str(error), "open": False})
        return
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            inside(given, outside)
            code = 0
        finally:
            sys.stdout.flush()
            os._exit(code)
    os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
