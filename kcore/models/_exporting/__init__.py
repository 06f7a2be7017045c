"""Export models for programs that have no Keras."""
