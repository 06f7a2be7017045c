"""Write text for CSV files, so that no spreadsheet runs it as a formula."""

__all__ = ["text_cell"]

# Characters that start a formula, also in their wide East Asian forms, or that spreadsheets skip
# before one; and the quote itself, so that the text can be recovered.
_STARTS = tuple("=+-@＝＋－＠\t\r\n'")


def text_cell(text: str) -> str:
    """Return text for a cell of a CSV file that no spreadsheet runs as a formula.

    A text that begins with =, +, -, @ (also in their wide forms), a tab, a line break or a single
    quote gets a single quote before it; other text is unchanged. When reading a cell, drop one
    single quote at its start.

    Args:
        text: a text, such as the name of a file. Don't use this for numbers: -1 would become text.

    Example:
        >>> text_cell("=1+1"), text_cell("'quoted'"), text_cell("cats/-1.png")
        ("'=1+1", "''quoted'", 'cats/-1.png')
    """
    return f"'{text}" if text.startswith(_STARTS) else text
