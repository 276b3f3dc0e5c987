"""Grading processes: as many as asked for, each with a submission at a time; one that dies is replaced."""

import contextlib
import multiprocessing
import sys
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import cast

from tqdm import tqdm

from grading.files import printable
from grading.grader import Answer, GradingSettings, work
from grading.intake import Submission
from grading.processes import start_resource_tracker


@dataclass
class Pool:
    """Answers come in the order in which they are ready. Leaving the loop early ends the processes."""

    settings: GradingSettings
    jobs: int
    quiet: bool = False
    processes: list[BaseProcess] = field(default_factory=list)

    def answers(self, submissions: Sequence[Submission]) -> Generator[Answer, None, None]:
        """The answer about each submission."""
        todo, died = list(reversed(submissions)), set()
        busy: dict[Connection, tuple[BaseProcess, Submission]] = {}
        start_resource_tracker()
        context = multiprocessing.get_context("spawn")

        def start() -> None:
            ours, theirs = context.Pipe()
            process = context.Process(target=work, args=(theirs, self.settings), daemon=True)
            process.start()
            theirs.close()
            self.processes.append(process)
            send(ours, process)

        def send(pipe: Connection, process: BaseProcess) -> None:
            with contextlib.suppress(OSError):  # a dead process shows as the end of its pipe
                if todo:
                    busy[pipe] = process, todo.pop()
                    pipe.send(busy[pipe][1])
                else:
                    pipe.send(None)

        bar = tqdm(
            total=len(submissions),
            unit="submission",
            disable=self.quiet,
            file=sys.stderr,
            dynamic_ncols=True,
        )
        finished = False
        try:
            for _ in range(min(self.jobs, len(submissions))):
                start()
            while busy:
                for pipe in wait(list(busy)):
                    pipe = cast(Connection, pipe)
                    process, submission = busy.pop(pipe)
                    try:
                        answer: Answer = pipe.recv()
                    except (EOFError, OSError):
                        process.join(5)
                        again = submission.name not in died
                        if again:  # once more, in case this submission did not cause it
                            died.add(submission.name)
                            todo.append(submission)
                        start()
                        if again:
                            continue
                        answer = Answer(submission.name, list(submission.problems))
                        answer.errors.append(
                            f"the grading process ended (exit code {process.exitcode}); nothing was marked"
                        )
                    else:
                        send(pipe, process)
                    yield answer
                    with contextlib.suppress(OSError):  # a closed terminal
                        bar.set_postfix_str(printable(answer.student)[:20], refresh=False)
                        bar.update()
            finished = True
        finally:
            with contextlib.suppress(OSError):
                bar.close()
            self._end(finished)

    def _end(self, finished: bool) -> None:
        if not finished:
            for process in self.processes:
                process.terminate()
        for process in self.processes:
            process.join(5)
            if process.is_alive():
                process.kill()
