"""The pages of the kinds `soap` and `xroad`: their examples are in order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from adapters.source_checks import check_document
from adapters.yaml_lines import load


@pytest.mark.parametrize("page", ["soap", "xroad"])
def test_example__of_the_page__is_in_order(page: str, tmp_path: Path) -> None:
    """Whoever copies it has a good file."""
    text = Path(f"docs/adapters/{page}.md").read_text("utf-8")
    examples = re.findall(r"```yaml\n(id: .*?)```", text, re.DOTALL)
    assert len(examples) == 1
    file = tmp_path / "source.yaml"
    file.write_text(examples[0], "utf-8")
    assert check_document(load(file)) == []
