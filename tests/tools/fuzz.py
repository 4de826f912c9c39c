"""Corrupts inputs at random: each must open, or be refused in one line within seconds.

`python tests/tools/fuzz.py 2000` writes generators of several versions of Keras and tables of
experiments, corrupts them (bytes, truncation, the JSON of the description, the YAML of the table)
and opens each. It works in processes of its own, and describes HDF5 files in them rather than in
the child process that users have: so it shows how often the HDF5 library itself crashes.
"""

import copy
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random

SLOW = 5.0  # seconds that one input may take
VALUES = (
    None, True, -1, 0, 1, 2, 3.5, 1e308, -(2**63), 2**31, 10**30, float("nan"), float("inf"), "",
    "a", "\0", "/", "..", "é" * 50, [], [[]], {}, {"class_name": "Lambda", "config": {}}, [0, 0],
    [None, 100], [["x", 0, 0, {}]], {"type": "ndarray", "value": [1]}, "Lambda", "Dense", "tanh",
)  # fmt: skip
SNIPPETS = (
    "*a", "&a [*a]", "<<: *a", "!!python/object:os.system x", "{", "[", "? ", ": ", "- ", "\t",
    "'", '"', "|", ">", "2e400", ".nan", "0x", "1_0", "2022-02-30", "\0", "null", "%YAML 9.9",
)  # fmt: skip


def corrupt_bytes(data, random):
    """Flips, cuts, clears or copies a few bytes, mostly near the front, where structures are."""
    data = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 4, 16))):
        place = random.randrange(min(len(data), random.choice((512, 4096, 20_000, len(data)))))
        kind, length = random.randrange(6), random.choice((1, 2, 4, 8, 64))
        if kind < 2:
            data[place] ^= 1 << random.randrange(8)
        elif kind == 2:
            data[place] = random.choice((0, 1, 127, 128, 255))
        elif kind == 3:
            data[place : place + length] = bytes(len(data[place : place + length]))
        elif kind == 4:
            data[place : place + length] = b"\xff" * len(data[place : place + length])
        else:
            other = random.randrange(len(data) - length)
            data[place : place + length] = data[other : other + length][: len(data) - place]
    if random.random() < 0.1:
        del data[random.randrange(len(data)) :]
    return bytes(data)


def corrupt_values(value, random):
    """Changes one to three values or keys in JSON."""
    for _ in range(random.choice((1, 1, 2, 3))):
        places = []
        _collect(value, places)
        holder, key = random.choice(places)
        kind = random.randrange(5)
        if kind < 3:
            holder[key] = copy.deepcopy(random.choice(VALUES))
        elif kind == 3:
            del holder[key]
        else:
            other, place = random.choice(places)
            holder[key] = copy.deepcopy(other.get(place) if isinstance(other, dict) else other)
    return value


def _collect(value, places):
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        places.append((value, key))
        if isinstance(inner, dict | list):
            _collect(inner, places)


def corrupt_text(text, random):
    lines = text.split("\n")
    for _ in range(random.choice((1, 2, 4))):
        place = random.randrange(len(lines))
        line, kind = lines[place], random.randrange(5)
        at = random.randrange(len(line) + 1)
        if kind == 0:
            lines[place] = line[:at] + random.choice(SNIPPETS) + line[at:]
        elif kind == 1:
            lines[place] = line[:at] + chr(random.randrange(32, 0x2FF)) + line[at + 1 :]
        elif kind == 2:
            lines[place] = " " * random.randrange(8) + line.strip()
        elif kind == 3:
            lines.insert(place, random.choice(lines))
        else:
            lines[place] = line[:at]
    return "\n".join(lines)


def make_bases(folder):
    """Writes the files to corrupt: generators of four versions of Keras, our own files, a table."""
    import foreign_files

    from keras_gans import generators, networks, parts
    from keras_gans.datasets.sources import PIXELS
    from keras_gans.generators.saved import Saved, inputs_of
    from keras_gans.latents import Normal
    from keras_gans.rows.table import tables_folder

    for name, style in (
        ("perceptron", "2.0.4"), ("conditional", "2.4.0"), ("shared", "2.8.0"),
        ("various", "3.11.2"),
    ):  # fmt: skip
        model = foreign_files.randomize(foreign_files.NETWORKS[name]())
        foreign_files.save(model, folder / f"{name}.h5", style, fixed=style != "2.8.0")
    for name, classes in (("dcgan", None), ("conditional", 3)):
        part = parts.check("networks", name, "generator", "generator")
        network = networks.build(part, "generator", (8, 8, 1), 4, classes)
        latents, shape = Normal(4), (8, 8, 1)
        inputs = inputs_of(latents, classes)
        saved = Saved(network, latents, shape, PIXELS, classes, inputs, part=part)
        generators.save(saved, folder / f"own_{name}.h5")
    (folder / "table.yaml").write_text((tables_folder() / "akel2022.yaml").read_text())


def corrupted(number, folder):
    """Writes the input of a number, a function of the number and the bases.

    Returns:
        Its path.
    """
    import h5py

    random = Random(number)
    if number % 4 == 3:
        path = folder / "corrupted.yaml"
        text = (folder / "table.yaml").read_text()
        path.write_text(corrupt_text(text, random), errors="surrogatepass")
        return path
    bases = sorted(file for file in folder.glob("*.h5") if file.stem != "corrupted")
    base = random.choice(bases)
    path = folder / "corrupted.h5"
    content = base.read_bytes()
    path.write_bytes(corrupt_bytes(content, random) if number % 4 < 2 else content)
    if number % 4 == 2:
        key = "keras_gans" if base.stem.startswith("own") else "model_config"
        with h5py.File(path, "r+") as file:
            config = json.loads(file.attrs[key])
            file.attrs[key] = json.dumps(corrupt_values(config, random))
    return path


def work(folder, first, last, apart=False):
    """Opens inputs and prints the outcome of each, in a process that may crash.

    Args:
        folder: `Path` with the files of `make_bases`.
        first, last: Numbers of the first input and of the one after the last.
        apart: Whether a child process describes HDF5 files, as it does for users.
    """
    from keras_gans import generators
    from keras_gans.errors import UsageError
    from keras_gans.generators.foreign import hdf5, hdf5_index
    from keras_gans.rows import read_table

    generators.load(folder / "own_dcgan.h5")  # so that no input is timed with Keras's import
    if not apart:
        hdf5._ask = lambda path: json.loads(json.dumps(hdf5_index.described(path)))
    for number in range(first, last):
        path = corrupted(number, folder)
        print("begin", number, flush=True)
        # Ends the process after 20 s of CPU time, even inside the HDF5 library.
        signal.setitimer(signal.ITIMER_PROF, 20)
        began, message = time.perf_counter(), ""
        try:
            if path.suffix == ".yaml":
                read_table(path).experiments()
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
    """Opens `count` corrupted inputs.

    Returns:
        ({outcome: number of inputs}, {number of a failed input: outcome}). At "fell" inputs the
        HDF5 library crashed the process or did not return. They are failures only where a child
        process, which users have, does not lead to a refusal.
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
    """({number: outcome}, number of the last input that was begun, exit status)."""
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
