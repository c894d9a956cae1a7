"""Where code that is made for programs may touch memory: data by the accessor alone (compiler/codegen/address.h).

`problems(root)` yields what breaks that; `self_test()` plants counter-examples and says which is not found.
"""
import pathlib
import re
import tempfile

FOLDER = "compiler/codegen"
ACCESS = re.compile(r"\bLLVMBuild(?:Load2?|Store|\w*GEP2?|Atomic\w+|MemCpy|MemMove|MemSet)\b|\bsizeof ?\(?(?:float|double)\b|"
                    r'"llvm\.(?:masked|vp|memcpy|memset)\.')
# What is no data of a value, and the accessor itself.
ALLOWED = {
    "address.c": "the accessor",
    "ir.c": "local variables, tables of constants",
    "abi.c": "fields of tasks and contexts",
    "blob.c": "memory of the compiler itself",
    "entry.c": "tables of pointers and tasks",
    "kernel.c": "the table of a task's buffers, and the sizes",
}


def without_comments(text):
    return re.sub(r"//[^\n]*|/\*.*?\*/", lambda m: "\n" * m[0].count("\n"), text, flags=re.S)


def accesses(path):
    for i, line in enumerate(without_comments(path.read_text(encoding="utf-8")).splitlines(), 1):
        if ACCESS.search(line):
            yield i, line.strip()


def problems(root, allowed=None):
    allowed, used = ALLOWED if allowed is None else allowed, set()
    for path in sorted((root / FOLDER).glob("*.[ch]")):
        for i, line in accesses(path):
            used.add(path.name)
            if path.name not in allowed:
                yield f"{FOLDER}/{path.name}:{i}: touches memory past address.h: {line}"
    for name in sorted(set(allowed) - used):
        yield f"tests/lint/accesses.py: {name} touches no memory; its exception goes"


PLANTED = {
    "load": 'v = LLVMBuildLoad2(ir->b, ir->f32, p, "");',
    "store": "LLVMBuildStore(ir->b, v, p);",
    "address": 'p = LLVMBuildInBoundsGEP2(ir->b, ir->i8, p, &i, 1, "");',
    "width": "offset = bytes / sizeof(float);",
    "masked load": 'v = intrinsic(ir, "llvm.masked.load", args, 4);',
}
RIGHT = "/* LLVMBuildLoad2 */ v = ir_load_vec(ir, ir_at(ir, a, i)); e = sizeof(struct position);"


def planted_problems(text, allowed):
    with tempfile.TemporaryDirectory() as folder:
        target = pathlib.Path(folder) / FOLDER
        target.mkdir(parents=True)
        (target / "kernel_relu.c").write_text(text)
        return list(problems(pathlib.Path(folder), allowed))


def self_test():
    for problem in planted_problems(RIGHT, {}):
        yield f"the rule refuses what is right: {problem}"
    for kind, line in PLANTED.items():
        if len(planted_problems(RIGHT + "\n" + line, {})) != 1:
            yield f"a planted {kind} is not found"
    if len(planted_problems(RIGHT, {"kernel_relu.c": ""})) != 1:
        yield "an exception that nothing needs is not found"
