"""Copy the files that several homework folders share from templates/ into those folders.

    python templates/sync.py            # write the copies
    python templates/sync.py --check    # exit code 1 and their names if a copy differs, or a message has no Chinese

A homework folder is standalone, so it has its own copy of each file. Edit the file here, then run this script;
tests/repository/test_templates.py keeps the copies equal.
"""

import argparse
import ast
import json
import re
import sys
from pathlib import Path

TEMPLATES = Path(__file__).resolve().parent
ROOT = TEMPLATES.parent
NUMPY = ("hw_bptt", "hmm", "word2vec_sst")
TORCH = ("hw_attention", "waimai_cls", "gpt_songci")
COPIES = {  # file: the folders that have it
    "cli.py": (*NUMPY, *TORCH, "data"),
    "plots.py": (*NUMPY, *TORCH),
    "training.py": (*NUMPY, *TORCH),
    "devices.py": TORCH,
    "predictions.py": TORCH,
    "validate.py": ("hw_bptt", "hmm", "hw_attention"),
}


MESSAGES = "chinese.json"  # {English message with holes {}: Chinese}; each folder gets those that its code has
CALLS = ("UserError", "GiveUp", "Damaged", "KeyboardInterrupt", "ArgumentTypeError", "translate")
KEYWORDS = ("help", "description", "epilog")


def template(node: ast.expr) -> str:
    """A string expression with {} for what varies: f"{path} is empty" -> "{} is empty"."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(map(template, node.values))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return template(node.left) + template(node.right)
    return "{}"


def messages_of(source: str) -> list[str]:
    """The messages in a script's source that a user may read: help of flags, errors, translated notes."""
    messages = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            parts = [word.value for word in node.keywords if word.arg in KEYWORDS]
            messages += map(template, parts + (node.args[:1] if name in CALLS else []))
    return [text for text in messages if re.search("[A-Za-z]{2}", text.replace("{}", ""))]


def texts_of(source: str) -> str:
    """All string constants and templates of a source, to look for parts of messages in."""
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.expr)]
    return "\0".join(map(template, nodes))


def messages_for(folder: Path) -> bytes:
    """chinese.json of a folder: the first entries, of argparse and of the shared files, and those that its code has."""
    catalogue = json.loads((TEMPLATES / MESSAGES).read_text(encoding="utf-8"))
    sources = [path.read_text("utf-8") for path in sorted(folder.glob("*.py"))]
    texts = "\0".join(map(texts_of, sources))
    order = list(catalogue)
    shared = order[: next(n for n, text in enumerate(order) if text.startswith("warning: ")) + 1]
    patterns = [pattern_of(text) for source in sources for text in messages_of(source)]
    kept = {
        text: catalogue[text]
        for text in order
        if text in shared
        or all(part in texts for part in text.split("{}"))
        or any(pattern.fullmatch(text) for pattern in patterns)
    }
    return encode(kept)


def pattern_of(text: str) -> re.Pattern[str]:
    """Matches what a message with holes may become."""
    return re.compile("(.*?)".join(map(re.escape, text.split("{}"))), re.S)


def untranslated(folder: Path) -> list[str]:
    """Messages of a folder's scripts for which templates/chinese.json has nothing."""
    catalogue = list(json.loads((TEMPLATES / MESSAGES).read_text(encoding="utf-8")))
    whole = [
        text for text in catalogue if len(text.replace("{}", "")) > 14
    ]  # "{}; run: {}" is a part
    patterns = [pattern_of(text) for text in whole]
    missing = []
    for path in sorted(folder.glob("*.py")):
        for text in messages_of(path.read_text(encoding="utf-8")):
            text_pattern = pattern_of(text)
            if not (
                text in catalogue
                or any(pattern.fullmatch(text) for pattern in patterns)
                or any(text_pattern.fullmatch(other) for other in catalogue)
            ):
                missing.append(f"{path.parent.name}/{path.name}: {text}")
    return missing


def encode(messages: dict[str, str]) -> bytes:
    """JSON with one message per line."""
    lines = (
        json.dumps({text: chinese}, ensure_ascii=False)[1:-1] for text, chinese in messages.items()
    )
    return ("{\n " + ",\n ".join(lines) + "\n}\n").encode("utf-8")


def copies() -> list[Path]:
    """All copies, files of code first: the messages are chosen by them."""
    code = [ROOT / folder / name for name, folders in COPIES.items() for folder in folders]
    return code + [ROOT / folder / MESSAGES for folder in COPIES["cli.py"]]


def content(path: Path) -> bytes:
    """What a copy should hold."""
    if path.name == MESSAGES:
        return messages_for(path.parent)
    return (TEMPLATES / path.name).read_bytes()


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; list stale copies")
    args = parser.parse_args(argv)
    stale = False
    for path in copies():
        if not path.is_file() or path.read_bytes() != content(path):
            stale = True
            print(f"{path.relative_to(ROOT)}: {'differs' if args.check else 'written'}")
            if not args.check:
                path.write_bytes(content(path))
    missing = [line for folder in COPIES["cli.py"] for line in untranslated(ROOT / folder)]
    for line in missing:
        print(f"no Chinese in templates/{MESSAGES} for: {line}")
    return int(args.check and (stale or bool(missing)))


if __name__ == "__main__":
    sys.exit(main())
