"""The engine of the course: checks blanks, explains what is wrong, keeps the score, and the student's commands.

`python -m course` is the student's command line. docs/architecture.md in the teachers' repository shows how the modules
fit together. This package imports nothing from `tests` or `grading`; checks, reference cases and known mistakes are
plug-ins that `course.plugins` loads by name.
"""
