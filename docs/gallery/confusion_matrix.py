"""
Confusion matrix
================

Which classes are mistaken for which others. The color is the share of the true class.
"""

import kcore

dataset = kcore.datasets.load()
model = kcore.models.mlp(rescale=1 / 255, seed=7)
kcore.models.compile_classifier(model, steps_per_execution=125)
model.fit(kcore.data.from_arrays(dataset.x_train, dataset.y_train, seed=7), verbose=0)

matrix = kcore.visualize.confusion_matrix(dataset.y_test, model.predict(dataset.x_test, verbose=0))
kcore.visualize.plot_confusion_matrix(matrix, dataset.class_names)
