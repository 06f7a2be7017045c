"""Threefry2x32-20 and what kcore draws from it, by definition, in integers of Python.

Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
"""

from fractions import Fraction

ROTATIONS = (13, 15, 26, 6, 17, 29, 16, 24)
MASK = 2**32 - 1
# The second word of a counter says what a block is for.
FOLD_IN, BITS = 0, 2


def block(key, counter):
    """Encrypt a counter of two words."""
    words = (*key, key[0] ^ key[1] ^ 0x1BD11BDA)
    x, y = ((counter[i] + words[i]) & MASK for i in range(2))
    for turn in range(20):
        distance = ROTATIONS[turn % 8]
        x = (x + y) & MASK
        y = ((y << distance | y >> 32 - distance) & MASK) ^ x
        if turn % 4 == 3:
            injection = turn // 4 + 1
            x = (x + words[injection % 3]) & MASK
            y = (y + words[(injection + 1) % 3] + injection) & MASK
    return x, y


def key_of(seed, *numbers):
    """Return the key of a seed, folded with numbers one after the other."""
    key = (seed >> 32, seed & MASK)
    for number in numbers:
        key = block(key, (number, FOLD_IN))
    return key


def uniform(key, count, low, high):
    """Return exact fractions, low <= x < high, made of the upper 24 bits of each word."""
    words = [word for number in range(-(-count // 2)) for word in block(key, (number, BITS))]
    span = Fraction(high) - Fraction(low)
    return [Fraction(low) + span * Fraction(word >> 8, 2**24) for word in words[:count]]
