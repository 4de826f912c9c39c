"""Reports: the results of runs as pages, of Markdown and of HTML."""

from keras_gans.reports.markdown import write

__all__ = ["write"]
