"""Side by side: our GPT and transformers' GPT-2 of the same shape, in training and in sampling.

    pip install -r benchmarks/requirements.txt
    python benchmarks/gpt.py

Ours and the peer each live in a process of its own, set up as their own scripts set it up, and take turns, round by round
(so that a busy moment hits all of them). Speeds are medians over the rounds; ratios are medians of the rounds' ratios.
Text is random characters: no speed depends on what they are. Our training is there twice: with the optimizers that
train.py uses (Muon for the blocks) and with the peer's, AdamW alone. Our sampling is there twice: "readable" is sample.py
alone (--no_fast), "fast" with fast_sample.py. On a machine that does other things meanwhile, use
`--threads 1 --clock cpu`: seconds of processor time instead of the clock's.
"""

import argparse
import contextlib
import functools
import importlib.util
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "gpt_songci"
OURS = ("ours bfloat16, Muon", "ours float32, Muon", "ours bfloat16, AdamW", "ours float32, AdamW")
PEERS = ("GPT-2 float32", "GPT-2 bfloat16")
WRITERS = (  # with fast_sample.py, and sample.py alone
    "ours fast, window 512",
    "ours readable, window 512",
    "plain loop, window 512",
    "ours fast, window 64",
    "ours readable, window 64",
    "plain loop, window 64",
)
QUALITY = ("plain float32", "plain bfloat16", "ours float32", "ours bfloat16")
WRITING_PEERS = ("GPT-2 generate, window 512",)
GOALS = {
    ("training", "ours bfloat16, AdamW", "GPT-2 float32"): 2.0,
    ("training", "ours float32, AdamW", "GPT-2 float32"): 1.05,
    ("training", "ours bfloat16, Muon", "GPT-2 float32"): 2.0,
    ("training", "ours float32, Muon", "GPT-2 float32"): 1.05,
    ("sampling", "ours fast, window 512", "GPT-2 generate, window 512"): 3.0,
    ("sampling", "ours readable, window 512", "GPT-2 generate, window 512"): 1.0,
    ("sampling", "ours fast, window 512", "plain loop, window 512"): 20.0,
    ("sampling", "ours fast, window 64", "plain loop, window 64"): 20.0,
}


def get_parser():
    parser = argparse.ArgumentParser(
        description="Speed and memory of our GPT beside transformers' GPT-2.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add(
        "--part",
        choices=("all", "training", "memory", "sampling", "steps", "quality"),
        default="all",
        help="what to measure; steps: where a training step spends its time; quality: seconds to a validation loss",
    )
    add(
        "--data_root",
        type=Path,
        default=FOLDER.parent / "data" / "full" / "quansongci",
        help="quality: folder with the prepared full data",
    )
    add("--target", type=float, default=4.463, help="quality: validation loss (whole text)")
    add("--iters", type=int, default=620, help="quality: steps of our schedule")
    add(
        "--plain_iters",
        type=int,
        default=2000,
        help="quality: steps of the plain recipe's schedule",
    )
    add("--rounds", type=int, default=5, help="times that each takes its turn")
    add("--steps", type=int, default=8, help="training steps of a turn")
    add("--new", type=int, default=500, help="characters that each of 10 samples gets")
    add("--vocab_size", type=int, default=6046, help="characters (full data: 6,046)")
    add("--n_layer", type=int, default=4, help="layers")
    add("--n_head", type=int, default=4, help="heads")
    add("--n_embd", type=int, default=256, help="width")
    add("--dropout", type=float, default=0.0, help="dropout of both (train.py on the full data: 0)")
    add("--threads", type=int, default=0, help="CPU threads (0: torch's choice)")
    add(
        "--clock",
        choices=("wall", "cpu"),
        default="wall",
        help="seconds of the clock or of the processor",
    )
    add("--json", type=Path, help="file for all numbers")
    add(
        "--resume",
        action="store_true",
        help="quality: keep what --json has from a run that stopped, and measure the rest",
    )
    add("--job", help=argparse.SUPPRESS)  # set in the processes that this script starts
    return parser


# ------------------------------------------------------------------------------------- in the processes that are started


def our_model(args, window, train=True):
    from model import GPT, GPTConfig

    config = GPTConfig(
        args.vocab_size, window, args.n_layer, args.n_head, args.n_embd, args.dropout
    )
    return GPT(config).train(train)


def peer_model(args, window, train=True):
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(
        vocab_size=args.vocab_size,
        n_positions=window,
        n_layer=args.n_layer,
        n_head=args.n_head,
        n_embd=args.n_embd,
        resid_pdrop=args.dropout,
        embd_pdrop=args.dropout,
        attn_pdrop=args.dropout,
        bos_token_id=None,
        eos_token_id=None,
        pad_token_id=0,
    )
    return GPT2LMHeadModel(config).train(train)


def trainer(args, name):
    """A function that does one training step of 16 texts of 64 characters."""
    import torch

    text = torch.randint(args.vocab_size, (16, 65), generator=torch.Generator().manual_seed(0))
    x, y = text[:, :-1].contiguous(), text[:, 1:].contiguous()
    dtype = "bfloat16" if "bfloat16" in name else "float32"
    if name.startswith("ours"):
        import train

        model, flags = (
            our_model(args, 64),
            train.get_parser().parse_args(
                ["--optimizer", "adamw", "--lr", "0.001"] if "AdamW" in name else ["--lr", "0.0035"]
            ),
        )
        return functools.partial(
            train.train_step, model, train.make_optimizers(model, flags), x, y, dtype
        )
    model = peer_model(args, 64)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.0, fused=True)

    def step():
        with torch.autocast("cpu", torch.bfloat16, enabled=dtype == "bfloat16"):
            loss = model(input_ids=x, labels=x, use_cache=False).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def sampler(args, name):
    """A function that generates text, and the number of characters it generates."""
    import torch
    from sample import generate, speed_up

    window = int(name.split()[-1])
    prompt = torch.zeros(10, 1, dtype=torch.long)

    def ours():
        fast = speed_up(model, len(prompt)) if "fast" in name else model
        for _ in generate(fast, prompt, args.new, 0.8):
            pass

    @torch.inference_mode()
    def plain():  # a single sample, the whole window at every step
        text = prompt[:1]
        for _ in range(args.new):
            logits = model(text[:, -window:])[0][:, -1]
            text = torch.cat([text, torch.multinomial(torch.softmax(logits / 0.8, -1), 1)], 1)

    @torch.inference_mode()
    def peer():
        model.generate(
            prompt,
            attention_mask=torch.ones_like(prompt),
            max_new_tokens=args.new,
            min_new_tokens=args.new,
            do_sample=True,
            temperature=0.8,
            top_k=0,
            use_cache=True,
        )

    model = (peer_model if name.startswith("GPT-2") else our_model)(args, window, train=False)
    return (
        (plain, args.new)
        if name.startswith("plain")
        else (peer if name.startswith("GPT-2") else ours, 10 * args.new)
    )


def step_parts(args, dtype, clock):
    """{part: median ms} of a training step of 16 texts of 64 characters: train.py's default settings."""
    import torch
    import train
    from model import loss_and_perplexity

    model, text = our_model(args, 64), torch.randint(args.vocab_size, (100_000,)).numpy()
    muon, adamw = train.make_optimizers(model, train.get_parser().parse_args(["--lr", "0.0035"]))
    batches = train.Batches(text, 64, 0)

    def half_step(tokens, targets):
        """Forward and backward; the blocks alone for targets None, the head and the loss alone for tokens None."""
        with torch.autocast("cpu", torch.bfloat16, enabled=dtype == "bfloat16"):
            if tokens is None:
                result, _ = loss_and_perplexity(model.logits(hidden), targets)
            else:
                h = model.first_input(*model.embed(tokens, model.positions(tokens)))
                result = model.run_layers(h, model.causal_mask(tokens))[0].sum()
        result.backward()

    hidden = torch.randn(16, 64, args.n_embd, requires_grad=True)
    x, y = batches(0, 16)
    parts = {
        "data": lambda: batches(0, 16),
        "blocks": lambda: half_step(x, None),
        "head and loss": lambda: half_step(None, y),
        "Muon": muon.step,
        "AdamW": adamw.step,
        "whole step": lambda: train.train_step(model, [muon, adamw], x, y, dtype),
    }
    times = {name: [] for name in parts}
    for n in range(args.rounds + 1):
        for name, part in parts.items():
            start = clock()
            part()
            if n:
                times[name].append(1000 * (clock() - start))
    return {name: statistics.median(laps) for name, laps in times.items()}


def plain_factor(step, iters):
    """nanoGPT's share of the peak learning rate: 100 steps of warmup, then a cosine to a tenth at `iters`."""
    cosine = 0.5 * (1 + math.cos(math.pi * min(1, (step - 100) / max(1, iters - 100))))
    return min((step + 1) / 100, 0.1 + 0.9 * cosine)


def time_to_quality(args, name, clock):
    """Seconds of training (evaluations not counted) and steps until the validation loss is at most args.target.

    "ours ...": train.py's default settings with a schedule of args.iters steps. "plain ...": the recipe of nanoGPT on the
    same model: AdamW 1e-3 for everything, betas 0.9 and 0.99, weight decay 0.1 on matrices, 100 steps of warmup, then a cosine
    to 1e-4 at args.plain_iters steps. The loss of the first texts of the validation part decides when the whole is read.
    """
    import torch
    import train
    from model import GPT

    ours, dtype = name.startswith("ours"), name.split()[-1]
    iters = args.iters if ours else args.plain_iters
    meta, text, val = train.load_data(args.data_root)
    flags = train.get_parser().parse_args(["--iters", str(iters)])
    config = train.settle(flags, meta, text, 1, torch.device("cpu"))
    begin = clock()
    model = GPT(config).train()
    if ours:
        optimizers, peaks = train.make_optimizers(model, flags), (flags.lr, flags.adam_lr)
        train.start_embedding(model.token_embedding.weight, text)
        train.start_positions(model.position_embedding.weight)
    else:
        matrices = [p for p in model.parameters() if p.ndim == 2]
        vectors = [p for p in model.parameters() if p.ndim < 2]
        groups = [
            {"params": matrices, "weight_decay": 0.1},
            {"params": vectors, "weight_decay": 0.0},
        ]
        optimizers, peaks = (
            [torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.99), fused=True)],
            (1e-3,),
        )
    seconds, batches = clock() - begin, train.Batches(text, 64, 0)
    for step in range(iters):
        begin = clock()
        if ours:
            factor = train.training.lr_factor(step, flags.warmup, iters)
        else:
            factor = plain_factor(step, iters)
        for optimizer, peak in zip(optimizers, peaks):
            for group in optimizer.param_groups:
                group["lr"] = peak * factor
        train.train_step(model, optimizers, *batches(step * 16, 16), dtype)
        seconds += clock() - begin
        done = step + 1
        if done % 100 == 0 or done == iters or (done % 20 == 0 and done > 0.7 * iters):
            loss, whole = train.validation_loss(model, val, 16384), False
            if loss < args.target + 0.05 or done == iters:
                loss, whole = train.validation_loss(model, val), True
            print(
                f"{name}: step {done} of {iters}, {seconds:.0f} s, validation loss {loss:.4f}"
                + (" (whole text)" if whole else ""),
                file=sys.stderr,
                flush=True,
            )
            if whole and (loss <= args.target or done == iters):
                return {
                    "seconds": seconds,
                    "steps": done,
                    "val_loss": loss,
                    "reached": loss <= args.target,
                    "peak_mb": peak_memory(),
                }


def serve(turns, clock):
    """turns: dict name -> (function, characters of one call, calls). For each name on standard input, take that turn and
    print its characters per second."""
    for line in sys.stdin:
        function, characters, calls = turns[line.strip()]
        start = clock()
        for _ in range(calls):
            function()
        print(calls * characters / (clock() - start), flush=True)


def peak_memory():
    """Largest resident memory of this process so far, in MB."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def do_job(args):
    """One of the processes: "training NAME;NAME" and "sampling NAME;NAME" take turns when asked, "memory NAME" prints."""
    sys.path.insert(0, str(FOLDER))
    import torch
    import train

    part, names = args.job.split(" ", 1)
    if "GPT-2" in names:
        os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error")
    else:
        train.keep_freed_memory()  # as train.py and sample.py do
    if args.threads:
        torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    clock = time.process_time if args.clock == "cpu" else time.perf_counter
    if part == "training":
        serve(
            {name: (trainer(args, name), 16 * 64, args.steps) for name in names.split(";")}, clock
        )
    elif part == "sampling":
        serve({name: (*sampler(args, name), 1) for name in names.split(";")}, clock)
    elif part == "steps":
        print(json.dumps(step_parts(args, names, clock)))
    elif part == "quality":
        print(json.dumps(time_to_quality(args, names, clock)))
    else:
        step, before = trainer(args, names), peak_memory()
        for _ in range(2 * args.steps):
            step()
        print(json.dumps({"peak_mb": peak_memory(), "before_training_mb": before}))


# ------------------------------------------------------------------------------------------------------ the first process


def start(args, job):
    """Starts a process for one job."""
    flags = [
        f"--{name}={getattr(args, name)}"
        for name in (
            "steps",
            "new",
            "vocab_size",
            "n_layer",
            "n_head",
            "n_embd",
            "dropout",
            "threads",
            "clock",
            "rounds",
            "data_root",
            "target",
            "iters",
            "plain_iters",
        )
    ]
    return subprocess.Popen(
        [sys.executable, __file__, "--job", job, *flags],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        bufsize=1,
    )


def answer(process, question=None):
    """Reads the next line that a process prints, and parses it as JSON."""
    if question:
        print(question, file=process.stdin, flush=True)
    line = process.stdout.readline()
    if not line:
        sys.exit(f"gpt.py: error: a process stopped with code {process.wait()}")
    return json.loads(line)


def measure_alone(args, part, names):
    """{name: numbers} of a process of its own for each name, one after the other."""
    result = {}
    for name in names:
        print(f"measuring {part} of {name} ...", file=sys.stderr, flush=True)
        with start(args, f"{part} {name}") as process:
            result[name] = answer(process)
    return result


def measure_quality(args):
    """{name: numbers} of time_to_quality, saved to args.json after each name; --resume keeps those that are there."""
    settings = {
        key: str(getattr(args, key))
        for key in ("target", "iters", "plain_iters", "threads", "clock", "n_layer", "n_embd")
    }
    result = {}
    if args.resume and args.json and args.json.is_file():
        before = json.loads(args.json.read_text(encoding="utf-8"))
        if before.get("settings") == settings:
            result = before["quality"]
    for name in QUALITY:
        if name not in result:
            result |= measure_alone(args, "quality", [name])
            if args.json:
                save_json(args.json, {"settings": settings, "quality": result})
    return settings, result


def save_json(path, value):
    """Write a file whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
    part.replace(path)


def take_turns(args, part, sides):
    """{name: [characters per second of each round]}. sides: for each process, the names that it knows."""
    print(f"measuring {part} ...", file=sys.stderr, flush=True)
    speeds = {name: [] for names in sides for name in names}
    with contextlib.ExitStack() as stack:
        processes = [
            stack.enter_context(start(args, f"{part} {';'.join(names)}"))
            for names in sides
            if names
        ]
        for n in range(args.rounds + 1):
            for process, names in zip(processes, filter(None, sides)):
                for name in names:
                    speed = answer(process, name)
                    if n:  # round 0 warms up
                        speeds[name].append(speed)
                        print(
                            f"round {n}: {name} {speed:,.0f} characters/s",
                            file=sys.stderr,
                            flush=True,
                        )
    return speeds


def quality_lines(quality):
    """Seconds to the loss as text, with ratios. A side that did not reach it takes longer than its figure."""
    lines = ["\ntraining until the validation loss (whole text) is reached"]
    for name, side in quality.items():
        lines.append(
            f"  {name:16}{'' if side['reached'] else '> ':>2}{side['seconds']:6.0f} s  {side['steps']:5} steps  "
            f"{1000 * side['seconds'] / side['steps']:6.1f} ms a step  loss {side['val_loss']:.4f}"
            f"{'' if side['reached'] else ' (not reached)'}  memory {side['peak_mb']:,.0f} MB"
        )
    ours = [name for name in QUALITY if name.startswith("ours") and quality[name]["reached"]]
    if not ours:
        return [*lines, "  ours did not reach it: no ratio. Try a larger --iters"]
    best = min(ours, key=lambda name: quality[name]["seconds"])
    for dtype, goal in (("float32", 5.0), ("bfloat16", 2.5)):
        plain = quality[f"plain {dtype}"]
        ratio = plain["seconds"] / quality[best]["seconds"]
        same = quality[f"ours {dtype}"]
        lines.append(
            f"  plain {dtype} / {best}: {'' if plain['reached'] else 'more than '}{ratio:.2f}x, goal {goal}: "
            + ("reached" if ratio >= goal else "MISSED")
            + (
                f"; / ours {dtype}: {plain['seconds'] / same['seconds']:.2f}x"
                if same["reached"]
                else ""
            )
        )
    return lines


def report(result):
    """Medians, ratios and goals as text."""
    lines = []
    for part in ("training", "sampling"):
        if part not in result:
            continue
        speeds = result[part]
        lines.append(f"\n{part}, characters/s: median (lowest - highest)")
        lines += [
            f"  {name:32}{statistics.median(s):10,.0f}  ({min(s):,.0f} - {max(s):,.0f})"
            for name, s in speeds.items()
        ]
        for (which, ours, peer), goal in GOALS.items():
            if which == part and peer in speeds:
                ratios = [a / b for a, b in zip(speeds[ours], speeds[peer])]
                ratio = statistics.median(ratios)
                lines.append(
                    f"  {ours} / {peer}: {ratio:.2f}x ({min(ratios):.2f} - {max(ratios):.2f}), goal {goal}: "
                    + ("reached" if ratio >= goal else "MISSED")
                )
    if "steps" in result:
        lines.append("\na training step, ms")
        for dtype, parts in result["steps"].items():
            lines.append(f"  {dtype:10}" + "  ".join(f"{k} {v:.1f}" for k, v in parts.items()))
    if "quality" in result:
        lines += quality_lines(result["quality"])
    if "memory" in result:
        lines.append("\ntraining, peak memory of the process (and before the first step), MB")
        lines += [
            f"  {name:32}{m['peak_mb']:10,.0f}  ({m['before_training_mb']:,.0f})"
            for name, m in result["memory"].items()
        ]
        if "GPT-2 float32" in result["memory"]:
            peer = result["memory"]["GPT-2 float32"]["peak_mb"]
            for name in OURS[:2]:
                ratio = result["memory"][name]["peak_mb"] / peer
                lines.append(
                    f"  {name} / GPT-2 float32: {ratio:.2f}x, goal at most 1: "
                    + ("reached" if ratio <= 1 else "MISSED")
                )
    return "\n".join(lines)


def main():
    args = get_parser().parse_args()
    if args.job:
        do_job(args)
        return
    if args.clock == "cpu" and args.threads != 1:
        get_parser().error("--clock cpu needs --threads 1: several threads would be added up")
    peer = importlib.util.find_spec("transformers") is not None
    if not peer:
        print(
            "transformers is not installed: our numbers alone; pip install -r benchmarks/requirements.txt"
        )
    result = {
        "shape": {
            k: getattr(args, k) for k in ("vocab_size", "n_layer", "n_head", "n_embd", "dropout")
        },
        "machine": {
            "system": platform.platform(),
            "python": platform.python_version(),
            "cpus": os.cpu_count(),
        },
    }
    if args.part in ("all", "memory") and sys.platform != "win32":
        result["memory"] = measure_alone(args, "memory", OURS[:2] + (PEERS if peer else ()))
    if args.part in ("all", "steps"):
        result["steps"] = measure_alone(args, "steps", ("float32", "bfloat16"))
    if args.part == "quality":
        result["settings"], result["quality"] = measure_quality(args)
        result["steps"] = measure_alone(args, "steps", ("float32", "bfloat16"))
    if args.part in ("all", "training"):
        result["training"] = take_turns(args, "training", [OURS, PEERS if peer else ()])
    if args.part in ("all", "sampling"):
        result["sampling"] = take_turns(args, "sampling", [WRITERS, WRITING_PEERS if peer else ()])
    print(
        f"{args.n_layer} layers, {args.n_head} heads, width {args.n_embd}, {args.vocab_size:,} characters; training: "
        f"16 x 64, dropout {args.dropout}; sampling: 10 x {args.new}, the plain loop one at a time\n"
        + report(result)
    )
    if args.json:
        save_json(args.json, result)
        print(f"\nwrote {args.json}")


if __name__ == "__main__":
    main()
