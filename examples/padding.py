"""Show what padding does: windows drawn in text, and an audit of InceptionV3 without weights."""

import command_line  # first, because it chooses the backend

import keras

import kcore


def main(options):
    """Draw windows, then audit a network."""
    draw_the_window_of_the_course()
    draw_other_windows()
    audit_inception()


def draw_the_window_of_the_course():
    """Width 13, kernel 6, strides 5: VALID drops two columns, SAME adds three pads."""
    for padding in ("valid", "same"):
        print(kcore.shapes.Window(13, kernel_size=6, strides=5, padding=padding), end="\n\n")


def draw_other_windows():
    """Dilation, causal padding, a transposed and an adaptive window, and a long axis."""
    print(kcore.shapes.Window(9, kernel_size=3, dilation_rate=2, padding="same"), end="\n\n")
    print(kcore.shapes.Window(5, kernel_size=3, padding="causal"), end="\n\n")
    print(kcore.shapes.TransposedWindow(3, kernel_size=3, strides=2, padding="same"), end="\n\n")
    print(kcore.shapes.AdaptiveWindow(7, output_size=3), end="\n\n")
    print(kcore.shapes.Window(299, kernel_size=3, strides=2), end="\n\n")


def audit_inception():
    """Trace InceptionV3 on 299 pixels, for which it was made, and on 150, as in the course."""
    model = keras.applications.InceptionV3(weights=None, include_top=False)
    for size in (299, 150):
        shape = (size, size, 3)
        rows = kcore.inspect.trace(model, shape)
        print(f"InceptionV3 on {size}×{size}: the output is {rows[-1].output_shape},")
        print(f"{rows.parameters:,} parameters, {rows.multiply_adds:,} multiply-adds.")
        print(kcore.inspect.audit(model, shape, receptive_field=size), end="\n\n")
    print("The first layers on 150×150:")
    print(kcore.inspect.trace(model, (150, 150, 3))[:11])


if __name__ == "__main__":
    command_line.run(main, command_line.parser(__doc__).parse_args())
