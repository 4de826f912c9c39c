"""scikit-learn's handwritten digits, enlarged: 1,797 images of 28x28 grey, with labels.

They come with scikit-learn, so they need no network. They are the test part
of "Optical Recognition of Handwritten Digits" (Alpaydin and Kaynak, UCI, 1998).
"""

import numpy as np

from keras_gans.datasets.sources import Images

SPLITS = ("train",)


def fetch(folder, split):
    """Enlarges the 8x8 digits to the size, and about the margin, of MNIST's.

    A black margin of one pixel is added first, since the strokes touch the edges. They then end
    softly, and the digit is 22 pixels high in the middle of 28.

    Args:
        folder: Not used: the images come with scikit-learn.
        split: `train`.

    Returns:
        `Images` `(1797, 28, 28, 1)` with labels.
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
    return Images("digits", images, digits.target, f"scikit-learn {sklearn.__version__} digits")
