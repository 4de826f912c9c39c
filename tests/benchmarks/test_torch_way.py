"""The peer in PyTorch computes the same rows, so that times can be compared."""

import keras
import numpy as np
import pytest

torch = pytest.importorskip("torch")
if keras.config.backend() != "torch":
    pytest.skip("PyTorch may abort in a process with another backend", allow_module_level=True)

pytestmark = pytest.mark.backends


@pytest.mark.parametrize("row", [1, 2, 4, 10, 11, 18])
def test_first_losses_are_those_of_the_row(row):
    """From equal weights, on equal samples and latents, without dropout."""
    import torch_way
    from setting import setting

    from keras_gans import optimizers
    from keras_gans.gan import GAN

    chosen = setting(row, {"batch_size": 4})
    if "dropout" in chosen.experiment.discriminator.options:
        part = {**chosen.experiment.discriminator.plain, "dropout": 0.0}
        chosen = setting(row, {"batch_size": 4, "discriminator": part})
    e = chosen.experiment
    random = np.random.default_rng(0)
    reals = random.uniform(-1, 1, (e.turns.d_steps, 4, *chosen.data.shape)).astype("float32")
    latents = random.standard_normal((e.turns.d_steps, 4, 100)).astype("float32")

    peer = torch_way.Peer(chosen, torch.channels_last)
    found = peer.iteration(
        [torch.tensor(real).permute(0, 3, 1, 2) for real in reals],
        [torch.tensor(z) for z in latents],
    )
    gan = GAN(*chosen.networks())
    counts = [sum(p.numel() for p in n.parameters()) for n in (peer.generator, peer.discriminator)]
    trained = [
        sum(np.prod(v.shape) for v in n.trainable_variables)
        for n in (gan.generator, gan.discriminator)
    ]
    assert counts == trained
    # Each network with a counter of its own, as in PyTorch.
    own = [optimizers.get(e.optimizer) for _ in range(2)]
    gan.compile(
        loss=e.loss,
        d_optimizer=own[0],
        g_optimizer=own[1],
        turns={**e.turns.plain, "latents": "shared"},
        constraint=e.constraint,
        jit_compile=keras.config.backend() == "jax",
    )
    drawn = iter(latents)
    gan.draw_latents = lambda n: keras.ops.convert_to_tensor(next(drawn))
    history = gan.fit(reals.reshape(-1, *chosen.data.shape), batch_size=4 * len(reals), verbose=0,
                      shuffle=False).history  # fmt: skip
    expected = [history[name][0] for name in ("d_loss_real", "d_loss_fake", "g_loss")]
    assert [float(loss) for loss in found] == pytest.approx(expected, rel=1e-3, abs=1e-5)
