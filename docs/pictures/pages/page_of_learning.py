"""The page of a chain of polyethylene that is learnt from its fragments."""

from pathlib import Path

from ase import Atoms
from browser import photograph, run

from nearsight.records import write
from nearsight.training import FunctionSettings, NetworkSettings, StoppingSettings
from nearsight.workflows import (
    ExploringSettings,
    FirstFramesSettings,
    LearnSettings,
    PickingSettings,
    Resources,
    RoundsSettings,
    learn,
)

CARBON = [[0.42, 0, 0], [-0.42, 0, 1.27]]
HYDROGEN = [[1.05, 0.88, 0], [1.05, -0.88, 0], [-1.05, 0.88, 1.27], [-1.05, -0.88, 1.27]]
SETTINGS = LearnSettings(
    functions=FunctionSettings(cutoff_A=3.0, n_radial=4, zetas=(1.0, 4.0)),
    network=NetworkSettings(hidden_layers=(8,)),
    stopping=StoppingSettings(epochs=6),
    rounds=RoundsSettings(fragment_radius_A=3.0, second_hidden_layers=(10,), rounds=3),
    first=FirstFramesSettings(first_frames=20, first_every_fs=4.0),
    exploring=ExploringSettings(explore_ps=0.1, explore_timestep_fs=1.0, explore_every_fs=5.0),
    picking=PickingSettings(most_picked=10, apart_fs=10.0),
)


def draw(path: Path) -> None:
    """Learn for three rounds, and photograph the page of the record."""
    chain = Atoms("C2H4", CARBON + HYDROGEN, cell=[5.0, 5.2, 2.54], pbc=True)
    record = learn([chain], "gfn1-xtb", SETTINGS, out="learnt", resources=Resources(cores=1))
    write("learnt.json", record)
    run("report", "learnt.json", "--output", "learnt.html")
    photograph(Path("learnt.html"), path, 1100, 1440)
