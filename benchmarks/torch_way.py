"""The same networks and rules in PyTorch, written as for speed.

Departures: each network has an optimizer with a counter of its own, because PyTorch's count by
weight; the latents are PyTorch's own random numbers.
"""

import numpy as np
import torch
from torch import nn


def module(network):
    """A Keras network of the tables as a `torch.nn.Module` (channels first), with its weights.

    Args:
        network: `keras.Sequential`; a final sigmoid is left out, as the losses take scores.
    """
    import keras

    made, flat, kinds = [], None, keras.layers
    for layer in network.layers:
        weights = [torch.tensor(np.asarray(w)) for w in layer.get_weights()]
        if isinstance(layer, kinds.Dense):
            new = nn.Linear(*weights[0].shape)
            kernel = weights[0].T
            if flat:  # Keras flattens height, width, channels; PyTorch channels first
                kernel = kernel.reshape(-1, *flat).permute(0, 3, 1, 2).reshape(len(kernel), -1)
                flat = None
            _set(new, kernel, weights[1])
            made.append(new)
            made += _activation(layer.activation.__name__)
        elif isinstance(layer, kinds.Conv2DTranspose):
            # Padding "same" of a stride of 2: (k - 2) / 2 are cut off, for an even k.
            k = layer.kernel_size[0]
            filters, channels = weights[0].shape[2:]
            new = nn.ConvTranspose2d(channels, filters, k, stride=2, padding=(k - 2) // 2)
            _set(new, weights[0].permute(3, 2, 0, 1), weights[1])
            made.append(new)
        elif isinstance(layer, kinds.Conv2D):
            made += _convolution(layer, weights)
            made += _activation(layer.activation.__name__)
        elif isinstance(layer, kinds.BatchNormalization):
            kind = nn.BatchNorm1d if len(layer.input.shape) == 2 else nn.BatchNorm2d
            new = kind(len(weights[0]), eps=layer.epsilon, momentum=1 - layer.momentum)
            _set(new, *weights[:2])
            made.append(new)
        elif isinstance(layer, kinds.LeakyReLU):
            made.append(nn.LeakyReLU(layer.negative_slope, inplace=False))
        elif isinstance(layer, kinds.Activation):
            made += _activation(layer.activation.__name__)
        elif isinstance(layer, kinds.Reshape):
            height, width, channels = layer.target_shape
            made.append(nn.Unflatten(1, (channels, height, width)))
            if channels > 1:
                _reorder(made, height, width, channels)
        elif isinstance(layer, kinds.Flatten):
            made.append(nn.Flatten())
            flat = layer.input.shape[1:]
        elif isinstance(layer, kinds.Dropout):
            made.append(nn.Dropout(layer.rate))
        elif isinstance(layer, kinds.UpSampling2D):
            made.append(nn.Upsample(scale_factor=2))
        elif isinstance(layer, kinds.ZeroPadding2D):
            (top, bottom), (left, right) = layer.padding
            made.append(nn.ZeroPad2d((left, right, top, bottom)))
        else:
            raise TypeError(layer)
    if isinstance(made[-1], nn.Sigmoid):
        made.pop()
    return nn.Sequential(*made)


def _set(new, weight, bias):
    with torch.no_grad():
        new.weight.copy_(weight)
        new.bias.copy_(bias)


def _activation(name):
    return {
        "linear": [], "relu": [nn.ReLU()], "tanh": [nn.Tanh()], "sigmoid": [nn.Sigmoid()],
    }[name]  # fmt: skip


def _convolution(layer, weights):
    size, stride = layer.kernel_size[0], layer.strides[0]
    height = layer.input.shape[1]
    total = max((-(-height // stride) - 1) * stride + size - height, 0)
    before, after = total // 2, total - total // 2
    channels, filters = weights[0].shape[2:]
    padding = before if before == after else 0
    new = nn.Conv2d(channels, filters, size, stride=stride, padding=padding)
    _set(new, weights[0].permute(3, 2, 0, 1), weights[1])
    if before == after:
        return [new]
    return [nn.ZeroPad2d((before, after, before, after)), new]


def _reorder(made, height, width, channels):
    """The units of the last Dense in the order channels, height, width."""
    linear = next(m for m in reversed(made) if isinstance(m, nn.Linear))
    weight = linear.weight.detach().reshape(height, width, channels, -1).permute(2, 0, 1, 3)
    bias = linear.bias.detach().reshape(height, width, channels).permute(2, 0, 1)
    _set(linear, weight.reshape(linear.weight.shape), bias.reshape(-1))


class Peer:
    """A row in PyTorch.

    Args:
        setting: `setting.Setting`.
        memory_format: torch.channels_last or torch.contiguous_format.
        compiled: Whether `torch.compile` compiles both networks.
    """

    def __init__(self, setting, memory_format, compiled=False):
        e = setting.experiment
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        networks = [module(n).to(self.device) for n in setting.networks()]
        self.generator, self.discriminator = (n.to(memory_format=memory_format) for n in networks)
        self.parts = tuple(
            torch.compile(n) if compiled else n for n in (self.generator, self.discriminator)
        )
        self.size, self.n, self.turns = e.latents.options["size"], e.batch_size, e.turns
        self.limit = e.constraint and e.constraint.options["limit"]
        self.loss, self.memory_format = _loss(e.loss.name), memory_format
        self.optimizers = [_optimizer(e.optimizer, n) for n in (self.generator, self.discriminator)]
        pixels = torch.from_numpy(setting.data.values).permute(0, 3, 1, 2).to(self.device)
        self.pixels = pixels.contiguous(memory_format=memory_format)
        modules = self.discriminator.modules()
        self.norms = [m for m in modules if isinstance(m, nn.BatchNorm2d)]
        state = self.discriminator.state_dict().values()
        self.clipped = [v for v in state if v.is_floating_point()]

    def batch(self):
        chosen = torch.randint(len(self.pixels), (self.n,), device=self.device)
        return self.pixels[chosen].float().div_(127.5).sub_(1)

    def latents(self):
        return torch.randn(self.n, self.size, device=self.device)

    def iteration(self, reals=None, latents=None):
        """One iteration; returns the losses on real, on fake samples, and the generator's."""
        generator, discriminator = self.parts
        g_optimizer, d_optimizer = self.optimizers
        for turn in range(self.turns.d_steps):
            real = self.batch() if reals is None else reals[turn]
            z = self.latents() if latents is None else latents[turn]
            self.generator.eval()
            with torch.no_grad():
                fake = generator(z)
            self.generator.train()
            losses = []
            for samples, is_real in ((real, True), (fake, False)):
                loss = self.loss(discriminator(samples), is_real)
                d_optimizer.zero_grad(set_to_none=True)
                loss.backward()
                d_optimizer.step()
                losses.append(loss.detach())
            if self.limit:
                with torch.no_grad():
                    torch._foreach_clamp_max_(self.clipped, self.limit)
                    torch._foreach_clamp_min_(self.clipped, -self.limit)
        if self.turns.latents == "fresh" and latents is None:
            z = self.latents()
        for norm in self.norms:
            norm.eval()
        self.discriminator.requires_grad_(False)
        loss = self.loss(discriminator(generator(z)), True)
        g_optimizer.zero_grad(set_to_none=True)
        loss.backward()
        g_optimizer.step()
        self.discriminator.requires_grad_(True)
        for norm in self.norms:
            norm.train()
        return *losses, loss.detach()


def _loss(name):
    if name == "wasserstein":
        return lambda scores, real: -scores.mean() if real else scores.mean()
    function = {
        "binary_crossentropy": nn.functional.binary_cross_entropy_with_logits,
        "mse": nn.functional.mse_loss,
    }[name]

    def loss(scores, real):
        return function(scores, torch.full_like(scores, float(real)))

    return loss


def _optimizer(part, network):
    o = part.options
    if part.name == "adam":
        betas = (o.get("beta_1", 0.9), 0.999)
        return torch.optim.Adam(
            network.parameters(), lr=o["learning_rate"], betas=betas, eps=1e-7, fused=True
        )
    return torch.optim.RMSprop(
        network.parameters(), lr=o["learning_rate"], alpha=0.9, eps=1e-7, foreach=True
    )


def train(setting, clock, memory_format=torch.contiguous_format, compiled=False):
    """Trains until the clock ends it."""
    peer, iteration = Peer(setting, memory_format, compiled), 0
    while True:
        peer.iteration()
        iteration += 1
        if peer.device == "cuda":
            torch.cuda.synchronize()
        clock(iteration)


def channels_last(setting, clock):
    """With images and kernels in channels-last memory."""
    train(setting, clock, torch.channels_last)


def compiled(setting, clock):
    """Under torch.compile, in channels-last memory."""
    train(setting, clock, torch.channels_last, compiled=True)
