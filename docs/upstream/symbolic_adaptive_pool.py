import keras

inputs = keras.Input((8, 8, 3))
outputs = keras.ops.adaptive_average_pool(inputs, (2, 2), data_format="channels_last")
print("expected:", (None, 2, 2, 3))
print("actual:", outputs.shape)
