"""Reads a roster (or a gradebook that a platform exports) and says whose a submission is. Two that match are never guessed."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path

from grading.intake import names, tables
from grading.intake.people import Hint, Person
from grading.intake.problems import Notice
from grading.intake.submission import Submission
from grading.intake.tables import TableError
from grading.intake.times import TimeError, is_never, parse_time

HEADINGS = {  # field -> headings, the most specific first
    "id": (
        "sisuserid", "学号", "學號", "studentid", "studentnumber", "studentno", "idnumber", "学工号", "学生编号", "学籍号", "考号",
        "matriculationnumber", "sid", "id", "编号", "student_id",
    ),
    "name": ("姓名", "学生姓名", "name", "fullname", "studentname", "student", "displayname", "学生", "名字"),
    "first": ("firstname", "givenname", "名"),
    "last": ("lastname", "surname", "familyname", "姓"),
    "login": ("sisloginid", "username", "login", "loginid", "用户名", "账号", "登录名", "netid",
        "github", "githubusername", "githublogin"),
    "email": ("email", "emailaddress", "mail", "邮箱", "电子邮箱", "电子邮件", "邮件", "邮箱地址", "电子邮件地址"),
    "group": ("group", "groupname", "组", "小组", "分组", "组别", "组号", "小组名称", "team"),
    "lang": ("lang", "language", "语言"),
    "received": ("received", "submittedat", "submissiontime", "提交时间", "收到时间", "lastmodified", "submitted"),
    "participant": ("identifier", "编号标识", "标识符"),
}  # fmt: skip
PARTS = {  # words that identify a column whose heading has other words too
    "id": ("学号", "學號", "学工号", "studentid", "studentno", "studentnum", "idnumber", "matric"),
    "name": ("姓名", "studentname", "fullname"),
    "login": ("用户名", "username", "netid"),
    "email": ("邮箱", "email"),
}
LANGUAGES = {
    "en": "en",
    "english": "en",
    "英文": "en",
    "英语": "en",
    "zh": "zh",
    "chinese": "zh",
    "中文": "zh",
    "": "",
}
FOOTER = re.compile(  # the first cell of rows below the people
    r"(?:合计|总计|总人数|小计|人数|共\s*\d+|制表|填表|打印|导出|生成|备注|说明|注|任课|教师签|签[名字])"
    r"(?=\s*[:\d]|人|时间|日期|$).*|(?:page|total|exported|printed|count|notes?)\b\s*[:\d].*|total",
    re.IGNORECASE,
)
KEYS = ("id", "name", "login", "email", "first", "last", "participant")
LOOKED_FOR = 30  # how many rows are searched for the headings


class RosterError(TableError):
    """Raised for a roster that cannot be read. The message is one line that names the row and the fix."""


@dataclass
class Ambiguity:
    """A submission that fits several people, or people who have several submissions. Nothing is chosen."""

    submissions: list[Submission]
    people: list[Person]
    reason: Notice


@dataclass(frozen=True)
class Row:
    """One row of the table of marks. person: None if nobody on the roster fits; how: the evidence ("id", "name")."""

    submission: Submission
    person: Person | None
    how: str = ""


@dataclass
class Matching:
    """rows: one for each person of each submission. missing: on the roster, without a submission. unknown: the reverse."""

    rows: list[Row] = field(default_factory=list)
    missing: list[Person] = field(default_factory=list)
    unknown: list[Submission] = field(default_factory=list)
    ambiguous: list[Ambiguity] = field(default_factory=list)
    notes: list[Notice] = field(default_factory=list)


@dataclass(frozen=True)
class Match:
    """Whose a submission is. people: several for a group. choices: who fits equally well, if nobody is chosen."""

    people: tuple[Person, ...] = ()
    how: str = ""
    choices: tuple[Person, ...] = ()
    note: Notice = Notice("")


def read_roster(
    path: Path | str, homeworks: Sequence[str] = names.HOMEWORKS, zone: tzinfo | None = None
) -> "Roster":
    """The people of a table. Times are read (in `zone`) so that a bad one is reported now. Raises RosterError."""
    try:
        table = tables.read_table(path, has_headings)
        people, notes = _people(table, homeworks, zone)
        return Roster(people, Path(path), notes)
    except RosterError:
        raise
    except TableError as error:
        raise RosterError(error.message) from None


def columns_of(cells: Sequence[str]) -> dict[str, int]:
    """{field: column} of a row of headings."""
    plain = [tables.heading(cell) for cell in cells]
    columns_by_field = {}
    for name, words in HEADINGS.items():
        for word in words:
            if word in plain:
                columns_by_field[name] = plain.index(word)
                break
    for name, words in PARTS.items():  # "学生学号", "Student ID (number)"
        if name not in columns_by_field:
            columns = [
                index for index, cell in enumerate(plain) if any(word in cell for word in words)
            ]
            if len(columns) == 1 and columns[0] not in columns_by_field.values():
                columns_by_field[name] = columns[0]
    if "sisuserid" in plain or "sisloginid" in plain:  # Canvas: ID is its own number of the user
        if "id" in plain:
            columns_by_field["canvas"] = plain.index("id")
        if columns_by_field.get("id") == columns_by_field.get("canvas"):
            del columns_by_field["id"]
    return columns_by_field


def has_headings(rows: tables.Rows) -> bool:
    """Whether some first row names a column of people."""
    return any(set(KEYS) & set(columns_of(cells)) for _, cells in rows[:LOOKED_FOR])


def _people(
    table: tables.Table, homeworks: Sequence[str], zone: tzinfo | None
) -> tuple[list[Person], list[Notice]]:
    """The people, and what is said of rows that are not people."""
    index, cells = 0, []
    for index, (_, cells) in enumerate(table.rows[:LOOKED_FOR]):  # noqa: B007
        columns = columns_of(cells)
        if any(key in columns for key in KEYS):
            break
    else:
        first = ", ".join(table.rows[0][1][:6]) if table.rows else "nothing"
        raise RosterError(
            f"{table.path} has no column id or name (学号, 姓名); its first row has: {first}",
            f"{table.path} 没有学号列或姓名列（id、name）；第一行是：{first}",
        )
    received = {
        homework: column
        for column, cell in enumerate(cells)
        if (
            match := re.fullmatch(
                r"(?:received|提交时间|收到时间)\s*[:：]\s*(\w+)", cell.strip(), re.IGNORECASE
            )
        )
        for homework in homeworks
        if homework == match[1].casefold()
    }
    people, notes, ids = [], [], {}
    for number, row in _panels(table.rows[index:]):
        if _is_footer(row):
            shown = " ".join(filter(None, row))[:80]
            notes.append(
                Notice(
                    f"{table.path.name}, line {number}: not a person: {shown!r}",
                    f"{table.path.name} 第 {number} 行不是学生：{shown!r}",
                )
            )
            continue
        person = _person(table, number, row, columns, received, zone)
        if person is None:
            continue
        key = names.normal(person.id)
        if key and ids.setdefault(key, number) != number:
            raise RosterError(
                f"{table.path}, line {number}: id {person.id} appears in line {ids[key]} too",
                f"{table.path} 第 {number} 行：学号 {person.id} 在第 {ids[key]} 行已出现",
            )
        people.append(person)
    if not people:
        raise RosterError(
            f"{table.path} has headings, but no people below them",
            f"{table.path} 只有表头，下面没有学生",
        )
    return people, notes


def _panels(rows: tables.Rows) -> Iterator[tuple[int, list[str]]]:
    """The rows below the headings; of a list that is printed in two or three panels side by side, panel by panel."""
    headings = [tables.heading(cell) for cell in rows[0][1]]
    people_headings = {heading for words in (HEADINGS["id"], HEADINGS["name"]) for heading in words}
    repeated = [
        h for h in dict.fromkeys(headings) if h in people_headings and headings.count(h) > 1
    ]
    counts = {headings.count(heading) for heading in repeated}
    if len(repeated) < 2 or len(counts) != 1:
        yield from rows[1:]
        return
    starts = [i for i, heading in enumerate(headings) if heading == repeated[0]]
    front = min(headings.index(heading) for heading in headings if headings.count(heading) > 1)
    offset = starts[0] - front if headings[front] else 0  # "序号" in front of each panel
    starts = [start - offset for start in starts]
    for start, end in zip(starts, [*starts[1:], None], strict=True):
        for number, row in rows[1:]:
            cells = row[start:end]
            if any(cells):
                yield number, [""] * starts[0] + cells


def _is_footer(row: Sequence[str]) -> bool:
    """Whether a row is a sum, a date of printing or a remark below the people: few cells, the first of which says so."""
    filled = [unicodedata.normalize("NFKC", cell) for cell in row if cell]
    return 0 < len(filled) <= 3 and FOOTER.fullmatch(filled[0]) is not None


def _person(
    table: tables.Table,
    number: int,
    row: list[str],
    columns: Mapping[str, int],
    received: Mapping[str, int],
    zone: tzinfo | None,
) -> Person | None:
    where = Notice(f"{table.path}, line {number}", f"{table.path} 第 {number} 行")

    def cell(name: str) -> str:
        column = columns.get(name, -1)
        return row[column] if 0 <= column < len(row) else ""

    name, first, last = cell("name"), cell("first"), cell("last")
    if "pointspossible" in tables.heading(name) or (
        tables.heading(name) in ("studenttest", "teststudent", "测试学生") and not cell("id")
    ):
        return None  # rows of Canvas that are not people
    forms = _forms(name, first, last)
    id, login, email = unicodedata.normalize("NFKC", cell("id")), cell("login"), cell("email")
    id = re.sub(r"^(\d{4,})\.0+$", r"\1", id)  # a whole number that a program wrote as a float
    for value in (id, login):
        if tables.SCIENTIFIC.fullmatch(value):
            raise RosterError(
                f"{where}: the id {value} was turned into a rounded number by a spreadsheet; "
                "format the column as text and export it again",
                f"{where.zh}：学号 {value} 被电子表格改成了近似数；请把该列设为文本格式后重新导出",
            )
    lang = LANGUAGES.get(names.normal(cell("lang")))
    if lang is None:
        raise RosterError(
            f"{where}: lang {cell('lang')!r}; write en, zh or nothing",
            f"{where.zh}：lang 为 {cell('lang')!r}；请填 en、zh 或留空",
        )
    times = {"": cell("received"), **{h: row[c] for h, c in received.items() if c < len(row)}}
    times = {homework: text for homework, text in times.items() if not is_never(text)}
    for text in times.values():
        try:
            parse_time(text, zone)
        except TimeError as error:
            raise RosterError(f"{where}: {error}", f"{where.zh}：{error.message.zh}") from None
    if not id and "id" in columns and not login and not email:
        raise RosterError(f"{where}: no id", f"{where.zh}：没有学号")
    if not (id or login or email or forms):
        return None
    numbers = {kind: text for kind in ("canvas", "participant") if (text := cell(kind))}
    if match := re.search(r"\d+", numbers.get("participant", "")):
        numbers["participant"] = match[0]
    return Person(
        id,
        forms[0] if forms else "",
        login,
        email,
        cell("group"),
        lang,
        times,
        numbers,
        forms[1:],
        number,
    )


def _forms(name: str, first: str, last: str) -> tuple[str, ...]:
    """The name as it is shown, then other forms of it."""
    forms = [name] if name else []
    if match := re.fullmatch(r"([^,，]+)[,，]\s*(.+)", name):  # "Zhang, San"
        forms = [f"{match[2]} {match[1]}", f"{match[1]} {match[2]}"]
    if first or last:
        chinese = names.CHINESE.fullmatch(first + last)
        forms += (
            [last + first] if chinese else [f"{first} {last}".strip(), f"{last} {first}".strip()]
        )
    return tuple(dict.fromkeys(forms))


# ---------------------------------------------------------------- matching


class Roster:
    """The people of a class, and how to find them."""

    def __init__(
        self, people: Sequence[Person], path: Path | None = None, notes: Sequence[Notice] = ()
    ) -> None:
        """notes: what is said of rows that are not people."""
        self.people, self.path, self.notes = list(people), path, list(notes)
        self._by: dict[str, dict[str, list[Person]]] = defaultdict(lambda: defaultdict(list))
        for person in self.people:
            for kind, value in (
                ("id", person.id),
                ("login", person.login),
                ("email", person.email),
            ):
                if value:
                    self._add(kind, names.normal(value), person)
            if person.email:
                self._add("mailbox", names.normal(person.email).split("@")[0], person)
            for form in (person.name, *person.names):
                for key in name_keys(form):
                    self._add("name", key, person)
            for kind, value in person.numbers.items():
                self._add(kind, value, person)
            if person.group:
                self._add("group", names.normal(person.group), person)

    def _add(self, kind: str, key: str, person: Person) -> None:
        if key and person not in self._by[kind][key]:
            self._by[kind][key].append(person)

    def whose(self, hints: Sequence[Hint]) -> Match:
        """Finds the submitters that these hints describe: by id, then login, mail, name. Equal matches are returned as `choices`."""
        members = sorted({hint.member for hint in hints})
        matches = [
            self._member([hint for hint in hints if hint.member == member]) for member in members
        ]
        people = tuple(dict.fromkeys(person for match in matches for person in match.people))
        choices = tuple(dict.fromkeys(person for match in matches for person in match.choices))
        how = next((match.how for match in matches if match.how), "")
        note = next((match.note for match in matches if match.note), Notice(""))
        return Match(people, how, choices if not people or len(members) > 1 else (), note)

    def _member(self, hints: Sequence[Hint]) -> Match:
        ambiguous: tuple[Person, ...] = ()
        for kind in ("canvas", "participant", "id", "login", "email", "name", "group"):
            groups = self._groups(kind, hints)
            sure = [people[0] for people in groups if len(people) == 1]
            unsure = [
                people for people in groups if len(people) > 1 and not set(people) & set(sure)
            ]
            if unsure:
                ambiguous = ambiguous or tuple(
                    dict.fromkeys((*(p for people in unsure for p in people), *sure))
                )
            if kind == "group" and groups and not sure:
                return Match(tuple(dict.fromkeys(p for people in groups for p in people)), "group")
            if sure and not unsure:
                chosen = tuple(dict.fromkeys(sure))
                if ambiguous and kind == "name" and set(chosen) <= set(ambiguous):
                    return Match(chosen, kind)
                if ambiguous and not set(chosen) <= set(ambiguous):
                    return Match(choices=tuple(dict.fromkeys((*ambiguous, *chosen))))
                return Match(chosen, kind, note=self._contradiction(kind, chosen, hints))
        return Match(choices=ambiguous)

    def _contradiction(
        self, kind: str, chosen: tuple[Person, ...], hints: Sequence[Hint]
    ) -> Notice:
        """An id that belongs to one person beside the name of another."""
        if kind == "name":
            return Notice("")
        others = [
            people[0]
            for people in self._groups("name", hints)
            if len(people) == 1 and people[0] not in chosen
        ]
        namesakes = [people for people in self._groups("name", hints) if set(people) & set(chosen)]
        if not others or namesakes:
            return Notice("")
        return Notice(
            f"the {kind} is that of {chosen[0]}, the name that of {others[0]}: the {kind} counts",
            f"{ {'id': '学号', 'login': '用户名', 'email': '邮箱'}.get(kind, kind) }属于 {chosen[0]}，姓名属于 {others[0]}：以前者为准",
        )

    def _groups(self, kind: str, hints: Sequence[Hint]) -> list[list[Person]]:
        """People by each piece of evidence of one kind."""
        texts = [hint.value for hint in hints if hint.kind == "text"]
        exact = [hint.value for hint in hints if hint.kind == kind]
        groups: list[list[Person]] = []
        index = self._by[kind]
        if kind == "login":
            exact += [hint.value for hint in hints if hint.kind == "id"]
        if kind == "id":
            exact += [hint.value for hint in hints if hint.kind == "login"]
        if kind == "name":
            for value in exact:
                groups += [index[key] for key in name_keys(value) if key in index][:1]
            for text in texts:
                groups += self._names_in(text)
            return _distinct(groups)
        for value in exact:
            key = names.normal(value)
            if key in index:
                groups.append(index[key])
            elif kind == "id" and (people := self._without_zeros(key)):
                groups.append(people)
            elif kind == "email" and "@" not in key and key in self._by["mailbox"]:
                groups.append(self._by["mailbox"][key])
        for text in texts:
            groups += self._keys_in(text, kind)
        return _distinct(groups)

    def _without_zeros(self, key: str) -> list[Person]:
        """People whose id equals this one apart from leading zeros, which spreadsheets remove."""
        short = key.lstrip("0")
        if not short.isdigit() or len(short) < 4:
            return []
        return [
            person
            for other, people in self._by["id"].items()
            if other.lstrip("0") == short
            for person in people
        ]

    def _keys_in(self, text: str, kind: str) -> list[list[Person]]:
        """People whose id, login, mail or group appears in a file's name, as a word of its own; the longest ones count."""
        plain = names.normal(text)
        for loose in (False, True):
            spans = []
            for key, people in self._by[kind].items():
                if loose and (not key.isdigit() or len(key) < 5):
                    continue
                if kind == "login" and key.isdigit() and len(key) < 4:
                    continue
                border = "0-9" if loose else "0-9a-z"
                for match in re.finditer(rf"(?<![{border}]){re.escape(key)}(?![{border}])", plain):
                    spans.append((match.start(), match.end(), people))
            if spans:
                return [people for _, _, people in _longest(spans)]
        return []

    def _names_in(self, text: str) -> list[list[Person]]:
        """People whose name appears in a file's name: as words of its own, else as Chinese characters side by side."""
        plain = names.normal(names.stem(text))
        words = [word for word in re.split(r"[\W_\d]+", plain) if word]
        index, groups = self._by["name"], []
        for length in (3, 2, 1):  # zhang_san, 欧阳_修
            for start in range(len(words) - length + 1):
                key = " ".join(sorted(words[start : start + length]))
                joined = "".join(words[start : start + length])
                for candidate in (key, joined):
                    if candidate in index:
                        groups.append(index[candidate])
                        break
        if groups:
            return groups
        spans = []
        for key, people in index.items():
            if names.CHINESE.fullmatch(key) and len(key) > 1:
                spans += [(m.start(), m.end(), people) for m in re.finditer(re.escape(key), plain)]
        return [people for _, _, people in _longest(spans)]

    # ------------------------------------------------------------ the class

    def match(self, submissions: Iterable[Submission]) -> Matching:
        """Rows for everybody. Sets `people` of each submission that is identified."""
        return match_all(self, list(submissions))


def match_all(roster: "Roster | None", submissions: Sequence[Submission]) -> Matching:
    """As `Roster.match`; without a roster, people are who the names say."""
    matching = Matching()
    if roster is None:
        for submission in submissions:
            people = submission.people or (None,)
            matching.rows += [Row(submission, person) for person in people]
        return matching
    matching.notes += roster.notes
    owners: dict[Person, list[tuple[Submission, str]]] = defaultdict(list)
    for submission in submissions:
        match = roster.whose(submission.hints)
        if match.note:
            matching.notes.append(
                Notice(f"{submission.name}: {match.note}", f"{submission.name}：{match.note.zh}")
            )
        if match.choices:
            matching.ambiguous.append(
                Ambiguity([submission], list(match.choices), _several(submission, match.choices))
            )
        submission.people = match.people
        if not match.people:
            matching.rows.append(Row(submission, None))
            if not match.choices:
                matching.unknown.append(submission)
        for person in match.people:
            owners[person].append((submission, match.how))
    _share_in_groups(roster, owners)
    for person in roster.people:
        given = owners.get(person, [])
        pieces = {submission.key or submission.name for submission, _ in given}
        if len(pieces) > 1:
            involved = [submission for submission, _ in given]
            matching.ambiguous.append(
                Ambiguity(
                    involved,
                    [person],
                    Notice(
                        f"{person} has {len(pieces)} submissions: {', '.join(s.name for s in involved)}; each has a row, remove one",
                        f"{person} 有 {len(pieces)} 份提交：{'、'.join(s.name for s in involved)}；各占一行，请去掉多余的",
                    ),
                )
            )
        for submission, how in given:
            if person not in submission.people:
                submission.people = (*submission.people, person)
            matching.rows.append(Row(submission, person, how))
    matching.missing = [person for person in roster.people if person not in owners]
    order = {id(submission): index for index, submission in enumerate(submissions)}
    matching.rows.sort(key=lambda row: order[id(row.submission)])
    return matching


def _share_in_groups(roster: Roster, owners: dict[Person, list[tuple[Submission, str]]]) -> None:
    """The members of a group have its submission, if they handed in none themselves."""
    for members in roster._by["group"].values():
        handed_in = {id(s): (s, how) for person in members for s, how in owners.get(person, [])}
        if len({s.key or s.name for s, _ in handed_in.values()}) == 1:
            for person in members:
                if person not in owners:
                    owners[person] = [(submission, "group") for submission, _ in handed_in.values()]


def _several(submission: Submission, people: Sequence[Person]) -> Notice:
    shown = " / ".join(str(person) for person in people)
    return Notice(
        f"{submission.name} fits {len(people)} people: {shown}; nobody is chosen",
        f"{submission.name} 与 {len(people)} 人相符：{shown}；未指定",
    )


def name_keys(name: str) -> list[str]:
    """Forms under which a name is looked up: words in any order, and joined ("san zhang", "zhangsan", "sanzhang")."""
    words = [word for word in re.split(r"[\W_]+", names.normal(name)) if word]
    keys = [" ".join(sorted(words)), "".join(words)]
    if len(words) == 2:
        keys.append(words[1] + words[0])
    return list(dict.fromkeys(key for key in keys if key))


def _longest(spans: list[tuple[int, int, list[Person]]]) -> list[tuple[int, int, list[Person]]]:
    """Spans that do not lie inside a longer one."""
    return [
        span
        for span in sorted(spans, key=lambda span: (span[0], -span[1]))
        if not any(
            other[0] <= span[0] and span[1] <= other[1] and other[1] - other[0] > span[1] - span[0]
            for other in spans
        )
    ]


def _distinct(groups: list[list[Person]]) -> list[list[Person]]:
    return list({tuple(id(person) for person in people): people for people in groups}.values())
