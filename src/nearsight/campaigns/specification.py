"""What a campaign asks of every structure: workflows with their settings, and models."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nearsight.campaigns.questions import Question, question_named
from nearsight.errors import MethodError, SettingError
from nearsight.models.spec import ModelSpec
from nearsight.settings import Settings


@dataclass(frozen=True)
class Specification:
    """The questions of a campaign and its models.

    Examples
    --------
    >>> from nearsight.campaigns import Specification
    >>> from nearsight.models import ModelSpec
    >>> from nearsight.workflows import EnergySettings
    >>> asked = Specification({"energy": EnergySettings(stress=True)}, (ModelSpec("ase:emt"),))
    >>> [question.name for question in asked.questions]
    ['energy']
    """

    settings: Mapping[str, Settings]
    """Those of each workflow, by its name."""
    models: tuple[ModelSpec, ...]

    def __post_init__(self) -> None:
        if not self.settings or not self.models:
            raise MethodError("a campaign needs a workflow and a model; name them.")
        names = [model.name for model in self.models]
        if len(set(names)) < len(names):
            raise MethodError("a model is named twice; name each once.")

    @property
    def questions(self) -> tuple[Question, ...]:
        """What is asked."""
        return tuple(question_named(name) for name in self.settings)

    def to_json(self) -> dict[str, Any]:
        """Return the specification as JSON values."""
        return {
            "workflows": {name: each.to_json() for name, each in self.settings.items()},
            "models": [model.to_json() for model in self.models],
        }

    @classmethod
    def from_json(cls, values: Any) -> "Specification":
        """Rebuild what `to_json` returned.

        Raises
        ------
        SettingError
            A workflow or a setting is not known.
        """
        settings = {
            name: question_named(name).settings.from_mapping(each)
            for name, each in values["workflows"].items()
        }
        return cls(settings, tuple(ModelSpec.from_mapping(each) for each in values["models"]))

    def joined(self, other: "Specification") -> "Specification":
        """Return a campaign that asks what both ask.

        Raises
        ------
        SettingError
            A workflow has other settings, or a model another precision, in the other one: their
            numbers would stand in one table.
        """
        for name in self.settings.keys() & other.settings.keys():
            if differing := _differing(
                self.settings[name].to_json(), other.settings[name].to_json()
            ):
                raise SettingError(
                    f"the campaign has other settings of {name}: {'; '.join(differing)}. Choose "
                    f"another `out` for other settings."
                )
        models = {model.name: model for model in self.models}
        for model in other.models:
            known = models.setdefault(model.name, model)
            if known.dtype != model.dtype:
                raise SettingError(
                    f"the campaign has {model.name} in {known.dtype}, not {model.dtype}. Choose "
                    f"another `out` for it."
                )
        return Specification({**self.settings, **other.settings}, tuple(models.values()))


def _differing(ours: Any, theirs: Any, group: str = "") -> list[str]:
    """Return what differs between settings, by their whole names."""
    said = []
    for name in ours:
        if isinstance(ours[name], dict):
            said += _differing(ours[name], theirs[name], f"{group}{name}.")
        elif ours[name] != theirs[name]:
            said.append(f"{group}{name} is {ours[name]} there and {theirs[name]} here")
    return said
