import keras
import pytest

from kcore.training._direction import infer_mode

SMALLER_IS_BETTER = """
    loss val_loss mse mae mean_squared_error val_root_mean_squared_error kl_divergence
    sparse_categorical_crossentropy false_positives hinge head_loss poisson huber log_cosh
"""
LARGER_IS_BETTER = """
    acc accuracy val_accuracy sparse_categorical_accuracy AUC precision recall f1_score r2_score
    mean_iou predictions_accuracy top_k_categorical_accuracy true_positives cosine_similarity
    sensitivity_at_specificity io_u mean_io_u one_hot_mean_io_u pearson_correlation
"""


@pytest.mark.parametrize(("mode", "names"), [("min", SMALLER_IS_BETTER), ("max", LARGER_IS_BETTER)])
def test_the_names_of_keras_tell_the_direction(mode, names):
    assert {name: infer_mode(name) for name in names.split()} == dict.fromkeys(names.split(), mode)


@pytest.mark.parametrize("name", ["temperature", "", "accuracy_loss", "lossy", "val_"])
def test_a_name_that_tells_nothing_or_both_is_refused(name):
    with pytest.raises(ValueError, match="mode='min' or mode='max'"):
        infer_mode(name)


def test_the_metrics_of_keras_tell_their_direction():
    """Enumerate them, as a list by hand forgets some; these say nothing about better or worse."""
    neutral = {"mean", "sum", "mean_metric_wrapper", "metric", "logcosh"}
    arguments = {
        "IoU": {"num_classes": 2, "target_class_ids": [0]},
        "OneHotIoU": {"num_classes": 2, "target_class_ids": [0]},
        "MeanIoU": {"num_classes": 2},
        "OneHotMeanIoU": {"num_classes": 2},
        "PrecisionAtRecall": {"recall": 0.5},
        "RecallAtPrecision": {"precision": 0.5},
        "SensitivityAtSpecificity": {"specificity": 0.5},
        "SpecificityAtSensitivity": {"sensitivity": 0.5},
    }
    names = set()
    for class_name, metric in vars(keras.metrics).items():
        if not isinstance(metric, type) or class_name in ("Metric", "MeanMetricWrapper"):
            continue
        names.add(metric(**arguments.get(class_name, {})).name)
    assert len(names) > 25
    for name in names - neutral:
        infer_mode(name)
