"""Records what agents show in every state they have, into tests/agent/hosted/frames/.

Usage: python scripts/record_frames.py AGENT... [--size 80x24]... [--act NAME]... [--into FOLDER]
                                       [--programs FOLDER]

The agents are installed from npm and PyPI and asked to work by a scripted model on this machine.
Their home is /home/ada, which must be an empty folder, so that no picture tells whose machine it
was taken on. A frame is kept only while what it is said to show is known to be true from the keys
that were pressed and from what the model was asked. To record a new version, change it in
tests/real_agents/programs.py.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT)]

from tests.real_agents import frame_files, programs  # noqa: E402
from tests.real_agents.endpoint import endpoint  # noqa: E402
from tests.real_agents.plays import PLAYS  # noqa: E402
from tests.real_agents.scripted import Scenes  # noqa: E402
from tests.real_agents.stage import Stage  # noqa: E402

HOME = Path("/home/ada")
SIZES = ("60x24", "80x24", "100x16", "100x30", "120x40", "200x50")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("agents", nargs="+", choices=sorted(PLAYS))
    parser.add_argument("--size", action="append", default=[])
    parser.add_argument("--act", action="append", default=[])
    parser.add_argument("--into", type=Path, default=frame_files.FOLDER)
    parser.add_argument("--programs", type=Path)
    given = parser.parse_args()
    HOME.mkdir(exist_ok=True)
    if any(HOME.iterdir()):
        print(f"{HOME} is not empty: its files would be lost. Move them away.")
        return 1
    trouble = 0
    with tempfile.TemporaryDirectory() as scratch:
        for name in given.agents:
            folder = (given.programs or Path(scratch) / "programs") / name
            program = programs.install(name, folder)
            sizes = list(given.size or SIZES)
            path = given.into / f"{name}-{programs.VERSIONS[name]}.txt"
            trouble += asyncio.run(
                record(name, program, Path(scratch), path, sizes, set(given.act))
            )
    return int(trouble > 0)


async def record(
    name: str, program: Path, scratch: Path, path: Path, sizes: list[str], acts: set[str]
) -> int:
    """Record all frames of an agent; gives how many acts did not come to their end."""
    frames: list[frame_files.Recorded] = []
    trouble = 0
    for size in sizes:
        columns, rows = map(int, size.split("x"))
        for act in PLAYS[name]:
            if acts and act.__name__ not in acts:
                continue
            scenes = Scenes()
            async with endpoint(name, scenes) as base_url:
                stage = Stage(name, program, HOME, scratch, scenes, base_url, (columns, rows))
                try:
                    await act(stage)
                except (TimeoutError, AssertionError) as problem:
                    trouble += 1
                    print(f"{name} {size} {act.__name__}: {problem}")
                finally:
                    stage.close()
            print(f"{name} {size} {act.__name__}: {len(stage.frames)} frames", flush=True)
            frames += taken(stage.frames)
            frame_files.write(path, frames)
    return trouble


def taken(frames: list[frame_files.Recorded]) -> list[frame_files.Recorded]:
    """Leave out a start that was over when its picture was taken."""
    if len(frames) > 1 and frames[0].state == "starting" and frames[0].lines == frames[1].lines:
        return frames[1:]
    return frames


if __name__ == "__main__":
    sys.exit(main())
