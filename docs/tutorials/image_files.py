"""
From a file to a prediction
===========================

An image file becomes a picture, an array, and a batch that a model takes.
"""

# %%
# Load a picture
# --------------
# Drawn scenes serve as files here. `kcore.images.load_img` returns a Pillow image. `target_size` is
# (height, width).

import tempfile

import numpy as np

import kcore

folder = tempfile.TemporaryDirectory()
root = kcore.datasets.scenes.write_directory(
    folder.name, train=600, validation=6, image_size=(96, 128), classes=("ball", "star", "house")
)
path = next(root.glob("validation/house/*.png"))

picture = kcore.images.load_img(path, target_size=(96, 96), interpolation="bilinear")
picture

# %%
# A damaged file raises an error that names it, at once.

damaged = root / "damaged.png"
damaged.write_bytes(path.read_bytes()[:2000])
try:
    kcore.images.load_img(damaged)
except kcore.images.ImageDecodeError as error:
    print(str(error).replace(str(root), "..."))

# %%
# An array and back
# -----------------
# `kcore.images.img_to_array` returns floats from 0 to 255 with the axes (height, width, channels).
# A model takes a batch, so an axis is put in front.

array = kcore.images.img_to_array(picture)
batch = np.expand_dims(array, axis=0)
print(array.dtype, array.shape, batch.shape, array.min(), array.max())

kcore.images.array_to_img(array, scale=False)

# %%
# Prepare it for a pretrained network
# -----------------------------------
# The networks of `keras.applications` expect their images in one of three forms, which
# `kcore.preprocess.preprocess_input` computes. "caffe", the form of ResNet and VGG, puts blue
# first and subtracts the mean of ImageNet from each channel.

for mode in ("caffe", "tf", "torch"):
    prepared = kcore.preprocess.preprocess_input(batch, mode=mode)
    low, high = prepared.min(), prepared.max()
    print(f"{mode:<6} first pixel {prepared[0, 0, 0].round(2)}, from {low:.2f} to {high:.2f}")

# %%
# All at once
# -----------
# `kcore.models.classify` does the whole way for many files: it loads, resizes and predicts, in
# batches. A file that can't be read gets an error instead of a result.

train = kcore.data.from_directory(root / "train", image_size=(32, 32), seed=7, verbose=False)
model = kcore.models.cnn((32, 32, 3), 3, filters=(16, 32), rescale=1 / 255, seed=7)
kcore.models.compile_classifier(model)
model.fit(train, epochs=10, verbose=0)

files = [*sorted(root.glob("validation/*/*.png")), damaged]
names = train.class_names
results = kcore.models.classify(model, files, class_names=names, interpolation="bilinear")
for result in results:
    if result.error:
        print(f"{result.path.name:<16} can't be read")
    else:
        print(f"{result.path.name:<16} {result.class_names[0]}, {result.probabilities[0]:.0%}")

# %%

results[0]

# %%

folder.cleanup()
