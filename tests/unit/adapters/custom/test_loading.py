"""Python files run with a ministry's credentials: only allowed, measured and unchanged ones do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import pytest

from adapters.custom import loading
from adapters.custom.loading import installed, of_file
from adapters.python_files import python_files
from schemas.errors import ConfigurationError

CODE = (Path(__file__).parents[4] / "examples" / "python_adapter" / "old_tax.py").read_text()


@pytest.fixture
def allowed() -> Iterator[None]:
    """An operator allowed Python files."""
    with python_files(allowed=True):
        yield


def _write(folder: Path, code: str = CODE, mode: int = 0o600) -> str:
    path = folder / "old_tax.py"
    path.write_text(code)
    path.chmod(mode)
    return sha256(code.encode()).hexdigest()


def test_python_file__not_allowed__is_refused_and_not_run(tmp_path: Path) -> None:
    """Files are off unless the settings allow them; the refusal says how."""
    digest = _write(tmp_path, f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    with pytest.raises(ConfigurationError, match="allow_python_files"):
        of_file(tmp_path, "old_tax.py", digest)
    assert not (tmp_path / "ran").exists()


@pytest.mark.usefixtures("allowed")
def test_python_file__of_the_named_digest__gives_its_class(tmp_path: Path) -> None:
    """The file that somebody read is the file that runs."""
    digest = _write(tmp_path)
    assert of_file(tmp_path, "./old_tax.py", digest.upper()).__name__ == "OldTax"


@pytest.mark.usefixtures("allowed")
def test_python_file__changed_since_it_was_read__is_refused_and_not_run(tmp_path: Path) -> None:
    """Another digest refuses before anything of the file runs."""
    digest = _write(tmp_path)
    _write(tmp_path, f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    with pytest.raises(ConfigurationError, match="not the file that was read"):
        of_file(tmp_path, "old_tax.py", digest)
    assert not (tmp_path / "ran").exists()


@pytest.mark.usefixtures("allowed")
@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_python_file__others_may_change_it__is_refused(tmp_path: Path, mode: int) -> None:
    """A file that group or others may write is not the operator's."""
    digest = _write(tmp_path, mode=mode)
    with pytest.raises(ConfigurationError, match="chmod go-w"):
        of_file(tmp_path, "old_tax.py", digest)


@pytest.mark.usefixtures("allowed")
def test_python_file__link_or_elsewhere__is_refused(tmp_path: Path) -> None:
    """Only a plain file beside the source file: no link, no path that leads away."""
    digest = _write(tmp_path)
    (tmp_path / "link.py").symlink_to(tmp_path / "old_tax.py")
    inside = tmp_path / "inside"
    inside.mkdir()
    with pytest.raises(ConfigurationError, match="link"):
        of_file(tmp_path, "link.py", digest)
    for name in ("../old_tax.py", str(tmp_path / "old_tax.py"), "./../old_tax.py"):
        with pytest.raises(ConfigurationError):
            of_file(inside, name, digest)


@pytest.mark.usefixtures("allowed")
@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("x = 1\n", "0 classes"),
        ("raise ValueError('CANARY')\n", "ValueError"),
        ("raise SystemExit('CANARY')\n", "SystemExit"),
        ("def\n", "SyntaxError"),
    ],
)
def test_python_file__no_adapter_in_it__is_refused_without_its_text(
    tmp_path: Path, code: str, says: str
) -> None:
    """What cannot be an adapter is refused by class of error; the error's text is not told."""
    digest = _write(tmp_path, code)
    with pytest.raises(ConfigurationError, match=says) as caught:
        of_file(tmp_path, "old_tax.py", digest)
    assert "CANARY" not in str(caught.value)


def _entry(value: object) -> SimpleNamespace:
    return SimpleNamespace(load=lambda: value)


@pytest.mark.parametrize(
    ("found", "says"),
    [([], "no package"), ([_entry(1), _entry(2)], "more than one"), ([_entry(dict)], "no SourceAdapter")],
)
def test_entry_point__not_exactly_one_adapter__is_refused(
    monkeypatch: pytest.MonkeyPatch, found: list[SimpleNamespace], says: str
) -> None:
    """A name must lead to one installed adapter."""
    monkeypatch.setattr(loading, "entry_points", _points(found))
    with pytest.raises(ConfigurationError, match=says):
        installed("legacy-tax")


def test_entry_point__installed_adapter__is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package's class is found by its name."""
    from examples.python_adapter.old_tax import OldTax

    monkeypatch.setattr(loading, "entry_points", _points([_entry(OldTax)]))
    assert installed("legacy-tax") is OldTax


class _Found(list[SimpleNamespace]):
    names = ("old-tax",)


def _points(found: list[SimpleNamespace]) -> Callable[..., _Found]:
    return lambda **_given: _Found(found)
