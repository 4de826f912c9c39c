"""What is inside of a network, where Keras has no public name for it.

If a later Keras renames one of these attributes, this module alone has to follow.
"""


def layers_of(network):
    """The network, its layers, those inside of layers, and so on: a list."""
    return network._flatten_layers()


def own_trainable(layer):
    """Variables of a layer itself that training changes unless they are frozen: a list."""
    return layer._trainable_variables


def own_variables(layer):
    """Variables of a layer itself, in an order that does not depend on what is frozen: a list."""
    return layer._trainable_variables + layer._non_trainable_variables
