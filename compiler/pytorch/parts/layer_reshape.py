# The batch stays as it is.
def reshape(x, shape):
    """Another shape for the values of each image."""
    return x.reshape(x.shape[0], *((shape,) if isinstance(shape, int) else shape))
