"""
Filters
=======

The weights of the first convolution: gray is zero, white positive, black negative. On color images
the filters have colors.
"""

import keras

import kcore

(x, y), _ = kcore.datasets.scenes.load_data(1500, 0, image_size=(32, 32))
model = keras.Sequential(
    [
        keras.Input((32, 32, 3)),
        keras.layers.Rescaling(1 / 127.5, offset=-1),
        # The penalty on large weights lets the noise of the initial weights fade.
        kcore.layers.Conv2D(
            16,
            7,
            strides=2,
            activation="relu",
            kernel_regularizer=keras.regularizers.L2(0.02),
            name="conv",
        ),
        keras.layers.MaxPooling2D(),
        keras.layers.Flatten(),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
kcore.initializers.reinitialize(model, seed=7)
kcore.models.compile_classifier(model)
model.fit(kcore.data.from_arrays(x, y, seed=7), epochs=20, verbose=0)

kcore.visualize.filters(keras.ops.convert_to_numpy(model.get_layer("conv").kernel))
