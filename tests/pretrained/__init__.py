"""Models as PyTorch models: built, written, loaded without lnpatch, refused."""
