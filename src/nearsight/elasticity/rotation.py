"""Elastic tensors of a crystal that is turned."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nearsight.structures.strain import VOIGT

_OF_PAIR = np.array([[0, 5, 4], [5, 1, 3], [4, 3, 2]])


def rotate_tensor(stiffness: ArrayLike, rotation: ArrayLike) -> NDArray[np.float64]:
    """Return the stiffness, shape ``(6, 6)``, of the crystal turned by r → R r.

    C'_ijkl = R_ip R_jq R_kr R_ls C_pqrs, in the unit of `stiffness`.

    Parameters
    ----------
    stiffness
        In Voigt order xx, yy, zz, yz, xz, xy, shape ``(6, 6)``.
    rotation
        Proper or improper, shape ``(3, 3)``.

    Examples
    --------
    >>> import numpy as np
    >>> from nearsight.elasticity import rotate_tensor
    >>> copper = np.diag([168.0, 168.0, 168.0, 75.0, 75.0, 75.0])  # GPa
    >>> copper[:3, :3] += 121.0 * (1 - np.eye(3))
    >>> half = np.sqrt(0.5)
    >>> turned = rotate_tensor(copper, [[half, -half, 0], [half, half, 0], [0, 0, 1]])
    >>> print(f"C11 {turned[0, 0]:.1f} GPa along a face diagonal")
    C11 219.5 GPa along a face diagonal
    """
    full = np.asarray(stiffness, dtype=np.float64)[_OF_PAIR[:, :, None, None], _OF_PAIR]
    r = np.asarray(rotation, dtype=np.float64)
    turned = np.einsum("ip,jq,kr,ls,pqrs->ijkl", r, r, r, r, full, optimize=True)
    return np.array([[turned[a, b, c, d] for c, d in VOIGT] for a, b in VOIGT])
