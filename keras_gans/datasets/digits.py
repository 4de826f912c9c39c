"""scikit-learn's handwritten digits, enlarged: 1,797 images of 28x28 grey, with labels.

They come with scikit-learn, so this data set is there without a network. They are the test part
of "Optical Recognition of Handwritten Digits" (Alpaydin and Kaynak, UCI, 1998).
"""

import numpy as np

SPLITS = ("train",)


def fetch(folder, split):
    """Enlarges the 8x8 digits to the size, and about the margin, of MNIST's.

    A black margin of one pixel is put around first: the strokes, which touch the edges, then end
    softly, and the digit is 22 pixels high in the middle of 28.

    Args:
        folder: Not used: there is nothing to look for.
        split: `train`.

    Returns:
        (images, labels, source): uint8 [1797, 28, 28, 1], int64 [1797], text.
    """
    import sklearn
    from PIL import Image
    from sklearn.datasets import load_digits

    digits = load_digits()
    small = np.rint(digits.images * (255 / 16)).astype(np.uint8)  # theirs go from 0 to 16
    small = np.pad(small, ((0, 0), (1, 1), (1, 1)))
    images = np.stack(
        [Image.fromarray(image).resize((28, 28), Image.Resampling.BICUBIC) for image in small]
    )
    return images[..., np.newaxis], digits.target, f"scikit-learn {sklearn.__version__} digits"
