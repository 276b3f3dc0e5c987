#!/bin/bash
# Grades a class as a Slurm job array of PARTS tasks, and joins them in a job that waits for all. From the repository's root,
# in a folder that all nodes see:
#
#     PARTS=16 bash grading/examples/slurm.sh moodle.zip grades --seed 7 --roster roster.csv
#
# What follows the folder for the marks goes to every task and to the join; --seed must be there. Options for sbatch go into
# SBATCH_FLAGS ("--partition=cpu --account=course"). Each task takes one core and 3 GB. Parts and logs stay in grades.parts:
# run it again to continue, or to grade new submissions.
set -euo pipefail
submissions=$1 out=$2
shift 2
parts=${PARTS:-4} python=${PYTHON:-python}
flags=$(printf '%q ' "$@") folder=$(printf %q "$out.parts") folders=
for number in $(seq "$parts"); do folders+=" $folder/$number"; done
mkdir -p "$out.parts"

read -ra more <<< "${SBATCH_FLAGS:-}"
array=$(sbatch --parsable "${more[@]}" --job-name=grade --array="1-$parts" --cpus-per-task=1 --mem="${MEMORY:-3G}" \
    --output="$out.parts/%a.log" --wrap \
    "$python -m grading.grade $(printf %q "$submissions") $flags --quiet -j 1 --shard \$SLURM_ARRAY_TASK_ID/$parts --out $folder/\$SLURM_ARRAY_TASK_ID")
sbatch "${more[@]}" --job-name=join --dependency="afterok:$array" --kill-on-invalid-dep=yes --output="$out.parts/join.log" --wrap \
    "$python -m grading.merge $(printf %q "$submissions") $flags --quiet --out $(printf %q "$out") --parts$folders"
