from __future__ import annotations

import hashlib
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer

from index import StoreError
from index.embedding.embedder import SentenceEmbedder
from index.embedding.minilm import builtin_model_folder
from index.shipped import shipped_article

UPSTREAM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def test_the_weights_are_the_upstream_ones():
    """The package's weights are, byte for byte, those of sentence-transformers/all-MiniLM-L6-v2."""
    weights = (builtin_model_folder() / "model.safetensors").read_bytes()
    assert hashlib.sha256(weights).hexdigest() == UPSTREAM_SHA256


def test_vectors_have_unit_length_and_the_named_dimension(embedder):
    """Passages and questions are normalised, so that a product of two is their cosine."""
    vectors = np.array(
        [
            *embedder.embed_documents(["It rained.", "Ce n'est pas vrai."]),
            embedder.embed_query("rain?"),
        ]
    )
    assert vectors.shape == (3, embedder.dimension)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[2] @ vectors[0] > vectors[2] @ vectors[1]


def test_a_few_texts_are_embedded_alike_without_sentence_transformers(embedder):
    """Texts in several languages, the empty one and a very long one have the vectors that the whole model gives."""
    text = shipped_article().text
    drawn = random.Random(1)
    spans = [(drawn.randrange(len(text)), drawn.randrange(1, 2_000)) for _ in range(32)]
    texts = [text[start : start + length] for start, length in spans]
    texts += ["", "Ce n’est pas vrai !", "東京は日本の首都です。", "🙂", "word " * 5_000]
    light = np.array(
        [*embedder.embed_documents(texts[:20]), *map(embedder.embed_query, texts[20:])]
    )
    whole = SentenceTransformer(str(builtin_model_folder()), local_files_only=True)
    vectors = whole.encode(texts, normalize_embeddings=True)
    assert (light * vectors).sum(axis=1).min() >= 0.9999


def test_threads_that_embed_at_the_same_time_share_the_cores(embedder):
    """Each has them all when it is alone, and again later; none has less than one."""
    whole = torch.get_num_threads()
    with ThreadPoolExecutor(whole + 1) as pool:
        together = threading.Barrier(whole + 1)

        def at_work(_):
            with embedder._share_of_cores():
                together.wait(60)
                return torch.get_num_threads()

        shares = list(pool.map(at_work, range(whole + 1)))
        after = list(pool.map(lambda _: torch.get_num_threads(), range(whole + 1)))
    assert sorted(shares) == sorted(max(1, whole // others) for others in range(1, whole + 2))
    assert set(after) == {whole}
    with embedder._share_of_cores():
        assert torch.get_num_threads() == whole


def test_an_unknown_model_is_refused_in_one_sentence():
    """A name that is neither a folder nor to be had from the hub says what can be named."""
    with pytest.raises(
        StoreError, match="Name a folder, or leave the name out for the built-in model"
    ):
        SentenceEmbedder("/no/such/model").load()
