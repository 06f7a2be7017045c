"""Use the installed kcore once; the session `install` runs this on each Python."""

from importlib.metadata import version
from pathlib import Path

import numpy as np

import kcore

assert "site-packages" in Path(kcore.__file__).parts
assert kcore.__version__ == version("kcore")
for name in kcore.__all__:
    getattr(kcore, name)

# The biases are 0 at first, so a black image may be of each class with the same probability.
model = kcore.models.mlp(seed=7)
probabilities = model.predict(np.zeros((1, 28, 28)), verbose=0)
np.testing.assert_allclose(probabilities, np.full((1, 10), 0.1), rtol=1e-6)

print(f"kcore {kcore.__version__} works in {Path(kcore.__file__).parents[1]}")
