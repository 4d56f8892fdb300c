"""What is in the folder of a training."""

CURVE, CHECKPOINT = "learning_curve.jsonl", "checkpoint"
BEST, LAST = "best", "last"
"""Folders of potentials."""
