"""Train on one device, on several, or in several processes, by the same script."""

import os
import socket
import subprocess
import sys

import command_line  # first, because it chooses the backend

import keras

import kcore

SIZE = 32


def main(options):
    """Start the processes, or be one of them."""
    if options.processes > 1 and "KERAS_DISTRIBUTION_PROCESS_ID" not in os.environ:
        start_processes(options.processes)
    else:
        train(options)


def train(options):
    """Train in this process, together with the others if there are any."""
    if options.devices > 1:  # virtual ones, to try it out without hardware
        os.environ["XLA_FLAGS"] = f"--xla_force_host_platform_device_count={options.devices}"
    # This makes it work on several devices and in several processes. It comes before any model.
    shard = kcore.training.distribute()
    is_first = shard[0] == 0
    if is_first:
        devices = len(keras.distribution.list_devices())
        print(f"{shard[1]} processes, {devices} devices, {keras.backend.backend()}", flush=True)

    # `batch_size` counts the samples of all processes, and `shard` takes those of this one.
    feed = {"batch_size": options.batch_size, "seed": options.seed, "shard": shard}
    batches, validation, classes = folder(options.data, feed) if options.data else scenes(feed)
    model = kcore.models.cnn((SIZE, SIZE, 3), classes, seed=options.seed)
    kcore.models.compile_classifier(model)
    history = kcore.training.fit(
        model,
        batches,
        epochs=options.epochs,
        resume=options.output / "resume",  # all processes must see this folder
        validation_data=validation,
    )
    if is_first:  # only one process writes files
        kcore.models.save(model, options.output / "model.keras")
        final = {name: f"{values[-1]:.5f}" for name, values in history.history.items()}
        print(f"After {len(history.epoch)} epochs: {final}; saved model.keras in {options.output}")


def scenes(feed):
    """Return batches of drawn scenes, which every process draws alike, and validation batches."""
    (x, y), (x_test, y_test) = kcore.datasets.scenes.load_data(2048, 512, image_size=(SIZE, SIZE))
    augmented = kcore.augment.ImageDataGenerator(
        rescale=1 / 255, rotation_range=15, width_shift_range=0.1, height_shift_range=0.1
    )
    # Without a last batch that is not full, all devices can share each batch.
    batches = augmented.flow(x, y, drop_remainder=True, verbose=False, **feed)
    validation = kcore.data.from_arrays(
        x_test.astype("float32") / 255, y_test, shuffle=False, **feed
    )
    return batches, validation, len(kcore.datasets.scenes.CLASS_NAMES)


def folder(directory, feed):
    """Return batches of the images in a folder with a subfolder for each class."""
    options = {"target_size": (SIZE, SIZE), "class_mode": "sparse", "verbose": False, **feed}
    options |= {"drop_remainder": True}  # batches that all devices can share
    augmented = kcore.augment.ImageDataGenerator(
        rescale=1 / 255, rotation_range=15, validation_split=0.2
    )
    plain = kcore.augment.ImageDataGenerator(rescale=1 / 255, validation_split=0.2)
    batches = augmented.flow_from_directory(directory, subset="training", **options)
    validation = plain.flow_from_directory(directory, subset="validation", shuffle=False, **options)
    return batches, validation, batches.num_classes


def start_processes(count):
    """Start this script `count` times on this machine; on a cluster, a scheduler does that."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    processes = []
    for index in range(count):
        variables = {
            "KERAS_DISTRIBUTION_JOB_ADDRESSES": address,
            "KERAS_DISTRIBUTION_NUM_PROCESSES": str(count),
            "KERAS_DISTRIBUTION_PROCESS_ID": str(index),
        }
        processes.append(
            subprocess.Popen([sys.executable, *sys.argv], env={**os.environ, **variables})
        )
    codes = [process.wait() for process in processes]
    if any(codes):
        sys.exit(f"The processes ended with the codes {codes}.")


def parse_options():
    """Read the command line."""
    parser = command_line.parser(__doc__)
    parser.add_argument(
        "--epochs", type=command_line.integer(1), default=3, help="number of epochs"
    )
    parser.add_argument(
        "--batch-size",
        type=command_line.integer(1),
        default=64,
        help="samples in a batch of all processes together",
    )
    parser.add_argument(
        "--devices",
        type=command_line.integer(1),
        default=1,
        help="virtual CPU devices of each process; real GPUs are all used without this",
    )
    parser.add_argument(
        "--processes",
        type=command_line.integer(1),
        default=1,
        help="processes to start on this machine, to try out what a scheduler does on many",
    )
    parser.add_argument(
        "--data", help="folder of images with a subfolder for each class; scenes if it is left out"
    )
    parser.add_argument(
        "--seed", type=command_line.integer(0), default=0, help="seed of weights and batches"
    )
    command_line.add_output(parser, "outputs/distributed", "the model and the checkpoints")
    return parser.parse_args()


if __name__ == "__main__":
    command_line.run(main, parse_options())
