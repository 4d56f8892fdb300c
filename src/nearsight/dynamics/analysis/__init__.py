"""What trajectories say: structure, diffusion, spectra, fluctuations, with errors."""
