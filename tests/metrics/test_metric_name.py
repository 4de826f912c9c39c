import pytest

from keras_gans.metrics import measures, metric_name, metric_of


@pytest.mark.parametrize(
    ("count", "extractor", "expected"),
    [
        (5000, "lenet", "fid5k_lenet"),
        (5000, "inception768_75px", "fid5k_inception768_75px"),
        (1797, "lenet", "fid1797_lenet"),
        (10000, "inception2048", "fid10k_inception2048"),
        (1500, "lenet", "fid1500_lenet"),
        (2, "lenet", "fid2_lenet"),
    ],
)
def test_the_name_says_size_network_and_layer(count, extractor, expected):
    assert metric_name("fid", count, extractor) == expected


@pytest.mark.parametrize("metric", measures.names())
def test_a_full_name_tells_its_metric(metric):
    for count in (80, 5000):
        assert metric_of(metric_name(metric, count, "imagenet2048_signed")) == metric


@pytest.mark.parametrize(
    "name", ["d_loss", "iteration", "fid", "fid5k", "5k_lenet", "", "fid5k_a b"]
)
def test_other_names_have_no_metric(name):
    assert metric_of(name) is None
