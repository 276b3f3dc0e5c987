"""The process that runs student code: answers frames until its pipe closes.

Started by `in_subprocess` (and by the grading sandbox) in a private folder that holds the submission, the probes, this
module and `protocol`, `loader`, `calls`: nothing of the checks.
"""

import builtins
import contextlib
import os
import sys
from pathlib import Path
from typing import IO, Any, NoReturn

from .calls import Printed, describe, load_probes, perform, pick_stubs
from .loader import Homework
from .protocol import Request, decode, encode, fields_of, read_frame, write_frame


def serve(requests: IO[bytes], answers: IO[bytes], folder: Path | str, probes: Any) -> None:
    """Answer frames until the pipe closes. A call's exception, whatever it is, becomes an answer.

    probes: of `load_probes`.
    """
    loaded: dict[tuple[str, tuple[str, ...]], Homework] = {}
    while (body := read_frame(requests)) is not None:
        data = decode(body)
        nonce = data.pop("nonce")
        request = Request.from_plain(data)
        printed = Printed()
        try:
            key = request.module, request.stubs
            if key not in loaded:
                stubs = pick_stubs(probes, request.stubs)
                loaded[key] = Homework(folder, request.module, stubs=stubs)
            with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
                answer = perform(loaded[key], probes, request)
            frame = encode(_answer(nonce, printed, value=answer.value, changed=answer.changed))
        except BaseException as error:  # SystemExit and KeyboardInterrupt of student code too
            frame = encode(_answer(nonce, printed, error=fields_of(describe(error, folder))))
        write_frame(answers, frame)


def _answer(nonce: str, printed: Printed, **content: Any) -> dict[str, Any]:
    return {"nonce": nonce, "printed": printed.getvalue(), **content}


def refuse_input(prompt: object = "") -> NoReturn:
    raise EOFError("input() cannot be answered while the code is being checked")


def main() -> None:
    folder, probes_path = sys.argv[1:3]
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    null_device = os.open(os.devnull, os.O_RDWR)
    for standard in (
        0,
        1,
        2,
    ):  # results go through the pipe: keep what student code prints out of it
        os.dup2(null_device, standard)
    builtins.input = refuse_input
    serve(requests, answers, folder, load_probes(probes_path))
