"""How close texts are in meaning, by a model of static word vectors on this machine.

An extra: `pip install 'tungsten-cockpit[embed]'` brings model2vec, and the person names a directory
with a model of it. Vectors are worked out when a question is asked, of its best candidates alone,
and are kept nowhere: nothing of a text that was redacted can stay behind in one. Nothing is ever
downloaded.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from memory.errors import StorageError

INSTALL = "pip install 'tungsten-cockpit[embed]'"
"""What brings the library."""


class EmbedderUnavailable(StorageError):
    """Texts cannot be compared by meaning: the library or the model is missing; says which."""


class Embedder(Protocol):
    """Compares texts by meaning."""

    def closeness(self, query: str, texts: Sequence[str]) -> list[float]:
        """How close each text is to a question: 0 not at all, 1 the same."""


class StaticEmbedder:
    """A model of static word vectors, from a directory of model2vec's format; for one thread.

    Raises:
        EmbedderUnavailable: the library is not installed, or the directory holds no model.
    """

    def __init__(self, directory: Path) -> None:
        self._model = _load(directory)

    def closeness(self, query: str, texts: Sequence[str]) -> list[float]:
        """Cosines of the texts' vectors with the question's, none below 0."""
        vectors = self._model.encode([query, *texts])
        lengths = (vectors * vectors).sum(axis=1) ** 0.5
        # A text without a known word has no direction.
        lengths[lengths == 0] = 1
        vectors /= lengths[:, None]
        return [max(0.0, float(cosine)) for cosine in vectors[1:] @ vectors[0]]


def check(directory: Path) -> None:
    """Find out whether there is what an embedder needs, without loading it.

    Raises:
        EmbedderUnavailable: there is not.
    """
    from importlib.util import find_spec

    if find_spec("model2vec") is None:
        raise EmbedderUnavailable(f"The embedder needs model2vec: {INSTALL}.")
    if not (directory / "config.json").is_file():
        raise EmbedderUnavailable(
            f"{directory} holds no model2vec model (no config.json): name the directory of one."
        )


def _load(directory: Path) -> Any:
    check(directory)
    # A path that is no directory would be looked for on a server.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from model2vec import StaticModel

    try:
        return StaticModel.from_pretrained(str(directory))
    except Exception as error:
        raise EmbedderUnavailable(
            f"{directory} holds no model that model2vec can read ({type(error).__name__})."
        ) from error
