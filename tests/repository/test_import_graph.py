"""The import diagrams in docs/architecture.md agree with the code."""

from tests.repository import import_graph


def test_architecture_page_shows_the_current_imports():
    page = import_graph.PAGE.read_text(encoding="utf-8")
    assert import_graph.with_diagrams(page) == page, (
        "run python -m tests.repository.import_graph --write"
    )
