"""The training of a potential, which goes on after an interruption as if there had been none."""

import hashlib
import math
import os
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from nearsight.announcing import announces
from nearsight.arrays import FloatArray, IntArray
from nearsight.errors import StorageError
from nearsight.hdnnp.kernels.compiled_potential import CompiledPotential, compile_potential
from nearsight.hdnnp.networks import with_parameters
from nearsight.hdnnp.potential import Potential
from nearsight.locking import hold
from nearsight.progress import Progress, as_progress
from nearsight.provenance import ModelIdentity, Provenance, installed_versions
from nearsight.remarks import Remark
from nearsight.training.checkpoint import Checkpoint, State, fingerprint
from nearsight.training.error_measures import ErrorSums, SetErrors
from nearsight.training.kalman_filter import DivergenceError
from nearsight.training.labelled import LabelledData
from nearsight.training.learning_curve import EpochErrors, LearningCurve
from nearsight.training.optimizers import (
    AdamOptimizer,
    KalmanOptimizer,
    Optimizer,
    Position,
    Predictor,
    TrainingUnits,
)
from nearsight.training.prediction import KernelPredictor
from nearsight.training.preparing import Prepared, prepare
from nearsight.training.proposing import Pair
from nearsight.training.result import Training
from nearsight.training.settings import StoppingSettings, TrainingSettings

CHECKPOINT_S = 30.0
"""Seconds between two checkpoints: little beside the steps, and little to lose."""
CURVE, CHECKPOINT, BEST, LAST = "learning_curve.jsonl", "checkpoint", "best", "last"
"""What is in the folder of a training."""
_HOPELESS = 1e3
"""Errors so many times those of the first networks are those of a training that diverged."""
_OVERFITTED = 3.0
