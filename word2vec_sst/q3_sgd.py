"""Question 3: stochastic gradient descent. `python q3_sgd.py` runs a few sanity checks; they are not exhaustive."""

import random
import re
import zipfile
from pathlib import Path

import numpy as np
from cli import UserError, safe_write

SAVE_PARAMS_EVERY = 1000  # iterations
ANNEAL_EVERY = 20000  # iterations after which the step halves
SAVE_FOLDER = "."  # where saved parameters are written and looked for


def save_params(iteration, params, folder=None):
    """Write params and the state of Python's random numbers to saved_params_ITERATION.npz, then drop older ones."""
    version, words, gauss = random.getstate()
    with safe_write(Path(folder or SAVE_FOLDER) / f"saved_params_{iteration}.npz", "wb") as file:
        np.savez(
            file,
            params=params,
            iteration=iteration,
            version=version,
            words=np.array(words, np.uint64),
            gauss=np.nan if gauss is None else gauss,
        )
    for path, number in saved_files(folder):
        if number < iteration:
            path.unlink()


def load_saved_params(folder=None):
    """The latest saved file: (iteration, params, random state), or (0, None, None) if there is none."""
    files = saved_files(folder)
    if not files:
        return 0, None, None
    try:
        with open(files[-1][0], "rb") as file, np.load(file, allow_pickle=False) as saved:
            gauss = float(saved["gauss"])
            state = (
                int(saved["version"]),
                tuple(map(int, saved["words"])),
                None if np.isnan(gauss) else gauss,
            )
            return int(saved["iteration"]), saved["params"], state
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise UserError(f"{files[-1][0]} is damaged ({error}); move it away") from None


def saved_files(folder=None):
    """[(path, iteration)] of saved_params_*.npz, oldest first."""
    paths = Path(folder or SAVE_FOLDER).glob("saved_params_*.npz")
    matches = [(path, re.fullmatch(r"saved_params_(\d+)\.npz", path.name)) for path in paths]
    return sorted(
        ((path, int(match[1])) for path, match in matches if match), key=lambda pair: pair[1]
    )


def start(x0, step, useSaved):
    """Where a run begins: (iteration, x, step). With useSaved, from the latest saved file of SAVE_FOLDER:
    its parameters, its random state, and the step as it was then. Raises UserError if its shape is not x0's."""
    if not useSaved:
        return 0, np.array(x0, dtype=float), step
    iteration, params, state = load_saved_params()
    if iteration == 0:
        return 0, np.array(x0, dtype=float), step
    if params.shape != np.shape(x0):
        raise UserError(
            f"saved_params_{iteration}.npz holds an array {params.shape}, x0 is {np.shape(x0)}: it belongs "
            "to another run; move it away or start without the saved parameters"
        )
    random.setstate(state)
    return iteration, params, step * 0.5 ** (iteration // ANNEAL_EVERY)


def report(iteration, cost, smoothed, every):
    """Print the smoothed cost every `every` iterations; returns it (0.95 of the last one, 0.05 of this one)."""
    if iteration % every:
        return smoothed
    smoothed = (
        float(np.squeeze(cost))
        if smoothed is None
        else 0.95 * smoothed + 0.05 * float(np.squeeze(cost))
    )
    print(f"iter {iteration}: {smoothed:f}")
    return smoothed


def sgd(f, x0, step, iterations, postprocessing=None, useSaved=False, PRINT_EVERY=10):
    """Gradient descent: `iterations` times x <- postprocessing(x - step * gradient), from x0, which is not changed.

    f(x) -> (cost, gradient). step: learning rate, halved after every ANNEAL_EVERY iterations. postprocessing: a
    function that returns the new x (it need not work in place), called after every step, or None. useSaved: continue from
    the latest saved parameters (`start`) and save every SAVE_PARAMS_EVERY iterations (`save_params`).
    Prints the smoothed cost every PRINT_EVERY iterations (`report`). Returns x after the last iteration.
    """
    # BEGIN SOLUTION w2v-11 (8 points): one step against the gradient, then the post-processing; save, halve the step; count from 1
    done, x, step = start(x0, step, useSaved)
    smoothed = None
    for iteration in range(done + 1, iterations + 1):
        cost, gradient = f(x)
        x = x - step * gradient
        if postprocessing is not None:
            x = postprocessing(x)
        smoothed = report(iteration, cost, smoothed, PRINT_EVERY)
        if useSaved and iteration % SAVE_PARAMS_EVERY == 0:
            save_params(iteration, x)
        if iteration % ANNEAL_EVERY == 0:
            step *= 0.5
    return x
    # END SOLUTION w2v-11


def sanity_checks():
    """The minimum of x**2 from three sides, and a post-processing that returns a new array."""
    for x0 in (0.5, 0.0, -1.5):
        x = sgd(lambda x: (np.sum(x**2), 2 * x), x0, 0.01, 1000, PRINT_EVERY=1000)
        assert abs(x) <= 1e-6, x
    rows = sgd(
        lambda x: (np.sum(x), np.ones_like(x)),
        np.ones((3, 2)),
        0.1,
        5,
        lambda x: x / np.linalg.norm(x),
        PRINT_EVERY=5,
    )
    assert np.isclose(np.linalg.norm(rows), 1), rows


def main():
    sanity_checks()
    print(
        "The sanity checks passed. They are not exhaustive: python -m pytest tests/test_word2vec_sst.py has more."
    )


if __name__ == "__main__":
    from cli import run

    run(main)
