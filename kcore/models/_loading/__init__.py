"""Load models and weights from the files of every version of Keras."""
