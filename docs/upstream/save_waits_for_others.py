import pathlib
import subprocess
import sys
import time

import keras

if len(sys.argv) == 1:  # start two processes; the first one saves the model
    command = [sys.executable, __file__, f"127.0.0.1:{20000 + time.time_ns() % 20000}"]
    both = [subprocess.Popen([*command, i], stdout=subprocess.PIPE, text=True) for i in "01"]
    print("expected: saved", flush=True)
    both[0].stdout.readline()  # it has built the model
    time.sleep(20)
    print("actual:", "saved" if pathlib.Path("saved").exists() else "waits for the other process")
    sys.exit(any(process.kill() for process in both))
keras.distribution.initialize(sys.argv[1], 2, int(sys.argv[2]))
keras.distribution.set_distribution(keras.distribution.DataParallel(auto_shard_dataset=False))
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
model.compile("adam", "mse")
print("built", flush=True)
if sys.argv[2] == "0":
    model.save("model.keras")
    pathlib.Path("saved").touch()
time.sleep(60)
