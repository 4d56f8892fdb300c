"""Run the command line with ``python -m nearsight.cli``."""

import sys

from nearsight.cli.main import main

sys.exit(main())
