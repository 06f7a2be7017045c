"""Tests that any Keras backend can be put through."""
