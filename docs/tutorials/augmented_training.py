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
    folder.name, train=240, validation=200, image_size=(64, 64), classes=("heart", "house")
)
kcore.data.scan(root / "train")

# %%
# What is drawn
# -------------
# `kcore.augment.ImageDataGenerator` has the arguments of its namesake in old Keras.
# `shear_range` is in degrees: a shear of 20 % is 11.54 degrees.

generator = kcore.augment.ImageDataGenerator(
    rotation_range=40,
    width_shift_range=0.2,
    height_shift_range=0.2,
    shear_range=11.54,
    zoom_range=0.2,
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

options = {"target_size": (48, 48), "class_mode": "binary", "batch_size": 20, "seed": 7}
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
    model = kcore.models.binary_cnn((48, 48, 3), filters=(16, 32), hidden_units=64, seed=7)
    kcore.models.compile_binary_classifier(model)
    return model.fit(batches, epochs=20, validation_data=validation, verbose=0)


without = train_on(plain.flow_from_directory(root / "train", **options))
kcore.visualize.plot_history(without)

# %%
# The network soon knows its 240 images by heart, and the validation lags behind. Augmentation makes
# that harder.

augmented = train_on(train)
kcore.visualize.plot_history(augmented)

# %%
# Augmentation helps if it makes the training images more like those to come. It doesn't replace
# images of kinds that are missing.
#
# Replay
# ------
# What was drawn depends only on the seed, the epoch and the index of the image. So any image can be
# shown again as it was in training.

image, drawn = train.replay(index=5, epoch=3)
print(train.filenames[5], {name: round(value, 2) for name, value in drawn.items()})
kcore.images.array_to_img(image).resize((192, 192))

# %%

folder.cleanup()
