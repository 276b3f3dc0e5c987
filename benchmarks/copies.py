"""The search for copies beside copydetect (MOSS's winnowing), on classes in which it is known who copied.

    python -m pip install --group benchmarks
    python benchmarks/copies.py                        # --homework hmm hw_bptt --seeds 10 11

Classes are made by tests/repository/classes_made.py: independent students answer each blank with the solution, an accepted
variant or a known mistake, half of their names are their own; copies hide behind comments, other names, another order, dead
lines. A pair counts as found if a report has both. copydetect gets a student's files as one document and the empty copy as
boilerplate; its similarity of a pair is the smaller share. 0.33 is its default threshold.
"""

import argparse
import itertools
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from grading import copying  # noqa: E402
from grading.intake import empty_files  # noqa: E402
from tests.repository import classes_made as made  # noqa: E402

Pair = tuple[str, str]
THRESHOLDS = (0.33, 0.5, 0.7, 0.8, 0.9)


def classes(homework: str, seed: int) -> dict[str, made.Class]:
    """The made classes to search: {what the class tests: the class}."""
    bodies = {id: solution[0] for id, (solution, _, _) in made.versions(homework).items()}
    short = sorted(bodies, key=lambda id: len(bodies[id]))[:3]
    return {
        "30 students, a pair in each disguise": made.make_class(
            homework, 30, [(2, how) for how in made.DISGUISES], seed
        ),
        "44 students, a ring of 9": made.make_class(homework, 44, [(9, "all")], seed),
        "10 students, a ring of 3": made.make_class(homework, 10, [(3, "all")], seed),
        "30 students, all right, two pairs": made.make_class(
            homework, 30, [(2, "all"), (2, "rename")], seed, right=True
        ),
        "10 students, three short right blanks": made.make_class(
            homework, 10, [], seed, short, right=True
        ),
    }


def ours(group: made.Class, homework: str) -> set[Pair]:
    """Pairs that a cluster holds."""
    pairs: set[Pair] = set()
    for cluster in copying.find_clusters(group.files, homework):
        members = [member for member in cluster.members if member not in cluster.sources]
        pairs.update(itertools.combinations(sorted(members), 2))
    return pairs


def theirs(group: made.Class, homework: str) -> dict[float, set[Pair]]:
    """{threshold: pairs} of copydetect."""
    import copydetect

    empty = empty_files(homework)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        names = [name for name in sorted(empty) if name.endswith(".py")]
        documents = group.files | {"": empty}
        for student, files in documents.items():
            kept = [
                name for name in names if any(f[name] != empty[name] for f in group.files.values())
            ]
            path = root / (f"class/{student}/all.py" if student else "empty/all.py")
            path.parent.mkdir(parents=True)
            path.write_bytes(b"\n".join(files[name] for name in kept))
        detector = copydetect.CopyDetector(
            test_dirs=[str(root / "class")],
            boilerplate_dirs=[str(root / "empty")],
            extensions=["py"],
            display_t=0.0,
            silent=True,
            autoopen=False,
        )
        detector.run()
        best: dict[Pair, float] = defaultdict(float)
        for first_share, second_share, first, second, *_ in detector.get_copied_code_list():
            a, b = sorted((Path(first).parent.name, Path(second).parent.name))
            best[a, b] = max(best[a, b], min(first_share, second_share))
    return {limit: {pair for pair, share in best.items() if share >= limit} for limit in THRESHOLDS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--homework", nargs="+", default=["hmm", "hw_bptt"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[10, 11])
    args = parser.parse_args()
    rows: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for homework, seed in itertools.product(args.homework, args.seeds):
        for name, group in classes(homework, seed).items():
            truth = group.pairs()
            pairs_by_tool = {"ours": ours(group, homework)}
            try:
                pairs_by_tool |= {
                    f"copydetect {t}": pairs for t, pairs in theirs(group, homework).items()
                }
            except ImportError:
                print(
                    "copydetect is not installed: python -m pip install --group benchmarks",
                    file=sys.stderr,
                )
            for tool, pairs in pairs_by_tool.items():
                for label in (name, "all classes"):
                    counts = rows[label, tool]
                    counts[0] += len(pairs & truth)
                    counts[1] += len(pairs - truth)
                    counts[2] += len(truth - pairs)
    print(
        "| class | tool | right | wrong | missed | precision | recall |\n|---|---|---|---|---|---|---|"
    )
    for (name, tool), (right, wrong, missed) in rows.items():
        precision = f"{right / (right + wrong):.2f}" if right + wrong else "-"
        recall = f"{right / (right + missed):.2f}" if right + missed else "-"
        print(f"| {name} | {tool} | {right} | {wrong} | {missed} | {precision} | {recall} |")


if __name__ == "__main__":
    main()
