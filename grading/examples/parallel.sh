#!/bin/bash
# Grades a class in PARTS parts at once with GNU parallel, and joins them. From the repository's root:
#
#     PARTS=4 bash grading/examples/parallel.sh moodle.zip grades --seed 7 --roster roster.csv
#
# What follows the folder for the marks goes to every part and to the join; --seed must be there. Parts stay in grades.parts:
# run it again to continue, or to grade new submissions. With a file of hosts, --sshloginfile spreads the parts over machines
# that see the same folders.
set -euo pipefail
submissions=$1 out=$2
shift 2
parts=${PARTS:-4} python=${PYTHON:-python}
flags=$(printf '%q ' "$@")

parallel --halt soon,fail=1 -j "$parts" \
    "$python -m grading.grade $(printf %q "$submissions") $flags --quiet -j 1 --shard {}/$parts --out $(printf %q "$out.parts")/{}" \
    ::: $(seq "$parts")

folders=()
for number in $(seq "$parts"); do folders+=("$out.parts/$number"); done
"$python" -m grading.merge "$submissions" "$@" --quiet --out "$out" --parts "${folders[@]}"
