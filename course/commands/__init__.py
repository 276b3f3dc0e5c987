"""The student's commands: `python -m course NAME`.

Each command is a module with `SUMMARY` (a Message), `add_arguments(parser, language)` and `run(args, language)`, which
returns the exit code. A user's mistake is a `terminal.CommandError`.
"""
