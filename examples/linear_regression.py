"""Fit y = 2x - 1 with one neuron, predict y for x = 10, and see why that is not exactly 19."""

import command_line  # first, because it chooses the backend

import keras
import numpy as np

import kcore

X = np.array([[-1], [0], [1], [2], [3], [4]], dtype=np.float32)
Y = 2 * X - 1
LEARNING_RATE = 0.01  # that of keras.optimizers.SGD


def main(options):
    """Train in ten parts, which show the way to 19; then explain the remaining error."""
    model = kcore.models.linear(seed=options.seed)
    kcore.models.compile_regression(model)
    start = parameters(model)
    print(f"One neuron on {keras.backend.backend()}: y = w x + b, starting from w = {start[0]:.4f}")
    print(f"\n{'epoch':>6}  {'w':>8}  {'b':>8}  {'loss':>10}  {'f(10)':>9}  {'by theory':>9}")
    for done, until in parts(options.epochs):
        history = model.fit(X, Y, epochs=until, initial_epoch=done, verbose=0)
        w, b = parameters(model)
        predicted = float(model.predict(np.array([[10.0]]), verbose=0)[0, 0])
        expected = theory(start, until) @ [10, 1]
        loss = history.history["loss"][-1]
        print(f"{until:6}  {w:8.5f}  {b:8.5f}  {loss:10.3e}  {predicted:9.5f}  {expected:9.5f}")
    explain(predicted)


def parts(epochs):
    """Split the epochs into at most ten parts: (first epoch, end) of each."""
    ends = sorted({round(epochs * part / 10) for part in range(1, 11)} - {0})
    return list(zip([0, *ends], ends, strict=False))


def parameters(model):
    """Return (w, b)."""
    return np.array([float(weights.ravel()[0]) for weights in model.get_weights()])


def theory(start, steps):
    """Return (w, b) after `steps` steps of gradient descent on the mean squared error.

    The gradient is H (p - p*) with the Hessian H = 2/n A'A, where A has the rows (x, 1) and p* is
    (2, -1). Each step multiplies the error p - p* by I - rate H.
    """
    rows = np.hstack([X, np.ones_like(X)]).astype(np.float64)
    hessian = 2 / len(X) * rows.T @ rows
    shrink = np.linalg.matrix_power(np.eye(2) - LEARNING_RATE * hessian, steps)
    best = np.array([2.0, -1.0])
    return best + shrink @ (start - best)


def explain(predicted):
    """Say where the remaining distance to 19 comes from."""
    rows = np.hstack([X, np.ones_like(X)])
    slowest = 1 - LEARNING_RATE * np.linalg.eigvalsh(2 / len(X) * rows.T @ rows)[0]
    halving = np.log(0.5) / np.log(slowest)
    print(f"\nf(10) = {predicted:.5f}, and 19 is {abs(19 - predicted):.5f} away.")
    print("The six points lie exactly on the line: nothing in the data keeps the neuron from 19.")
    print(
        "But each epoch takes one small step. The part of the error that shrinks most slowly keeps"
    )
    print(f"{slowest:.2%} of its size in each, so it halves every {halving:.0f} epochs and never")
    print("becomes zero. Try --epochs 5000: what remains then is the rounding of float32.")


def parse_options():
    """Read the command line."""
    parser = command_line.parser(__doc__)
    parser.add_argument(
        "--epochs", type=command_line.integer(1), default=500, help="gradient steps to take"
    )
    parser.add_argument(
        "--seed", type=command_line.integer(0), default=0, help="seed of the initial weights"
    )
    return parser.parse_args()


if __name__ == "__main__":
    command_line.run(main, parse_options())
