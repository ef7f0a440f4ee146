"""The command line: each command calls one function that lives elsewhere.

Long-running commands (`gateway run`, `federation serve`) are recognised before the command-line
library is loaded: a serving process does not carry it.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run `isthmus`."""
    if _serves(sys.argv[1:]):
        from gateway.cli.serving import serve

        sys.exit(serve(sys.argv[1:]))
    from gateway.cli.commands import app

    app()


def _serves(arguments: list[str]) -> bool:
    wanted = arguments[:2] in (["gateway", "run"], ["federation", "serve"])
    return wanted and not {"--help", "-h"} & set(arguments)
