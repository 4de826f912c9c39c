"""Reports: the results of finished runs as pages."""

from keras_gans.reports.markdown import write

__all__ = ["write"]
