"""What a line is known to make, so that later lines, of any agent, do not trust it by its name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from agent.risk import Context, Risk, assess_command, assess_keys

OPAQUE = 'eval "$(cat plan)"\n'


@pytest.fixture
def place(tmp_path: Path) -> Context:
    project = tmp_path / "app"
    (project / "d").mkdir(parents=True)
    (project / "t.sh").write_text(OPAQUE)
    (project / "d" / "u.sh").write_text(OPAQUE)
    (project / "prog").write_bytes(b"\x7fELF" + bytes(64))
    return Context(cwd=project, home=tmp_path / "home", project=project)


def after(place: Context, command: str) -> Context:
    """The same place for whoever comes after a line, of the same agent or another."""
    found = assess_command(command, place)
    assert found.risk < Risk.HIGH, found
    return replace(
        place,
        written=place.written | frozenset(map(Path, found.writes)),
        fetched=place.fetched | frozenset(found.fetches),
    )


@pytest.mark.parametrize(
    ("command", "made"),
    [
        ("cat > t.sh <<'E'\neval x\nE", "t.sh"),
        ("echo hi > t.sh", "t.sh"),
        ("echo hi >> t.sh", "t.sh"),
        ("sed -i s/a/b/ t.sh", "t.sh"),
        ("sed -i s/a/b/ *.sh", "t.sh"),
        ("jq -r .script a.json > t.sh", "t.sh"),
        ("envsubst < a.tpl | tee t.sh", "t.sh"),
        ("python3 -c \"open('t.sh','w').write(input())\"", "t.sh"),
        ("cd d && printf x > ../t.sh", "t.sh"),
        ("curl -o t.sh https://example.com/t.sh", "t.sh"),
        ("cp /opt/x.sh t.sh", "t.sh"),
        ("cp /opt/t.sh .", "t.sh"),
        ("cp /opt/u.sh d/", "d/u.sh"),
        ("awk '{print > \"t.sh\"}' a", "t.sh"),
        ("gunzip -f t.sh.gz", "t.sh"),
        ("bash -c 'echo x > t.sh'", "t.sh"),
        ("for f in t; do echo x > $f.sh; done", "t.sh"),
        ("make -f - <<'E'\nall:\n\techo x > t.sh\nE", "t.sh"),
    ],
)
def test_what_a_line_makes_is_not_trusted_by_its_name(
    place: Context, command: str, made: str
) -> None:
    assert assess_command(f"bash {made}", place).risk is Risk.MEDIUM
    assert assess_command(f"bash {made}", after(place, command)).risk is Risk.HIGH


@pytest.mark.parametrize(
    ("command", "run"),
    [
        ("cp d/u.sh t.sh", "bash t.sh"),
        ("mv d/u.sh t.sh", "bash t.sh"),
        ("cp -r d e", "bash t.sh"),
        ("grep x t.sh", "bash t.sh"),
        ("echo hi > notes.txt", "bash t.sh"),
        ("git checkout main", "bash t.sh"),
        ("gcc -o prog prog.c", "./prog"),
        ("cp prog d/prog", "./prog"),
        ("make", "./prog"),
    ],
)
def test_what_nobody_wrote_anew_is_as_before(place: Context, command: str, run: str) -> None:
    assert assess_command(run, place).risk is Risk.MEDIUM
    assert assess_command(run, after(place, command)).risk is Risk.MEDIUM


@pytest.mark.parametrize(
    ("first", "second", "run"),
    [
        ("echo x > a.sh", "cp a.sh t.sh", "bash t.sh"),
        ("echo x > a.sh", "mv a.sh t.sh", "bash t.sh"),
        ("echo x > a.sh", "git mv -f a.sh t.sh", "bash t.sh"),
        ("echo x > d/u.sh", "mv d e", "bash e/u.sh"),
        ("echo x > d/u.sh", "cp -r d e", "bash e/u.sh"),
        ("echo x > d/u.sh", "cp -r d/. .", "bash u.sh"),
        ("echo x > d/u.sh", "rsync -a d/ e/", "bash e/u.sh"),
        ("git clone https://example.com/x.git", "cp -r x y", "bash y/t.sh"),
    ],
)
def test_it_keeps_its_origin_under_another_name(
    place: Context, first: str, second: str, run: str
) -> None:
    now = after(after(place, first), second)
    target = place.cwd / run.split()[1]
    target.parent.mkdir(exist_ok=True)
    target.write_text(OPAQUE)
    assert assess_command(run, place).risk is Risk.MEDIUM
    assert assess_command(run, now).risk is Risk.HIGH


def test_what_was_fetched_is_read_strictly(place: Context) -> None:
    (place.cwd / "x").mkdir()
    (place.cwd / "x" / "t.sh").write_text(OPAQUE)
    (place.cwd / "x" / "fine.sh").write_text("echo hi\n")
    (place.cwd / "x" / "prog").write_bytes(b"\x7fELF" + bytes(64))
    now = after(place, "git clone https://example.com/x.git")
    assert assess_command("bash x/t.sh", now).risk is Risk.HIGH
    assert assess_command("./x/prog", now).risk is Risk.HIGH
    assert assess_command("bash x/fine.sh", now).risk is Risk.MEDIUM
    assert assess_command("cd x && make && npm test", now).risk is Risk.MEDIUM
    assert assess_command("bash t.sh", now).risk is Risk.MEDIUM


def test_only_what_is_new_is_told(place: Context) -> None:
    again = replace(place, history=("x() { echo hi > a.sh; }", "x"))
    assert assess_command("ls", again).writes == ()
    assert [Path(p).name for p in assess_command("echo x > b.sh", again).writes] == ["b.sh"]


@pytest.mark.parametrize(
    ("foreground", "keys"),
    [
        ("vim", [":w t.sh", "Enter"]),
        ("bash", ["echo x > t", ".sh", "Enter", "ls", "Enter"]),
        ("python", ["open('t.sh', 'w').write('x')", "Enter"]),
        ("nano", ["C-o", "t.sh", "Enter"]),
        ("less", ["s", "t.sh", "Enter"]),
    ],
)
def test_keys_make_files_too(place: Context, foreground: str, keys: list[str]) -> None:
    found = assess_keys(keys, replace(place, foreground=foreground))
    assert found.risk is Risk.MEDIUM
    assert str(place.cwd / "t.sh") in found.writes


def test_many_copies_are_told_of_by_their_directory(place: Context) -> None:
    own = frozenset(place.cwd / "d" / f"{n}.sh" for n in range(1_500))
    line = "; ".join(f"cp -r d e{n}" for n in range(500))
    found = assess_command(line, replace(place, written=own))
    assert len(found.writes) < 3_000
    assert str(place.cwd / "e499") in found.fetches
    assert assess_command("sed -i s/a/b/ d/*.sh", place).fetches == ()
