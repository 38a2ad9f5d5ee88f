"""Reads what a git repository holds under a name, without running git.

Formats: gitrepository-layout(5), gitformat-pack(5), gitformat-index(5) of git's documentation. Only
SHA-1 repositories with files of references are read; what else there is cannot be told.
"""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from pathlib import Path
from typing import BinaryIO

MAX_OBJECT = 4_000_000
"""Bytes of one object that are read."""
MAX_CHAIN = 64
"""Deltas of one object that are followed, and parents of one commit."""
MAX_PACKS = 256
"""Packs of one repository that are looked into."""

_COMMIT, _TREE, _BLOB, _TAG, _OFFSET_DELTA, _NAMED_DELTA = 1, 2, 3, 4, 6, 7
_ELSEWHERE = ("120000", "160000")
"""Modes of links and of other repositories."""
_KINDS = {b"commit": _COMMIT, b"tree": _TREE, b"blob": _BLOB, b"tag": _TAG}
_NAME = re.compile(r"[0-9a-f]{40}")
_REVISION = re.compile(r"([\w./-]+?)((?:~\d*|\^\d*)*)")
_STEP = re.compile(r"([~^])(\d*)")
_UNREAD = re.compile(r"(?mi)^\s*(?:objectformat|refstorage|partialclone)\s*=")


class Unreadable(Exception):
    """It is not there, or in a form that is not read here."""


class GitObjects:
    """The objects and references of one repository.

    Args:
        top: the working tree's top directory.

    Raises:
        Unreadable: here and from every method.
    """

    def __init__(self, top: str) -> None:
        self.own = _directory(Path(top) / ".git")
        common = self.own / "commondir"
        self.common = (self.own / _text(common).strip()).resolve() if common.is_file() else self.own
        if _UNREAD.search(_text(self.common / "config")):
            raise Unreadable("the repository is kept in another form")
        if (self.common / "objects" / "info" / "alternates").exists():
            raise Unreadable("some of its objects are elsewhere")

    def commit(self, revision: str) -> str:
        """The name of the commit that a revision stands for, a branch before all others."""
        match = _REVISION.fullmatch(revision)
        if match is None or ".." in revision or revision.startswith("-"):
            raise Unreadable(revision)
        name = self._commit_of(self._reference(match[1]))
        for sign, count in _STEP.findall(match[2]):
            steps = int(count or 1)
            if steps > MAX_CHAIN:
                raise Unreadable(revision)
            if sign == "^":
                name = self._parents(name)[steps - 1] if steps else name
            else:
                for _ in range(steps):
                    name = self._parents(name)[0]
        return name

    def entry(self, commit: str, path: str) -> tuple[str, str] | None:
        """Mode and name of what a commit has at a path below the top; None for nothing."""
        found = ("40000", self._header(commit, "tree"))
        for part in path.split("/"):
            if found[0] in _ELSEWHERE:
                raise Unreadable(path)
            if found[0] != "40000":
                return None
            inner = self._tree(found[1]).get(part)
            if inner is None:
                return None
            found = inner
        return found

    def content(self, name: str) -> bytes:
        """The bytes of a file."""
        kind, data = self._object(name)
        if kind != _BLOB:
            raise Unreadable(name)
        return data

    def _reference(self, name: str) -> str:
        if _NAME.fullmatch(name):
            return name
        forms = ("refs/heads/{}", "{}", "refs/{}", "refs/tags/{}", "refs/remotes/{}")
        found = [self._named(form.format(name)) for form in forms]
        # `git switch name` makes a branch of the only remote's branch of that name.
        found.append(self._named(f"refs/remotes/origin/{name}"))
        for each in found:
            if each is not None:
                return each
        raise Unreadable(name)

    def _named(self, reference: str, depth: int = 0) -> str | None:
        if reference != "HEAD" and not reference.startswith("refs/"):
            return None
        place = self.own if reference == "HEAD" else self.common
        file = place / reference
        if file.is_file():
            text = _text(file).strip()
            if text.startswith("ref: ") and depth < 5:
                return self._named(text[5:], depth + 1)
            return text if _NAME.fullmatch(text) else None
        packed = self.common / "packed-refs"
        if packed.is_file():
            match = re.search(rf"(?m)^([0-9a-f]{{40}}) {re.escape(reference)}$", _text(packed))
            return match[1] if match else None
        return None

    def _commit_of(self, name: str) -> str:
        for _ in range(5):
            kind, data = self._object(name)
            if kind == _COMMIT:
                return name
            if kind != _TAG:
                break
            name = data[7:47].decode("ascii", "replace")
        raise Unreadable(name)

    def _header(self, commit: str, field: str) -> str:
        kind, data = self._object(commit)
        head = data.partition(b"\n\n")[0].decode("utf-8", "replace")
        match = re.search(rf"(?m)^{field} ([0-9a-f]{{40}})$", head)
        if kind != _COMMIT or match is None:
            raise Unreadable(commit)
        return match[1]

    def _parents(self, commit: str) -> list[str]:
        head = self._object(commit)[1].partition(b"\n\n")[0].decode("utf-8", "replace")
        return re.findall(r"(?m)^parent ([0-9a-f]{40})$", head) or _none(commit)

    def _tree(self, name: str) -> dict[str, tuple[str, str]]:
        kind, data = self._object(name)
        if kind != _TREE:
            raise Unreadable(name)
        found = {}
        at = 0
        while at < len(data):
            end = data.index(b"\0", at)
            mode, _, file = data[at:end].partition(b" ")
            found[file.decode("utf-8", "surrogateescape")] = (
                mode.decode("ascii", "replace"),
                data[end + 1 : end + 21].hex(),
            )
            at = end + 21
        return found

    def _object(self, name: str) -> tuple[int, bytes]:
        try:
            loose = self.common / "objects" / name[:2] / name[2:]
            if loose.is_file():
                return _loose(loose)
            packs = sorted((self.common / "objects" / "pack").glob("*.idx"))
            for index in packs[:MAX_PACKS]:
                offset = _offset(index, name)
                if offset is not None:
                    with index.with_suffix(".pack").open("rb") as pack:
                        return self._packed(pack, offset, 0)
        except (OSError, ValueError, IndexError, zlib.error, struct.error) as error:
            raise Unreadable(str(error)) from None
        raise Unreadable(name)

    def _packed(self, pack: BinaryIO, offset: int, depth: int) -> tuple[int, bytes]:
        if depth > MAX_CHAIN:
            raise Unreadable("too many deltas")
        pack.seek(offset)
        head = pack.read(64)
        at, kind, size, shift = 1, head[0] >> 4 & 7, head[0] & 15, 4
        while head[at - 1] & 128:
            size |= (head[at] & 127) << shift
            shift, at = shift + 7, at + 1
        if size > MAX_OBJECT:
            raise Unreadable("too long")
        if kind == _OFFSET_DELTA:
            back = head[at] & 127
            while head[at] & 128:
                at += 1
                back = ((back + 1) << 7) | (head[at] & 127)
            at += 1
        elif kind == _NAMED_DELTA:
            base = head[at : at + 20].hex()
            at += 20
        data = _inflated(pack, offset + at, size)
        if kind == _OFFSET_DELTA:
            kind, whole = self._packed(pack, offset - back, depth + 1)
            return kind, _patched(whole, data)
        if kind == _NAMED_DELTA:
            kind, whole = self._object(base)
            return kind, _patched(whole, data)
        return kind, data


def blob_name(content: bytes) -> str:
    """The name that git gives to a file's bytes."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _none(name: str) -> list[str]:
    raise Unreadable(f"{name} has no parent")


def _directory(path: Path) -> Path:
    if path.is_dir():
        return path
    text = _text(path)
    if not text.startswith("gitdir:"):
        raise Unreadable(str(path))
    return (path.parent / text[7:].strip()).resolve()


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_OBJECT + 1)
    except OSError as error:
        raise Unreadable(str(error)) from None
    if len(data) > MAX_OBJECT:
        raise Unreadable("too long")
    return data.decode("utf-8", "surrogateescape")


def _loose(path: Path) -> tuple[int, bytes]:
    with path.open("rb") as file:
        reader = zlib.decompressobj()
        data = reader.decompress(file.read(MAX_OBJECT), MAX_OBJECT + 64)
    head, _, content = data.partition(b"\0")
    kind, _, size = head.partition(b" ")
    if int(size) != len(content):
        raise Unreadable("too long, or cut off")
    return _KINDS.get(kind, 0), content


def _offset(index: Path, name: str) -> int | None:
    """Where a pack has an object, by its index (version 2)."""
    wanted = bytes.fromhex(name)
    with index.open("rb") as file:
        if file.read(8) != b"\xfftOc\0\0\0\2":
            raise Unreadable("an index of another version")
        fan = struct.unpack(">256I", file.read(1024))
        count = fan[255]
        low, high = (fan[wanted[0] - 1] if wanted[0] else 0), fan[wanted[0]]
        while low < high:
            middle = (low + high) // 2
            file.seek(1032 + middle * 20)
            found = file.read(20)
            if found == wanted:
                file.seek(1032 + count * 24 + middle * 4)
                (offset,) = struct.unpack(">I", file.read(4))
                if offset & 0x80000000:
                    file.seek(1032 + count * 28 + (offset & 0x7FFFFFFF) * 8)
                    (offset,) = struct.unpack(">Q", file.read(8))
                return int(offset)
            low, high = (middle + 1, high) if found < wanted else (low, middle)
    return None


def _inflated(pack: BinaryIO, offset: int, size: int) -> bytes:
    pack.seek(offset)
    reader = zlib.decompressobj()
    data = b""
    while len(data) < size and not reader.eof:
        piece = pack.read(65_536)
        if not piece:
            break
        data += reader.decompress(piece, size + 1 - len(data))
    if len(data) != size:
        raise Unreadable("cut off")
    return data


def _patched(base: bytes, delta: bytes) -> bytes:
    """What a delta makes of its base (gitformat-pack(5), "Deltified representation")."""
    at = 0

    def number() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = delta[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if not byte & 128:
                return value

    if number() != len(base):
        raise Unreadable("a delta of something else")
    size = number()
    if size > MAX_OBJECT:
        raise Unreadable("too long")
    pieces: list[bytes] = []
    while at < len(delta):
        command = delta[at]
        at += 1
        if not command & 128:
            pieces.append(delta[at : at + command])
            at += command
            continue
        numbers = [0, 0]
        for bit in range(7):
            if command >> bit & 1:
                numbers[bit // 4] |= delta[at] << 8 * (bit % 4)
                at += 1
        start, length = numbers[0], numbers[1] or 0x10000
        pieces.append(base[start : start + length])
    found = b"".join(pieces)
    if len(found) != size:
        raise Unreadable("cut off")
    return found
