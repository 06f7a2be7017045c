"""A convolution with ReLU and a dense layer, with derivatives, in NumPy from the definition."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SmallNetwork:
    """conv 3×3, valid, with bias and ReLU; flatten; dense with bias. All in float64.

    Attributes:
        kernel: (3, 3, channels, filters).
        bias: (filters,).
        dense: (positions * filters, classes).
        dense_bias: (classes,).
    """

    kernel: np.ndarray
    bias: np.ndarray
    dense: np.ndarray
    dense_bias: np.ndarray

    def before_relu(self, image):
        height, width = image.shape[0] - 2, image.shape[1] - 2
        found = np.zeros((height, width, self.kernel.shape[-1])) + self.bias
        for row in range(3):
            for column in range(3):
                part = image[row : row + height, column : column + width]
                found += part @ self.kernel[row, column]
        return found

    def feature_map(self, image):
        return np.maximum(self.before_relu(image), 0)

    def scores(self, image):
        return self.feature_map(image).ravel() @ self.dense + self.dense_bias

    def gradient_at_feature_map(self, image, class_index):
        return self.dense[:, class_index].reshape(self.feature_map(image).shape)

    def gradient_at_input(self, image, class_index):
        slope = self.gradient_at_feature_map(image, class_index) * (self.before_relu(image) > 0)
        height, width = slope.shape[:2]
        found = np.zeros(image.shape)
        for row in range(3):
            for column in range(3):
                part = slope @ self.kernel[row, column].T
                found[row : row + height, column : column + width] += part
        return found

    @property
    def weights(self):
        """The weights, in the order of Keras."""
        return [self.kernel, self.bias, self.dense, self.dense_bias]


def small_network(image_shape=(6, 7, 2), filters=3, classes=4, seed=0):
    """Return a network with random weights."""
    rng = np.random.default_rng(seed)
    height, width, channels = image_shape
    return SmallNetwork(
        rng.normal(size=(3, 3, channels, filters)),
        rng.normal(size=filters),
        rng.normal(size=((height - 2) * (width - 2) * filters, classes)),
        rng.normal(size=classes),
    )
