"""Numbers of the worked examples, computed from tests/reference and library calls, never from the solved tree."""
