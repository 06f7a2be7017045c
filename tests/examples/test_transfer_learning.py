"""The example of transfer learning, with little training, and what it refuses."""

import re

import pytest
from oracles.scripts import refusal, run
from PIL import Image

import kcore


@pytest.mark.slow
def test_transfer_learning_says_what_it_compares_and_leaves_model_report_and_picture(tmp_path):
    folder = tmp_path / "made by the script"
    output = run("transfer_learning.py", "--quick", "--draws", "1", "--output", folder)
    assert_comparison(output)
    assert re.search(r"4/4.*accuracy", output), "it shows progress"
    assert f"Saved model.keras, report.html and predictions.png in {folder}" in output
    assert_files(folder)


def assert_comparison(output):
    assert "Trained on ball, ring, star, cross, arrow;" in output
    assert "transferred to crescent, heart, house, flower, bolt." in output
    draw = re.search(r"draw 0: transfer (0\.\d{4}), from scratch (0\.\d{4})\n", output)
    mean, other, better = re.search(
        r"mean of 1: transfer (0\.\d{4}), from scratch (0\.\d{4}), better by (-?\d+\.\d)", output
    ).groups()
    assert draw.groups() == (mean, other)
    assert float(better) == pytest.approx(100 * (float(mean) - float(other)), abs=0.06)


def assert_files(folder):
    names = {path.name for path in folder.iterdir()}
    assert names == {"model.keras", "report.html", "predictions.png"}
    model = kcore.models.load(folder / "model.keras")
    assert model.class_names == ("crescent", "heart", "house", "flower", "bolt")
    assert kcore.models.parameter_summary(model).base_trainable == 0
    assert int(model.optimizer.iterations) == 2 * 5  # epochs, batches of 20 in 100 images
    report = (folder / "report.html").read_text(encoding="utf-8")
    assert "Transfer learning, the last draw" in report
    assert "crescent" in report
    with Image.open(folder / "predictions.png") as picture:
        assert picture.width > 4 * 32


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--draws", "0"), "'0' is not an integer from 1"),
        (("--data", "nowhere"), "invalid choice: 'nowhere'"),
    ],
)
def test_transfer_learning_refuses_wrong_options(arguments, message):
    assert message in refusal("transfer_learning.py", *arguments, returncode=2)


def test_transfer_inception_refuses_what_is_no_file_of_weights(tmp_path):
    output = ("--output", tmp_path)
    error = refusal("transfer_inception.py", "--weights", "gone.h5", *output, returncode=2)
    assert "'gone.h5' is neither imagenet nor a file" in error
