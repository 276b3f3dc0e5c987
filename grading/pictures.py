"""Pictures that students hand in: what browsers show as it is, what is converted, and SVG without anything that runs.

As a program (`python -m grading.pictures PHOTO TARGET`) it converts one photo, in a process of its own: decoders of photo
formats are large C libraries, and the photos are not trusted.
"""

import contextlib
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

SHOWN = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".svg")
CONVERTED = (".heic", ".heif", ".tif", ".tiff")
MAX_EDGE = 3000  # pixels of a converted photo
SECONDS = 60  # for one photo
MEMORY = 2 * 2**30  # bytes
MAX_SVG = 8 * 2**20
SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
SVG_ELEMENTS = frozenset(
    "svg g defs path rect circle ellipse line polyline polygon text tspan textPath use symbol clipPath mask pattern marker "
    "linearGradient radialGradient stop style title desc image".split()
)


class ConversionError(Exception):
    """A photo that cannot be converted here. The message is a reason, without the photo's name."""


def to_jpeg(data: bytes, suffix: str) -> bytes:
    """The photo as JPEG, upright, at most MAX_EDGE pixels wide or high. Raises ConversionError."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, f"photo{suffix}"), Path(folder, "photo.jpg")
        source.write_bytes(data)
        command = [sys.executable, "-m", "grading.pictures", str(source), str(target)]
        try:
            process = subprocess.run(
                command,
                capture_output=True,
                timeout=SECONDS,
                cwd=Path(__file__).parents[1],
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            raise ConversionError("the conversion did not end") from None
        if process.returncode == 3:
            raise ConversionError("converting needs pillow and pillow-heif")
        if process.returncode or not target.is_file():
            raise ConversionError("damaged")
        return target.read_bytes()


def convert(source: Path, target: Path) -> int:
    """Exit code: 0, or 3 where the library is missing, 1 where the photo is damaged."""
    _limit_memory()
    try:
        from PIL import Image, ImageOps

        if source.suffix in (".heic", ".heif"):
            import pillow_heif

            pillow_heif.register_heif_opener()
    except ImportError:
        return 3
    try:
        with Image.open(source) as image:
            image.thumbnail((MAX_EDGE, MAX_EDGE))
            ImageOps.exif_transpose(image).convert("RGB").save(target, "JPEG", quality=85)
    except Exception:  # what decoders raise is not documented
        return 1
    return 0


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def clean_svg(data: bytes) -> bytes:
    """The drawing without scripts, handlers, embedded pages and addresses outside it. Raises ValueError."""
    if len(data) > MAX_SVG or b"<!ENTITY" in data:
        raise ValueError("too large")
    data = re.sub(rb"<!DOCTYPE[^>\[]*>", b"", data, count=1)
    if b"<!DOCTYPE" in data:
        raise ValueError("declarations")
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError):
        raise ValueError("damaged") from None
    if root.tag != f"{{{SVG}}}svg":
        raise ValueError("not SVG")
    try:
        _clean(root)
    except RecursionError:
        raise ValueError("too deep") from None
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", XLINK)
    return ElementTree.tostring(root, encoding="utf-8")


def _clean(node: ElementTree.Element) -> None:
    for child in list(node):
        namespace, _, name = str(child.tag).rpartition("}")
        if namespace != f"{{{SVG}" or name not in SVG_ELEMENTS:
            node.remove(child)
        elif name == "style" and not _is_local(child.text or ""):
            node.remove(child)
        else:
            _clean(child)
    for key, value in list(node.attrib.items()):
        name = key.rpartition("}")[2].lower()
        address = name in ("href", "src")
        inside = value.startswith("#") or re.match(r"data:image/(png|jpeg|gif);base64,", value)
        if name.startswith("on") or (address and not inside):
            del node.attrib[key]
        elif not address and not _is_local(value):
            del node.attrib[key]


def _is_local(style: str) -> bool:
    """Whether a style or attribute names nothing outside the drawing."""
    if "\\" in style or "@import" in style.lower() or "javascript:" in style.lower():
        return False
    return all(
        target.strip(" \"'").startswith("#")
        for target in re.findall(r"url\(([^)]*)", style, flags=re.I)
    )


if __name__ == "__main__":
    sys.exit(convert(Path(sys.argv[1]), Path(sys.argv[2])))
