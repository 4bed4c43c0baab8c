"""The JAX backend: PyTensor graphs as JAX functions, compiled once for each shape of the inputs."""
