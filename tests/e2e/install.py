"""What `cmake --install` leaves is all that compiling takes: install.py FTMC, whose build folder is installed and then moved."""
import pathlib
import shutil
import subprocess
import sys
import tempfile

from support import check, run

ftmc = pathlib.Path(sys.argv[1])
here = pathlib.Path(__file__).resolve().parent
with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    subprocess.run(["cmake", "--install", ftmc.parent.parent, "--prefix", work / "first"], check=True, stdout=subprocess.DEVNULL)
    (work / "first").rename(work / "moved")
    installed = work / "moved/bin/ftmc"
    shutil.copy(here / "small.ftm", work)
    shutil.copytree(here / "data", work / "data")
    run(installed, work / "small.ftm", "-o", work / "small")
    check("epoch 1/1" in run(work / "small", "train", "--epochs", 1), "a program of the installed compiler trains")
    run(installed, work / "small.ftm", "--emit=lib", "-o", work / "library")
    check((work / "library/libsmall_training.so").exists(), "and makes libraries")
    if shutil.which("aarch64-linux-gnu-gcc"):
        run(installed, work / "small.ftm", "--emit=lib", "--target=aarch64-linux-gnu", "-o", work / "other")
        check((work / "other/libsmall_training.so").exists(), "for aarch64, too")
    check("efficientnet_lite0" in run(installed, "models"), "models are installed")
    recipe = work / "published.ftm"
    recipe.write_text('import "lenet.ftm"\nfinetune f {\n    model = lenet5()\n    weights = random\n}\n')
    check("ok" in run(installed, "check", recipe), "and found by imports")
    bash = work / "moved/share/bash-completion/completions/ftmc"
    check(subprocess.run(["bash", "-n", bash]).returncode == 0 and "resolved" in bash.read_text(), "completion for bash")
    check((work / "moved/share/zsh/vendor-completions/_ftmc").read_text().startswith("#compdef ftmc"), "completion for zsh")
    manual = work / "moved/share/man/man1/ftmc.1"
    check(manual.read_text() == run(installed, "manual"), "the manual page is the one that ftmc prints")
    if shutil.which("groff"):
        done = subprocess.run(["groff", "-man", "-ww", "-z", manual], capture_output=True, text=True)
        check(done.returncode == 0 and not done.stderr, f"it is good roff {done.stderr}")
    check(not [p for p in (work / "moved").rglob("*") if p.is_symlink()], "nothing points back into the tree")
