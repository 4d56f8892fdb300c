"""The families of models: which file loads one, and what its environment must have."""

import shlex
from dataclasses import dataclass

from nearsight.models.requirements import excluding_e3nn, obstacle

TORCH = "torch==2.13.0"
"""Installed before anything else, and a constraint on all that follows, in every environment."""


@dataclass(frozen=True)
class Step:
    """Requirements that are installed by one call."""

    requirements: tuple[str, ...]
    dependencies: bool = True
    """Whether what they depend on is installed with them."""


@dataclass(frozen=True)
class Restriction:
    """A licence that does not let everyone use the weights for everything."""

    licence: str
    terms: str
    """What it asks of a user, in a sentence or two."""
    address: str


@dataclass(frozen=True)
class Family:
    """One file of this package that loads one kind of model."""

    name: str
    requires: str
    """Package that must be importable, with code of its own: ``fairchem`` is only a folder."""
    target: str
    """What may follow ``family:`` in a name."""
    licence: str
    """Of the package; weights may have their own."""
    steps: tuple[Step, ...]
    """What is installed behind PyTorch, in this order."""
    size_MB: int
    """Room that its environment takes with a PyTorch for CPUs, in 10⁶ bytes, measured."""
    extra: bool = False
    """Whether one call of pip does the same in an environment of one's own."""
    e3nn: str | None = None
    """Version of e3nn that it works with, as ``==0.4.4`` or ``>=0.5``; None for any, or none."""
    python: tuple[tuple[int, int], tuple[int, int]] | None = None
    """From which Python, and before which; None for every one that Nearsight runs with."""
    file: str | None = None
    """Module below `nearsight.models`; the name of the family by default."""
    target_is_path: bool = True
    """Whether the target is a file, which may have ``#`` and more behind it."""
    options: tuple[str, ...] | None = ()
    """Calculation options that may follow a name as ``?key=value&key=value``; None for any, which
    the model itself judges."""
    framework: str = "torch"
    """What it computes with: ``torch``, which is installed first, ``jax``, or ``none`` of them.

    Without one a family has its own precision, and computes on the CPU."""
    restriction: Restriction | None = None

    @property
    def module(self) -> str:
        """Module with ``load(request: LoadRequest) -> Model``."""
        return f"nearsight.models.{self.file or self.name}"

    @property
    def obstacle(self) -> str | None:
        """What it lacks beside this Python; None if nothing."""
        return obstacle(self.requires, self.e3nn)

    @property
    def excluded(self) -> bool:
        """Whether what is installed here rules it out, so that it needs another environment."""
        return excluding_e3nn(self.e3nn) is not None

    @property
    def install(self) -> str:
        """What to tell a user who lacks it."""
        own = f"nearsight models install {self.name}"
        if not self.extra or self.excluded:
            return f"{own} gives it an environment of its own"
        framework = (TORCH,) if self.framework == "torch" else ()
        packages = [*framework, *(each for step in self.steps for each in step.requirements)]
        return (
            f"{own} gives it an environment of its own; pip install {shlex.join(packages)} "
            f"installs it here"
        )


def _one(*requirements: str) -> tuple[Step, ...]:
    return (Step(requirements),)


FAMILIES = {
    family.name: family
    for family in (
        Family(
            name="sevennet",
            requires="sevenn",
            target="path of a checkpoint",
            options=("modal",),
            licence="MIT",
            steps=_one("sevenn>=0.13,<0.14"),
            size_MB=1610,
            extra=True,
            e3nn=">=0.5",
        ),
        Family(
            name="mace",
            requires="mace",
            target="path of a model, or path#head",
            licence="MIT",
            # Its models are pickles of e3nn's classes, which no other version reads.
            steps=_one("mace-torch>=0.3.16,<0.4", "e3nn==0.4.4"),
            size_MB=1490,
            extra=True,
            e3nn="==0.4.4",
        ),
        Family(
            name="chgnet",
            requires="chgnet",
            target="path of a checkpoint",
            licence="BSD-3-Clause",
            steps=_one("chgnet>=0.4.2,<0.5"),
            size_MB=1630,
            extra=True,
        ),
        Family(
            name="orb",
            requires="orb_models",
            target="path of weights#published model of the same architecture",
            options=("charge", "spin"),
            licence="Apache-2.0",
            steps=_one("orb-models>=0.5.5,<0.6"),
            size_MB=1570,
            extra=True,
        ),
        Family(
            name="mattersim",
            requires="mattersim",
            target="path of a checkpoint",
            licence="MIT",
            # It asks for torchvision, whose compiled operations PyTorch 2.13 does not find, and
            # which nothing here calls: without its dependencies, then, and these instead.
            steps=(
                Step(
                    (
                        "e3nn>=0.5,<0.7",
                        "torch_geometric",
                        "torch-ema",
                        "torch_runstats",
                        "torchmetrics",
                        "loguru",
                        "deprecated",
                        "scikit-learn",
                        "pymatgen",
                    )
                ),
                Step(("mattersim==1.2.3",), dependencies=False),
            ),
            size_MB=1800,
            e3nn=">=0.5",
        ),
        Family(
            name="nequip",
            requires="nequip",
            target="path of a package or compiled model, or nequip.net:<id>",
            licence="MIT",
            steps=_one("nequip>=0.19.1,<0.20", "nequip-allegro>=0.8.3,<0.9"),
            size_MB=1530,
            extra=True,
            e3nn=">=0.6",
        ),
        Family(
            name="nequix",
            requires="nequix",
            framework="jax",
            target="path of a model",
            licence="MIT",
            # Left to itself it brings JAX for CUDA, several GB; these are for CPUs.
            steps=(
                Step(
                    (
                        "jax==0.10.2",
                        "e3nn-jax",
                        "equinox",
                        "jraph",
                        "optax",
                        "matscipy",
                        "h5py",
                        "pyyaml",
                        "tqdm",
                        "ase-db-backends",
                        "cloudpickle",
                    )
                ),
                Step(("nequix==0.4.5",), dependencies=False),
            ),
            size_MB=1120,
        ),
        Family(
            name="fairchem",
            requires="fairchem.core",
            target="path of a checkpoint",
            options=("task", "charge", "spin"),
            licence="MIT",
            steps=_one("fairchem-core==2.24.0"),
            size_MB=2560,
            extra=True,
            e3nn=">=0.5",
            python=((3, 11), (3, 15)),
            restriction=Restriction(
                licence="FAIR Chemistry License v1",
                terms="The package is free software (MIT), but the weights of UMA and of the other "
                "models of FAIR Chemistry are not: their licence and its Acceptable Use Policy "
                "rule out some uses. They are given to those only who accept it at Hugging Face "
                "under their own name; Nearsight downloads them with your own token, in HF_TOKEN, "
                "and in no other way",
                address="https://huggingface.co/facebook/UMA",
            ),
        ),
        Family(
            name="schnetpack",
            requires="schnetpack",
            target="path of a model",
            options=("energy_unit", "length_unit", "energy_key"),
            licence="MIT",
            # 2.1 asks for an older sympy than PyTorch does.
            steps=_one("schnetpack>=2.0.4,<2.1"),
            size_MB=1470,
            extra=True,
        ),
        Family(
            name="matgl",
            requires="matgl",
            target="folder of a saved model, or name of a published one",
            licence="BSD-3-Clause",
            steps=_one("matgl>=4.1.2,<4.2"),
            size_MB=1820,
            extra=True,
        ),
        Family(
            name="metatomic",
            requires="metatomic.torch",
            target="path of a .pt or .ckpt, or path#variant",
            licence="BSD-3-Clause",
            steps=_one(
                "metatomic-torch>=0.1.19,<0.2", "metatrain>=2026.4.1,<2027", "upet>=0.3.1,<0.4"
            ),
            size_MB=1900,
            extra=True,
        ),
        Family(
            name="d3",
            requires="torch_dftd",
            target="functional such as pbe",
            licence="MIT",
            steps=_one("torch-dftd>=0.5.3,<0.6"),
            size_MB=1600,
            extra=True,
            file="d3.model",
            target_is_path=False,
        ),
        Family(
            name="tblite",
            requires="tblite",
            framework="none",
            target="GFN1-xTB or GFN2-xTB",
            options=("charge", "spin"),
            licence="LGPL-3.0-or-later",
            steps=_one("tblite>=0.8,<0.9"),
            size_MB=500,
            extra=True,
            target_is_path=False,
        ),
        Family(
            name="pyscf",
            requires="pyscf",
            framework="none",
            target="FUNCTIONAL/BASIS, such as rpbe/def2-svp",
            options=("charge", "spin", "dispersion", "grid_response", "grid_level"),
            licence="Apache-2.0",
            steps=_one("pyscf>=2.14,<2.15", "pyscf-dispersion>=1.5,<2"),
            size_MB=720,
            extra=True,
            target_is_path=False,
        ),
        Family(
            name="ase",
            framework="none",
            requires="ase",
            target="name of an ASE calculator, or package.module:Class",
            options=None,
            licence="LGPL-2.1-or-later",
            steps=(),
            size_MB=0,
            file="ase_calculator",
            target_is_path=False,
        ),
    )
}
