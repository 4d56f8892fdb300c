"""Print the families that are tested in an environment of their own, for the Makefile."""

import sys

from nearsight.models.families import tested_elsewhere

sys.stdout.write(" ".join(tested_elsewhere()) + "\n")
