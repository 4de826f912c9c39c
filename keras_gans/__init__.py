"""GAN experiments of five student reports, re-run from numbered rows of YAML."""

__version__ = "0.1.0"
