"""Training of potentials of Behler and Parrinello on labelled structures."""

from typing import TYPE_CHECKING

from nearsight.public_names import import_at_first_use

if TYPE_CHECKING:
    from nearsight.hdnnp.frames import Frame
    from nearsight.hdnnp.symmetry_functions import AngularFunction, RadialFunction
    from nearsight.training.kalman_filter import KalmanFilter, NoiseSchedule
    from nearsight.training.labelled import LabelledData, labelled_data
    from nearsight.training.proposing import propose_functions, shortest_distances_A
    from nearsight.training.result import Training
    from nearsight.training.settings import (
        DataSettings,
        FunctionSettings,
        NetworkSettings,
        OptimizerSettings,
        PriorSettings,
        StoppingSettings,
        TrainingSettings,
    )
    from nearsight.training.train import train

__all__ = [
    "AngularFunction",
    "DataSettings",
    "Frame",
    "FunctionSettings",
    "KalmanFilter",
    "LabelledData",
    "NetworkSettings",
    "NoiseSchedule",
    "OptimizerSettings",
    "PriorSettings",
    "RadialFunction",
    "StoppingSettings",
    "Training",
    "TrainingSettings",
    "labelled_data",
    "propose_functions",
    "shortest_distances_A",
    "train",
]

import_at_first_use(__name__)
