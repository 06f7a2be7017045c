import base64
import re
from io import BytesIO

import matplotlib.style
import numpy as np
import pytest
from oracles.markup import Page
from PIL import Image

import kcore
from kcore.visualize import report, worst_mistakes

HOSTILE = "<script>document.title = 'taken over'</script>"


def read(path, **arguments):
    return Page(report(path, **arguments).path.read_text(encoding="utf-8"))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "report.html"


def test_a_report_of_everything_is_valid_html(path, everything):
    page = read(path, **everything)
    assert page.problems == []
    assert page.links == [
        "#curves",
        "#confusion",
        "#mistakes",
        "#class-activation",
        "#feature-maps",
        "#model",
        "#epochs",
        "#bad-files",
        "#setup",
    ]


def test_names_are_shown_as_they_are_and_do_nothing(path, everything):
    page = read(path, **everything)
    assert "script" not in page.tags
    for part in (
        f"Training {HOSTILE}",
        f"stopped in epoch 3: {HOSTILE}",
        f"synthetic {HOSTILE}",
        '"onmouseover="alert(1)',
        "猫 & \u202edog",
        r"\udc80/\x00.jpg",
    ):
        assert part in page.text
    assert page.text.count(HOSTILE) >= 12


def test_the_numbers_are_those_that_were_given(path, everything):
    page = read(path, **everything)
    for part in (
        "0.9375",
        "3 epochs took 16.8 s: the first, in which the model is compiled, 12.5 s, and",
        "the others 2.1 s each (median).",
        "2 layers, 1,280 parameters.",
        "28×28×1",
        "0+1×2+0",
        "the first 64 of 70 channels, 9×9 each",
        "2 files were left out.",
    ):
        assert part in page.text
    right = (everything["probabilities"].argmax(axis=1) == everything["labels"]).sum()
    assert f"{right} of 40 images are classified correctly ({right / 40:.1%})" in page.text
    for mistake in worst_mistakes(everything["labels"], everything["probabilities"]):
        assert f"({mistake.confidence:.0%})image {mistake.index}" in page.text


def test_the_confusion_matrix_is_a_table_of_the_counts(path):
    labels, probabilities = [0, 0, 0, 1], np.eye(2)[[0, 0, 1, 1]]
    text = report(path, labels=labels, probabilities=probabilities).path.read_text()
    cells = re.findall(r'<td[^>]*style="--s:([\d.]+)">(\d*)</td>', text)
    assert cells == [("0.667", "2"), ("0.333", "1"), ("0.000", ""), ("1.000", "1")]
    assert "66.7%" in text
    assert Page(text).text.count("Most frequent mistakes") == 1


def test_one_hot_labels_and_class_indices_are_those_of_indices_and_names(path, everything):
    def sections(arguments):
        text = report(path, **arguments).path.read_text(encoding="utf-8")
        return re.search(
            r'<section id="confusion".*<section id="class-activation"', text, re.DOTALL
        )[0]

    indices = {name: index for index, name in reversed([*enumerate(everything["class_names"])])}
    rows = np.eye(5)[everything["labels"]]
    other = everything | {"labels": rows, "class_names": indices}
    assert sections(other) == sections(everything)


def test_titles_of_charts_are_whole(path):
    names = [f"{'m' * 60}{n}" for n in range(2)] + ["猫" * 60, "$\\alpha_1"]
    page = read(path, history={name: [1, 2] for name in names})
    assert page.problems == []
    for name in names:
        assert name in page.text


def test_the_bytes_of_charts_are_the_same_each_time(path):
    history = {"loss": [3, 2.5, float("nan"), 2], "val_loss": [4, 3.25, 3, 3], "lr": [1, 1, 1, 1]}

    def drawn():
        text = report(path, history=history).path.read_text(encoding="utf-8")
        return re.findall("<svg.*?</svg>", text, re.DOTALL)

    first = drawn()
    assert len(first) == 2
    assert drawn() == first


def test_the_style_that_a_user_has_chosen_stays_and_changes_no_colors(path):
    history = {"loss": [3, 2.5], "val_loss": [4, 3.25]}
    report(path, history=history)
    usual = re.findall("var[(]--[a-z]+[)]", path.read_text(encoding="utf-8"))
    with matplotlib.style.context("dark_background"):
        before = dict(matplotlib.rcParams)
        report(path, history=history)
        assert dict(matplotlib.rcParams) == before
    dark = path.read_text(encoding="utf-8")
    assert re.findall("var[(]--[a-z]+[)]", dark) == usual
    assert re.findall("<svg.*</svg>", dark, re.DOTALL)[0].count("#") == dark.count("#chart-")


def test_the_pictures_are_inside_and_whole(path, everything):
    page = read(path, **everything)
    mistakes = worst_mistakes(everything["labels"], everything["probabilities"])
    assert len(page.images) == len(mistakes) + 1 + 2
    for values in page.images:
        encoded = values["src"].removeprefix("data:image/png;base64,")
        img = Image.open(BytesIO(base64.b64decode(encoded, validate=True)))
        img.load()
        assert img.format == "PNG"
        assert (str(img.width), str(img.height)) == (values["width"], values["height"])
    first = Image.open(BytesIO(base64.b64decode(page.images[0]["src"].split(",")[1])))
    np.testing.assert_array_equal(np.asarray(first), everything["images"][mistakes[0].index])


def test_many_classes_are_a_picture(path):
    labels = np.arange(30)
    page = read(path, labels=labels, probabilities=np.eye(30)[::-1])
    assert page.problems == []
    (image,) = page.images
    assert image["alt"].startswith("Confusion matrix of 30 classes")
    encoded = image["src"].removeprefix("data:image/png;base64,")
    img = Image.open(BytesIO(base64.b64decode(encoded)))
    assert (img.width // 2, img.height // 2) == (int(image["width"]), int(image["height"]))


def test_curves_are_said_in_words(path, everything):
    text = report(path, **everything).path.read_text(encoding="utf-8")
    described = re.findall(r'<svg[^>]*aria-label="([^"]*)"', text)
    assert described[1] == (
        "loss: training nan in epoch 3, validation 0.7 in epoch 3; "
        "validation 0.25 above training in epoch 2"
    )


def test_an_empty_report_holds_what_is_always_known(path):
    page = read(path)
    assert page.problems == []
    assert page.links == ["#setup"]
    assert kcore.__version__ in page.text
    assert np.__version__ in page.text
    assert "✓ finished" in page.text


@pytest.mark.parametrize("status", ["running", "finished", "stopped", "interrupted"])
def test_the_status_is_written(path, status):
    page = read(path, status=status)
    assert page.problems == []
    assert f"Training: {status}" in page.text
    assert ("has ended without a word" in page.text) == (status == "running")


def test_the_last_values_stand_at_the_top(path):
    text = report(path, history={"loss": [3, 2.5], "val_loss": [4, 3.25]}).path.read_text()
    tiles = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", text)
    assert tiles == [("training loss", "2.5"), ("validation loss", "3.25")]
    assert 'class="headline"' not in text


def test_the_test_accuracy_is_the_headline_and_the_end_of_its_curve(path):
    history = {"accuracy": [0.5, 1.0], "loss": [3, 2.5], "val_accuracy": [0.25, 0.5]}
    answers = {"labels": [0, 0, 0, 1], "probabilities": np.eye(2)[[0, 0, 1, 1]]}
    written = report(path, history=history, **answers)
    assert written.metrics == {
        "test accuracy": 0.75,
        "training accuracy": 1.0,
        "validation accuracy": 0.5,
        "training loss": 2.5,
    }
    text = path.read_text(encoding="utf-8")
    assert Page(text).problems == []
    assert re.findall(r'<div class="headline"><dt>(.*?)</dt><dd>(.*?)</dd>', text) == [
        ("test accuracy", "0.75")
    ]
    accuracy, loss = re.findall('<figure class="chart">.*?</figure>', text, re.DOTALL)
    assert '<span class="test">test 0.75</span>' in accuracy
    assert "test 0.75 in epoch 2" in accuracy
    assert "fill: var(--test)" in accuracy
    assert "test" not in loss
    assert "The diamond is the test accuracy" in text


def test_metrics_that_are_given_come_after_the_test_accuracy(path):
    answers = {"labels": [0, 1], "probabilities": np.eye(2)}
    written = report(path, history={"acc": [0.5]}, metrics={"AUC": 0.875}, **answers)
    assert list(written.metrics.items()) == [("test accuracy", 1.0), ("AUC", 0.875)]


def test_without_predictions_there_is_no_test_accuracy(path):
    written = report(path, history={"accuracy": [0.5]})
    assert written.metrics == {"training accuracy": 0.5}
    assert "diamond" not in path.read_text(encoding="utf-8")


def test_a_note_stands_above_the_numbers(path):
    page = read(path, note="SYNTHETIC <b>", metrics={"loss": 0.25})
    assert page.problems == []
    assert page.text.index("SYNTHETIC <b>") < page.text.index("0.25")
    with pytest.raises(TypeError, match="note=3 must be a string"):
        report(path, note=3)


def test_a_metric_of_several_numbers_is_one_for_each(path):
    scores = np.array([0.25, 0.5], "float32")
    metrics = {"loss": np.array([2.5]), "f1_score": scores, "many": np.zeros(11)}
    with pytest.warns(
        UserWarning, match="metrics: 'many' holds 11 numbers, more than 10"
    ) as caught:
        text = report(path, metrics=metrics).path.read_text()
    assert [one.filename for one in caught] == [__file__]
    tiles = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", text)
    assert tiles == [("loss", "2.5"), ("f1_score[0]", "0.25"), ("f1_score[1]", "0.5")]


def test_nothing_wrong_and_nothing_left_out_are_said(path):
    page = read(
        path,
        labels=[0, 1],
        probabilities=np.array([0.1, 0.9]),
        images=np.zeros((2, 4, 4)),
        bad_files=[],
    )
    assert page.problems == []
    assert "All 2 images are classified correctly." in page.text
    assert "No file was left out." in page.text


def test_large_pictures_are_reduced(path):
    page = read(
        path,
        labels=[0],
        probabilities=[[0.0, 1.0]],
        images=np.zeros((1, 1000, 500, 1)),
        feature_maps={"large": np.random.default_rng(0).normal(size=(400, 400, 4))},
        data_format="channels_last",
    )
    assert (page.images[0]["width"], page.images[0]["height"]) == ("160", "320")
    assert int(page.images[1]["width"]) <= 720


def test_numbers_of_numpy_are_taken_as_those_of_python(path):
    page = read(path, epoch_seconds=np.array([1.5, 2.5]), metrics={"loss": np.float32(0.25)})
    assert "2 epochs took 4.0 s" in page.text
    assert "0.25" in page.text


def test_channels_first(path):
    page = read(path, feature_maps={"a": np.zeros((3, 8, 6))}, data_format="channels_first")
    assert "3 channels, 8×6 each" in page.text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"status": "done"}, "status='done' is unknown: use one of 'running', 'finished'"),
        ({"labels": [0]}, "labels and probabilities belong together"),
        ({"labels": [2], "probabilities": [[0.5, 0.5]]}, "class index 2; there are 2 classes"),
        (
            {"labels": [0], "probabilities": [[0.5, 0.5]], "class_names": ["a"]},
            r"class_names=\['a'\] must be 2 names, one per class",
        ),
        (
            {"labels": [0], "probabilities": [[0.5, 0.5]], "images": np.zeros((2, 4, 4))},
            "There are 2 images for 1 labels",
        ),
        (
            {"labels": [1], "probabilities": [[0.5, 0.5]], "images": np.full((1, 4, 4), 7.0)},
            r"images\[0\] ranges from 7 to 7; floats must lie in 0..1",
        ),
        ({"overlays": {"a": np.zeros((4, 4, 2))}}, r"overlays\['a'\] with shape \(4, 4, 2\) must"),
        (
            {"feature_maps": {"a": np.zeros((2, 4, 4, 2))}, "data_format": "channels_last"},
            r"feature_maps\['a'\] with shape \(2, 4, 4, 2\) holds 2 images",
        ),
        ({"bad_files": ["a.jpg"]}, "bad_files holds 'a.jpg'; each must be"),
        ({"bad_files": 3}, "bad_files=3 must be a sequence of"),
        ({"history": {}}, "history holds no epoch"),
        ({"history": {"loss": 3}}, r"history\['loss'\]=3 must be one value for each epoch"),
        ({"history": {"loss": ["a"]}}, "history holds no numbers to draw: 'loss' holds 'a'"),
        ({"metrics": [0.5]}, "metrics is a list; it must be a mapping: a number for each name"),
        ({"metrics": {"loss": None}}, r"metrics\['loss'\]=None must be a number"),
        ({"metrics": {"loss": "a"}}, r"metrics\['loss'\]='a' must be a number"),
        ({"feature_maps": np.zeros((1, 4, 4, 2))}, "feature_maps is a ndarray; it must be a map"),
        ({"feature_maps": {"a": "b"}}, r"feature_maps\['a'\] with dtype <U1 must be real numbers"),
        ({"overlays": [np.zeros((4, 4))]}, "overlays is a list; it must be a mapping: a picture"),
        ({"epoch_seconds": 3}, "epoch_seconds=3 must be the seconds of each epoch"),
        ({"epoch_seconds": ["a"]}, "epoch_seconds holds 'a'; each must be a number of at least 0"),
        ({"epoch_seconds": [float("nan")]}, "epoch_seconds holds nan"),
        ({"model": "abc"}, "model is a str; it must be a keras.Model, or what kcore.inspect.trace"),
        ({"class_names": {"a": 1}}, "class_names={'a': 1} must map each name to its class index"),
        (
            {"labels": [0], "probabilities": [[0.5, 0.5]], "images": "abc"},
            r"images with shape \(\) must be \(images, height, width\)",
        ),
    ],
)
def test_what_is_wrong_is_named_and_the_earlier_report_stays(path, arguments, message):
    report(path, title="earlier")
    before = path.read_bytes()
    with pytest.raises(ValueError, match=message):
        report(path, **arguments)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["report.html"]
