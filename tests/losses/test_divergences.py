"""Every divergence against its generator function f, and against two Gaussians.

P = N(0, 1) and Q = N(1/2, 5/4): the ratio p / q has a finite second moment under Q. Expectations
are sums over a fine grid, which are exact to 1e-9 for these densities.
"""

import keras
import numpy as np
import pytest
from keras import ops

from keras_gans import losses
from keras_gans.losses.divergences import DIVERGENCES, FDivergence

pytestmark = pytest.mark.backends

# Table 1 of the paper: f(u) of D_f(P || Q) = E_Q f(p / q), and its derivative.
F = {
    "f_gan": (lambda u: u * np.log(u) - (u + 1) * np.log(u + 1), lambda u: np.log(u / (u + 1))),
    "kl": (lambda u: u * np.log(u), lambda u: np.log(u) + 1),
    "reverse_kl": (lambda u: -np.log(u), lambda u: -1 / u),
    "pearson": (lambda u: (u - 1) ** 2, lambda u: 2 * (u - 1)),
    "hellinger": (lambda u: (np.sqrt(u) - 1) ** 2, lambda u: 1 - 1 / np.sqrt(u)),
    "jensen_shannon": (
        lambda u: u * np.log(u) - (u + 1) * np.log((u + 1) / 2),
        lambda u: np.log(2 * u / (u + 1)),
    ),
}
# The score at which f'(p / q) = g_f(V), as a function of log p / q.
OPTIMAL = {
    "f_gan": lambda r: r,
    "kl": lambda r: 1 + r,
    "reverse_kl": lambda r: r,
    "pearson": lambda r: 2 * np.expm1(r),
    "hellinger": lambda r: r / 2,
    "jensen_shannon": lambda r: r,
}
MEANS, STDS = (0.0, 0.5), (1.0, 1.25**0.5)
GRID = np.linspace(-12, 12, 20_001)


def gaussian(mean, std):
    return np.exp(-(((GRID - mean) / std) ** 2) / 2) / (std * np.sqrt(2 * np.pi))


P, Q = (gaussian(*parameters) for parameters in zip(MEANS, STDS, strict=True))
STEP = GRID[1] - GRID[0]


def array(function, scores):
    scores = ops.convert_to_tensor(np.asarray(scores, "float32").reshape(-1, 1))
    return ops.convert_to_numpy(function(scores))[:, 0].astype("float64")


def test_every_divergence_has_its_function_here():
    assert set(F) == set(OPTIMAL) == set(DIVERGENCES)
    assert all(issubclass(kind, FDivergence) for kind in DIVERGENCES.values())
    assert all(losses.LOSSES[name] is kind for name, kind in DIVERGENCES.items())


@pytest.mark.parametrize("name", F)
def test_conjugate_is_that_of_f_at_the_output(name):
    """f*(t) = sup_u (u t - f(u)), over a fine grid of u."""
    u = np.geomspace(1e-6, 1e4, 400_001)
    scores = [-1.5, -0.3, 0.0, 0.4, 2.0]
    objective = losses.get(name)
    outputs, conjugates = (array(f, scores) for f in (objective.output, objective.conjugate))
    expected = [np.max(u * t - F[name][0](u)) for t in outputs]
    assert conjugates == pytest.approx(expected, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("name", F)
def test_log_ratio_inverts_the_derivative_of_f(name):
    """Equation 5: the optimal output is f'(p / q)."""
    log_ratio = np.log([1e-3, 0.2, 1.0, 7.0, 100.0])
    objective, scores = losses.get(name), OPTIMAL[name](log_ratio)
    assert array(objective.log_ratio, scores) == pytest.approx(log_ratio, rel=1e-3, abs=1e-6)
    expected = F[name][1](np.exp(log_ratio))
    assert array(objective.output, scores) == pytest.approx(expected, rel=1e-5, abs=1e-6)


def bound(name, scores):
    """E_P g_f(V) - E_Q f*(g_f(V)) for scores V on the grid, from the losses of single scores."""
    objective = losses.get(name)
    outputs, conjugates = (array(f, scores) for f in (objective.output, objective.conjugate))
    return np.sum(P * outputs - Q * conjugates) * STEP


@pytest.mark.parametrize("name", F)
def test_the_bound_at_the_optimal_scores_is_the_divergence_of_two_gaussians(name):
    optimal = OPTIMAL[name](np.log(P) - np.log(Q))
    divergence = np.sum(Q * F[name][0](P / Q)) * STEP
    assert bound(name, optimal) == pytest.approx(divergence, rel=1e-5)
    # It is the highest one: other scores give less.
    for other in (optimal + 0.1, 0.8 * optimal, np.minimum(optimal, 0.2)):
        assert bound(name, other) < divergence - 1e-5


def test_divergences_of_two_gaussians_have_their_closed_forms():
    """The grid's values, against the formulas of textbooks."""
    found = {name: np.sum(Q * f(P / Q)) * STEP for name, (f, _) in F.items()}
    (m, n), (s, t) = MEANS, STDS

    def kl(m, s, n, t):
        return np.log(t / s) + (s**2 + (m - n) ** 2) / (2 * t**2) - 0.5

    assert found["kl"] == pytest.approx(kl(m, s, n, t), rel=1e-8)
    assert found["reverse_kl"] == pytest.approx(kl(n, t, m, s), rel=1e-8)
    affinity = np.sqrt(2 * s * t / (s**2 + t**2)) * np.exp(-((m - n) ** 2) / (4 * (s**2 + t**2)))
    assert found["hellinger"] == pytest.approx(2 - 2 * affinity, rel=1e-8)
    # E_P p / q of Gaussians, where 2 t^2 > s^2.
    moment = t**2 / (s * np.sqrt(2 * t**2 - s**2)) * np.exp((m - n) ** 2 / (2 * t**2 - s**2))
    assert found["pearson"] == pytest.approx(moment - 1, rel=1e-8)
    assert found["f_gan"] == pytest.approx(found["jensen_shannon"] - np.log(4), rel=1e-8)


@pytest.mark.parametrize("name", F)
def test_the_losses_are_the_terms_of_the_bound(name, random):
    real, fake = (random.normal(size=(64, 1)).astype("float32") for _ in range(2))
    objective, seed = losses.get(name), keras.random.SeedGenerator(0)
    found = [
        objective.on_real(ops.convert_to_tensor(real), seed),
        objective.on_fake(ops.convert_to_tensor(fake), seed),
        objective.to_fool(ops.convert_to_tensor(fake)),
        losses.get({"name": name, "non_saturating": True}).to_fool(ops.convert_to_tensor(fake)),
    ]
    first, second = array(objective.output, real).mean(), array(objective.conjugate, fake).mean()
    expected = [-first, second, -second, -array(objective.output, fake).mean()]
    assert [float(ops.convert_to_numpy(x)) for x in found] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", F)
def test_scores_of_any_size_have_finite_terms(name):
    """The formulas of table 2 one after the other overflow at 20: log(1 - exp(t)) at t = 0."""
    objective = losses.get(name)
    for function in (objective.output, objective.conjugate, objective.log_ratio):
        assert np.isfinite(array(function, [-60.0, -20.0, 20.0, 60.0])).all()


def test_two_of_them_are_the_cross_entropy_of_goodfellow(random):
    real, fake = (ops.convert_to_tensor(random.normal(size=(64, 1)), "float32") for _ in range(2))

    def of(identifier):
        objective, seed = losses.get(identifier), keras.random.SeedGenerator(0)
        found = objective.on_real(real, seed), objective.on_fake(fake, seed)
        return [float(ops.convert_to_numpy(x)) for x in (*found, objective.to_fool(fake))]

    expected = of("binary_crossentropy")
    assert of({"name": "f_gan", "non_saturating": True}) == pytest.approx(expected, rel=1e-5)
    shifted = np.array(of({"name": "jensen_shannon", "non_saturating": True})) + np.log(2)
    assert shifted == pytest.approx(expected, rel=1e-5)
