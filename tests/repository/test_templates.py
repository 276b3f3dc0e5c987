"""templates/, the source of the files that all homework folders share."""

import shutil
import subprocess
import sys

from course.homeworks import HOMEWORKS, ROOT
from grading import release


def test_copies_in_the_folders_equal_their_templates():
    process = subprocess.run(
        [sys.executable, str(ROOT / "templates" / "sync.py"), "--check"],
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert process.returncode == 0, (
        f"{process.stdout}add Chinese to templates/chinese.json, run: python templates/sync.py"
    )


def test_sync_writes_and_check_names_stale_copies(tmp_path):
    shutil.copytree(ROOT / "templates", tmp_path / "templates")
    for folder in (*HOMEWORKS, "data"):
        (tmp_path / folder).mkdir()

    def sync(*flags):
        words = [sys.executable, str(tmp_path / "templates" / "sync.py"), *flags]
        process = subprocess.run(words, capture_output=True, text=True, encoding="utf-8")
        return process.returncode, len(process.stdout.splitlines())

    templates = [path for path in (ROOT / "templates").glob("*.py") if path.name != "sync.py"]
    copies = [path for template in templates for path in ROOT.glob(f"*/{template.name}")]
    count = (
        len(copies) - len(templates) + len((*HOMEWORKS, "data"))
    )  # plus one chinese.json per folder
    assert sync("--check") == (1, count) and sync() == (0, count) and sync("--check") == (0, 0)
    with open(tmp_path / "hmm" / "cli.py", "a", encoding="utf-8") as file:
        file.write("# changed")
    assert sync("--check") == (1, 1) and sync() == (0, 1)


def test_student_copy_has_no_templates_folder():
    names = release.student_files(HOMEWORKS)
    assert not [name for name in names if name.startswith("templates/")]
    assert {"hmm/cli.py", "gpt_songci/training.py", "waimai_cls/devices.py"} <= set(names)


def test_message_without_chinese_is_named_by_sync_check(tmp_path):
    shutil.copytree(ROOT / "templates", tmp_path / "templates")
    (tmp_path / "hmm").mkdir()
    (tmp_path / "hmm" / "train.py").write_text('UserError(f"{a} is a new message")', "utf-8")
    words = [sys.executable, str(tmp_path / "templates" / "sync.py"), "--check"]
    process = subprocess.run(words, capture_output=True, text=True, encoding="utf-8")
    assert (
        "no Chinese in templates/chinese.json for: hmm/train.py: {} is a new message"
        in process.stdout
    )
