"""Tasks about terminals: programs that go on, shells that are gone, output without end."""

from __future__ import annotations

from pathlib import Path

from tests.agent.clumsy.model import (
    AGAIN,
    Step,
    View,
    plan,
    read,
    run,
    use,
    write,
    wrong_field,
)
from tests.agent.clumsy.task import (
    files,
    found,
    holds,
    into,
    same,
    task,
)

task(
    "a calculation in a running Python",
    "Work out 2**64 in a Python prompt and write it to power.txt.",
    plan(
        run("python3 -q", timeout=2),
        use("terminal_wait", text=">>>", timeout=20),
        # Without Enter nothing happens; and Enter alone, for what nobody has seen, is denied.
        use("terminal_type", keys=["2**64"]),
        Step(
            use("terminal_type", keys=["Enter"]),
            [
                use("terminal_type", keys=["C-c"]),
                use("terminal_type", keys=["2**64", "Enter"]),
            ],
        ),
        use("terminal_type", keys=["C-d"]),
        use("terminal_wait", prompt=True, timeout=20),
        Step(into("power.txt", r"(18446744073709551616)")),
    ),
    holds("power.txt", f"{2**64}\n"),
)

task(
    "a command that takes its time",
    "Run slow.sh to its end; the word it ends with goes into word.txt.",
    plan(
        Step(run("bash slow.sh", timeout=0.3), done=lambda result: True),
        # Nothing else can run there meanwhile.
        Step(
            run("cat result"),
            [use("terminal_wait", text="finished:", timeout=60), use("terminal_wait", prompt=True)],
        ),
        Step(into("word.txt", r"finished: (\w+)")),
    ),
    holds("word.txt", "marble\n"),
    setup=files(slow_dot_sh="sleep 2\necho finished: marble\n"),
)

task(
    "an open quote",
    "Write `it's` to quote.txt.",
    plan(Step(run("echo it's > quote.txt"), [run('echo "it\'s" > quote.txt')])),
    holds("quote.txt", "it's\n"),
)

task(
    "where it is, and where it thinks it is",
    "Write `here` to deep/down/mark.txt.",
    plan(
        run("mkdir -p deep/down && cd deep/down"),
        # Its file tools do not follow the shell.
        write("mark.txt", "here\n"),
        Step(run("cat mark.txt"), [run("mv ../../mark.txt ."), AGAIN]),
    ),
    lambda project: (
        holds("deep/down/mark.txt", "here\n")(project),
        same((project / "mark.txt").exists(), False),
    ),
)

task(
    "the shell has gone",
    "Write `back` to back.txt.",
    plan(
        Step(run("set -e; false"), done=lambda result: True),
        Step(run("exit 3"), done=lambda result: True),
        run("echo back > back.txt"),
    ),
    holds("back.txt", "back\n"),
)

task(
    "stuck in a pager",
    "Write the number of lines of long.txt to lines.txt.",
    plan(
        Step(run("less long.txt", timeout=1), done=lambda result: True),
        Step(
            run("wc -l < long.txt > lines.txt"),
            [use("terminal_type", keys=["q"]), AGAIN],
        ),
    ),
    lambda project: same((project / "lines.txt").read_text().strip(), "300"),
    setup=files(long_dot_txt="".join(f"line {n}\n" for n in range(300))),
)


def _rest(view: View) -> dict:
    return read(found(view, r"the whole text is in (\S+?),"), offset=5000, limit=1)


task(
    "a line in the midst of much output",
    "Which number does `seq 5 7 60000` print in line 4999? Write it to n.txt.",
    plan(
        run("seq 5 7 60000"),
        # Line 1 of the file is the exit status.
        Step(_rest),
        Step(into("n.txt", r"5000\t(\d+)")),
    ),
    holds("n.txt", f"{5 + 7 * 4998}\n"),
)

task(
    "more output than a terminal keeps",
    "Which number does `seq 5 7 100000` print first? Write it to first.txt.",
    plan(
        Step(
            run("seq 5 7 100000"),
            [run("seq 5 7 100000 > all.txt"), run("head -n 1 all.txt > first.txt")],
            # The first line that it sees is not the first that was printed, and it is told so.
            done=lambda result: "beginning is lost" not in result.text,
        ),
    ),
    holds("first.txt", "5\n"),
)

task(
    "a pane that is not its own",
    "Write `mine` to pane.txt.",
    plan(Step(run("echo mine > pane.txt", pane="%999"), [run("echo mine > pane.txt")])),
    holds("pane.txt", "mine\n"),
    habits=[wrong_field("terminal_run", "command", "cmd")],
)

task(
    "waiting for two things",
    "Start late.sh in the background and write `seen` to seen.txt once late.flag is there.",
    plan(
        run("bash late.sh &"),
        Step(
            use("terminal_wait", text="ready", prompt=True),
            [use("terminal_wait", text="ready", timeout=60)],
        ),
        run("test -e late.flag && echo seen > seen.txt"),
    ),
    holds("seen.txt", "seen\n"),
    setup=files(late_dot_sh="sleep 0.5; touch late.flag; echo ready\n"),
)


def _opened(view: View) -> str:
    return found(view, r"pane (%\d+) is open")


def _fetch(view: View) -> dict:
    address = f"http://127.0.0.1:{found(view, r'port ([0-9]+)')}/index.html"
    return run(
        'python3 -c "import urllib.request as u; '
        f"open('got.html', 'wb').write(u.urlopen('{address}').read())\""
    )


task(
    "a server in a pane of its own",
    "Serve site/ on a free port, fetch index.html into got.html, and end the server.",
    plan(
        use("terminal_open"),
        Step(
            lambda view: run("python3 -u serve.py", pane=_opened(view), timeout=1),
            done=lambda result: True,
        ),
        Step(lambda view: use("terminal_wait", text="port", pane=_opened(view))),
        Step(_fetch),
        Step(lambda view: use("terminal_close", pane=_opened(view))),
    ),
    holds("got.html", "<p>hi</p>\n"),
    setup=files(
        site__index_dot_html="<p>hi</p>\n",
        serve_dot_py="import functools, http.server as h\n"
        "handler = functools.partial(h.SimpleHTTPRequestHandler, directory='site')\n"
        "server = h.HTTPServer(('127.0.0.1', 0), handler)\n"
        "print('port', server.server_port, flush=True)\nserver.serve_forever()\n",
    ),
)

task(
    "a variable that should stay",
    "Export STAGE=two in the shell and write its value to stage.txt.",
    plan(
        # A subshell forgets it.
        run("(export STAGE=two)"),
        Step(
            run('printf "%s\\n" "${STAGE:?}" > stage.txt'),
            [run("export STAGE=two"), AGAIN],
        ),
    ),
    holds("stage.txt", "two\n"),
)

task(
    "a job that must end",
    "End the program that writes beat.txt; leave the file.",
    plan(
        run("bash beat.sh & echo $! > pid"),
        Step(run("kill %7"), [run("kill $(cat pid)")]),
        run("sleep 0.3; ! kill -0 $(cat pid)"),
    ),
    lambda project: (
        same((project / "beat.txt").exists(), True),
        same(Path(f"/proc/{(project / 'pid').read_text().strip()}").exists(), False),
    ),
    setup=files(beat_dot_sh="while :; do date > beat.txt; sleep 0.1; done\n"),
)
