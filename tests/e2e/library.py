"""A library for C: what is in it, what is not, and how it lives with others. library.py FTMC"""
import _ctypes
import ctypes
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time

import numpy as np

from support import check, compile_program, metadata, read_safetensors, run, write_safetensors

ftmc = sys.argv[1]
here = pathlib.Path(__file__).resolve().parent
sanitized = "-fsanitize" in os.environ.get("RUNTIME_CC", "")
CC = os.environ.get("RUNTIME_CC", "cc").split()

# What a function of the standard library may be that a library without threads calls.
ALLOWED = {"memcpy", "memset", "memmove", "memcmp", "strcmp", "strncmp", "strlen", "memchr", "strchr", "strcspn"}


def symbols(*command):
    return {line.split()[-1].split("@")[0]: line.split()[-2] for line in run(*command).splitlines() if len(line.split()) >= 2}


def sections(file):
    """Name to size, of an object or a shared library."""
    rows = [line.split() for line in run("size", "-A", file).splitlines()]
    return {row[0]: int(row[1]) for row in rows if len(row) == 3 and row[1].isdigit()}


def math_functions():
    """Names of <math.h>, by what libm exports."""
    libm = subprocess.run([*CC, "-print-file-name=libm.so.6"], capture_output=True, text=True).stdout.strip()
    return set(symbols("nm", "-D", "--defined-only", libm))


def check_contents(folder, name):
    """Only the header's functions are visible; nothing is written to when it is loaded, and nothing runs."""
    header = (folder / f"{name}.h").read_text()
    declared = set(re.findall(rf"^[a-z][^\n=#]*?\b({name}_\w+)\(", header, re.M)) - set(re.findall(rf"typedef [^\n]*?\b({name}_\w+)\(", header))
    shared, archive = folder / f"lib{name}.so", folder / f"lib{name}.a"
    visible = set(symbols("nm", "-D", "--defined-only", shared))
    check(visible == declared or sanitized and visible > declared, f"{shared.name} has the {len(declared)} functions of its header")
    check(set(symbols("nm", "-g", "--defined-only", archive)) == declared, f"{archive.name} too")
    if sanitized:
        return
    there = sections(shared)
    check(not {".init_array", ".fini_array", ".init", ".ctors"} & set(there), "no constructor")
    check(not there.get(".data") and not there.get(".bss"), "nothing that is written to")
    check(there[".text"] + there[".rodata"] < 140 << 10, f"{there['.text']} bytes of code, {there['.rodata']} of constants")
    check("0x4000" in run("readelf", "-lW", shared), "pages of 16 KiB")


def check_headers(work):
    """Of every kind that there is: what each leaves out and has besides."""
    embed = here.parents[1] / "examples/embed/numerals.ftm"
    kinds = {"numerals": (embed, []), "predicting": (embed, ["--infer"]), "opened": (embed, ["--infer", "--keep", "fc"]), "file": (embed, ["--separate-weights"]),
             "several": (here / "several.ftm", []), "growing": (here / "growing.ftm", ["--selftest"])}
    for kind, (recipe, options) in kinds.items():
        name = "several" if kind == "several" else "growing" if kind == "growing" else "numerals"
        (work / kind).mkdir()
        run(ftmc, recipe, "--emit=header", "-o", work / kind / f"{name}.h", *options)
        check_header(work / kind, name)


def check_header(folder, name):
    """It compiles as C99 and as C++11, and says something of everything that it declares."""
    user = folder / "user.c"
    user.write_text(f'#include "{name}.h"\nint main(void) {{ return (int){name}_abi_version() - {name.upper()}_ABI_VERSION; }}\n')
    for language in ("-xc -std=c99", "-xc++ -std=c++11"):
        run(*CC, *language.split(), "-Wall", "-Wextra", "-Wconversion", "-pedantic", "-Werror", "-fsyntax-only", user)
    print("ok: the header is C99 and C++11")
    if shutil.which("doxygen"):
        options = f"INPUT={folder / name}.h\nOUTPUT_DIRECTORY={folder}/doxygen\nGENERATE_LATEX=NO\nQUIET=YES\nEXTRACT_ALL=NO\nHAVE_DOT=NO\nGENERATE_HTML=NO\nGENERATE_XML=YES\n"
        done = subprocess.run(["doxygen", "-"], input=options, capture_output=True, text=True)
        check(done.returncode == 0 and not done.stderr, f"doxygen finds nothing that is not said {done.stderr}")


def check_packages(folder, name):
    """pkg-config and CMake find the library by the version of its interface."""
    hashes = re.search(r"of recipe (\w+) and weights (\w+)", (folder / f"{name}.h").read_text())
    for file in (f"{name}.pc", f"{name}Config.cmake", f"{name}ConfigVersion.cmake"):
        check(f"# Of recipe {hashes[1]} and weights {hashes[2]}, made by ftmc " in (folder / file).read_text(), f"{file} says of what it is")
    if shutil.which("pkg-config"):
        os.environ["PKG_CONFIG_PATH"] = str(folder)
        check(run("pkg-config", "--modversion", name) == "1\n" and f"-l{name}" in run("pkg-config", "--libs", name), "pkg-config has it as version 1")
    user = folder.parent / "user"
    user.mkdir()
    find = f"find_package({name} {{}} QUIET NO_DEFAULT_PATH PATHS {folder})\nmessage(\"found {{}} ${{{{{name}_FOUND}}}} ${{{{{name}_VERSION}}}}\")\n"
    (user / "CMakeLists.txt").write_text("cmake_minimum_required(VERSION 3.20)\nproject(user C)\n" + "".join(find.format(v, v) for v in ("2", "0.9", "1", "")) +
                                         f"add_executable(user user.c)\ntarget_link_libraries(user {name}::static)\n")
    (user / "user.c").write_text(f'#include "{name}.h"\nint main(void) {{ return (int){name}_abi_version() - 1; }}\n')
    done = subprocess.run(["cmake", "-S", user, "-B", user / "build", f"-DCMAKE_C_COMPILER={CC[0]}"], capture_output=True, text=True)
    said = [line.split()[1:] for line in done.stderr.splitlines() if line.startswith("found ")]
    check(said == [["2", "0"], ["0.9", "0"], ["1", "1", "1"], ["1", "1"]], f"CMake takes version 1, and no other {said}")
    run("cmake", "--build", user / "build")
    run(user / "build/user")


class Loaded:
    """A shared library, by ctypes: the model, a context, and predictions as bytes."""

    def __init__(self, folder, name, threads=1, file=None, refused=0):
        self.name, self.library = name, ctypes.CDLL(str(folder / f"lib{name}.so"))
        self.size = {k: int(v) for k, v in re.findall(rf"#define {name.upper()}_(\w+) (\d+)", (folder / f"{name}.h").read_text())}
        self.function("workspace_size").restype = ctypes.c_size_t
        self.function("error").restype = ctypes.c_char_p
        self.model = (ctypes.c_uint64 * 64)()
        abi = ctypes.c_uint32(self.size["ABI_VERSION"])
        status = self.function("model_map")(self.model, abi, os.fsencode(file)) if file else self.function("model_open")(self.model, abi, None, ctypes.c_size_t(0))
        check(status == refused, f"{name} {'is refused' if refused else 'opens'}")
        if refused:
            return
        self.options = (ctypes.c_uint64 * 7)(56, self.size["ABI_VERSION"] | threads << 32)  # of this size and version
        bytes_ = self.function("workspace_size")(self.model, self.options)
        self.memory = ctypes.create_string_buffer(bytes_ + 64)
        start = ctypes.byref(self.memory, -ctypes.addressof(self.memory) % 64)
        self.context = ctypes.c_void_p()
        check(self.function("init")(self.model, self.options, start, ctypes.c_size_t(bytes_), ctypes.byref(self.context)) == 0, "a context begins")

    def function(self, name):
        return getattr(self.library, f"{self.name}_{name}")

    def save(self, path):
        with open(path, "wb") as out:
            write = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)(lambda _, data, n: out.write(ctypes.string_at(data, n)) != n)
            check(self.function("save")(self.context, write, None) == 0, "weights are saved")
        return path

    def load(self, path):
        """The status of loading a file."""
        with open(path, "rb") as from_:
            def read(_, to, n):
                data = from_.read(n)
                ctypes.memmove(to, data, len(data))
                return len(data) != n
            take = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)(read)
            return self.function("load")(self.context, take, None, ctypes.c_size_t(os.path.getsize(path)))

    def close(self):
        handle, self.library._handle = self.library._handle, 0
        _ctypes.dlclose(handle)

    def predict(self, count):
        values = (ctypes.c_float * count)(*((i * 7 % 23 - 11) / 8 for i in range(count)))
        output = (ctypes.c_float * self.size["OUTPUTS"])()
        status = self.function("predict")(self.context, values, ctypes.c_int64(1), output)
        return bytes(output) if status == 0 else b""


def check_file(work, numbers):
    """Weights that are mapped: the same numbers; others, exchanged under a library that is not linked again; and what is refused."""
    apart = work / "apart"
    name, file, inputs = "small_training", apart / "small_training.weights", 3 * 12 * 12
    check(Loaded(apart, name, file=file).predict(inputs) == numbers, "mapped weights: the numbers of embedded ones")
    recipe = (here / "small.ftm").read_text().replace('"data/', f'"{here}/data/')
    (work / "renamed.ftm").write_text(recipe.replace('["a", ', '["first", '))
    (work / "wider.ftm").write_text(re.sub(r"\b20\b", "24", recipe).replace(f'"{here}/data/small.safetensors"', "random"))
    program = compile_program(ftmc, work / "renamed.ftm", work / "program")
    run(program, "train", "--epochs", 1, "--out", work / "trained.safetensors", cwd=work)
    run(ftmc, work / "renamed.ftm", "--emit=lib", "-o", work / "renamed", "--separate-weights", f"--weights={work}/trained.safetensors")
    run(ftmc, work / "wider.ftm", "--emit=lib", "-o", work / "wider", "--separate-weights")
    trained = Loaded(apart, name, file=work / f"renamed/{name}.weights")
    same = Loaded(work / "renamed", name, file=work / f"renamed/{name}.weights")
    check(numbers != trained.predict(inputs) == same.predict(inputs), "exchanged for trained ones: their numbers")
    trained.function("class_name").restype = ctypes.c_char_p
    check(trained.function("class_name")(trained.model, ctypes.c_int64(0)) == b"first", "and their names of the classes")
    saved = trained.save(work / "saved.safetensors")
    check(metadata(saved)["source"] == "trained.safetensors", "what is saved says whose weights they were")
    run(ftmc, "merge", saved, f"--weights={work}/trained.safetensors", "-o", work / "merged.safetensors")
    state = read_safetensors(work / "trained.safetensors")
    merged = read_safetensors(work / "merged.safetensors")
    check(merged.keys() == state.keys() and all(merged[k].tobytes() == state[k].tobytes() for k in state), "and merges with them")
    check(trained.load(saved) == 0 and Loaded(apart, name, file=file).load(saved) == 5, "it is taken back, over these weights alone")
    Loaded(apart, name, file=work / f"wider/{name}.weights", refused=5)
    Loaded(apart, name, file=apart / "nothing", refused=6)
    (apart / "cut.weights").write_bytes(file.read_bytes()[:-1])
    Loaded(apart, name, file=apart / "cut.weights", refused=4)
    Loaded(apart, name, refused=5)


def check_rounded(work):
    """A file with trained tensors in half precision, as its source is: taken as it was meant."""
    half = {k: v.astype(np.float16) if v.dtype == np.float32 else v for k, v in read_safetensors(here / "data/small.safetensors").items()}
    write_safetensors(work / "half.safetensors", half)
    recipe = (here / "small.ftm").read_text().replace('"data/small.safetensors"', f'"{work}/half.safetensors"').replace('"data/', f'"{here}/data/')
    (work / "half.ftm").write_text(recipe.replace("    schedule", "    save = as_source\n    schedule").replace("small_training", "half"))
    program, trained = compile_program(ftmc, work / "half.ftm", work / "program"), work / "half_trained.safetensors"
    run(program, "train", "--epochs", 1, "--out", trained, cwd=work)
    check(read_safetensors(trained)["conv1.weight"].dtype == np.float16, "a file of half precision")
    run(ftmc, work / "half.ftm", "--emit=lib", "-o", work / "half")
    run(ftmc, work / "half.ftm", "--emit=lib", "-o", work / "half_again", f"--weights={trained}")
    loaded = Loaded(work / "half", "half")
    before = loaded.predict(3 * 12 * 12)
    check(loaded.load(trained) == 0, "is loaded")
    check(before != loaded.predict(3 * 12 * 12) == Loaded(work / "half_again", "half").predict(3 * 12 * 12), "with its numbers")


def check_threads(folder, name, inputs):
    """OpenMP's threads wait for more work after a call: what they run must stay, whatever is closed."""
    said = set()
    for _ in range(3):
        loaded = Loaded(folder, name, 2)
        said.add(loaded.predict(inputs))
        loaded.close()
        time.sleep(0.02)
    check(len(said) == 1 and said == {Loaded(folder, name).predict(inputs)}, "two threads, closed and opened again: the numbers of one")


def check_life(folder, name, inputs):
    """dlopen, fork, dlclose."""
    loaded = Loaded(folder, name)
    first = loaded.predict(inputs)
    check(len(first) == 4 * loaded.size["OUTPUTS"], "and predicts")
    ends = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(ends[1], loaded.predict(inputs))
        os._exit(0)
    check(os.read(ends[0], 1 << 10) == first and os.waitpid(child, 0)[1] == 0, "a child has the same context, and the same numbers")
    check(loaded.predict(inputs) == first, "so has the parent still")
    loaded.close()
    check(f"lib{name}.so" not in pathlib.Path("/proc/self/maps").read_text(), "closed, it is gone")
    check(Loaded(folder, name).predict(inputs) == first, "and comes again")
    return first


FORMATS = {"GREY": 0, "RGB": 1, "BGR": 2, "RGBA": 3, "BGRA": 4, "NV12": 5}


def preprocess(loaded, pixels, width, height, stride, form):
    """Status and the network's input of a picture."""
    size = [loaded.size[k] for k in ("CHANNELS", "HEIGHT", "WIDTH")]
    out = np.full(size, -1, np.float32)
    at = pixels.ctypes.data_as(ctypes.c_void_p) if pixels is not None else None
    status = loaded.function("preprocess_u8")(loaded.context, at, *(ctypes.c_int64(v) for v in (width, height, stride)), form,
                                              out.ctypes.data_as(ctypes.c_void_p))
    return status, out


def nv12(r, width, height):
    """Random bytes of video, and the picture that they are, by BT.601 in floats."""
    y, uv = r.integers(16, 236, (height, width)), r.integers(16, 241, ((height + 1) // 2, (width + 1) // 2, 2))
    u, v = (np.kron(uv[..., k], np.ones((2, 2), int))[:height, :width] - 128 for k in (0, 1))
    light = (y - 16) * 255 / 219
    rgb = np.stack([light + 1.596 * v, light - 0.391 * u - 0.813 * v, light + 2.018 * u], -1)
    stride = width + width % 2
    plane = np.zeros((height, stride), int)
    plane[:, :width] = y
    return np.concatenate([plane, uv.reshape(-1, stride)]).astype(np.uint8), stride, np.clip(rgb, 0, 255)


def check_pictures(loaded):
    """A picture gives the same input however it lies; what is no picture is refused."""
    r = np.random.default_rng(5)
    h, w = 31, 47
    rgb = r.integers(0, 256, (h, w, 3), np.uint8)
    opaque = np.concatenate([rgb, np.full((h, w, 1), 255, np.uint8)], 2)
    status, want = preprocess(loaded, rgb, w, h, 3 * w, FORMATS["RGB"])
    check(status == 0 and want.min() >= 0 and want.max() <= 1 and want.std() > 0.05, "an input of a picture")
    strided = np.zeros((h, 3 * w + 5), np.uint8)
    strided[:, :3 * w] = rgb.reshape(h, -1)
    for name, pixels, stride, form in (("RGB", strided, 3 * w + 5, 1), ("BGR", rgb[..., ::-1], 3 * w, 2), ("RGBA", opaque, 4 * w, 3),
                                       ("BGRA", opaque[..., [2, 1, 0, 3]], 4 * w, 4)):
        pixels = np.ascontiguousarray(pixels)
        check(np.array_equal(preprocess(loaded, pixels, w, h, stride, form)[1], want), f"{name}: the same input")
    for quarters in (1, 2, 3):
        lying = np.ascontiguousarray(np.rot90(rgb, quarters))  # counter-clockwise; the library turns it back
        height, width = lying.shape[:2]
        check(np.array_equal(preprocess(loaded, lying, width, height, 3 * width, 1 | quarters << 4)[1], want), f"a picture that lies by {quarters} quarters")
    grey = np.repeat(rgb[..., :1], 3, 2)
    check(np.array_equal(preprocess(loaded, np.ascontiguousarray(rgb[..., 0]), w, h, w, 0)[1], preprocess(loaded, grey.copy(), w, h, 3 * w, 1)[1]), "grey")
    video, stride, shown = nv12(r, w, h)
    got, near = preprocess(loaded, video, w, h, stride, 5)[1], preprocess(loaded, np.rint(shown).astype(np.uint8), w, h, 3 * w, 1)[1]
    check(np.abs(got - near).max() <= 2.01 / 255, "NV12 within two steps of BT.601 in floats")
    photo = r.integers(0, 256, (3000, 4000, 3), np.uint8)
    check(preprocess(loaded, photo, 4000, 3000, 12000, 1)[0] == 0, "a photo of 12 megapixels")
    for what, arguments, status in (("NULL", (None, w, h, 3 * w, 1), 1), ("empty", (rgb, 0, h, 3 * w, 1), 1), ("a short stride", (rgb, w, h, 3 * w - 1, 1), 1),
                                    ("an unknown format", (rgb, w, h, 3 * w, 6), 1), ("a turn that is none", (rgb, w, h, 3 * w, 64), 1),
                                    ("too wide", (rgb, 1 << 40, h, 3 << 40, 1), 8)):
        found, out = preprocess(loaded, *arguments)
        check(found == status and (out == -1).all() and loaded.function("error")(loaded.context), f"{what}: {loaded.function('error')(loaded.context).decode()}")


def check_two(work, names):
    """Libraries of two recipes in one program, linked in both ways: the same numbers."""
    source = here / "two_libraries.c"
    includes = [f"-I{work / name}" for name in names]
    said = set()
    for kind in ("a", "so"):
        libraries = [next((work / name).glob(f"*.{kind}")) for name in names]
        run(*CC, "-std=c99", source, *includes, *libraries, "-fopenmp", "-lm", "-o", work / f"two_{kind}", *(f"-Wl,-rpath,{work / name}" for name in names))
        lines = run(work / f"two_{kind}").splitlines()
        check(len(lines) == 4 and lines[:2] == lines[2:], f"two recipes in one program (.{kind})")
        said.add(tuple(lines))
    check(len(said) == 1, "the same numbers, linked in both ways")
    return [b"".join(struct.pack("<f", float.fromhex(v)) for v in line.split()) for line in lines[:2]]


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    run(ftmc, here / "small.ftm", "--emit=lib", "-o", work / "small", "--threads=none")
    files = sorted(p.name for p in (work / "small").iterdir())
    check(files == ["libsmall_training.a", "libsmall_training.so", "small_training.h", "small_training.pc", "small_trainingConfig.cmake",
                    "small_trainingConfigVersion.cmake"], "a library has six files")
    check([p.name for p in work.iterdir()] == ["small"], "and nothing is left beside it")
    check(not any(str(work).encode() in p.read_bytes() for p in (work / "small").iterdir()), "no path of this machine is in them")
    check_contents(work / "small", "small_training")
    if not sanitized:
        wanted = set(symbols("nm", "-u", work / "small/libsmall_training.a")) - {"_GLOBAL_OFFSET_TABLE_"}
        check(wanted <= ALLOWED | math_functions(), f"without threads it wants libc and libm only, and of libc what moves bytes: {sorted(wanted)}")
    check_header(work / "small", "small_training")
    if not sanitized:
        (work / "headers").mkdir()
        check_headers(work / "headers")
        check_packages(work / "small", "small_training")

    run(ftmc, here / "small.ftm", "--emit=lib", "-o", work / "apart/", "--separate-weights")
    weights, archive = work / "apart/small_training.weights", work / "apart/libsmall_training.a"
    check(weights.stat().st_size > 6 << 10 and b"a\0b\0c\0d\0e\0" in weights.read_bytes()[:192], "the weights in a file, with the names of the classes")
    check(".ftm_blob" not in sections(archive) or sections(archive)[".ftm_blob"] == 0, "are not in the library")

    run(ftmc, here.parents[1] / "examples/embed/numerals.ftm", "--emit=lib", "-o", work / "numerals")
    check_contents(work / "numerals", "numerals")
    two = check_two(work, ["small", "numerals"])
    if not sanitized:
        check(check_life(work / "small", "small_training", 3 * 12 * 12) == two[0], "the numbers that the program of two had")
        check_file(work, two[0])
        check_rounded(work)
        check_threads(work / "numerals", "numerals", 28 * 28)
        check_pictures(Loaded(work / "small", "small_training"))
