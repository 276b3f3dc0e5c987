"""The code that all scripts share (templates/): flags, printed commands, the folder of a run, devices."""

import inspect
import os
import re
import shlex
import subprocess
import sys

import pytest
import torch

from course.homeworks import HOMEWORKS, ROOT
from course.solved import load_solved
from tests.repository.children import split_command

GPT = load_solved("gpt_songci")
CLI, TRAINING, DEVICES = (GPT.module(name) for name in ("cli", "training", "devices"))
OTHER_NAMES = set(CLI.SYNONYMS) - {"steps"}  # gradient_flow.py: steps of a sequence
SCRIPTS = [
    (homework, path.stem)
    for homework in HOMEWORKS
    for path in sorted((ROOT / homework).glob("*.py"))
    if "def get_parser" in path.read_text(encoding="utf-8")
]


@pytest.fixture(scope="module")
def parsers():
    """{(homework, script): its argument parser}."""
    parsers = {}
    for homework in HOMEWORKS:
        loaded = load_solved(homework)
        for owner, name in SCRIPTS:
            if owner == homework:
                with loaded.active():
                    parsers[owner, name] = loaded.module(name).get_parser()
    return parsers


# -------------------------------------------------------------------------------------------------------------- flags


def test_scripts_use_the_same_flags_with_help(parsers):
    for script, parser in parsers.items():
        actions = {
            flag: action
            for action in parser._actions
            for flag in action.option_strings
            if flag not in ("-h", "--help")
        }
        for flag, action in actions.items():
            assert re.fullmatch(r"--[A-Za-z][a-z0-9_]*", flag), (script, flag)
            assert flag[2:] not in OTHER_NAMES, (script, flag)
            assert action.help, (script, flag)
        for flag, kind in (("--lr", "positive|number"), ("--seed", "number")):
            if flag in actions:
                assert re.search(kind, actions[flag].type.__qualname__), (script, flag)
        if script[1] == "train":
            assert {"--data_root", "--ckpt_path", "--overwrite", "--quiet"} <= set(actions), script
            assert "earlier-1" in actions["--ckpt_path"].help


@pytest.mark.parametrize(
    "argv, words",
    [
        (["--no_position"], "unknown argument --no_position; did you mean --no_pos?"),
        (["--data-root", "x"], "did you mean --data_root?"),
        (["--LR", "1"], "did you mean --lr?"),
        (["--learning_rate=1"], "did you mean --lr?"),
        (["--batch-size", "4"], "did you mean --batchsize?"),
        (["--epochs_or_what"], "flags: --"),
        (["--workdirs/quansongci"], "did you mean --ckpt_path workdirs/quansongci?"),
        (["workdirs/quansongci"], "did you mean --ckpt_path workdirs/quansongci?"),
        (["--data/my poems"], f"did you mean --data_root {CLI.quote('data/my poems')}?"),
        (["elsewhere/run"], "elsewhere/run is a path without its flag"),
        (["2000"], "every value needs its flag"),
        (["—iters", "3"], "typographic dash"),
        (["--iters"], "expected one argument"),
    ],
)
def test_wrong_flag_is_a_one_line_error_with_a_suggestion(argv, words, capsys):
    with GPT.active(), pytest.raises(SystemExit) as stop:
        GPT.module("train").get_parser().parse_args(argv)
    err = capsys.readouterr().err
    assert stop.value.code == 2 and words in err and err.count("\n") == 1, err


def test_every_long_flag_works_with_one_dash():
    with GPT.active():
        parser = GPT.module("train").get_parser()
    double_dash = [
        "--data_root",
        "x",
        "--iters=7",
        "--no_pos",
        "--lr",
        "1e-3",
        "--seed",
        "3",
        "--quiet",
    ]
    single_dash = [word.replace("--", "-") for word in double_dash]
    assert parser.parse_args(single_dash) == parser.parse_args(double_dash)
    assert parser.given == {"data_root", "iters", "no_pos", "lr", "seed", "quiet"}


# ------------------------------------------------------------------------------------------------------------ language


@pytest.fixture
def chinese():
    """The module cli with its language set to Chinese."""
    CLI.choose_language(["--lang", "zh"])
    yield CLI
    CLI.choose_language([])


def test_help_is_chinese_with_lang_zh(parsers):
    """Every help text of every script has Chinese characters without half-width punctuation beside them."""
    for (homework, name), parser in parsers.items():
        cli = load_solved(homework).module("cli")
        cli.choose_language(["--lang", "zh"])
        for action in parser._actions:
            text = cli.translate(action.help)
            assert re.search("[\u4e00-\u9fff]", text) or text == "K", (homework, name, text)
            assert not re.search("[\u4e00-\u9fff][,:;?!]|[,:;?!][\u4e00-\u9fff]", text), text


OTHER_TEXT = "; give its own --data_root, or start another run in another --ckpt_path"
TRANSLATED = {
    "a.txt not found in /a nor in /b; run: python x.py": (
        "没有找到 a.txt，找过的位置：/a、/b；请运行：python x.py"
    ),
    "argument --iters: '0' is not a whole number of at least 1": (
        "参数 --iters：'0' 不符合要求：应为不小于 1 的整数"
    ),
    "workdirs/a is a path without its flag; did you mean --ckpt_path workdirs/a?": (
        "workdirs/a 是路径，但前面缺少参数名；是否想写 --ckpt_path workdirs/a？"
    ),
    f"ckpt.pt was trained on another text than d{OTHER_TEXT}": (
        "ckpt.pt 训练时的文本与 d 不同；请用它自己的 --data_root，或换一个 --ckpt_path 开始新的训练"
    ),
    "gpt_songci/model.py, blank gpt-a1 (project): still empty; fill it in first": (
        "gpt_songci/model.py，填空 gpt-a1（project）：还是空的，请先填写"
    ),
    "something that nobody has translated": "something that nobody has translated",
}


@pytest.mark.parametrize("english", TRANSLATED)
def test_error_message_is_translated_into_chinese(chinese, english):
    assert chinese.translate(english) == TRANSLATED[english]


def test_language_follows_the_flag_or_the_system(monkeypatch, capsys):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for variable, value, expected in (
        ("LANG", "zh_CN.UTF-8", "zh"),
        ("LC_MESSAGES", "en_US.UTF-8", "en"),
        ("LC_ALL", "zh_TW", "zh"),
    ):
        monkeypatch.setenv(variable, value)
        assert CLI.language() == expected
    with GPT.active():
        for flag, words in (
            ("--lang=en", "error: unknown argument"),
            ("-lang=zh", "错误：未知参数"),
        ):
            with pytest.raises(SystemExit):
                GPT.module("train").get_parser().parse_args([flag, "--nothing_like_it"])
            assert words in capsys.readouterr().err
    CLI.choose_language([])


# ---------------------------------------------------------------------------------------------------- printed commands


@pytest.mark.parametrize("homework", HOMEWORKS)
@pytest.mark.parametrize("where", ["root", "folder", "elsewhere"])
def test_printed_command_works_in_the_current_folder(homework, where, tmp_path, monkeypatch):
    """The hint for missing data or a missing run names a script that exists from the current folder."""
    here = {"root": ROOT, "folder": ROOT / homework, "elsewhere": tmp_path}[where]
    monkeypatch.chdir(here)
    loaded = load_solved(homework)
    text = {"gpt_songci": [], "word2vec_sst": ["a film"]}.get(homework, ["一"])
    runs = {
        "train": ["--data_root", "no where"],
        "sample": [*text, "--ckpt_path", "no where"],
    }
    with loaded.active():
        for name, argv in runs.items():
            with pytest.raises(loaded.module("cli").UserError) as caught:
                loaded.module(name).main(argv)
            message = str(caught.value)
            command = split_command(message.split("run: ")[1])
            assert command[0] == "python" and (here / command[1]).is_file(), message
            assert where == "elsewhere" or not os.path.isabs(command[1])
            assert "no where" in command, message


WORDS = [
    "",
    "a b",
    "我的 数据/a",
    "a'b",
    'a"b',
    "a&b",
    "$HOME",
    "a\\b c\\",
    "`x`",
    "loss&perplexity.jpg",
]


@pytest.mark.skipif(os.name != "posix", reason="asks a POSIX shell")
def test_words_are_quoted_for_a_posix_shell():
    line = " ".join(CLI.quote(word, "posix") for word in WORDS)
    code = f"{shlex.quote(sys.executable)} -c 'import sys; print(ascii(sys.argv[1:]))' {line}"
    out = subprocess.run(["sh", "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == ascii(WORDS)
    assert CLI.quote("data/宋词_1", "posix") == "data/宋词_1"


@pytest.mark.parametrize(
    "word, powershell, cmd",
    [
        ("data\\full", "data\\full", "data\\full"),
        ("C:/a", "C:/a", "C:/a"),
        ("a b", "'a b'", '"a b"'),
        ("a'b", "'a''b'", '"a\'b"'),
        ("$x", "'$x'", '"$x"'),
        ("loss&perplexity.jpg", "'loss&perplexity.jpg'", '"loss&perplexity.jpg"'),
        ('say "hi"', "'say \\\"hi\\\"'", '"say \\"hi\\""'),
        ("C:\\my runs\\", "'C:\\my runs\\\\'", '"C:\\my runs\\\\"'),
    ],
)
def test_words_are_quoted_for_windows(word, powershell, cmd):
    assert CLI.quote(word, "powershell") == powershell and CLI.quote(word, "cmd") == cmd


def test_shell_in_use_is_recognised(monkeypatch):
    for name in ("MSYSTEM", "PSModulePath"):
        monkeypatch.delenv(name, raising=False)
    assert CLI.shell_in_use() == ("posix" if os.name == "posix" else "cmd")
    with monkeypatch.context() as patch:
        patch.setattr(CLI.os, "name", "nt")
        shells = [CLI.shell_in_use()]
        patch.setenv("PSModulePath", "C:\\Users\\a\\Modules;C:\\Program Files\\Modules;C:\\Windows")
        shells.append(CLI.shell_in_use())
        patch.setenv("MSYSTEM", "MINGW64")
        shells.append(CLI.shell_in_use())
    assert shells == ["cmd", "powershell", "posix"]


def test_folder_is_searched_in_the_current_folder_then_the_root(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert CLI.find_folder("data/quansongci") == ROOT / "data" / "quansongci"
    (tmp_path / "data" / "quansongci").mkdir(parents=True)
    assert CLI.find_folder("data/quansongci").resolve() == tmp_path / "data" / "quansongci"
    with pytest.raises(CLI.UserError) as caught:
        CLI.find_folder("data/nothing")
    folders = (tmp_path, ROOT, ROOT / "gpt_songci")
    where = " nor in ".join(str(folder / "data/nothing") for folder in folders)
    assert str(caught.value).endswith(f" not found in {where}")  # a path may have spaces


# ------------------------------------------------------------------------------------------------------ folder of a run


def test_earlier_run_is_moved_aside_or_overwritten(tmp_path, capsys):
    files = ("ckpt.pt", "log-*.jsonl")
    for name in ("ckpt.pt", "log-1.jsonl", "mine.txt"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    TRAINING.start_run(tmp_path, files)
    assert "was moved to" in capsys.readouterr().out
    assert sorted(path.name for path in (tmp_path / "earlier-1").iterdir()) == [
        "ckpt.pt",
        "log-1.jsonl",
    ]
    TRAINING.start_run(tmp_path, files)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["earlier-1", "mine.txt"]
    (tmp_path / "ckpt.pt").write_text("second", encoding="utf-8")
    TRAINING.start_run(tmp_path, files, overwrite=True)
    assert (tmp_path / "ckpt.pt").is_file() and not (tmp_path / "earlier-2").exists()
    assert not capsys.readouterr().out


def test_resume_uses_the_settings_of_the_run():
    with GPT.active():
        parser = GPT.module("train").get_parser()

    def resumed(*argv, **settings):
        args = parser.parse_args(argv)
        TRAINING.restore_settings(args, parser.given, settings, free=("warmup",))
        return args

    assert resumed(lr=0.5, iters=7).iters == 7
    assert resumed("--lr", "0.5", lr=0.5).lr == 0.5
    assert resumed("--warmup", "9", warmup=3).warmup == 9 and resumed(warmup=3).warmup == 3
    assert resumed("--dtype", "auto", dtype="bfloat16").dtype == "bfloat16"
    with pytest.raises(CLI.UserError, match="began with --iters 7, not 2000"):
        resumed("--iters", "2000", iters=7)  # the default value, but given explicitly


def test_checkpoint_of_another_homework_is_refused(tmp_path):
    torch.save({"format": 1, "homework": "hw_attention"}, tmp_path / "ckpt.pt")
    with pytest.raises(CLI.UserError, match="is a checkpoint of hw_attention, not of gpt_songci"):
        TRAINING.load_checkpoint(tmp_path / "ckpt.pt", "gpt_songci", 1, "")


# ------------------------------------------------------------------------------------------------------------- devices


@pytest.fixture
def cuda(monkeypatch):
    """Simulates a machine with two CUDA cards on which every trial fails; yields the error's first line."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    problem = "CUDA error: no kernel image is available for execution on the device"
    values = DEVICES.trial_values

    def failing(device):
        if device.type == "cuda":
            raise RuntimeError(problem + "\nCUDA kernel errors might be asynchronously reported")
        return values(device)

    monkeypatch.setattr(DEVICES, "trial_values", failing)
    DEVICES.trial.cache_clear()
    yield problem
    DEVICES.trial.cache_clear()


def test_unusable_gpu_is_skipped_or_named(cuda, capsys):
    assert DEVICES.choose_device("auto").type == "cpu"
    assert cuda in capsys.readouterr().out
    for name in ("cuda", "cuda:1"):
        with pytest.raises(
            CLI.UserError, match=rf"^{name} cannot be used \({cuda}\); .*--device cpu"
        ):
            DEVICES.choose_device(name)
    with pytest.raises(CLI.UserError, match="no cuda:7 here; there is cuda:0 cuda:1"):
        DEVICES.choose_device("cuda:7")


def test_working_gpu_is_used(cuda, monkeypatch, capsys):
    monkeypatch.setattr(DEVICES, "trial_values", lambda device: [torch.ones(2)])
    assert str(DEVICES.choose_device("auto")) == "cuda"
    assert str(DEVICES.choose_device("cuda:1")) == "cuda:1"
    assert not capsys.readouterr().out


def test_cpu_is_used_without_a_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert DEVICES.choose_device("auto").type == "cpu"
    for name in ("cuda", "cuda:0", "mps"):
        with pytest.raises(CLI.UserError, match="--device cpu"):
            DEVICES.choose_device(name)


@pytest.mark.parametrize("difference", [0, 0.5])
def test_mps_is_used_only_if_its_numbers_agree(difference, monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(
        DEVICES,
        "trial_values",
        lambda device: [torch.zeros(2) + difference * (device.type == "mps")],
    )
    DEVICES.trial.cache_clear()
    try:
        if difference:
            with pytest.raises(CLI.UserError, match="its results differ from the CPU's by 0.5"):
                DEVICES.choose_device("mps")
        else:
            assert DEVICES.choose_device("mps").type == "mps"
    finally:
        DEVICES.trial.cache_clear()


def test_device_trial_computes_a_result():
    first, second = (DEVICES.trial_values(torch.device("cpu")) for _ in range(2))
    assert all(torch.equal(a, b) and a.isfinite().all() for a, b in zip(first, second, strict=True))
    assert first[-1].abs().max() > 0 and DEVICES.trial("cpu") == ""


@pytest.mark.parametrize("text", ["gpu", "cuda:", "cuda:x", "CPU"])
def test_unknown_device_is_refused(text, capsys):
    with GPT.active(), pytest.raises(SystemExit):
        GPT.module("train").get_parser().parse_args(["--device", text])
    assert "cuda:1" in capsys.readouterr().err


@pytest.mark.parametrize(
    "affinity, quota, cores", [(8, "max 100000", 8), (3, "max 100000", 3), (8, "250000 100000", 2)]
)
def test_threads_equal_the_usable_cores(affinity, quota, cores, tmp_path, monkeypatch):
    (tmp_path / "cpu.max").write_text(quota, encoding="utf-8")
    monkeypatch.setattr(DEVICES, "QUOTA", tmp_path / "cpu.max")
    monkeypatch.setattr(os, "cpu_count", lambda: 16)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(affinity), raising=False)
    assert DEVICES.usable_cores() == cores
    before = torch.get_num_threads()
    try:
        assert DEVICES.set_threads(1) == torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)


def test_scripts_set_the_spinning_time_before_importing_torch():
    """Scripts that compute with torch set the spinning time before importing it; a user's setting is kept."""
    code = "import os, train; print(os.environ['GOMP_SPINCOUNT'], os.environ['KMP_BLOCKTIME'])"
    sevens = {"GOMP_SPINCOUNT": "7", "KMP_BLOCKTIME": "7"}
    for homework, user_values, expected in (
        ("hw_attention", sevens, ["7", "7"]),
        ("waimai_cls", {}, ["1000", "0"]),
    ):
        kept = {name: value for name, value in os.environ.items() if "_SPINCOUNT" not in name}
        kept.pop("KMP_BLOCKTIME", None)
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT / homework,
            env={**kept, **user_values},
            capture_output=True,
            text=True,
        )
        assert done.stdout.split() == expected, done.stderr
    for homework in ("gpt_songci", "hw_attention", "waimai_cls"):
        for path in (ROOT / homework).glob("*.py"):
            text = path.read_text(encoding="utf-8")
            if "devices." in text and "\nimport torch\n" in text:
                assert text.index("\nimport devices\n") < text.index("\nimport torch\n"), path


def test_busy_machine_is_advised_to_use_fewer_threads(monkeypatch):
    monkeypatch.setattr(os, "getloadavg", lambda: (9.5, 1, 1), raising=False)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    monkeypatch.setattr(DEVICES, "usable_cores", lambda: 2)
    cpu = torch.device("cpu")
    assert "load 9.5: --threads 1 may be faster" in DEVICES.describe(cpu)
    monkeypatch.setattr(os, "getloadavg", lambda: (0.5, 1, 1), raising=False)
    assert DEVICES.describe(cpu) == "cpu, 2 threads"
    assert DEVICES.machine(cpu) == {"device": "cpu", "threads": 2, "torch": torch.__version__}


@pytest.mark.parametrize("able, dtype", [({}, "float32"), ({"avx512_bf16": True}, "bfloat16")])
def test_dtype_auto_depends_on_the_processors_capabilities(able, dtype, monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able)
    cpu = torch.device("cpu")
    assert DEVICES.choose_dtype("auto", cpu) == dtype
    assert DEVICES.choose_dtype("float32", cpu) == "float32"
    assert "time" not in inspect.getsource(DEVICES).split()
