"""What a file's or folder's name says: which homework, which known file, whose it is, which attempt."""

import functools
import re
import unicodedata
from datetime import datetime
from pathlib import PurePosixPath

from course.homeworks import HOMEWORKS, ROOT

ARCHIVES = (
    ".tar.gz",
    ".tar.bz2",
    ".tar.xz",
    ".tgz",
    ".tbz2",
    ".txz",
    ".tar",
    ".zip",
    ".rar",
    ".7z",
)
ALIASES = {  # shorter names under which students file a homework
    "hw_bptt": ("bptt",),
    "hw_attention": ("attention",),
    "waimai_cls": ("waimai",),
    "gpt_songci": ("gpt", "songci"),
    "hmm": (),
    "word2vec_sst": ("word2vec", "w2v", "sst"),
}
COPY = re.compile(  # what file managers and browsers add to the name of a second copy
    r"\s*(?:[-_ ]*(?:副本|拷贝|复件|copy|copie|kopie|duplicate)(?:[-_ ]*\d+)?|[(（]\s*\d+\s*[)）])\s*$",
    re.IGNORECASE,
)
NUMBERED = re.compile(r"[(（]\s*(\d{1,3})\s*[)）]\s*$")
VERSION = re.compile(r"(?:^|[-_ ])v(?:er(?:sion)?)?\s*(\d{1,2})$", re.IGNORECASE)
BACKUP = re.compile(
    r"(?:^|[^a-z])(?:old|backup|bak|orig(?:inal)?|deprecated|trash)(?:$|[^a-z])|备份|旧|原始",
    re.IGNORECASE,
)
GENERIC = re.compile(  # words that name no person
    r"(?:第?[一二三四五六七八九十\d]+[次个份]?)?(?:课程|平时|课后|编程)?(?:作业|实验|练习|大作业|任务)[一二三四五六七八九十\d]*"
    r"|[一二三四五六七八九十\d]+班|班级|全班|名单|花名册|成绩单?|提交|答案|代码|报告|最终版?|终稿|定稿|修改版?|新版?|副本|压缩包|文件夹?|学生|附件|收集结果|收集表|序列模型|源码|源代码"
    r"|(?<![a-z])(?:hw|homework|home|work|assignment|assign|pset|lab|project|proj|task|week|exercise|ex|part|chapter|pa|a|q|code|codes|src|source|"
    r"final|submission|submit|submitted|attempt|student|answers?|report|version|main|master|copy|new|old|backup|bak|"
    r"solution|late|files?|data|utils|lib|figures?|images?|img|pics?|docs?|notebooks?|tests?|all|class|my|the|nlp|course|v|ver|"
    r"repo|project)[-_ ]?\d*(?![a-z])",
    re.IGNORECASE,
)
SETS_APART = re.compile(
    r"(?:student|学生)[-_ ]?\d*|[a-z][-_ ]?", re.IGNORECASE
)  # of GENERIC, in a label
ASSIGNED = re.compile(  # words for what is handed in, and for its versions: two people may differ by any other word
    r"(?:第?[一二三四五六七八九十\d]+[次个份]?)?(?:课程|平时|课后|编程)?(?:作业|实验|练习|大作业|任务)[一二三四五六七八九十\d]*"
    r"|提交|最终版?|终稿|定稿|修改版?|新版?|副本"
    r"|(?<![a-z])(?:hw|homework|home|work|assignment|assign|pset|lab|task|week|exercise|final|submission|submit|submitted|attempt|"
    r"version|copy|new|old|backup|bak|late|v|ver)[-_ ]?\d*(?![a-z])",
    re.IGNORECASE,
)
ID = re.compile(r"(?<![0-9A-Za-z])[A-Za-z]{0,3}\d{5,}(?![0-9])")
DATE = re.compile(r"20\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[0-2]\d[0-5]\d(?:[0-5]\d)?)?")
CHINESE = re.compile(r"[\u3400-\u9fff·]+")


def normal(text: str) -> str:
    """NFKC (full-width digits become plain ones), case folded, spaces at the ends removed."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


def stem(name: str) -> str:
    """A file name without the ending of an archive."""
    for ending in ARCHIVES:
        if len(name) > len(ending) and _ends_with(name, ending):
            return name[: -len(ending)]
    return name


def _ends_with(name: str, ending: str) -> bool:
    """Whether a name ends so, in upper, lower or full-width letters ("．zip")."""
    return normal(name[-len(ending) :]) == ending


def is_archive(name: str) -> bool:
    """Whether the name ends like an archive's."""
    return any(_ends_with(name, ending) for ending in ARCHIVES)


@functools.cache
def _patterns() -> dict[str, re.Pattern[str]]:
    def words(names: tuple[str, ...]) -> str:
        return "|".join(re.escape(name).replace("_", "[-_ ]?") for name in names)

    return {
        homework: re.compile(
            rf"(?<![a-z])(?:{words((homework, *ALIASES.get(homework, ())))})(?![a-z])"
        )
        for homework in HOMEWORKS
    }


@functools.lru_cache(maxsize=65536)
def homework_of(name: str) -> str | None:
    """The homework that a file's or folder's name mentions ("HMM (1)", "20260001_hw-bptt.zip"), if it is one."""
    text = normal(stem(name))
    hits = [homework for homework, pattern in _patterns().items() if pattern.search(text)]
    return hits[0] if len(hits) == 1 else None


def without_homework(name: str) -> str:
    """The stem without the homework's name and the separators around it; the stem itself if nothing else is left."""
    text = stem(name)
    homework = homework_of(name)
    if homework:
        pattern = re.compile(rf"[-_ ]*{_patterns()[homework].pattern}", re.IGNORECASE)
        text = pattern.sub("", text, count=1).strip(" -_") or text
    return text


def is_homework_folder(name: str) -> bool:
    """Whether a name is a homework's and names no person: "hmm", "hmm (1)", "HMM_final", not "20260001_hmm"."""
    return homework_of(name) is not None and not person_key(name)


def is_backup(path: str) -> bool:
    """Whether the name of a folder on the path says that it holds an old copy."""
    return any(BACKUP.search(part) or COPY.search(part) for part in PurePosixPath(path).parts)


def ids_in(name: str) -> list[str]:
    """Tokens of a name that look like student ids, without the dates and times that platforms add."""
    text = unicodedata.normalize("NFKC", stem(name))
    tokens = [match[0] for match in ID.finditer(text)]
    tokens += [  # 张三2020012345, hmm2020012345: no separator in front
        match[0]
        for match in re.finditer(r"(?<!\d)\d{6,}(?!\d)", text)
        if not any(match[0] in token for token in tokens)
    ]
    dates = [token for token in tokens if DATE.fullmatch(token)]
    if len(dates) < len(tokens):
        others = {len(token) for token in tokens if token not in dates}
        tokens = [token for token in tokens if token not in dates or len(token) in others]
    return list(dict.fromkeys(tokens))


def chinese_names_in(name: str) -> list[str]:
    """Runs of two to four Chinese characters that may be a person's name."""
    text = GENERIC.sub(" ", unicodedata.normalize("NFKC", stem(name)))
    return [
        run for run in CHINESE.findall(text) if 2 <= len(run.replace("·", "")) <= 4 or "·" in run
    ]


def person_key(name: str) -> str:
    """The part of a name that identifies its owner, normalised; "" if there is none. The same for all files of one person."""
    ids = ids_in(name)
    if ids:
        return " ".join(sorted(normal(id) for id in ids))
    text = without_attempt(without_homework(name))
    if homework_of(text) and not person_words(text):
        return ""
    return " ".join(person_words(text))


def person_words(text: str) -> list[str]:
    """Words of a name that are neither a homework nor generic (GENERIC); [] if only numbers are left."""
    text = normal(text)
    homework = homework_of(text)
    if homework:
        text = _patterns()[homework].sub(" ", text)
    text = GENERIC.sub(" ", text)
    words = [word for word in re.split(r"[\W_]+", text) if word]
    return words if any(len(word) > 1 and not word.isdigit() for word in words) else []


@functools.lru_cache(maxsize=65536)
def label(name: str) -> str:
    """What sets a name apart from those of other people, be it a number or a letter: "student 1_hmm.zip" and "hmm-A (1)" give
    "student 1" and "a"; "" for names that anybody may use ("hmm_final", "code", "第四次作业").
    """
    text = normal(without_attempt(without_homework(name)))
    if homework := homework_of(text):
        text = _patterns()[homework].sub(" ", text)
    rest = GENERIC.sub(lambda match: match[0] if SETS_APART.fullmatch(match[0]) else " ", text)
    if not re.search(r"[^\W_]", rest):
        return ""
    return " ".join(re.findall(r"[^\W_]+", ASSIGNED.sub(" ", text)))


def attempt_of(name: str) -> int | None:
    """The number that a browser or a student adds to a later version: "hmm (2).zip", "hmm_v2.zip"."""
    text = stem(name)
    match = NUMBERED.search(text) or VERSION.search(text)
    return int(match[1]) if match else None


def without_attempt(name: str) -> str:
    """The name without "(2)", "_v2", " - 副本"."""
    text = stem(name)
    for _ in range(3):
        shorter = VERSION.sub("", COPY.sub("", text)).strip()
        if shorter == text or not shorter:
            break
        text = shorter
    return text


@functools.cache
def known_files(homework: str) -> frozenset[str]:
    """Names of the Python files of a homework."""
    return frozenset(path.name for path in (ROOT / homework).glob("*.py"))


@functools.cache
def unique_files(homework: str) -> frozenset[str]:
    """Names of the Python files that only this homework has."""
    return known_files(homework).difference(*(known_files(h) for h in HOMEWORKS if h != homework))


@functools.lru_cache(maxsize=65536)
def canonical(name: str) -> str:
    """The course's name for a file: "MODEL.PY", "model(1).py", "model - 副本.py", "model_2020012345.py" are model.py."""
    path = PurePosixPath(name)
    suffix = path.suffix.lower()
    text = normal(path.name[: len(path.name) - len(path.suffix)])
    everything = {file for homework in HOMEWORKS for file in known_files(homework)}
    for _ in range(4):
        if text + suffix in everything:
            return text + suffix
        for match in re.finditer(r"[-_ ]+", text):  # 20260001_张三_model.py
            owner, rest = text[: match.start()], text[match.end() :]
            if rest + suffix in everything and (ids_in(owner) or chinese_names_in(owner)):
                return rest + suffix
        shorter = re.sub(
            r"[-_ ]+(?:\d{5,}|final|new|v?\d{1,2}|最终版?|新|(?:desktop|laptop)-[a-z0-9]{4,})$",
            "",
            COPY.sub("", text),
        )
        if shorter == text or not shorter:
            break
        text = shorter
    return path.name


def parse_stamp(text: str) -> datetime | None:
    """Time of a file name: 2026-10-01-12-00-00."""
    try:
        return datetime.strptime(text, "%Y-%m-%d-%H-%M-%S")
    except ValueError:
        return None
