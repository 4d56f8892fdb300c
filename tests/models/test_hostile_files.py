"""A file of weights that would run code is refused before it can, for every family usable here."""

import importlib.util
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hostile import Hostile
from nearsight.errors import ModelError
from nearsight.models.families import FAMILIES
from nearsight.models.registry import load_model

FILES = {
    "sevennet": ("checkpoint.pth",),
    "mace": ("network.model",),
    "chgnet": ("network.pth.tar",),
    "orb": ("orb-v3-conservative-inf-omat.ckpt",),
    "mattersim": ("network.pth",),
    "matgl": ("potential/model.pt", "potential/state.pt"),
    "nequip": ("network.nequip.zip", "network.nequip.pt2"),
    "metatomic": ("network.pt", "network.ckpt"),
    "schnetpack": ("best_model",),
    "fairchem": ("network.pt",),
    "forcefield": ("field.toml", "force_field.json"),
    "hdnnp": ("potential/input.nn", "potential/scaling.data"),
    "nequix": ("network.nqx", "network.pt"),
}
"""Names such as each family's files have."""


def as_pickle(path: Path, content: Any) -> None:
    path.write_bytes(pickle.dumps(content))


def as_torch(path: Path, content: Any) -> None:
    torch = pytest.importorskip("torch")
    torch.save(content, path)


def as_old_torch(path: Path, content: Any) -> None:
    torch = pytest.importorskip("torch")
    torch.save(content, path, _use_new_zipfile_serialization=False)


def as_array(path: Path, content: Any) -> None:
    """As in a file of Nequix: a line of JSON, then arrays as NumPy saves them."""
    with path.open("wb") as file:
        file.write(b'{"atomic_numbers": [1], "cutoff": 5.0}\n')
        np.save(file, np.array([content], dtype=object), allow_pickle=True)


WRITERS = (as_pickle, as_torch, as_old_torch, as_array)


def usable(family: str) -> bool:
    # The worker's side is this side: a family that is not usable here is tested in its environment.
    return FAMILIES[family].obstacle is None


@pytest.mark.parametrize("write", WRITERS)
def test_the_files_would_run_code(tmp_path: Path, write: Callable[[Path, Any], None]) -> None:
    """What is refused below does something where it is not refused."""
    trace, path = tmp_path / "trace", tmp_path / "file"
    write(path, {"model": Hostile(trace)})
    if write is as_pickle:
        pickle.loads(path.read_bytes())
    elif write is as_array:
        with path.open("rb") as file:
            file.readline()
            np.load(file, allow_pickle=True)
    else:
        importlib.import_module("torch").load(path, weights_only=False)
    assert trace.is_dir()


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("family", sorted(FILES))
def test_it_does_not_run(tmp_path: Path, family: str, write: Callable[[Path, Any], None]) -> None:
    if not usable(family):
        pytest.skip(f"{family} {FAMILIES[family].obstacle}")
    trace = tmp_path / "trace"
    for name in FILES[family]:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        write(path, {"model": Hostile(trace), "state_dict": Hostile(trace)})
    for name in FILES[family]:
        target = (tmp_path / name).parent if "/" in name else tmp_path / name
        with pytest.raises(ModelError):
            load_model(f"{family}:{target}", device="cpu")
        assert not trace.exists()


def test_every_family_with_files_is_here() -> None:
    with_files = {
        name
        for name, family in FAMILIES.items()
        if family.target_is_path and family.framework != "none" and name not in {"d3", "ase"}
    }
    assert with_files == set(FILES)
