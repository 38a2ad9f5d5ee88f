"""Tasks about programs and checks: done, it says, and the check fails; the same again and again."""

from __future__ import annotations

import subprocess
import sys

from tests.agent.clumsy.model import (
    AGAIN,
    Step,
    edit,
    plan,
    read,
    run,
    stubborn,
    too_early,
    write,
)
from tests.agent.clumsy.task import (
    files,
    holds,
    passes,
    same,
    task,
)

# Python takes old bytecode for a file that was changed within a second and kept its size, so the
# edits here change it.
BROKEN_TEST = (
    "import unittest\nfrom calc import double\n\n\nclass T(unittest.TestCase):\n"
    "    def test_double(self):\n        self.assertEqual(double(4), 8)\n"
)

task(
    "done, it says, and the tests fail",
    "Make the tests pass.",
    plan(
        Step(
            run("python3 -m unittest -q"),
            [read("calc.py"), edit("calc.py", "n + 2", "n * 2  # twice"), AGAIN],
        )
    ),
    passes(sys.executable, "-B", "-m", "unittest", "-q"),
    setup=files(calc_dot_py="def double(n):\n    return n + 2\n", test_calc_dot_py=BROKEN_TEST),
    habits=[too_early(1)],
)

task(
    "done, it says, after the wrong edit",
    "Make the tests pass.",
    plan(
        Step(
            run("python3 -m unittest -q"),
            [
                edit("calc.py", "n + 2", "n * 30"),
                run("python3 -B -m unittest -q"),
                edit("calc.py", "n * 30", "n * 2  # twice"),
                run("python3 -B -m unittest -q -f"),
            ],
        ),
    ),
    passes(sys.executable, "-B", "-m", "unittest", "-q"),
    setup=files(calc_dot_py="def double(n):\n    return n + 2\n", test_calc_dot_py=BROKEN_TEST),
    habits=[too_early(3)],
)

task(
    "a makefile with spaces",
    "`make` should write out.txt with the word built; mend the Makefile.",
    plan(
        Step(
            run("make"),
            [
                edit("Makefile", "    echo built > out.txt", "  \techo built > out.txt"),
                run("make -s"),
            ],
        ),
        Step(
            run("make out.txt"),
            [write("Makefile", "out.txt:\n\techo built > out.txt\n"), AGAIN],
        ),
    ),
    holds("out.txt", "built\n"),
    setup=files(Makefile="out.txt:\n    echo built > out.txt\n"),
    habits=[too_early(1, "The Makefile is mended.")],
)

task(
    "a name that is missing",
    "Make app.py print 5.",
    plan(
        Step(
            run("python3 app.py"),
            [read("app.py"), edit("app.py", "import mth", "import math"), AGAIN],
        ),
        Step(
            run("python3 app.py | grep -x 5"),
            [edit("app.py", "math.sqrt(25)", "int(math.sqrt(25))"), AGAIN],
        ),
    ),
    lambda project: same(
        subprocess.check_output([sys.executable, "-B", "app.py"], cwd=project), b"5\n"
    ),
    setup=files(app_dot_py="import mth\n\nprint(math.sqrt(25))\n"),
    habits=[stubborn(run("python3 app.py"))],
)

task(
    "an edit that never fits",
    "Rename the title in page.md to `New`.",
    plan(read("page.md"), edit("page.md", "# Old title", "# New")),
    holds("page.md", "# New\n\ntext\n"),
    setup=files(page_dot_md="# Old title\n\ntext\n"),
    habits=[stubborn(edit("page.md", "# Old titel", "# New"))],
)

task(
    "reading and editing in a circle",
    "Set debug to off in app.conf.",
    plan(edit("app.conf", "debug = on", "debug = off")),
    holds("app.conf", "debug = off\n"),
    setup=files(app_dot_conf="debug = on\n"),
    habits=[stubborn(edit("app.conf", "debug=on", "debug=off"), read("app.conf"))],
)

task(
    "it never learns",
    "Set debug to off in app.conf.",
    lambda view: [edit("app.conf", "debug=on", "debug=off")],
    holds("app.conf", "debug = on\n"),
    setup=files(app_dot_conf="debug = on\n"),
    lost="it makes the same edit for ever, also when told; the turn is ended",
)

task(
    "done without having done anything",
    "Write 7 to lucky.txt.",
    lambda view: "I have written 7 to lucky.txt.",
    lambda project: same((project / "lucky.txt").exists(), False),
    lost="it claims to have done it and ran no check, so nothing contradicts it",
)
