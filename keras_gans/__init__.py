"""GAN experiments of five student reports, re-run from numbered rows of YAML."""

__version__ = "0.2.0"
