"""Which model, as a value that files hold and other processes receive."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

from nearsight.provenance import MIXED
from nearsight.settings import Help, OneOf, Settings

if TYPE_CHECKING:
    from nearsight.models.contract import Model
    from nearsight.resources import Resources

DEFAULT_MODEL = "sevennet-0"
PRECISIONS = ("float64", "float32")
DTYPES = (*PRECISIONS, MIXED)


@dataclass(frozen=True, kw_only=True)
class ModelSpec(Settings):
    """Everything that `load_model` is told: ``ModelSpec("mace-mp-0-small", device="cuda")``.

    Examples
    --------
    >>> from nearsight.models import ModelSpec
    >>> spec = ModelSpec("ase:emt", device="cpu")
    >>> spec.load().identity.name
    'ase:emt'
    """

    name: Annotated[
        str,
        Help("a name from `nearsight models list`, or family:target such as ase:emt", "NAME"),
    ] = field(default=DEFAULT_MODEL, kw_only=False)
    dtype: Annotated[
        str,
        Help(
            "precision of the model; mixed is float32 for rows of second derivatives, which are "
            "checked, and far from minima, and float64 for all else"
        ),
        OneOf(DTYPES),
    ] = "float64"
    device: Annotated[str, Help("cpu, cuda, or auto for a GPU if there is one")] = "auto"
    trust: Annotated[
        bool,
        Help("load a checkpoint that may run code although Nearsight does not know it"),
    ] = False

    def load(self, resources: "Resources | None" = None) -> "Model":
        """Load the model, on the device of `resources` where its own is ``auto``.

        `nearsight.models.load_model` says which errors there are.
        """
        # Here, since a value must not cost the imports of a model.
        from nearsight.models.registry import load_model

        device = self.device
        if device == "auto" and resources is not None and resources.device is not None:
            device = resources.device
        return load_model(self.name, dtype=self.dtype, device=device, trust=self.trust)
