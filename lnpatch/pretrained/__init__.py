"""Models of the repositories as PyTorch models: built from their files, checked against the repository's own code, written.

``build`` makes the model, ``modeling`` is what it is made of, ``compare`` runs it beside the repository's code, ``write`` puts
it into a folder as the Hugging Face hub has them, and ``figures`` evaluates it. All of it needs PyTorch, and neither Theano nor
PyTensor to use a model.
"""
