"""The cipher against the known answers that the authors of Random123 publish (kat_vectors)."""

import numpy as np
import pytest

from kcore.random._threefry import threefry2x32

# threefry2x32 20: counter, key, block
KNOWN_ANSWERS = [
    ("00000000 00000000", "00000000 00000000", "6b200159 99ba4efe"),
    ("ffffffff ffffffff", "ffffffff ffffffff", "1cb996fc bb002be7"),
    ("243f6a88 85a308d3", "13198a2e 03707344", "c4923a9c 483df7a0"),
]


def words(text):
    return tuple(np.array([int(word, 16)], dtype="uint32") for word in text.split())


@pytest.mark.parametrize(("counter", "key", "block"), KNOWN_ANSWERS)
def test_known_answers(counter, key, block):
    result = threefry2x32(np, words(key), words(counter))
    assert " ".join(f"{int(word[0]):08x}" for word in result) == block


def test_arrays_give_what_their_elements_give():
    counters = np.arange(12, dtype="uint32").reshape(3, 4)
    key = words("13198a2e 03707344")
    together = threefry2x32(np, key, (counters, counters * 5))
    for place in np.ndindex(3, 4):
        alone = threefry2x32(
            np, key, (counters[place].reshape(1), (counters[place] * np.uint32(5)).reshape(1))
        )
        assert [int(word[place]) for word in together] == [int(word[0]) for word in alone]


def test_one_bit_of_key_or_counter_changes_half_of_the_block():
    rng = np.random.default_rng(0)
    key = [rng.integers(0, 2**32, 4000, dtype="uint32") for _ in range(2)]
    counter = [rng.integers(0, 2**32, 4000, dtype="uint32") for _ in range(2)]
    plain = threefry2x32(np, tuple(key), tuple(counter))
    for part in (key, counter):
        for word in range(2):
            for bit in (0, 17, 31):
                part[word] ^= np.uint32(1 << bit)
                changed = threefry2x32(np, tuple(key), tuple(counter))
                part[word] ^= np.uint32(1 << bit)
                differences = np.stack(plain) ^ np.stack(changed)
                flips = np.unpackbits(differences.view("uint8")).sum() / 4000
                assert abs(flips - 32) < 6 * 4 / np.sqrt(4000)
