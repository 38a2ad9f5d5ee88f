"""Pictures for the prompt: from the desktop's clipboard, and files whose paths were pasted."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".webp")
"""As `agent.context.mentioned_pictures.SUFFIXES`, which comes after the first frame."""

SECONDS = 5.0
"""How long a clipboard may take to answer."""

MOST_BYTES = 32 * 1024 * 1024
"""How large a picture from a clipboard may be."""

LONGEST = 4096
"""Characters of a pasted text that may be paths of pictures."""

_PNG = b"\x89PNG\r\n\x1a\n"

_TOOLS = (
    ("WAYLAND_DISPLAY", ("wl-paste", "--no-newline", "--type", "image/png")),
    ("DISPLAY", ("xclip", "-selection", "clipboard", "-target", "image/png", "-out")),
    ("", ("pngpaste", "-")),
)
"""Programs that write the picture in the clipboard, each with the variable it needs: of Wayland, of
X11, of macOS."""


class NoPicture(Exception):
    """There is no picture to be had; the text is one line for the person."""


def tool(environment: Mapping[str, str]) -> tuple[str, ...] | None:
    """The command that writes the clipboard's picture; None where there is none."""
    for variable, words in _TOOLS:
        if (not variable or environment.get(variable)) and shutil.which(words[0]):
            return words
    return None


async def from_clipboard(directory: Path) -> Path:
    """Keep the picture that is in the clipboard as a file that only its owner can read.

    Args:
        directory: where; it is made if need be.

    Raises:
        NoPicture: none is there, or none can be had; says what to do instead.
        OSError: it cannot be kept.
    """
    words = tool(os.environ)
    if words is None:
        raise NoPicture(
            "The clipboard's picture is out of reach here (it takes wl-paste, xclip or pngpaste): "
            "save it and paste its path, or write @ and its name"
        )
    content = await _output(words)
    if not content.startswith(_PNG):
        raise NoPicture("There is no picture in the clipboard")
    path = directory / f"pasted-{hashlib.sha256(content).hexdigest()[:12]}.png"

    def keep() -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(content)

    await asyncio.to_thread(keep)
    return path


async def _output(words: tuple[str, ...]) -> bytes:
    process = await asyncio.create_subprocess_exec(
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    content = bytearray()
    try:
        async with asyncio.timeout(SECONDS):
            while piece := await process.stdout.read(1 << 16):
                content += piece
                if len(content) > MOST_BYTES:
                    most = MOST_BYTES // 1024**2
                    raise NoPicture(f"The picture in the clipboard has more than {most} MB")
            await process.wait()
    except TimeoutError:
        raise NoPicture(f"The clipboard does not answer ({words[0]}): try again") from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return bytes(content)


def pasted_paths(text: str) -> list[str]:
    """The pictures whose paths a text is, as terminals paste files that are dropped on them.

    Quoted or escaped as for a shell, or as addresses of files; empty where it is anything else.
    """
    if len(text) > LONGEST or not text.strip().lower().rstrip("'\"").endswith(SUFFIXES):
        return []
    if Path(text.strip()).is_absolute() and Path(text.strip()).is_file():
        return [text.strip()]
    try:
        words = shlex.split(text)
    except ValueError:
        return []
    paths = [unquote(urlsplit(word).path) if word.startswith("file://") else word for word in words]
    for path in paths:
        whole = path.lower().endswith(SUFFIXES) and Path(path).is_absolute()
        if not whole or not Path(path).is_file():
            return []
    return paths
