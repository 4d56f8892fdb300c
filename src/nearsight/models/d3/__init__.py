"""D3(BJ) dispersion in closed form: `model` is the family, the other files its parts."""
