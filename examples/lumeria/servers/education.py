"""The Ministry of Education: no interface but a folder of CSV files, also offered over HTTP with a password.

The manifest names what belongs to the drop; a file that it does not name is not served.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from examples.lumeria.servers.serving import required
from examples.lumeria.servers.web import Json, has_password

USER: Final = "exchange"
MANIFEST: Final = "SHA256SUMS"


def build(path: Path, environ: Mapping[str, str]) -> Starlette:
    """Build the application over `education/`; the password comes from LUMERIA_EDUCATION_PASSWORD."""
    if not (path / MANIFEST).is_file():
        raise FileNotFoundError(f"no data at {path}: run `generate` first")
    ministry = _Ministry(path, required(environ, "LUMERIA_EDUCATION_PASSWORD"))
    return Starlette(routes=[Route("/health", ministry.health), Route("/drops/{name}", ministry.file)])


class _Ministry:
    """The ministry's folder, file by file."""

    def __init__(self, folder: Path, password: str) -> None:
        self._folder = folder
        self._password = password

    async def health(self, _: Request) -> Response:
        return Json({"status": "ok", "system": "education", "files": len(self._named())})

    async def file(self, request: Request) -> Response:
        if not has_password(request, USER, self._password):
            refusal = PlainTextResponse("401 Unauthorized\n", 401)
            refusal.headers["www-authenticate"] = 'Basic realm="drops"'
            return refusal
        name = request.path_params["name"]
        if name not in {MANIFEST, *self._named()}:
            return PlainTextResponse("404 Not Found\n", 404)
        kind = "text/csv" if name.endswith(".csv") else "text/plain"
        return Response((self._folder / name).read_bytes(), media_type=kind)

    def _named(self) -> list[str]:
        lines = (self._folder / MANIFEST).read_text(encoding="ascii").splitlines()
        return [line.split(maxsplit=1)[1] for line in lines if not line.startswith("#")]
