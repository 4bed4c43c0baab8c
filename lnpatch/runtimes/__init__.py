"""The Pythons that run a repository's code: found or built, with Theano or PyTensor, and processes started in them."""
