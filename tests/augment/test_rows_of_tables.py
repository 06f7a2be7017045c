"""Which rows of a table are flowed, under which names, and what their targets may be."""

import warnings

import keras
import numpy as np
import pytest
from PIL import Image

from kcore.augment import ImageDataGenerator

COUNT = 6
NAMES = [f"{number}.png" for number in range(COUNT)]
ARGUMENTS = {"target_size": (4, 5), "shuffle": False, "seed": 7, "batch_size": 4}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").mkdir()
    for number, name in enumerate(NAMES):
        Image.new("RGB", (5, 4), (40 * number, 0, 0)).save(tmp_path / "in" / name)
    return tmp_path / "in"


def flow(folder, y, options=None, **arguments):
    generator = ImageDataGenerator(data_format="channels_last", **(options or {}))
    arguments = {"y_col": "y", **ARGUMENTS, **arguments}
    return generator.flow_from_dataframe({"filename": NAMES, "y": y}, folder, **arguments)


def joined(batches, part=1):
    return np.concatenate([batch[part] for batch in batches]).tolist()


def reds(batches):
    return [int(red) // 40 for red in np.concatenate([batch[0] for batch in batches])[:, 0, 0, 0]]


def test_an_empty_list_is_a_row_of_no_class(folder):
    y = [["a"], [], ["b", "a"], "b", (), ["a"]]
    batches = flow(folder, y)
    assert batches.class_indices == {"a": 0, "b": 1}
    assert joined(batches) == [[1, 0], [0, 0], [1, 1], [0, 1], [0, 0], [1, 0]]


def test_an_empty_list_is_kept_where_classes_are_chosen(folder):
    y = [["a"], [], ["b", "a"], ["b"], ["a"], ["c"]]
    with pytest.warns(UserWarning, match="1 of 6 rows are left out, as they have none of"):
        batches = flow(folder, y, classes=["c", "a"])
    assert reds(batches) == [0, 1, 2, 4, 5]
    assert joined(batches) == [[0, 1], [0, 0], [0, 1], [0, 1], [1, 0]]


@pytest.mark.parametrize("class_mode", [None, "input"])
def test_without_targets_there_is_no_target_column(folder, class_mode):
    generator = ImageDataGenerator(data_format="channels_last")
    table = {"id": NAMES}
    batches = generator.flow_from_dataframe(
        table, folder, "id", None, class_mode=class_mode, **ARGUMENTS
    )
    x = np.concatenate([batch if class_mode is None else batch[0] for batch in batches])
    assert x[:, 0, 0, 0].tolist() == [40 * number for number in range(COUNT)]
    if class_mode == "input":
        assert all((x == y).all() and not np.shares_memory(x, y) for x, y in batches)


def test_file_names_are_those_of_the_table(folder):
    assert flow(folder, NAMES, class_mode="raw").filenames == NAMES
    whole = {"filename": [str(folder / name) for name in NAMES[:2]] + ["2.png"]}
    generator = ImageDataGenerator(data_format="channels_last")
    batches = generator.flow_from_dataframe(whole, folder, class_mode=None, **ARGUMENTS)
    assert batches.filenames == whole["filename"]
    assert batches.files.path(2) == str(folder / "2.png")
    assert batches[0][:, 0, 0, 0].tolist() == [0, 40, 80]


QUARANTINED = {
    "raw": ([0, 1, 2, 3, 4, 5], lambda y: y.tolist()),
    "multi_output": (
        [[0, 9], [1, 9], [2, 9], [3, 9], [4, 9], [5, 9]],
        lambda y: y[0][:, 0].tolist(),
    ),
    "categorical": (
        [["a"], ["b"], ["a", "b"], ["c"], [], ["a", "c"]],
        lambda y: [int(row @ [1, 2, 4]) for row in y],
    ),
    "sparse": (["f", "e", "d", "c", "b", "a"], lambda y: [5 - int(label) for label in y]),
}


@pytest.mark.parametrize("class_mode", QUARANTINED)
def test_quarantine_takes_targets_and_weights_along(folder, class_mode):
    for number in (1, 4):
        (folder / NAMES[number]).write_bytes(b"")
    y, read = QUARANTINED[class_mode]
    generator = ImageDataGenerator(data_format="channels_last")
    table = {"filename": NAMES, "y": y, "w": np.arange(COUNT) / 2}
    with pytest.warns(UserWarning, match="2 of 6 images are bad and left out"):
        batches = generator.flow_from_dataframe(
            table, folder, class_mode=class_mode, weight_col="w", bad_files="quarantine",
            y_col=["y"] if class_mode == "multi_output" else "y", **ARGUMENTS,
        )  # fmt: skip
    assert batches.samples == 4
    x, targets, weights = batches[0]
    assert (x[:, 0, 0, 0] / 40).tolist() == [0, 2, 3, 5]
    assert weights.tolist() == [0, 1, 1.5, 2.5]
    expected = [1, 3, 4, 5] if class_mode == "categorical" else [0, 2, 3, 5]
    assert read(targets) == expected


@pytest.mark.parametrize(
    ("y", "error", "message"),
    [
        ([1, 2, None, 4, 5, 6], TypeError, r"holds None in row 2 \('2.png'\): targets must be"),
        ([1, 2, 3, "4", 5, 6], TypeError, r"holds '4' in row 3 \('3.png'\), but numbers before"),
        (["a", "b", "c", float("nan"), "e", "f"], TypeError, "holds nan in row 3 .* but texts"),
        ([[1, 2]] * 5 + [[1]], ValueError, r"holds \[1\] in row 5 \('5.png'\), of shape \(1,\), "),
        ([[1, 2]] * 5 + [3], ValueError, r"holds 3 in row 5 .*of shape \(\), and \(2,\) before"),
        ([[1, 2]] * 5 + [[1, None]], TypeError, r"holds \[1, None\] in row 5"),
        ([[1, 2]] * 5 + [[1, [2]]], TypeError, r"holds \[1, \[2\]\] in row 5"),
        ([{"a": 1}] * 6, TypeError, r"holds {'a': 1} in row 0"),
        ([1j] * 6, TypeError, "holds 1j in row 0"),
        ([2**70] * 6, TypeError, "holds numbers that don't fit into any NumPy dtype"),
    ],
    ids=str,
)
@pytest.mark.parametrize("class_mode", ["raw", "multi_output"])
def test_targets_of_mixed_kinds_are_refused_when_the_table_is_given(
    folder, y, error, message, class_mode
):
    with pytest.raises(error, match=message):
        flow(folder, y, class_mode=class_mode, y_col="y" if class_mode == "raw" else ["y"])


def test_a_bad_target_is_seen_in_whatever_subset_it_is(folder):
    split = {"validation_split": 0.5}
    for subset in ("training", "validation"):
        with pytest.raises(TypeError, match="holds None in row 1"):
            flow(folder, [1, None, 3, 4, 5, 6], split, class_mode="raw", subset=subset)


def test_rows_that_are_left_out_may_have_bad_targets(folder):
    (folder / "1.png").unlink()
    with pytest.warns(UserWarning, match="1 of 6 rows are left out"):
        batches = flow(folder, [1, None, 3, 4, 5, 6], class_mode="raw")
    assert joined(batches) == [1, 3, 4, 5, 6]


def test_nan_in_numbers_is_told(folder):
    y = [0.5, float("nan"), 2, float("nan"), 4, 5]
    told = r"'y' holds NaN in 2 of 6 rows, the first in row 1 \('1"
    with pytest.warns(UserWarning, match=told) as caught:
        batches = flow(folder, y, class_mode="raw")
    assert caught[0].filename == __file__
    np.testing.assert_array_equal(joined(batches), y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        flow(folder, [0.5] * 6, class_mode="raw")


@pytest.mark.parametrize("values", [[1, 2.5, True, 4, 5, 6], ["a", "b", "c", "d", "e", "f"]])
def test_numbers_of_several_types_and_texts_are_targets(folder, values):
    assert joined(flow(folder, values, class_mode="raw")) == values


def test_columns_of_several_kinds_are_no_single_array(folder):
    table = {"filename": NAMES, "n": range(6), "t": list("abcdef"), "v": [[1, 2]] * 6}
    generator = ImageDataGenerator(data_format="channels_last")
    for columns, error in ((["n", "t"], TypeError), (["n", "v"], ValueError)):
        with pytest.raises(error, match=r"can't be one array, as they hold .*multi_output"):
            generator.flow_from_dataframe(table, folder, y_col=columns, class_mode="raw")
        batches = generator.flow_from_dataframe(
            table, folder, y_col=columns, class_mode="multi_output", **ARGUMENTS
        )
        assert batches[1][1][0].tolist() == [4, 5]


def test_a_class_that_is_no_name_is_refused_with_its_row(folder):
    for value in (None, float("nan"), 3):
        with pytest.raises(
            TypeError, match=r"'y' holds .* in row 4: with class_mode='categorical'"
        ):
            flow(folder, ["a", "b", "a", "b", value, "a"])


@pytest.mark.parametrize("subset", ["training", "validation"])
def test_classes_that_a_split_takes_away_are_told(folder, subset):
    split = {"validation_split": 0.5}
    sorted_by_class = ["a", "a", "a", "b", "b", "b"]
    own, other = ("b", "a") if subset == "training" else ("a", "b")
    with pytest.warns(UserWarning, match="No row of") as caught:
        batches = flow(folder, sorted_by_class, split, subset=subset, class_mode="sparse")
    messages = [str(warning.message) for warning in caught]
    assert f"No row of this subset is of the classes ['{other}']: the table's first" in messages[0]
    assert f"No row of the other subset is of the classes ['{own}']" in messages[1]
    assert len(messages) == 2
    assert set(joined(batches)) == {["a", "b"].index(own)}


def test_classes_that_a_split_keeps_are_no_matter(folder):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        flow(folder, list("abbaab"), {"validation_split": 0.5}, subset="validation")
        flow(folder, list("aaabbb"))


def test_both_subsets_have_targets_of_one_kind(folder):
    y = ["a", "b", "a", "b", ["a", "b"], "a"]
    split = {"validation_split": 0.5}
    rows = {"validation": [[1, 0], [0, 1], [1, 0]], "training": [[0, 1], [1, 1], [1, 0]]}
    for subset, expected in rows.items():
        batches = flow(folder, y, split, subset=subset)
        assert joined(batches) == expected
        assert batches.classes is None


def test_names_that_lead_out_of_the_folder(folder, tmp_path):
    Image.new("RGB", (5, 4), (200, 0, 0)).save(tmp_path / "outside.png")
    generator = ImageDataGenerator(data_format="channels_last")
    for name in ("../outside.png", str(tmp_path / "outside.png"), "x/../../outside.png"):
        (folder / "x").mkdir(exist_ok=True)
        table = {"filename": ["0.png", name]}
        batches = generator.flow_from_dataframe(table, folder, class_mode=None, **ARGUMENTS)
        assert batches[0][1, 0, 0, 0] == 200
        with pytest.raises(ValueError, match=r"holds '.*outside.png' in row 1, which may lead out"):
            generator.flow_from_dataframe(
                table, folder, class_mode=None, confine_to_directory=True, **ARGUMENTS
            )
    batches = flow(folder, NAMES, class_mode="raw", confine_to_directory=True)
    assert batches.samples == COUNT
    with pytest.raises(ValueError, match="confine_to_directory=True needs a directory"):
        flow(None, NAMES, class_mode="raw", confine_to_directory=True)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"weight_col": "y", "class_mode": None}, ValueError, "weight_col='y' weights targets"),
        ({"y_col": None}, TypeError, "y_col=None names no targets for class_mode='categorical'"),
        ({"y_col": None, "class_mode": "raw"}, TypeError, "y_col=None names no targets"),
        ({"y_col": None, "class_mode": "multi_output"}, TypeError, "y_col=None names no targets"),
        ({"confine_to_directory": 1}, ValueError, "confine_to_directory=1 must be True or False"),
    ],
)
def test_what_is_refused(folder, arguments, error, message):
    with pytest.raises(error, match=message):
        flow(folder, [1, 2, 3, 4, 5, 6], **arguments)


@pytest.mark.filterwarnings("ignore:Column 'w' holds NaN")
def test_weights_are_numbers(folder):
    generator = ImageDataGenerator(data_format="channels_last")
    for weights in ([1.0, float("nan"), 1, 1, 1, 1], [[1, 2]] * 6):
        table = {"filename": NAMES, "y": range(6), "w": weights}
        with pytest.raises(TypeError, match="weight_col='w' must hold numbers"):
            generator.flow_from_dataframe(
                table, folder, y_col="y", class_mode="raw", weight_col="w"
            )


def test_a_table_none_of_whose_files_exist(tmp_path):
    with (
        pytest.warns(UserWarning, match="6 of 6 rows are left out"),
        pytest.raises(ValueError, match=r"6 rows is left to flow; look at directory=.*x_col="),
    ):
        flow(tmp_path, NAMES, class_mode="raw")


def test_fit_with_several_outputs_after_quarantine(folder):
    (folder / "3.png").write_bytes(b"")
    table = {"filename": NAMES, "a": np.arange(6.0), "b": np.arange(6.0)}
    with pytest.warns(UserWarning, match="1 of 6 images are bad"):
        batches = ImageDataGenerator(data_format="channels_last").flow_from_dataframe(
            table, folder, y_col=["a", "b"], class_mode="multi_output", bad_files="quarantine",
            **ARGUMENTS,
        )  # fmt: skip
    inputs = keras.Input((4, 5, 3))
    flat = keras.layers.Flatten()(inputs)
    model = keras.Model(inputs, [keras.layers.Dense(1)(flat), keras.layers.Dense(1)(flat)])
    model.compile("sgd", "mse")
    assert np.isfinite(model.evaluate(batches, verbose=0)).all()


def test_a_name_that_no_file_can_have_is_refused_with_its_row(folder):
    table = {"filename": ["0.png", "1\0.png"], "y": ["a", "b"]}
    generator = ImageDataGenerator(data_format="channels_last")
    with pytest.raises(ValueError, match=r"x_col='filename' holds '1.*' in row 1: .* a NUL char"):
        generator.flow_from_dataframe(table, folder, y_col="y", **ARGUMENTS)
