"""Smooth random potentials of pairs, angles, embedding and charges, for any elements.

``synthetic:7`` is the potential of seed 7. Behind it stand the strengths of its terms and where
they end: ``synthetic:7?angles=0.5&embedding=0&charges=0.3&cutoff_A=5&charge_range_A=12``. They are
truths to learn: what range and order of an interaction cost a model that is trained on its numbers
can be measured where both are known.

The energy of an atom i is

    ½ Σ_j φ(r_ij) w(r_ij) + F(Σ_j p(r_ij) w(r_ij)) + Σ_{j<k} B (cos θ - c)² g(r_ij) g(r_ik)
    + ½ Σ_j q_i q_j K(r_ij)

with the functions of `terms`, which the elements decide by the random numbers of `parameters`. It
has derivatives of every order, where there are charges of six orders at the end of their range. An
atom alone has the energy 0. Two atoms repel each other ever more strongly within half of their bond
length, whatever the seed and the strengths; and energies are bounded below by a multiple of the
number of atoms, so that nothing falls into a hole.

How far it reaches: pairs and densities end at `cutoff_A` (6), angles at `angle_cutoff_A` (4) from
their centre, charges at `charge_range_A` (10): an atomic energy ends at the largest of those that
there are, which the capabilities say. Second derivatives h_AB end there for pairs and charges, and
at twice their own cutoff for densities and angles, whose centre may stand between A and B. Charges
are those of elements, in any composition: as the interaction ends, it needs no neutral cell.

Strengths are from 0, where a term is exactly absent, to 1: `angles` (1) and `embedding` (1) are
factors, `charges` (0) the largest charge in e.
"""

from nearsight.models.engines.torch_model import TorchModel
from nearsight.models.facts import Facts
from nearsight.models.families.synthetic.energy import SyntheticEnergy
from nearsight.models.families.synthetic.options import read_options
from nearsight.models.loading import LoadRequest
from nearsight.provenance import ModelIdentity


def load(request: LoadRequest) -> TorchModel:
    """Make the potential that the request names.

    Raises
    ------
    ModelError
        The seed is no whole number, or an option is not what it may be.
    """
    options = read_options(request)
    identity = ModelIdentity(
        name=request.name,
        family="synthetic",
        checkpoint_sha256=None,
        dtype=request.dtype,
        device=request.device,
        options=options.by_name(),
    )
    facts = Facts(
        level_of_theory=f"synthetic potential of seed {options.seed}",
        licence="MIT",
        energy_scale="synthetic: zero for isolated atoms",
    )
    return TorchModel(SyntheticEnergy(options, identity), facts)
