"""`python -m examples.lumeria …`: see `cli`."""

from __future__ import annotations

import sys

from examples.lumeria.cli import main

sys.exit(main())
