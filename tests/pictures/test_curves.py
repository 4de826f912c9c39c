"""Curves of losses and measurements: whole, true to the records."""

import numpy as np
import pytest

from keras_gans.pictures import curves

NAME = "fid5000_lenet"
BLUE, ORANGE, RED = (31, 119, 180), (255, 127, 14), (214, 39, 40)


@pytest.fixture
def drawn(monkeypatch):
    """The axes of the figures that a test draws, instead of files."""
    axes = []
    monkeypatch.setattr(curves, "save_figure", lambda f, *_, **__: axes.extend(f.axes))
    return axes


def history(n, distance=None):
    random = np.random.default_rng(0)
    records = []
    for i in range(1, n + 1):
        d_loss, g_loss = random.normal([0.5, 2.0], 0.1)
        records.append({"iteration": 50 * i, "d_loss": d_loss, "g_loss": g_loss})
        if distance is not None:
            records.append({"iteration": 50 * i, NAME: distance(i)})
    return records


@pytest.mark.parametrize("n", [1, 2, 10, 1000])
def test_losses_of_any_number_of_records(tmp_path, pixels, count_colour, n):
    curves.losses(tmp_path / "plot_loss.png", history(n, distance=lambda i: 1.0))
    image = pixels(tmp_path / "plot_loss.png")
    assert image.shape == (495, 880, 3)
    # More than the lines of the legend, which are 40 pixels of each.
    shown = image[:, : 880 - 380] if n == 1 else image
    assert count_colour(shown, BLUE) > (2 if n == 1 else 100)
    assert count_colour(shown, ORANGE) > (2 if n == 1 else 100)
    assert [path.name for path in tmp_path.iterdir()] == ["plot_loss.png"]


def test_negative_losses_of_a_critic(tmp_path, pixels, count_colour):
    records = [{"iteration": i, "d_loss": -1e-5 * i, "g_loss": -3.0} for i in range(1, 30)]
    curves.losses(tmp_path / "a.png", records)
    assert count_colour(pixels(tmp_path / "a.png"), ORANGE) > 500


def test_accuracies_of_both_kinds_of_samples_beside_a_guess(drawn):
    names = ("d_accuracy_real", "d_accuracy_fake")
    records = [
        {"iteration": i, "d_loss": 1.0, **dict(zip(names, pair, strict=True))}
        for i, pair in enumerate([(0.5, 0.25), (1.0, 0.5), (1.0, 0.0)])
    ]
    curves.accuracies("a.png", [*records, {"iteration": 3, NAME: 1.0}])
    (axes,) = drawn
    guess, _, real, _, fake = axes.lines
    assert set(guess.get_ydata()) == {0.5}
    assert list(real.get_ydata()) == [0.5, 1.0, 1.0]
    assert list(fake.get_ydata()) == [0.25, 0.5, 0.0]
    assert axes.get_ylim()[0] < 0 and axes.get_ylim()[1] > 1


def test_curve_is_higher_where_the_loss_is(tmp_path, pixels):
    records = [{"iteration": i, "d_loss": 0.0, "g_loss": float(i)} for i in range(100)]
    curves.losses(tmp_path / "a.png", records)
    orange = (np.abs(pixels(tmp_path / "a.png") - ORANGE) <= 12).all(axis=-1)
    orange[:80, :450] = False  # the legend
    height = [np.mean(np.nonzero(column)[0]) for column in orange.T if column.any()]
    assert height[0] - height[-1] > 300
    assert (np.diff(height[5:-5]) <= 1).all()


def test_smoothing_is_a_running_mean_of_one_percent_to_each_side():
    values = np.random.default_rng(0).normal(size=300)
    smooth = curves.smooth(values)
    np.testing.assert_allclose(smooth[100], values[97:104].mean())
    np.testing.assert_allclose(smooth[0], values[:4].mean())
    np.testing.assert_allclose(smooth[-1], values[-4:].mean())


def test_small_losses_after_a_huge_one_keep_their_digits():
    values = np.array([1e20, *[0.7] * 300])
    smooth = curves.smooth(values)
    np.testing.assert_allclose(smooth[10:], 0.7)
    np.testing.assert_allclose(smooth[:4], (1e20 + 0.7 * np.arange(3, 7)) / np.arange(4, 8))


def test_short_curve_is_not_smoothed():
    np.testing.assert_array_equal(curves.smooth(np.array([3.0, 1.0, 7.0])), [3.0, 1.0, 7.0])


@pytest.mark.parametrize(
    "values",
    [[5.0], [5.0, 4.0], [800.0, 0.5, 3.0], [7.0, None, 3.0], [None, 3.0], [5.0, 0.0], [0.0, 0.0]],
)
def test_distances_of_any_kind(tmp_path, pixels, count_colour, values):
    records = [{"iteration": 500 * i, NAME: value} for i, value in enumerate(values, 1)]
    curves.measured(tmp_path / "plot_fid.png", [*history(3), *records], NAME)
    image = pixels(tmp_path / "plot_fid.png")
    assert count_colour(image, RED) > 100  # the best, twice: on the curve and in the legend
    assert [path.name for path in tmp_path.iterdir()] == ["plot_fid.png"]


def test_best_distance_is_that_of_a_trained_generator(drawn):
    records = [{"iteration": i, NAME: value} for i, value in enumerate([1.0, 9.0, 4.0, 6.0])]
    curves.measured("", records, NAME)
    curves.measured("", records[:1], NAME)
    labels = [axes.get_legend_handles_labels()[1] for axes in drawn]
    assert labels == [[NAME, "best: 4 at 2"], [NAME]]


def test_a_printed_value_is_a_line_and_higher_may_be_better(drawn):
    records = [{"iteration": i, NAME: value} for i, value in enumerate([0.1, 0.4, 0.3])]
    curves.measured("", records, NAME, "higher", printed=0.25)
    (axes,) = drawn
    assert axes.get_legend_handles_labels()[1] == [NAME, "best: 0.4 at 1", "printed: 0.25"]
    assert set(axes.lines[-1].get_ydata()) == {0.25}


def test_scale_is_logarithmic_where_that_shows_more_and_only_there(drawn):
    for values in ([100.0, 1.0], [100.0, 50.0], [100.0, 0.0], [100.0, -0.1]):
        records = [{"iteration": i, NAME: value} for i, value in enumerate(values, 1)]
        curves.measured("", records, NAME)
    assert [axes.get_yscale() for axes in drawn] == ["log", "linear", "linear", "linear"]


def test_titles_are_drawn(drawn):
    curves.losses("", history(3), title="akel2022 1: GAN on mnist")
    curves.measured("", history(3, distance=float), NAME, title="akel2022 1: GAN on mnist")
    curves.losses("", history(3))
    titles = ["akel2022 1: GAN on mnist"] * 2 + [""]
    assert [axes.get_title() for axes in drawn] == titles


# --- maxima of intervals ----------------------------------------------------------------------


def with_maxima(n=100, peak=1e6):
    records = [
        {"iteration": i, "d_loss": 1 + i / n, "g_loss": 2.0, "d_loss_max": 2.2, "g_loss_max": 2.3}
        for i in range(1, n + 1)
    ]
    records[40]["g_loss_max"] = peak
    return records


def test_a_peak_does_not_squash_the_mean_curves(drawn):
    curves.losses("", with_maxima())
    low, high = drawn[0].get_ylim()
    assert low < 1.01
    assert 2.3 < high < 2.6  # the means reach from 1.01 to 2
    assert 0.55 < (2.0 - 1.01) / (high - low) < 0.7


def test_maxima_that_fit_are_seen_whole(drawn):
    curves.losses("", with_maxima(peak=2.4))
    assert 2.4 < drawn[0].get_ylim()[1] < 2.5


def test_the_band_reaches_from_the_mean_to_the_maximum(drawn):
    curves.losses("", with_maxima())
    d_band, g_band = drawn[0].collections
    outline = d_band.get_paths()[0].vertices
    assert outline[:, 1].min() == pytest.approx(1.01)
    assert outline[:, 1].max() == pytest.approx(2.2)
    assert g_band.get_paths()[0].vertices[:, 1].max() == 1e6
    assert d_band.get_alpha() < 0.3


def test_the_highest_peak_is_named_with_its_iteration(drawn):
    curves.losses("", with_maxima(peak=1234.5))
    labels = drawn[0].get_legend_handles_labels()[1]
    assert labels[1].endswith("peak 1.23e+03 at 41")


def test_records_without_maxima_have_no_band(drawn):
    curves.losses("", history(50))
    assert not drawn[0].collections
    assert not any("peak" in label for label in drawn[0].get_legend_handles_labels()[1])


def test_smoothing_leaves_out_values_that_are_not_finite():
    values = np.random.default_rng(0).normal(size=300)
    values[100] = np.nan
    smooth = curves.smooth(values)
    np.testing.assert_array_equal(np.nonzero(np.isnan(smooth))[0], [100])
    np.testing.assert_allclose(smooth[98], np.nanmean(values[95:102]))
    np.testing.assert_allclose(smooth[200], values[197:204].mean())


@pytest.mark.parametrize("lost", [slice(0, None), slice(50, None), slice(0, 1)])
def test_losses_that_are_not_finite_leave_gaps(tmp_path, pixels, count_colour, lost):
    records = with_maxima()
    for record in records[lost]:
        record |= dict.fromkeys(("d_loss", "g_loss", "d_loss_max", "g_loss_max"))
    curves.losses(tmp_path / "a.png", records)
    image = pixels(tmp_path / "a.png")
    assert image.shape == (495, 880, 3)
    image = image[-250:]  # without the legend
    assert (count_colour(image, BLUE) > 200) == any(r["d_loss"] for r in records)


# --- several runs -------------------------------------------------------------------------------


def test_several_runs_have_a_panel_for_each_measurement_and_each_loss(drawn):
    other = [{"iteration": i, "kid5k_lenet": 1.0 / i} for i in (1, 2, 3)]
    runs = {"table 1, seed 0": history(5, distance=float), "table 2, seed 0": history(3) + other}
    curves.compared("", runs, {NAME: "lower", "kid5k_lenet": "lower"})
    assert [axes.get_title() for axes in drawn] == [
        f"{NAME} (lower is better)",
        "kid5k_lenet (lower is better)",
        "loss of the discriminator",
        "loss of the generator",
    ]
    fid, kid, d_loss, _ = [[line.get_xdata().tolist() for line in axes.lines] for axes in drawn]
    assert fid == [[50, 100, 150, 200, 250], []]
    assert kid == [[], [1, 2, 3]]
    assert d_loss == [[50, 100, 150, 200, 250], [50, 100, 150]]
    (legend,) = drawn[0].figure.legends
    assert [text.get_text() for text in legend.get_texts()] == list(runs)


def test_a_label_that_begins_with_an_underscore_is_in_the_legend(drawn):
    runs = {f"_mine {number}, seed 0": history(3) for number in (1, 2)}
    curves.compared("", runs, {})
    (legend,) = drawn[0].figure.legends
    assert [text.get_text() for text in legend.get_texts()] == list(runs)


def test_dollar_signs_are_no_formula(tmp_path, pixels):
    text = "table 1, seed 0: dataset=/pictures/$b_$c"
    curves.losses(tmp_path / "a.png", history(3), title=text)
    curves.compared(tmp_path / "b.png", {text: history(3)}, {})
    assert all((pixels(tmp_path / name) < 128).any() for name in ("a.png", "b.png"))


def test_classifiers_have_one_loss(drawn):
    records = [{"iteration": 1, "loss": 0.2}, {"iteration": 2, "loss": 0.1, "test_accuracy": 0.9}]
    curves.compared("", {"table 40, seed 0": records}, {"test_accuracy": "higher"})
    assert [axes.get_title() for axes in drawn] == [
        "test_accuracy (higher is better)",
        "loss of the classifier",
    ]
    assert drawn[1].lines[0].get_ydata().tolist() == [0.2, 0.1]


def test_short_labels_stand_side_by_side(drawn):
    for label, columns in (("table {}, seed 0", 5), ("table {}, seed 0: " + "x" * 100, 1)):
        runs = {label.format(number): history(3) for number in range(20)}
        curves.compared("", runs, {})
        (legend,) = drawn[-1].figure.legends
        legend.figure.canvas.draw()
        places = {round(text.get_window_extent().x0) for text in legend.get_texts()}
        assert len(places) == columns


def test_a_run_has_one_look_in_all_panels_and_no_other_run_has_it(drawn):
    runs = {f"table {number}, seed 0": history(3, distance=float) for number in range(25)}
    curves.compared("", runs, {NAME: "lower"})
    looks = [[(line.get_color(), line.get_linestyle()) for line in axes.lines] for axes in drawn]
    assert looks[0] == looks[1] == looks[2]
    assert len(set(looks[0])) == 25


def test_a_loss_that_is_not_finite_leaves_a_gap_among_others(drawn):
    records = [{"iteration": i, "d_loss": None if i == 3 else 1.0, "g_loss": 1.0} for i in range(9)]
    curves.compared("", {"table 1, seed 0": records}, {})
    d_loss = drawn[0].lines[0].get_ydata()
    assert np.isnan(d_loss).tolist() == [i == 3 for i in range(9)]


def test_compared_curves_are_a_whole_picture(tmp_path, pixels, count_colour):
    runs = {"a": history(40, distance=float), "b" * 300: history(1, distance=lambda i: -i)}
    curves.compared(tmp_path / "a.png", runs, {NAME: "higher"})
    image = pixels(tmp_path / "a.png")
    assert (image[:2] == 255).all() and (image[:, -2:] == 255).all()  # nothing is cut off
    assert count_colour(image, BLUE) > 500
    assert count_colour(image, ORANGE) > 20


def test_a_long_title_is_cut(drawn):
    curves.losses("", history(3), title="akel2022 1, seed 0: " + "x" * 300)
    assert len(drawn[0].get_title()) == 100 and drawn[0].get_title().endswith("x...")
