"""Rows: the text of a table becomes a checked `Experiment`, without Keras."""

from keras_gans.rows.claims import Claim
from keras_gans.rows.classifier import ClassifierExperiment
from keras_gans.rows.experiment import Experiment
from keras_gans.rows.planned import PlannedRun
from keras_gans.rows.stored import StoredRun
from keras_gans.rows.table import Table, documents, read_table, table_of, tables, tables_folder

__all__ = [
    "Claim", "ClassifierExperiment", "Experiment", "PlannedRun", "StoredRun", "Table", "documents",
    "read_table", "table_of", "tables", "tables_folder",
]  # fmt: skip
