"""
Predictions
===========

Images with their true class and the prediction: right ones in green, wrong ones in red.
"""

import kcore

dataset = kcore.datasets.load()
model = kcore.models.mlp(rescale=1 / 255, seed=7)
kcore.models.compile_classifier(model, steps_per_execution=125)
model.fit(kcore.data.from_arrays(dataset.x_train, dataset.y_train, seed=7), verbose=0)

probabilities = model.predict(dataset.x_test[:32], verbose=0)
kcore.visualize.gallery(
    dataset.x_test[:32],
    dataset.y_test[:32],
    probabilities,
    confidences=probabilities.max(axis=1),
    class_names=dataset.class_names,
)
