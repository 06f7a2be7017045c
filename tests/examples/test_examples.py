"""Each example script runs, and what it prints and leaves behind is right."""

import os
import re
import subprocess
import sys

import keras
import numpy as np
import pytest
from oracles import needs
from oracles.markup import Page
from oracles.scripts import EXAMPLES, help_of, refusal, run, run_offline
from PIL import Image

import kcore

SCRIPTS = sorted(
    path.name for path in EXAMPLES.glob("*.py") if "__main__" in path.read_text(encoding="utf-8")
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """The path of a program that stands for a browser, and of the file that lists what it opens."""
    folder = tmp_path_factory.mktemp("browser")
    program, opened = folder / "fake-browser", folder / "opened.txt"
    program.write_text(
        f"#!{sys.executable}\nimport sys\nopen({str(opened)!r}, 'a').write(sys.argv[1] + '\\n')\n"
    )
    program.chmod(0o755)
    return program, opened


@pytest.fixture(scope="module")
def quickstart(tmp_path_factory, browser):
    folder = tmp_path_factory.mktemp("quickstart") / "made" / "by the script"
    arguments = ("--model", "mlp", "--epochs", "3", "--target", "0.85", "--output", folder)
    return folder, run("quickstart.py", *arguments, "--open", BROWSER=str(browser[0]))


@pytest.fixture(scope="module")
def offline(tmp_path_factory):
    folder = tmp_path_factory.mktemp("offline")
    home = tmp_path_factory.mktemp("home")
    return folder, run_offline("quickstart.py", "--output", folder, home=home)


def test_the_readme_lists_each_script():
    readme = (EXAMPLES.parent / "README.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^\| `(\w+\.py)` \|", readme, re.M)) == SCRIPTS


@pytest.mark.parametrize("script", SCRIPTS)
def test_help_names_only_defaults_that_say_something(script):
    text = " ".join(help_of(script).split())
    assert "(default: None)" not in text
    assert "(default: False)" not in text
    assert "--backend {jax,tensorflow} the backend of Keras (default: KERAS_BACKEND" in text


def test_the_scripts_are_all_there():
    assert len(SCRIPTS) == 13


def test_quickstart_trains_on_the_real_data_until_its_target(quickstart, environment):
    _, output = quickstart
    assert "Fashion-MNIST: 60,000 training and 10,000 test images" in output
    assert re.search(r"StopAtTarget: stopped in epoch 2: accuracy 0\.8[5-9]", output)
    accuracy = float(re.search(r"Test accuracy (0\.\d+) after 2 epochs in", output)[1])
    assert accuracy > 0.82
    assert f"(mlp, {environment.backend}, {environment.device}:0)" in output


def test_quickstart_shows_progress(quickstart):
    assert re.search(r"\d+/1875", quickstart[1])


def test_quickstart_saves_what_it_says(quickstart):
    folder, _ = quickstart
    names = {path.name for path in folder.iterdir()}
    assert names == {"model.keras", "report.html", "predictions.png", "sample.png"}
    assert kcore.models.load(folder / "model.keras").class_names[9] == "Ankle boot"
    _, (x_test, y_test) = kcore.datasets.fashion_mnist.load_data()
    with Image.open(folder / "sample.png") as sample:
        np.testing.assert_array_equal(np.asarray(sample), x_test[0])
    model = keras.saving.load_model(folder / "model.keras")
    answers = model.predict(x_test[:32] / np.float32(255), verbose=0).argmax(axis=-1)
    assert np.mean(answers == y_test[:32]) > 0.7
    names = kcore.datasets.fashion_mnist.CLASS_NAMES
    expected = kcore.visualize.gallery(x_test[:32], y_test[:32], answers, class_names=names)
    with Image.open(folder / "predictions.png") as picture:
        np.testing.assert_array_equal(np.asarray(picture), expected)


def test_quickstart_says_where_to_look(quickstart):
    folder, output = quickstart
    assert f"Saved in {folder.resolve()}:\n  report.html" in output
    assert "SYNTHETIC" not in output


def test_quickstart_opens_the_report_in_the_browser(quickstart, browser):
    folder, output = quickstart
    assert browser[1].read_text().splitlines() == [(folder / "report.html").resolve().as_uri()]
    assert "no browser" not in output


@needs.chosen_browser
def test_a_browser_that_can_not_be_opened_is_said(tmp_path):
    call = "import pathlib, command_line; command_line.open_in_browser(pathlib.Path('report.html'))"
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    result = subprocess.run(
        [sys.executable, "-c", call],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**environment, "PATH": "", "BROWSER": "gone", "PYTHONPATH": str(EXAMPLES)},
        check=True,
    )
    path = tmp_path.resolve() / "report.html"
    assert f"no browser that could be opened. Open {path} in one yourself." in result.stdout


@pytest.mark.slow
def test_quickstart_without_fashion_mnist_reaches_its_target_on_scenes(offline):
    _, output = offline
    assert "scenes: 12,000 training and 2,000 test images" in output
    assert re.search(r"StopAtTarget: stopped in epoch \d+: accuracy 0\.9", output)
    assert float(re.search(r"Test accuracy (0\.\d+)", output)[1]) > 0.9


@pytest.mark.slow
def test_quickstart_says_at_the_end_that_its_data_was_synthetic(offline):
    folder, output = offline
    note = kcore.datasets.load("scenes").note
    end = " ".join(output[output.index("***") :].split())
    assert end.startswith(f"*** {note} To get the real images, connect")
    assert "apt-get install dataset-fashion-mnist" in end
    page = Page((folder / "report.html").read_text(encoding="utf-8"))
    assert end.removeprefix("*** ") in page.text
    assert page.text.index("SYNTHETIC DATA") < page.text.index("test accuracy")


def test_process_image_finds_the_class_of_a_file(quickstart, tmp_path):
    folder, _ = quickstart
    model = ("--model", folder / "model.keras")
    lines = run("process_image.py", folder / "sample.png", *model, "--top", 2).splitlines()
    assert len(lines) == 3
    assert lines[1].split("  ")[1] == "Ankle boot"
    with Image.open(folder / "sample.png") as sample:
        negative = Image.fromarray(255 - np.asarray(sample)).resize((280, 280), Image.NEAREST)
    negative.convert("RGB").save(tmp_path / "photo.png")
    inverted = run("process_image.py", tmp_path / "photo.png", *model, "--top", 2, "--invert")
    assert inverted.splitlines()[1:] == lines[1:]


def test_process_image_names_what_is_wrong(quickstart, tmp_path):
    model = ("--model", quickstart[0] / "model.keras")
    (tmp_path / "text.png").write_text("no picture")
    assert "text.png" in refusal("process_image.py", tmp_path / "text.png", *model, returncode=1)
    assert "gone.png" in refusal("process_image.py", tmp_path / "gone.png", *model, returncode=1)
    error = refusal("process_image.py", "x.png", "--model", tmp_path / "no.keras", returncode=2)
    assert "run quickstart.py first" in error
    junk = tmp_path / "junk.keras"
    junk.write_text("no model")
    error = refusal("process_image.py", "x.png", "--model", junk, returncode=1)
    assert "junk.keras is damaged, or is not a model that Keras saved" in error


def test_examples_refuse_a_backend_that_they_do_not_know():
    error = run("linear_regression.py", returncode=2, KERAS_BACKEND="torch")
    assert "KERAS_BACKEND=torch: the examples run on jax or tensorflow" in error


@pytest.mark.slow
def test_quickstart_on_scenes_trains_the_cnn(tmp_path):
    arguments = ("--data", "scenes", "--model", "cnn", "--epochs", "1", "--target", "1")
    output = run("quickstart.py", *arguments, "--output", tmp_path)
    assert "scenes: 12,000 training and 2,000 test images" in output
    assert "StopAtTarget: not stopped" in output
    model = kcore.models.load(tmp_path / "model.keras")
    assert model.class_names == kcore.datasets.scenes.CLASS_NAMES


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--model", "resnet"), "invalid choice: 'resnet'"),
        (("--epochs", "0"), "'0' is not an integer from 1 to 4294967295"),
        (("--target", "90"), "'90' is not a fraction above 0 and up to 1"),
        (("--data", "nowhere"), "'nowhere' is neither auto, fashion-mnist, scenes nor a folder"),
        (("--output", __file__), "can't be a folder: File exists"),
        (("--output", f"{__file__}/sub"), "can't be a folder: Not a directory"),
        (("--seed", "99999999999"), "from 0 to 4294967295"),
        (("--backend", "torch"), "invalid choice: 'torch'"),
    ],
)
def test_quickstart_refuses_wrong_options(arguments, message):
    assert message in refusal("quickstart.py", *arguments, returncode=2)


def test_quickstart_names_a_backend_that_is_not_installed(environment):
    other = {"jax": "tensorflow", "tensorflow": "jax"}[environment.backend]
    error = run("quickstart.py", "--backend", other, returncode=2)
    assert f"the backend {other} is not installed: pip install 'kcore[{other}]'" in error


def test_quickstart_chooses_the_backend_that_is_installed(environment, tmp_path):
    clean = {k: v for k, v in os.environ.items() if k != "KERAS_BACKEND"}
    result = subprocess.run(
        [sys.executable, EXAMPLES / "quickstart.py", "--epochs", "1", "--output", tmp_path],
        capture_output=True,
        text=True,
        env=clean,
    )
    assert f"(mlp, {environment.backend}, {environment.device}:0)" in result.stdout


def test_quickstart_names_an_empty_data_folder(tmp_path):
    error = refusal("quickstart.py", "--data", tmp_path, returncode=1)
    assert "train-images-idx3-ubyte" in error


def test_linear_regression_comes_close_to_19_as_theory_says():
    output = run("linear_regression.py")
    predicted, theory = map(float, re.findall(r"^ +500 .* (\S+) +(\S+)$", output, re.M)[0])
    assert predicted == pytest.approx(19, abs=0.05)
    assert predicted == pytest.approx(theory, abs=1e-4)
    assert "f(10) = 18.97847, and 19 is 0.02153 away." in output


def test_padding_draws_the_windows_of_the_course_and_audits_inception():
    output = run("padding.py")
    assert "padding 'valid': 2 positions, cells 12 to 13 dropped" in output
    assert "padding 'same': 3 positions, pads 1 before and 2 after" in output
    assert "InceptionV3 on 299×299: the output is (8, 8, 2048)" in output
    assert "21,802,784 parameters" in output  # as Keras counts them without the top


def test_functional_and_subclass_on_fashion_mnist():
    output = run("functional_and_subclass.py", "--epochs", "1")
    assert_metrics_in_both_ways(output, "shoe", least_accuracy=0.75, least_auc=0.98)
    assert_only_training_drops(output)
    assert "SYNTHETIC" not in output


@pytest.mark.slow
def test_functional_and_subclass_on_scenes(tmp_path):
    output = run_offline("functional_and_subclass.py", "--epochs", "1", home=tmp_path)
    assert_metrics_in_both_ways(output, "round", least_accuracy=0.6, least_auc=0.85)
    assert_only_training_drops(output)
    assert "*** SYNTHETIC DATA" in output


def assert_metrics_in_both_ways(output, group, least_accuracy, least_auc):
    named = dict(re.findall(r"^  (\w+) +(\d+\.\d+)$", output, re.M))
    listed = re.search(r"^  \[(.+)\]$", output, re.M)[1].split(", ")
    order = ["loss", "kind_loss", f"{group}_loss"]
    order += ["kind_accuracy", f"{group}_accuracy", f"{group}_auc"]
    for name, value in zip(order, listed, strict=True):
        assert float(value) == pytest.approx(float(named[name]), abs=2e-4)
    assert float(named["kind_accuracy"]) > least_accuracy
    assert float(named[f"{group}_auc"]) > least_auc


def assert_only_training_drops(output):
    found = re.findall(
        r"training=(\w+) *: two calls give other probabilities for (\d+) of 100 images, by up to "
        r"(\S+)",
        output,
    )
    assert found[0] == ("False", "0", "0.0000")
    assert found[1][:2] == ("True", "100")
    assert float(found[1][2]) > 0.01
