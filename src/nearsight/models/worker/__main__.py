"""What a model's own environment runs: ``python -m nearsight.models.worker``."""

import sys

from nearsight.models.worker.server import main

sys.exit(main())
