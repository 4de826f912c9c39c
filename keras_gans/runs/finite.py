"""Whether a game is still finite, and what follows where it is not."""

from keras import ops


class Diverged(FloatingPointError):
    """Losses, weights or samples are no longer finite; more training cannot bring them back."""


def not_finite(gan):
    """Names of the networks of a `GAN` that have a weight which is not finite."""
    networks = {"discriminator": gan.discriminator, "generator": gan.generator}
    finite = {
        name: ops.all(ops.stack([ops.all(ops.isfinite(w)) for w in network.weights]))
        for name, network in networks.items()
    }
    return [name for name, value in finite.items() if not bool(value)]


def check_weights(gan, history, iteration):
    """Looks whether all weights are finite and notes it in the history.

    Raises:
        Diverged: They are not, and the run is not to go on.
    """
    names = not_finite(gan)
    history.finite = not names
    if names:
        lost(history, iteration, "weights", names)


def lost(history, iteration, what, names):
    """Notes in the history, once, that something is no longer finite.

    Args:
        history: `History`.
        iteration: After which it was found.
        what: "loss", "weights" or "samples".
        names: List of networks: "discriminator", "generator".

    Raises:
        Diverged: The run is not to go on.
    """
    if not any("not_finite" in record for record in history.records):
        history.add(iteration, not_finite=names)
    if not history.go_on:
        verb = "is" if what == "loss" else "are"
        raise Diverged(
            f"the {what} of the {' and the '.join(names)} {verb} no longer finite at iteration "
            f"{iteration:,}"
        )
