"""Trains experiments of a table: python run_experiment.py --exp 18 (--help says more)."""

import sys

from keras_gans.cli import run_experiment

if __name__ == "__main__":
    sys.exit(run_experiment())
