"""Connections are read in every notation that Keras has used."""

import pytest

from keras_gans.errors import UsageError
from keras_gans.generators.foreign.connections import (
    calls,
    execution_order,
    references,
    renumber,
)
from keras_gans.generators.foreign.graph import Call, Layer


def tensor(name, node=0, index=0):
    """A tensor in the notation of Keras 3."""
    return {"class_name": "__keras_tensor__", "config": {"keras_history": [name, node, index]}}


@pytest.mark.parametrize(
    "value",
    [["a", 0, 0], [["a", 0, 0]], {"out": ["a", 0, 0]}, [["a", 0, 0, {}]]],
    ids=str,
)
def test_references(value):
    assert references(value, "output_layers") == [("a", 0, 0)]


@pytest.mark.parametrize("value", [None, "a", 3, [3], [["a", "0", 0]], [["a", 0]], [[[]]]])
def test_references_that_are_none(value):
    with pytest.raises(UsageError, match="output_layers"):
        references(value, "output_layers")


@pytest.mark.parametrize(
    ("nodes", "found"),
    [
        ([[["a", 0, 0, {}], ["b", 1, 0]]], [(("a", 0, 0), ("b", 1, 0))]),
        (["a", 0, 0, {}], [(("a", 0, 0),)]),
        ([{"x": ["a", 0, 0]}], [(("a", 0, 0),)]),
        ([{"args": [tensor("a")], "kwargs": {"mask": None}}], [(("a", 0, 0),)]),
        ([{"args": [[tensor("a"), tensor("b", 1)]]}], [(("a", 0, 0), ("b", 1, 0))]),
        ([{"args": [], "kwargs": {"inputs": [tensor("a")]}}], [(("a", 0, 0),)]),
        ([{"args": [tensor("a")]}, {"args": [tensor("b")]}], [(("a", 0, 0),), (("b", 0, 0),)]),
    ],
    ids=lambda value: str(value)[:60],
)
def test_calls_of_every_notation(nodes, found):
    layer = Layer("d", "Dense", {})
    assert [call.references for call in calls(layer, {"inbound_nodes": nodes})] == found


def test_training_mode_and_operands_of_a_call():
    (call,) = calls(
        Layer("d", "Dropout", {}), {"inbound_nodes": [[["a", 0, 0, {"training": True}]]]}
    )
    assert call == Call((("a", 0, 0),), (None,), True)
    node = [["a", 0, 0, {"y": 2, "name": None}]]
    (call,) = calls(Layer("o", "operator multiply", {}), {"inbound_nodes": [node]})
    assert call.operands == (None, 2.0)


@pytest.mark.parametrize(
    "nodes",
    [
        None, [], 7, [7], [[]], [[["a", 0]]], [{"args": 7}], [{"args": [7]}], [{"args": ["a"]}],
        [{"args": [tensor("a")], "kwargs": 7}], [{"args": [tensor("a")], "kwargs": {"more": 1}}],
        [[["a", 0, 0, {"training": "yes"}]]],
    ],
    ids=str,
)  # fmt: skip
def test_calls_that_are_refused(nodes):
    with pytest.raises(UsageError, match="layer 'd'"):
        calls(Layer("d", "Dense", {}), {"inbound_nodes": nodes})


def network(**connected):
    """Layers that are connected to the named ones; a network where the name begins with n."""
    return {
        name: Layer(
            name, "Dense", {}, object() if name.startswith("n") else None,
            calls=[Call(tuple(references)) for references in calls],
        )
        for name, calls in connected.items()
    }  # fmt: skip


def test_calls_count_from_zero():
    # Keras 2 counted the building of a network as its first call.
    layers = network(a=[()], n=[[("a", 0, 0)], [("a", 0, 0)]], b=[[("n", 1, 0), ("n", 2, 0)]])
    assert renumber(layers, [("b", 5, 0)]) == [("b", 0, 0)]
    assert layers["b"].calls[0].references == (("n", 0, 0), ("n", 1, 0))


@pytest.mark.parametrize("output", [("x", 0, 0), ("d", 2, 0), ("d", -1, 0), ("d", 0, -1)])
def test_connections_to_nothing_are_refused(output):
    layers = network(a=[()], d=[[("a", 0, 0)], [("a", 0, 0)]])
    with pytest.raises(UsageError, match="it connects to"):
        renumber(layers, [output])


def test_execution_order_leaves_out_what_no_output_needs():
    layers = network(
        a=[()], b=[[("a", 0, 0)]], c=[[("b", 0, 0), ("a", 0, 0)]], unused=[[("c", 0, 0)]]
    )
    assert execution_order(layers, [("c", 0, 0)]) == [("a", 0), ("b", 0), ("c", 0)]


def test_circles_are_refused():
    layers = network(a=[[("b", 0, 0)]], b=[[("a", 0, 0)]])
    with pytest.raises(UsageError, match="in a circle"):
        execution_order(layers, [("a", 0, 0)])
