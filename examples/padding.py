"""Show what padding does: windows drawn in text, and an audit of InceptionV3 without weights."""

import command_line

PARSER = command_line.parser(__doc__)
command_line.use_backend(PARSER, PARSER.parse_args().backend)

import keras  # noqa: E402 -- the backend had to be chosen first

import kcore  # noqa: E402


def draw_the_window_of_the_course() -> None:
    """Width 13, kernel 6, strides 5: VALID drops two columns, SAME adds three pads."""
    for padding in ("valid", "same"):
        print(kcore.shapes.window(13, kernel=6, strides=5, padding=padding), end="\n\n")


def draw_other_windows() -> None:
    """Dilation, causal padding, a transposed and an adaptive window, and a long axis."""
    print(kcore.shapes.window(9, kernel=3, dilation_rate=2, padding="same"), end="\n\n")
    print(kcore.shapes.window(5, kernel=3, padding="causal"), end="\n\n")
    print(kcore.shapes.transposed_window(3, kernel=3, strides=2, padding="same"), end="\n\n")
    print(kcore.shapes.adaptive_window(7, output_size=3), end="\n\n")
    print(kcore.shapes.window(299, kernel=3, strides=2), end="\n\n")


def audit_inception() -> None:
    """Trace InceptionV3 on 299 pixels, for which it was made, and on 150, as in the course."""
    model = keras.applications.InceptionV3(weights=None, include_top=False)
    for size in (299, 150):
        shape = (size, size, 3)
        rows = kcore.inspect.trace(model, shape)
        print(f"InceptionV3 on {size}×{size}: {rows[-1].output_shape} comes out,")
        print(f"{rows.parameters:,} parameters, {rows.multiply_adds:,} multiply-adds.")
        print(kcore.inspect.audit(model, shape, receptive_field=size), end="\n\n")
    print("The first layers on 150×150:")
    print(kcore.inspect.trace(model, (150, 150, 3))[:11])


if __name__ == "__main__":
    draw_the_window_of_the_course()
    draw_other_windows()
    audit_inception()
