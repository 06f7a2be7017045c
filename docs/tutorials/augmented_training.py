"""
Train on a folder with augmentation
===================================

Every epoch shows the network slightly different images: turned, shifted, sheared, zoomed and
mirrored. The files on disk stay as they are.
"""

# %%
# A folder of images
# ------------------
# Each class has a subdirectory of its own name. Drawn scenes make such a folder without a download.

import tempfile

import kcore

folder = tempfile.TemporaryDirectory()
root = kcore.datasets.scenes.write_directory(
    folder.name, train=240, validation=300, image_size=(48, 48), classes=("heart", "house")
)
kcore.data.scan(root / "train")

# %%
# What is drawn
# -------------
# `kcore.augment.ImageDataGenerator` has the arguments of its namesake in old Keras.
# `shear_range` is in degrees: a shear of 10 % is 5.7 degrees. Larger ranges need more epochs.

generator = kcore.augment.ImageDataGenerator(
    rotation_range=20,
    width_shift_range=0.1,
    height_shift_range=0.1,
    shear_range=5.7,
    zoom_range=0.1,
    horizontal_flip=True,
    fill_mode="nearest",
    rescale=1 / 255,
)
scene = kcore.datasets.scenes.scene(0, image_size=(128, 128), classes=("house",))
variants, parameters = kcore.augment.variations(scene.image, generator, count=8, seed=3)
kcore.visualize.gallery(variants, captions=kcore.augment.captions(parameters), columns=4)

# %%
# All of these changes become one matrix for each image, so each image is resampled once.
#
# Batches from the folder
# -----------------------
# Validation images are only rescaled, because they should look like the images to come.

options = {"target_size": (32, 32), "class_mode": "binary", "batch_size": 20, "seed": 7}
train = generator.flow_from_directory(root / "train", **options)
plain = kcore.augment.ImageDataGenerator(rescale=1 / 255)
validation = plain.flow_from_directory(root / "validation", shuffle=False, **options)

images, labels = train[0]
print(images.shape, images.dtype, labels[:5].ravel(), train.class_indices)

# %%
# With and without augmentation
# -----------------------------


def train_on(batches):
    """Train a new model, always from the same initial weights."""
    model = kcore.models.binary_cnn((32, 32, 3), filters=(16, 32), hidden_units=64, seed=7)
    kcore.models.compile_binary_classifier(model, optimizer="adam")
    return model.fit(batches, epochs=40, validation_data=validation, validation_freq=4, verbose=0)


without = train_on(plain.flow_from_directory(root / "train", **options))
kcore.visualize.plot_history(without, validation_freq=4)

# %%
# The network soon knows its 240 images by heart, and the validation lags behind. Augmentation makes
# that harder.

augmented = train_on(train)
kcore.visualize.plot_history(augmented, validation_freq=4)

# %%

for name, history in (("without", without.history), ("with", augmented.history)):
    print(f"{name:<8} augmentation: {history['val_accuracy'][-1]:.1%} of 300 validation images")

# %%
# Augmentation helps if it makes the training images more like those to come. It doesn't replace
# images of kinds that are missing.
#
# Replay
# ------
# What was drawn depends only on the seed, the epoch and the index of the image. So any image can be
# shown again as it was in training.

image, drawn = train.replay(index=5, epoch=3)
print(train.filenames[5], {name: round(value, 2) for name, value in drawn.items() if value})
kcore.images.array_to_img(image).resize((192, 192))

# %%

folder.cleanup()
