"""Runners of student code: only plain data crosses, both runners agree, and student code has no effect outside."""

import os
import signal
import sys
import textwrap
import threading
import time

import numpy as np
import pytest

from course.cases import Case
from course.compare import difference, is_same
from course.judging import JudgedCase, WrongAnswer
from course.runner import CallTimeout, InProcessRunner, StudentError, SubprocessRunner, protocol
from course.runner.base import call_seed
from course.runner.in_process import INTERRUPT, time_limit
from course.runner.in_subprocess import STANDALONE


@pytest.fixture(params=["in process", "in a worker"])
def runner(request, tmp_path):
    """A function make(limit, **files) that returns a runner of a homework `hmm` with these files, {module: text}."""
    opened = []

    def make(limit=20, **files):
        folder = tmp_path / "hmm"
        folder.mkdir(exist_ok=True)
        for name, text in files.items():
            content = text if isinstance(text, bytes) else textwrap.dedent(text).encode("utf-8")
            (folder / f"{name}.py").write_bytes(content)
        opened.append(
            InProcessRunner(tmp_path)
            if request.param == "in process"
            else SubprocessRunner(tmp_path, limit)
        )
        return opened[-1]

    yield make
    for instance in opened:
        instance.close()


class TestPlainData:
    TREES = [
        None,
        True,
        3,
        -2.5,
        "汉字\n\ud800",
        [1, [2, []]],
        {"a": {"b": 1}},
        np.arange(6.0).reshape(2, 3),
        np.zeros((0, 4)),
        np.array(1.5),
        np.array([True, False]),
        np.array([1 + 2j]),
        np.asfortranarray(np.arange(6).reshape(2, 3)),
        float("inf"),
        2**63,
    ]

    @pytest.mark.parametrize(
        "tree", TREES, ids=lambda tree: str(tree)[:12].encode("ascii", "replace").decode()
    )
    def test_plain_data_round_trips(self, tree):
        result = protocol.decode(protocol.encode(tree))
        if isinstance(tree, np.ndarray):
            assert (
                result.dtype == tree.dtype and result.shape == tree.shape and (result == tree).all()
            )
        else:
            assert result == tree and type(result) is type(tree)

    @pytest.mark.parametrize(
        "damage",
        [
            lambda body: body[:-1],
            lambda body: body + b"x",
            lambda body: b"",
            lambda body: b"\xff" * 40,
            lambda body: body.replace(b'"<f8"', b'"|O8"'),
            lambda body: body.replace(b"[2, 3]", b"[-2,3]"),
            lambda body: body.replace(b"[2, 3]", b"[9, 9]"),
            lambda body: body.replace(b'{"a": 0}', b'{"a": 5}'),
        ],
    )
    def test_damaged_frame_is_refused(self, damage):
        body = protocol.encode([np.arange(6.0).reshape(2, 3)])
        with pytest.raises(protocol.NotPlainError):
            protocol.decode(damage(body))

    def test_too_deep_or_too_large_data_is_refused(self):
        deep = []
        for _ in range(100):
            deep = [deep]
        for tree in (deep, list(range(protocol.MAX_ITEMS + 1))):
            with pytest.raises(protocol.NotPlainError):
                protocol.encode(tree)

    def test_object_that_fakes_equality_crosses_as_plain_data(self):
        class Liar(np.ndarray):
            def __eq__(self, other):
                return True

        plain = protocol.to_plain(np.arange(3).view(Liar))
        assert type(plain) is np.ndarray


class TestCalls:
    def test_values_are_returned_and_arguments_are_copied(self, runner):
        ask = runner(
            model="""
            import numpy as np
            def double(x):
                x *= 2
                return {"x": x, "both": (x, 3), "set": {"b", "a"}}
            """
        )
        x = np.ones((2, 3))
        result = ask.call("hmm", "double", x)
        assert (
            (result["x"] == 2).all()
            and (x == 1).all()
            and result["both"][1] == 3
            and result["set"] == ["a", "b"]
        )

    @pytest.mark.parametrize(
        "line, words",
        [
            ("raise SystemExit(0)", "SystemExit"),
            ("raise KeyError('k')", "KeyError"),
            ("return (n for n in 'ab')", "generator"),
            ("return np.array([1, 'a'], object)", "object"),
            ("import pytest; pytest.skip()", "Skipped"),
            ("return lambda: 1", "function"),
            ("1 / 0", "division by zero"),
            ("return nothing", "nothing"),
        ],
    )
    def test_exceptions_become_student_errors(self, runner, line, words):
        ask = runner(model=f"import numpy as np\ndef f():\n    {line}\n")
        with pytest.raises(StudentError, match=words):
            ask.call("hmm", "f")
        ask = runner(model="def f():\n    return 1\n")  # the next submission is not affected
        assert ask.call("hmm", "f") == 1

    @pytest.mark.parametrize(
        "files, words",
        [
            ({"model": "def f(:\n"}, "SyntaxError.*model.py, line 1"),
            ({"model": "名字 = '文'".encode("gbk")}, "utf-8|UTF-8"),
            ({"model": "def f():\n\treturn 1\n        return 2\n"}, "TabError|Indentation"),
            ({"other": "x = 1\n"}, "no file hmm/model.py"),
            ({"model": "import no_such_library\n"}, "no_such_library"),
            ({"model": "x = 1\n"}, "model.py has no f"),
            ({"model": "def f(a):\n    return a\n"}, r"f\(a\) is called with 0 arguments"),
            ({"model": "raise ValueError('at import')\n"}, "at import"),
        ],
    )
    def test_file_that_cannot_be_used_is_a_student_error(self, runner, files, words):
        with pytest.raises(StudentError, match=words):
            runner(**files).call("hmm", "f")

    def test_empty_blank_is_named(self, runner):
        ask = runner(
            model="def f():\n    raise NotImplementedError('hmm/model.py, blank hmm-03 (f): still empty')\n"
        )
        with pytest.raises(StudentError) as caught:
            ask.call("hmm", "f")
        assert caught.value.empty == "hmm-03"

    def test_siblings_are_imported_and_shadowing_is_harmless(self, runner):
        ask = runner(
            model="import random\nfrom helper import two\ndef f():\n    return random.randint(1, 1) + two()\n",
            helper="def two():\n    return 2\n",
            random="raise RuntimeError('shadow')\n",
            torch="raise RuntimeError('shadow')\n",
        )
        assert ask.call("hmm", "f") == 3

    def test_call_leaves_no_modules_or_files(self, runner, tmp_path):
        before, path = set(sys.modules), list(sys.path)
        runner(
            model="import helper\ndef f():\n    import late\n    return late.x + helper.x\n",
            helper="x = 1\n",
            late="x = 2\n",
        ).call("hmm", "f")
        assert not {"model", "helper", "late"} & (set(sys.modules) - before) and sys.path == path
        assert sorted(file.name for file in (tmp_path / "hmm").iterdir()) == [
            "helper.py",
            "late.py",
            "model.py",
        ]

    def test_imports_of_the_original_assignment_are_stubbed(self, runner):
        ask = runner(
            model="from utils.treebank import StanfordSentiment\nimport utils.glove as glove\ndef f():\n    return 1\n"
        )
        assert ask.call("hmm", "f") == 1

    def test_random_numbers_depend_only_on_the_seed(self, runner):
        ask = runner(
            model="import random, numpy as np\ndef f():\n    return [random.random(), np.random.rand()]\n"
        )
        ask.start(7)
        first = ask.call("hmm", "f")
        ask.start(7)
        assert ask.call("hmm", "f") == first and ask.call("hmm", "f") != first

    def test_generator_state_does_not_reveal_the_seed_of_the_cases(self):
        """The first word of NumPy's state is its seed: it must not allow students to compute the seed of the cases."""
        secret = 1_234_567_890_123_456_789
        seeds = {call_seed(secret + case, call) for case in range(100) for call in range(1, 11)}
        assert len(seeds) == 1000 and max(seeds) < 2**31
        steps = {call_seed(secret, call + 1) - call_seed(secret, call) for call in range(1, 100)}
        assert len(steps) == 99, "neighbouring calls have unrelated seeds"
        assert call_seed(secret, 1) == call_seed(secret, 1)

    def test_printing_20000_lines_does_not_change_the_answer(self, runner):
        ask = runner(
            model="def f():\n    for n in range(20000):\n        print('line', n)\n    return 1\n"
        )
        assert ask.call("hmm", "f") == 1


class TestTimeLimit:
    """The time limit of the in-process runner, on every system."""

    @staticmethod
    def loop():
        while True:
            pass

    @staticmethod
    def stubborn():
        for _ in range(3):
            try:
                TestTimeLimit.loop()
            except:  # noqa: E722
                pass
        TestTimeLimit.loop()

    @pytest.mark.parametrize("forever", ["loop", "stubborn"])
    def test_endless_loop_ends_at_the_time_limit(self, forever):
        with pytest.raises(CallTimeout, match="no answer within 0.2 s"), time_limit(0.2):
            getattr(self, forever)()
        sum(range(10**7))  # no late interrupt arrives here

    def test_sleep_ends_at_the_time_limit(self):
        """A sleep uses no processor time, so the clock must end it."""
        with pytest.raises(CallTimeout), time_limit(0.2):
            time.sleep(10_000)
        with pytest.raises(CallTimeout), time_limit(0.2):
            while True:
                time.sleep(0.01)

    def test_loop_in_another_thread_ends_at_the_time_limit(self):
        caught = []

        def work():
            try:
                with time_limit(0.2):
                    self.loop()
            except CallTimeout as error:
                caught.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert len(caught) == 1

    def test_time_limit_restores_the_signal_handler(self):
        before = signal.getsignal(INTERRUPT)
        with time_limit(5):
            pass
        assert signal.getsignal(INTERRUPT) is before

    def test_first_call_has_no_extra_time(self, tmp_path):
        """Importing the module has a separate limit; the first call ends after the stated one."""
        (tmp_path / "hmm").mkdir()
        (tmp_path / "hmm" / "model.py").write_text(
            "def f():\n    while True:\n        pass\n", encoding="utf-8"
        )
        with pytest.raises(CallTimeout, match="no answer within 0.3 s"):
            InProcessRunner(tmp_path, limit=0.3).call("hmm", "f")

    def test_limit_none_means_unlimited(self):
        before = threading.active_count()
        with time_limit(None):
            assert threading.active_count() == before

    def test_debugger_disables_the_time_limit(self):
        def look(frame, event, argument):
            return look

        def work():
            start = time.process_time()
            while time.process_time() < start + 0.6:
                pass
            return True

        before = sys.gettrace()
        sys.settrace(look)
        try:
            with time_limit(0.2):
                assert work()
        finally:
            sys.settrace(before)


class TestWorker:
    """Student code that only a separate process can withstand."""

    @pytest.fixture
    def ask(self, tmp_path):
        (tmp_path / "hmm").mkdir()
        with SubprocessRunner(tmp_path, limit=2) as runner:

            def call(text):
                (tmp_path / "hmm" / "model.py").write_text(textwrap.dedent(text), encoding="utf-8")
                runner.close()
                return runner.call("hmm", "f")

            yield call
            (tmp_path / "hmm" / "model.py").write_text("def f():\n    return 1\n", encoding="utf-8")
            runner.close()
            assert runner.call("hmm", "f") == 1

    def test_os_exit_is_a_student_error(self, ask):
        with pytest.raises(StudentError, match="ended"):
            ask("import os\ndef f():\n    os._exit(0)\n")

    def test_worker_in_an_endless_loop_is_ended(self, ask):
        started = time.monotonic()
        with pytest.raises(CallTimeout):
            ask("def f():\n    while True:\n        pass\n")
        assert time.monotonic() - started < 60

    def test_worker_cannot_see_tests_or_reference(self, ask):
        text = """
            import os, sys
            def f():
                found = [name for _, _, names in os.walk(os.getcwd()) for name in names]
                return {"files": found, "modules": [name for name in sys.modules if name.startswith(("tests", "pytest"))],
                        "path": [place for place in sys.path if os.path.isdir(os.path.join(place, "tests", "reference"))]}
            """
        seen = ask(text)
        allowed = {"model.py", "probes.py", "__init__.py", *STANDALONE}
        assert "model.py" in seen["files"] and set(seen["files"]) <= allowed
        assert seen["modules"] == [] and seen["path"] == []

    def test_output_on_the_pipe_does_not_forge_an_answer(self, ask):
        assert ask("import os\ndef f():\n    os.write(1, b'x' * 1000)\n    return 5\n") == 5

    def test_worker_does_not_see_the_teachers_environment(self, ask):
        os.environ["SECRET_OF_THE_TEACHER"] = "1"
        try:
            assert (
                ask("import os\ndef f():\n    return 'SECRET_OF_THE_TEACHER' in os.environ\n")
                is False
            )
        finally:
            del os.environ["SECRET_OF_THE_TEACHER"]


class TestComparing:
    @pytest.mark.parametrize(
        "got, expected, words",
        [
            (np.zeros(4), np.zeros((1, 4)), r"shape \(4,\), expected \(1, 4\)"),
            (None, np.zeros(4), "None"),
            ([1.0, 2.0], np.zeros(2), "a list"),
            (np.array([1, np.nan]), np.ones(2), r"NaN.*first at \(1,\)"),
            (
                np.array([1, 2.5]),
                np.array([1, 2.0]),
                r"1 of 2 values differ; first at \(1,\): got 2.5, expected 2 ",
            ),
            (np.ones(2, bool), np.ones(2), "dtype bool"),
            ("a", True, "got 'a', expected True"),
            (1, True, "got 1"),
            (np.float32(1 / 3) * np.ones(3, np.float32), np.ones(3) / 3, "float32"),
            ({"W": np.ones(2)}, {"W": np.ones(2), "b": np.ones(1)}, "'b' is missing"),
            ([np.ones(2)], [np.ones(2), np.ones(2)], "1 values, expected a list of 2"),
            (np.array([-np.inf]), np.array([0.0]), "infinite"),
            (0.5, np.array([0.5]), r"a single number, expected the shape \(1,\)"),
        ],
    )
    def test_difference_states_the_received_value(self, got, expected, words):
        import re

        message = difference("x", got, expected, rtol=1e-9, atol=0)
        assert re.search(words, message.en) and message.zh

    @pytest.mark.parametrize(
        "got, expected",
        [
            (np.array([1, 2]), np.array([1.0, 2.0])),
            (2, np.array(2.0)),
            (np.array(2.0), 2),
            (np.array([np.inf]), np.array([np.inf])),
            ({"a": 1, "more": 2}, {"a": 1}),
            (np.array(True), True),
            (["a"], ["a"]),
        ],
    )
    def test_harmless_forms_equal_the_expected_value(self, got, expected):
        assert difference("x", got, expected, rtol=1e-9, atol=0) is None

    @pytest.mark.parametrize("expected", [1 / 3, 2e-9 / 7, 1234567.89, -0.1234567891, 5.5e300 / 3])
    def test_repeated_messages_do_not_reveal_the_answer(self, expected):
        """Repeatedly returning the number that the message shows, under one seed, gets stuck at six digits."""
        answer, collected = 0.0, set()
        while True:
            message = difference("x", answer, np.float64(expected), rtol=1e-7, atol=0)
            assert message, "the answer was collected from messages"
            numbers = [float(word.strip(",")) for word in message.en.split() if word[-1:].isdigit()]
            shown = {number for number in numbers if np.isclose(number, expected, 1e-3, 0)}
            if shown <= collected:
                break
            collected |= shown
            answer = max(shown)
        assert "in 6 digits, but not within the tolerance" in message.en
        assert not any(np.isclose(number, expected, 1e-7, 0) for number in collected)

    def test_large_whole_number_is_shown_with_six_digits(self):
        message = difference("x", np.int64(0), np.int64(123456789), 1e-7, 0)
        assert "123456789" not in message.en and "1.23457e+08" in message.en
        assert "expected 12345 " in difference("x", np.int64(0), np.int64(12345), 1e-7, 0).en

    def test_case_without_an_expected_name_is_a_key_error(self):
        case = JudgedCase(Case("T = 1", [], {"x": np.ones(2)}))
        with pytest.raises(KeyError):
            case.check({"y": np.ones(2)})
        with pytest.raises(WrongAnswer, match="T = 1"):
            case.check({"x": np.zeros(2)})

    def test_is_same_compares_kinds_and_shapes(self):
        assert is_same(np.ones(2), np.ones(2)) and not is_same(np.ones(2), np.ones(3))
        assert (
            not is_same(True, np.ones(2))
            and not is_same("1", 1)
            and is_same({"a": [1, None]}, {"a": [1, None]})
        )
