"""The training of a potential, which goes on after an interruption as if there had been none."""

CHECKPOINT_S = 30.0
"""Seconds between two checkpoints: little beside the steps, and little to lose."""
CURVE, CHECKPOINT, BEST, LAST = "learning_curve.jsonl", "checkpoint", "best", "last"
"""What is in the folder of a training."""
_HOPELESS = 1e3
"""Errors so many times those of the first networks are those of a training that diverged."""
_OVERFITTED = 3.0
