import pytest

from keras_gans.metrics import metric_name


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
