"""`flow_from_dataframe` with anything that has columns."""

import keras
import numpy as np
import pytest
from PIL import Image

from kcore.augment import ImageDataGenerator

COUNT = 6
ARGUMENTS = {"target_size": (4, 5), "shuffle": False, "seed": 7, "batch_size": 4}


class Frame:
    """As much of a data frame as is asked for: `columns`, and columns that are no lists."""

    def __init__(self, **columns):
        self._columns = {name: np.array(values, object) for name, values in columns.items()}

    @property
    def columns(self):
        return list(self._columns)

    def __getitem__(self, name):
        return iter(self._columns[name])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("files")
    for number in range(COUNT):
        Image.new("RGB", (5, 4), (40 * number, 0, 0)).save(root / f"{number}.png")
    return root


def table(**columns):
    names = [f"{number}.png" for number in range(COUNT)]
    return {"filename": names, "class": ["b", "a", "b", "c", "a", "b"], **columns}


def flow(folder, columns, options=None, **arguments):
    generator = ImageDataGenerator(data_format="channels_last", **(options or {}))
    return generator.flow_from_dataframe(columns, folder, **{**ARGUMENTS, **arguments})


def targets(batches):
    return np.concatenate([batch[1] for batch in batches]).tolist()


def test_the_images_of_the_rows(folder):
    batches = flow(folder, table(), class_mode=None)
    assert [x.shape for x in batches] == [(4, 4, 5, 3), (2, 4, 5, 3)]
    reds = np.concatenate([x[:, 0, 0, 0] for x in batches])
    assert reds.tolist() == [0, 40, 80, 120, 160, 200]


@pytest.mark.parametrize("kind", [lambda columns: columns, lambda columns: Frame(**columns)])
def test_dictionaries_and_frames(folder, kind):
    batches = flow(folder, kind(table()), class_mode="sparse")
    assert batches.class_indices == {"a": 0, "b": 1, "c": 2}
    assert targets(batches) == [1, 0, 1, 2, 0, 1]


def test_one_hot_classes(folder):
    assert targets(flow(folder, table()))[3] == [0.0, 0.0, 1.0]


def test_several_classes_of_an_image(folder):
    columns = table(**{"class": ["a", ["a", "b"], ("c",), ["b"], "c", ["a", "b", "c"]]})
    expected = [[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 1, 0], [0, 0, 1], [1, 1, 1]]
    batches = flow(folder, columns)
    assert batches.class_indices == {"a": 0, "b": 1, "c": 2}
    assert targets(batches) == expected


def test_rows_of_other_classes_are_left_out(folder):
    with pytest.warns(UserWarning, match=r"1 of 6 rows are left out, as they have none of"):
        batches = flow(folder, table(), classes=["b", "a"], class_mode="binary")
    assert batches.class_indices == {"b": 0, "a": 1}
    assert targets(batches) == [0, 1, 0, 1, 0]


def test_raw_values(folder):
    columns = table(x=np.arange(COUNT) / 10, y=np.arange(COUNT))
    assert targets(flow(folder, columns, y_col="x", class_mode="raw"))[4] == np.float32(0.4)
    assert targets(flow(folder, columns, y_col=["x", "y"], class_mode="raw"))[4] == [
        np.float32(0.4),
        4.0,
    ]


def test_several_outputs(folder):
    columns = table(x=np.arange(COUNT), y=[[number, 1] for number in range(COUNT)])
    batches = flow(folder, columns, y_col=["x", "y"], class_mode="multi_output")
    _, (x, y) = batches[1]
    assert (x.tolist(), y.tolist()) == ([4, 5], [[4, 1], [5, 1]])


def test_the_images_as_targets(folder):
    x, y = flow(folder, table(), {"horizontal_flip": True}, class_mode="input")[0]
    np.testing.assert_array_equal(x, y)


def test_weights(folder):
    batches = flow(folder, table(w=np.arange(COUNT)), weight_col="w", class_mode="sparse")
    assert batches[1][2].tolist() == [4, 5]


def test_the_first_rows_are_for_validation(folder):
    split = {"validation_split": 0.4}
    arguments = {"class_mode": "raw", "y_col": "n"}
    columns = table(n=np.arange(COUNT))
    assert targets(flow(folder, columns, split, subset="validation", **arguments)) == [0, 1]
    assert targets(flow(folder, columns, split, subset="training", **arguments)) == [2, 3, 4, 5]


def test_missing_files_are_left_out_with_a_warning(folder):
    columns = table()
    columns["filename"] = ["0.png", "no.png", "2.png", "3.txt", "4.png", "5.png"]
    with pytest.warns(UserWarning, match=r"2 of 6 rows are left out, .*the first: '.*no.png'"):
        batches = flow(folder, columns, class_mode="sparse")
    assert targets(batches) == [1, 1, 0, 1]
    batches = flow(folder, columns, class_mode="sparse", validate_filenames=False)
    assert batches.samples == 6


def test_whole_names_need_no_folder(folder):
    columns = {"filename": [folder / "3.png"], "class": ["a"]}
    assert flow(None, columns)[0][0][0, 0, 0, 0] == 120


def test_parameters_are_those_of_the_row(folder):
    batches = flow(folder, table(), {"rotation_range": 40}, class_mode=None, shuffle=True)
    batch, indices = batches[0], batches.indices(0)
    np.testing.assert_array_equal(batches.replay(int(indices[2]))[0], batch[2])


def test_fit(folder):
    batches = flow(folder, table(w=np.ones(COUNT)), weight_col="w", shuffle=True)
    model = keras.Sequential(
        [keras.Input((4, 5, 3)), keras.layers.Flatten(), keras.layers.Dense(3, "softmax")]
    )
    model.compile("adam", "categorical_crossentropy")
    assert np.isfinite(model.fit(batches, epochs=1, verbose=0).history["loss"]).all()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"x_col": "file"}, ValueError, "no column 'file'; it has 'filename', 'class', 'n'"),
        ({"x_col": "n"}, TypeError, "Column x_col='n' holds 0 in row 0: it must hold file names"),
        ({"y_col": "n"}, TypeError, "Column 'n' holds 0 in row 0: with class_mode='categorical'"),
        ({"class_mode": "binary"}, ValueError, "class_mode='binary' needs two classes.* 3: 'a'"),
        ({"class_mode": "other"}, ValueError, "class_mode='other' is unknown"),
        ({"class_mode": "multi_output"}, TypeError, "y_col='class' must be a list of columns"),
        ({"class_mode": "raw", "classes": ["a"]}, ValueError, "has no meaning with class_mode"),
        ({"weight_col": "class"}, TypeError, "weight_col='class' must hold numbers"),
        ({"subset": "training"}, ValueError, "needs a generator with a validation_split"),
        ({"y_col": ["n", "class"]}, TypeError, "must be one column for class_mode='categorical'"),
    ],
)
def test_arguments_that_are_refused(folder, arguments, error, message):
    with pytest.raises(error, match=message):
        flow(folder, table(n=list(range(COUNT))), **arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        {"y_col": "short"},
        {"y_col": "short", "class_mode": "raw"},
        {"y_col": ["n", "short"], "class_mode": "multi_output"},
        {"weight_col": "short"},
        {"x_col": "short", "y_col": "n", "class_mode": "raw"},
    ],
    ids=str,
)
def test_columns_of_other_lengths_are_refused(folder, arguments):
    columns = table(n=list(range(COUNT)), short=["a.png"])
    message = r"Column '.*' has \d rows?, and x_col='.*' has \d: all columns must have the same"
    with pytest.raises(ValueError, match=message):
        flow(folder, columns, **arguments)


@pytest.mark.filterwarnings("ignore:6 of 6 rows")
def test_no_row_left(tmp_path):
    with pytest.raises(ValueError, match="None of the table's 6 rows is left to flow"):
        flow(tmp_path, table())


def test_a_structured_array_is_a_table(folder):
    names = table()["filename"]
    rows = np.array([(name, "a") for name in names], [("filename", "U20"), ("class", "U1")])
    assert len(flow(folder, rows).filenames) == COUNT


@pytest.mark.parametrize(
    "rows", [None, "table.csv", [{"filename": "a.png", "class": "a"}]], ids=str
)
def test_what_is_no_table_is_refused(folder, rows):
    message = f"dataframe is of type {type(rows).__name__}: give a data frame, or a dictionary of"
    with pytest.raises(TypeError, match=message):
        flow(folder, rows)


@pytest.mark.parametrize("classes", ["ab", 5])
def test_classes_are_a_list(folder, classes):
    with pytest.raises(ValueError, match=f"classes={classes!r} must be a list of names"):
        flow(folder, table(), classes=classes)


def test_values_of_different_shapes_are_no_targets(folder):
    values = [[1]] * 3 + [[1, 2]] * (COUNT - 3)
    with pytest.raises(
        ValueError, match=r"Column 'v' holds \[1, 2\] in row 3 \('3.png'\), of shape"
    ):
        flow(folder, table(v=values), y_col="v", class_mode="raw")
