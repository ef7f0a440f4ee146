"""The commands of the sandbox country: `generate`, `serve`, `serve-together`, `export`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from examples.lumeria.country import SYSTEMS


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; 0 success, 2 usage or missing settings."""
    arguments = _parser().parse_args(argv)
    return {"generate": _generate, "serve": _serve, "serve-together": _serve_together, "export": _export}[
        arguments.command
    ](arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m examples.lumeria", description="The sandbox country Lumeria."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    generate = commands.add_parser("generate", help="write the ministries' data files")
    generate.add_argument("--people", type=int, default=2000, help="persons, living and dead (at least 500)")
    generate.add_argument("--seed", type=int, default=7, help="the same seed gives the same country")
    generate.add_argument("--out", type=Path, required=True, help="folder for the files")
    serve = commands.add_parser("serve", help="run one ministry's system on 127.0.0.1")
    serve.add_argument("system", choices=SYSTEMS)
    serve.add_argument("--data", type=Path, required=True, help="folder that `generate` wrote")
    serve.add_argument("--port", type=int, required=True)
    together = commands.add_parser("serve-together", help="run several systems in one process")
    together.add_argument("places", nargs="+", type=_place, metavar="SYSTEM=PORT", help="such as tax=8103")
    together.add_argument("--data", type=Path, required=True, help="folder that `generate` wrote")
    export = commands.add_parser("export", help="write a system's data for another implementation")
    export.add_argument("system", choices=SYSTEMS)
    export.add_argument("--format", choices=("postgresql", "mysql", "geojson", "fhir"), required=True)
    export.add_argument("--data", type=Path, required=True, help="folder that `generate` wrote")
    export.add_argument("--out", type=Path, required=True, help="the file to write")
    return parser


def _generate(arguments: argparse.Namespace) -> int:
    from examples.lumeria.generate import FEWEST_PEOPLE, generate

    if arguments.people < FEWEST_PEOPLE:
        return _complain(f"--people must be at least {FEWEST_PEOPLE}")
    lumeria = generate(arguments.people, arguments.seed, arguments.out)
    households, labels = len(lumeria.country.population.households), len(lumeria.projection.labels)
    print(f"{arguments.people} people, {households} households, {labels} labels: {arguments.out}")
    return 0


def _serve(arguments: argparse.Namespace) -> int:
    # Imported here, and only one system's code: ten processes start together on small machines.
    from examples.lumeria.servers.serving import MissingSettingError, serve

    try:
        serve(arguments.system, arguments.data, arguments.port)
    except (MissingSettingError, FileNotFoundError) as error:
        return _complain(str(error))
    return 0


def _serve_together(arguments: argparse.Namespace) -> int:
    from examples.lumeria.servers.serving import MissingSettingError, serve_together

    try:
        serve_together(dict(arguments.places), arguments.data)
    except (MissingSettingError, FileNotFoundError) as error:
        return _complain(str(error))
    return 0


def _export(arguments: argparse.Namespace) -> int:
    from examples.lumeria.export import UnsuitedFormatError, export

    try:
        export(arguments.system, arguments.format, arguments.data, arguments.out)
    except (UnsuitedFormatError, FileNotFoundError) as error:
        return _complain(str(error))
    return 0


def _place(text: str) -> tuple[str, int]:
    """Read `SYSTEM=PORT`."""
    system, _, port = text.partition("=")
    if system not in SYSTEMS:
        raise argparse.ArgumentTypeError(f"systems are {', '.join(SYSTEMS)}")
    return system, int(port)


def _complain(sentence: str) -> int:
    print(f"lumeria: {sentence}", file=sys.stderr)
    return 2
