"""A file that cannot be loaded costs only its broken blanks: the others are checked one by one."""

import functools
import textwrap

import pytest

from course import salvage, verdict
from course.cases import FreshCases
from course.checks import load_checks
from course.empty_copy import blank_places, empty_sources
from course.homeworks import HOMEWORKS, ROOT
from course.runner import InProcessRunner
from course.runner.in_subprocess import FilesRunner
from course.verdict import Status

BROKEN = {  # kind: (text added to a solved model.py of hmm, where it is added, words of the note)
    "syntax error": ("def f(:\n    pass\n", "end", "does not parse"),
    "bracket left open": ("x = (1,\n", "end", "does not parse"),
    "tab": ("def f():\n    x = 1\n\treturn x\n", "end", "does not parse"),
    "missing library": ("import hmmlaern\n", "head", "cannot be imported, ModuleNotFoundError"),
    "exception": ("1 / 0\n", "head", "cannot be imported, ZeroDivisionError"),
    "exit": ("import sys\nsys.exit(1)\n", "head", "cannot be imported, SystemExit"),
    "input": ("name = input()\n", "head", "cannot be imported"),
    "Python 2": ("print 'done'\n", "end", "Missing parentheses"),
    "endless loop": ("while True:\n    pass\n", "end", "does not finish importing"),
}


def sources_of(homework, **changed):
    """{file name: text} of the solved homework, with some files replaced."""
    files = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / homework).glob("*.py")}
    return files | changed


def broken(kind, homework="hmm"):
    """Text of a solved model.py with the fault BROKEN[kind]."""
    text, where, _ = BROKEN[kind]
    solved = sources_of(homework)["model.py"]
    docstring_end = solved.index('"""', 3) + 4
    if where == "head":
        return solved[:docstring_end] + text + solved[docstring_end:]
    return solved + "\n\n" + text


@functools.cache
def same_cases():
    """The cases of all tests here, with the answers of known mistakes that were computed so far."""
    return FreshCases(1)


def results_of(files, runner="in process", homework="hmm", ids=None, limit=30.0):
    """{check name: Verdict} for a submission; ids: only these blanks; limit: seconds per call."""
    if runner == "in process":
        opened = InProcessRunner(
            sources={(homework, name): text for name, text in files.items()}, limit=limit
        )
    else:
        data = {name: text.encode() for name, text in files.items()}
        opened = FilesRunner({homework: data}, limit)
    cases = same_cases()
    with opened as student:
        checks = [check for check in load_checks(homework) if ids is None or check.id in ids]
        return {check.name: verdict.run(check, student, cases) for check in checks}


@pytest.mark.parametrize(
    "kind",
    [pytest.param(kind, marks=pytest.mark.slow) if "loop" in kind else kind for kind in BROKEN],
)
def test_broken_file_costs_no_points_of_right_blanks(kind):
    limit = 1.0 if kind == "endless loop" else 30.0
    ids = None if kind == "syntax error" else {"hmm-01", "hmm-04", "hmm-09", "hmm-91"}
    results = results_of(sources_of("hmm", **{"model.py": broken(kind)}), ids=ids, limit=limit)
    for result in results.values():
        if not result.check.is_integration:
            assert result.status.passes, (result.check.name, result.message)
    note = results["forward"].salvaged
    assert note and BROKEN[kind][2] in note.en and "checked one by one" in note.en
    assert "逐个检查" in note.zh


def test_hang_at_import_costs_one_timeout(monkeypatch):
    loads = []
    perform = InProcessRunner.answer

    def counted(self, homework, request):
        if not self.sources or "while True" in self.sources.get(("hmm", "model.py"), ""):
            loads.append(request.name)
        return perform(self, homework, request)

    monkeypatch.setattr(InProcessRunner, "answer", counted)
    files = sources_of("hmm", **{"model.py": broken("endless loop")})
    results_of(files, limit=1.0, ids={"hmm-01", "hmm-02", "hmm-03"})
    assert len(loads) == 1


@pytest.mark.parametrize("kind", ["syntax error", "exit"])
def test_broken_file_is_salvaged_in_a_worker_too(kind):
    files = sources_of("hmm", **{"model.py": broken(kind)})
    results = results_of(files, "worker", ids={"hmm-01", "hmm-04"})
    assert all(result.status == Status.DONE and result.salvaged for result in results.values())


def test_only_the_broken_blank_is_an_error():
    text = sources_of("hmm")["model.py"].replace(
        "    alpha = np.zeros((T, N))\n", "    alpha = np.zeros((T, N)\n", 1
    )
    assert text != sources_of("hmm")["model.py"]
    results = results_of({**sources_of("hmm"), "model.py": text}, ids={"hmm-01", "hmm-02"})
    assert results["forward"].status == Status.ERROR and results["backward"].status == Status.DONE


def test_students_own_helpers_are_salvaged_too():
    text = (
        broken("syntax error").replace(
            "    T, N = len(obs), len(pi)\n", "    T, N = sizes(obs, pi)\n", 1
        )
        + "\nimport itertools as it\nZERO = 0\n\n\ndef sizes(obs, pi):\n    return len(list(it.islice(obs, None))) + ZERO, len(pi)\n"
    )
    assert "sizes(obs, pi)\n" in text
    results = results_of({**sources_of("hmm"), "model.py": text}, ids={"hmm-01"})
    assert all(result.status == Status.DONE for result in results.values()), results


@pytest.mark.parametrize("homework", HOMEWORKS)
def test_every_blank_can_be_salvaged_from_a_broken_file(homework):
    """With a line that does not parse in every file of the solved homework, each blank's solution is still extracted."""
    solved = {name: text + "\n)(\n" for name, text in sources_of(homework).items()}
    empty = empty_sources(homework)
    for id, location in blank_places(homework).items():
        files = salvage.salvage(homework, id, solved)
        assert files, id
        compile(files[location.file], location.file, "exec")
        assert (
            f"blank {id} (" not in files[location.file] and f"blank {id} (" in empty[location.file]
        )
        others = set(blank_places(homework)) - {id}
        stops = "\n".join(files.values())
        assert all(f"blank {other} (" in stops for other in others)


TEMPLATES = ["pass", "...", "return None", "raise NotImplementedError", "return", "x = 0\nreturn x",
             "gamma = np.zeros_like(alpha)\nraise NotImplementedError()", "gamma = np.zeros((2, 3))\nreturn gamma"]  # fmt: skip


@pytest.mark.parametrize("body", TEMPLATES)
def test_unchanged_template_counts_as_empty(body):
    text = sources_of("hmm")["model.py"]
    start = text.index("def state_posterior")
    begin = text.index("    # BEGIN SOLUTION", start)
    end = text.index("\n", text.index("# END SOLUTION", begin)) + 1
    text = text[:begin] + textwrap.indent(body, "    ") + "\n" + text[end:]
    result = results_of({**sources_of("hmm"), "model.py": text}, ids={"hmm-04"})
    assert {r.status for r in result.values()} == {Status.EMPTY}, result


def test_written_function_is_not_taken_for_a_template():
    for body in (
        "return alpha * beta",
        "x = 0\nfor row in alpha:\n    x += 1\nreturn x",
        "return 0.5",
    ):
        function = salvage.Chunk(
            tuple(f"def f(alpha, beta):\n{textwrap.indent(body, '    ')}".splitlines())
        )
        assert not salvage.is_template(function), body
