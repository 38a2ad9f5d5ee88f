"""Tasks about files: edits that do not fit, names that are wrong, what was read too long ago."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import subprocess

from tests.agent.clumsy.model import (
    AGAIN,
    Step,
    View,
    all_at_once,
    damaged,
    edit,
    encoded_twice,
    plan,
    read,
    run,
    talkative,
    too_early,
    unknown_tool,
    use,
    write,
    wrong_field,
)
from tests.agent.clumsy.task import (
    files,
    holds,
    no_word,
    passes,
    program,
    same,
    same_bytes,
    task,
)

task(
    "off by one",
    "total() in sums.py leaves out the last number; mend it.",
    plan(read("sums.py"), edit("sums.py", "range(len(n) - 1)", "range(len(n))")),
    program("import sums; assert sums.total([1, 2, 3]) == 6"),
    setup=files(
        sums_dot_py="def total(n):\n    s = 0\n    for i in range(len(n) - 1):\n        s += n[i]\n"
        "    return s\n"
    ),
    habits=[encoded_twice],
)

task(
    "a package from nothing",
    "Make a package `shapes` with area(w, h).",
    plan(
        write("shapes/__init__.py", "from shapes.area import area\n"),
        write("shapes/area.py", "def area(w, h):\n    return w * h\n"),
        run("python3 -c 'import shapes; print(shapes.area(2, 3))'"),
    ),
    program("import shapes; assert shapes.area(4, 5) == 20"),
    habits=[damaged("truncated_input", "file_write")],
)

task(
    "a name in three files",
    "Rename fetch to load everywhere.",
    plan(
        Step(
            edit("a.py", "fetch", "load"),
            [
                edit("a.py", "def fetch():", "def load():"),
                edit("a.py", "x = fetch()", "x = load()"),
            ],
        ),
        edit("b.py", "import fetch", "import load"),
        edit("b.py", "fetch()", "load()"),
        edit("c.md", "`fetch`", "`load`"),
    ),
    lambda project: [
        program("import b")(project),
        no_word(project, "fetch"),
    ],
    setup=files(
        a_dot_py="def fetch():\n    return 1\n\n\nx = fetch()\n",
        b_dot_py="from a import fetch\n\nfetch()\n",
        c_dot_md="Call `fetch`.\n",
    ),
    habits=[wrong_field("file_edit", "old_text", "old_string")],
)


task(
    "what was read is out of date",
    "Sort names.txt, then put `- zoe` behind the last name.",
    plan(
        read("names.txt"),
        run("sort -o names.txt names.txt"),
        # It still has the order in mind in which it read them.
        Step(
            edit("names.txt", "bob\namy\n", "bob\namy\n- zoe\n"),
            [read("names.txt", limit=50), edit("names.txt", "amy\nbob\n", "amy\nbob\n- zoe\n")],
        ),
    ),
    holds("names.txt", "amy\nbob\n- zoe\n"),
    setup=files(names_dot_txt="bob\namy\n"),
)

task(
    "an edit of what is not there",
    "Add the line `debug = true` to local.ini.",
    plan(
        Step(
            edit("local.ini", "[main]", "[main]\ndebug = true"),
            [use("file_list"), write("local.ini", "[main]\ndebug = true\n")],
        )
    ),
    holds("local.ini", "[main]\ndebug = true\n"),
)

task(
    "line ends of another system",
    "Set the port in win.ini to 9000.",
    plan(
        Step(
            edit("win.ini", "port=80\nhost=a", "port=9000\nhost=a"),
            [edit("win.ini", "port=80", "port=9000")],
        )
    ),
    lambda project: same_bytes(project / "win.ini", b"port=9000\r\nhost=a\r\n"),
    setup=lambda project: (project / "win.ini").write_bytes(b"port=80\r\nhost=a\r\n"),
)


task(
    "settings that must stay JSON",
    'Add "theme": "dark" to settings.json and check it with make.',
    plan(
        write("settings.json", '{"size": 3, "theme": "dark",}\n'),
        Step(
            run("make -s check"),
            [write("settings.json", '{"size": 3, "theme": "dark"}\n'), AGAIN],
        ),
    ),
    lambda project: same(
        json.loads((project / "settings.json").read_text()), {"size": 3, "theme": "dark"}
    ),
    setup=files(
        settings_dot_json='{"size": 3}\n', Makefile="check:\n\tpython3 -m json.tool settings.json\n"
    ),
    habits=[too_early(2)],
)


task(
    "a line at the top",
    "Put `## 1.1` with `- faster` above `## 1.0` in CHANGES.md.",
    plan(
        Step(
            edit("CHANGES.md", "## 1.0\n- first", "## 1.1\n- faster\n\n## 1.0\n- first"),
            [read("CHANGES.md"), edit("CHANGES.md", "## 1.0\n", "## 1.1\n- faster\n\n## 1.0\n")],
        )
    ),
    holds("CHANGES.md", "# Changes\n\n## 1.1\n- faster\n\n## 1.0\n\n- first\n"),
    setup=files(CHANGES_dot_md="# Changes\n\n## 1.0\n\n- first\n"),
    habits=[talkative],
)

task(
    "five files at once",
    "Write one.txt to five.txt, each with its number.",
    plan(
        *(
            write(f"{word}.txt", f"{n}\n")
            for n, word in enumerate(["one", "two", "three", "four", "five"], 1)
        )
    ),
    lambda project: [
        holds(f"{word}.txt", f"{n}\n")(project)
        for n, word in enumerate(["one", "two", "three", "four", "five"], 1)
    ],
    habits=[wrong_field("file_write", "content", "text"), all_at_once],
)


def _report(view: View) -> dict:
    found = view.saw(r"(?s)\w+\.py:\d+: .*")
    lines = found[0].splitlines() if found else []
    return write("report.txt", f"{len(lines)} TODOs\n")


task(
    "a search with a bad expression",
    "Count the lines with TODO( in *.py and write `N TODOs` to report.txt.",
    plan(
        Step(
            use("file_search", pattern="TODO(", glob="*.py"),
            [use("file_search", pattern=r"TODO\(", glob="*.py")],
        ),
        Step(_report),
    ),
    holds("report.txt", "3 TODOs\n"),
    setup=files(
        a_dot_py="# TODO(a)\nx = 1\n# TODO(b)\n", b_dot_py="# TODO(c)\n", c_dot_md="TODO(d)\n"
    ),
)

task(
    "a mask is no secret",
    "Set TIMEOUT to 30 in app.env.txt; leave the key alone.",
    plan(
        read("app.env.txt"),
        Step(
            write("app.env.txt", "KEY=‹secret masked›\nTIMEOUT=30\n"),
            [edit("app.env.txt", "TIMEOUT=10", "TIMEOUT=30")],
        ),
    ),
    holds("app.env.txt", "KEY=sk-ant-api03-" + "aB3" * 30 + "\nTIMEOUT=30\n"),
    setup=files(app_dot_env_dot_txt="KEY=sk-ant-api03-" + "aB3" * 30 + "\nTIMEOUT=10\n"),
)

task(
    "a table in another form",
    "Turn people.csv into people.json, a list of objects.",
    plan(
        read("people.csv"),
        write(
            "convert.py",
            "import csv, json\nrows = list(csv.DictReader(open('people.csv'))\n"
            "json.dump(rows, open('people.json', 'w'))\n",
        ),
        Step(
            run("python3 convert.py"),
            [
                edit("convert.py", "open('people.csv'))", "open('people.csv')))"),
                AGAIN,
            ],
        ),
    ),
    lambda project: same(
        json.loads((project / "people.json").read_text()),
        list(csv.DictReader(io.StringIO((project / "people.csv").read_text()))),
    ),
    setup=files(people_dot_csv="name,age\nAnn,30\nBob,41\n"),
)


task(
    "many files with one command",
    "Replace http: by https: in all *.html.",
    plan(
        Step(
            run("sed -i s/http:/https:/ *.htm"),
            [use("file_list"), run("sed -i s/http:/https:/g *.html")],
        )
    ),
    lambda project: no_word(project, "http:"),
    setup=files(a_dot_html="<a href=http://x> <a href=http://y>\n", b_dot_html="http://z\n"),
    habits=[unknown_tool("bash", "terminal_run")],
)

task(
    "a script that can be run",
    "Write hello.sh that prints hello, and make it executable.",
    plan(
        write("hello.sh", "#!/bin/sh\necho hello\n"),
        Step(run("./hello.sh"), [run("chmod +x hello.sh"), AGAIN]),
    ),
    passes("./hello.sh"),
    habits=[unknown_tool("write_file", "file_write")],
)

task(
    "a shell script with a mistake",
    "count.sh should print the numbers 1 to 3; mend it.",
    plan(
        Step(
            run("bash -n count.sh"),
            [read("count.sh"), edit("count.sh", "echo $i\n", "echo $i; done\n"), AGAIN],
        ),
        run("bash count.sh"),
    ),
    lambda project: same(subprocess.check_output(["bash", "count.sh"], cwd=project), b"1\n2\n3\n"),
    setup=files(count_dot_sh="for i in 1 2 3; do\n  echo $i\n"),
    habits=[encoded_twice],
)

task(
    "files by their ending",
    "Move all .log files below src into logs/.",
    plan(
        Step(
            run("mv src/*.log src/*/*.log logs/"),
            [run("mkdir -p logs"), AGAIN],
        ),
        run("find src -name '*.log'"),
    ),
    lambda project: same(
        sorted(str(p.relative_to(project)) for p in project.rglob("*.log")),
        ["logs/a.log", "logs/b.log"],
    ),
    setup=files(src__a_dot_log="a", src__deep__b_dot_log="b", src__c_dot_txt="c"),
)

task(
    "an archive",
    "Pack docs/ into docs.tar.gz.",
    plan(
        Step(run("tar -czf docs.tar.gz doc"), [use("file_list"), run("tar -czf docs.tar.gz docs")]),
        run("tar -tzf docs.tar.gz"),
    ),
    lambda project: same(
        sorted(
            name
            for name in subprocess.check_output(
                ["tar", "-tzf", project / "docs.tar.gz"], text=True
            ).split()
            if not name.endswith("/")
        ),
        ["docs/a.md", "docs/b.md"],
    ),
    setup=files(docs__a_dot_md="a", docs__b_dot_md="b"),
)

task(
    "a table in a database",
    "Make app.db with a table users(name) that holds ann and bob.",
    plan(
        write(
            "make_db.py",
            "import sqlite3\ndb = sqlite3.connect('app.db')\n"
            "db.execute('create table users (name text)')\n"
            "db.executemany('insert into users values (?)', [('ann',), ('bob',)])\n",
        ),
        run("python3 make_db.py"),
        # Nothing was committed, as only a look at it shows.
        Step(
            run(
                "python3 -c \"import sqlite3; db = sqlite3.connect('app.db'); "
                "assert len(list(db.execute('select * from users'))) == 2\""
            ),
            [
                run("echo 'db.commit()' >> make_db.py"),
                # It was changed behind its file tools' back, so it has to be read again.
                Step(
                    edit("make_db.py", "create table", "create table if not exists"),
                    [read("make_db.py"), AGAIN],
                ),
                run("python3 make_db.py; echo again"),
                AGAIN,
            ],
        ),
    ),
    lambda project: same(
        sorted(sqlite3.connect(project / "app.db").execute("select name from users")),
        [("ann",), ("bob",)],
    ),
)
