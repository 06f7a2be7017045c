"""Options of a generator that can be read and assigned, with the checks of its constructor."""

import dataclasses
from numbers import Real
from typing import Any

from kcore.augment._eight_bits import check_options

__all__ = ["Option", "factor_or_none"]

_HOLDERS = ("recipe", "_standardization")


class Option:
    """An argument of a generator's constructor that it keeps in its recipe or standardization.

    Assigning it changes what the generator does from then on. A dataset that it has already made
    keeps the options that it was made with.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, generator: Any, owner: type | None = None) -> Any:
        """Return the checked value."""
        if generator is None:
            return self
        holder = next(getattr(generator, holder) for holder in self._holders(generator))
        return getattr(holder, self._name)

    def __set__(self, generator: Any, value: Any) -> None:
        """Change the value; raise a ValueError, and change nothing, if it isn't allowed."""
        if self._name == "rescale":  # 0 is none, as in the constructor
            value = factor_or_none(value)
        changed = {
            holder: dataclasses.replace(getattr(generator, holder), **{self._name: value})
            for holder in self._holders(generator)
        }
        options_of = {holder: getattr(generator, holder) for holder in _HOLDERS} | changed
        check_options(generator.dtype, *options_of.values())
        for holder, options in changed.items():
            setattr(generator, holder, options)

    def _holders(self, generator: Any) -> list[str]:
        return [holder for holder in _HOLDERS if hasattr(getattr(generator, holder), self._name)]


def factor_or_none(rescale: Any) -> Any:
    """Return `rescale`, or None for 0, which leaves pixels as they are."""
    is_zero = isinstance(rescale, Real) and not isinstance(rescale, bool) and rescale == 0
    return None if is_zero else rescale
