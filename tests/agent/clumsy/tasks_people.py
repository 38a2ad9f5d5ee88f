"""Tasks about people who are absent, and about work that is longer than a context."""

from __future__ import annotations

import re

from tests.agent.clumsy.model import (
    Step,
    View,
    ask,
    asks_first,
    damaged,
    plan,
    read,
    run,
    write,
)
from tests.agent.clumsy.task import (
    files,
    holds,
    same,
    task,
)

task(
    "a question to nobody",
    "Write a greeting to greeting.txt.",
    plan(write("greeting.txt", "Hello.\n")),
    holds("greeting.txt", "Hello.\n"),
    habits=[asks_first("Formal or informal?", "formal", "informal")],
)

task(
    "a question in the midst of the work",
    "Move old.cfg out of the way.",
    plan(
        read("old.cfg"),
        Step(ask("May I delete old.cfg?"), done=lambda result: True),
        # Nobody says yes, so it is kept under another name.
        run("mv old.cfg old.cfg.bak"),
    ),
    lambda project: (
        holds("old.cfg.bak", "keep = me\n")(project),
        same((project / "old.cfg").exists(), False),
    ),
    setup=files(old_dot_cfg="keep = me\n"),
)

task(
    "what was denied is done without",
    "Free some space: the build directory can go.",
    plan(
        Step(
            run("sudo rm -rf build"),
            [run("mkdir -p old && mv build old/build")],
        )
    ),
    lambda project: (
        same((project / "build").exists(), False),
        same((project / "src" / "a.c").exists(), True),
    ),
    setup=files(build__a_dot_o="x", src__a_dot_c="int a;\n"),
)

POEM = "".join(f"line {n}: {'word ' * 8}\n" for n in range(60))

task(
    "a file that does not fit into one answer",
    "Write the poem of 60 lines to poem.txt.",
    lambda view: plan(
        *(
            [write("poem.txt", POEM)]
            if not view.saw("cut off")
            else [
                write("poem.txt", POEM[: len(POEM) // 2]),
                run("true"),
                write("rest.txt", POEM[len(POEM) // 2 :]),
                run("cat rest.txt >> poem.txt && rm rest.txt"),
            ]
        )
    )(view),
    holds("poem.txt", POEM),
    habits=[damaged("truncated_input", "file_write")],
)


def _page(number: int) -> str:
    return (
        f"page {number}\n"
        + "lorem ipsum dolor sit amet, and so on\n" * 150
        + f"total {number * 11}\n"
    )


def _pages(view: View) -> list | str:
    """Read ten pages, of which few fit into its context at once; keep the largest total."""
    kept = [int(n) for n in re.findall(r"kept (\d+)", view.summary)]
    seen = [int(n) for r in view.results for n in re.findall(r"total (\d+)", r.text)]
    best = max([*kept, *seen], default=0)
    if best < 110:
        return [read(f"page{best // 11 + 1}.txt")]
    if not view.of_use(write("largest.txt", f"{best}\n")):
        return [write("largest.txt", f"{best}\n")]
    return "The largest total is written."


task(
    "more than fits into its head",
    "Read page1.txt to page10.txt and write the largest total to largest.txt.",
    _pages,
    holds("largest.txt", "110\n"),
    setup=lambda project: [(project / f"page{n}.txt").write_text(_page(n)) for n in range(1, 11)],
    model="small",
)
