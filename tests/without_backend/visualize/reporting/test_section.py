from kcore.visualize._reporting.section import table


def test_a_column_of_numbers_is_flush_right():
    rows = [["a", "1,234.5", "x", ""], ["b", "", "1", ""], ["c", "-2e-05", "2", ""]]
    laid_out = table(["name", "number", "mixed", "empty"], rows, "label")
    assert laid_out.columns == [
        ("name", None),
        ("number", "number"),
        ("mixed", None),
        ("empty", None),
    ]
    assert laid_out.rows[2] == [("c", None), ("-2e-05", "number"), ("2", None), ("", None)]


def test_a_column_of_long_texts_may_take_several_lines():
    laid_out = table(["file", "reason"], [["a", "m" * 60], ["b", "short"]], "label")
    assert [kind for _, kind in laid_out.columns] == [None, "long"]


def test_cells_are_printable_text():
    (row,) = table(["number", "name"], [[1, "a\x00"]], "label").rows
    assert row == [("1", "number"), (r"a\x00", None)]


def test_a_table_without_rows():
    laid_out = table(["a", "b"], [], "label")
    assert (laid_out.columns, laid_out.rows) == ([("a", None), ("b", None)], [])
