"""Opens generators that other people saved, without running anything that is in their files.

    with foreign.described(path) as description:      # formats, in a process with limits
        saved = foreign.open(description)

The steps, one module each: `files` and `hdf5` describe the file; `parsing` reads the network's
description as data; `inference` infers its shapes and bounds its cost; `weights` finds the arrays,
which must have exactly the shapes of the network; `kinds` tells what the network is; `network`
builds it out of Keras's own layers; `probe` runs it once, to find the range of its pixels.
"""

from keras_gans.generators.foreign.files import described
from keras_gans.generators.foreign.opening import open

__all__ = ["described", "open"]
