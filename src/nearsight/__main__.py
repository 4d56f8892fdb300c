"""Run the command line with ``python -m nearsight``."""

from nearsight.cli.entry import enter

enter()
