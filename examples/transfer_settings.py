"""Choose rates, epochs and the layer to cut at for transfer_learning.py. Takes minutes."""

import itertools

import command_line  # first, because it chooses the backend

import few_images
import keras
import numpy as np

import kcore

HIDDEN_LAYER, LAST_POOLING = -2, -4
RATES = (3e-4, 1e-3, 3e-3)
EPOCHS = (20, 60, 120)
DRAWS = 2


def main(options):
    """Try all settings on images that are used for nothing else, and print the best."""
    task = few_images.load(options.data)
    base = few_images.pretrained(task)
    pool, judges = task.choosing
    draws = [few_images.draw(pool, seed) for seed in range(DRAWS)]

    transfer, fresh = {}, {}
    for cut_at, rate in itertools.product((HIDDEN_LAYER, LAST_POOLING), RATES):
        title = f"transfer, cut at {base.layers[cut_at].name}, rate {rate}"
        steps = [transferred_steps(base, cut_at, rate, few, judges, task) for few in draws]
        note(transfer, (cut_at, rate), steps, title)
    for rate in RATES:
        steps = [fresh_steps(rate, few, judges, task) for few in draws]
        note(fresh, rate, steps, f"from scratch, rate {rate}")
    ((cut_at, rate), epochs) = max(transfer, key=transfer.get)
    print(f"Chosen for transfer: cut_at={cut_at}, rate {rate}, {epochs} epochs")
    rate, epochs = max(fresh, key=fresh.get)
    print(f"Chosen from scratch: rate {rate}, {epochs} epochs")


def note(found, key, steps, title):
    """Print the mean accuracies after each number of epochs, and keep them."""
    means = np.mean(steps, axis=0)
    found.update({(key, epochs): mean for epochs, mean in zip(EPOCHS, means, strict=True)})
    print(f"{title}: {', '.join(f'{mean:.4f}' for mean in means)}", flush=True)


def transferred_steps(base, cut_at, rate, few, judges, task):
    """Return the accuracies of one transferred model after each number of epochs."""
    model = few_images.transferred(base, cut_at, task, seed=0)
    optimizer, steps = keras.optimizers.Adam(rate), []
    for before, epochs in itertools.pairwise((0, *EPOCHS)):
        kcore.models.train_head(
            model,
            *few,
            epochs=epochs - before,
            batch_size=20,
            optimizer=optimizer,
            seed=epochs,
            verbose=0,
        )
        optimizer = model.optimizer
        steps.append(few_images.accuracy(model, judges))
    return steps


def fresh_steps(rate, few, judges, task):
    """Return the accuracies of one fresh CNN after each number of epochs."""
    model, steps = few_images.fresh(task, rate, seed=0), []
    for before, epochs in itertools.pairwise((0, *EPOCHS)):
        model.fit(*few_images.scaled(few), epochs=epochs - before, batch_size=20, verbose=0)
        steps.append(few_images.accuracy(model, few_images.scaled(judges)))
    return steps


def parse_options():
    """Read the command line."""
    parser = command_line.parser(__doc__)
    parser.add_argument(
        "--data",
        choices=("scenes", "fashion-mnist"),
        default="scenes",
        help="drawn scenes, or articles of clothing",
    )
    return parser.parse_args()


if __name__ == "__main__":
    command_line.run(main, parse_options(), errors=kcore.datasets.DatasetError)
