"""How a potential of Behler and Parrinello learns copper, and what its atoms look at."""

from pathlib import Path

from ase.build import bulk
from drawing import draw_charts

from nearsight.models import load_model
from nearsight.records.training_charts import training_figures
from nearsight.relaxation import relax
from nearsight.training import FunctionSettings, NetworkSettings, StoppingSettings
from nearsight.workflows import (
    DistortionSettings,
    SynthesizeSettings,
    TrainSettings,
    synthesize,
    train,
)


def draw(path: Path) -> None:
    """Draw the figures of `nearsight train`."""
    truth = load_model("ase:emt")
    copper = relax(bulk("Cu", cubic=True), truth).atoms
    asked = SynthesizeSettings(
        count=120,
        supercell=(2, 1, 1),
        distortion=DistortionSettings(displacement_A=0.15, strain=0.03),
    )
    synthesize(copper, truth, asked, target="copper.extxyz")
    settings = TrainSettings(
        functions=FunctionSettings(cutoff_A=5.0),
        network=NetworkSettings(hidden_layers=(10, 10)),
        stopping=StoppingSettings(epochs=20),
    )
    record = train("copper.extxyz", settings, out="potential")
    [charts] = training_figures(record).values()
    draw_charts(charts[:4], 2, path)
