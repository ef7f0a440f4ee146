"""`isthmus source fingerprint`: printed, written into the file, and held against the view."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from gateway.cli.commands.source_fingerprint import app
from tests.unit.adapters.small_source import SQL, sql_source, write


def test_fingerprint__of_a_file__one_for_each_service(tmp_path: Path):
    """What is printed is what the file takes."""
    sql_source(tmp_path)

    said = CliRunner().invoke(app, [str(tmp_path / "source.yaml")])

    assert said.exit_code == 0, said.output
    name, _, line = said.output.strip().partition(": ")
    assert name == "status"
    assert line.startswith("fingerprint: sha256:")
    path = write(tmp_path, SQL, ("from: v_status", f"from: v_status\n    {line}"))
    assert CliRunner().invoke(app, [str(path)]).output == said.output
