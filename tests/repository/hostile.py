"""The hostile corpus: submissions that try to raise their mark or to harm others, and broken ones.

Each is the empty copy of hmm with code added at the end (AFTER) or at the beginning (BEFORE) of model.py, with
other files, or a malformed archive (ARCHIVES). EXPECTED_MESSAGES has what the student's report must say.
"""

import io
import platform
import zipfile

import numpy as np

from course.homeworks import ROOT
from course.runner import protocol
from grading.sandbox import seccomp

POISONED = "/tmp/left-by-a-submission"  # a file outside the submission's folder
# Put before the code of AFTER: replaces all functions of model.py, or acts once the module is imported.
REPLACE_ALL = """
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
# Makes system calls by name, also where Python has no function for them, and reports whether all are denied.
MACHINE = seccomp.MACHINES.get(platform.machine(), seccomp.MACHINES["x86_64"])
SYSTEM_CALLS = f"""
import ctypes, errno, os
NUMBERS = {MACHINE.calls!r}
LIBRARY = ctypes.CDLL(None, use_errno=True)
if True:  # not at the top level: answer_all replaces the functions there
    def call(name, *args):
        return LIBRARY.syscall(NUMBERS.get(name, name), *args)
    def all_denied(tries):
        # tries: (name, function that raises OSError, or returns what a system call does)
        for name, action in tries:
            try:
                got = action()
            except OSError as error:
                number = error.errno
            else:
                number = ctypes.get_errno() if got == -1 else 0
            if number != errno.EPERM: raise SystemExit('possible: ' + name + ' ' + os.strerror(number))
        raise PermissionError('not permitted')
"""
# For attacks on files that other submissions need.
SPOIL = (
    SYSTEM_CALLS
    + """
import sys
if True:
    def neighbours():
        # files that belong to the user who grades, or to nobody in particular
        inside = os.path.dirname(sys.modules['course.runner.worker'].__file__)
        for _ in range(3): inside = os.path.dirname(inside)
        return [os.path.join(inside, 'probes', 'hmm.py'), os.path.join(inside, 'probes'), inside, os.__file__, 'mine.txt']
open('mine.txt', 'w').close()
"""
)
# For forging answers: finds the worker's local variables (nonce, output) from another thread.
FRAMES = """
import sys, threading
import numpy as np
from course.runner import protocol
main = threading.main_thread().ident
walk = lambda frame: frame if frame.f_code.co_name == "serve" else walk(frame.f_back)
found = lambda name: walk(sys._current_frames()[main]).f_locals[name]
nonce = lambda: found("nonce")
send = lambda answer: protocol.write_frame(found("answers"), protocol.encode(answer))
"""

# name: code at the end of model.py, which replaces every function
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
    "    def __sub__(self, o): return np.zeros(self.shape)\nanswer_all(np.ones(3).view(Liar))",
    "float liar": "class Liar(float):\n    def __eq__(self, o): return True\n    def __sub__(self, o): return 0.0\nanswer_all(Liar(1))",
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
    "shared memory": "import mmap\ndef take():\n    kept = mmap.mmap(-1, 2**34)\n    for at in range(0, 2**34, 4096):\n"
    "        kept[at] = 1\nanswer_all(take)",
    "files in memory": "import os\ndef take():\n    for _ in range(100):\n        handle = os.memfd_create('x')\n"
    "        for _ in range(60):\n            os.write(handle, bytes(2**20))\nanswer_all(take)",
    "memory that stays": "import ctypes\ndef take():\n"
    "    if ctypes.CDLL(None).shmget(0, 2**20, 0o1600) < 0: raise PermissionError('shmget')\nanswer_all(take)",
    "many small files": "def fill():\n    for n in range(10**9):\n        open(f'f{n}', 'w').close()\nanswer_all(fill)",
    "tower of folders": "import os\ndef build():\n    for _ in range(5000):\n        os.mkdir('x')\n        os.chdir('x')\n"
    "answer_all(build)",
    "locked folder": "import os\ndef lock():\n    os.makedirs('a/b', exist_ok=True)\n    os.chmod('a', 0)\nanswer_all(lock)",
    "link in place of its folder": "import os\ndef swap():\n    home = os.environ['HOME']\n    os.rename(home, home + 'x')\n"
    "    os.symlink('/usr', home)\nanswer_all(swap)",
    "leaves its group": "import ctypes, os, time\ndef leave():\n    ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)\n"
    "    try: os.setsid()\n    except OSError: pass\n    time.sleep(10**6)\nanswer_all(leave)",
    "signals by other names": SYSTEM_CALLS + "def kill():\n    parent = os.getppid()\n"
    "    done = [call('tgkill', parent, parent, 9), call('rt_sigqueueinfo', parent, 9, bytes(128)),\n"
    "            call('pidfd_send_signal', call('pidfd_open', parent, 0), 9, None, 0), call(0x40000000 + 62, parent, 9)]\n"
    "    if any(got == 0 for got in done): raise SystemExit('killed')\nanswer_all(kill)",
    "signal when a file is ready": "import fcntl, os\ndef kill():\n    r, w = os.pipe()\n    fcntl.fcntl(r, 8, os.getppid())\n"
    "    fcntl.fcntl(r, 10, 9)\n    fcntl.fcntl(r, fcntl.F_SETFL, os.O_ASYNC)\n    os.write(w, b'x')\nanswer_all(kill)",
    "other people's limits": "import os, resource\ndef limit():\n"
    "    resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (0, 0))\nanswer_all(limit)",
    "watches others' files": SYSTEM_CALLS + "def watch():\n"
    "    if call('inotify_add_watch', call('inotify_init1', 0), b'/tmp', 0xfff) < 0: raise PermissionError('watch')\nanswer_all(watch)",
    "other people's turn": "import os\ndef slow():\n    os.setpriority(os.PRIO_USER, os.getuid(), 19)\nanswer_all(slow)",
    "higher limits": "import resource\ndef more():\n    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2)\n"
    "answer_all(more)",
    "all cores": "import threading\nimport numpy as np\ndef sort():\n    while True:\n        np.sort(np.random.rand(10**6))\n"
    "def start():\n    for _ in range(30):\n        threading.Thread(target=sort, daemon=True).start()\n    sort()\n"
    "answer_all(start)",
    "stops itself": "import os, signal\nanswer_all(lambda: os.kill(os.getpid(), signal.SIGSTOP))",
    "crash": "import ctypes\nanswer_all(lambda: ctypes.string_at(8))",
    "closes everything": "import os\nanswer_all(lambda: os.closerange(0, 1000))",
    "large number": "answer_all(lambda: 2**70)",
    "bools of another kind": "import numpy as np\nanswer_all(lambda: np.full(3, 2, np.uint8).view(bool))",
    "class liar": "import numpy as np\nclass Liar:\n    __class__ = np.ndarray\n"
    "    shape, dtype, ndim = (3,), np.dtype(float), 1\n    def __array__(self, *a, **k): return np.ones(3)\n"
    "    def detach(self): return self\n    cpu = numpy = detach\nanswer_all(Liar())",
    "endless list": "class Endless(list):\n    def __iter__(self):\n        while True: yield 0\nanswer_all(Endless())",
    "loud error": "def stop():\n    raise type('E' * 10**6 + '\\n<i>', (Exception,), {})('x' * 10**7)\nanswer_all(stop)",
    "error that never ends": "class Slow(Exception):\n    def __str__(self):\n        while True: pass\ndef stop():\n"
    "    raise Slow\nanswer_all(stop)",
    "patched conversion": "import json\nimport numpy as np\nnp.array = np.ascontiguousarray = lambda *a, **k: np.ones(3)\n"
    "json.dumps = lambda *a, **k: '{}'\nanswer_all(lambda: np.ones(3))",
    "poisoned modules": "import sys\nfor name in ('numpy', 'json', 'struct', 'traceback', 'inspect', 'course.runner.worker'):\n"
    "    sys.modules[name] = None\nanswer_all(1)",
    "frames by the dozen": FRAMES + "def forge():\n    for _ in range(10**4):\n"
    "        send({'value': np.zeros(2**20), 'nonce': nonce()})\nanswer_all(forge)",
    "forged error": FRAMES + "def forge():\n"
    "    error = dict(type='Wrong', message='x' * 10**6, where='y' * 10**6, empty='z' * 10**6)\n"
    "    error.update(kind='', importing='', empty_file=None)\n"
    "    send({'error': error, 'nonce': nonce()})\n"
    "answer_all(forge)",
    "forged tree": FRAMES
    + "def forge():\n    text = b'{\"arrays\": [], \"tree\": [' + b'{},' * 10**7 + b'0]}'\n"
    "    body = len(text).to_bytes(4, 'little') + text\n    protocol.write_frame(found('answers'), body)\nanswer_all(forge)",
    "answers from a thread": FRAMES + "def forge():\n    def later():\n"
    "        while True: send({'value': 1.0, 'nonce': nonce()})\n    threading.Thread(target=later, daemon=True).start()\n"
    "answer_all(forge)",
    "remembers": "import builtins\nbuiltins.seen = []\ndef answer(*a, **k):\n    builtins.seen.append(a)\n"
    "    return builtins.seen[0]\nfor name in NAMES: globals()[name] = answer",
    "looks at everybody": "import glob, json, os, sys\ndef look(*a, **k):\n    for path in glob.glob('/proc/[0-9]*/cmdline'):\n"
    "        words = open(path).read().split('\\0')\n"
    "        if '--out' in words: raise SystemExit(open(words[words.index('--out') + 1] + '/run.json').read())\n"
    f"    sys.path.insert(0, {str(ROOT)!r})\n    import tests.reference.hmm\n    raise SystemExit('found')\nanswer_all(look)",
    "writes over the worker": "import os, sys\ndef write():\n"
    "    place = os.path.dirname(sys.modules['course.runner.worker'].__file__)\n"
    "    for at, _, names in os.walk(place):\n"
    "        for name in names: open(os.path.join(at, name), 'w').write('raise SystemExit')\nanswer_all(write)",
    "unreadable probes": SPOIL + "def spoil():\n"
    "    all_denied([('chmod ' + path, lambda path=path: os.chmod(path, 0)) for path in neighbours()])\nanswer_all(spoil)",
    "other people's times": SPOIL + "def spoil():\n"
    "    all_denied([('utime ' + path, lambda path=path: os.utime(path, (0, 0))) for path in neighbours()])\n"
    "answer_all(spoil)",
    "other people's files become its own": SPOIL + "def spoil():\n"
    "    all_denied([('chown ' + path, lambda path=path: os.chown(path, os.getuid(), os.getgid()))\n"
    "                for path in neighbours()] + [('lchown', lambda: os.lchown('mine.txt', -1, -1)),\n"
    "               ('fchown', lambda: os.fchown(os.open('mine.txt', 0), -1, -1))])\nanswer_all(spoil)",
    "attributes by handle": SPOIL + "def spoil():\n    handle = os.open(os.__file__, os.O_RDONLY)\n"
    "    all_denied([('fchmod', lambda: os.fchmod(handle, 0)), ('utime', lambda: os.utime(handle)),\n"
    "                ('fsetxattr', lambda: os.setxattr(handle, 'user.x', b'x')),\n"
    "                ('fchmodat2', lambda: call('fchmodat2', -100, b'mine.txt', 0, 0))])\nanswer_all(spoil)",
    "labels on files": SPOIL + "def spoil():\n"
    "    all_denied([('setxattr ' + path, lambda path=path: os.setxattr(path, 'user.x', b'x')) for path in neighbours()]\n"
    "               + [('removexattr', lambda: os.removexattr('mine.txt', 'user.x')),\n"
    "                  ('setxattrat', lambda: call('setxattrat', -100, b'mine.txt', 0, b'user.x', None, 0))])\n"
    "answer_all(spoil)",
    "empties readable files": SPOIL + "def spoil():\n"
    "    all_denied([('open', lambda: os.open('mine.txt', os.O_RDONLY | os.O_TRUNC)),\n"
    "                ('open by neither', lambda: os.open('mine.txt', 3 | os.O_TRUNC)),\n"
    "                ('truncate', lambda: os.truncate('mine.txt', 0)),\n"
    "                *(('truncate ' + path, lambda path=path: os.truncate(path, 0)) for path in neighbours())])\n"
    "answer_all(spoil)",
    "lease on a file": SPOIL
    + "import fcntl\ndef lease():\n    own = os.open('mine.txt', os.O_RDONLY)\n"
    "    other = os.open(os.__file__, os.O_RDONLY)\n"
    "    all_denied([(f'{command} {kind}', lambda handle=handle, command=command, kind=kind:\n"
    "                 fcntl.fcntl(handle, command, kind)) for handle in (own, other) for command in (1024, 1026, 1040)\n"
    "                for kind in (0, 1)])\nanswer_all(lease)",
    "signal by ioctl": SPOIL
    + "import fcntl, socket, struct\ndef kill():\n    ours, theirs = socket.socketpair()\n"
    "    target = struct.pack('i', os.getppid())\n"
    "    all_denied([(hex(request), lambda request=request, value=value: fcntl.ioctl(ours, request, value))\n"
    "                for request, value in ((0x8901, target), (0x8902, target), (0x5452, struct.pack('i', 1)))])\n"
    "answer_all(kill)",
    "types into a terminal": SPOIL
    + "import fcntl\ndef type_in():\n    handle = os.open('/dev/null', os.O_RDWR)\n"
    "    all_denied([(hex(request), lambda request=request: fcntl.ioctl(handle, request, b'x'))\n"
    "                for request in (0x5412, 0x540E, 0x541C)])\nanswer_all(type_in)",
    "System V objects": SPOIL + "def take():\n"
    "    all_denied([(name, lambda name=name, args=args: call(name, *args)) for name, args in (\n"
    "        ('shmget', (0, 4096, 0o1600)), ('shmat', (0, None, 0)), ('shmctl', (0, 0, None)), ('semget', (0, 1, 0o1600)),\n"
    "        ('semop', (0, None, 0)), ('semctl', (0, 0, 0, None)), ('msgget', (0, 0o1600)), ('msgsnd', (0, None, 0, 0)),\n"
    "        ('msgrcv', (0, None, 0, 0, 0)), ('msgctl', (0, 0, None)), ('mq_open', (b'x', 0o102, 0o600, None)),\n"
    "        ('mq_unlink', (b'x',)))])\nanswer_all(take)",
    "larger pipes": SPOIL + "import fcntl\ndef take():\n    r, w = os.pipe()\n"
    "    all_denied([('F_SETPIPE_SZ', lambda: fcntl.fcntl(w, 1031, 2**20))])\nanswer_all(take)",
    "the seed in the state": "import hashlib, numpy as np\ndef look():\n"
    "    raise ValueError('the state begins with ' + str(np.random.get_state()[1][0]))\nanswer_all(look)",
    "hidden exit later": "import threading, os\nthreading.Timer(0.5, os._exit, [0]).start()\nimport time\n"
    "answer_all(lambda: time.sleep(0.7))",
}

# name: code at the beginning of model.py
BEFORE = {
    "exit at import": "import sys\nsys.exit(0)\n",
    "hard exit at import": "import os\nos._exit(0)\n",
    "import hook": "import sys\nclass Hook:\n    def find_spec(self, *a): raise SystemExit\nsys.meta_path.insert(0, Hook())\n",
    "patched driver": "import sys\nw = sys.modules['course.runner.worker']\nw.encode = lambda tree: b'forged'\n"
    "w.perform = lambda *a: 'forged'\nw.decode = None\n",
    "driver that answers everything": "import sys\nw = sys.modules['course.runner.worker']\n"
    "w.perform = lambda homework, probes, request: request['args']\n",
    "syntax error": "def f(:\n",
    "null bytes": "x = 1\0\n",
    "tabs": "if True:\n\tx = 1\n        y = 2\n",
    "import that fails": "import no_such_library\n",
    "warnings": "import warnings\nwarnings.simplefilter('error')\n",
}


def forged_frame():
    """Code that writes a well-formed answer with a guessed nonce to every open file before it answers."""
    frame = protocol.encode({"value": np.ones(3), "nonce": "0" * 16, "printed": ""})
    body = len(frame).to_bytes(8, "little") + frame
    return (
        f"import os\ndef forge():\n    for n in range(3, 64):\n        try: os.write(n, {body!r})\n"
        "        except OSError: pass\nanswer_all(forge)"
    )


AFTER["forged frame"] = forged_frame()


def corpus(empty):
    """{name of the submission: {path: bytes}}, without ARCHIVES.

    empty: {file name: bytes} of hmm with all blanks empty.
    """
    model = empty["model.py"].decode("utf-8")
    submissions = {}
    for name, code in AFTER.items():
        submissions[name] = {"hmm/model.py": (model + REPLACE_ALL + code + "\n").encode("utf-8")}
    for name, code in BEFORE.items():
        submissions[name] = {"hmm/model.py": (code + model).encode("utf-8")}
    submissions["other files"] = {
        "hmm/model.py": model.encode(),
        "hmm/conftest.py": b"raise SystemExit\n",
        "conftest.py": b"import os; os._exit(0)\n",
        "hmm/pytest.ini": b"[pytest]\naddopts = -p no:tests\n",
        "results.json": b'{"score": 100}',
        "grades.csv": b"all,100\n",
        "hmm/results/results.json": b'{"score": 100}',
        "hmm/numpy.py": b"raise SystemExit\n",
        "hmm/worker.py": b"raise SystemExit\n",
        "hmm/course.py": b"raise SystemExit\n",
        "hmm/random.py": b"raise SystemExit\n",
        "tests/test_hmm.py": b"def test_all(): pass\n",
        "hmm/sitecustomize.py": b"1/0\n",
    }
    submissions["gbk"] = {"hmm/model.py": ("# 隐马尔可夫\n" + model).encode("gbk", "replace")}
    submissions["huge file"] = {"hmm/model.py": model.encode() + b"#" * (3 * 2**20)}
    submissions["=cmd|' /C calc'!A0"] = {"hmm/model.py": model.encode()}
    submissions['<b>bold</b> "name"'] = {"hmm/model.py": model.encode()}
    submissions["two\nlines"] = {"hmm/model.py": model.encode()}
    submissions["空 格 名字"] = {"hmm/model.py": model.encode()}
    return submissions


def bomb(path):
    """Write a zip that unpacks to a gigabyte."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("hmm/model.py", "w", force_zip64=True) as file:
            for _ in range(1024):
                file.write(b"\0" * 2**20)


def slip(path):
    """Write a zip with a path that leads outside its folder."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../hmm/model.py", "x = 1\n")


def link(path):
    """Write a zip with a symbolic link."""
    info = zipfile.ZipInfo("hmm/model.py")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(info, "/etc/passwd")


def cut(path):
    """Write the first 60 bytes of a zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("hmm/model.py", "x = 1\n" * 100)
    path.write_bytes(buffer.getvalue()[:60])


ARCHIVES = {"bomb.zip": bomb, "slip.zip": slip, "link.zip": link, "cut.zip": cut}

# {name: regular expression of what the report must say}, at every isolation level
LATE, DENIED, ENDED = "no answer within", "not permitted", "ended before it answered"
# Attacks on what other submissions need; the tests also run them one by one.
SPOILING = (
    "unreadable probes",
    "other people's times",
    "other people's files become its own",
    "attributes by handle",
    "labels on files",
    "empties readable files",
    "lease on a file",
    "signal by ioctl",
    "types into a terminal",
    "System V objects",
    "larger pipes",
)
EXPECTED_MESSAGES = {
    "shared memory": "Cannot allocate memory",
    "files in memory": DENIED,
    "memory that stays": "shmget",
    "tower of folders": f"{LATE}|nothing was returned|No space left",
    "link in place of its folder": "Permission denied|Read-only",
    "leaves its group": LATE,
    "signal when a file is ready": DENIED,
    "other people's limits": f"{DENIED}|{ENDED}",
    "watches others' files": "watch",
    "other people's turn": DENIED,
    "higher limits": "not allowed to raise",
    "stops itself": f"{LATE}|nothing was returned|non-iterable NoneType|None came back",
    "crash": ENDED,
    "closes everything": ENDED,
    "large number": "past 64 bits",
    "bools of another kind": r"shape \(3,\)",
    "class liar": r"shape \(3,\)",
    "endless list": f"MemoryError|{LATE}",
    "loud error": "EEEE",
    "error that never ends": LATE,
    "patched conversion": "broken frame",
    "frames by the dozen": f"shape|an answer to another request|{ENDED}",
    "forged error": "zzzz",
    "forged tree": "broken frame",
    "answers from a thread": f"shape|an answer to another request|{ENDED}",
    "looks at everybody": "No module named|found",
    "writes over the worker": "Read-only|Permission denied",
    "exit in each call": "SystemExit",
    "hard exit in each call": ENDED,
    "interrupt in each call": "KeyboardInterrupt",
    "generator exit": "GeneratorExit",
    "skip": "Skipped",
    "eq liar": "a Liar|type Liar",
    "array liar": r"shape \(3,\)",
    "float liar": r"a single number|shape \(\)",
    "huge answer": "MemoryError|more than 256 MiB",
    "many answers": f"too many parts|{LATE}",
    "deep answer": "nested deeper",
    "loop": "nested deeper",
    "pickle": "a Bomb|type Bomb",
    "objects": "dtype object",
    "memory bomb": "MemoryError",
    "list bomb": f"MemoryError|{LATE}",
    "disk bomb": f"No space left|{LATE}",
    "output bomb": LATE,
    "endless loop": LATE,
    "endless loop in C": LATE,
    "endless loop with the signals blocked": LATE,
    "sleep": LATE,
    "threads": f"start new thread|{LATE}",
    "fork bomb": DENIED,
    "daemon": DENIED,
    "program": DENIED,
    "network": DENIED,
    "html": "<script>",
    "recursion": "RecursionError",
    **dict.fromkeys(SPOILING, DENIED),
    "the seed in the state": "the state begins with",
    "hidden exit later": ENDED,
    "forged frame": f"another (?:question|request)|{ENDED}",
    "everything to every pipe": f"broken frame|another (?:question|request)|{ENDED}",
    "patched driver": "broken frame",
    "exit at import": "SystemExit",
    "hard exit at import": ENDED,
    "import hook": "SystemExit",
    "syntax error": "SyntaxError",
    "null bytes": "null bytes",
    "tabs": "TabError",
    "import that fails": "no_such_library",
    "huge file": "not graded",
    "bomb": "not graded",
    "slip": "outside",
    "link": "a link or device, not followed",
    "linked": "a link or device, not followed",
    "cut": "not a zip",
}
