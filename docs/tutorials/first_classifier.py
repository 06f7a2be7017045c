"""
A first classifier
==================

A network with one hidden layer learns to tell ten kinds of clothes apart.
"""

# %%
# The data
# --------
# Fashion-MNIST has 60,000 images for training and 10,000 for testing. They are gray, 28×28 pixels,
# and belong to ten classes. A label is the index of a class. If the dataset is neither on disk nor
# can be downloaded, `kcore.datasets.load` returns drawn scenes instead and warns.

import kcore

dataset = kcore.datasets.load()
dataset

# %%
# The model
# ---------
# `kcore.models.mlp` flattens an image, passes it to 128 units with ReLU, and ends in a softmax over
# the classes. With `rescale=1 / 255` the model scales pixels to 0..1 by itself, so it takes images
# as they are. The seed makes the initial weights the same on every backend.

model = kcore.models.mlp(rescale=1 / 255, seed=7)
kcore.models.compile_classifier(model, steps_per_execution=125)
kcore.inspect.trace(model)

# %%
# Training
# --------
# `kcore.data.from_arrays` makes batches in an order that depends only on its seed and the epoch.
# Keras's `fit` takes them. `steps_per_execution` above makes small models like this one faster,
# because the backend then gets 125 batches at once.

batches = kcore.data.from_arrays(dataset.x_train, dataset.y_train, seed=7)
history = model.fit(batches, epochs=3, verbose=2)

# %%
# Testing
# -------
# The test images were not used in training, so the accuracy on them says what to expect on new
# images.

loss, accuracy = model.evaluate(dataset.x_test, dataset.y_test, verbose=0)
print(f"{accuracy:.1%} of the test images are classified correctly")

# %%
# The model returns a probability for each class. The class with the largest one is the prediction.

probabilities = model.predict(dataset.x_test, verbose=0)
print(probabilities[0].round(3))

kcore.visualize.gallery(
    dataset.x_test[:18],
    dataset.y_test[:18],
    probabilities[:18],
    class_names=dataset.class_names,
    columns=6,
)

# %%
# Which classes are mistaken for which? Each row of a confusion matrix is a true class, each column
# a predicted one.

matrix = kcore.visualize.confusion_matrix(dataset.y_test, probabilities)
kcore.visualize.plot_confusion_matrix(matrix, dataset.class_names)
