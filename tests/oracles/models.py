"""Compute the models in NumPy, from the definition of each layer."""

import numpy as np


def dense(x, kernel, bias):
    return np.einsum("bi,io->bo", x, kernel) + bias


def relu(x):
    return np.where(x > 0, x, 0)


def softmax(x):
    exponentials = np.exp(x - x.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def conv_valid(x, kernel, bias):
    """Cross-correlate (batch, height, width, in) with (3, 3, in, out), stride 1, no padding."""
    height, width = x.shape[1] - 2, x.shape[2] - 2
    total = np.zeros((len(x), height, width, kernel.shape[-1]))
    for row in range(3):
        for column in range(3):
            shifted = x[:, row : row + height, column : column + width]
            total += np.einsum("bhwi,io->bhwo", shifted, kernel[row, column])
    return total + bias


def max_pool(x):
    """Take the largest value of each 2x2 window; an odd last row or column is dropped."""
    height, width = x.shape[1] // 2, x.shape[2] // 2
    windows = x[:, : 2 * height, : 2 * width].reshape(len(x), height, 2, width, 2, -1)
    return windows.max(axis=(2, 4))


def convolutional(x, weights, last):
    """Run stages of convolution and pooling, a hidden layer and the activation `last`."""
    *stages, hidden_kernel, hidden_bias, kernel, bias = weights
    for stage_kernel, stage_bias in zip(stages[::2], stages[1::2], strict=True):
        x = max_pool(relu(conv_valid(x, stage_kernel, stage_bias)))
    hidden = relu(dense(x.reshape(len(x), -1), hidden_kernel, hidden_bias))
    return last(dense(hidden, kernel, bias))
