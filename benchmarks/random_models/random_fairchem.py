"""A checkpoint of fairchem with random weights: UMA, eSEN, or eSEN that predicts forces directly.

All have two layers, 16 channels, l up to 2 and a cutoff of 4 Å; UMA mixes three experts. The task
is `omat`.
"""

from functools import partial
from pathlib import Path
from typing import Any

import hydra
import torch
from command import save_model
from fairchem.core.units.mlip_unit.api.inference import MLIPInferenceCheckpoint

UMA = "fairchem.core.models.uma"
HEAD = f"{UMA}.escn_md"
UNIT = "fairchem.core.units.mlip_unit.mlip_unit"
TASKS = {"omat": "omat"}
BACKBONE = {
    "sphere_channels": 16,
    "lmax": 2,
    "mmax": 2,
    "max_neighbors": 300,
    "cutoff": 4.0,
    "edge_channels": 16,
    "num_distance_basis": 16,
    "num_layers": 2,
    "hidden_channels": 16,
    "chg_spin_emb_type": "rand_emb",
    "ff_type": "spectral",
    "regress_forces": True,
    "otf_graph": True,
    "use_quaternion_wigner": False,
    "dataset_mapping": TASKS,
}
CONSERVATIVE = {"direct_forces": False, "regress_stress": True}
DIRECT = {"direct_forces": True, "regress_stress": False, "direct_stress": True}
PLAIN = {"model": f"{UMA}.escn_md.eSCNMDBackbone"}
EXPERTS = {
    "model": f"{UMA}.escn_moe.eSCNMDMoeBackbone",
    "num_experts": 3,
    "use_composition_embedding": True,
    "model_version": 1.1,
}
EXPERT_HEAD = {
    "module": f"{UMA}.escn_moe.DatasetSpecificMoEWrapper",
    "dataset_mapping": TASKS,
    "head_cls": f"{HEAD}.MLP_EFS_Head",
    "head_kwargs": {"wrap_property": False},
}
DIRECT_HEADS = {
    "energy": {"module": f"{HEAD}.MLP_Energy_Head"},
    "forces": {"module": f"{HEAD}.Linear_Force_Head"},
    "stress": {"module": f"{HEAD}.MLP_Stress_Head"},
}
KINDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "uma": (CONSERVATIVE | EXPERTS, {"efs": EXPERT_HEAD}),
    "esen": (CONSERVATIVE | PLAIN, {"efs": {"module": f"{HEAD}.MLP_EFS_Head"}}),
    "esen-direct": (DIRECT | PLAIN, DIRECT_HEADS),
}
RMSD = 20.0


def save(kind: str, path: Path) -> None:
    """Save what fairchem distributes: weights of an average over training, with the tasks."""
    own, heads = KINDS[kind]
    settings = {
        "_target_": "fairchem.core.models.base.HydraModel",
        "backbone": BACKBONE | own,
        "heads": heads,
        "pass_through_head_outputs": kind != "esen-direct",
    }
    torch.manual_seed(1)
    model = hydra.utils.instantiate(settings)
    prefix = "omat_" if kind == "uma" else ""
    checkpoint = MLIPInferenceCheckpoint(
        model_config=settings,
        model_state_dict=model.state_dict(),
        ema_state_dict=torch.optim.swa_utils.AveragedModel(model).state_dict(),
        tasks_config=[task(prefix, what) for what in ("energy", "forces", "stress")],
    )
    torch.save(checkpoint, path)


def task(prefix: str, what: str) -> dict[str, Any]:
    """Return what a checkpoint says of one quantity that its model predicts."""
    shape = {"energy": [1], "forces": [3], "stress": [1, 9]}[what]
    normalizer = "fairchem.core.modules.normalization.normalizer.Normalizer"
    found = {
        "_target_": f"{UNIT}.Task",
        "name": prefix + what,
        "level": "atom" if what == "forces" else "system",
        "property": what,
        "out_spec": {"_target_": f"{UNIT}.OutputSpec", "dim": shape, "dtype": "float32"},
        "normalizer": {"_target_": normalizer, "mean": 0.0, "rmsd": RMSD},
        "datasets": ["omat"],
    }
    if what == "energy":
        references = "fairchem.core.modules.normalization.element_references.ElementReferences"
        zeros = {"_target_": "torch.DoubleTensor", "_args_": [[0.0] * 100]}
        found["element_references"] = {"_target_": references, "element_references": zeros}
    return found


if __name__ == "__main__":
    save_model(__doc__, {kind: partial(save, kind) for kind in KINDS})
