# Files of weights.
import torch
from safetensors.torch import load_file, save_file


def read_weights(path, dictionary=None):
    """The tensors of a file; dictionary: the keys under which a checkpoint has them."""
    if str(path).endswith(".safetensors"):
        return load_file(path)
    if path.is_dir():  # of a run
        return load_file(path / "best.safetensors")
    tensors = torch.load(path, map_location="cpu", weights_only=True)
    for key in dictionary.split(".") if dictionary else ():
        tensors = tensors[key]
    return tensors


def within(name, modules):
    """Whether a name is one of some modules, or below one."""
    return any(name == module or name.startswith(module + ".") for module in modules)


def take_weights(model, tensors, new=(), names={}, prefix=""):
    """The model with these tensors, but for what is below the names of `new`."""
    state = model.state_dict()
    for key, value in state.items():
        stored = names.get(key, prefix + key)
        counter = key.endswith("num_batches_tracked") and stored not in tensors
        if not within(key, new) and not counter:
            state[key] = tensors[stored].reshape(value.shape).to(value.dtype)
    model.load_state_dict(state)
    return model


def write_weights(model, path):
    """The model's tensors as safetensors."""
    state = model.state_dict()
    save_file({TRAINED_NAMES.get(k, k): v.contiguous() for k, v in state.items()}, path)
