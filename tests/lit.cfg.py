# The golden tests: text in, text of one stage out, compared with FileCheck. tests/CMakeLists.txt runs each folder of
# golden/ as one ctest test and says where the compiler and LLVM's tools are.
import os
import shutil
import sys

import lit.formats

config.name = "ftmc"
config.suffixes = [".ftm", ".ftg", ".test"]
config.excludes = ["inputs"]
# lit's own shell: pipes, redirections and `not` without a system shell.
config.test_format = lit.formats.ShTest(execute_external=False)
config.test_exec_root = lit_config.params.get("exec_root", os.path.join(os.path.dirname(__file__), "Output"))

tools = [lit_config.params.get("bin", ""), lit_config.params.get("llvm_bin", "")]
config.environment["PATH"] = os.pathsep.join([t for t in tools if t] + [os.environ.get("PATH", "")])
for name in ("CC", "TMPDIR", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS",
             "OMP_TOOL_LIBRARIES"):
    if name in os.environ:
        config.environment[name] = os.environ[name]
if shutil.which("zsh"):
    config.available_features.add("zsh")
config.substitutions.append(("%python", sys.executable))
config.substitutions.append(("%ftmc", os.path.join(lit_config.params.get("bin", ""), "ftmc")))
