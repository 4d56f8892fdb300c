"""What ASE's readers guess or leave out without a word, format by format."""
