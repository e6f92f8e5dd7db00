"""`python -m entrypoint`: the same as the command."""

import sys

from entrypoint.cli import main

sys.exit(main())
