"""The student's commands: `python -m course NAME`. Each module has `add_arguments(parser)` and `run(args) -> exit code`."""
