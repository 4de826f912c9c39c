"""All verbs: help, version, mistakes in one line, and no Keras where none is needed."""

import re

import numpy as np
import pytest
from commands import ROOT, files, finish, in_one_process, keras_gans, run_experiment

import keras_gans as package
from keras_gans import cli
from keras_gans.errors import UsageError
from keras_gans.metrics import measures
from keras_gans.rows import PlannedRun, read_table

QUESTIONS = {
    "help": (["keras-gans", "--help"], [v.__name__.rpartition(".")[2] for v in cli.VERBS]),
    "version": (["keras-gans", "--version"], [package.__version__]),
    "run": (
        ["keras-gans", "run", "--help"],
        ["--exp", "--all", "--table", "--seed", "--seeds", "--jobs", "--iterations", "--set"]
        + ["--dataset", "--data-dir", "--skip-damaged", "--measure-every", "--results"]
        + [
            "--restart",
            "--dry-run",
            "--verbose",
            "--list",
            "KERAS_GANS_DATA",
            "keras-gans run --table",
        ],
    ),
    "script": (["run_experiment.py", "--help"], ["--exp", "run_experiment.py --table"]),
    "generate": (
        ["keras-gans", "generate", "--help"],
        ["--count", "--seed", "--out", "--labels", "--interpolate", "--spherical"]
        + ["--range", "--latents", "uniform:LOW,HIGH"],
    ),
    "evaluate": (
        ["keras-gans", "evaluate", "--help"],
        ["--dataset", "--metrics", "--features", "--samples", "--seed", "--json"]
        + [f"\n  {name} " for name in measures.names()],
    ),
    "animate": (["keras-gans", "animate", "--help"], ["RUN", "--out", "training.gif"]),
    "compare": (["keras-gans", "compare", "--help"], ["RUN", "--out", "curves.png"]),
    "report": (["keras-gans", "report", "--help"], ["--table", "--results"]),
    "prepare": (["keras-gans", "prepare", "--help"], ["--source", "--size", "mtcnn"]),
    "weights": (
        ["keras-gans", "weights", "--help"],
        ["inception-2015-12-05.tgz", "pt_inception-2015-12-05-6726825d.pth", "_notop.h5"]
        + ["softmax/kernel", "--sha256"],
    ),
    "audit": (["keras-gans", "audit", "--help"], ["--samples", "--features", "--out"]),
    "list": (
        ["run_experiment.py", "--list"],
        ["S. Akel", "akel2022_ablation", "quickstart", "published", "shows also: printed"],
    ),
    "list of another table": (
        ["keras-gans", "run", "--list", "--table", "quickstart"],
        ["LSGAN", "digits", "ring", "wasserstein", "keras-gans run --table quickstart --exp 1"],
    ),
}
MISTAKES = {
    "no verb": (["keras-gans"], "VERB"),
    "unknown verb": (["keras-gans", "train"], "invalid choice: 'train'"),
    "no generator": (["keras-gans", "generate", "no.h5"], "there is no file no.h5"),
    "a folder": (["keras-gans", "generate", "folder"], "folder is not a run"),
    "not HDF5": (["keras-gans", "generate", "a.h5"], "is not an HDF5 file"),
    "unknown suffix": (["keras-gans", "generate", "a.h5", "--out", "a.jpg"], ".png, .npz, .gif"),
    "file as folder": (["keras-gans", "generate", "a.h5", "--out", "file"], "cannot write to"),
    "file as parent": (
        ["keras-gans", "generate", "a.h5", "--out", "file/a.png"],
        "cannot write to",
    ),
    "folder as file": (["keras-gans", "generate", "a.h5", "--out", "x.png"], "x.png is a folder"),
    "full folder": (
        ["keras-gans", "generate", "a.h5", "--out", "folder"],
        "2 numbered images already, 000000.png to 000063.png",
    ),
    "arc without a way": (["keras-gans", "generate", "a.h5", "--spherical"], "--interpolate"),
    "endless animation": (
        ["keras-gans", "generate", "a.h5", "--interpolate", "251", "--out", "a.gif"],
        "at most 1,000: give at most 250",
    ),
    "animation of no folder": (["keras-gans", "animate", "no"], "there is no folder no"),
    "animation of no run": (["keras-gans", "animate", "folder"], "folder is not a run"),
    "animation as picture": (
        ["keras-gans", "animate", "run", "--out", "a.jpg"],
        "--out a.jpg: write a .gif, .webp or .png",
    ),
    "animation without pictures": (["keras-gans", "animate", "run"], "has no pictures yet"),
    "comparison of nothing": (["keras-gans", "compare"], "RUN"),
    "comparison without losses": (["keras-gans", "compare", "run"], "run has no losses"),
    "comparison as folder": (
        ["keras-gans", "compare", "run", "--out", "x.png"],
        "x.png is a folder",
    ),
    "damaged run": (["keras-gans", "compare", "damaged"], "is not the file that a run writes"),
    "run without generators": (["keras-gans", "generate", "run"], "run has no saved generator"),
    "nothing to evaluate in a run": (["keras-gans", "evaluate", "run"], "has no saved generator"),
    "range of a run": (["keras-gans", "evaluate", "run", "--range=0,1"], "leave out --range"),
    "one step": (["keras-gans", "generate", "a.h5", "--interpolate", "1"], "at least 2"),
    "broken rows": (
        ["keras-gans", "generate", "a.h5", "--interpolate", "8", "--count", "10"],
        "give 16",
    ),
    "no images": (["keras-gans", "generate", "a.h5", "--count", "0"], "at least 1"),
    "negative seed": (["keras-gans", "generate", "a.h5", "--seed=-1"], "at least 0"),
    "long seed": (["keras-gans", "generate", "a.h5", "--seed", "9" * 5000], "at least 0"),
    "half a range": (["keras-gans", "generate", "a.h5", "--range", "1"], "write two numbers"),
    "turned range": (["keras-gans", "generate", "a.h5", "--range=1,-1"], "the lower first"),
    "range of nan": (["keras-gans", "generate", "a.h5", "--range=nan,1"], "--range=-1,1"),
    "labels": (["keras-gans", "generate", "a.h5", "--labels", "x"], "--labels x: write numbers"),
    "latents": (["keras-gans", "generate", "a.h5", "--latents", "cauchy"], "'cauchy'"),
    "values of latents": (
        ["keras-gans", "generate", "a.h5", "--latents", "normal:1"],
        "normal:MEAN,STD",
    ),
    "nothing to evaluate": (
        ["keras-gans", "evaluate", "no.npz", "--dataset", "digits"],
        "there is no file or folder no.npz",
    ),
    "no data set": (["keras-gans", "evaluate", "made.npz"], "--dataset"),
    "a folder above runs": (["keras-gans", "evaluate", "above"], "such as above/seed-0"),
    "an audit of nothing": (["keras-gans", "audit", "--results", "nowhere"], "no such folder"),
    "unknown data set": (
        ["keras-gans", "evaluate", "made.npz", "--dataset", "mnits"],
        "did you mean 'mnist'",
    ),
    "unnamed data set": (
        ["keras-gans", "evaluate", "made.npz", "--dataset", ""],
        "the name of the data set is empty",
    ),
    "unnamed metric": (
        ["keras-gans", "evaluate", "made.npz", "--dataset", "digits", "--metrics", ""],
        "unknown metric ''",
    ),
    "unknown metric": (
        ["keras-gans", "evaluate", "made.npz", "--dataset", "digits", "--metrics", "fid,fdi"],
        "unknown metric 'fdi'; did you mean 'fid'",
    ),
    "unknown features": (
        ["keras-gans", "evaluate", "made.npz", "--dataset", "digits", "--features", "lenett"],
        "did you mean 'lenet'",
    ),
    "range of images": (
        ["keras-gans", "evaluate", "made.npz", "--dataset", "digits", "--range=0,1"],
        "leave out --range",
    ),
    "gamma alone": (
        ["keras-gans", "evaluate", "made.npz", "--dataset", "digits", "--gamma", "1"],
        "--gamma needs --reject",
    ),
    "two requests": (["keras-gans", "run", "--list", "--dry-run"], "--list and --dry-run are two"),
    "a script and a plan": (
        ["keras-gans", "run", "--exp", "1", "--dry-run", "--slurm-script", "x"],
        "--dry-run and --slurm-script are two requests",
    ),
    "a list of one": (["keras-gans", "run", "--list", "--exp", "3"], "leave out --exp"),
    "a list of changes": (["keras-gans", "run", "--list", "--set", "a=1"], "leave out --set"),
    "another optimizer": (
        ["keras-gans", "run", "--exp", "1", "--set", "optimizer.name=sgd"],
        "or optimizer=sgd",
    ),
    "no results": (["keras-gans", "report", "--results", "empty"], "there are no finished runs"),
    "no faces": (["keras-gans", "prepare", "celeba"], "--source"),
    "faces of nothing": (
        ["keras-gans", "prepare", "celeba", "--source", "no"],
        "no cannot be read (it is not there)",
    ),
    "unknown weights": (["keras-gans", "weights", "other"], "invalid choice"),
    "no sha256": (["keras-gans", "weights", "inception", "--sha256", "1"], "64 hexadecimal"),
    "lenet without a place": (["keras-gans", "weights", "lenet"], "--out FILE.npz"),
    "lenet from a source": (
        ["keras-gans", "weights", "lenet", "--out", "x.npz", "--source", "x"],
        "lenet is trained",
    ),
    "seed of inception": (["keras-gans", "weights", "inception", "--seed", "1"], "--seed is for"),
    "sha256 of imagenet": (
        ["keras-gans", "weights", "imagenet", "--sha256", "0" * 64],
        "--sha256 is for inception",
    ),
    "no source": (
        ["keras-gans", "weights", "inception", "--source", "no.pb"],
        "there is no file no.pb",
    ),
    "weights of another format": (
        ["keras-gans", "weights", "inception", "--out", "weights.h5"],
        "name a file.npz",
    ),
}


@pytest.fixture(scope="module")
def answered(tmp_path_factory):
    """(folder, answers) of all questions and mistakes, from one process."""
    folder = tmp_path_factory.mktemp("requests")
    for name in ("folder", "empty", "x.png", "run", "damaged"):
        (folder / name).mkdir()
    row = read_table("quickstart").experiment(1)
    planned = PlannedRun("quickstart", 1, row, 0, {}, folder)
    (folder / "run" / "experiment.yaml").write_text(planned.to_yaml())
    (folder / "damaged" / "experiment.yaml").write_text("table: 3")
    (folder / "above" / "seed-0").mkdir(parents=True)
    (folder / "above" / "seed-0" / "experiment.yaml").write_text(planned.to_yaml())
    for name in ("a.h5", "file", "folder/000000.png", "folder/000063.png", "folder/mine.png"):
        (folder / name).write_text("mine")
    np.savez(folder / "made.npz", images=np.zeros((9, 28, 28, 1), "uint8"))
    before = files(folder)
    requests = {case: command for case, (command, _) in {**QUESTIONS, **MISTAKES}.items()}
    return before, files, folder, in_one_process(requests, folder)


@pytest.mark.parametrize("case", QUESTIONS)
def test_questions_are_answered_without_keras(answered, case):
    answer = answered[-1][case]
    assert (answer["status"], answer["err"], answer["imported"]) == (0, "", [])
    for word in QUESTIONS[case][1]:
        assert word in answer["out"]


@pytest.mark.parametrize("verb", [verb.__name__.rpartition(".")[2] for verb in cli.VERBS])
def test_the_help_of_a_verb_fits_a_terminal_of_80_columns(verb, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        cli.main([verb, "--help"])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


@pytest.mark.parametrize("verb", ["run", "evaluate", "audit"])
@pytest.mark.parametrize(("name", "said"), [("no", "there is no folder"), ("file", "is a file")])
def test_a_data_folder_of_the_environment_must_be_there(
    verb, name, said, monkeypatch, tmp_path, capsys
):
    (tmp_path / "file").touch()
    monkeypatch.setenv("KERAS_GANS_DATA", str(tmp_path / name))
    with pytest.raises(SystemExit, match="2"):
        cli.main([verb, *(["x"] if verb == "evaluate" else [])])
    err = capsys.readouterr().err
    assert said in err and f"{tmp_path / name} ($KERAS_GANS_DATA)" in err and err.count("\n") == 1
    assert not (tmp_path / "no").exists()


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_one_line_and_status_2_without_keras(answered, case):
    answer = answered[-1][case]
    assert (answer["status"], answer["imported"]) == (2, [])
    *progress, message = answer["err"].splitlines()
    assert progress in ([], ["evaluate: reading the data set"])
    assert re.match(r"keras-gans( \w+)?: ", message)
    assert MISTAKES[case][1] in message


def test_no_mistake_leaves_a_file(answered):
    before, now, folder, _ = answered
    assert now(folder) == before


def test_both_commands_start():
    done = finish(keras_gans("--version"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"keras-gans {package.__version__}\n"
    command = " ".join(run_experiment("--list"))
    done = finish(["bash", "-c", f"{command} | head -1; exit ${{PIPESTATUS[0]}}"])
    assert (done.returncode, done.stderr) == (0, "")  # a closed pipe is no error
    assert done.stdout.startswith("akel2022: S. Akel, ")


def guarded(capsys, error):
    def fail(options):
        raise error

    status = cli.guarded("keras-gans run", fail, None)
    return status, capsys.readouterr().err


def test_a_message_of_several_lines_becomes_one(capsys):
    assert guarded(capsys, UsageError("first\n  second")) == (2, "keras-gans run: first second\n")


def test_a_failure_is_status_1(capsys):
    error = cli.Failed("cannot write a.npz: No space left on device")
    assert guarded(capsys, error) == (1, f"keras-gans run: {error}\n")


def test_a_file_that_cannot_be_read_is_one_line(capsys):
    error = PermissionError(13, "Permission denied", "log.jsonl")
    said = "keras-gans run: [Errno 13] Permission denied: 'log.jsonl'\n"
    assert guarded(capsys, error) == (1, said)


def test_too_little_memory_is_one_line(capsys):
    error = MemoryError("Unable to allocate 373. GiB for an array")
    said = f"keras-gans run: there is not enough memory: {error}\n"
    assert guarded(capsys, error) == (1, said)


def test_too_little_memory_of_a_backend_is_one_line(capsys):
    error = RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate")
    said = "keras-gans run: there is not enough memory: give smaller networks, smaller batches or "
    assert guarded(capsys, error) == (1, said + "fewer samples\n")
    with pytest.raises(RuntimeError, match="something else"):
        guarded(capsys, RuntimeError("something else"))


def test_an_interrupt_is_status_130(capsys):
    assert guarded(capsys, KeyboardInterrupt()) == (130, "")


def test_a_backend_that_is_not_installed_is_named_with_its_extra(capsys):
    status, said = guarded(capsys, ModuleNotFoundError("No module named 'jax'", name="jax"))
    assert status == 2
    assert "pip install jax, " in said and said.count("\n") == 1


@pytest.mark.parametrize("name", ["TensorFlow", "numpy", "foo"])
def test_a_backend_that_is_none_is_one_line(name, capsys, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", name)
    status, said = guarded(capsys, AssertionError("Keras is not imported"))
    assert status == 2
    assert said == (
        f"keras-gans run: Keras is set to the backend '{name}': set KERAS_BACKEND to tensorflow, "
        "jax or torch\n"
    )


def test_other_missing_modules_are_faults(capsys):
    with pytest.raises(ModuleNotFoundError):
        guarded(capsys, ModuleNotFoundError("No module named 'rich'", name="rich"))


def test_every_verb_has_a_module():
    names = {path.stem for path in (ROOT / "keras_gans" / "cli").glob("[a-z]*.py")}
    assert names - {"arguments", "dry_run", "listing", "morphing", "slurm"} == {
        verb.__name__.rpartition(".")[2] for verb in cli.VERBS
    }
