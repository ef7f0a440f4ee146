"""The runner of the policy's own tests sees a failure."""

from __future__ import annotations

import pytest

from policies.rego_tests import main, run_tests

POLICY = "package isthmus.x\n\nimport rego.v1\n\na := 1\n"
TEST = "package isthmus.x_test\n\nimport data.isthmus.x\nimport rego.v1\n\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "x.rego").write_text(POLICY)
    return tmp_path


def write_tests(folder, body):
    (folder / "x_test.rego").write_text(f"{TEST}{body}\n")


def test_run_tests__one_of_each_kind__is_told_apart(folder):
    """True passes; false, undefined and an error fail; `todo_` is skipped."""
    write_tests(
        folder,
        "test_good if x.a == 1\n\ntest_false := false\n\ntest_undefined if x.a == 2\n\n"
        "test_error := 1 / (x.a - 1)\n\ntodo_later if x.a == 2\n\nhelper := 2",
    )
    verdicts = {result.name.rpartition(".")[2]: result.verdict for result in run_tests(folder)}
    assert verdicts == {
        "test_good": "passed",
        "test_false": "failed",
        "test_undefined": "failed",
        "test_error": "failed",
        "todo_later": "skipped",
    }


def test_main__a_failure__is_printed_and_exits_with_1(folder, capsys):
    """`./run check` sees the failure, and a person its name."""
    write_tests(folder, "test_bad if x.a == 2")
    assert main([str(folder)]) == 1
    assert "FAILED x_test.rego: data.isthmus.x_test.test_bad" in capsys.readouterr().out


def test_main__no_tests_at_all__exits_with_1(folder):
    """Nothing tested is not success."""
    assert main([str(folder)]) == 1


def test_main__the_products_own_tests__pass(capsys):
    """The policy's own tests hold on the embedded engine."""
    assert main([]) == 0
    assert " 0 failed" in capsys.readouterr().out
