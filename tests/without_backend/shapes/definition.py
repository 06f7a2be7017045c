"""Lay windows out cell by cell: slow, obvious, and independent of kcore.shapes."""


def forward(size, kernel, strides, dilation_rate, padding):
    """Lay out one position after another; return the pads and the cells of each position."""
    reach = (kernel - 1) * dilation_rate
    if padding == "causal":
        before, after = reach, 0
    elif padding == "same":
        before, after = _same_pads(size, reach, strides)
    else:
        before, after = 0, 0
    positions = []
    start = -before
    while start + reach < size + after:
        positions.append([start + tap * dilation_rate for tap in range(kernel)])
        start += strides
    return (before, after), positions


def _same_pads(size, reach, strides):
    """Add cells one by one, after and before by turns, until each stride has its window."""
    wanted = len(range(0, size, strides))
    before = after = 0
    while len(range(-before, size + after - reach, strides)) < wanted:
        if after <= before:
            after += 1
        else:
            before += 1
    return before, after


def transposed(size, kernel, strides, dilation_rate, padding, output_size):
    """Invert the forward window over `output_size` cells; None if its length is not `size`."""
    pads, positions = forward(output_size, kernel, strides, dilation_rate, padding)
    return (pads, positions) if len(positions) == size else None
