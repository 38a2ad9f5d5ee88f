"""The wheel in a clean environment: what a person who installs it gets. Needs the registry."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel and install it, from the wheel alone; gives the environment's programs."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    [wheel] = folder.glob("*.whl")
    venv.create(folder / "clean", with_pip=True)
    programs = folder / "clean" / "bin"
    subprocess.run([programs / "pip", "install", "--quiet", str(wheel)], check=True)
    return programs


@pytest.fixture
def home() -> Iterator[dict[str, str]]:
    # Sockets live below it, so its path must be short.
    root = Path(tempfile.mkdtemp(prefix="tg-", dir="/tmp"))
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"PYTHONPATH", "VIRTUAL_ENV"}
    }
    environment |= {"HOME": str(root), "TUNGSTEN_HOME": str(root / "t"), "TMPDIR": str(root)}
    yield environment
    shutil.rmtree(root, ignore_errors=True)


def test_it_says_its_version_away_from_the_checkout(
    installed: Path, home: dict[str, str], tmp_path: Path
) -> None:
    said = subprocess.check_output(
        [installed / "tungsten", "--version"], env=home, cwd=tmp_path, text=True
    )
    assert said.startswith("tungsten 0.")


def test_the_demo_runs_from_it(installed: Path, home: dict[str, str], tmp_path: Path) -> None:
    done = subprocess.run(
        [installed / "tungsten", "demo", "--headless", "--json", "--pace", "0", "--deny"],
        env=home,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    subprocess.run([installed / "tungsten", "kill-engine", "--panes"], env=home, check=False)
    assert done.returncode == 0, done.stderr
    actions = [json.loads(line) for line in done.stdout.splitlines()]
    assert {"fix", "drive", "push"} == {action["agent"] for action in actions}


MODEL = """
import sys
import numpy
from model2vec import StaticModel
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

words = ["[UNK]", "[PAD]", "car", "automobile", "the", "is", "red", "fast", "our", "which", "one"]
tokenizer = Tokenizer(WordLevel({word: at for at, word in enumerate(words)}, unk_token="[UNK]"))
tokenizer.pre_tokenizer = Whitespace()
vectors = numpy.eye(len(words), dtype=numpy.float32)
vectors[words.index("automobile")] = vectors[words.index("car")]
vectors[:2] = 0
StaticModel(vectors, tokenizer).save_pretrained(sys.argv[1])
"""


def test_a_model_of_word_vectors_has_a_say_in_what_is_recalled(
    installed: Path, home: dict[str, str], tmp_path: Path
) -> None:
    def tungsten(*words: str) -> str:
        return subprocess.check_output(
            [installed / "tungsten", *words], env=home, cwd=tmp_path, text=True
        )

    others = (f"{word} sleeps in winter" for word in ("bear", "hedgehog", "bat", "marmot"))
    for text in ("our fast one is red", "our automobile one is red", *others):
        tungsten("memory", "add", "--everywhere", text)
    model = tmp_path / "model"
    settings = Path(home["TUNGSTEN_HOME"]) / "config.toml"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(f'[dream]\nembedder = "{model}"\n')
    question = ("memory", "search", "which car is our red one", "--json")
    words = json.loads(tungsten(*question))["memories"]
    assert "model2vec" in tungsten_fails(installed, home, "doctor")
    subprocess.run(
        [installed / "pip", "install", "--quiet", "model2vec"], check=True, env=home, cwd=tmp_path
    )
    subprocess.run([installed / "python", "-c", MODEL, str(model)], check=True, env=home)
    meaning = json.loads(tungsten(*question))["memories"]
    assert {one["text"] for one in meaning} == {one["text"] for one in words}
    assert meaning[0]["text"] == "our automobile one is red"
    scores = {one["text"]: one["score"] for one in words}
    assert meaning[0]["score"] > scores["our automobile one is red"]


def tungsten_fails(installed: Path, home: dict[str, str], *words: str) -> str:
    done = subprocess.run(
        [installed / "tungsten", *words], env=home, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr
