"""Reads what a class hands in, whatever the platform: who, which attempt, when, which files, and why a file is not used.

intake = read_class(Path("moodle.zip"), ["hmm"], roster=read_roster("roster.csv"))
matching = intake.match()
print("\n".join(describe(intake, matching)))
for submission in intake.submissions:          # light: contents are read on demand
    submission.files["hmm"]["model.py"]
"""

from grading.intake.archives import Location, Refused
from grading.intake.describe import describe
from grading.intake.people import Hint, Person
from grading.intake.problems import GradingError, Notice, in_language
from grading.intake.reading import ATTEMPTS, Intake, read_class, read_submission
from grading.intake.rosters import (
    Ambiguity,
    Matching,
    Roster,
    RosterError,
    Row,
    match_all,
    read_roster,
)
from grading.intake.student_copy import complete, empty_files
from grading.intake.submission import FileUse, Submission, digest
from grading.intake.tables import TableError, read_table
from grading.intake.times import TimeError, days_late, parse_time

__all__ = [
    "ATTEMPTS",
    "Ambiguity",
    "FileUse",
    "GradingError",
    "Hint",
    "Intake",
    "Location",
    "Matching",
    "Notice",
    "Person",
    "Refused",
    "Roster",
    "RosterError",
    "Row",
    "Submission",
    "TableError",
    "TimeError",
    "complete",
    "days_late",
    "describe",
    "digest",
    "empty_files",
    "in_language",
    "match_all",
    "parse_time",
    "read_class",
    "read_roster",
    "read_submission",
    "read_table",
]
