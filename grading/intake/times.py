"""Times as platforms, spreadsheets and people write them, and days late."""

import re
from datetime import datetime, timedelta, tzinfo

from grading.intake.problems import GradingError

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
CLOCK = r"(?P<hour>\d{1,2})[:.](?P<minute>\d\d)(?:[:.](?P<second>\d\d)(?:[.,]\d+)?)?"
ZONE = r"(?P<zone>Z|UTC|GMT|CST|[A-Z]{3,4}|[-+]\d\d:?\d\d)?"
MONTH = "(?P<month>" + "|".join(MONTHS) + ")[a-z]*"
WEEKDAY = r"(?:[a-z]+,?\s+)?"
YEAR_FIRST = re.compile(
    rf"(?P<year>\d{{4}})\D{{1,2}}(?P<number>\d{{1,2}})\D{{1,2}}(?P<day>\d{{1,2}})(?!\d)\D{{0,8}}?(?:{CLOCK})?\s*{ZONE}\s*",
    re.I,
)
DAY_FIRST = re.compile(
    rf"{WEEKDAY}(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[ -]+{MONTH},?[ -]+(?P<year>\d{{4}})(?:,|\s+at|\s)*\s*(?:{CLOCK})?\s*{ZONE}\s*",
    re.I,
)
MONTH_FIRST = re.compile(
    rf"{WEEKDAY}{MONTH}\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})(?:,|\s+at|\s)*\s*(?:{CLOCK})?\s*{ZONE}\s*",
    re.I,
)
SLASHES = re.compile(
    rf"(?P<first>\d{{1,2}})[/.-](?P<other>\d{{1,2}})[/.-](?P<year>\d{{4}})(?:,|\s)*(?:{CLOCK})?\s*{ZONE}\s*",
    re.I,
)
AFTERNOON = re.compile(r"下午|晚上|晚|p\.?m\.?(?![a-z])", re.IGNORECASE)
MORNING = re.compile(r"上午|早上|凌晨|早|a\.?m\.?(?![a-z])", re.IGNORECASE)
NEVER = {"", "-", "—", "–", "n/a", "none", "null", "未提交", "无", "never"}


class TimeError(GradingError, ValueError):
    """Raised for a text that is not a time, or is ambiguous."""


def is_never(text: str) -> bool:
    """Whether a cell says that nothing was received."""
    return text.strip().casefold() in NEVER


def parse_time(text: str, zone: tzinfo | None = None) -> datetime:
    """The time that a text gives, in `zone` where it names none (naive if there is no `zone`). Raises TimeError.

    A date without a clock time is the beginning of that day.
    """
    plain = " ".join(re.sub(r"(?<=\d)T(?=\d)", " ", text.replace("\u202f", " ")).split()).strip()
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        moment = _by_pattern(text, plain)
    return moment if moment.tzinfo or zone is None else moment.replace(tzinfo=zone)


def _by_pattern(text: str, plain: str) -> datetime:
    afternoon, morning = bool(AFTERNOON.search(plain)), bool(MORNING.search(plain))
    plain = " ".join(MORNING.sub(" ", AFTERNOON.sub(" ", plain)).split())
    plain = re.sub(r"[(（]?(?:星期|周)[一二三四五六日天][)）]?", " ", plain).strip()
    for pattern in (YEAR_FIRST, DAY_FIRST, MONTH_FIRST, SLASHES):
        match = pattern.fullmatch(plain)
        if not match:
            continue
        parts = match.groupdict()
        if pattern is SLASHES:
            first, other = int(parts["first"]), int(parts["other"])
            if first <= 12 and other <= 12 and first != other:
                raise TimeError(
                    f"{text!r} can be two days (day or month first); write 2026-10-12 23:59",
                    f"{text!r} 可以是两个日期（日在前或月在前）；请写成 2026-10-12 23:59",
                )
            day, month = (first, other) if first > 12 else (other, first)
        else:
            day = int(parts["day"])
            month = (
                int(parts["number"])
                if parts.get("number")
                else MONTHS.index(parts["month"].lower()) + 1
            )
        hour = int(parts["hour"] or 0)
        if afternoon and hour < 12:
            hour += 12
        elif morning and hour == 12:
            hour = 0
        try:
            moment = datetime(
                int(parts["year"]),
                month,
                day,
                hour,
                int(parts["minute"] or 0),
                int(parts["second"] or 0),
            )
            return _in_zone(moment, parts["zone"] or "")
        except ValueError:
            break
    raise TimeError(
        f"{text!r} is not a date and time; write 2026-10-12 23:59",
        f"{text!r} 不是日期和时间；请写成 2026-10-12 23:59",
    )


def _in_zone(moment: datetime, zone: str) -> datetime:
    """CST and other letters mean the course's zone: they name several zones each."""
    if zone.upper() in ("Z", "UTC", "GMT"):
        return datetime.fromisoformat(moment.isoformat() + "+00:00")
    if zone[:1] in ("+", "-"):
        return datetime.fromisoformat(f"{moment.isoformat()}{zone[:3]}:{zone[-2:]}")
    return moment


def days_late(received: datetime, due: datetime) -> int:
    """Days begun after the due date, 0 in time. A due time lasts until the end of its minute (or second)."""
    end = due + (timedelta(seconds=1) if due.second else timedelta(minutes=1))
    if received.tzinfo is None:
        received = received.replace(tzinfo=due.tzinfo)
    late = received - end
    return 0 if late < timedelta(0) else late.days + 1
