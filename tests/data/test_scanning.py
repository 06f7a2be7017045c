import contextlib
import io
import os
import tracemalloc
import unicodedata
from pathlib import Path

import pytest
from keras.src.legacy.preprocessing.image import ImageDataGenerator  # the course's, an oracle
from oracles import windows
from oracles.image_trees import write_tree
from PIL import Image

from kcore.data import BadFileError, scan
from kcore.data import _image_files as image_files
from kcore.data import _scanning as scanning
from kcore.data import _walking as walking
from kcore.data._walking import SUFFIXES
from kcore.images import FORMATS


def touch(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def reasons(files):
    return {reason: left_out.count for reason, left_out in files.left_out.items()}


def test_classes_are_the_sorted_sub_directories(tmp_path):
    files = scan(touch(tmp_path, "dog/1.png", "cat/2.png", "cat/1.jpg", "Zebra/1.png"))
    assert files.class_names == ("Zebra", "cat", "dog")
    assert files.class_indices == {"Zebra": 0, "cat": 1, "dog": 2}
    assert files.filenames == ["Zebra/1.png", "cat/1.jpg", "cat/2.png", "dog/1.png"]
    assert files.labels.tolist() == [0, 1, 1, 2]
    assert files.labels.dtype == "int32"
    assert files.counts() == {"Zebra": 1, "cat": 2, "dog": 1}
    assert files.path(3) == str(tmp_path / "dog" / "1.png")
    assert files.class_name(3) == "dog"


def test_without_labels_the_whole_tree_is_taken(tmp_path):
    touch(tmp_path, "top.png", "b/1.png", "a/z/y/1.png", "a/z-z/1.png", "a/2.png", ".hidden/1.png")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    expected = ["top.png", "a/2.png", "a/z-z/1.png", "a/z/y/1.png", "b/1.png"]
    for follow_links in (False, True):
        files = scan(tmp_path, None, follow_links=follow_links)
        assert files.filenames == expected
        assert files.labels is None
        assert files.class_names == ()


def test_given_labels_are_those_of_the_files_in_their_order(tmp_path):
    touch(tmp_path, "top.png", "b/1.png", "a/1.png", "a/2.png")
    files = scan(tmp_path, [1, 0, 2, 0])
    assert files.filenames == ["top.png", "a/1.png", "a/2.png", "b/1.png"]
    assert files.labels.tolist() == [1, 0, 2, 0]
    assert files.class_names == ("0", "1", "2")
    assert files.counts() == {"0": 2, "1": 1, "2": 1}


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 1], r"labels has shape \(2,\), but there are 3 image files: give one integer for"),
        ([0, 1, -1], "labels must be integers from 0, one for each image file"),
        ([0.0, 1.0, 1.0], "labels must be integers from 0"),
        (["a", "b", "a"], "labels must be integers from 0"),
        ([0, 2, 2], r"labels has 2 different values, from 0 to 2: use 0 to 1, as np\.unique"),
        ("infer", "labels='infer' is unknown: use 'inferred', None or a list of integers"),
    ],
)
def test_labels_that_do_not_fit_are_refused(tmp_path, labels, message):
    touch(tmp_path, "1.png", "a/1.png", "a/2.png")
    with pytest.raises(ValueError, match=message):
        scan(tmp_path, labels)


@pytest.mark.parametrize("labels", [None, [0, 1]])
def test_names_of_classes_need_inferred_labels(tmp_path, labels):
    touch(tmp_path, "a/1.png", "b/1.png")
    with pytest.raises(ValueError, match=r"class_names=\['a'\] names subdirectories, which are"):
        scan(tmp_path, labels, ["a"])


def test_given_classes_choose_and_order(tmp_path):
    touch(tmp_path, "a/1.png", "b/1.png", "c/1.png", "d/x/1.png", "d/y/1.png")
    files = scan(tmp_path, class_names=["c", "a", "d/y"])
    assert files.filenames == ["c/1.png", "a/1.png", "d/y/1.png"]
    assert files.labels.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("class_names", "message"),
    [
        ([], r"class_names=\[\] must be one or more distinct names"),
        (["a", "a"], r"class_names=\['a', 'a'\] must be distinct names"),
        ("a", "class_names='a' must be a list of names"),
        ([".."], "class_names holds '..', which is not a subdirectory"),
        (["/"], "class_names holds '/', which is not a subdirectory"),
        ([""], "class_names holds '', which is not a subdirectory"),
    ],
)
def test_wrong_classes_are_refused(tmp_path, class_names, message):
    touch(tmp_path, "a/1.png")
    with pytest.raises(ValueError, match=message):
        scan(tmp_path, class_names=class_names)


def test_a_class_without_directory_keeps_its_label_and_warns(tmp_path):
    touch(tmp_path, "a/1.png", "c/1.png")
    message = r"is of class 'b'; each keeps its label\. There is no subdirectory 'b'\."
    with pytest.warns(UserWarning, match=message):
        files = scan(tmp_path, class_names=["a", "b", "c"])
    assert files.class_indices == {"a": 0, "b": 1, "c": 2}
    assert files.labels.tolist() == [0, 2]


def test_classes_none_of_which_has_a_directory_are_refused(tmp_path):
    touch(tmp_path, "a/1.png")
    with pytest.raises(
        FileNotFoundError, match=r"class_names=\['b', 'c'\], but there is no directory"
    ):
        scan(tmp_path, class_names=["b", "c"])
    with pytest.raises(
        NotADirectoryError, match=r"class_names holds 'a/1\.png', but '.*' is a file"
    ):
        scan(tmp_path, class_names=["a", "a/1.png"])


@pytest.mark.parametrize("class_names", [{"a", "b"}, frozenset("ab"), {"b": 0, "a": 1}])
def test_classes_without_an_order_of_their_own_are_refused(tmp_path, class_names):
    touch(tmp_path, "a/1.png", "b/1.png")
    with pytest.raises(
        ValueError, match=r"class_names=.* is a .*: labels are positions in a list, so"
    ):
        scan(tmp_path, class_names=class_names)


def test_classes_of_a_generator_are_listed_once(tmp_path):
    touch(tmp_path, "a/1.png", "b/1.png")
    assert scan(tmp_path, class_names=(name for name in "ba")).class_names == ("b", "a")
    assert scan(tmp_path, class_names={"b": 0, "a": 1}.keys()).class_names == ("b", "a")
    with pytest.raises(ValueError, match=r"class_names=\['a', 3\] must be a list of names"):
        scan(tmp_path, class_names=iter(["a", 3]))


def test_every_suffix_by_default_is_of_a_format_that_is_decoded_by_default():
    Image.init()
    known = Image.registered_extensions()
    for suffix in SUFFIXES:
        # An older Pillow may lack a format.
        assert known.get(f".{suffix.decode()}", "PNG") in (*FORMATS, "MPO")


def test_suffixes_can_be_given(tmp_path):
    touch(tmp_path, "a/1.png", "a/2.psd", "a/3.PSD", "b/4.jpg")
    files = scan(tmp_path, suffixes=[".psd", "JPG"])
    assert files.filenames == ["a/2.psd", "a/3.PSD", "b/4.jpg"]
    assert files.left_out["no image files"].count == 1
    with pytest.raises(ValueError, match=r"names that end with \.gif are looked for"):
        scan(tmp_path, suffixes=[".gif"])


@pytest.mark.parametrize("suffixes", [".png", [], [".tar.gz"], ["."], [""], [3], 5], ids=repr)
def test_wrong_suffixes_are_refused(tmp_path, suffixes):
    touch(tmp_path, "a/1.png")
    with pytest.raises(ValueError, match=r"suffixes(=| holds ).*such as"):
        scan(tmp_path, suffixes=suffixes)


def test_the_order_is_that_of_legacy_keras(tmp_path):
    names = ["z.png", "a.png", "x/1.png", "x-y/1.png", "x/y/1.png", "x0/1.png", "X/1.png"]
    touch(tmp_path, *(f"{name}/{file}" for name in ("b", "b-c", "B") for file in names))
    legacy = ImageDataGenerator().flow_from_directory(tmp_path)
    files = scan(tmp_path)
    assert files.filenames == legacy.filenames
    assert files.labels.tolist() == legacy.classes.tolist()
    assert files.class_indices == legacy.class_indices


def backslashes(monkeypatch):
    for module in (image_files, walking):
        monkeypatch.setattr(module, "os", windows.system_with_backslashes())


@pytest.mark.parametrize("labels", ["inferred", None])
def test_on_windows_names_and_their_order_are_those_of_other_systems(tmp_path, monkeypatch, labels):
    names = ["a.png", "x/1.png", "x-y/1.png", "x/y/1.png", "x0/1.png", "X/1.png", "x/y/.hidden"]
    touch(tmp_path, *(f"{name}/{file}" for name in ("b", "b-c", "b0") for file in names))
    (tmp_path / "b" / "link").symlink_to(tmp_path / "b" / "x")
    here = scan(tmp_path, labels)
    backslashes(monkeypatch)
    there = scan(tmp_path, labels)
    assert there.filenames == here.filenames
    assert there.counts() == here.counts()
    assert there.left_out == here.left_out
    start = os.fspath(tmp_path) + "\\"
    written = [start + name.replace("/", "\\") for name in here.filenames]
    assert [there.path(index) for index in range(len(there))] == written


def test_on_windows_paths_in_a_list_stay_as_they_are(monkeypatch):
    backslashes(monkeypatch)
    paths = ["C:/data/1.png", r"C:\data\2.png", r"\\server\share\3.png", "4.png"]
    files = image_files.ImageFiles.from_paths(paths)
    assert files.filenames == paths
    assert [files.path(index) for index in range(4)] == paths


def test_names_of_classes_may_be_written_in_several_ways(tmp_path):
    touch(tmp_path, "pets/cat/1.png", "pets/dog/1.png")
    files = scan(tmp_path, class_names=["./pets/cat/", "pets//dog"])
    assert files.filenames == ["pets/cat/1.png", "pets/dog/1.png"]
    assert files.class_names == ("./pets/cat/", "pets//dog")


def test_two_names_of_one_directory_are_refused(tmp_path):
    touch(tmp_path, "cat/1.png", "dog/1.png")
    (tmp_path / "Cat").symlink_to("cat")  # on Windows and macOS, it is there without a link
    with pytest.raises(ValueError, match="class_names holds 'cat' and 'Cat', which are the same"):
        scan(tmp_path, class_names=["cat", "dog", "Cat"])


class Junction:
    """An entry of a directory that leads elsewhere, and that Windows calls no link."""

    def __init__(self, entry):
        self.name, self.path, self._entry = entry.name, entry.path, entry

    def is_dir(self, follow_symlinks=True):
        return True

    def is_file(self, follow_symlinks=True):
        return False

    def is_symlink(self):
        return False

    def stat(self, follow_symlinks=True):
        return self if not follow_symlinks else self._entry.stat()

    st_reparse_tag = 0xA0000003


class NoJunction:
    """Any other entry."""

    st_reparse_tag = 0

    def __init__(self, entry):
        self._entry = entry

    def __getattr__(self, name):
        return getattr(self._entry, name)

    def stat(self, follow_symlinks=True):
        return self if not follow_symlinks else self._entry.stat()


def junctions_for_links(monkeypatch):
    scandir = os.scandir

    @contextlib.contextmanager
    def listed(path):
        with scandir(path) as entries:
            yield ((Junction if one.is_symlink() else NoJunction)(one) for one in entries)

    monkeypatch.setattr(walking.os, "scandir", listed)
    monkeypatch.setattr(walking.os, "stat_result", Junction)


def test_junctions_of_windows_are_links_to_directories(tmp_path, monkeypatch):
    touch(tmp_path, "data/a/1.png", "data/a/deep/2.png", "data/b/3.png", "outside/4.png")
    (tmp_path / "data" / "a" / "loop").symlink_to(tmp_path / "data" / "a")
    (tmp_path / "data" / "b" / "outside").symlink_to(tmp_path / "outside")
    (tmp_path / "data" / "c").symlink_to(tmp_path / "outside")
    junctions_for_links(monkeypatch)
    files = scan(tmp_path / "data")
    assert files.filenames == ["a/1.png", "a/deep/2.png", "b/3.png", "c/4.png"]
    assert reasons(files) == {"linked directories (see follow_links)": 2}
    files = scan(tmp_path / "data", follow_links=True)
    expected = ["a/1.png", "a/deep/2.png", "b/3.png", "b/outside/4.png", "c/4.png"]
    assert files.filenames == expected


def test_drives_that_number_all_files_0_are_walked(tmp_path, monkeypatch):
    touch(tmp_path, "data/a/x/1.png", "data/a/y/2.png", "data/b/3.png")
    (tmp_path / "data" / "a" / "x" / "loop").symlink_to(tmp_path / "data" / "a")
    stat = os.stat

    def unnumbered(path, **options):
        status = stat(path, **options)
        return os.stat_result([status.st_mode, 0, *status[2:]])

    monkeypatch.setattr(os, "stat", unnumbered)
    files = scan(tmp_path / "data", class_names=["a", "b"], follow_links=True)
    assert files.filenames == ["a/x/1.png", "a/y/2.png", "b/3.png"]


def test_a_folder_without_sub_directories_has_no_labels(tmp_path):
    files = scan(touch(tmp_path, "2.png", "1.png", "notes.txt"))
    assert files.filenames == ["1.png", "2.png"]
    assert files.labels is None
    assert files.class_names == ()
    assert files.counts() == {}
    assert files.class_name(0) is None


def test_what_is_left_out_is_counted(tmp_path):
    names = ["a/1.png", "a/.2.png", ".git/3.png", "a/notes.txt", "a/README", "4.png", "a/png"]
    files = scan(touch(tmp_path, *names))
    assert files.filenames == ["a/1.png"]
    assert reasons(files) == {
        "hidden": 2,
        "no image files": 3,
        "beside the class directories": 1,
    }
    assert files.left_out["beside the class directories"].examples == ["4.png"]
    assert "left out, hidden: 2, e.g. " in files.summary()


def test_suffixes_are_found_in_any_case(tmp_path):
    suffixes = "bmp BMP gif jpeg JPG Jpg png PNG ppm tif TIFF webp".split()
    files = scan(touch(tmp_path, *(f"a/{n:02d}.{suffix}" for n, suffix in enumerate(suffixes))))
    assert len(files) == len(suffixes)
    assert files.left_out == {}


def test_names_in_any_script_and_names_that_are_not_utf_8(tmp_path):
    composed = unicodedata.normalize("NFC", "é")
    decomposed = unicodedata.normalize("NFD", "é")
    touch(tmp_path, "猫/日本.png", f"{composed}/1.png", f"{decomposed}/1.png", "a b/'\n\".png")
    broken = os.fsencode(tmp_path) + b"/a b/\xff.png"
    Path(os.fsdecode(broken)).touch()
    files = scan(tmp_path)
    assert files.class_names == ("a b", decomposed, composed, "猫")
    assert "a b/'\n\".png" in files.filenames
    assert os.fsencode(files.path(1)) == broken
    assert all(Path(files.path(index)).exists() for index in range(len(files)))


def test_an_empty_class_keeps_its_label_and_warns(tmp_path):
    touch(tmp_path, "a/1.png", "c/1.png")
    (tmp_path / "b").mkdir()
    with pytest.warns(
        UserWarning, match=r"No image file in directory='.*' is of class 'b'; each keeps"
    ):
        files = scan(tmp_path)
    assert files.labels.tolist() == [0, 2]
    assert files.counts() == {"a": 1, "b": 0, "c": 1}


def test_a_folder_without_images_says_what_it_holds(tmp_path):
    touch(tmp_path, "a/1.txt", "b/2.svg")
    with pytest.raises(ValueError, match=r"no image file in 2 class.*\.webp are looked"):
        scan(tmp_path)


def test_a_folder_must_exist_and_be_a_directory(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"directory='.*gone' does not exist"):
        scan(tmp_path / "gone")
    touch(tmp_path, "file")
    with pytest.raises(NotADirectoryError, match="is a file; give a directory"):
        scan(tmp_path / "file")


def test_links(tmp_path):
    touch(tmp_path, "data/a/1.png", "outside/2.png", "linked class/3.png")
    data = tmp_path / "data"
    (data / "a" / "link.png").symlink_to(tmp_path / "outside" / "2.png")
    (data / "a" / "broken.png").symlink_to(tmp_path / "nowhere")
    (data / "a" / "self.png").symlink_to(data / "a" / "self.png")
    (data / "a" / "directory").symlink_to(tmp_path / "outside")
    (data / "a" / "loop").symlink_to(data / "a")
    (data / "a" / "up.png").symlink_to(data)  # a directory, whatever its name says
    (data / "b").symlink_to(tmp_path / "linked class")
    found = ["a/1.png", "a/broken.png", "a/link.png", "a/self.png"]
    files = scan(data)
    assert files.filenames == [*found, "b/3.png"]
    assert reasons(files) == {"linked directories (see follow_links)": 3}


def test_loops_of_followed_links_end(tmp_path):
    touch(tmp_path, "data/a/1.png", "outside/2.png")
    a = tmp_path / "data" / "a"
    (a / "directory").symlink_to(tmp_path / "outside")
    (a / "directory 2").symlink_to(tmp_path / "outside")
    (a / "loop").symlink_to(a)
    files = scan(tmp_path / "data", follow_links=True)
    assert sorted(Path(name).name for name in files.filenames) == ["1.png", "2.png"]
    assert reasons(files) == {"directories entered before through another name": 2}


def test_a_link_up_does_not_take_other_classes_into_a_class(tmp_path):
    touch(tmp_path, "data/a/1.png", "data/b/2.png")
    (tmp_path / "data" / "a" / "up").symlink_to(tmp_path / "data")
    (tmp_path / "data" / "b" / "further up").symlink_to(tmp_path)
    files = scan(tmp_path / "data", follow_links=True)
    assert files.filenames == ["a/1.png", "b/2.png"]
    assert reasons(files) == {"directories entered before through another name": 2}


def refuse(monkeypatch, name):
    """Make one directory unreadable, for root too."""
    listed = os.scandir

    def scandir(path):
        if os.fsdecode(path).endswith(name):
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)


def test_a_directory_that_cannot_be_listed_is_an_error(tmp_path, monkeypatch):
    touch(tmp_path, "a/1.png", "b/secret/1.png")
    refuse(monkeypatch, "secret")
    message = r"secret \(class 'b'\): the directory can't be listed: Permission denied"
    with pytest.raises(BadFileError, match=message) as caught:
        scan(tmp_path)
    assert caught.value.path == str(tmp_path / "b" / "secret")
    assert caught.value.class_name == "b"


def test_a_directory_that_cannot_be_listed_can_be_skipped(tmp_path, monkeypatch):
    touch(tmp_path, "a/1.png", "b/1.png", "b/secret/1.png")
    refuse(monkeypatch, "secret")
    files = scan(tmp_path, unreadable="skip")
    assert files.filenames == ["a/1.png", "b/1.png"]
    assert reasons(files) == {"directories that can't be listed": 1}


class Entry:
    """A regular file as `os.scandir` tells of it."""

    def __init__(self, name):
        self.name = name

    def is_dir(self, follow_symlinks=True):
        return False

    def is_file(self, follow_symlinks=True):
        return True


class Entries:
    def __init__(self, names):
        self._entries = (Entry(name) for name in names)

    def __enter__(self):
        return self._entries

    def __exit__(self, *error):
        pass


@pytest.mark.parametrize("classes", [1, 100], ids=["one directory", "100 directories"])
def test_a_large_folder_takes_less_than_250_bytes_a_file(tmp_path, monkeypatch, classes):
    count = 100_000
    for label in range(classes):
        (tmp_path / f"class {label:03d}").mkdir()
    listed = os.scandir

    def scandir(path):
        if os.fsencode(path) == os.fsencode(tmp_path):
            return listed(path)
        return Entries(b"picture-%012d.jpeg" % number for number in range(count // classes))

    monkeypatch.setattr(os, "scandir", scandir)
    tracemalloc.start()
    files = scan(tmp_path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(files) == count
    assert peak / count < 250
    assert files.nbytes / count < 50
    assert files.filename(count - 1).endswith(f"picture-{count // classes - 1:012d}.jpeg")


def test_a_long_scan_shows_its_rate_and_the_counts(tmp_path, monkeypatch):
    touch(tmp_path, "cat/1.png", "dog/1.png", "dog/2.png")
    monkeypatch.setattr(scanning, "PROGRESS_DELAY", 0.0)
    stream = io.StringIO()
    scan(tmp_path, stream=stream)
    bars, *summary = stream.getvalue().split("\n")
    last = bars.rpartition("\r")[2]
    assert last.startswith("Scanning: 5 entries [")
    assert last.endswith(" entries/s]")
    assert summary[:3] == ["3 images, 2 classes", "  cat          1", "  dog          2"]


def test_a_short_scan_is_silent(tmp_path, capsys):
    scan(write_tree(tmp_path / "data", {"a": 2}))
    assert capsys.readouterr() == ("", "")


def test_a_link_to_a_pipe_is_no_image_file(tmp_path):
    (tmp_path / "a").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "a" / "pipe.jpg").symlink_to(tmp_path / "pipe")
    (tmp_path / "a" / "gone.jpg").symlink_to(tmp_path / "nowhere")
    assert scan(tmp_path).filenames == ["a/gone.jpg"]


def test_the_summary_can_be_printed_whatever_names_hold(tmp_path):
    folder = os.fsencode(tmp_path) + b"/caf\xe9"
    os.mkdir(folder)  # noqa: PTH102 -- the name is bytes
    with open(folder + b"/1.png", "wb"):  # noqa: PTH123
        pass
    assert "caf\\udce9" in scan(tmp_path).summary().encode("utf-8").decode()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"directory": 5}, TypeError, "directory=5 must be the name of a directory"),
        ({"directory": ["a"]}, TypeError, r"directory=\['a'\] must be the name"),
        ({"follow_links": "no"}, ValueError, "follow_links='no' must be True or False"),
        ({"class_names": 5}, ValueError, r"class_names=5 must be a list of names such as"),
        (
            {"class_names": ["a", "a/."]},
            ValueError,
            r"class_names=\['a', 'a/\.'\] must be one or more distinct names",
        ),
    ],
)
def test_arguments_of_a_wrong_kind_are_refused(tmp_path, arguments, error, message):
    write_tree(tmp_path, {"a": 1})
    with pytest.raises(error, match=message):
        scan(**{"directory": tmp_path} | arguments)
