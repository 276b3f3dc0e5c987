"""Generates classes from all combinations of people's names, file names, contents and packing.

Every class of `classes()` has three people who handed in hmm; each one's work must be found and attributed correctly.
CASES are single classes: repeated and partial submissions, several homeworks, dates and course numbers in names.
"""

import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from grading.intake import Submission
from tests.repository.archives_made import (
    Files,
    empty,
    inside,
    solved_by,
    write,
    zipped,
    zipped_gbk,
)

__all__ = ["CASES", "PEOPLE", "Case", "classes", "whose", "write"]

PEOPLE: dict[str, tuple[str, str, str]] = {
    "ids": ("20260001", "20260002", "20260003"),
    "full-width ids": ("２０２６０００１", "２０２６０００２", "２０２６０００３"),
    "ids with a letter": ("u2026001", "u2026002", "u2026003"),
    "ids with a dash": ("2026-0001", "2026-0002", "2026-0003"),
    "short ids": ("1001", "1002", "1003"),
    "ids that look like dates": ("20201001", "20201002", "20201003"),
    "id and name": ("20260001张三", "20260002李四", "20260003王五"),
    "name and id": ("张三 20260001", "李四 20260002", "王五 20260003"),
    "names": ("张三", "李四", "王五"),
    "names alike": ("王伟", "王伟伟", "王小伟"),
    "names of four": ("欧阳修远", "司马相如", "诸葛孔明"),
    "names with a dot": ("买买提·艾力", "古丽·艾力", "阿里·艾力"),
    "class and name": ("计科1班-张三", "计科1班-李四", "计科2班-王五"),
    "pinyin": ("zhangsan", "lisi", "wangwu"),
    "full names": ("Zhang San", "Li Si", "Wang Wu"),
    "one family name": ("Alice Smith", "Bob Smith", "Carol Smith"),
    "family name first": ("Zhang, San", "Zhang, Si", "Zhang, Wu"),
    "Cyrillic": ("Иван Петров", "Иван Сидоров", "Анна Петрова"),
    "Hangul": ("김철수", "김영희", "이영희"),
    "mails": ("zs@x.edu", "ls@x.edu", "ww@x.edu"),
    "hashes": ("a8f3", "b7c2", "c9d1"),
    "groups": ("group1", "group2", "group3"),
    "groups in Chinese": ("第1组", "第2组", "第3组"),
    "student 1": ("student 1", "student 2", "student 3"),
    "s01": ("s01", "s02", "s03"),
    "letters": ("A", "B", "C"),
    "numbers": ("1", "2", "3"),
    "two digits": ("01", "02", "03"),
    "one word in common": ("huge file", "huge answer", "huge report"),
}
ENTRIES: dict[
    str, Callable[[str], str]
] = {  # a person's name -> name of the entry; "/" at the end: a folder
    "P/": "{}/".format,
    "P.zip": "{}.zip".format,
    "P_hmm.zip": "{}_hmm.zip".format,
    "hmm_P.zip": "hmm_{}.zip".format,
    "hmm-P/": "hmm-{}/".format,
    "hw4_P.zip": "hw4_{}.zip".format,
    "P_homework_final.zip": "{}_homework_final.zip".format,
    "P_作业/": "{}_作业/".format,
    "作业-P.zip": "作业-{}.zip".format,
    "P_第四次作业.zip": "{}_第四次作业.zip".format,
    "P的作业.zip": "{}的作业.zip".format,
    "hmm_20261012_P.zip": "hmm_20261012_{}.zip".format,
}
CONTENTS: dict[str, Callable[[bytes], Files]] = {
    "model.py": lambda code: {"model.py": code},
    "hmm/": lambda code: {"hmm/model.py": code},
    "HMM (1)/": lambda code: {"HMM (1)/model.py": code},
    "hmm.zip": lambda code: {"hmm.zip": zipped({"hmm/model.py": code})},
    "hw1.zip": lambda code: {"hw1.zip": zipped({"model.py": code})},
    "homework_final.zip": lambda code: {"homework_final.zip": zipped({"hmm/model.py": code})},
    "作业.zip in GBK": lambda code: {"作业.zip": zipped_gbk({"作业/hmm/model.py": code})},
    "submission.zip": lambda code: {"submission.zip": zipped({"submission/model.py": code})},
    "code/ and a report": lambda code: {"code/model.py": code, "报告.pdf": b"%PDF"},
}
PACKING: dict[str, Callable[[Files], Files]] = {
    "side by side": lambda files: files,
    "one zip": lambda files: {"all.zip": zipped(files)},
    "a folder in one zip": lambda files: {"作业4.zip": zipped(inside("作业4", files))},
}


@dataclass(frozen=True)
class Case:
    """A class and how it must be read.

    people: {homework: author of the graded code} of each submission, in any order.
    """

    name: str
    files: Files
    people: tuple[dict[str, str], ...]
    works_without_roster: bool = True


def whose(submission: Submission) -> dict[str, str]:
    """{homework: the NAME of the line "# by NAME" in the graded files}."""
    return {
        homework: b"\n".join(files.values()).rpartition(b"# by ")[2].split(b"\n")[0].decode()
        for homework, files in submission.files.items()
    }


def _pack(entry: str, contents: Files) -> Files:
    return inside(entry[:-1], contents) if entry.endswith("/") else {entry: zipped(contents)}


def classes(count: int | None = None, seed: int = 0) -> Iterator[Case]:
    """Yields all classes, or `count` random ones."""
    product = list(itertools.product(PEOPLE, ENTRIES, CONTENTS, PACKING))
    if count is not None:
        product = random.Random(seed).sample(product, count)
    for people, entry, contents, packing in product:
        files: Files = {}
        for letter, person in zip("abc", PEOPLE[people]):
            files |= _pack(ENTRIES[entry](person), CONTENTS[contents](solved_by(letter)))
        name = f"{people}: {entry} with {contents}, {packing}"
        if people == "ids that look like dates" and "20261012" in entry:
            continue  # the date of the file name could be an id
        yield Case(name, PACKING[packing](files), tuple({"hmm": letter} for letter in "abc"))


def _hmm(who: str) -> bytes:
    return zipped({"hmm/model.py": solved_by(who)})


def _bptt(who: str) -> bytes:
    return zipped({"hw_bptt/model.py": solved_by(who, "hw_bptt")})


AB = {"hmm": "a"}, {"hmm": "b"}
ABC = *AB, {"hmm": "c"}
ABCD = *ABC, {"hmm": "d"}
BOTH_AND_B = {"hmm": "a", "hw_bptt": "a"}, {"hmm": "b"}
BOTH = {"hmm": "a", "hw_bptt": "a"}, {"hmm": "b", "hw_bptt": "b"}


def _cases() -> list[Case]:
    report = zipped({"报告.pdf": b"%PDF"})
    return [
        Case(
            "archives called by common words only, in students' folders",
            {"student 1/homework_final.zip": _hmm("a"), "student 2/hw1.zip": _hmm("b"), "s 3/作业.zip": _hmm("c")},
            ABC,
        ),
        Case(
            "archives called by common words only, side by side",
            {"hmm.zip": _hmm("a"), "hw1.zip": _hmm("b"), "homework_final.zip": _hmm("c"), "作业.zip": _hmm("d")},
            ABCD,
        ),
        Case("code and report", {"张三_代码.zip": _hmm("a"), "张三_报告.zip": report, "李四.zip": _hmm("b")}, AB),
        Case(
            "code and report by pinyin",
            {"zhangsan_code.zip": _hmm("a"), "zhangsan_report.pdf": b"%PDF", "lisi.zip": _hmm("b")},
            AB,
        ),
        *(
            Case(f"again: {second}", {first: _hmm("old"), second: _hmm("a"), "李四.zip": _hmm("b")}, AB)
            for first, second in (
                ("20260001_hmm.zip", "20260001_hmm_final.zip"), ("zhangsan_hmm.zip", "zhangsan_hmm (1).zip"),
                ("zhangsan_v1.zip", "zhangsan_v2.zip"), ("张三_hw4.zip", "张三_hw4_final.zip"),
                ("1001_hmm.zip", "1001_hmm（1）.zip"),
            )
        ),
        Case(
            "again, with the date",
            {"20261012_张三.zip": _hmm("old"), "20261013_张三.zip": _hmm("a"), "20261012_李四.zip": _hmm("b")},
            AB,
            works_without_roster=False,  # 20261013 may be the number of another 张三
        ),
        *(
            Case(
                f"two homeworks: {person}",
                {f"{person}_hmm.zip": _hmm("a"), f"{person}_hw_bptt.zip": _bptt("a"), f"{other}_hmm.zip": _hmm("b")},
                BOTH_AND_B,
            )
            for person, other in (("1001", "1002"), ("A", "B"), ("zhangsan", "lisi"), ("张三", "李四"), ("student 1", "student 2"))
        ),
        Case(
            "an id in capitals",
            {"U2026001_hmm.zip": _hmm("a"), "u2026001_hw_bptt.zip": _bptt("a"), "u2026002.zip": _hmm("b")},
            BOTH_AND_B,
        ),
        Case(
            "an id in full-width digits",
            {"２０２６０００１_hmm.zip": _hmm("a"), "20260001_hw_bptt.zip": _bptt("a"), "20260002.zip": _hmm("b")},
            BOTH_AND_B,
        ),
        Case(
            "a name in two classes",
            {"一班/张三.zip": _hmm("a"), "一班/王五.zip": _hmm("c"), "二班/张三.zip": _hmm("b"), "二班/赵六.zip": _hmm("d")},
            ABCD,
        ),
        Case(
            "a number in two classes",
            {
                "一班.zip": zipped({"1.zip": _hmm("a"), "2.zip": _hmm("c")}),
                "二班.zip": zipped({"1.zip": _hmm("b"), "2.zip": _hmm("d")}),
            },
            ABCD,
        ),
        Case(
            "a folder per homework, numbers",
            {"hmm/1.zip": _hmm("a"), "hmm/2.zip": _hmm("b"), "hw_bptt/1.zip": _bptt("a"), "hw_bptt/2.zip": _bptt("b")},
            BOTH,
        ),
        Case(
            "a folder per homework, one of them of one student",
            {"hmm/20260001.zip": _hmm("a"), "hmm/20260002.zip": _hmm("b"), "hw_bptt/20260001.zip": _bptt("a")},
            BOTH_AND_B,
        ),
        Case(
            "a folder per homework, called by its number",
            {
                "第一次作业/张三.zip": _bptt("a"), "第一次作业/李四.zip": _bptt("b"),
                "第二次作业/张三.zip": _hmm("a"), "第二次作业/李四.zip": _hmm("b"),
            },
            BOTH,
        ),
        Case("a date in all names", {"hmm_20261012_张三.zip": _hmm("a"), "hmm_20261012_李四.zip": _hmm("b")}, AB),
        Case("a date and an id", {"20261012_20260001.zip": _hmm("a"), "20261012_20260002.zip": _hmm("b")}, AB),
        Case(
            "the course's number in all names",
            {"CS10001_张三.zip": _hmm("a"), "CS10001_李四.zip": _hmm("b"), "CS10001_王五.zip": _hmm("c")},
            ABC,
        ),
        Case("a sentence", {"老师您好我是张三.zip": _hmm("a"), "老师您好我是李四.zip": _hmm("b")}, AB),
        Case("names that hold a common word", {"高新.zip": _hmm("a"), "刘旧.zip": _hmm("b"), "史代码.zip": _hmm("c")}, ABC),
        Case(
            "one student's homeworks, with an old copy",
            {"hmm/model.py": solved_by("a"), "hmm_old/model.py": solved_by("old"), "hw_bptt/model.py": solved_by("a", "hw_bptt")},
            ({"hmm": "a", "hw_bptt": "a"},),
        ),
        Case(
            "a student's archive with numbered folders",
            {
                "20260001.zip": zipped({"1/model.py": solved_by("a"), "2/notes.md": b"x", "3/model.py": empty()}),
                "20260002.zip": _hmm("b"),
            },
            AB,
        ),
    ]  # fmt: skip


CASES = {case.name: case for case in _cases()}
