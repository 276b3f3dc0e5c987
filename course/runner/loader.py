"""Loads one homework folder's modules apart from everything else, with stubs in place of what a blank calls."""

import contextlib
import functools
import importlib
import importlib.abc
import importlib.util
import sys
import types
from collections.abc import Iterable, Iterator, Mapping
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import Any

LIBRARIES = {
    "numpy",
    "torch",
    "jieba",
    "matplotlib",
    "tqdm",
    "bertviz",
    "pytest",
    "course",
    "tests",
    "sklearn",
    "scipy",
    "gensim",
}
ORIGINAL_HANDOUT_PACKAGES = (
    "utils",
    "cs224d",
)  # imported by files of the original word2vec assignment, and not needed
OPTIONAL_LIBRARIES = (
    "sklearn",
    "scipy",
    "gensim",
)  # imported by handouts; placeholders where they are not installed
SCRIPTS = ("q3_run",)  # these train when imported: a file that imports one gets a placeholder

HIDDEN = "*"  # "model.*" among the stubs: the module is hidden, and whoever asks it for a name is stopped


def is_hidden(stub: str) -> bool:
    """True for the name of a stub that hides a whole module."""
    return stub.endswith(f".{HIDDEN}")


class MissingNameError(AttributeError):
    """The student's file lacks a name that the sheet asks for."""


class NotUtf8Error(SyntaxError):
    """A source file that is not UTF-8."""


class Homework:
    """The modules of one homework folder. They see each other while `active`, and leave nothing in sys.modules.

    tested: the module under test; a stub for another module hides that whole module. sources: {file name: text} that is
    used in place of the file. stubs: {"module.name": object}, library calls that replace what a blank calls; the last
    part may be a method ("model.GPT.logits"). placeholders: True for submissions, where SCRIPTS, the original
    assignment's packages and optional libraries are imported as placeholders; False imports the real files.
    """

    def __init__(
        self,
        folder: Path | str,
        tested: str = "model",
        sources: Mapping[str, str] | None = None,
        stubs: Mapping[str, Any] | None = None,
        placeholders: bool = True,
    ):
        self.folder = Path(folder)
        self.tested = tested
        self.sources = dict(sources or {})
        self.stubs = dict(stubs or {})
        self.placeholders = placeholders
        self._modules: dict[str, types.ModuleType] = {}
        self.shadowing = sorted(
            path.name
            for path in self.folder.glob("*.py")
            if path.stem in sys.stdlib_module_names | LIBRARIES
        )

    def module(self, name: str = "model") -> Any:
        """The student's module `name`. Raises ImportError that says which file is missing."""
        with self.active():
            if name in self._modules:
                return self._modules[name]
            if not self.has(name):
                raise ImportError(f"no file {self.folder.name}/{name.replace('.', '/')}.py")
            try:
                return importlib.import_module(name)
            except BaseException as error:
                error.failed_import = name  # type: ignore[attr-defined]
                raise

    def has(self, name: str) -> bool:
        """True if there is a file for the module `name`, or a stub of it."""
        return bool(self._path(name)) or name in self._stub_modules()

    def find(self, name: str) -> Any:
        """The student's object `name` of the module under test, "function" or "Class.method"."""
        target = self.module(self.tested)
        for part in name.split("."):
            if not hasattr(target, part):
                raise MissingNameError(f"{self.folder.name}/{self.tested}.py has no {name}")
            target = getattr(target, part)
        return target

    @contextlib.contextmanager
    def active(self) -> Iterator["Homework"]:
        """Inside: imports find this homework's files first. Afterwards sys.modules and sys.path are as before."""
        if any(finder is self for finder in sys.meta_path):
            yield self
            return
        names = (
            {path.stem for path in self.folder.glob("*.py")}
            | set(self._modules)
            | set(self._stub_modules())
            | set(ORIGINAL_HANDOUT_PACKAGES)
        )
        names -= sys.stdlib_module_names | LIBRARIES
        removed = remove_modules(names)
        path, written, meta = list(sys.path), sys.dont_write_bytecode, list(sys.meta_path)
        sys.modules.update(self._modules)
        sys.meta_path.insert(0, self)  # type: ignore[arg-type]
        sys.dont_write_bytecode = True
        try:
            yield self
        finally:
            sys.meta_path[:], sys.path[:], sys.dont_write_bytecode = meta, path, written
            remove_modules(_PlaceholderLoader.take_created())
            self._modules.update(remove_modules(names))
            sys.modules.update(removed)

    # -- the finder and loader that `active` puts in front

    def _path(self, name: str) -> Path | None:
        """File of the top-level or dotted module `name` in the folder, or None."""
        if name.split(".")[0] in sys.stdlib_module_names | LIBRARIES:
            return None
        base = self.folder.joinpath(*name.split("."))
        for path in (base.with_suffix(".py"), base / "__init__.py"):
            if path.is_file() or path.name in self.sources and path.parent == self.folder:
                return path
        return None

    def _stub_modules(self) -> dict[str, dict[str, Any]]:
        """{module name: {attribute: object}} of the stubs for other modules than the one under test."""
        modules: dict[str, dict[str, Any]] = {}
        for name, value in self.stubs.items():
            module, _, attribute = name.partition(".")
            if module != self.tested:
                modules.setdefault(module, {})[attribute] = value
        return modules

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        stub_modules, top = self._stub_modules(), name.split(".")[0]
        if self.placeholders:
            if name in SCRIPTS and name != self.tested:
                return importlib.util.spec_from_loader(name, _PlaceholderLoader())
            if top in OPTIONAL_LIBRARIES and not is_installed(top):
                return importlib.util.spec_from_loader(name, _PlaceholderLoader(), is_package=True)
        if name in stub_modules:
            return importlib.util.spec_from_loader(name, _StubLoader(stub_modules[name]))
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
        if self.placeholders and top in ORIGINAL_HANDOUT_PACKAGES:
            is_package = name in ORIGINAL_HANDOUT_PACKAGES
            return importlib.util.spec_from_loader(
                name, _PlaceholderLoader(), is_package=is_package
            )
        return None

    def invalidate_caches(self) -> None:
        """Nothing is cached by this finder."""

    def patch(self, module: types.ModuleType) -> None:
        for name, value in self.stubs.items():
            owner, _, attribute = name.partition(".")
            if owner == module.__name__:
                target, *rest = attribute.split(".")
                holder: Any = module
                for part in rest:
                    holder, target = getattr(holder, target), part
                setattr(holder, target, value)


@functools.cache
def is_installed(library: str) -> bool:
    return PathFinder.find_spec(library) is not None


def remove_modules(names: Iterable[str]) -> dict[str, types.ModuleType]:
    """Remove these modules and what is inside them from sys.modules: {name: module}."""
    names = set(names)
    loaded = [name for name in names if name in sys.modules]
    if any(hasattr(sys.modules[name], "__path__") for name in loaded):
        loaded = [name for name in sys.modules if name.split(".")[0] in names]
    return {name: sys.modules.pop(name) for name in loaded}


@functools.lru_cache(64)
def compile_source(data: bytes, path: str) -> types.CodeType:
    """Code of a source text; cached, since checks load the same files again and again.

    Raises NotUtf8Error for a wrong encoding in a comment too: `import` of older Pythons lets it pass, a script does not.
    """
    try:
        importlib.util.decode_source(data)
    except (UnicodeDecodeError, SyntaxError) as error:
        line = data[: getattr(error, "start", 0)].count(b"\n") + 1
        raise NotUtf8Error(f"not UTF-8: {error}", (path, line, None, None)) from None
    return compile(data, path, "exec", dont_inherit=True)


class _Loader(importlib.abc.SourceLoader):
    """Compiles from the source alone: no byte code is read or written."""

    def __init__(self, homework: Homework, name: str, path: Path):
        self.homework, self.name, self.path = homework, name, str(path)

    def get_filename(self, fullname):
        return self.path

    def get_data(self, path):
        text = self.homework.sources.get(Path(path).name)
        if text is not None and Path(path).parent == self.homework.folder:
            return text.encode("utf-8")
        return Path(path).read_bytes()

    def source_to_code(self, data: Any, path: Any) -> types.CodeType:
        return compile_source(bytes(data), path)

    def exec_module(self, module):
        super().exec_module(module)
        self.homework.patch(module)


class _HiddenModule(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        raise ImportError(f"this blank is written without {self.__name__}.py")


class _StubLoader(importlib.abc.Loader):
    def __init__(self, attributes: dict[str, Any]):
        self.attributes = attributes

    def create_module(self, spec):
        return _HiddenModule(spec.name) if HIDDEN in self.attributes else None

    def exec_module(self, module):
        vars(module).update(self.attributes)


class _PlaceholderLoader(importlib.abc.Loader):
    """Loads placeholders for `utils.treebank`, `utils.glove`: any name can be imported, nothing can be called."""

    _created: set[str] = set()  # names of placeholders since the last `take_created`

    @classmethod
    def take_created(cls) -> list[str]:
        """Names in sys.modules of the placeholders that were created; a search through all modules takes far longer."""
        names = [name for name in cls._created if type(sys.modules.get(name)) is _Placeholder]
        cls._created.clear()
        return names

    def create_module(self, spec):
        self._created.add(spec.name)
        return _Placeholder(spec.name)

    def exec_module(self, module):
        pass


class _Placeholder(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {"__doc__": f"stub of {self.__name__}.{name}"})
