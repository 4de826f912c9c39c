"""The FID Inception in torch, with explicit padding: an independent implementation."""

import torch
from torch.nn import functional as F

torch.set_num_threads(1)  # its idle threads would occupy the cores of the other backends


def features(x, weights, last):
    """Features at all taps up to the last one.

    Args:
        x: float32 `(n, height, width, 3)` in -1..1.
        weights: Kernels `<node>/kernel` `(height, width, in, out)` with `<node>/bias`, or with
            `<node>/gamma`, `beta`, `mean` and `variance` of the batch normalization that follows.
        last: The last tap.

    Returns:
        {tap: array `(n, tap)`}.
    """
    found = {}

    def vector(node, part):
        return torch.from_numpy(weights[f"{node}/{part}"].copy())

    def conv(x, node, stride=1, pad=0):
        kernel = torch.from_numpy(weights[f"{node}/kernel"].transpose(3, 2, 0, 1).copy())
        if f"{node}/bias" in weights:
            return F.conv2d(x, kernel, vector(node, "bias"), stride, pad).relu()
        parts = [vector(node, part) for part in ("mean", "variance", "gamma", "beta")]
        return F.batch_norm(F.conv2d(x, kernel, None, stride, pad), *parts, eps=1e-3).relu()

    def average(x):
        return F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)

    def keep(x):
        found[x.shape[1]] = x.mean(dim=(2, 3)).numpy()
        return x.shape[1] == last

    x = torch.from_numpy(x.transpose(0, 3, 1, 2).copy())
    x = conv(x, "conv", 2)
    x = conv(x, "conv_1")
    x = conv(x, "conv_2", pad=1)
    x = F.max_pool2d(x, 3, 2)
    if keep(x):
        return found
    x = conv(x, "conv_3")
    x = conv(x, "conv_4")
    x = F.max_pool2d(x, 3, 2)
    if keep(x):
        return found
    for b in ("mixed", "mixed_1", "mixed_2"):
        one = conv(x, f"{b}_conv")
        five = conv(conv(x, f"{b}_tower_conv"), f"{b}_tower_conv_1", pad=2)
        three = conv(conv(x, f"{b}_tower_1_conv"), f"{b}_tower_1_conv_1", pad=1)
        three = conv(three, f"{b}_tower_1_conv_2", pad=1)
        pool = conv(average(x), f"{b}_tower_2_conv")
        x = torch.cat([one, five, three, pool], 1)
    three = conv(x, "mixed_3_conv", 2)
    double = conv(conv(x, "mixed_3_tower_conv"), "mixed_3_tower_conv_1", pad=1)
    double = conv(double, "mixed_3_tower_conv_2", 2)
    x = torch.cat([three, double, F.max_pool2d(x, 3, 2)], 1)
    for b in ("mixed_4", "mixed_5", "mixed_6", "mixed_7"):
        one = conv(x, f"{b}_conv")
        seven = conv(conv(x, f"{b}_tower_conv"), f"{b}_tower_conv_1", pad=(0, 3))
        seven = conv(seven, f"{b}_tower_conv_2", pad=(3, 0))
        double = conv(conv(x, f"{b}_tower_1_conv"), f"{b}_tower_1_conv_1", pad=(3, 0))
        double = conv(double, f"{b}_tower_1_conv_2", pad=(0, 3))
        double = conv(double, f"{b}_tower_1_conv_3", pad=(3, 0))
        double = conv(double, f"{b}_tower_1_conv_4", pad=(0, 3))
        pool = conv(average(x), f"{b}_tower_2_conv")
        x = torch.cat([one, seven, double, pool], 1)
    if keep(x):
        return found
    three = conv(conv(x, "mixed_8_tower_conv"), "mixed_8_tower_conv_1", 2)
    seven = conv(conv(x, "mixed_8_tower_1_conv"), "mixed_8_tower_1_conv_1", pad=(0, 3))
    seven = conv(seven, "mixed_8_tower_1_conv_2", pad=(3, 0))
    seven = conv(seven, "mixed_8_tower_1_conv_3", 2)
    x = torch.cat([three, seven, F.max_pool2d(x, 3, 2)], 1)
    if keep(x):
        return found
    for b in ("mixed_9", "mixed_10"):
        one = conv(x, f"{b}_conv")
        three = conv(x, f"{b}_tower_conv")
        double = conv(conv(x, f"{b}_tower_1_conv"), f"{b}_tower_1_conv_1", pad=1)
        pool = average(x) if b == "mixed_9" else F.max_pool2d(x, 3, 1, 1)
        parts = [one]
        for name, y in (("tower", three), ("tower_1", double)):
            parts.append(conv(y, f"{b}_{name}_mixed_conv", pad=(0, 1)))
            parts.append(conv(y, f"{b}_{name}_mixed_conv_1", pad=(1, 0)))
        x = torch.cat([*parts, conv(pool, f"{b}_tower_2_conv")], 1)
    keep(x)
    return found
