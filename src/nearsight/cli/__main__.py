"""Run the command line with ``python -m nearsight.cli``."""

from nearsight.cli.entry import enter

enter()
