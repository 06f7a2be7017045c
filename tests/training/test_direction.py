import pytest

from kcore.training.direction import infer_mode

SMALLER_IS_BETTER = """
    loss val_loss mse mae mean_squared_error val_root_mean_squared_error kl_divergence
    sparse_categorical_crossentropy false_positives hinge head_loss poisson
"""
LARGER_IS_BETTER = """
    acc accuracy val_accuracy sparse_categorical_accuracy AUC precision recall f1_score r2_score
    mean_iou predictions_accuracy top_k_categorical_accuracy true_positives cosine_similarity
    sensitivity_at_specificity
"""


@pytest.mark.parametrize(("mode", "names"), [("min", SMALLER_IS_BETTER), ("max", LARGER_IS_BETTER)])
def test_the_names_of_keras_tell_the_direction(mode, names):
    assert {name: infer_mode(name) for name in names.split()} == dict.fromkeys(names.split(), mode)


@pytest.mark.parametrize("name", ["temperature", "", "accuracy_loss", "lossy", "val_"])
def test_a_name_that_tells_nothing_or_both_is_refused(name):
    with pytest.raises(ValueError, match="mode='min' or mode='max'"):
        infer_mode(name)
