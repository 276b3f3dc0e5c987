"""The attention page and notebook: their content, and what they draw in headless Chromium without a network."""

import contextlib
import importlib.metadata
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
import torch

from course import markers
from course.homeworks import ROOT
from course.solved import load_solved
from grading import release
from tests.repository.browser import keep, tab

FOLDER = ROOT / "gpt_songci"
NOTEBOOK = FOLDER / "attnvis.ipynb"
TEXT = "+++如梦令\n春水碧於天。\n月"
pytestmark = pytest.mark.xdist_group("attnvis")


@pytest.fixture(scope="module")
def attnvis():
    homework = load_solved("gpt_songci")
    module = homework.module("attnvis")
    with homework.active():
        yield module


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two tiny trained runs, default and no_pos, on the bundled sample."""
    folder = tmp_path_factory.mktemp("runs")

    def script(name, *flags):
        subprocess.run(
            [sys.executable, FOLDER / f"{name}.py", *map(str, flags)],
            check=True,
            capture_output=True,
            cwd=folder,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )

    script(
        "prepare",
        "--data_root",
        ROOT / "data" / "quansongci",
        "--out_dir",
        folder / "data",
        "--quiet",
    )
    for name, more in (("default", []), ("no_pos", ["--no_pos"])):
        script(
            "train",
            "--data_root",
            folder / "data",
            "--ckpt_path",
            folder / name,
            "--iters",
            40,
            "--n_embd",
            32,
            "--quiet",
            "--batchsize",
            4,
            "--dtype",
            "float32",
            *more,
        )
    return folder


@pytest.fixture(scope="module")
def page_file(runs, attnvis):
    """(path, tokens, weights): an attention page of the default run and what it shows."""
    model, characters, name = attnvis.load_run(runs / "default")
    text = "".join(character for character in TEXT if character in characters)
    tokens, weights = attnvis.capture(model, characters, text)
    path = runs / "attention.html"
    views = [
        ("head", attnvis.view("head", tokens, weights, 1)),
        ("model", attnvis.view("model", tokens, weights, 0)),
    ]
    path.write_text(attnvis.page("Attention", views, attnvis.NOTE), encoding="utf-8")
    return path, tokens, weights


def test_captured_weights_are_causal_and_sum_to_1(page_file):
    _, tokens, weights = page_file
    for layer_weights in weights:
        assert (
            layer_weights.shape == (1, 4, len(tokens), len(tokens))
            and torch.triu(layer_weights, 1).abs().max() == 0
        )
        assert (layer_weights.sum(-1) - 1).abs().max() <= 1e-3


def test_page_loads_nothing_and_holds_each_views_data_once(page_file):
    path, tokens, weights = page_file
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"<(script|link|img|iframe)[^>]*\b(src|href)=", text)
    assert "MIT" in text and "BSD 3-Clause" in text and "Apache License 2.0" in text
    assert text.count('"attention":') + text.count("'attention':") == 2  # one per view


@pytest.mark.slow
def test_page_of_64_characters_is_at_most_3_mb(attnvis):
    """64 characters, 4 layers, 4 heads: at most 3 MB without the libraries."""
    generator = torch.Generator().manual_seed(0)
    weights = [
        torch.softmax(
            torch.randn(1, 4, 64, 64, generator=generator).masked_fill(
                torch.ones(64, 64).triu(1) == 1, -1e9
            ),
            -1,
        )
        .double()
        .round(decimals=4)
        for _ in range(4)
    ]
    tokens = ["春"] * 64
    views = [
        ("head", attnvis.view("head", tokens, weights, 0)),
        ("model", attnvis.view("model", tokens, weights, 0)),
    ]
    libraries = sum(len(attnvis.library(*library)) for library in attnvis.LIBRARIES)
    assert len(attnvis.page("x", views).encode()) - libraries <= 3_000_000


@pytest.mark.parametrize(
    "text, layer, words",
    [
        ("", 0, "empty"),
        ("春" * 65, 0, "65 characters, at most 64"),
        ("春Ω", 0, "U\\+03A9"),
        ("春", 9, "layers 0 to 3"),
        (["春", "月"], 0, "one text at a time"),
    ],
)
def test_text_or_layer_that_cannot_be_shown_is_a_user_error(runs, attnvis, text, layer, words):
    model, characters, _ = attnvis.load_run(runs / "default")
    with pytest.raises(Exception, match=words) as caught:
        attnvis.capture(model, characters, text, layer)
    assert type(caught.value).__name__ == "UserError" and "\n" not in str(caught.value)


@pytest.mark.slow
def test_script_writes_pages_and_pictures_and_names_a_missing_run(runs):
    command = [sys.executable, str(FOLDER / "attnvis.py"), "--data_root", str(runs / "data")]
    process = subprocess.run(
        [*command, "--compare", "default", "no_pos", "-out", "both.html"],
        cwd=runs,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert process.returncode == 0, process.stderr
    assert {"both.html", "both-default.png", "both-no_pos.png"} <= {
        path.name for path in runs.iterdir()
    }
    assert "default: head view" in (runs / "both.html").read_text(encoding="utf-8")
    (runs / "poem.txt").write_text("+++如梦令(昨夜雨疏风骤)\n昨夜雨疏风骤", encoding="utf-8")
    process = subprocess.run(
        [*command, "--ckpt_path", "default", "--text", "FILE:poem.txt", "--out", "poem.html"],
        cwd=runs,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert process.returncode == 0, process.stderr
    assert "does not know 骤" in process.stdout  # shown, though the bundled sample lacks it
    assert "骤" in (runs / "poem.html").read_text(encoding="utf-8")
    process = subprocess.run(
        [*command, "--ckpt_path", "nowhere"],
        cwd=runs,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert (
        process.returncode == 2
        and "train.py" in process.stderr
        and len(process.stderr.splitlines()) == 1
    )


# ---------------------------------------------------------------------------------------------------- the notebook


def test_committed_notebook_has_no_outputs_and_loses_its_answers():
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert all(
        not cell.get("outputs") and not cell.get("execution_count") for cell in notebook["cells"]
    )
    stripped = release.strip_notebook(notebook, "attnvis.ipynb")
    assert (
        "Worked answers" in NOTEBOOK.read_text(encoding="utf-8")
        and "Worked answers" not in stripped
    )
    assert not markers.WORDS.search(stripped)
    notebook["cells"][2]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["x"]}]
    with pytest.raises(markers.MarkerError, match="cell 3.*clear all outputs"):
        release.strip_notebook(notebook, "attnvis.ipynb")


@pytest.fixture(scope="module")
def executed(runs):
    """The notebook, run in its folder from settings in the environment."""
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    environment = {
        "DATA_ROOT": str(runs / "data"),
        "CKPT_PATH": str(runs / "default"),
        "LAYER": "1",
    }
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    try:
        nbclient.NotebookClient(
            notebook,
            timeout=300,
            kernel_name="python3",
            resources={"metadata": {"path": str(FOLDER)}},
        ).execute()
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
    path = runs / "executed.ipynb"
    nbformat.write(notebook, path)
    return path


def outputs(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return [output for cell in notebook["cells"] for output in cell.get("outputs", [])]


def test_page_in_a_notebook_causes_no_ipython_warning(attnvis):
    """IPython warns about an <iframe> in HTML and recommends IFrame, which takes only a URL; warnings are errors here."""
    homework = load_solved("gpt_songci")
    with homework.active():
        shown = homework.module("attnvis").in_notebook('<p title="a">b</p>', 300)
    assert 'srcdoc="&lt;p title=&quot;a&quot;' in shown.data


@pytest.mark.slow
def test_notebook_runs_without_errors_and_shows_two_pages(executed):
    shown = outputs(executed)
    assert not [output for output in shown if output.get("name") == "stderr"]
    assert not [output for output in shown if output["output_type"] == "error"]
    pages = [
        "".join(output["data"]["text/html"])
        for output in shown
        if "text/html" in output.get("data", {})
    ]
    assert len(pages) == 2 and all("<iframe" in page and "srcdoc" in page for page in pages)
    assert any("image/png" in output.get("data", {}) for output in shown)
    assert "+++" in "".join(
        "".join(output["text"]) for output in shown if output["output_type"] == "stream"
    )


# ---------------------------------------------------------------------------------------------------- in a browser


def opacities(frame, head):
    """{(query, key): drawn opacity} of one head in a head view."""
    return {
        (q, k): value
        for q, k, value in frame.evaluate(
            """head => [...document.querySelectorAll(
        `#attention g.headAttention[head-index='${head}'] line`)].map(line => [+line.getAttribute('left-token-index'),
        +line.getAttribute('right-token-index'), +line.getAttribute('stroke-opacity')])""",
            head,
        )
    }


def check_head_view(page, tokens, weights, layer):
    """Assert that the head view in `page` (a page or a frame) draws these weights.

    Compares tokens, heads, layers and opacities; then selects another layer and hovers over a token.
    """
    page.wait_for_selector("[id^='bertviz-'] #vis svg #attention line", state="attached")
    view = page.locator("[id^='bertviz-']").first
    assert view.locator("svg text").all_text_contents() == [*tokens, *tokens]
    assert view.locator("select#layer option").count() == len(weights)
    heads = weights[0].size(1)
    assert page.evaluate("document.querySelectorAll('#attention g.headAttention').length") == heads
    assert (
        page.evaluate("""() => [...document.querySelectorAll("[id^='bertviz-'] svg")][0].querySelectorAll(
        ":scope > g:last-of-type > rect").length""")
        == heads
    )
    for head in range(heads):
        drawn = opacities(page, head)
        assert len(drawn) == len(tokens) ** 2
        for (query, key), value in drawn.items():
            assert abs(value - float(weights[layer][0, head, query, key]) / heads) < 1e-6
    next_layer = (layer + 1) % len(weights)
    view.locator("select#layer").first.select_option(str(next_layer))
    page.wait_for_function(
        "old => document.querySelector(\"#attention line[left-token-index='2'][right-token-index='0']\")"
        ".getAttribute('stroke-opacity') != old",
        arg=str(opacities(page, 0)[2, 0]) + "x",
    )
    page.wait_for_timeout(300)
    assert abs(opacities(page, 0)[2, 0] - float(weights[next_layer][0, 0, 2, 0]) / heads) < 1e-6
    view.locator("#left text").nth(3).hover()
    shown = page.evaluate(
        "() => [...document.querySelectorAll(\"#attention line[visibility='visible']\")]"
        ".map(line => +line.getAttribute('left-token-index'))"
    )
    assert len(shown) == heads * len(tokens) and set(shown) == {3}


def check_model_view(page, tokens, layers, heads):
    """Assert that the model view, drawn when scrolled into view, has a line per layer, head and pair of tokens."""
    view = page.locator("[id^='bertviz-']").last
    view.scroll_into_view_if_needed()
    view.locator("svg line").first.wait_for(state="attached")
    assert view.locator("svg line").count() == layers * heads * tokens * tokens


@pytest.mark.browser
@pytest.mark.parametrize("width, scheme", [(1280, "light"), (390, "dark")])
def test_page_draws_head_and_model_views(browser, page_file, width, scheme):
    path, tokens, weights = page_file
    with tab(browser, width=width, scheme=scheme) as page:
        page.goto(path.as_uri())
        check_head_view(page, tokens, weights, 1)
        check_model_view(page, len(tokens), len(weights), weights[0].size(1))
        keep(page, f"page-{width}-{scheme}")


@pytest.mark.browser
@pytest.mark.parametrize("width, scheme", [(1280, "light"), (390, "dark")])
def test_compare_page_draws_each_run_with_its_own_weights(browser, runs, attnvis, width, scheme):
    """Each drawing shows the weights of its run; hovering over a character of one does not change the other."""
    shared = set.intersection(
        *(set(attnvis.load_run(runs / name)[1]) for name in ("default", "no_pos"))
    )
    text = "".join(character for character in TEXT if character in shared)[-6:]
    subprocess.run(
        [
            sys.executable,
            str(FOLDER / "attnvis.py"),
            "--compare",
            "default",
            "no_pos",
            "--text",
            text,
            "--out",
            f"two-{width}.html",
        ],
        cwd=runs,
        check=True,
        capture_output=True,
    )
    with tab(browser, width=width, scheme=scheme) as page:
        page.goto((runs / f"two-{width}.html").as_uri())
        figures = page.locator("figure")
        assert figures.count() == 2
        for index, name in enumerate(("default", "no_pos")):
            figure = figures.nth(index)
            figure.locator("#vis svg #attention line").first.wait_for(state="attached")
            assert (
                name in figure.locator("figcaption").inner_text()
                and figure.locator("svg text").count() == 12
            )
            model, characters, _ = attnvis.load_run(runs / name)
            _, weights = attnvis.capture(model, characters, text)
            drawn = figure.locator(
                "g.headAttention[head-index='0'] line[left-token-index='5'][right-token-index='1']"
            )
            assert (
                abs(
                    float(drawn.get_attribute("stroke-opacity")) - float(weights[0][0, 0, 5, 1]) / 4
                )
                < 1e-6
            )
        keep(page, f"compare-{width}-{scheme}")
        figures.nth(0).locator("#left text").nth(3).hover()
        seen = [
            figures.nth(index)
            .locator("line[visibility='visible'], #attention[visibility='visible']")
            .count()
            for index in (0, 1)
        ]
        assert seen[0] == 4 * 6 and seen[1] != 4 * 6, seen


@pytest.mark.browser
def test_notebook_exported_to_html_draws_both_views(browser, executed, runs):
    """The HTML of nbconvert: the frames draw without a network (the page around them requests its own extras)."""
    subprocess.run(
        [
            sys.executable,
            "-m",
            "jupyter",
            "nbconvert",
            "--to",
            "html",
            "--output-dir",
            str(runs),
            "--output",
            "executed",
            str(executed),
        ],
        check=True,
        capture_output=True,
    )
    with tab(browser) as page:
        page.goto((runs / "executed.html").as_uri())
        frame = page.frame_locator("iframe").first
        frame.locator("[id^='bertviz-'] #vis svg #attention line").first.wait_for(state="attached")
        assert frame.locator("svg text").count() == 2 * shown_characters(executed)
        page.locator("iframe").nth(1).scroll_into_view_if_needed()
        page.frame_locator("iframe").nth(1).locator("svg line").first.wait_for(state="attached")
        keep(page, "exported")
        page.wrong[:] = [
            line
            for line in page.wrong
            if "cdnjs.cloudflare.com" not in line
            and "ERR_FAILED" not in line
            and "MathJax" not in line
            and "require" not in line
        ]


def shown_characters(executed):
    text = "".join(
        "".join(output["text"]) for output in outputs(executed) if output["output_type"] == "stream"
    )
    return int(re.search(r"(\d+) characters of text", text).group(1))


@pytest.mark.browser
@pytest.mark.parametrize("app, address", [("lab", "lab/tree"), ("notebook", "notebooks")])
def test_notebook_draws_in_jupyterlab_and_notebook_7(browser, executed, runs, app, address):
    """JupyterLab 4, and Notebook 7 where it is installed; each with a fresh configuration."""
    package = {"lab": "jupyterlab"}.get(app, app)
    if not any(
        importlib.metadata.distributions(name=package)
    ):  # nbclassic brings a module `notebook` too
        pytest.skip(f"pip install {package}")
    folder = runs / app
    folder.mkdir()
    shutil.copyfile(executed, folder / "executed.ipynb")
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(runs / "config"),
        "JUPYTER_DATA_DIR": str(runs / "share"),
        "JUPYTER_RUNTIME_DIR": str(runs / "runtime"),
        "IPYTHONDIR": str(runs / "ipython"),
    }
    subprocess.run(
        [sys.executable, "-m", "jupyter", "trust", str(folder / "executed.ipynb")],
        check=True,
        env=environment,
        capture_output=True,
    )
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "jupyter",
            app,
            "--no-browser",
            f"--port={port}",
            "--IdentityProvider.token=t",
            "--allow-root",
            f"--ServerApp.root_dir={folder}",
            "--ServerApp.port_retries=0",
            *(
                ["--LabApp.news_url=None", "--LabApp.extension_manager=readonly"]
                if app == "lab"
                else []
            ),
        ],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(240):
            with (
                contextlib.suppress(OSError),
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api?token=t", timeout=2),
            ):
                break
            time.sleep(0.5)
        local = (f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}", "data:", "blob:", "about:")
        with tab(browser, local) as page:
            page.goto(f"http://127.0.0.1:{port}/{address}/executed.ipynb?token=t")
            frame = page.frame_locator("iframe[title='attention']").first
            frame.locator("[id^='bertviz-'] #vis svg #attention line").first.wait_for(
                state="attached"
            )
            assert frame.locator("svg text").count() == 2 * shown_characters(executed)
            page.locator("iframe[title='attention']").first.scroll_into_view_if_needed()
            keep(page, f"jupyter-{app}")
            if app != "lab":  # Notebook's own extensions may log errors; JupyterLab must not
                page.wrong[:] = [
                    line
                    for line in page.wrong
                    if "bertviz" in line or "d3" in line or "require" in line
                ]
    finally:
        server.terminate()
        server.wait(20)


# ---------------------------------------------------------------------------------------------------- our own view


@pytest.fixture(scope="module")
def own_page(runs, attnvis):
    """(path, [(run name, tokens, weights)]): a page with this repository's own view of both runs, without bertviz."""
    shared = set.intersection(
        *(set(attnvis.load_run(runs / name)[1]) for name in ("default", "no_pos"))
    )
    text = "".join(character for character in TEXT if character in shared)
    shown = []
    for name in ("default", "no_pos"):
        model, characters, _ = attnvis.load_run(runs / name)
        shown.append((name, *attnvis.capture(model, characters, text)))
    path = runs / "own.html"
    path.write_text(
        f"<!doctype html><html><head><meta charset='utf-8'></head><body>{attnvis.section(shown, 1)}</body></html>",
        encoding="utf-8",
    )
    return path, shown


def alphas(panel):
    """Opacity of each character's background colour in a panel; NaN if it has none."""
    return panel.locator(".poem span").evaluate_all(
        "parts => parts.map(part => { const found = part.style.backgroundColor.match(/\\/ ([\\d.]+)/); "
        "return found ? +found[1] : NaN; })"
    )


@pytest.mark.browser
@pytest.mark.parametrize("width, scheme", [(1280, "light"), (390, "dark")])
def test_own_view_colours_characters_by_attention_weight(browser, own_page, width, scheme):
    path, shown = own_page
    T = len(shown[0][1])
    with tab(browser, ("file:",), width=width, scheme=scheme) as page:
        page.goto(path.as_uri())
        panels = page.locator("#glance .run")
        assert panels.count() == 2
        assert page.evaluate("document.documentElement.scrollWidth") <= width

        def expect_colours(number, row):
            page.wait_for_timeout(60)
            got = alphas(panels.nth(number))
            assert got == pytest.approx([abs(float(weight)) ** 0.5 for weight in row], abs=2e-3)

        for number, (_, tokens, weights) in enumerate(shown):
            panel = panels.nth(number)
            assert panel.locator(".poem span").all_text_contents() == tokens
            assert panel.locator(".heads canvas").count() == len(weights) * (weights[0].size(1) + 1)
            expect_colours(number, weights[1][0].mean(0)[T - 1])
        panels.nth(0).locator(".poem span").nth(4).hover()  # both runs follow
        for number, (_, _, weights) in enumerate(shown):
            expect_colours(number, weights[1][0].mean(0)[4])
        panels.nth(1).locator("[data-layer='2'][data-head='1']").click()
        for number, (_, _, weights) in enumerate(shown):
            expect_colours(number, weights[2][0, 1][4])
        page.locator("#direction").click()
        expect_colours(0, shown[0][2][2][0, 1][:, 4])
        page.locator("#difference").click()
        difference = shown[1][2][2][0, 1][:, 4] - shown[0][2][2][0, 1][:, 4]
        expect_colours(0, difference)
        keep(page, f"own-{width}-{scheme}")


@pytest.mark.browser
def test_own_view_works_by_keyboard_in_both_languages(browser, own_page):
    path, shown = own_page
    T, weights = len(shown[0][1]), shown[0][2]
    with tab(browser, ("file:",)) as page:
        page.goto(path.as_uri())
        panel = page.locator("#glance .run").first
        assert panel.locator(".poem [tabindex='0']").count() == 1
        panel.locator(".poem [tabindex='0']").focus()
        for key in ("ArrowLeft", "ArrowLeft", "ArrowDown", "3"):
            page.keyboard.press(key)
            page.wait_for_timeout(60)
        got = alphas(panel)
        expected = [float(weight) ** 0.5 for weight in weights[2][0, 2][T - 3]]
        assert got == pytest.approx(expected, abs=2e-3)
        assert page.evaluate("document.activeElement.dataset.place") == str(T - 3)
        assert "Layer 2, head 2" in panel.locator(".say").inner_text()
        page.locator("#tongue").click()
        assert "第 2 层，第 2 个头" in panel.locator(".say").inner_text()
        assert "按键" in page.locator(".keys").inner_text()


def test_own_views_data_are_the_causal_weights_and_are_escaped(own_page, attnvis):
    path, shown = own_page
    data = json.loads(re.search(r"const DATA = (.*);", path.read_text(encoding="utf-8"))[1])
    assert data["layer"] == 1 and [run["name"] for run in data["runs"]] == ["default", "no_pos"]
    for run, (_, tokens, weights) in zip(data["runs"], shown, strict=True):
        assert run["tokens"] == tokens
        for layer, expected in zip(run["weights"], weights, strict=True):
            for head, rows in enumerate(layer):
                assert [len(row) for row in rows] == list(range(1, len(tokens) + 1))
                assert rows[-1] == pytest.approx(expected[0, head, -1].tolist(), abs=1e-4)
    assert "<script>alert" not in attnvis.section(
        [("<script>alert", ["<"], [torch.ones(1, 1, 1, 1)])]
    )
