"""The student's side of the door: loads one homework, calls into it, hands back plain data.

Runs in two places with the same code: inside pytest (in process) and as `python worker.py` in a process of its own,
which has the submission, the probes and this file, and nothing of the checks. It imports nothing from `tests`.

Plain data: None, bool, int, float, str, list, dict with str keys, numpy arrays of bool, int, float or complex.
A frame on the pipe: 8 bytes length, 4 bytes length of the JSON part, JSON (tree, and dtype and shape of each array),
then the arrays' bytes. No pickle: data from a student can carry no code.
"""

import builtins
import contextlib
import functools
import importlib
import importlib.abc
import importlib.util
import inspect
import io
import json
import os
import random
import re
import struct
import sys
import traceback
import types
import warnings
from pathlib import Path

import numpy as np

MAX_FRAME = 256 * 2**20  # bytes
MAX_TEXT = 8 * 2**20  # bytes of its JSON part
MAX_ITEMS = 200_000  # numbers, strings, containers and arrays in one answer
MAX_DEPTH = 20
MAX_PRINTED = 20_000  # characters kept of what student code prints in one call
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
LIBRARIES = {
    "numpy",
    "torch",
    "jieba",
    "matplotlib",
    "tqdm",
    "bertviz",
    "pytest",
    "tests",
    "sklearn",
    "scipy",
    "gensim",
}


class Refused(Exception):
    """A value that cannot cross the door."""


# ---------------------------------------------------------------- plain data


def to_plain(value, depth=0):
    """Copy of `value` as plain data (torch tensors and numpy scalars become arrays, tuples and sets lists).

    Raises Refused, with what came, for anything else.
    """
    if depth > MAX_DEPTH:
        raise Refused(f"a value nested deeper than {MAX_DEPTH} levels")
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
        if array.dtype.newbyteorder("<").str not in DTYPES:
            raise Refused(f"an array of dtype {array.dtype}, expected numbers")
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
    raise Refused(
        f"a {type(value).__name__}, expected numbers, text, lists, dicts, arrays or tensors"
    )


def encode(tree):
    """Bytes of one frame's body for plain data. Raises Refused past the limits."""
    arrays, items = [], 0

    def walk(value, depth):
        nonlocal items
        items += 1
        if items > MAX_ITEMS or depth > MAX_DEPTH:
            raise Refused("an answer with too many parts")
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
            raise Refused("a whole number past 64 bits")
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        raise Refused(f"a {type(value).__name__}")

    shaped = walk(tree, 0)
    head = {"tree": shaped, "arrays": [[array.dtype.str, list(array.shape)] for array in arrays]}
    # surrogates that a student's string may hold are escaped by JSON, so they cannot break the frame
    text = json.dumps(head).encode("ascii")
    if len(text) > MAX_TEXT:
        raise Refused(f"an answer with more than {MAX_TEXT // 2**20} MiB beside its arrays")
    body = struct.pack("<I", len(text)) + text + b"".join(array.tobytes() for array in arrays)
    if len(body) > MAX_FRAME:
        raise Refused(f"an answer of more than {MAX_FRAME // 2**20} MiB")
    return body


def decode(body):
    """Plain data of a frame's body. Raises Refused if it is not exactly what `encode` writes."""
    try:
        (size,) = struct.unpack_from("<I", body)
        if size > MAX_TEXT:
            raise Refused("a broken frame (too much text)")
        head = json.loads(body[4 : 4 + size])
        arrays, at = [], 4 + size
        if len(head["arrays"]) > MAX_ITEMS:
            raise Refused("an answer with too many arrays")
        for dtype, shape in head["arrays"]:
            if (
                dtype not in DTYPES
                or any(type(n) is not int or n < 0 for n in shape)
                or len(shape) > 32
            ):
                raise Refused(f"an array of dtype {dtype!r} and shape {shape!r}")
            kind, count = np.dtype(dtype), 1
            for n in shape:
                count *= n
            if at + count * kind.itemsize > len(body):
                raise Refused("a cut frame")
            arrays.append(np.frombuffer(body, kind, count, at).reshape(shape).copy())
            at += count * kind.itemsize
        if at != len(body):
            raise Refused("a frame with bytes left over")
        items = 0

        def walk(value, depth):
            nonlocal items
            items += 1
            if items > MAX_ITEMS or depth > 2 * MAX_DEPTH:
                raise Refused("an answer with too many parts")
            if isinstance(value, list):
                return [walk(item, depth + 1) for item in value]
            if isinstance(value, dict):
                if set(value) == {"a"}:
                    return arrays[value["a"]]
                if set(value) == {"d"}:
                    return {key: walk(item, depth + 1) for key, item in value["d"].items()}
                raise Refused("an unknown kind of value")
            if type(value) is int and not -(2**63) <= value < 2**64:
                raise Refused("a whole number past 64 bits")
            return value

        return walk(head["tree"], 0)
    except Refused:
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
        raise Refused(f"a broken frame ({type(error).__name__})") from None


# ---------------------------------------------------------------- one homework, loaded apart from everything else


class Homework:
    """The modules of one homework folder. They see each other while `active`, and leave nothing in sys.modules.

    folder: Path. sources: {file name: text} that is used in place of the file. stand_ins: {"module.name": object},
    library calls that replace what a blank calls. Its last part may be a method ("model.GPT.logits").
    """

    def __init__(self, folder, asked="model", sources=None, stand_ins=None):
        self.folder = Path(folder)
        self.asked = (
            asked  # the module under test: a stand-in for another module hides that whole module
        )
        self.sources = dict(sources or {})
        self.stand_ins = dict(stand_ins or {})
        self._modules = {}
        self.shadowing = sorted(
            path.name
            for path in self.folder.glob("*.py")
            if path.stem in sys.stdlib_module_names | LIBRARIES
        )

    def module(self, name="model"):
        """The student's module `name`. Raises ImportError that says which file is missing."""
        with self.active():
            if name in self._modules:
                return self._modules[name]
            if not (self._path(name) or name in self._fakes()):
                raise ImportError(f"no file {self.folder.name}/{name.replace('.', '/')}.py")
            return importlib.import_module(name)

    def find(self, name):
        """The student's object `name` of the module under test, "function" or "Class.method"."""
        found = self.module(self.asked)
        for part in name.split("."):
            if not hasattr(found, part):
                raise AttributeError(f"{self.folder.name}/{self.asked}.py has no {name}")
            found = getattr(found, part)
        return found

    @contextlib.contextmanager
    def active(self):
        """Inside: imports find this homework's files first. Afterwards sys.modules and sys.path are as before."""
        if any(finder is self for finder in sys.meta_path):
            yield self
            return
        names = (
            {path.stem for path in self.folder.glob("*.py")}
            | set(self._modules)
            | set(self._fakes())
            | {"utils"}
        )
        names -= sys.stdlib_module_names | LIBRARIES
        hidden = take_out(names)
        path, written, meta = list(sys.path), sys.dont_write_bytecode, list(sys.meta_path)
        sys.modules.update(self._modules)
        sys.meta_path.insert(0, self)
        sys.dont_write_bytecode = True
        try:
            yield self
        finally:
            sys.meta_path[:], sys.path[:], sys.dont_write_bytecode = meta, path, written
            self._modules.update(take_out(names))
            sys.modules.update(hidden)

    # -- the finder and loader that `active` puts in front

    def _path(self, name):
        """File of the top-level or dotted module `name` in the folder, or None."""
        if name.split(".")[0] in sys.stdlib_module_names | LIBRARIES:
            return None
        base = self.folder.joinpath(*name.split("."))
        for path in (base.with_suffix(".py"), base / "__init__.py"):
            if path.is_file() or path.name in self.sources and path.parent == self.folder:
                return path
        return None

    def _fakes(self):
        """{module name: {attribute: object}} of the stand-ins for other modules than the one under test."""
        fakes = {}
        for name, value in self.stand_ins.items():
            module, _, attribute = name.partition(".")
            if module != self.asked:
                fakes.setdefault(module, {})[attribute] = value
        return fakes

    def find_spec(self, name, path=None, target=None):
        fakes = self._fakes()
        if name in fakes:
            return importlib.util.spec_from_loader(name, _FakeLoader(fakes[name]))
        file = self._path(name)
        if file:
            return importlib.util.spec_from_file_location(
                name,
                file,
                loader=_Loader(self, name, file),
                submodule_search_locations=[str(file.parent)]
                if file.name == "__init__.py"
                else None,
            )
        if name.split(".")[0] == "utils":  # files of the original word2vec assignment import these
            return importlib.util.spec_from_loader(name, _StubLoader(), is_package=name == "utils")
        return None

    def invalidate_caches(self):
        """Nothing is cached by this finder."""

    def _patch(self, module):
        for name, value in self.stand_ins.items():
            owner, _, attribute = name.partition(".")
            if owner == module.__name__:
                target, *rest = attribute.split(".")
                holder = module
                for part in rest:
                    holder, target = getattr(holder, target), part
                setattr(holder, target, value)


def take_out(names):
    """Remove these modules and what is inside them from sys.modules: {name: module}."""
    found = [name for name in names if name in sys.modules]
    if any(hasattr(sys.modules[name], "__path__") for name in found):
        found = [name for name in sys.modules if name.split(".")[0] in names]
    return {name: sys.modules.pop(name) for name in found}


@functools.lru_cache(64)
def compiled(data, path):
    """Code of a source text; kept, since checks load the same files again and again.

    Raises SyntaxError for a wrong encoding in a comment too: `import` of older Pythons lets it pass, a script does not.
    """
    try:
        importlib.util.decode_source(data)
    except (UnicodeDecodeError, SyntaxError) as error:
        line = data[: getattr(error, "start", 0)].count(b"\n") + 1
        raise SyntaxError(f"not UTF-8: {error}", (path, line, None, None)) from None
    return compile(data, path, "exec", dont_inherit=True)


class _Loader(importlib.abc.SourceLoader):
    """Compiles from the source alone: no byte code is read or written."""

    def __init__(self, homework, name, path):
        self.homework, self.name, self.path = homework, name, str(path)

    def get_filename(self, fullname):
        return self.path

    def get_data(self, path):
        text = self.homework.sources.get(Path(path).name)
        if text is not None and Path(path).parent == self.homework.folder:
            return text.encode("utf-8")
        return Path(path).read_bytes()

    def source_to_code(self, data, path):
        return compiled(bytes(data), path)

    def exec_module(self, module):
        super().exec_module(module)
        self.homework._patch(module)


class _FakeLoader(importlib.abc.Loader):
    def __init__(self, attributes):
        self.attributes = attributes

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        vars(module).update(self.attributes)


class _StubLoader(importlib.abc.Loader):
    """Stands for `utils.treebank`, `utils.glove`: any name can be imported, nothing can be called."""

    def create_module(self, spec):
        return _Stub(spec.name)

    def exec_module(self, module):
        pass


class _Stub(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {"__doc__": f"stub of {self.__name__}.{name}"})


# ---------------------------------------------------------------- one call


class Printed(io.StringIO):
    """Keeps the first MAX_PRINTED characters of what is printed and drops the rest."""

    def write(self, text):
        room = MAX_PRINTED - self.tell()
        if room > 0:
            super().write(text[:room])
        return len(text)


def seed_everything(seed):
    """Same random numbers for the same call, in every library that student code may draw from."""
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.default_generator.manual_seed(seed)  # the CPU's; torch.manual_seed is slow


def soil_memory():
    """Leave NaN in the small blocks that NumPy hands out next: an array that is never filled shows every time."""
    blocks = [
        np.empty(size) for size in range(1, 65) for _ in range(4)
    ]  # the next four of each size
    for block in blocks:
        block.fill(np.nan)


def perform(homework, probes, request):
    """Answer one request {kind: "call" or "probe", module, name, args, kwargs, seed}: plain data of the result.

    Raises whatever the student's code raises, and Refused for a result that is not plain data. Sets request["changed"]
    if a called function changed what it was given.
    """
    args, kwargs = request["args"], request["kwargs"]
    with warnings.catch_warnings(), np.errstate(), homework.active():
        warnings.simplefilter("ignore")
        if request["kind"] == "call":
            function, before = homework.find(request["name"]), encode([args, kwargs])
            bind(function, request["name"], args, kwargs)
        else:
            function = getattr(probes, request["name"])
            args = [homework, *args]
        seed_everything(request["seed"])
        soil_memory()
        result = function(*args, **kwargs)
        try:
            request["changed"] = request["kind"] == "call" and encode([args, kwargs]) != before
            return to_plain(result)
        except Refused as error:
            raise Refused(f"{request['name']} returned {error}") from None


def bind(function, name, args, kwargs):
    """Raise TypeError that shows the signature if the function does not take what the sheet's takes."""
    try:
        signature = inspect.signature(function)
        signature.bind(*args, **kwargs)
    except ValueError:
        return  # a built-in function: no signature to look at
    except TypeError as error:
        raise TypeError(
            f"{name}{signature} is called with {len(args) + len(kwargs)} arguments: {error}"
        ) from None


def describe(error, folder):
    """Plain description of an exception of student code: type, message, the blank that is empty, file and line."""
    text = "".join(char if char.isprintable() else " " for char in _message(error))[:2000]
    empty = re.search(r"blank (\S+) \(", text) if isinstance(error, NotImplementedError) else None
    where = ""
    frames = traceback.extract_tb(error.__traceback__)
    folder = str(Path(folder))
    for frame in frames:
        if frame.filename.startswith(folder):
            where = f"{Path(folder).name}/{Path(frame.filename).relative_to(folder).as_posix()}, line {frame.lineno}"
    if isinstance(error, SyntaxError) and error.filename and str(error.filename).startswith(folder):
        where = f"{Path(folder).name}/{Path(error.filename).name}, line {error.lineno}"
    return {
        "type": type(error).__name__,
        "message": text,
        "empty": empty.group(1) if empty else None,
        "where": where,
    }


def _message(error):
    if isinstance(error, SyntaxError):
        return str(error.msg)
    if isinstance(error, UnicodeDecodeError):
        return f"not UTF-8: byte {error.start}"
    try:
        return str(error)
    except BaseException:
        return "an exception that cannot be shown"


def load_probes(path):
    """Module of probes from a file, or an empty one if the homework has none."""
    if not Path(path).is_file():
        return types.SimpleNamespace(STAND_INS={})
    spec = importlib.util.spec_from_file_location(f"_probes_{Path(path).stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pick_stand_ins(probes, names):
    """{name: library call} of the stand-ins that a check names."""
    return {name: probes.STAND_INS[name] for name in names}


# ---------------------------------------------------------------- as a process of its own


def read_frame(pipe, limit=MAX_FRAME):
    """Body of the next frame; None at the end of the pipe. Raises Refused for a length past the limit."""
    head = _read(pipe, 8)
    if head is None:
        return None
    (size,) = struct.unpack("<Q", head)
    if size > limit:
        raise Refused(f"a frame of {size} bytes")
    return _read(pipe, size)


def write_frame(pipe, body):
    pipe.write(struct.pack("<Q", len(body)) + body)
    pipe.flush()


def _read(pipe, size):
    parts = []
    while size:
        part = pipe.read(min(size, 2**20))
        if not part:
            return None
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def serve(requests, answers, folder, probes_path):
    """Answer frames until the pipe closes. A call's exception, whatever it is, becomes an answer."""
    probes, loaded = load_probes(probes_path), {}
    while (body := read_frame(requests)) is not None:
        request = decode(body)
        key = request["module"], tuple(request["stand_ins"])
        printed = Printed()
        try:
            if key not in loaded:
                loaded[key] = Homework(folder, key[0], stand_ins=pick_stand_ins(probes, key[1]))
            with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
                answer = {"value": perform(loaded[key], probes, request)}
            answer = encode(
                {
                    **answer,
                    "nonce": request["nonce"],
                    "printed": printed.getvalue(),
                    "changed": request["changed"],
                }
            )
        except (
            BaseException
        ) as error:  # SystemExit and KeyboardInterrupt of student code are wrong answers too
            answer = encode(
                {
                    "error": describe(error, folder),
                    "nonce": request["nonce"],
                    "printed": printed.getvalue(),
                }
            )
        write_frame(answers, answer)


def main():
    folder, probes_path = sys.argv[1:3]
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):  # the pipe is ours: what student code prints goes elsewhere
        os.dup2(nowhere, standard)
    builtins.input = lambda prompt="": (_ for _ in ()).throw(
        EOFError("input() has nobody to ask while being checked")
    )
    serve(requests, answers, folder, probes_path)


if __name__ == "__main__":
    main()
