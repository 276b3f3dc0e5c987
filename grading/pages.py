"""Self-contained HTML pages: they escape whatever a student wrote and forbid every script but their own by a content policy."""

import base64
import hashlib
from pathlib import Path
from typing import Any

try:
    import jinja2
    from markupsafe import Markup as Markup  # comes with jinja2
except ImportError:  # it comes with torch
    raise SystemExit("grading needs jinja2: python -m pip install jinja2") from None

from course.messages import Language
from course.verdict import CheckResult, Status
from grading.intake import in_language

TEMPLATES = Path(__file__).with_name("templates")

WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "colon": ": ",
        "comma": ", ",
        "clause": ", ",
        "left": "(",
        "right": ")",
        "graded": "graded",
        "isolation": "isolation",
        "possible": "still possible",
        "seed": "seed",
        "missing": "On the roster, nothing received",
        "unknown": "Not on the roster",
        "notes": "Notes",
        "class": "Class",
        "contents": "Contents",
        "filter": "Filter",
        "submission": "submission",
        "id": "id",
        "name": "name",
        "written": "written",
        "late": "days late",
        "total": "total",
        "most": "maximum",
        "problems": "problems",
        "mean": "mean",
        "median": "median",
        "students": "students",
        "histogram": "students by percent",
        "blank": "blank",
        "of": "of",
        "common": "mistakes the class makes",
        "talk": "Talks",
        "talks": "A two-minute talk: what to ask",
        "talks_note": "Made from each submission's own lines: who wrote the line can answer.",
        "suspicions": "Worth a look",
        "suspicions_note": "Nothing here changes a mark: read the code and talk to the student.",
        "lines": "lines",
        "points": "points",
        "verdict": "verdict",
        "explanation": "message and hint",
        "comment": "comment",
        "bonus": "bonus",
        "rubric": "rubric",
        "answers": "Answers",
        "other_files": "Other files",
        "grader_error": "The grader failed here. This is not your fault, and nothing was marked.",
        "grader": "the grader failed",
        "regraded": "graded again later",
        "group": "group",
        "changes": "Changes since the last run",
        "new": "new",
        "gone": "no longer there",
        "more": "more",
        "map": "Students and blanks",
        "map_note": "A cell opens the answer. Number: points.",
        "partly": "partly",
        "code": "your code",
        "class_marks": "class: median {median}, middle half {low} to {high}, {count} students",
        "integration": "together",
        "done": "done",
        "wrong": "wrong",
        "empty": "empty",
        "error": "stops",
        "timeout": "timeout",
        "given": "given",
        "none": "not received",
    },
    "zh": {
        "colon": "：",
        "comma": "、",
        "clause": "，",
        "left": "（",
        "right": "）",
        "graded": "已批改",
        "isolation": "隔离级别",
        "possible": "仍可能",
        "seed": "随机种子",
        "missing": "名单上有而未收到",
        "unknown": "不在名单上",
        "notes": "说明",
        "class": "班级",
        "contents": "目录",
        "filter": "筛选",
        "submission": "提交",
        "id": "学号",
        "name": "姓名",
        "written": "书面题",
        "late": "迟交天数",
        "total": "总分",
        "most": "满分",
        "problems": "问题",
        "mean": "平均分",
        "median": "中位数",
        "students": "人",
        "histogram": "各得分率的人数分布",
        "blank": "填空",
        "of": "满分",
        "common": "班上的常见错误",
        "talk": "谈话",
        "talks": "两分钟谈话：可以问什么",
        "talks_note": "问题取自每份提交自己的代码行；写了这一行的人答得出来。",
        "suspicions": "值得一看",
        "suspicions_note": "这里的内容不影响分数：请阅读代码并与学生交谈。",
        "lines": "代码行",
        "points": "得分",
        "verdict": "判定",
        "explanation": "信息与提示",
        "comment": "评语",
        "bonus": "加分",
        "rubric": "评分标准",
        "answers": "答案",
        "other_files": "其他文件",
        "grader": "批改程序出错",
        "grader_error": "批改程序在此出错；这不是你的问题，未计任何分数。",
        "regraded": "后来重新批改过",
        "group": "小组",
        "changes": "与上次批改相比的变化",
        "new": "新提交",
        "gone": "不再出现",
        "more": "项未列出",
        "map": "学生与填空",
        "map_note": "点开格子可查看答案；数字为得分。",
        "partly": "部分完成",
        "code": "你的代码",
        "class_marks": "全班：中位数 {median}，中间一半 {low} 至 {high}，共 {count} 人",
        "integration": "整体检查",
        "done": "完成",
        "wrong": "错误",
        "empty": "未填",
        "error": "出错",
        "timeout": "超时",
        "given": "已答",
        "none": "未提交",
    },
}


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["number"] = lambda value: f"{value:g}"
    return environment


ENVIRONMENT = _environment()


def page(
    template: str,
    title: str,
    lang: Language,
    script: str | None = None,
    style: str | None = None,
    **values: Any,
) -> str:
    """Text of a page. script, style: files in templates/; the script is the only one that is allowed to run on the page."""
    code = (TEMPLATES / script).read_text(encoding="utf-8") if script else None
    digest = hashlib.sha256((code or "").encode("utf-8")).digest()
    text = ENVIRONMENT.get_template(template).render(
        title=title,
        lang=lang,
        css="".join(
            (TEMPLATES / name).read_text(encoding="utf-8") for name in ("base.css", style) if name
        ),
        script=code,
        script_hash=base64.b64encode(digest).decode("ascii"),
        w=WORDS[lang],
        said=lambda results: explanations(results, lang),
        translate=lambda text: in_language(text, lang),
        **values,
    )
    return text + "\n"


def explanations(results: list[CheckResult], lang: Language) -> dict[tuple[str, str], None]:
    """(message, hint) of a blank's checks, each once; that a blank is empty needs no words."""
    shown: dict[tuple[str, str], None] = {}
    for result in results:
        message = result.message.text(lang)
        if result.status not in (Status.DONE, Status.EMPTY) and message:
            shown[message, result.hint.text(lang) if result.hint else ""] = None
    return shown
