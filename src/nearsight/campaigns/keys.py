"""By what two calculations of a campaign are the same one."""

from typing import Any

from nearsight.fingerprint import json_sha256
from nearsight.provenance import ModelIdentity
from nearsight.settings import Settings


def deciding(identity: ModelIdentity) -> dict[str, Any]:
    """Return what a model must agree in, wherever a campaign goes on: all but its device.

    A campaign may begin on a laptop and end on GPUs; each record says where it was computed.
    """
    values = {name: value for name, value in identity.deciding().items() if name != "device"}
    if identity.parts:
        parts = [deciding(part) for part in identity.parts]
        values["options"] = {**values["options"], "parts": parts}
    return values


def model_sha256(identity: ModelIdentity) -> str:
    """Return the digest of `deciding`."""
    return json_sha256(deciding(identity))


def job_key(structure_sha256: str, workflow: str, settings: Settings, model: str) -> str:
    """Return the key of a calculation.

    Parameters
    ----------
    structure_sha256
        Digest of the structure.
    workflow
        The name of the question.
    settings
        All of its settings: with another one it is another calculation.
    model
        Digest of the identity of the model.
    """
    return json_sha256(
        {
            "structure": structure_sha256,
            "workflow": workflow,
            "settings": settings.to_json(),
            "model": model,
        }
    )
