"""
Windows of VALID and SAME
=========================

A window of 6 cells with strides of 5 over 13 cells: "valid" drops the last two, "same" adds three
pads.
"""

import matplotlib.pyplot as plt
from matplotlib.patches import Rectangle

import kcore

figure, axes = plt.subplots(2, 1, figsize=(7, 4), layout="constrained")
for ax, padding in zip(axes, ("valid", "same"), strict=True):
    window = kcore.shapes.Window(13, kernel_size=6, strides=5, padding=padding)
    before, after = window.pads
    for cell in range(-before, 13 + after):
        pad, dropped = not 0 <= cell < 13, cell in window.dropped
        color = "white" if pad else "lightgray" if dropped else "#9ec5e8"
        ax.add_patch(Rectangle((cell, 0), 1, 1, facecolor=color, edgecolor="gray"))
        ax.text(cell + 0.5, 0.5, 0 if pad else cell + 1, ha="center", va="center")
    for position in range(window.output_size):
        first, last = window.span(position)
        ax.plot([first + 0.1, last + 0.9], [-0.4 * (position + 1)] * 2, lw=4, color="#b83a14")
    ax.set_title(f"{padding}: {window.output_size} positions", loc="left")
    ax.set(xlim=(-1.2, 15.2), ylim=(-1.5, 1.1), aspect="equal")
    ax.axis("off")
plt.show()
