"""The plan of a class in words: who hands in what, which files are used, which are not and why, who is missing."""

from collections.abc import Iterable
from datetime import datetime

from grading.intake.layouts import LABELS
from grading.intake.problems import Notice, in_language
from grading.intake.reading import Intake
from grading.intake.rosters import Matching, Row
from grading.intake.submission import FileUse, Submission

MOST = 12  # lines about unused files, for each submission


def printable(text: str) -> str:
    """The text in one line, without control characters that a terminal would interpret."""
    return "".join(char if char.isprintable() else "?" for char in " ".join(str(text).split()))


def describe(intake: Intake, matching: Matching, lang: str = "en") -> list[str]:
    """Lines for a terminal."""
    people: dict[int, list[Notice]] = {}
    for row in matching.rows:
        people.setdefault(id(row.submission), []).append(_label(row))
    count = len(intake.submissions)
    layout = LABELS.get(intake.layout, Notice(intake.layout))
    lines: list[str] = [
        Notice(
            f"{layout}: {count} submission{'s' if count != 1 else ''}",
            f"{layout.zh}：{count} 份提交",
        )
    ]
    for submission in intake.submissions:
        lines += ["", *_submission(submission, people.get(id(submission), []))]
    lines.append("")
    lines += [
        Notice(f"ambiguous: {item.reason}", f"有歧义：{item.reason.zh}")
        for item in matching.ambiguous
    ]
    lines += [
        Notice(f"note: {note}", f"注意：{in_language(note, 'zh')}")
        for note in (*matching.notes, *intake.problems)
    ]
    lines += [
        Notice(f"not a submission: {name} ({why})", f"不是提交：{name}（{in_language(why, 'zh')}）")
        for name, why in intake.ignored
    ]
    lines += [
        Notice(f"not on the roster: {submission.name}", f"不在名单上：{submission.name}")
        for submission in matching.unknown
    ]
    lines += [
        Notice(f"nothing received: {person}", f"没有收到：{person}") for person in matching.missing
    ]
    shown = [in_language(line, lang) for line in lines]
    return [
        printable(line) if not line.startswith("  ") else "  " + printable(line) for line in shown
    ]


HOW = {"id": "学号", "login": "用户名", "email": "邮箱", "name": "姓名", "group": "分组"}


def _label(row: Row) -> Notice:
    """Who a row is about, and by which evidence."""
    if row.how:
        return Notice(
            f"{row.person} (by {row.how})", f"{row.person}（按{HOW.get(row.how, '编号')}）"
        )
    if row.person:
        return Notice(str(row.person))
    return Notice("nobody on the roster", "名单上没有此人")


def _submission(submission: Submission, people: list[Notice]) -> Iterable[str]:
    nobody = Notice("nobody known", "不知是谁")
    en = [f"{submission.name}: {'; '.join(people) or nobody}"]
    zh = [f"{submission.name}：{'；'.join(label.zh for label in people) or nobody.zh}"]
    if submission.attempt:
        en.append(f"attempt {submission.attempt}")
        zh.append(f"第 {submission.attempt} 次提交")
    if submission.received:
        en.append(f"received {_clock(submission.received)}")
        zh.append(f"收到时间 {_clock(submission.received)}")
    if submission.committed:
        en.append(f"last commit says {_clock(submission.committed)}")
        zh.append(f"最后一次提交记录为 {_clock(submission.committed)}")
    if submission.late:
        en.append("late (says the platform)")
        zh.append("迟交（平台标记）")
    yield Notice(", ".join(en), "，".join(zh))
    for homework in submission.homeworks:
        uses = [use for use in submission.used if use.homework == homework]
        code, written = (
            _files([use for use in uses if use.written is kind]) for kind in (False, True)
        )
        yield Notice(
            f"  {homework}: {code}; written: {written}",
            f"  {homework}：{code.zh}；书面作答：{written.zh}",
        )
    unused = submission.unused
    for use in unused[:MOST]:
        more, more_zh = (
            (f", {use.count:,} files", f"，{use.count:,} 个文件") if use.count > 1 else ("", "")
        )
        yield Notice(
            f"  not used: {use.path} ({use.reason}{more})",
            f"  未使用：{use.path}（{in_language(use.reason, 'zh')}{more_zh}）",
        )
    if len(unused) > MOST:
        left = len(unused) - MOST
        yield Notice(f"  not used: {left} more", f"  未使用：另有 {left} 项")
    for problem in submission.problems:
        yield Notice(f"  ! {problem}", f"  ！{in_language(problem, 'zh')}")


def _files(uses: list[FileUse]) -> Notice:
    if not uses:
        return Notice("nothing", "无")
    shown = [
        Notice(use.path)
        if use.path.endswith(use.name)
        else Notice(f"{use.path} as {use.name}", f"{use.path}（作为 {use.name}）")
        for use in uses
    ]
    left = len(shown) - 5 if len(shown) > 6 else 0
    shown = shown[:5] if left else shown
    more, more_zh = (f", and {left} more", f"，另有 {left} 个") if left else ("", "")
    return Notice(", ".join(shown) + more, "、".join(name.zh for name in shown) + more_zh)


def _clock(moment: datetime) -> str:
    return moment.isoformat(" ", "minutes")
