import shutil
import warnings

import numpy as np
import pandas
import pytest
from sklearn.base import clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import estimator_checks

import opscope
from opscope.aliases import active_version
from opscope.errors import InputError, ModelError, VersionWarning
from opscope.paths import shipped
from opscope.registry import MANIFEST

# scikit-learn's own checks that need no matrix. It skips the others where an estimator takes texts; what they check follows below.
CHECKS = [
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_estimator_tags_renamed",
    "check_valid_tag_types",
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_get_params_invariance",
    "check_set_params",
    "check_mixin_order",
    "check_do_not_raise_errors_in_init_or_set_params",
]


@pytest.fixture(scope="module")
def rows(few_rows):
    return few_rows.texts[:150], few_rows.labels[:150]


@pytest.fixture(scope="module")
def fitted(rows):
    return opscope.ScopeClassifier().fit(*rows)


@pytest.mark.parametrize("name", CHECKS)
def test_scikit_learns_own_check(name):
    getattr(estimator_checks, name)("ScopeClassifier", opscope.ScopeClassifier())


def test_scikit_learn_finds_nothing_wrong():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", estimator_checks.SkipTestWarning)
        found = estimator_checks.check_estimator(opscope.ScopeClassifier(), on_fail=None)
    assert not [check for check in found if check["status"] == "failed"]
    assert is_classifier(opscope.ScopeClassifier())


def test_it_works_in_cross_validation_search_calibration_and_pipelines(rows):
    texts, labels = rows
    assert cross_val_score(opscope.ScopeClassifier(), texts, labels, cv=3).mean() > 0.7
    search = GridSearchCV(opscope.ScopeClassifier(), {"C": [1.0, 30.0]}, cv=2).fit(texts, labels)
    assert list(search.classes_) == ["operations", "production"]
    calibrated = CalibratedClassifierCV(opscope.ScopeClassifier(C=3.0), cv=2).fit(texts, labels)
    assert calibrated.predict_proba(texts[:10]).shape == (10, 2)
    upper = FunctionTransformer(lambda given: [text.upper() for text in given])
    assert make_pipeline(upper, opscope.ScopeClassifier()).fit(texts, labels).score(texts, labels) > 0.9
    assert clone(opscope.ScopeClassifier(C=3.0)).C == 3.0


def test_series_arrays_and_lists_are_the_same(rows, fitted):
    texts, labels = rows
    other = opscope.ScopeClassifier().fit(pandas.Series(texts), np.array(labels, dtype=object))
    np.testing.assert_array_equal(other.decision_function(np.array(texts)), fitted.decision_function(texts))


def test_fitting_twice_is_fitting_once_and_leaves_what_was_given(rows):
    texts, labels = list(rows[0]), list(rows[1])
    classifier = opscope.ScopeClassifier()
    parameters = classifier.get_params()
    first = classifier.fit(texts, labels).decision_function(texts)
    np.testing.assert_array_equal(classifier.fit(texts, labels).decision_function(texts), first)
    assert (texts, labels) == (list(rows[0]), list(rows[1]))
    assert classifier.get_params() == parameters


def test_order_and_company_of_a_text_do_not_matter(rows, fitted):
    texts = rows[0][:20]
    together = fitted.decision_function(texts)
    np.testing.assert_allclose(fitted.decision_function(texts[::-1])[::-1], together, atol=1e-12)
    np.testing.assert_allclose([fitted.decision_function([text])[0] for text in texts], together, atol=1e-12)


def test_label_probability_and_score_agree(rows, fitted):
    probabilities, scores = fitted.predict_proba(rows[0]), fitted.decision_function(rows[0])
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_array_equal(fitted.classes_[probabilities.argmax(axis=1)], fitted.predict(rows[0]))
    np.testing.assert_array_equal(fitted.predict(rows[0]) == fitted.classes_[1], scores > 0)


def test_any_two_labels_will_do(rows):
    numbers = [int(label == "production") for label in rows[1]]
    assert set(opscope.ScopeClassifier().fit(rows[0], numbers).predict(rows[0])) == {0, 1}


def test_before_it_is_fitted_it_says_so():
    with pytest.raises(NotFittedError, match="not fitted yet"):
        opscope.ScopeClassifier().predict(["grease the chain"])


@pytest.mark.parametrize(
    ("texts", "labels", "error", "message"),
    [
        (["a b", "c d"], ["x", "x"], ValueError, r"Expected rows of two labels, got 1 class \(x\)\.$"),
        (["a b", "c d", "e f"], ["x", "y", "z"], ValueError, r"Only binary classification is supported\. .*got 3 class"),
        (["a b", "c d"], ["x"], ValueError, "inconsistent numbers of samples"),
        (["a b", 4], ["x", "y"], InputError, r"Text 1 is 4 \(int\), expected a str"),
        ("a text", ["x"], ValueError, "inconsistent numbers of samples"),
        (["a b", "c d"], [0.5, 1.7], ValueError, "Unknown label type"),
    ],
)
def test_bad_input_is_refused(texts, labels, error, message):
    with pytest.raises(error, match=message):
        opscope.ScopeClassifier().fit(texts, labels)


@pytest.fixture
def version(tmp_path):
    folder = tmp_path / "version"
    shutil.copytree(active_version(shipped("models")), folder)
    return folder


def test_the_classifier_of_a_version_scores_as_the_version_does(model, version, evaluation_set):
    texts = evaluation_set.texts[:50]
    for classifier in (opscope.ScopeClassifier.from_version(), opscope.ScopeClassifier.from_version(version, trusted=True)):
        np.testing.assert_allclose(classifier.decision_function(texts), model.loaded.scorer.score(texts).label, atol=1e-6)


def test_an_altered_pipeline_is_not_opened(version):
    (version / "pipeline.joblib").write_bytes(b"cos\nsystem\n(S'touch opened'\ntR.")
    with pytest.raises(ModelError, match=r"pipeline\.joblib is not the file that was saved with this version\."):
        opscope.ScopeClassifier.from_version(version, trusted=True)


def test_other_libraries_are_named(version):
    path = version / MANIFEST
    path.write_text(path.read_text().replace('"scipy": "', '"scipy": "0.', 1))
    with pytest.warns(VersionWarning, match=r"was trained with scipy 0\.\S+ \(here: \S+\); its results may differ here\. Install"):
        opscope.ScopeClassifier.from_version(version, trusted=True)
