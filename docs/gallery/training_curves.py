"""
Training curves
===============

Training against validation. The shaded area is what a model learns by heart, here from only 2,000
images.
"""

import kcore

dataset = kcore.datasets.load()
model = kcore.models.mlp(rescale=1 / 255, hidden_units=512, seed=7)
kcore.models.compile_classifier(model, steps_per_execution=21)
history = model.fit(
    kcore.data.from_arrays(dataset.x_train[:2000], dataset.y_train[:2000], seed=7),
    validation_data=(dataset.x_test[:2000], dataset.y_test[:2000]),
    epochs=20,
    verbose=0,
)
kcore.visualize.plot_history(history)
