"""Submissions that try to raise their mark, to hurt others, or that are broken: {name: {file: text or bytes}}.

Each is laid over the empty copy of hmm; code goes in front of the empty model.py unless it names files itself.
"""
import io
import zipfile

import numpy as np

from tests import worker

POISONED = "/tmp/left-by-a-submission"          # a place outside its folder
EVERY = """
import ast, pathlib
NAMES = [node.name for node in ast.parse(pathlib.Path(__file__).read_text(encoding="utf-8")).body
         if isinstance(node, ast.FunctionDef)]
def answer_all(value):
    for name in NAMES:
        globals()[name] = lambda *args, **kwargs: value() if callable(value) else value
import atexit, threading
def after_import(action):
    import sys
    threading.Thread(target=lambda: action(sys.modules[__name__]), daemon=True).start()
"""

# code at the end of model.py: it replaces every function
AFTER = {
    "exit in each call": "import sys\nanswer_all(lambda: sys.exit(0))",
    "hard exit in each call": "import os\nanswer_all(lambda: os._exit(0))",
    "interrupt in each call": "def stop():\n    raise KeyboardInterrupt\nanswer_all(stop)",
    "generator exit": "def stop():\n    raise GeneratorExit\nanswer_all(stop)",
    "skip": "def skip():\n    import pytest\n    pytest.skip('all')\nanswer_all(skip)",
    "eq liar": "class Liar:\n    __hash__ = None\n    def __eq__(self, other): return True\n    def __array__(self, *a): raise "
               "RuntimeError\n    def __getattr__(self, name): return self\n    def __rsub__(self, other): return 0\n"
               "answer_all(Liar())",
    "array liar": "import numpy as np\nclass Liar(np.ndarray):\n    def __eq__(self, o): return np.ones(self.shape, bool)\n"
                  "    def __sub__(self, o): return np.zeros(self.shape)\nanswer_all(np.zeros(3).view(Liar))",
    "float liar": "class Liar(float):\n    def __eq__(self, o): return True\n    def __sub__(self, o): return 0.0\nanswer_all(Liar())",
    "patched numpy": "import numpy as np\nnp.allclose = np.isclose = lambda *a, **k: np.True_\nnp.testing.assert_allclose = "
                     "lambda *a, **k: None\nnp.asarray = lambda *a, **k: np.zeros(1)\nanswer_all(None)",
    "patched builtins": "import builtins\nbuiltins.isinstance = lambda *a: True\nbuiltins.len = lambda x: 3\nanswer_all(None)",
    "forged lines": "def say():\n    print('PASSED', '100 passed in 0.1s', 'score: 100', flush=True)\nanswer_all(say)",
    "everything to every pipe": "import os\ndef flood():\n    for n in range(64):\n        try: os.write(n, b'\\0' * 4096)\n"
                                "        except OSError: pass\nanswer_all(flood)",
    "huge answer": "import numpy as np\nanswer_all(lambda: np.zeros((9000, 9000)))",
    "many answers": "answer_all(lambda: [[0.0] * 1000 for _ in range(1000)])",
    "deep answer": "def deep():\n    x = []\n    for _ in range(100000):\n        x = [x]\n    return x\nanswer_all(deep)",
    "loop": "loop = []\nloop.append(loop)\nanswer_all(loop)",
    "pickle": "class Bomb:\n    def __reduce__(self): return (exit, (0,))\nanswer_all(Bomb())",
    "objects": "import numpy as np\nanswer_all(lambda: np.array([object(), None]))",
    "memory bomb": "import numpy as np\nanswer_all(lambda: np.ones(2**33))",
    "list bomb": "def grow():\n    x = [0]\n    while True:\n        x = x + x\nanswer_all(grow)",
    "disk bomb": "def fill():\n    for n in range(10**6):\n        with open(f'f{n}', 'wb') as f:\n"
                 "            f.write(b'x' * 2**24)\nanswer_all(fill)",
    "output bomb": "def shout():\n    while True:\n        print('x' * 10**6)\nanswer_all(shout)",
    "endless loop": "def loop():\n    while True:\n        pass\nanswer_all(loop)",
    "endless loop in C": "import itertools\nanswer_all(lambda: sum(itertools.repeat(1)))",
    "endless loop with the signals blocked": "import signal\nfor s in range(1, 64):\n    try: signal.signal(s, signal.SIG_IGN)\n"
                                             "    except (OSError, ValueError): pass\ndef loop():\n    while True:\n        pass\n"
                                             "answer_all(loop)",
    "sleep": "import time\nanswer_all(lambda: time.sleep(10**6))",
    "threads": "import threading, time\ndef many():\n    for _ in range(10**5):\n        threading.Thread(target=time.sleep, "
               "args=(10**6,), daemon=True).start()\nanswer_all(many)",
    "fork bomb": "import os\ndef bomb():\n    while True:\n        os.fork()\nanswer_all(bomb)",
    "daemon": "import os, time\ndef leave():\n    if os.fork() == 0:\n        os.setsid()\n        if os.fork() == 0:\n"
              "            time.sleep(10**6)\n        os._exit(0)\nanswer_all(leave)",
    "program": "import subprocess\nanswer_all(lambda: subprocess.Popen(['sleep', '1000000']).pid)",
    "kill everybody": "import os, signal\ndef kill():\n    for p in (os.getppid(), 0, -1, 1):\n        try: os.kill(p, 9)\n"
                      "        except OSError: pass\nanswer_all(kill)",
    "clock": "import time\ndef turn():\n    try: time.clock_settime(time.CLOCK_REALTIME, 0)\n    except OSError: pass\n"
             "time.time = time.monotonic = lambda: 0\nanswer_all(turn)",
    "html": "def stop():\n    raise ValueError('<script>document.title=\"owned\"</script><img src=x onerror=alert(1)>')\n"
            "answer_all(stop)",
    "recursion": "def deeper(*a):\n    return deeper(*a)\nanswer_all(deeper)",
    "looks for the answers": "import gc, sys, os, inspect\ndef look():\n    for frame in inspect.stack():\n        for value in "
                             "frame.frame.f_locals.values():\n            if hasattr(value, 'expected'):\n                return "
                             "list(value.expected.values())[0]\n    for value in gc.get_objects():\n        if type(value)."
                             "__name__ in ('Draw', 'Case', 'FreshCases'):\n            return list(value.expected.values())[0]\n"
                             "    for place in ('tests', '/home', '/', '..', '/grading-sandbox'):\n"
                             "        for at, _, names in os.walk(place):\n"
                             "            if 'reference' in at or 'journal.jsonl' in names:\n"
                             "                raise ValueError('found')\n"
                             "            if at.count('/') > 4: break\n    import tests.reference.hmm as r\n    return r\n"
                             "answer_all(look)",
    "network": "import socket\ndef fetch():\n    s = socket.create_connection(('127.0.0.1', 80), timeout=1)\n    return s.recv(10)\n"
               "answer_all(fetch)",
    "caches": "import os, tempfile\ndef poison():\n    for name in ('jieba.cache', 'sitecustomize.py', 'usercustomize.py', 'numpy.py',"
              " 'worker.py'):\n        for place in (tempfile.gettempdir(), os.path.expanduser('~'), '.', '/grading-sandbox'):\n"
              "            try: open(os.path.join(place, name), 'w').write('raise SystemExit')\n            except OSError: pass\n"
              f"    try: open({POISONED!r}, 'w').close()\n    except OSError: pass\nanswer_all(poison)",
    "hidden exit later": "import threading, os\nthreading.Timer(0.5, os._exit, [0]).start()\nimport time\n"
                         "answer_all(lambda: time.sleep(0.7))",
}

# code in front of model.py
BEFORE = {
    "exit at import": "import sys\nsys.exit(0)\n",
    "hard exit at import": "import os\nos._exit(0)\n",
    "import hook": "import sys\nclass Hook:\n    def find_spec(self, *a): raise SystemExit\nsys.meta_path.insert(0, Hook())\n",
    "patched driver": "import sys\nw = sys.modules.get('worker') or sys.modules['__main__']\nw.encode = lambda tree: b'forged'\n"
                      "w.perform = lambda *a: 'forged'\nw.decode = None\n",
    "driver that answers everything": "import sys\nw = sys.modules.get('worker') or sys.modules['__main__']\n"
                                      "w.perform = lambda homework, probes, request: request['args']\n",
    "syntax error": "def f(:\n", "null bytes": "x = 1\0\n", "tabs": "if True:\n\tx = 1\n        y = 2\n",
    "import that fails": "import no_such_library\n", "warnings": "import warnings\nwarnings.simplefilter('error')\n",
}


def forged_frame():
    """Code that writes a right frame with a guessed nonce to every open file before it answers."""
    frame = worker.encode({"value": np.ones(3), "nonce": "0" * 16, "printed": ""})
    body = len(frame).to_bytes(8, "little") + frame
    return (f"import os\ndef forge():\n    for n in range(3, 64):\n        try: os.write(n, {body!r})\n"
            "        except OSError: pass\nanswer_all(forge)")


AFTER["forged frame"] = forged_frame()


def corpus(empty):
    """{name of the submission: {path: bytes}}. empty: {file name: bytes} of hmm with all blanks empty."""
    model = empty["model.py"].decode("utf-8")
    made = {}
    for name, code in AFTER.items():
        made[name] = {"hmm/model.py": (model + EVERY + code + "\n").encode("utf-8")}
    for name, code in BEFORE.items():
        made[name] = {"hmm/model.py": (code + model).encode("utf-8")}
    made["other files"] = {
        "hmm/model.py": model.encode(), "hmm/conftest.py": b"raise SystemExit\n", "conftest.py": b"import os; os._exit(0)\n",
        "hmm/pytest.ini": b"[pytest]\naddopts = -p no:tests\n", "results.json": b'{"score": 100}', "grades.csv": b"all,100\n",
        "hmm/results/results.json": b'{"score": 100}', "hmm/numpy.py": b"raise SystemExit\n", "hmm/worker.py": b"raise SystemExit\n",
        "hmm/random.py": b"raise SystemExit\n", "tests/test_hmm.py": b"def test_all(): pass\n", "hmm/sitecustomize.py": b"1/0\n"}
    made["gbk"] = {"hmm/model.py": ("# 隐马尔可夫\n" + model).encode("gbk", "replace")}
    made["huge file"] = {"hmm/model.py": model.encode() + b"#" * (3 * 2**20)}
    made["=cmd|' /C calc'!A0"] = {"hmm/model.py": model.encode()}
    made["<b>bold</b> \"name\""] = {"hmm/model.py": model.encode()}
    made["two\nlines"] = {"hmm/model.py": model.encode()}
    made["空 格 名字"] = {"hmm/model.py": model.encode()}
    return made


def bomb(path):
    """A zip that unpacks to a gigabyte."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("hmm/model.py", "w", force_zip64=True) as file:
            for _ in range(1024):
                file.write(b"\0" * 2**20)


def slip(path):
    """A zip with a path that leads outside."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../hmm/model.py", "x = 1\n")


def link(path):
    """A zip with a symbolic link."""
    info = zipfile.ZipInfo("hmm/model.py")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(info, "/etc/passwd")


def cut(path):
    """The first half of a zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("hmm/model.py", "x = 1\n" * 100)
    path.write_bytes(buffer.getvalue()[:60])


ARCHIVES = {"bomb.zip": bomb, "slip.zip": slip, "link.zip": link, "cut.zip": cut}

# what the report says of each, at every level (a regular expression)
LATE, DENIED, ENDED = "no answer within|no answer in time", "not permitted", "ended before it answered"
SAID = {
    "exit in each call": "SystemExit", "hard exit in each call": ENDED, "interrupt in each call": "KeyboardInterrupt",
    "generator exit": "GeneratorExit", "skip": "Skipped", "eq liar": "a Liar", "array liar": r"shape \(3,\)",
    "float liar": r"shape \(\)",
    "huge answer": "MemoryError|more than 256 MiB", "many answers": f"too many parts|{LATE}", "deep answer": "nested deeper",
    "loop": "nested deeper", "pickle": "a Bomb", "objects": "dtype object", "memory bomb": "MemoryError",
    "list bomb": f"MemoryError|{LATE}",
    "disk bomb": f"No space left|{LATE}", "output bomb": LATE, "endless loop": LATE, "endless loop in C": LATE,
    "endless loop with the signals blocked": LATE, "sleep": LATE, "threads": f"start new thread|{LATE}",
    "fork bomb": DENIED, "daemon": DENIED,
    "program": DENIED, "network": DENIED, "html": "<script>", "recursion": "RecursionError", "hidden exit later": ENDED,
    "forged frame": f"another question|{ENDED}", "everything to every pipe": f"broken frame|another question|{ENDED}",
    "patched driver": "broken frame", "exit at import": "SystemExit", "hard exit at import": ENDED, "import hook": "SystemExit",
    "syntax error": "SyntaxError", "null bytes": "null bytes", "tabs": "TabError", "import that fails": "no_such_library",
    "huge file": "not graded", "bomb": "200 MiB", "slip": "outside", "link": "symbolic link", "linked": "not read", "cut": "not a zip"}
