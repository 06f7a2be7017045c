"""Random numbers that are the same bits on every backend and device, and at any batch size.

Nothing here keeps state. A random number is a function of a *key* and a counter: the Threefry2x32
block cipher with 20 rounds (Salmon and others, "Parallel random numbers: as easy as 1, 2, 3", SC
2011). A key is two uint32 words; make one with `key`, derive others with `fold_in` and `split`, and
use each once:

- `sample_keys(seed, epoch, indices)` gives the keys of samples. The numbers drawn from them depend
  only on the seed, the epoch and the sample, not on order, batch or worker.
- `bits`, `uniform`, `normal`, `integers`, `bernoulli` and `permutation` draw from a key. A batch
  of keys of shape (n, 2) gives a batch of n draws, the same as from each key alone.

A NumPy key gives NumPy arrays and needs no Keras. A tensor of the Keras backend gives tensors
through `keras.ops`, eagerly or compiled. Both give the same bits, floats included: they come from
integer arithmetic and at most one sum after it, which a compiler can neither fuse nor reorder.
`keras.random` makes no such promise between backends.

Dtypes are the same on every backend too, whatever `keras.config.floatx()` is: keys and bits are
uint32, floats float32, integers int32 and coin tosses bool. Parameters of float distributions may
be any Python or NumPy numbers, which are rounded to float32; keys of another dtype are refused.

The random state of NumPy and of Python is neither read nor changed.
"""

from kcore.random._distributions import bernoulli, bits, integers, permutation, uniform
from kcore.random._keys import draw_seed, fold_in, key, sample_keys, split
from kcore.random._normals import normal

__all__ = [
    "bernoulli",
    "bits",
    "draw_seed",
    "fold_in",
    "integers",
    "key",
    "normal",
    "permutation",
    "sample_keys",
    "split",
    "uniform",
]
