"""Lists the weights in an HDF5 file, and where their bytes are: a program that may crash alone.

The HDF5 library is not made for untrusted files: a damaged file, or one made for the purpose, can
crash the process that opens it or fill its memory. So `hdf5.py` runs this file as a process with
limits. It prints a JSON description of the weights with the place of their bytes in the file, and
reads none of them. It imports nothing of the package.

It looks only at names in the file's own lists of layers and weights, and follows only hard links.
"""

import contextlib
import json
import math
import sys

import h5py
import numpy as np

ATTRIBUTES = ("keras_gans", "model_config", "keras_version", "backend")
# Groups at the root of Keras 3's weights: of a network, of Keras 2's networks, of a GAN.
_VARIABLES = ("layers", "_layer_checkpoint_dependencies", "generator")
MAX_ATTRIBUTE = 16 << 20  # bytes of one attribute: the description of 2,000 layers has 2 MB
MAX_NAMES = 20_000
MAX_LENGTH = 1_000  # characters of a name
MAX_DEPTH = 32  # nested groups
MAX_CHUNKS = 100_000
MEMORY = 2 << 30  # bytes of address space; Python and its libraries take a quarter
SECONDS = 2  # of CPU time after the imports; a file takes hundredths of one


class Refused(Exception):
    """The file does not have the expected structure; the message says where."""


def index(path):
    """Describes the weights in a file.

    Args:
        path: HDF5 file with a Keras model or its weights.

    Returns:
        Dict of plain values: "kind" is "model" (a model or its weights, by layers in the legacy
        layout), "variables" (Keras 3's layout of weights) or "other"; "attributes" has the texts
        of those of `ATTRIBUTES` that exist; "layers" is a list of [layer's name, [dataset, ...]]
        in recorded order; "names" the first names in the file. A dataset is a dict of "name",
        "shape", "dtype", "filters", "chunks" (the shape of one, or None) and "pieces", a list of
        [position in the dataset, offset in the file, bytes].

    Raises:
        Refused: The file stores something in an unusual way, or lacks it.
    """
    with h5py.File(path, "r", locking=False) as file:
        if file.userblock_size:
            raise Refused("it does not begin with HDF5's signature")
        names = [name[:80] for name, _ in zip(file, range(12), strict=False)]
        found = {"kind": "other", "attributes": {}, "layers": [], "names": names}
        root = _hard(file, "model_weights") if "model_weights" in file else file
        for key in ATTRIBUTES:
            for holder in (file, root):
                if h5py.h5a.exists(holder.id, key.encode()):
                    try:
                        found["attributes"][key] = _scalar(holder, key)
                    except Refused:
                        found["attributes"][key] = ""  # the reader of the attribute refuses it
                    break
        if _has_names(root, "layer_names"):
            found["kind"] = "model"
            found["layers"] = _layers(root)
        elif "model_config" in found["attributes"] or "keras_gans" in found["attributes"]:
            raise Refused("it has no list of layers")
        elif any(name.startswith(_VARIABLES) for name in names):
            found["kind"] = "variables"
            found["layers"] = _variables(file)
        return found


def _layers(root):
    layers, count = [], 0
    for layer in _names(root, "layer_names"):
        group = _hard(root, layer)
        weights = _names(group, "weight_names")
        if len(set(weights)) < len(weights):
            raise Refused(
                f"'{layer}' has one array for several weights: Keras 3.0 and 3.1 lost the weights "
                "of nested networks in this way, and they are not in the file"
            )
        count += len(weights)
        if count > MAX_NAMES:
            raise Refused(f"it names more than {MAX_NAMES} weights")
        layers.append([layer, [_dataset(_descend(group, name), name) for name in weights]])
    return layers


def _variables(file):
    """Keras 3's layout: the variables of a layer are the datasets of a group `vars`."""
    layers, seen, count = [], set(), 0
    pending = [("", file["/"])]
    while pending:
        path, group = pending.pop()
        identity = h5py.h5o.get_info(group.id).addr
        if identity in seen or path.count("/") > MAX_DEPTH:
            raise Refused("its groups form a circle or are nested too deeply")
        seen.add(identity)
        datasets = []
        for name in group:
            count += 1
            if count > MAX_NAMES or len(name) > MAX_LENGTH:
                raise Refused(f"it has more than {MAX_NAMES} items, or names that are too long")
            item = _hard(group, name)
            if isinstance(item, h5py.Group):
                pending.append((f"{path}/{name}", item))
            elif isinstance(item, h5py.Dataset) and path.endswith("/vars"):
                datasets.append(_dataset(item, name))
        if datasets:
            datasets.sort(key=lambda dataset: (len(dataset["name"]), dataset["name"]))
            # On Windows Keras 2 wrote layers\\dense as one name.
            name = path.removesuffix("/vars").replace("\\", "/").removeprefix("/")
            layers.append([name, datasets])
    return layers


def _descend(group, name):
    for part in name.split("/"):
        group = _hard(group, part)
    return group


def _hard(group, name):
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        raise Refused(f"'{name}' is not a valid name")
    if not isinstance(group, h5py.Group):
        raise Refused(f"the parent of '{name}' is not a group")
    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
        raise Refused(f"'{name}' is missing or a link to elsewhere")
    return group[name]


def _has_names(holder, key):
    return any(h5py.h5a.exists(holder.id, k.encode()) for k in (key, f"{key}0"))


def _names(holder, key):
    """A list of names; a long one is stored in pieces `key0`, `key1` and so on."""
    if not isinstance(holder, h5py.Group) or not _has_names(holder, key):
        raise Refused(f"it has no {key}")
    if h5py.h5a.exists(holder.id, key.encode()):
        names = _texts(holder, key)
    else:
        names, piece = [], 0
        while h5py.h5a.exists(holder.id, f"{key}{piece}".encode()):
            names += _texts(holder, f"{key}{piece}")
            piece += 1
            if len(names) > MAX_NAMES:
                break
    if len(names) > MAX_NAMES or any(len(name) > MAX_LENGTH for name in names):
        raise Refused(f"{key} is too long")
    return names


def _scalar(holder, key):
    attribute = _attribute(holder, key)
    if attribute.shape not in ((), (1,)):
        raise Refused(f"{key} is not a single text")
    values = _texts(holder, key)
    return values[0] if len(values) == 1 else ""


def _texts(holder, key):
    attribute = _attribute(holder, key)
    if len(attribute.shape) > 1 or math.prod(attribute.shape) > MAX_NAMES:
        raise Refused(f"{key} is not a list of names")
    kind = attribute.get_type()
    if math.prod(attribute.shape) == 0:
        return []  # Keras writes an empty list as numbers
    if not isinstance(kind, h5py.h5t.TypeStringID):
        raise Refused(f"{key} holds no text")
    # Names of variable length are stored elsewhere; their size is known once they are read.
    if attribute.get_storage_size() > MAX_ATTRIBUTE or (
        not kind.is_variable_str() and kind.get_size() > MAX_ATTRIBUTE
    ):
        raise Refused(f"{key} is too long")
    values = np.ravel(holder.attrs[key])
    try:
        texts = [v.decode() if isinstance(v, bytes) else str(v) for v in values.tolist()]
        for text in texts:
            text.encode()  # h5py returns bytes that are not UTF-8 as surrogates
    except UnicodeError:
        raise Refused(f"{key} holds bytes that are not UTF-8") from None
    if sum(map(len, texts)) > MAX_ATTRIBUTE:
        raise Refused(f"{key} is too long")
    return texts


def _attribute(holder, key):
    attribute = h5py.h5a.open(holder.id, key.encode())
    if attribute.get_space().get_simple_extent_type() == h5py.h5s.NULL:
        raise Refused(f"{key} is empty")
    return attribute


def _dataset(item, name):
    """The description of one dataset, whose bytes have to be in the file."""
    if not isinstance(item, h5py.Dataset):
        raise Refused(f"'{name}' is not an array")
    create = item.id.get_create_plist()
    layout = create.get_layout()
    if layout == h5py.h5d.VIRTUAL or create.get_external_count():
        raise Refused(f"'{name}' is not stored plainly")
    if item.id.get_space().get_simple_extent_type() == h5py.h5s.NULL or len(item.shape) > 8:
        raise Refused(f"'{name}' is not an array")
    found = {
        "name": name,
        "shape": [int(size) for size in item.shape],
        "dtype": item.dtype.str,
        "filters": _filters(create, name),
        "chunks": None,
        "pieces": [],
    }
    # NumPy calls several types a float of 4 bytes. One of them is IEEE's; h5py converts others.
    known = [h5py.h5t.py_create(np.dtype(o + t)) for t in ("f2", "f4", "f8") for o in "<>"]
    if not any(item.id.get_type().equal(kind) for kind in known):
        return {**found, "dtype": str(item.dtype)[:80]}  # the reader names and refuses it
    size = math.prod(item.shape) * item.dtype.itemsize
    if layout == h5py.h5d.CHUNKED:
        found["chunks"] = [int(n) for n in item.chunks]
        found["pieces"] = _chunks(item, name)
    elif found["filters"]:
        raise Refused(f"'{name}' is not stored plainly")
    elif layout == h5py.h5d.CONTIGUOUS and size:
        offset = item.id.get_offset()
        if offset is None or item.id.get_storage_size() != size:
            raise Refused(f"'{name}' declares {size} bytes, which the file does not hold")
        found["pieces"] = [[None, int(offset), size]]
    elif size:  # a few numbers within the description itself
        found["values"] = [float(v) for v in np.ravel(item[()])]
    return found


def _filters(create, name):
    known = {h5py.h5z.FILTER_DEFLATE: "gzip", h5py.h5z.FILTER_SHUFFLE: "shuffle"}
    filters = [create.get_filter(n)[0] for n in range(create.get_nfilters())]
    if not set(filters) <= set(known):
        raise Refused(f"'{name}' is not stored plainly: its compression is unusual")
    return [known[code] for code in filters]


def _chunks(item, name):
    expected = math.prod(-(-n // c) for n, c in zip(item.shape, item.chunks, strict=True))
    if expected > MAX_CHUNKS or item.id.get_num_chunks() != expected:
        raise Refused(f"'{name}' declares values that the file does not hold")
    chunks = []

    def note(chunk):
        if chunk.filter_mask:
            raise Refused(f"'{name}' is not stored plainly: only some of its chunks are compressed")
        place = [int(start) for start in chunk.chunk_offset]
        chunks.append([place, int(chunk.byte_offset), int(chunk.size)])

    item.id.chunk_iter(note)
    return chunks


def described(path):
    """The result of `index`, or {"error": text} where the file is refused."""
    try:
        return index(path)
    except Refused as error:
        return {"error": f"is not laid out like a Keras .h5 file: {error}"}
    except MemoryError:
        return {"error": "is not laid out like a Keras .h5 file: it would fill the memory"}
    except Exception as error:  # h5py raises errors of many types
        said = " ".join(str(error).split()) or type(error).__name__
        return {"error": f"is damaged: {said[:300]}"}


def _limit():
    """Limits this process, as far as the system does: Windows has no such limits."""
    try:
        import resource
    except ImportError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    for name, most in (
        ("RLIMIT_CORE", 0),
        ("RLIMIT_CPU", int(used.ru_utime + used.ru_stime) + SECONDS),
        ("RLIMIT_AS", MEMORY),
        ("RLIMIT_FSIZE", 4 * MAX_ATTRIBUTE),
    ):
        # macOS refuses a limit of the address space, and some systems do not know it.
        with contextlib.suppress(AttributeError, ValueError, OSError):
            what = getattr(resource, name)
            _, hard = resource.getrlimit(what)
            most = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(what, (most, hard))


if __name__ == "__main__":
    _limit()
    # ASCII: a name may hold characters that the output's encoding has not.
    sys.stdout.write(json.dumps(described(sys.argv[1])))
