"""Every person's work is found and attributed correctly, whatever people and files are called (names_made.py)."""

import pytest

from grading.intake import read_class, read_roster
from tests.repository import archives_made, names_made


def people_in(case, folder, roster=None):
    """Write a class to a folder and read it; returns the sorted people, each as a string, per submission."""
    names_made.write(folder, case.files)
    intake = read_class(folder, ("hmm", "hw_bptt"), roster=roster)
    return sorted(str(names_made.whose(submission)) for submission in intake.submissions)


def check_classes(cases, tmp_path):
    """Assert that every class is read as its expected people."""
    wrong = {}
    for index, case in enumerate(cases):
        got = people_in(case, tmp_path / str(index))
        if got != sorted(map(str, case.people)):
            wrong[case.name] = got
    assert not wrong, (len(wrong), dict(list(wrong.items())[:5]))


def test_three_people_are_found_in_300_random_classes(tmp_path):
    check_classes(names_made.classes(count=300), tmp_path)


@pytest.mark.deep
def test_three_people_are_found_in_every_class(tmp_path):
    check_classes(names_made.classes(), tmp_path)


@pytest.mark.parametrize("with_roster", [False, True], ids=["no roster", "roster"])
@pytest.mark.parametrize("name", names_made.CASES)
def test_single_classes_have_the_expected_people(name, with_roster, tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text(archives_made.ROSTER + "20260004,赵六,zhaoliu,,\n", encoding="utf-8")
    case = names_made.CASES[name]
    if not with_roster and not case.works_without_roster:
        pytest.skip("people can be told apart only with a roster")
    roster = read_roster(path) if with_roster else None
    assert people_in(case, tmp_path / "in", roster) == sorted(map(str, case.people))


def test_name_that_occurs_twice_is_reported_as_ambiguous(tmp_path):
    """The roster has a single 张三, but two archives bear that name: the TA must decide."""
    path = tmp_path / "roster.csv"
    path.write_text(archives_made.ROSTER, encoding="utf-8")
    names_made.write(tmp_path / "in", names_made.CASES["a name in two classes"].files)
    intake = read_class(tmp_path / "in", ("hmm",), roster=read_roster(path))
    assert any("has 2 submissions" in item.reason for item in intake.match().ambiguous)
