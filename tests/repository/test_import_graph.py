"""docs/architecture.md shows the imports as they are."""

from tests.repository import import_graph


def test_the_page_shows_the_imports():
    page = import_graph.PAGE.read_text(encoding="utf-8")
    assert import_graph.with_diagrams(page) == page, (
        "run python -m tests.repository.import_graph --write"
    )
