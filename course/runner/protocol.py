"""What crosses between the checks and student code: plain data, frames on a pipe, requests and answers.

Plain data: None, bool, int, float, str, list, dict with str keys, NumPy arrays of bool, int, float or complex.
A frame on the pipe: 8 bytes length, 4 bytes length of the JSON part, JSON (tree, and dtype and shape of each array),
then the arrays' bytes. No pickle: data from a student cannot carry code.

This module, `loader`, `calls` and `worker` are also copied into the process that runs student code: they import only
each other, the standard library and NumPy.
"""

import json
import struct
import sys
from dataclasses import dataclass, field
from typing import IO, Any, Literal

import numpy as np

MAX_FRAME = 256 * 2**20  # bytes
MAX_TEXT = 8 * 2**20  # bytes of its JSON part
MAX_ITEMS = 200_000  # numbers, strings, containers and arrays in one answer
MAX_DEPTH = 20
DTYPES = {
    np.dtype(name).str
    for name in (
        "bool",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "float16",
        "float32",
        "float64",
        "complex64",
        "complex128",
    )
}


class NotPlainError(Exception):
    """A value that cannot cross, or a frame that is broken."""


@dataclass(frozen=True)
class Request:
    """Asks for one call of student code.

    kind "call": the function `name` of the homework's `module`; kind "probe": the function `name` of the probes, which
    gets the homework as its first argument; kind "load": import the module only.
    seed: of the random numbers that the call sees. stubs: names of what library calls replace.
    """

    kind: Literal["call", "probe", "load"]
    module: str
    name: str
    args: list[Any]
    kwargs: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    stubs: tuple[str, ...] = ()

    def to_plain(self) -> dict[str, Any]:
        return fields_of(self) | {"stubs": list(self.stubs)}

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> "Request":
        fields: dict[str, Any] = {**data, "stubs": tuple(data["stubs"])}
        return cls(**fields)


@dataclass(frozen=True)
class Answer:
    """What a call returned, as plain data. changed: the function changed its arguments."""

    value: Any
    changed: bool = False


@dataclass(frozen=True)
class ErrorReport:
    """An exception of student code as plain data.

    where: "hmm/model.py, line 12" or "". empty, empty_file: id and file of an empty blank, or None. kind: what is known
    about the cause beyond the exception's type (see `course.runner.ErrorKind`), or "". importing: the module that could
    not be imported, or "".
    """

    type: str
    message: str
    where: str = ""
    empty: str | None = None
    empty_file: str | None = None
    kind: str = ""
    importing: str = ""


def fields_of(instance: Any) -> dict[str, Any]:
    """{field: value} of a dataclass, without copying the values."""
    return {name: getattr(instance, name) for name in instance.__dataclass_fields__}


def to_plain(value: Any, depth: int = 0) -> Any:
    """Copy of `value` as plain data (torch tensors and numpy scalars become arrays, tuples and sets lists).

    Raises NotPlainError, with what came, for anything else.
    """
    if depth > MAX_DEPTH:
        raise NotPlainError(f"a value nested deeper than {MAX_DEPTH} levels")
    if value is None or type(value) in (bool, int, float, str):
        return value
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        if value.dtype is torch.bfloat16:
            value = value.float()
        value = value.resolve_conj().resolve_neg().numpy()
    if isinstance(value, (np.ndarray, np.generic)):
        array = np.array(value, subok=False, copy=True)
        if array.dtype in (np.longdouble, np.clongdouble):
            array = array.astype(np.float64 if array.dtype.kind == "f" else np.complex128)
        if array.dtype.newbyteorder("<").str not in DTYPES:
            raise NotPlainError(f"an array of dtype {array.dtype}, expected numbers")
        return array
    if isinstance(value, (list, tuple)):
        return [to_plain(item, depth + 1) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted((to_plain(item, depth + 1) for item in value), key=str)
    if isinstance(value, dict):
        return {str(key): to_plain(item, depth + 1) for key, item in value.items()}
    for kind in (str, bool, int, float):
        if isinstance(value, kind):
            return kind(value)
    raise NotPlainError(
        f"a {type(value).__name__}, expected numbers, text, lists, dicts, arrays or tensors"
    )


def encode(tree: Any) -> bytes:
    """Bytes of one frame's body for plain data. Raises NotPlainError past the limits."""
    arrays, items = [], 0

    def walk(value, depth):
        nonlocal items
        items += 1
        if items > MAX_ITEMS or depth > MAX_DEPTH:
            raise NotPlainError("an answer with too many parts")
        if isinstance(value, np.ndarray):
            value = np.ascontiguousarray(value).reshape(value.shape)
            arrays.append(value.astype(value.dtype.newbyteorder("<"), copy=False))
            return {"a": len(arrays) - 1}
        if isinstance(value, np.generic):
            return walk(value.item(), depth)
        if isinstance(value, (list, tuple)):
            return [walk(item, depth + 1) for item in value]
        if isinstance(value, dict):
            return {"d": {str(key): walk(item, depth + 1) for key, item in value.items()}}
        if isinstance(value, int) and not -(2**63) <= value < 2**64:
            raise NotPlainError("a whole number past 64 bits")
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        raise NotPlainError(f"a {type(value).__name__}")

    shaped = walk(tree, 0)
    head = {"tree": shaped, "arrays": [[array.dtype.str, list(array.shape)] for array in arrays]}
    # surrogates that a student's string may hold are escaped by JSON, so they cannot break the frame
    text = json.dumps(head).encode("ascii")
    if len(text) > MAX_TEXT:
        raise NotPlainError(f"an answer with more than {MAX_TEXT // 2**20} MiB beside its arrays")
    body = struct.pack("<I", len(text)) + text + b"".join(array.tobytes() for array in arrays)
    if len(body) > MAX_FRAME:
        raise NotPlainError(f"an answer of more than {MAX_FRAME // 2**20} MiB")
    return body


def decode(body: bytes) -> Any:
    """Plain data of a frame's body. Raises NotPlainError if it is not exactly what `encode` writes."""
    try:
        (size,) = struct.unpack_from("<I", body)
        if size > MAX_TEXT:
            raise NotPlainError("a broken frame (too much text)")
        head = json.loads(body[4 : 4 + size])
        arrays, offset = [], 4 + size
        if len(head["arrays"]) > MAX_ITEMS:
            raise NotPlainError("an answer with too many arrays")
        for dtype, shape in head["arrays"]:
            if (
                dtype not in DTYPES
                or any(type(n) is not int or n < 0 for n in shape)
                or len(shape) > 32
            ):
                raise NotPlainError(f"an array of dtype {dtype!r} and shape {shape!r}")
            kind, count = np.dtype(dtype), 1
            for n in shape:
                count *= n
            if offset + count * kind.itemsize > len(body):
                raise NotPlainError("a cut frame")
            arrays.append(np.frombuffer(body, kind, count, offset).reshape(shape).copy())
            offset += count * kind.itemsize
        if offset != len(body):
            raise NotPlainError("a frame with bytes left over")
        items = 0

        def walk(value, depth):
            nonlocal items
            items += 1
            if items > MAX_ITEMS or depth > 2 * MAX_DEPTH:
                raise NotPlainError("an answer with too many parts")
            if isinstance(value, list):
                return [walk(item, depth + 1) for item in value]
            if isinstance(value, dict):
                if set(value) == {"a"}:
                    return arrays[value["a"]]
                if set(value) == {"d"}:
                    return {key: walk(item, depth + 1) for key, item in value["d"].items()}
                raise NotPlainError("an unknown kind of value")
            if type(value) is int and not -(2**63) <= value < 2**64:
                raise NotPlainError("a whole number past 64 bits")
            return value

        return walk(head["tree"], 0)
    except NotPlainError:
        raise
    except (
        ValueError,
        KeyError,
        TypeError,
        IndexError,
        AttributeError,
        struct.error,
        RecursionError,
        OverflowError,
    ) as error:
        raise NotPlainError(f"a broken frame ({type(error).__name__})") from None


def read_frame(pipe: IO, limit: int = MAX_FRAME) -> bytes | None:
    """Body of the next frame; None at the end of the pipe. Raises NotPlainError for a length past the limit."""
    head = _read(pipe, 8)
    if head is None:
        return None
    (size,) = struct.unpack("<Q", head)
    if size > limit:
        raise NotPlainError(f"a frame of {size} bytes")
    return _read(pipe, size)


def write_frame(pipe: IO, body: bytes) -> None:
    pipe.write(struct.pack("<Q", len(body)) + body)
    pipe.flush()


def _read(pipe: IO, size: int) -> bytes | None:
    parts = []
    while size:
        part = pipe.read(min(size, 2**20))
        if not part:
            return None
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def copy(request: Request) -> Request:
    """The request as it arrives on the other side: arguments are copies."""
    return Request.from_plain(copy_plain(request.to_plain()))


def copy_plain(value: Any) -> Any:
    """The value as it arrives on the other side. Raises NotPlainError."""
    return decode(encode(value))
