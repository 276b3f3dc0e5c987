"""What every train.py repeats: flags of a run, the folder of a run, settings on --resume, schedule, log, checkpoints.

Each homework folder is standalone, so each has its own copy of this file.

A run is what one call of train.py (or several, with --resume) writes to --ckpt_path. One rule for all scripts: an
earlier run in that folder is never lost. Its files are moved to FOLDER/earlier-1, -2, ...; only --overwrite drops it.
"""

import contextlib
import io
import json
import math
import signal
import zipfile
from pathlib import Path

import numpy as np
from cli import UserError, replace_file, safe_write, seed_number, translate

NOT_SETTINGS = {  # flags that say where, not what: they may change with --resume
    "data_root",
    "ckpt_path",
    "resume",
    "overwrite",
    "quiet",
    "lang",
    "device",
    "threads",
}


def add_run_flags(parser, ckpt_path, seed="weights and order of the texts", resume=True):
    """Add --ckpt_path, --seed, --resume, --overwrite, --quiet. ckpt_path: the default folder.

    seed: what the seed decides; None: no --seed. resume: False for training that takes a moment.
    """
    add = parser.add_argument
    add(
        "--ckpt_path",
        type=Path,
        default=Path(ckpt_path),
        help="folder of the run: everything is written there; an earlier run there is moved to earlier-1, -2, ...",
    )
    if seed:
        add("--seed", type=seed_number, default=0, help=f"seed of {seed}")
    if resume:
        add(
            "--resume",
            action="store_true",
            help="continue the run in --ckpt_path, with its settings and random numbers",
        )
    add(
        "--overwrite", action="store_true", help="replace an earlier run instead of moving it aside"
    )
    add("--quiet", action="store_true", help="no progress bar")


# ---------------------------------------------------------------------------------------------------- folder, settings


def start_run(folder, files, overwrite=False):
    """Make the folder for a new run. An earlier run there is moved to folder/earlier-N, or replaced with `overwrite`.

    files: names or patterns of what a run writes, and of what other scripts derive from it. Returns the folder.
    """
    folder = Path(folder).expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    earlier = [path for pattern in files for path in sorted(folder.glob(pattern))]
    if overwrite or not earlier:
        return folder
    target = next(path for n in range(1, 10**6) if not (path := folder / f"earlier-{n}").exists())
    target.mkdir()
    for path in earlier:
        replace_file(path, target / path.name)
    print(
        translate(
            "the earlier run in {} was moved to {} (to continue a run: --resume; to replace it: --overwrite)",
            folder,
            target,
        )
    )
    return folder


def settings_of(args, free=()):
    """{name: value} of the flags that decide what is learned. free: further names to leave out."""
    return {
        name: value for name, value in vars(args).items() if name not in NOT_SETTINGS | set(free)
    }


def restore_settings(args, given, settings, free=()):
    """--resume: set `args` to the settings of the run. given: names of the flags on the command line.

    free: settings that a resumed run may change. Raises UserError for a flag that contradicts the run.
    """
    for name, value in settings.items():
        requested = getattr(args, name, value)
        if name in given and name in free:
            continue
        if name in given and requested not in (value, "auto"):
            raise UserError(
                f"this run began with --{name} {value}, not {requested}: leave the flag out, or start another run in "
                "another --ckpt_path"
            )
        setattr(args, name, value)


def describe(settings):
    """The settings as one line: "batchsize 16, iters 2000, ..."."""
    return ", ".join(f"{name} {value}" for name, value in settings.items())


# ------------------------------------------------------------------------------------------------------------ training


def lr_factor(step, warmup, iters):
    """Share of the peak learning rate at a step (the first is 0): a linear rise over `warmup` steps, then a linear fall to 0."""
    return min((step + 1) / max(1, warmup), (iters - step) / max(1, iters - warmup))


def check_finite(loss, when):
    """Raises UserError if the loss is infinite or not a number. when: "iteration 12"."""
    if not math.isfinite(loss):
        raise UserError(f"the loss is {loss} in {when}. Try a lower --lr, or check your code there")


class CtrlC:
    """Within the `with` block, Ctrl-C sets `asked`: the loop can finish its step and save. A second Ctrl-C stops at once.

    patient: ignore further ones (torchrun passes one Ctrl-C on twice).
    """

    def __init__(self, patient=False):
        self.patient, self.asked, self.before = patient, False, None

    def __enter__(self):
        self.before = signal.getsignal(signal.SIGINT)
        if self.before is not signal.SIG_IGN:  # as under nohup
            with contextlib.suppress(ValueError):  # only the main thread may do this
                signal.signal(signal.SIGINT, self.handle)
        return self

    def handle(self, *_):
        if self.asked and not self.patient:
            raise KeyboardInterrupt
        self.asked = True

    def __exit__(self, *_):
        with contextlib.suppress(ValueError, TypeError):
            signal.signal(signal.SIGINT, self.before)


# --------------------------------------------------------------------------------------------------------------- files


@contextlib.contextmanager
def writing(folder):
    """Inside, a file that cannot be written becomes a UserError that says what is left of the run."""
    try:
        yield
    except OSError as error:
        left = any(Path(folder).glob("ckpt.*"))
        raise UserError(
            f"cannot write to {folder} ({error.strerror or error}). Make room or check the folder's permissions"
            + (", then continue with --resume: the last checkpoint is intact" if left else "")
        ) from None


def write_log(folder, log):
    """Write log.jsonl: one JSON object per line."""
    with safe_write(Path(folder) / "log.jsonl") as file:
        file.writelines(json.dumps(line) + "\n" for line in log)


def save_arrays(path, header, arrays):
    """Write an npz file without pickle: arrays {name: array}, and `header`, any JSON value."""
    with safe_write(path, "wb") as file:
        np.savez(file, about=np.array(json.dumps(header)), **arrays)


def load_arrays(path):
    """(header, {name: array}) of a file that save_arrays wrote. Raises UserError if it is damaged or something else."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        return json.loads(str(arrays.pop("about"))), arrays
    except (ValueError, KeyError, EOFError, OSError, zipfile.BadZipFile) as error:
        raise UserError(
            f"{path} is damaged or not a checkpoint of train.py ({error}); train again"
        ) from None


def save_checkpoint(folder, checkpoint, log):
    """Write ckpt.pt (dict of tensors and plain values) and log.jsonl, each complete or not at all."""
    import torch  # the NumPy homeworks have no use for it

    buffer = io.BytesIO()
    torch.save(checkpoint, buffer)
    with writing(folder):
        with safe_write(Path(folder) / "ckpt.pt", "wb") as file:
            file.write(buffer.getbuffer())
        write_log(folder, log)


def load_checkpoint(path, homework, version, fill):
    """The dict in a ckpt.pt. fill: the command that makes it, for the message.

    Raises UserError for a file that is missing, damaged, of another homework or of another format version.
    """
    import torch

    path = Path(path)
    if not path.is_file():
        raise UserError(f"{path.absolute()} not found; run: {fill}")
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
        format = checkpoint["format"]
    except Exception as error:  # torch, zipfile and pickle each have their own
        raise UserError(
            f"{path} is truncated or not a checkpoint of train.py ({type(error).__name__})"
        ) from None
    if checkpoint.get("homework", homework) != homework:
        raise UserError(f"{path} is a checkpoint of {checkpoint['homework']}, not of {homework}")
    if format != version:
        raise UserError(f"{path} has format {format}, this script reads {version}; train again")
    return checkpoint


def load_weights(model, weights, strict=True):
    """Copy a checkpoint's weights into `model`. Raises UserError if they do not fit."""
    try:
        model.load_state_dict(weights, strict=strict)
    except (KeyError, TypeError, RuntimeError) as error:
        raise UserError(f"the checkpoint does not fit model.py: {str(error)[:200]}") from None
