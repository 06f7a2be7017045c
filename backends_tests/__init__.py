"""Conformance tests of convolutions and pools for any Keras backend."""
