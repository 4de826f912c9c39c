"""What is inside of a network. Keras knows it and has no public name for it: a Keras that calls it
something else is met here.
"""


def layers_of(network):
    """The network, its layers, those inside of layers, and so on: a list."""
    return network._flatten_layers()


def trained_by(layer):
    """Variables of a layer itself that are made to be trained, frozen ones too: a list."""
    return layer._trainable_variables


def own_variables(layer):
    """Variables of a layer itself, in an order that does not depend on what is frozen: a list."""
    return layer._trainable_variables + layer._non_trainable_variables
