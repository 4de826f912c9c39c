"""Pictures: samples of a data set or a generator, curves of a run, drawings of networks."""

from keras_gans.pictures.figures import save
from keras_gans.pictures.samples import WIDEST, samples, single

__all__ = ["WIDEST", "samples", "save", "single"]
