"""What is inside of a network, with the Keras that is installed."""

import keras
from keras import layers

from keras_gans.networks.inside import layers_of, own_trainable, own_variables


def test_layers_inside_of_layers_are_found_and_what_is_frozen_stays_theirs():
    normal, dense = layers.BatchNormalization(), layers.Dense(2)
    inner = keras.Sequential([layers.Input((3,)), dense, normal])
    network = keras.Sequential([layers.Input((3,)), inner, layers.ReLU()])
    found = layers_of(network)
    assert found[0] is network and {inner, dense, normal} <= set(found)
    assert {id(v) for layer in found for v in own_variables(layer)} == set(map(id, network.weights))
    before = [v.path for v in own_variables(normal)]
    normal.trainable = False
    assert [v.path for v in own_variables(normal)] == before
    assert [v.path for v in own_trainable(normal)] == before[:2]
