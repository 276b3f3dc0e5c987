"""The examples of grading on several machines (grading/examples): GNU parallel, a Slurm job array, a CI matrix.

Merging the parts must give the same bytes as one run. The tests that start graders are `deep`; the one for Slurm
starts a cluster of one node and needs root and `apt-get install slurm-wlm`.
"""

import contextlib
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time

import pytest

from course.homeworks import ROOT
from grading import intake
from grading.merge import parser_with_parts
from grading.options import Shard, get_parser
from tests.repository.archives_made import inside, solved, zipped

EXAMPLES = ROOT / "grading" / "examples"
FLAGS = ["--homework", "hmm", "--seed", "5"]


def workflow():
    yaml = pytest.importorskip("yaml")
    return yaml.safe_load((EXAMPLES / "github-actions.yml").read_text(encoding="utf-8"))


def commands(job, part=None):
    """The grading commands of a CI job's steps, with the expressions ${{ ... }} replaced."""
    values = {"matrix.part": str(part), "secrets.GRADING_SEED": "5"}
    lines = []
    for step in job["steps"]:
        text = re.sub(r"\$\{\{ (\S+) \}\}", lambda m: values[m[1]], step.get("run", ""))
        lines += [line for line in text.splitlines() if "-m grading." in line]
    return lines


def ci_commands():
    """(commands of the parts, commands of the merge)."""
    jobs = workflow()["jobs"]
    parts = [
        line
        for part in jobs["part"]["strategy"]["matrix"]["part"]
        for line in commands(jobs["part"], part)
    ]
    return parts, commands(jobs["join"])


def test_ci_matrix_grades_and_merges_every_part_once():
    """Every part is graded once, kept as an artifact, and merged."""
    parts, joins = ci_commands()
    part_options = [get_parser().parse_args(shlex.split(line)[3:]) for line in parts]
    shards = [Shard.parse(args.shard) for args in part_options]
    assert shards == [Shard(number, len(parts)) for number in range(1, len(parts) + 1)]
    (join,) = joins
    joined = parser_with_parts().parse_args(shlex.split(join)[3:])
    assert [str(part) for part in joined.parts] == [str(args.out) for args in part_options]
    assert {args.submissions for args in part_options} == {joined.submissions}
    uses = [step.get("with", {}) for step in workflow()["jobs"]["part"]["steps"]]
    assert {"name": "part-${{ matrix.part }}", "path": "part-${{ matrix.part }}"} in uses


@pytest.mark.parametrize("name", ["parallel.sh", "slurm.sh"])
def test_example_script_is_valid_bash(name):
    if not shutil.which("bash"):
        pytest.skip("bash is not installed")
    subprocess.run(["bash", "-n", str(EXAMPLES / name)], check=True)


@pytest.fixture(scope="module")
def class_folder(tmp_path_factory):
    """A folder with submissions.zip and the results of one run in whole/."""
    folder = tmp_path_factory.mktemp("machines with a space")
    model, empty = solved("hmm", "model.py"), intake.empty_files("hmm")["model.py"]
    files = {}
    for number, data in enumerate((model, empty, model + b"\n# mine\n", b"def f(:\n", empty)):
        files |= inside(f"2026000{number}/hmm", {"model.py": data, "answers.md": b"## w1\nmine"})
    (folder / "submissions.zip").write_bytes(zipped(files))
    run_grading("grade", folder, "--out", "whole", "-j", "1")
    return folder


def environment(**more):
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHON": sys.executable, **more}


def run_grading(module, folder, *flags):
    command = [sys.executable, "-m", f"grading.{module}", "submissions.zip", "--quiet", *FLAGS]
    subprocess.run([*command, *flags], cwd=folder, env=environment(), check=True)


def contents(out):
    """{file: bytes} of a run's folder, without the journal, whose order depends on which process finishes first."""
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file() and path.name != "journal.jsonl"
    }


def check_same(folder, name):
    assert contents(folder / name) == contents(folder / "whole")


@pytest.mark.deep
def test_gnu_parallel_example_equals_one_run(class_folder):
    if not shutil.which("parallel"):
        pytest.skip("GNU parallel is not installed: apt-get install parallel")
    command = ["bash", str(EXAMPLES / "parallel.sh"), "submissions.zip", "by parallel", *FLAGS]
    subprocess.run(command, cwd=class_folder, env=environment(PARTS="4"), check=True)
    check_same(class_folder, "by parallel")


@pytest.mark.deep
def test_ci_matrix_commands_equal_one_run(class_folder):
    parts, joins = ci_commands()
    for line in [*parts, *joins]:
        python, *words = shlex.split(line)
        assert python == "python"
        subprocess.run(
            [sys.executable, *words, "--homework", "hmm"],
            cwd=class_folder,
            env=environment(),
            check=True,
        )
    check_same(class_folder, "grades")


# ---------------------------------------------------------------- Slurm

SLURM = """ClusterName=course
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
SlurmctldPort={first}
SlurmdPort={second}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for bound in sockets:
            bound.bind(("127.0.0.1", 0))
        return [bound.getsockname()[1] for bound in sockets]


@pytest.fixture
def cluster(tmp_path):
    """Environment variables of a running Slurm cluster of one node. Skips if Slurm is missing or cannot start."""
    programs = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "sinfo")
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    if missing := [name for name in programs if not shutil.which(name, path=path)]:
        pytest.skip(f"{missing[0]} is not installed: apt-get install slurm-wlm")
    if os.geteuid() != 0:
        pytest.skip("a cluster of one node is started by root")
    for name in ("munge", "state", "spool"):
        (tmp_path / name).mkdir(mode=0o700)
    first, second = free_ports(2)
    config = tmp_path / "slurm.conf"
    host = socket.gethostname().partition(".")[0]
    config.write_text(
        SLURM.format(host=host, folder=tmp_path, first=first, second=second), encoding="utf-8"
    )
    key = tmp_path / "munge" / "key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o600)
    settings = {"SLURM_CONF": str(config), "PATH": path}
    munge = [
        f"--{part}={tmp_path}/munge/{part.partition('-')[0]}"
        for part in ("socket", "pid-file", "log-file", "seed-file")
    ]
    daemons = (
        ["munged", "--force", "--foreground", f"--key-file={key}", *munge],
        ["slurmctld", "-D"],
        ["slurmd", "-D"],
    )
    processes = []
    try:
        for daemon in daemons:
            processes.append(
                subprocess.Popen(
                    daemon,
                    env=environment(**settings),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            )
            time.sleep(1)
        if not wait_for(lambda: "idle" in slurm(settings, "sinfo", "-h", "-o", "%t"), 30):
            pytest.skip(f"no cluster starts on this machine: {slurm(settings, 'sinfo')}")
        yield settings
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            process.wait(20)


def slurm(settings, *command):
    """The output of a Slurm command in the cluster."""
    run = subprocess.run(command, env=environment(**settings), capture_output=True, text=True)
    return run.stdout


def wait_for(condition, seconds):
    """The value of condition() as soon as it is true, or when the time is over."""
    end = time.monotonic() + seconds
    while not (value := condition()) and time.monotonic() < end:
        time.sleep(0.5)
    return value


@pytest.mark.deep
def test_slurm_job_array_equals_one_run(class_folder, cluster):
    script = ["bash", str(EXAMPLES / "slurm.sh"), "submissions.zip", "by slurm", *FLAGS]
    settings = {**cluster, "PARTS": "4", "MEMORY": "0"}
    subprocess.run(script, cwd=class_folder, env=environment(**settings), check=True)
    assert wait_for(lambda: not slurm(cluster, "squeue", "-h"), 500)
    logs = {
        path.name: path.read_text(encoding="utf-8")
        for path in (class_folder / "by slurm.parts").glob("*.log")
    }
    assert len(logs) == 5 and (class_folder / "by slurm").is_dir(), logs
    check_same(class_folder, "by slurm")
