"""What a time belongs to beside the model: the machine, its threads, the device."""

from dataclasses import dataclass
from typing import Annotated

from threadpoolctl import threadpool_info

from nearsight.evaluation.machine import Machine, this_machine
from nearsight.memory import gpu_name
from nearsight.models.contract import Model
from nearsight.records.described import Plain, Says


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Where it was measured."""

    machine: Annotated[Machine, Says("The machine.")]
    processor: Annotated[str, Says("What computed: the processor, or the GPU.")]
    device: Annotated[str, Says("The model's device.")]
    dtype: Annotated[str, Says("The model's precision.")]
    n_threads: Annotated[int, Says("Threads of numerical libraries.", "1")]

    @property
    def deciding(self) -> dict[str, Plain]:
        """What times of one model differ by; how much memory there is may change with a kernel."""
        return {
            "machine": [self.machine.processor, self.machine.n_cores, self.machine.system],
            "processor": self.processor,
            "n_threads": self.n_threads,
        }

    @property
    def described(self) -> str:
        """All of it in a few words."""
        several = "s" if self.n_threads > 1 else ""
        threads = f", {self.n_threads} thread{several}" if self.device == "cpu" else ""
        return f"{self.processor}{threads}, {self.dtype}"


def surroundings_of(model: Model) -> Surroundings:
    """Return where a model computes."""
    machine, device = this_machine(), model.identity.device
    name = machine.processor
    if device.startswith("cuda"):
        name = gpu_name(device) or "a GPU"
    return Surroundings(
        machine=machine,
        processor=name,
        device=device,
        dtype=model.identity.dtype,
        n_threads=max((each["num_threads"] for each in threadpool_info()), default=1),
    )
