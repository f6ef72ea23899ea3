"""Models that come with the program; each folder holds config, weights and a model card."""
