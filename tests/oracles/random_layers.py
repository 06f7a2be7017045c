"""The layers of kcore that draw random numbers."""

from kcore.layers import _dropout, _noise

RANDOM_LAYERS = (*_dropout.__all__, *_noise.__all__)
