"""The sandbox: decisions of the system-call filter, rights of Landlock, files copied inside, failing processes."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from course.homeworks import ROOT
from grading import isolation
from grading.sandbox import host, landlock, seccomp
from grading.sandbox.seccomp import Decision, Instruction, Operation

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is for Linux")
OWN = 4711  # a process id

# numbers that an earlier version of the filter refused: none of them may become allowed
REFUSED_BEFORE = {
    "x86_64": (
        "57 58 59 322 41 42 49 200 129 297 101 165 166 272 308 169 161 155 164 227 159 305 175 313 246 321 298 250 248 249 "
        "323 310 311 312 109 112 141 142 144 203 314 251 256 279 29 64 68 240 254 300 319 "
        "424 425 428 429 430 434 438 440 442 447"
    ),
    "aarch64": (
        "221 281 198 203 200 130 138 240 117 40 39 97 268 142 51 41 170 112 171 266 105 273 104 280 241 219 217 218 282 270 "
        "271 272 154 157 140 118 119 122 274 30 238 239 194 190 186 180 279 27 262 "
        "424 425 428 429 430 434 438 440 442 447"
    ),
}
# system calls of x86-64 that AArch64 replaces by more general ones
NOT_ON_AARCH64 = set(
    "fork vfork chmod chown lchown utime utimes futimesat inotify_init iopl ioperm modify_ldt uselib open".split()
)


def decide(program, number, *arguments, arch):
    """Interpret a BPF program on a system call; returns its decision."""
    words = {0: number, 4: arch}
    for index in range(6):
        value = arguments[index] if index < len(arguments) else 0
        words[16 + 8 * index], words[20 + 8 * index] = value & 0xFFFFFFFF, value >> 32
    accumulator, position = 0, 0
    while True:
        operation, if_true, if_false, value = program[position]
        position += 1
        if operation == Operation.LOAD:
            accumulator = words[value]
        elif operation == Operation.AND:
            accumulator &= value
        elif operation == Operation.EQUAL:
            position += if_true if accumulator == value else if_false
        elif operation == Operation.AT_LEAST:
            position += if_true if accumulator >= value else if_false
        else:
            assert operation == Operation.RETURN
            return value


@pytest.fixture(params=sorted(seccomp.MACHINES))
def machine(request):
    """Name of a processor architecture in seccomp.MACHINES."""
    return request.param


@pytest.fixture
def decision(machine):
    """A function ask(name or number, *arguments) that returns the decision of `machine`'s filter."""
    table = seccomp.MACHINES[machine]
    program = seccomp.build_filter(table, OWN)

    def ask(call, *arguments, arch=table.audit_arch):
        number = table.calls[call] if isinstance(call, str) else call
        return decide(program, number, *arguments, arch=arch)

    return ask


def test_filter_decides_every_call_number_as_in_the_table(machine, decision):
    calls = seccomp.MACHINES[machine].calls
    names = {number: name for name, number in calls.items()}
    assert len(names) == len(calls)
    rules = {rule.call: rule for rule in seccomp.argument_rules(OWN)}
    denied = set(seccomp.denied_names())
    for number in range(1024):
        name = names.get(number)
        if number > seccomp.NEWEST_CALL or name in ("clone3", "openat2"):
            expected = Decision.NOT_AVAILABLE
        elif name in rules:
            rule = rules[name]
            for value in (0, 1, 3, OWN, 0xFFFFFFFF, *rule.values):
                is_listed = value & rule.mask in rule.values
                wanted = Decision.ALLOW if is_listed == rule.allowed else Decision.REFUSE
                assert decision(number, *[value] * (rule.argument + 1)) == wanted, (name, value)
            continue
        else:
            expected = Decision.REFUSE if name in denied else Decision.ALLOW
        for argument in (0, OWN, 2**63):
            assert decision(number, argument) == expected, (number, name)


def test_calls_refused_by_earlier_versions_are_refused(machine, decision):
    for number in map(int, REFUSED_BEFORE[machine].split()):
        assert decision(number) == Decision.REFUSE, number


def test_calls_of_other_calling_conventions_are_refused(decision):
    for number in (0, 1, 39, 59):
        assert decision(number, arch=0x40000003) == Decision.REFUSE  # 32-bit calls
        assert decision(number + seccomp.X32_CALLS) == Decision.REFUSE


def test_every_denied_name_has_a_call_number(machine):
    missing = set(seccomp.denied_names()) - set(seccomp.MACHINES[machine].calls)
    assert missing == (NOT_ON_AARCH64 - {"open"} if machine == "aarch64" else set())


@pytest.mark.parametrize(
    "call, arguments, expected",
    [
        ("clone", [0x11], Decision.REFUSE),  # fork
        ("clone", [0x3D0F00], Decision.ALLOW),  # a thread
        ("kill", [OWN, 9], Decision.ALLOW),
        ("kill", [0xFFFFFFFF, 9], Decision.REFUSE),
        ("kill", [1, 9], Decision.REFUSE),
        ("prlimit64", [0, 9], Decision.ALLOW),
        ("prlimit64", [1, 9], Decision.REFUSE),
        ("fcntl", [3, 1, 0], Decision.ALLOW),  # F_GETFD
        ("fcntl", [3, 1024, 1], Decision.REFUSE),  # F_SETLEASE
        ("ioctl", [3, 0x5401], Decision.ALLOW),  # TCGETS: isatty
        ("ioctl", [3, 0x5452], Decision.REFUSE),  # FIOASYNC
        ("ioctl", [3, 0x8901], Decision.REFUSE),  # FIOSETOWN
        ("ioctl", [3, 0x5412], Decision.REFUSE),  # TIOCSTI
        ("openat", [0, 0, os.O_WRONLY | 0o1101], Decision.ALLOW),  # open(path, "w")
        ("openat", [0, 0, 0o1000], Decision.REFUSE),  # O_RDONLY | O_TRUNC
        ("openat", [0, 0, 0o1003], Decision.REFUSE),
        ("prctl", [1, 0], Decision.REFUSE),  # PR_SET_PDEATHSIG
        ("prctl", [15, 0], Decision.ALLOW),  # PR_SET_NAME
    ],
)
def test_call_is_decided_by_its_argument(call, arguments, expected, decision):
    assert decision(call, *arguments) == expected


def test_call_numbers_agree_with_this_machines_headers(machine):
    header = {
        "x86_64": "/usr/include/x86_64-linux-gnu/asm/unistd_64.h",
        "aarch64": "/usr/include/asm-generic/unistd.h",
    }[machine]
    if not Path(header).is_file():
        pytest.skip(f"{header} is missing; install linux-libc-dev")
    numbers = dict(
        re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", Path(header).read_text(encoding="utf-8"))
    )
    for name, number in seccomp.MACHINES[machine].calls.items():
        assert int(numbers.get(name, number)) == number, name


def test_assembler_refuses_backward_and_too_long_jumps():
    program = seccomp.Assembler()
    program.label("behind")
    program.branch(Operation.EQUAL, 1, if_true="far")
    for _ in range(256):
        program.give(Decision.ALLOW)
    program.label("far")
    program.give(Decision.ALLOW)
    with pytest.raises(ValueError, match="256 instructions"):
        program.assemble()
    program = seccomp.Assembler()
    program.label("behind")
    program.give(Decision.ALLOW)
    program.branch(Operation.EQUAL, 1, if_true="behind")
    with pytest.raises(ValueError, match="behind"):
        program.assemble()
    assert len(seccomp.pack([Instruction(6, 0, 0, 1)])) == 8


def test_landlock_rules_match_its_version():
    assert landlock.controlled(1) == (1 << 13) - 1
    assert landlock.controlled(2) == (1 << 14) - 1
    assert landlock.controlled(3) == landlock.controlled(4) == (1 << 15) - 1
    assert landlock.controlled(5) == landlock.controlled(7) == (1 << 16) - 1
    assert [len(landlock.ruleset_attributes(version)) for version in (1, 3, 4, 5, 6, 9)] == [
        *(8, 8, 16, 16, 24, 24)
    ]
    for version in range(1, 8):
        rules = dict(landlock.rules("/home/of/a/submission", version))
        writing = (
            landlock.Access.WRITE_FILE | landlock.Access.MAKE_REG | landlock.Access.REMOVE_FILE
        )
        writable = {path for path, rights in rules.items() if rights & writing}
        assert writable == {*landlock.DEVICES, "/home/of/a/submission"}
        assert all(
            rights | landlock.controlled(version) == landlock.controlled(version)
            for rights in rules.values()
        )


def test_modules_copied_inside_import_only_allowed_ones():
    """Each copied module imports only the standard library, NumPy, course.runner and other copied modules."""
    allowed = {*sys.stdlib_module_names, "numpy"}
    for name in host.COPIED:
        tree = ast.parse(Path(host.__file__).with_name(f"{name}.py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                assert {alias.name.split(".")[0] for alias in node.names} <= allowed, name
            elif isinstance(node, ast.ImportFrom):
                module = (node.module or "").split(".")[0]
                inside = node.level == 1 and module in host.COPIED
                assert inside or module in allowed or node.module == "course.runner", name


@LINUX
def test_fork_server_that_exits_silently_is_an_isolation_error(tmp_path, monkeypatch):
    """A fork server that ends before it prints anything is reported with a clear reason."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(host, "START", "import os; os._exit(3)")
    with pytest.raises(isolation.IsolationError, match=r"\(process\) did not start$"):
        isolation.Sandbox("process")


LEVELS = ["process"] + (["bubblewrap"] if shutil.which("bwrap") else [])


@pytest.fixture(params=LEVELS, scope="module")
def sandbox(request):
    new_sandbox = isolation.Sandbox(request.param)
    yield new_sandbox
    new_sandbox.close()


def runner_of(sandbox, code, homework="hmm"):
    """A SandboxRunner of a submission whose model.py is `code`."""
    return isolation.SandboxRunner(
        sandbox, {homework: {"model.py": code.encode()}}, isolation.Limits(call=5.0)
    )


@LINUX
def test_damaged_sandbox_is_rebuilt_without_loss_of_points(sandbox):
    """If a file that every child needs is broken, the next submission is answered by a new sandbox."""
    (sandbox.inside / "probes" / "hmm.py").write_text("import os; os._exit(0)\n", encoding="utf-8")
    with pytest.raises(isolation.IsolationError, match="did not start"):
        sandbox.session("hmm", {})
    with runner_of(sandbox, "def answer():\n    return 1\n") as runner:
        assert runner.call("hmm", "answer") == 1
    assert sandbox.is_healthy("hmm")


@LINUX
def test_child_that_cannot_answer_is_an_isolation_error(sandbox, monkeypatch):
    """If no child can answer, for example after a damaging submission, the student's code gets no verdict."""
    with runner_of(sandbox, "import os\nos._exit(0)\n") as runner:
        with pytest.raises(isolation.StudentError, match="ended before it answered"):
            runner.call(
                "hmm", "answer"
            )  # the control request is answered: the submission is at fault
        monkeypatch.setattr(isolation.Sandbox, "is_healthy", lambda self, homework: False)
        with pytest.raises(isolation.IsolationError, match="cannot answer its first request"):
            runner.call("hmm", "answer")


@LINUX
def test_error_in_the_students_line_needs_no_control_request(sandbox, monkeypatch):
    """An error in a line of the student's code needs no control request."""
    monkeypatch.setattr(isolation.Sandbox, "is_healthy", None)
    for code in ("def answer():\n    1 / 0\n", "x = = 1\n"):
        with runner_of(sandbox, code) as runner, pytest.raises(isolation.StudentError):
            runner.call("hmm", "answer")


def test_isolation_level_is_plain_on_macos(monkeypatch):
    """macOS has os.fork, but none of the restrictions that the process level uses."""
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(isolation, "probe", lambda level, limits=None: {"read other files": True})
    level, possible, reasons = isolation.strongest()
    assert level == "plain" and reasons[:2] == ["bubblewrap: needs Linux", "process: needs Linux"]
    assert "a time limit is the only restriction" in reasons[2]
    with pytest.raises(isolation.IsolationError, match="needs Linux.*--require-isolation"):
        isolation.strongest(wanted="process")


def test_files_the_canary_tries_to_read_exist():
    assert isolation.CANARY.is_file() and (ROOT / "grading" / "isolation.py").is_file()


@LINUX
def test_fork_server_imports_only_the_copied_files(tmp_path):
    """The fork server imports in an isolated Python with only the copied files."""
    inside = host.write_inside(tmp_path)
    code = "import sys; sys.path.insert(0, sys.argv[1]); from grading.sandbox import forkserver"
    process = subprocess.run(
        [sys.executable, "-I", "-B", "-c", code, str(inside)], capture_output=True, text=True
    )
    assert process.returncode == 0, process.stderr
    names = {path.name for path in inside.rglob("*.py")}
    assert not names & {"isolation.py", "host.py", "canary.py", "compare.py", "checks.py"}
