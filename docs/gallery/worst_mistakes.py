"""
Worst mistakes
==============

The wrong predictions of which a model is most certain. Some of these labels are hard for people
too.
"""

import kcore

dataset = kcore.datasets.load()
model = kcore.models.mlp(rescale=1 / 255, seed=7)
kcore.models.compile_classifier(model, steps_per_execution=125)
model.fit(kcore.data.from_arrays(dataset.x_train, dataset.y_train, seed=7), verbose=0)

kcore.visualize.misclassified(
    dataset.x_test,
    dataset.y_test,
    model.predict(dataset.x_test, verbose=0),
    class_names=dataset.class_names,
    count=24,
)
