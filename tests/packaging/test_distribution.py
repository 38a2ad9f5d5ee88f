"""What is shipped is an allow-list; the build refuses anything else."""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("agent", "memory", "tui", "tungsten")
TOP_LEVEL = {"CHANGELOG.md", "LICENSE", "README.md", "hatch_build.py", "pyproject.toml", "PKG-INFO"}
SHIPPED_SUFFIXES = {".md", ".py", ".sh", ".sql", ".tcss"}
SHIPPED_NAMES = {"py.typed", "tmux.conf", "tungsten.js"}
SHIPPED_TOML = Path("agent/hosted/profiles")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    copy = tmp_path / "checkout"
    copy.mkdir()
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    for name in ("CHANGELOG.md", "LICENSE", "README.md", "hatch_build.py", "pyproject.toml"):
        shutil.copy(ROOT / name, copy / name)
    # Hatch reads the ignore files of the repository it is in; these must not decide what ships.
    (copy / ".gitignore").write_text("*.map\n.env\n*.db\n")
    return copy


def build(checkout: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", "dist"],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )


def test_clean_checkout_ships_only_allowed_files(checkout: Path) -> None:
    built = build(checkout)
    assert built.returncode == 0, built.stdout + built.stderr
    wheel = next((checkout / "dist").glob("*.whl"))
    sdist = next((checkout / "dist").glob("*.tar.gz"))
    with zipfile.ZipFile(wheel) as archive:
        shipped = {Path(name) for name in archive.namelist()}
    dist_info = {path for path in shipped if path.parts[0].endswith(".dist-info")}
    assert_allowed(shipped - dist_info)
    assert {path.name for path in dist_info} == {
        "LICENSE",
        "METADATA",
        "RECORD",
        "WHEEL",
        "entry_points.txt",
    }
    assert {
        Path("tungsten/version.py"),
        Path("tui/cli.py"),
        Path("agent/prompts/system.md"),
    } <= shipped
    with tarfile.open(sdist) as archive:
        below = {Path(*Path(name).parts[1:]) for name in archive.getnames()}
    top = {path for path in below if len(path.parts) == 1}
    assert {path.name for path in top} <= TOP_LEVEL | {".gitignore"}
    assert_allowed({path for path in below if len(path.parts) > 1})


def assert_allowed(paths: set[Path]) -> None:
    assert paths
    for path in paths:
        assert path.parts[0] in PACKAGES, path
        if path.suffix == ".toml":
            assert path.parent == SHIPPED_TOML, path
        else:
            assert path.suffix in SHIPPED_SUFFIXES or path.name in SHIPPED_NAMES, path


@pytest.mark.parametrize(
    "stray",
    [
        "tui/app.js.map",
        "agent/.env",
        "memory/tungsten.db",
        "agent/prompts/.hidden.md",
        "tui/id_rsa",
        "agent/config.toml",
    ],
)
def test_build_refuses_a_stray_file(checkout: Path, stray: str) -> None:
    (checkout / stray).parent.mkdir(exist_ok=True)
    (checkout / stray).write_text("not meant to ship")
    built = build(checkout)
    assert built.returncode != 0
    assert stray in built.stdout + built.stderr
    assert not list(checkout.glob("dist/*.whl"))


def test_build_refuses_a_link_that_leads_out(checkout: Path) -> None:
    (checkout / "tui" / "linked.py").symlink_to("/etc/hostname")
    built = build(checkout)
    assert built.returncode != 0
    assert "tui/linked.py" in built.stdout + built.stderr
