"""
Transfer learning
=================

What a network has learned from many images helps with a new task that has few. The network is cut,
frozen, and gets a new head.
"""

# %%
# A network that knows something
# ------------------------------
# Usually this is a large network with weights from ImageNet, such as InceptionV3. Here it is a
# small one, trained on 2,500 drawn scenes of five classes, so the page needs no download.

import kcore

(x, y), _ = kcore.datasets.scenes.load_data(
    2500, 0, image_size=(32, 32), classes=("ball", "ring", "star", "cross", "arrow")
)
base = kcore.models.cnn((32, 32, 3), 5, filters=(16, 32), rescale=1 / 255, seed=7)
kcore.models.compile_classifier(base)
history = base.fit(kcore.data.from_arrays(x, y, seed=7), epochs=8, verbose=2)

# %%
# Another task with few images
# ----------------------------
# The network has never seen the new classes, and there are only 20 images of each.

names = ("crescent", "heart", "house", "flower", "bolt")
(images, labels), test = kcore.datasets.scenes.load_data(
    100, 500, image_size=(32, 32), classes=names
)
kcore.visualize.gallery(images[:20], labels[:20], class_names=names, columns=10)

# %%
# A new head
# ----------
# `kcore.models.transfer` copies the network up to a layer, freezes the copy, and puts a hidden
# layer, dropout and a softmax on top. The new model takes raw images, from 0 to 255, because
# the base rescales by itself.

model = kcore.models.transfer(
    base,
    cut_at="hidden",
    classes=5,
    preprocessing="raw",
    hidden_units=64,
    class_names=names,
    seed=7,
)
kcore.models.parameter_summary(model)

# %%
# `kcore.models.train_head` trains the head alone. The frozen part gives the same features in every
# epoch, so they are computed once.

head_history = kcore.models.train_head(
    model, images, labels, epochs=60, batch_size=20, optimizer="adam", seed=7, verbose=0
)

# %%
# Against training from scratch
# -----------------------------

scratch = kcore.models.cnn((32, 32, 3), 5, filters=(16, 32), rescale=1 / 255, seed=7)
kcore.models.compile_classifier(scratch)
scratch.fit(kcore.data.from_arrays(images, labels, seed=7), epochs=40, verbose=0)

for name, trained in (("transfer", model), ("from scratch", scratch)):
    accuracy = trained.evaluate(*test, return_dict=True, verbose=0)["accuracy"]
    print(f"{name:<13} {accuracy:.1%} of {len(test[1])} test images")

# %%
# The second phase
# ----------------
# `kcore.models.fine_tune` unfreezes upper layers of the base too, and trains them at a smaller
# learning rate, so that little of what they know is lost.

kcore.models.fine_tune(
    model, images, labels, unfreeze_from="conv_2", learning_rate=1e-4, epochs=10, verbose=0
)
accuracy = model.evaluate(*test, return_dict=True, verbose=0)["accuracy"]
print(f"fine-tuned    {accuracy:.1%}")
