"""Spoilt inputs by the thousand: each has to open or be refused in one line, soon.

`python tests/fuzz.py 2000` makes generators' files of several versions of Keras and tables of
experiments, spoils them at random (bytes, truncation, the description's JSON, the table's YAML)
and opens each. The work is done in processes of their own, here without the one that
`keras_gans.hdf5` starts for each file: so it shows how often the HDF5 library itself falls.
"""

import copy
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

SLOW = 5.0  # seconds that one input may take
TREASURES = (
    None, True, -1, 0, 1, 2, 3.5, 1e308, -(2**63), 2**31, 10**30, float("nan"), float("inf"), "",
    "a", "\0", "/", "..", "é" * 50, [], [[]], {}, {"class_name": "Lambda", "config": {}}, [0, 0],
    [None, 100], [["x", 0, 0, {}]], {"type": "ndarray", "value": [1]}, "Lambda", "Dense", "tanh",
)  # fmt: skip
SNIPPETS = (
    "*a", "&a [*a]", "<<: *a", "!!python/object:os.system x", "{", "[", "? ", ": ", "- ", "\t",
    "'", '"', "|", ">", "2e400", ".nan", "0x", "1_0", "2022-02-30", "\0", "null", "%YAML 9.9",
)  # fmt: skip


def spoil_bytes(data, luck):
    """Flips, cuts, blanks or copies a few bytes, mostly near the front, where structures are."""
    data = bytearray(data)
    for _ in range(luck.choice((1, 1, 2, 4, 16))):
        place = luck.randrange(min(len(data), luck.choice((512, 4096, 20_000, len(data)))))
        kind, length = luck.randrange(6), luck.choice((1, 2, 4, 8, 64))
        if kind < 2:
            data[place] ^= 1 << luck.randrange(8)
        elif kind == 2:
            data[place] = luck.choice((0, 1, 127, 128, 255))
        elif kind == 3:
            data[place : place + length] = bytes(len(data[place : place + length]))
        elif kind == 4:
            data[place : place + length] = b"\xff" * len(data[place : place + length])
        else:
            other = luck.randrange(len(data) - length)
            data[place : place + length] = data[other : other + length][: len(data) - place]
    if luck.random() < 0.1:
        del data[luck.randrange(len(data)) :]
    return bytes(data)


def spoil_values(value, luck):
    """Changes one to three values or keys somewhere in JSON."""
    for _ in range(luck.choice((1, 1, 2, 3))):
        places = []
        _collect(value, places)
        holder, key = luck.choice(places)
        kind = luck.randrange(5)
        if kind < 3:
            holder[key] = copy.deepcopy(luck.choice(TREASURES))
        elif kind == 3:
            del holder[key]
        else:
            other, place = luck.choice(places)
            holder[key] = copy.deepcopy(other.get(place) if isinstance(other, dict) else other)
    return value


def _collect(value, places):
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        places.append((value, key))
        if isinstance(inner, dict | list):
            _collect(inner, places)


def spoil_text(text, luck):
    lines = text.split("\n")
    for _ in range(luck.choice((1, 2, 4))):
        place = luck.randrange(len(lines))
        line, kind = lines[place], luck.randrange(5)
        at = luck.randrange(len(line) + 1)
        if kind == 0:
            lines[place] = line[:at] + luck.choice(SNIPPETS) + line[at:]
        elif kind == 1:
            lines[place] = line[:at] + chr(luck.randrange(32, 0x2FF)) + line[at + 1 :]
        elif kind == 2:
            lines[place] = " " * luck.randrange(8) + line.strip()
        elif kind == 3:
            lines.insert(place, luck.choice(lines))
        else:
            lines[place] = line[:at]
    return "\n".join(lines)


def make_bases(folder):
    """Writes the files that are spoilt: generators of three versions, one of ours, a table."""
    import strangers

    from keras_gans import generators, networks
    from keras_gans.experiment import tables_folder

    for name, style in (
        ("perceptron", "2.0.4"), ("conditional", "2.4.0"), ("shared", "2.8.0"),
        ("various", "3.11.2"),
    ):  # fmt: skip
        model = strangers.randomize(strangers.NETWORKS[name]())
        strangers.save(model, folder / f"{name}.h5", style, fixed=style != "2.8.0")
    options = {"network": "dcgan", "options": {}, "image_shape": [8, 8, 1], "latent_dim": 4}
    generators.save(networks.generator("dcgan", (8, 8, 1), 4), folder / "own.h5", options)
    (folder / "table.yaml").write_text((tables_folder() / "akel2022.yaml").read_text())


def spoilt(number, folder):
    """Writes the input of this number; the same for the same number and bases.

    Returns:
        Its path.
    """
    import h5py

    luck = random.Random(number)
    if number % 4 == 3:
        path = folder / "spoilt.yaml"
        text = (folder / "table.yaml").read_text()
        path.write_text(spoil_text(text, luck), errors="surrogatepass")
        return path
    bases = sorted(file for file in folder.glob("*.h5") if file.stem != "spoilt")
    base = luck.choice(bases)
    path = folder / "spoilt.h5"
    path.write_bytes(spoil_bytes(base.read_bytes(), luck) if number % 4 < 2 else base.read_bytes())
    if number % 4 == 2:
        key = "keras_gans" if base.stem == "own" else "model_config"
        with h5py.File(path, "r+") as file:
            config = json.loads(file.attrs[key])
            file.attrs[key] = json.dumps(spoil_values(config, luck))
    return path


def work(folder, first, last, apart=False):
    """Opens inputs, and says of each how it went: the process that may fall.

    Args:
        folder: `Path` with what `make_bases` writes.
        first, last: Numbers of the first input and of the one after the last.
        apart: Whether HDF5 files are described by another process, as they are for users.
    """
    from keras_gans import generators, hdf5, hdf5_index
    from keras_gans.errors import UsageError
    from keras_gans.experiment import read_table

    generators.load(folder / "own.h5")  # takes the time that loading Keras takes
    if not apart:
        hdf5._ask = lambda path: json.loads(json.dumps(hdf5_index.described(path)))
    for number in range(first, last):
        path = spoilt(number, folder)
        print("begin", number, flush=True)
        # Ends the process after 20 s of computing, whatever the HDF5 library does in it.
        signal.setitimer(signal.ITIMER_PROF, 20)
        began, message = time.perf_counter(), ""
        try:
            if path.suffix == ".yaml":
                read_table(path)
            else:
                generators.load(path)
            how = "opened"
        except UsageError as error:
            how, message = "refused", str(error)
            if "\n" in message or len(message) > 2_000:
                how = f"unclear: {message[:3000]!r}"
        except Exception as error:
            how = f"crashed: {type(error).__name__}: {str(error)[:300]!r}"
        seconds = time.perf_counter() - began
        if seconds > SLOW and how in ("opened", "refused"):
            how = f"slow: {how}"
        print("end", number, json.dumps([how, round(seconds, 3), message]), flush=True)


def fuzz(count, first=0):
    """Opens `count` spoilt inputs.

    Returns:
        ({how it went: how many}, {number of a failure: how it went}); "fell" are inputs at which
        the HDF5 library ended the process, or did not end itself. They are no failures where
        they are refused as users open them, with that library in a process of its own.
    """
    counts, failures = Counter(), {}
    with tempfile.TemporaryDirectory() as folder:
        make_bases(Path(folder))
        number, last = first, first + count
        while number < last:
            found, begun, status = _outcomes(folder, number, last)
            if status:
                fallen, _, again = _outcomes(folder, begun, begun + 1, "apart")
                counts["fell"] += 1
                found[begun] = fallen.get(begun, f"fell: {status}, then {again}")
            for index, how in found.items():
                counts[how.partition(":")[0]] += 1
                if how not in ("opened", "refused"):
                    failures[index] = how
            number = begun + 1 if status else last
            print(f"{number - first} of {count}: {dict(counts)}", file=sys.stderr)
    return dict(counts), failures


def _outcomes(folder, first, last, *options):
    """({number: how it went}, the number that was begun last, the exit status)."""
    numbers = (str(first), str(last))
    command = [sys.executable, __file__, "work", folder, *numbers, *options]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    found, begun = {}, first
    for line in child.stdout:
        what, _, rest = line.decode().partition(" ")
        if what == "begin":
            begun = int(rest)
        elif what == "end":
            index, _, outcome = rest.partition(" ")
            found[int(index)] = json.loads(outcome)[0]
    return found, begun, child.wait()


if __name__ == "__main__":
    if sys.argv[1] == "work":
        work(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), "apart" in sys.argv)
    else:
        began = time.perf_counter()
        counts, failures = fuzz(int(sys.argv[1]))
        print(counts, f"{time.perf_counter() - began:.0f} s")
        for number, how in failures.items():
            print(number, how)
