"""Text for tables that a spreadsheet may open, which takes some texts for formulas."""

__all__ = ["text_cell"]

# What spreadsheets take for the start of a formula, also in its wide East Asian form, or skip
# before one; and the quote itself, so that what was written can be told.
_STARTS = tuple("=+-@＝＋－＠\t\r\n'")


def text_cell(text: str) -> str:
    """Return a text as a cell of a CSV file, which no spreadsheet runs as a formula.

    One that begins with =, +, -, @ (also in their wide forms), a tab, a line break or a single
    quote gets a single quote before it; all others stay as they are. Reading a cell back, drop one
    single quote at its start.

    Args:
        text: such as the name of a file. Numbers don't need this, and -1 would become a text.

    Example:
        >>> text_cell("=1+1"), text_cell("'quoted'"), text_cell("cats/-1.png")
        ("'=1+1", "''quoted'", 'cats/-1.png')
    """
    return f"'{text}" if text.startswith(_STARTS) else text
