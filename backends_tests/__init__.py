"""Conformance tests of convolution and pooling for any Keras backend."""
