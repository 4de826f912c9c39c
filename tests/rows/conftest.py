"""One row, valid and small, that the tests of rows change."""

import pytest
import yaml

ROW = {
    "derived_from": "GAN",
    "dataset": "digits",
    "iterations": 100,
    "latents": {"size": 10},
    "batch_size": 8,
    "loss": "mse",
    "optimizer": {"name": "adam", "learning_rate": 0.0002, "beta_1": 0.5},
    "generator": {"name": "dcgan", "kernel_size": 4},
    "discriminator": "shallow",
    "save_every": 50,
}


@pytest.fixture
def row():
    return yaml.safe_load(yaml.safe_dump(ROW))  # a new one, nested mappings too


@pytest.fixture
def write_table(tmp_path):
    """Function of the content of a table, a text or a mapping, that returns its path."""

    def write(content):
        path = tmp_path / "table.yaml"
        text = content if isinstance(content, str) else yaml.safe_dump(content)
        path.write_text(text, encoding="utf-8")
        return path

    return write
